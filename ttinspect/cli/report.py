"""``ttinspect report``."""

import time
from typing import Annotated

import typer

from ttinspect.answers.page import Courses, Page, build_fleet_page, build_host_page
from ttinspect.answers.top import build_top
from ttinspect.cli.options import (
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, note
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.errors import ExitCode, InspectError
from ttinspect.gathering.regions import Host, gather, gather_published
from ttinspect.host.identity import host_name
from ttinspect.sources.live import Ask
from ttinspect.sources.opening import begins_as_recording
from ttinspect.verify.findings.use import Uses, uses_of
from ttinspect.verify.naming import select_chips

FORMATS = ("html",)


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="a fleet instead of a host: folders, files and archives of snapshots and descriptors",
            show_default=False,
        ),
    ] = None,
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """One HTML page of a host, a snapshot, a recording or a fleet, to look at or to send.

    Verdict first, then what was found with its explanation, chips, cores, processes, pictures; of a recording
    the course of temperatures, power, clocks and memory. The page is one file without scripts that asks for
    nothing else, of 5 MB at most: what it leaves out stands at its end.

    \b
    Examples:
      ttinspect report -o host.html
      ttinspect report --from night.jsonl.zst -o night.html
      ttinspect report snapshots/ -o fleet.html
    """
    common = Common.of("report", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    from ttinspect.report.page import page_html, require_libraries

    require_libraries("report")
    page = _fleet(common, paths) if paths else _host(common, shm_dir, procfs)
    emit(common, page, {"html": lambda: page_html(page)})
    if common.output is not None and page.left_out:
        note(common, f"left out: {'; '.join(page.left_out)}")
    return ExitCode.DONE


def _host(common: Common, shm_dir: str | None, procfs: str | None) -> Page:
    if begins_as_recording(common.source):
        return _recording(common)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.TELEMETRY, without_chips=False)
    name = host_name() if host.system.source.live else None
    return build_host_page(gather(host, places), name)


def _recording(common: Common) -> Page:
    """The last moment of a recording, and the course of its readings."""
    from ttinspect.sources.recording import recorded_source, replay

    courses, case = Courses(), None
    uses: Uses = {}
    for moment in replay(common.source):
        system = recorded_source(moment, common.source)
        chosen = frozenset(chip.id for chip in select_chips(system, list(common.devices)).chips)
        case = gather_published(Host(system=system, chosen=chosen), moment.published)
        uses = uses_of(case, uses)
        courses.add(build_top(case, uses))
    if case is None:
        raise InspectError(common.source, "the recording has no moment yet", "record into it first")
    return build_host_page(case, None, courses, uses)


def _fleet(common: Common, paths: list[str]) -> Page:
    from ttinspect.answers.fleet import build_fleet
    from ttinspect.cli.fleet import read_hosts
    from ttinspect.facts.files import readable
    from ttinspect.fleet.analysis import analyse

    if common.source_given:
        raise InspectError("report PATH... with --from", "a page is of a fleet or of a host", "leave one out")
    hosts, unreadable, _ = read_hosts(common, paths, None, None)
    if not hosts and not unreadable:
        raise InspectError(
            "no hosts", "nothing was read", "name folders or files of snapshots", ExitCode.NO_DEVICES
        )
    now_ns = time.time_ns()
    analysis = analyse(hosts, unreadable, now_ns=now_ns)
    return build_fleet_page(build_fleet(analysis, " ".join(readable(path) for path in paths)), now_ns)
