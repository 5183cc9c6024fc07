"""The reports of ``check``: table, Markdown, csv, junit, and the check file that --init writes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.check import CheckAnswer, covered_ids
from ttinspect.facts.wording import plural
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.readiness import Readiness
from ttinspect.model.system import Source
from ttinspect.report.common import (
    VERDICT_STYLES,
    CsvRows,
    Result,
    TestCase,
    findings_markdown,
    findings_table,
    grouped,
    junit,
    markdown_table,
    markdown_text,
    source_line,
    subject,
    verdict_line,
    worst,
)
from ttinspect.report.screen import add_row, columns, glued, harmless
from ttinspect.report.units import UNKNOWN, id_ranges, size
from ttinspect.verify.check.expectation import Expectation, Fact, Outcome, subject_of
from ttinspect.verify.verify import Verdict
from ttinspect.verify.words import which

_STYLES = {Outcome.FAIL: "bold red", Outcome.UNKNOWN: "magenta", Outcome.PASS: "green"}
_WORST_FIRST = tuple(_STYLES)
DOUBTFUL_SOURCE = "TTH007"
"""It is shown as info too: what a source cannot show."""
_REGION = "tt_device_"
_BESIDE_SOURCE = len("Source")
_LONGEST_FOUND = 24
"""A sentence that is longer stands below the table."""


def check_oneline(answer: CheckAnswer) -> str:
    """ "FAIL TTC015 chips 0-7: cores should be 120, it is 110 (+2)": what all chips have is one thing."""
    groups = [
        (expectation, chips)
        for expectation, chips in _grouped(answer.expectations)
        if expectation.outcome is not Outcome.PASS
    ]
    findings = [finding for _, finding in other_findings(answer) if finding.severity is not Severity.INFO]
    if groups:
        unmet, chips = groups[0]
        wrong = f"{unmet.id} {_who(unmet, chips)}: {unmet.why}"
    else:
        wrong = worst(findings) or f"{answer.counts.passed} as expected"
    return verdict_line(answer.verdict, wrong, len(groups) + len(findings) - 1)


def check_table(answer: CheckAnswer, exit_code: int) -> list[RenderableType]:
    """The answer for a terminal, failures first. ``exit_code`` is what the command will exit with."""
    parts: list[RenderableType] = [source_line(answer.source), *_host_line(answer), Text("")]
    table = columns("", "", "~", "~", "~expected", "~found")
    groups = list(_grouped(answer.expectations))
    for expectation, chips in groups:
        outcome = Text(f" {expectation.outcome.value}", style=_STYLES[expectation.outcome])
        about = (expectation.id, _who(expectation, chips), expectation.fact)
        expected = shown(expectation, expectation.expected)
        add_row(table, outcome, *about, expected, _found_cell(expectation))
    parts.append(table)
    parts += _reasons(groups)
    parts += findings_table(other_findings(answer))
    return [*parts, Text(""), _verdict(answer, exit_code)]


def _host_line(answer: CheckAnswer) -> list[RenderableType]:
    """What is known of the host: "Host:   driver 2.8.0, kernel 6.8.0, IOMMU off, 8 hugepages of 1 GiB"."""
    facts = _host_facts(answer)
    if not facts:
        return []
    table = columns("", "~", header=False, widths=(_BESIDE_SOURCE,))
    add_row(table, "Host:", ", ".join(map(glued, facts)))
    return [table]


def _host_facts(answer: CheckAnswer) -> list[str]:
    ready = answer.readiness or Readiness()
    iommu = {device.device: device.iommu.value for device in ready.devices if device.iommu is not None}
    nodes = {device.device: device.numa_node for device in ready.devices if device.numa_node is not None}
    pages = None if ready.hugepages_1g is None else f"{plural(ready.hugepages_1g, 'hugepage')} of 1 GiB"
    if pages is not None and ready.hugepages_1g and ready.hugepages_1g_free is not None:
        pages += f" ({ready.hugepages_1g_free} free)"
    facts = [
        None if answer.kmd_version is None else f"driver {answer.kmd_version}",
        None if ready.kernel is None else f"kernel {ready.kernel}",
        ready.motherboard,
        _per_device("IOMMU", iommu),
        pages,
        _per_device("NUMA node", nodes),
    ]
    return [fact for fact in facts if fact is not None]


def _per_device(name: str, values: Mapping[int, object]) -> str | None:
    """Once where all devices have the same: "IOMMU off", "NUMA node 0 (devices 0-3), 1 (device 4)"."""
    groups: dict[object, list[int]] = {}
    for device, value in values.items():
        groups.setdefault(value, []).append(device)
    if len(groups) < 2:
        return next((f"{name} {value}" for value in groups), None)
    parts = (f"{value} (device{'s' * (len(ids) > 1)} {id_ranges(ids)})" for value, ids in groups.items())
    return f"{name} {', '.join(parts)}"


def _grouped(expectations: Iterable[Expectation]) -> Iterator[tuple[Expectation, list[int]]]:
    """Equal expectations of several chips as one, the worst first; those of one rule together."""
    groups: dict[tuple[object, ...], tuple[Expectation, list[int]]] = {}
    for expectation in expectations:
        chip = expectation.chip
        of_chip = chip if chip is not None and expectation.subject == subject_of(chip) else None
        about = expectation.subject if of_chip is None else ""
        key = (
            expectation.outcome,
            expectation.id,
            about,
            expectation.fact,
            expectation.expected,
            expectation.found,
            expectation.why,
        )
        _, chips = groups.setdefault(key, (expectation, []))
        if of_chip is not None and of_chip not in chips:
            chips.append(of_chip)
    yield from sorted(groups.values(), key=_place)


def _place(group: tuple[Expectation, list[int]]) -> tuple[int, str]:
    return _WORST_FIRST.index(group[0].outcome), group[0].id


def _who(expectation: Expectation, chips: list[int]) -> str:
    if expectation.subject.startswith(_REGION):  # its name is half a line long, and in the sentence below
        return "a region" if expectation.chip is None else f"region of chip {expectation.chip}"
    return expectation.subject if len(chips) < 2 else f"chips {id_ranges(chips)}"


def shown(expectation: Expectation, value: Fact) -> str:
    """An expected or found value as text, with its unit."""
    if value is None:
        return UNKNOWN
    return size(value) if expectation.fact.endswith("_bytes") and isinstance(value, int) else str(value)


def _found_cell(expectation: Expectation) -> str:
    text = shown(expectation, expectation.found)
    return "see below" if len(text) > _LONGEST_FOUND and expectation.why else text


def _reasons(groups: Iterable[tuple[Expectation, list[int]]]) -> list[RenderableType]:
    """A sentence for each that is not met, equal ones once, and what to read about it."""
    table = columns("", "~", header=False)
    explained: set[str] = set()
    shown_sentences: set[tuple[str, str]] = set()
    for expectation, chips in groups:
        sentence, more = harmless(_reason(expectation, chips)), ""
        key = (expectation.id, sentence)
        if expectation.outcome is Outcome.PASS or not expectation.why or key in shown_sentences:
            continue
        shown_sentences.add(key)
        if expectation.outcome is Outcome.FAIL and expectation.id not in explained:
            explained.add(expectation.id)
            more = f"\nNext: ttinspect explain {expectation.id}"
        add_row(table, f" {expectation.id}", Text(sentence + more))
    return [Text(""), table] if table.row_count else []


def _reason(expectation: Expectation, chips: list[int]) -> str:
    where = "" if expectation.where is None else f" ({expectation.where})"
    return f"{_who(expectation, chips)}: {expectation.why}{where}"


def other_findings(answer: CheckAnswer) -> list[tuple[tuple[int, ...], Finding]]:
    """Findings that no expectation tells already, with the chips that each is about."""
    covered = covered_ids(answer.expectations)
    shown = (Severity.WARNING, Severity.ERROR, Severity.INCONCLUSIVE)

    def worth_showing(findings: Iterable[Finding]) -> list[Finding]:
        return [
            finding
            for finding in findings
            if (finding.severity in shown and finding.id not in covered) or finding.id == DOUBTFUL_SOURCE
        ]

    regions = [finding for region in answer.regions for finding in worth_showing(region.findings)]
    per_chip = ((device.id, worth_showing(device.findings)) for device in answer.devices)
    return grouped(per_chip, [*worth_showing(answer.findings), *regions])


def _verdict(answer: CheckAnswer, exit_code: int) -> Text:
    counts = answer.counts
    code = f"exit {exit_code}"
    if answer.verdict is Verdict.WARN and exit_code == 0:
        code += "; with --strict 10"
    verdict = Text(answer.verdict.value.upper(), style=VERDICT_STYLES[answer.verdict])
    of = counts.passed, counts.fail, counts.unknown
    warnings = f", {plural(counts.warning, 'warning')}" if counts.warning else ""
    return verdict.append(
        f"  {of[0]} as expected, {of[1]} failed, {of[2]} unknown{warnings}  ({code})", "not bold default"
    )


def check_markdown(answer: CheckAnswer, exit_code: int) -> str:
    """The same as a Markdown document."""
    rows = [
        (
            expectation.outcome.value,
            expectation.id,
            _who(expectation, chips),
            expectation.fact,
            shown(expectation, expectation.expected),
            shown(expectation, expectation.found),
        )
        for expectation, chips in _grouped(answer.expectations)
    ]
    reasons = [
        f"- {expectation.id} {markdown_text(_reason(expectation, chips))}"
        for expectation, chips in _grouped(answer.expectations)
        if expectation.outcome is not Outcome.PASS and expectation.why
    ]
    others = findings_markdown(other_findings(answer))
    return "\n".join(
        [
            f"{markdown_text(source_line(answer.source).plain)}\n",
            *(
                f"{markdown_text(harmless(f'Host: {facts}'))}\n"
                for facts in [", ".join(_host_facts(answer))]
                if facts
            ),
            markdown_table(("outcome", "id", "subject", "fact", "expected", "found"), rows),
            *("\n".join(lines) + "\n" for lines in (reasons, others) if lines),
            f"**{markdown_text(_verdict(answer, exit_code).plain)}**\n",
        ]
    )


_OF_OUTCOME = {Outcome.PASS: Result.PASSED, Outcome.FAIL: Result.FAILURE, Outcome.UNKNOWN: Result.ERROR}
_OF_SEVERITY = {
    Severity.ERROR: Result.ERROR,
    Severity.INCONCLUSIVE: Result.ERROR,
    Severity.WARNING: Result.PASSED,
    Severity.INFO: Result.PASSED,
}


def check_csv(answer: CheckAnswer) -> CsvRows:
    """A row per expectation, then one per warning that no expectation stands for."""
    header = ("id", "subject", "chip", "fact", "expected", "found", "outcome", "why", "where")
    rows: list[tuple[object, ...]] = [
        (
            expectation.id,
            expectation.subject,
            expectation.chip,
            expectation.fact,
            expectation.expected,
            expectation.found,
            expectation.outcome.value,
            expectation.why,
            expectation.where,
        )
        for expectation in answer.expectations
    ]
    for chips, finding in other_findings(answer):
        about = subject(chips).removesuffix(": ") or "host"
        chip = chips[0] if len(chips) == 1 else None
        cells = (
            finding.id,
            about,
            chip,
            finding.name,
            None,
            None,
            finding.severity.value,
            finding.message,
            None,
        )
        rows.append(cells)
    return header, rows


def check_junit(answer: CheckAnswer, *, strict: bool = False) -> str:
    """A test suite per subject, a test case per expectation; unknown is an error of the test. Findings that
    no expectation tells have a suite of their own; ``strict``: warnings fail."""
    suites: dict[str, list[TestCase]] = {}
    for expectation in answer.expectations:
        where = "" if expectation.where is None else f" ({expectation.where})"
        suites.setdefault(expectation.subject, []).append(
            TestCase(
                name=f"{expectation.id} {expectation.fact}{where}",
                result=_OF_OUTCOME[expectation.outcome],
                message=expectation.why,
                text=""
                if expectation.outcome is Outcome.PASS
                else f"expected: {shown(expectation, expectation.expected)}\n"
                f"found: {shown(expectation, expectation.found)}",
            )
        )
    for chips, finding in other_findings(answer):
        about = f" ({which('chip', chips)})" if chips else ""
        fails = strict and finding.severity is Severity.WARNING
        result = Result.FAILURE if fails else _OF_SEVERITY[finding.severity]
        suites.setdefault("findings", []).append(
            TestCase(
                name=f"{finding.id} {finding.name}{about}",
                result=result,
                message=finding.message,
                text=finding.message,
            )
        )
    return junit("ttinspect check", suites.items())


def check_file_yaml(document: dict[str, Any], source: Source) -> str:
    """The file with a head that says what it is and what else it can hold."""
    body = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"""\
# What this machine should be. Check it with: ttinspect check THIS_FILE
# {source_line(source).plain}
# each: every chip; boards: by board or board id; by_chip: by chip id, PCI BDF, unique id. All keys, and for
# an editor: ttinspect schema check-file. A number may be a range: {{min: 110, max: 120}}.
{body}"""
