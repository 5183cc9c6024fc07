"""The parts that every report has: the source, findings, what is unknown."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import Source, SourceKind
from ttinspect.report.screen import columns, harmless, row
from ttinspect.report.units import chips_named, id_ranges, moment, utc
from ttinspect.verify.verify import Verdict

_KINDS = {
    SourceKind.UMD: "devices of this host through tt_umd",
    SourceKind.SIM: "simulator",
    SourceKind.SYSFS: "sysfs of this host",
    SourceKind.HOST: "host",
    SourceKind.CLUSTER: "cluster descriptor",
    SourceKind.TT_SMI: "tt-smi document",
    SourceKind.SNAPSHOT: "snapshot",
    SourceKind.RECORDING: "recording",
    SourceKind.BOARD: "board",
    SourceKind.MASKS: "masks",
    SourceKind.SOC: "SoC descriptor",
    SourceKind.CAPTURE: "ttnn graph capture",
    SourceKind.REPORT: "ttnn report",
    SourceKind.DATABASE: "ttnn database",
    SourceKind.ALLOCATOR: "allocator statistics",
    SourceKind.GSD: "global system descriptor",
    SourceKind.FLEET: "fleet",
}
_DESCRIBED = (SourceKind.MASKS, SourceKind.SOC)
SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "",
    Severity.INCONCLUSIVE: "magenta",
}
VERDICT_STYLES = {
    Verdict.PASS: "bold green",
    Verdict.WARN: "bold yellow",
    Verdict.INCONCLUSIVE: "bold magenta",
    Verdict.FAIL: "bold red",
}
_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INCONCLUSIVE, Severity.INFO)
Subjects = tuple[tuple[int, ...], Finding]


def source_line(source: Source, now_ns: int | None = None) -> Text:
    """ "Source: cluster descriptor n300.yaml (recorded, not live)". ``now_ns`` shortens what was remembered
    on the same day: "Source: host (sysfs, regions; grids remembered 08:12)"."""
    if source.kind is SourceKind.HOST:
        return _host_line(source, now_ns)
    if source.live:
        nature = "live"
    elif source.example:
        nature = "built-in example, not live"
    elif source.kind in _DESCRIBED:
        nature = "described, not live"
    else:
        nature = "recorded, not live"
    kind = _KINDS[source.kind]
    if source.kind is SourceKind.SYSFS and source.detail:
        kind = "sysfs under"
    separator = ", " if source.kind is SourceKind.UMD else " "
    detail = f"{separator}{source.detail}" if source.detail else ""
    recorded = source.recorded or None
    if recorded is not None:
        when = "" if recorded.time_ns is None else f" {utc(recorded.time_ns)}"
        where = f" on {recorded.host}" if recorded.host else ""
        nature = f"recorded{when}{where}, not live"
    return Text(harmless(f"Source: {kind}{detail} ({nature})"))


def _host_line(source: Source, now_ns: int | None) -> Text:
    when = source.remembered_time_ns
    known = "no grids remembered" if when is msgspec.UNSET else f"grids remembered {moment(when, now_ns)}"
    root = f" under {source.detail}" if source.detail else ""
    return Text(harmless(f"Source: host{root} (sysfs, regions; {known})"))


def grouped(per_chip: Iterable[tuple[int, Iterable[Finding]]], shared: Iterable[Finding]) -> list[Subjects]:
    """Findings with the chips that have them, the worst first; equal ones are told once."""
    groups: dict[tuple[str, Severity, str], tuple[list[int], Finding]] = {}
    for chip_id, findings in per_chip:
        for finding in findings:
            key = (finding.id, finding.severity, finding.message)
            groups.setdefault(key, ([], finding))[0].append(chip_id)
    found: list[Subjects] = [(tuple(ids), finding) for ids, finding in groups.values()]
    found += [((), finding) for finding in shared]
    return sorted(found, key=lambda one: _WORST_FIRST.index(one[1].severity))


MOST_ALONE = 8
"""Of more chips than these, equal ones share a row."""


def shared_rows(rows: Sequence[tuple[int, tuple[object, ...]]]) -> Iterator[tuple[object, ...]]:
    """The cells of a row per chip, its id first; of many chips one row for equal ones, with all their ids."""
    groups: dict[object, tuple[list[int], tuple[object, ...]]] = {}
    for chip, cells in rows:
        key = cells if len(rows) > MOST_ALONE else chip
        groups.setdefault(key, ([], cells))[0].append(chip)
    return ((id_ranges(ids), *cells) for ids, cells in groups.values())


def subject(chips: tuple[int, ...]) -> str:
    """ "chip 0: ", "chips 0-7: ", or nothing."""
    if not chips:
        return ""
    return f"{chips_named(chips)}: "


def findings_table(findings: list[Subjects]) -> list[RenderableType]:
    """One row per finding: how bad, which, and its sentence."""
    if not findings:
        return []
    table = columns("", "", "~", header=False)
    for chips, finding in findings:
        row(
            table,
            Text(f" {finding.severity.value}", style=SEVERITY_STYLES[finding.severity]),
            f"{finding.id} {finding.name}",
            subject(chips) + finding.message,
        )
    return [Text(""), table]


_NAMES_SHOWN = 40
_LONGEST_FOLDED = 400


def names_of_hosts(names: Sequence[str]) -> str:
    """Names of hosts; many of them folded, "glx-[0001-9999]", where ClusterShell is installed."""
    if len(names) <= _NAMES_SHOWN:
        return ", ".join(names)
    try:
        from ClusterShell.NodeSet import NodeSet, NodeSetException

        folded = str(NodeSet.fromlist(list(names)))
    except (ImportError, NodeSetException):
        folded = None
    if folded is not None and len(folded) <= _LONGEST_FOLDED:
        return folded
    return f"{', '.join(names[:_NAMES_SHOWN])} and {len(names) - _NAMES_SHOWN:,} more"
