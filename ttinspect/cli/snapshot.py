"""``ttinspect snapshot``."""

import errno
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from ttinspect.cli.options import (
    Common,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, exit_code, note, to_json, write
from ttinspect.cli.regions import ProcessesOption, ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.wording import plural
from ttinspect.gathering.regions import Host, Places, read_published, without_strangers
from ttinspect.host.driver import driver_version
from ttinspect.host.identity import host_name, motherboard, tt_umd_version
from ttinspect.shm.sampler import Pace
from ttinspect.sources import snapshot as document
from ttinspect.sources.live import Ask
from ttinspect.sources.remembered import file_of, state_folder, to_remember

FORMATS = ("json",)


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    processes: ProcessesOption = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="without names, serials and command lines; ids stay comparable")
    ] = False,
    remember: Annotated[
        bool,
        typer.Option("--remember", help="keep who the chips are for --from host, until reboot"),
    ] = False,
    source: SourceOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Everything about this host in one JSON document, a source for every other command.

    Chips, telemetry, topology, the regions (decoded, and their bytes), the processes in them, versions, host
    name and time. Any command with --from SNAPSHOT answers what it would have answered then and there.
    --redact replaces ids by pseudonyms that are the same in every snapshot. Of processes that hold chips it
    has the pids, with --processes also who they are. The file is readable by its owner alone.

    With --remember no snapshot is written unless -o or --json asks for one: masks, ids and remote chips of
    this boot are kept in /var/lib/ttinspect (not as root: in XDG_STATE_HOME/ttinspect), so that memory and
    others need not open a device to know them.

    \b
    Examples:
      ttinspect snapshot -o today.json
      ttinspect snapshot --from today.json --redact -o for-the-vendor.json
      ttinspect snapshot --remember
      ttinspect verify-shm --from today.json
    """
    common = Common.of("snapshot", FORMATS, source, None, format_, json, output, timeout, verbose, quiet)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.TELEMETRY)
    if remember:
        _remember(common, host)
        if output is None and format_ is None and not json:
            return exit_code(host.system)
    taken = host.snapshot if host.snapshot is not None and shm_dir is None else take(host, places, processes)
    if redact:
        from ttinspect.answers.redaction import redacted

        taken = redacted(taken)
    emit(common, taken, {}, private=True)
    if common.output is not None:
        note(common, f"{common.output}: {_counted(taken)}")
    return exit_code(host.system)


def _remember(common: Common, host: Host) -> None:
    remembered = to_remember(host.system, time.time_ns())
    folder = state_folder()
    if folder is None:
        raise InspectError(
            "snapshot --remember",
            "this user has no home directory to keep anything in",
            "set XDG_STATE_HOME, or run it as root",
        )
    path = file_of(folder)
    try:
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, f"{path.name} is no regular file")
        write(to_json(remembered), str(path))
        if os.geteuid() == 0:  # for every user, whatever the umask of root
            path.chmod(0o644)
            if made:
                folder.chmod(0o755)
    except (OSError, InspectError) as error:
        raise _not_kept(folder, error) from error
    note(common, f"{path}: {plural(len(remembered.chips), 'chip')}, until reboot")


def _not_kept(folder: Path, error: OSError | InspectError) -> InspectError:
    """The error where a snapshot cannot be kept for this boot, whichever step failed: the user has named no
    file that it could be about."""
    denied = isinstance(error, PermissionError)
    why, code = str(error), ExitCode.PERMISSION if denied else ExitCode.USAGE
    if isinstance(error, InspectError):
        why, code = error.why, error.exit_code
    elif error.strerror:
        why = error.strerror.lower()
    next_step = "look what is wrong there"
    if os.geteuid() != 0:
        next_step = "set XDG_STATE_HOME to a folder that this user may write to, or run it as root"
    return InspectError(f"cannot keep anything in {folder}", why, next_step, code)


def take(host: Host, places: Places, processes: bool) -> document.Snapshot:
    """A snapshot of a host; ``processes``: with users, command lines and containers. Of a recorded source the
    host is not this one, unless there are regions, which are where they lie in this host's own folder.

    Raises:
        InspectError: 2 for a redacted source, 2 or 6 where regions or processes cannot be listed.
    """
    if host.snapshot is not None and host.snapshot.redacted:
        raise InspectError(
            "snapshot --shm-dir",
            f"{host.system.source.detail} is redacted: no region on this host can belong to its chips",
            "name the snapshot that is not, or leave --shm-dir out",
        )
    published = read_published(places, Pace(), personal=processes)
    if not processes:
        published = without_strangers(published)
    source, driver = host.system.source, host.system.kmd_version
    of_this_host = source.live or (bool(published.regions) and not places.directory_named)
    return document.Snapshot(
        source=source,
        time_ns=published.now_realtime_ns,
        host=document.Host(
            name=host_name() if of_this_host else None, motherboard=motherboard() if source.live else None
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
    return f"{plural(chips, 'chip')}, {plural(regions, 'region')}"
