"""What several reports have: the source, findings, a verdict in one line, Markdown, SVG, JUnit XML."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from html import escape
from typing import TypeVar

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.model.finding import WORST_FIRST, Finding, Severity
from ttinspect.model.system import Source, SourceKind
from ttinspect.report.screen import add_row, columns, harmless
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
Subjects = tuple[tuple[int, ...], Finding]
CsvRows = tuple[tuple[str, ...], Iterable[tuple[object, ...]]]
"""The header of a csv, and its rows; a cell that is None is empty."""


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
    """Findings with the chips that have them, the worst first; equal ones are one."""
    groups: dict[tuple[str, Severity, str], tuple[list[int], Finding]] = {}
    for chip_id, findings in per_chip:
        for finding in findings:
            key = (finding.id, finding.severity, finding.message)
            groups.setdefault(key, ([], finding))[0].append(chip_id)
    subjects: list[Subjects] = [(tuple(ids), finding) for ids, finding in groups.values()]
    subjects += [((), finding) for finding in shared]
    return sorted(subjects, key=lambda about: WORST_FIRST.index(about[1].severity))


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
    for (chips, finding), left_out in first_of_alike(findings):
        add_row(
            table,
            Text(f" {finding.severity.value}", style=SEVERITY_STYLES[finding.severity]),
            f"{finding.id} {finding.name}",
            Text(harmless(subject(chips) + finding.message) + left_out),
        )
    return [Text(""), table]


_MOST_ALIKE = 3
"""Findings of one rule about one thing, such as the ghosts of a region; --json has all of them."""
_About = TypeVar("_About")


def first_of_alike(
    findings: Sequence[tuple[_About, Finding]],
) -> Iterator[tuple[tuple[_About, Finding], str]]:
    """The first few of each rule about one thing, the last of them with a line about how many more there
    are."""
    counts = Counter((about, finding.id, finding.severity) for about, finding in findings)
    shown: Counter[object] = Counter()
    for about, finding in findings:
        key = (about, finding.id, finding.severity)
        shown[key] += 1
        if shown[key] <= _MOST_ALIKE:
            more = counts[key] - _MOST_ALIKE
            last = shown[key] == _MOST_ALIKE and more > 0
            yield (about, finding), f"\nand {more} more {finding.id}: --json has all of them" if last else ""


_NAMES_SHOWN = 16
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


_LONGEST_LINE = 80
_CUT = "..."


def verdict_line(verdict: Verdict, wrong: str, more: int) -> str:
    """A verdict in one line of at most 80 characters, for a scheduler's reason to drain a host: the first
    thing that is wrong, and how many ``more`` there are."""
    others = f" (+{more})" if more > 0 else ""
    text = harmless(f"{verdict.value.upper()} {wrong}")
    room = _LONGEST_LINE - len(others)
    return (text if len(text) <= room else text[: room - len(_CUT)] + _CUT) + others + "\n"


def worst(findings: Iterable[Finding]) -> str | None:
    """The worst finding with its sentence, the first of equal ones; None without any."""
    finding = min(findings, key=lambda each: WORST_FIRST.index(each.severity), default=None)
    return None if finding is None else f"{finding.id} {finding.name}: {finding.message}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; text from outside cannot break out of its cell."""
    lines = (header, ["---"] * len(header), *rows)
    return "".join(_markdown_row(cells) + "\n" for cells in lines)


def _markdown_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(markdown_text(str(cell)) for cell in cells) + " |"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    shown = harmless(text)
    for sign in ("\\", "|", "`", "*", "_", "<", "["):
        shown = shown.replace(sign, "\\" + sign)
    return shown


def findings_markdown(findings: list[Subjects]) -> list[str]:
    """Findings as one list, nothing where there are none."""
    lines = []
    for chips, finding in findings:
        sentence = markdown_text(subject(chips) + finding.message)
        lines.append(f"- **{finding.severity.value}** {finding.id} {finding.name}: {sentence}")
    return ["\n".join(lines)] if lines else []


def xml_text(text: str) -> str:
    """Text that XML shows as it is, between tags and inside an attribute."""
    return escape(harmless(text))


def svg(width: int, height: int, name: str, style: str, body: Iterable[str]) -> str:
    """A standalone SVG document of elements. ``name`` is what a screen reader says of it, sizes in pixels."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{xml_text(name)}">\n'
        f"<style>{style}</style>\n" + "\n".join(body) + "\n</svg>\n"
    )


_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_COUNTED = ("tests", "failures", "errors", "skipped")


class Result(Enum):
    """What a test case came to; an error is a test that could not be decided."""

    PASSED = "passed"
    FAILURE = "failures"
    ERROR = "errors"
    SKIPPED = "skipped"


class TestCase(msgspec.Struct, frozen=True, kw_only=True):
    """One test case: ``message`` in one line, ``text`` at length."""

    name: str
    result: Result
    message: str = ""
    text: str = ""


def junit(name: str, suites: Iterable[tuple[str, Sequence[TestCase]]]) -> str:
    """A document of suites, each with the name of what it is about."""
    totals, lines = Counter[str](), []
    for about, cases in suites:
        counts = _counts(cases)
        totals.update(counts)
        lines.append(f'  <testsuite name="{xml_text(about)}" {_attributes(counts)}>')
        lines += [f"    {_case(about, case)}" for case in cases]
        lines.append("  </testsuite>")
    head = f'<testsuites name="{xml_text(name)}" {_attributes(totals)}>'
    return "\n".join([_DECLARATION, head, *lines, "</testsuites>"]) + "\n"


def _counts(cases: Sequence[TestCase]) -> Counter[str]:
    counts = Counter(case.result.value for case in cases)
    counts["tests"] = len(cases)
    return counts


def _attributes(counts: Counter[str]) -> str:
    return " ".join(f'{name}="{counts[name]}"' for name in _COUNTED)


def _case(about: str, case: TestCase) -> str:
    head = f'<testcase classname="{xml_text(about)}" name="{xml_text(case.name)}"'
    body = _body(case)
    return f"{head}>{body}</testcase>" if body else f"{head}/>"


def _body(case: TestCase) -> str:
    text = "\n".join(map(xml_text, case.text.split("\n")))
    if case.result is Result.SKIPPED:
        return f'<skipped message="{xml_text(case.message)}"/>'
    if case.result is Result.PASSED:
        return f"<system-out>{text}</system-out>" if text else ""
    tag = "failure" if case.result is Result.FAILURE else "error"
    return f'<{tag} message="{xml_text(case.message)}">{text}</{tag}>'
