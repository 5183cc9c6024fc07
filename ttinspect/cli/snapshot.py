"""``ttinspect snapshot``."""

from typing import Annotated

import typer

from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, exit_code, note
from ttinspect.cli.regions import Procfs, ShmDir, open_host, places_of
from ttinspect.errors import InspectError
from ttinspect.gathering.regions import Host, Places, read_published
from ttinspect.host.driver import driver_version
from ttinspect.host.identity import host_name, motherboard, tt_umd_version
from ttinspect.shm.sampler import Pace
from ttinspect.sources import snapshot as document
from ttinspect.sources.live import Ask


@command(formats=("json",), devices=False)
def run(
    common: Common,
    *,
    shm_dir: ShmDir = None,
    procfs: Procfs = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="without names, serials and command lines; ids stay comparable")
    ] = False,
) -> int:
    """Everything about this host in one JSON document, a source for every other command.

    Chips, telemetry, topology, the regions (decoded, and their bytes), the processes in them, versions, host
    name and time. Any command with --from SNAPSHOT answers what it would have answered then and there.
    --redact replaces ids by pseudonyms that are the same in every snapshot.

    \b
    Examples:
      ttinspect snapshot -o today.json
      ttinspect snapshot --from today.json --redact -o for-the-vendor.json
      ttinspect verify-shm --from today.json
    """
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.TELEMETRY)
    taken = host.snapshot if host.snapshot is not None and shm_dir is None else _take(host, places)
    if redact:
        from ttinspect.answers.redaction import redacted

        taken = redacted(taken)
    emit(common, taken, {})
    if common.output is not None:
        note(common, f"{common.output}: {_counted(taken)}")
    return exit_code(host.system)


def _take(host: Host, places: Places) -> document.Snapshot:
    """Of a recorded source the host is not this one, unless there are regions, which are where they lie in
    this host's own folder."""
    if host.snapshot is not None and host.snapshot.redacted:
        raise InspectError(
            "snapshot --shm-dir",
            f"{host.system.source.detail} is redacted: no region on this host can belong to its chips",
            "name the snapshot that is not, or leave --shm-dir out",
        )
    published = read_published(places, Pace(), personal=True)
    source, driver = host.system.source, host.system.kmd_version
    here = source.live or (bool(published.regions) and not places.directory_named)
    return document.Snapshot(
        source=source,
        time_ns=published.now_realtime_ns,
        host=document.Host(
            name=host_name() if here else None, motherboard=motherboard() if source.live else None
        ),
        versions=document.Versions(
            tt_umd=tt_umd_version() if source.live else None,
            driver=driver or (driver_version() if source.live else None),
        ),
        system=host.system,
        published=published,
    )


def _counted(taken: document.Snapshot) -> str:
    chips, regions = len(taken.system.chips), len(taken.published.regions)
    return f"{chips} chip{'' if chips == 1 else 's'}, {regions} region{'' if regions == 1 else 's'}"
