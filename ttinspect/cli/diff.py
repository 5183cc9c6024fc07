"""``ttinspect diff``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ttinspect.answers.diff import DiffAnswer, build_diff, comparable, diff_exit_code
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    TimeoutOption,
    VerboseOption,
    format_option,
    sources,
)
from ttinspect.cli.output import emit, exit_code, note, to_csv, to_table
from ttinspect.errors import ExitCode, InspectError, most_important
from ttinspect.facts.files import readable
from ttinspect.host.driver import driver_version
from ttinspect.host.identity import host_name, tt_umd_version
from ttinspect.sources.allocator import holds_allocator, read_allocator
from ttinspect.sources.documents import is_fleet
from ttinspect.sources.live import Ask
from ttinspect.sources.opening import kind_of

if TYPE_CHECKING:
    from ttinspect.sources.opening import Opened

FORMATS = (*COMMON_FORMATS, "markdown")


def run(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="a snapshot, or any other SOURCE", autocompletion=sources)
    ],
    new: Annotated[
        str,
        typer.Argument(
            metavar="NEW", help="what it is held against; umd is this host now", autocompletion=sources
        ),
    ],
    *,
    telemetry: Annotated[
        bool,
        typer.Option("--telemetry", help="also clocks, temperatures and everything else that never rests"),
    ] = False,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """What is not as it was: chips that appeared, vanished or moved, facts that changed.

    Of two captures, reports or databases of ttnn, or two dumps of an allocator: what grew in L1, which
    program, operation or buffers, per bank.

    Chips are matched by unique id, then by board id and location. Folders and archives are fleets, whose
    hosts are matched by name. Exit code 0: the same, 10: different.

    \b
    Examples:
      ttinspect diff yesterday.json today.json
      ttinspect diff report-1.json report-2.json
      ttinspect diff before-dump.json after-dump.json
      ttinspect diff yesterday.json umd
      ttinspect diff before.json after.json --format markdown
      ttinspect diff last-week/ snapshots.tar.zst
    """
    common = Common.of("diff", FORMATS, None, devices, format_, json, output, timeout, verbose, quiet)
    held = _l1_diff(old, new)
    if held is not None:
        code = diff_exit_code(held)
        _emit(common, held, code)
        return code
    if is_fleet(old) or is_fleet(new):
        return _fleets(common, (old, new), telemetry=telemetry)
    if old == new == "-":
        raise InspectError("diff - -", "there is one standard input", "name a file for one of them")
    sides = [msgspec.structs.replace(common, source=name).open_all(ask=Ask.TELEMETRY) for name in (old, new)]
    before, after = comparable(sides[0], sides[1])
    answer = build_diff(
        before.system,
        after.system,
        hosts=(_host(before), _host(after)),
        devices=list(common.devices),
        telemetry=telemetry,
    )
    # what a snapshot could not read then was told then: only devices that are asked now can fail now
    asked_now = [exit_code(side.system) for side in (before, after) if side.system.source.live]
    code = most_important(diff_exit_code(answer), *asked_now)

    _emit(common, answer, code)
    return code


def _l1_diff(old: str, new: str) -> DiffAnswer | None:
    """What grew in L1, of two captures or two dumps of an allocator; None where the two are no such files."""
    from ttinspect.sources.graphs.opening import holds_captures, read_captures

    captures = [holds_captures(name) for name in (old, new)]
    dumps = [holds_allocator(name) for name in (old, new)]
    if all(captures):
        from ttinspect.answers.l1_diff import build_capture_diff

        return build_capture_diff(read_captures(old), read_captures(new))
    if all(dumps):
        from ttinspect.answers.l1_diff import build_dump_diff

        return build_dump_diff(read_allocator(old), read_allocator(new), (readable(old), readable(new)))
    if any(dumps):
        raise InspectError(
            f"diff {readable(old)} {readable(new)}",
            "one of them is the statistics of an allocator, and the other is not",
            "name two dumps, two captures or reports, or two sources",
        )
    return None


def _emit(common: Common, answer: DiffAnswer, code: ExitCode) -> None:
    def table() -> str:
        from ttinspect.report.diff import diff_table

        return to_table(diff_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.diff import diff_csv

        return to_csv(*diff_csv(answer))

    def markdown() -> str:
        from ttinspect.report.diff import diff_markdown

        return diff_markdown(answer, int(code))

    emit(common, answer, {"table": table, "csv": csv, "markdown": markdown})


def _fleets(common: Common, names: tuple[str, str], *, telemetry: bool) -> int:
    """Two fleets, or a fleet and one host that was saved."""
    from ttinspect.answers.fleet_diff import OldFleet, build_fleet_diff
    from ttinspect.cli.fleet import hosts_read
    from ttinspect.model.fleet import Unreadable
    from ttinspect.sources.documents import Progress
    from ttinspect.sources.fleet import Reading, read_fleet

    if common.devices:
        raise InspectError("diff --device", "the chips of a fleet are those of many hosts", "leave it out")
    if any(kind_of(name) != "path" for name in names):
        raise InspectError(
            f"diff {' '.join(names)}", "a fleet is compared with a fleet", "name two folders or archives"
        )
    unreadable: list[Unreadable] = []

    def hosts_of(name: str, progress: Progress | None) -> Iterator[Reading]:
        for entry in read_fleet([name], progress):
            if isinstance(entry, Reading):
                yield entry
            elif isinstance(entry, Unreadable):
                unreadable.append(entry)

    shown_names = readable(names[0]), readable(names[1])
    with hosts_read(common) as progress:
        old = OldFleet(hosts_of(names[0], progress), telemetry=telemetry)
        answer = build_fleet_diff(old, hosts_of(names[1], progress), shown_names, telemetry=telemetry)
    for document in unreadable:
        note(common, f"could not be read: {document.place}: {document.why}")
    undecided = ExitCode.INCONCLUSIVE if unreadable else ExitCode.DONE
    code = most_important(diff_exit_code(answer), undecided)
    _emit(common, answer, code)
    return code


def _host(opened: "Opened") -> dict[str, str | None]:
    """What is known of a host beside its chips; what the source does not tell is left out."""
    system, snapshot = opened.system, opened.snapshot
    driver, tt_umd, name = system.kmd_version, None, None
    of_host = system.source.live
    if snapshot is not None:
        of_host = snapshot.source.live
        driver, tt_umd, name = snapshot.versions.driver, snapshot.versions.tt_umd, snapshot.host.name
    elif of_host:
        driver, tt_umd, name = driver or driver_version(), tt_umd_version(), host_name()
    versions = {"versions.driver": driver, "versions.tt_umd": tt_umd}
    if not of_host:
        versions = {path: version for path, version in versions.items() if version is not None}
    return versions if name is None else versions | {"host.name": name}
