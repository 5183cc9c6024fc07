"""``ttinspect fleet``."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from ttinspect.answers.fleet import FleetAnswer, build_fleet, fleet_exit_code, present_cabling
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    JsonOption,
    OutputOption,
    QuietOption,
    StrictOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, note, to_csv, to_table, write
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import document_name, read_document, readable
from ttinspect.facts.wording import plural, verb
from ttinspect.fleet.analysis import Analysis, analyse
from ttinspect.fleet.checking import HostOutcome, fleet_outcomes, host_outcomes
from ttinspect.fleet.hosts import Shapes, fleet_host, named_apart
from ttinspect.fleet.rules import HOST_MISSING
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.fleet import Cabling, FleetHost, PassedOver, Unreadable
from ttinspect.sources.cabling import fsd_text, read_cabling
from ttinspect.sources.documents import Progress
from ttinspect.sources.fleet import Reading, read_fleet
from ttinspect.sources.fleet_check import FleetCheck, age_ns, read_fleet_check
from ttinspect.verify.case import Case
from ttinspect.verify.rule import found_by
from ttinspect.verify.verify import verify

_REDRAWN_S = 0.1

FORMATS = (*COMMON_FORMATS, "svg", "markdown", "junit", "dot")
_CABLING = "textproto"
"""What --init-cabling writes, and nothing else."""


def run(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="folders, files and archives of snapshots, cluster descriptors, tt-smi documents; a global "
            "system descriptor; - for one JSON document a line",
        ),
    ],
    *,
    cabling: Annotated[
        str | None,
        typer.Option(
            "--cabling",
            metavar="FILE",
            help="what it should be: factory or global system descriptor, cutsheet",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="FILE",
            help="a check file of the fleet: hosts, groups of them, firmware, age",
            show_default=False,
        ),
    ] = None,
    map_host: Annotated[
        list[str] | None,
        typer.Option(
            "--map-host",
            metavar="HERE=THERE",
            help="a host of the fleet by its name in the cabling; repeatable",
            show_default=False,
        ),
    ] = None,
    init_cabling: Annotated[
        bool,
        typer.Option("--init-cabling", help="write a factory system descriptor of what is there"),
    ] = False,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age", metavar="AGE", help="how old a snapshot may be: 90m, 24h, 7d", show_default=False
        ),
    ] = None,
    strict: StrictOption = False,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Many hosts as one machine: joined by unique id, grouped, held against a cabling.

    A link that one end only lists is told by the host that misses it; where several neighbours agree against
    one host, its name stands in the last line. Exit code 0: all well (warnings allowed), 10: not, 11: a host
    could not be read, or an expectation not be checked.

    A check file has the keys of check's own at its top for every host, and groups of hosts that more is
    expected of: hosts: "glx-[01-16]", firmware: equal, max_age: 24h, groups: [{hosts: "glx-[01-08]",
    chips: 32, each: {board: ubb_blackhole}}].

    \b
    Examples:
      ttinspect fleet snapshots/
      ttinspect fleet snapshots.tar.zst --cabling factory_system_descriptor.textproto
      ttinspect fleet snapshots/ --check site.yaml --format junit -o fleet.xml
      ttinspect fleet snapshots/ --init-cabling -o cabling.textproto
      srun --nodes 16 ttinspect snapshot | ttinspect fleet -
    """
    formats = (_CABLING,) if init_cabling else FORMATS
    common = Common.of("fleet", formats, None, None, format_, json, output, timeout, verbose, quiet)
    wanted = None if cabling is None else read_cabling(read_document(cabling), document_name(cabling))
    expected = None if check is None else read_fleet_check(read_document(check), document_name(check))
    limit = None if max_age is None else age_ns(max_age, f"--max-age {max_age}")
    if limit is None and expected is not None:
        limit = expected.max_age_ns
    hosts, unreadable, outcomes = read_hosts(common, paths, wanted, expected)
    if not hosts and not unreadable:
        raise InspectError(
            "no hosts", "nothing was read", "name folders or files of snapshots", ExitCode.NO_DEVICES
        )
    now_ns = time.time_ns()
    analysis = analyse(
        hosts,
        unreadable,
        cabling=wanted,
        map_host=_mapped(map_host or []),
        now_ns=now_ns,
        max_age_ns=limit,
        equal_firmware=expected is not None and expected.firmware_equal,
    )
    if init_cabling:
        _write_cabling(common, analysis)
        return ExitCode.DONE
    if expected is not None:
        missing = [str(finding.evidence["host"]) for finding in found_by((HOST_MISSING,), analysis.findings)]
        outcomes += fleet_outcomes(expected, analysis.hosts, unreadable, missing, now_ns)
        _note_unchecked(common, expected, analysis)
    answer = build_fleet(analysis, " ".join(readable(path) for path in paths), tuple(outcomes))
    code = fleet_exit_code(answer, strict=strict)
    emit(common, answer, _writers(common, answer, code, strict))
    return code


def _writers(
    common: Common, answer: FleetAnswer, code: ExitCode, strict: bool
) -> dict[str, Callable[[], str]]:
    from ttinspect.report import fleet as report

    return {
        "table": lambda: to_table(report.fleet_table(answer, int(code)), common),
        "csv": lambda: to_csv(*report.fleet_csv(answer)),
        "markdown": lambda: report.fleet_markdown(answer, int(code)),
        "junit": lambda: report.fleet_junit(answer, strict=strict),
        "dot": lambda: report.fleet_dot(answer),
        "svg": lambda: report.fleet_svg(answer),
    }


def read_hosts(
    common: Common, paths: list[str], cabling: Cabling | None, check: FleetCheck | None
) -> tuple[list[FleetHost], list[Unreadable], list[HostOutcome]]:
    """Every host, one after the other, each reduced at once to what a fleet keeps of it, and held against
    what is expected of it."""
    motherboards = (
        {} if cabling is None else {host.name: host.motherboard for host in cabling.hosts if host.motherboard}
    )
    of_ids = (
        {}
        if cabling is None
        else {chip_id: host.motherboard for host in cabling.hosts for chip_id in host.asic_ids.values()}
    )
    shapes = Shapes()
    hosts: list[FleetHost] = []
    unreadable: list[Unreadable] = []
    passed: list[PassedOver] = []
    outcomes: list[HostOutcome] = []
    with hosts_read(common) as progress:
        asked = check is not None and check.of_regions
        for entry in read_fleet(paths, progress, published=asked):
            if isinstance(entry, Unreadable):
                unreadable.append(entry)
                continue
            if isinstance(entry, PassedOver):
                passed.append(entry)
                continue
            name = entry.host or entry.stem
            ids = (int(chip.unique_id) for chip in entry.system.chips if chip.unique_id is not None)
            board = motherboards.get(name) or next(
                (of_ids[chip_id] for chip_id in ids if chip_id in of_ids), None
            )
            case = _case_of(entry)
            grids = grids_of(entry.system.chips) if case is None else case.grids
            verified = None if case is None else verify(case)
            of_regions = () if verified is None else verified.all_findings
            hosts.append(fleet_host(entry, grids, shapes, board, of_regions))
            if check is not None:
                outcomes += host_outcomes(name, entry.system, grids, verified, check.of(name))
    for document in passed:
        note(common, f"{document.file}: {document.why}")
    return named_apart(hosts), unreadable, outcomes


def _case_of(entry: Reading) -> Case | None:
    """What verify-shm would judge of a snapshot; None for a document without regions."""
    if entry.published is None:
        return None
    from ttinspect.gathering.regions import Host, gather_published

    return gather_published(Host(system=entry.system, chosen=None), entry.published)


def _note_unchecked(common: Common, check: FleetCheck, analysis: Analysis) -> None:
    """A host that a check file does not name must not look as if it had passed."""
    known = {*check.hosts}
    others = [host.name for host in analysis.hosts if host.name not in known and not check.of(host.name)]
    if others and (check.groups or check.hosts):
        note(common, f"{check.name} says nothing of {', '.join(others[:8])}{' ...' if others[8:] else ''}")


def _mapped(words: list[str]) -> dict[str, str]:
    names = {}
    for word in words:
        in_fleet, sign, in_cabling = word.partition("=")
        if not (in_fleet and sign and in_cabling):
            raise InspectError(
                f"--map-host {word}", "expected HERE=THERE", "name the host here, then as the cabling does"
            )
        names[in_fleet] = in_cabling
    return names


def _write_cabling(common: Common, analysis: Analysis) -> None:
    text = fsd_text(present_cabling(analysis))
    one_sided = len(analysis.joined.one_sided)
    if one_sided:
        note(
            common,
            f"{plural(one_sided, 'link')} that one end only lists {verb(one_sided, 'is', 'are')} left out",
        )
    write(text, common.output)


@contextlib.contextmanager
def hosts_read(common: Common) -> Iterator[Progress | None]:
    """A bar on a terminal that shows how many documents were read; nothing of it stays."""
    from ttinspect.report.units import progress_bar

    with common.telling() as stage:
        drawn = 0.0

        def tell(done: int, whole: int | None) -> None:
            nonlocal drawn
            now = time.monotonic()
            if stage is not None and now - drawn >= _REDRAWN_S:
                drawn = now
                stage(f"hosts {progress_bar(done, whole) if whole else f'{done:,}'}")

        yield None if stage is None else tell
