"""The reports of ``verify-shm``: what is used, what was found, the verdict last; csv, junit."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.verify_shm import VerifiedRegion, VerifyShmAnswer
from ttinspect.facts.wording import plural
from ttinspect.model.finding import WORST_FIRST, Finding, Severity
from ttinspect.report.common import (
    SEVERITY_STYLES,
    VERDICT_STYLES,
    CsvRows,
    Result,
    TestCase,
    first_of_alike,
    junit,
    source_line,
    verdict_line,
    worst,
)
from ttinspect.report.memory import basis_line, common_basis, more, region_label, usage_block
from ttinspect.report.screen import add_row, columns, harmless
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.rule import RegionRule
from ttinspect.verify.verify import Verdict

_MOST_REGIONS = 64
_MOST_FINDINGS = 200
"""So much of a table can be read; json, csv and junit have everything."""


def verify_shm_oneline(answer: VerifyShmAnswer) -> str:
    """ "WARN TTS050 ghost: pid 7 (python3) is gone, its slot still holds ..." """
    findings = (*answer.findings, *(finding for region in answer.regions for finding in region.findings))
    counted = [
        finding
        for finding in findings
        if finding.id not in answer.ignored and finding.severity is not Severity.INFO
    ]
    wrong = worst(counted) or ("nothing wrong" if answer.regions else "nothing published")
    return verdict_line(answer.verdict, wrong, len(counted) - 1)


def verify_shm_table(answer: VerifyShmAnswer, exit_code: int) -> list[RenderableType]:
    """The answer for a terminal. ``exit_code`` is what the command will exit with."""
    basis = common_basis(region.capacity for region in answer.regions)
    parts: list[RenderableType] = [source_line(answer.source), *basis_line(basis)]
    for region in answer.regions[:_MOST_REGIONS]:
        parts += [Text(""), *usage_block(region, basis)]
    parts += more(answer.regions, _MOST_REGIONS, "regions")
    devices = Counter(region.device for region in answer.regions)
    findings = [
        (_where(region, alone=devices[region.device] == 1), finding)
        for region in answer.regions
        for finding in region.findings
    ]
    findings += [("", finding) for finding in answer.findings]
    if findings:
        findings.sort(key=lambda about: WORST_FIRST.index(about[1].severity))
        shown = list(first_of_alike(findings))
        parts += [Text(""), _findings(shown[:_MOST_FINDINGS], frozenset(answer.ignored))]
        parts += more(shown, _MOST_FINDINGS, "findings")
    return [*parts, Text(""), _verdict(answer, exit_code)]


def _where(region: VerifiedRegion, *, alone: bool) -> str:
    label = region_label(region)
    if region.device is None or alone:
        return f"{label}: "
    return f"{label}, {harmless(region.path.rpartition('/')[2])}: "


def _findings(findings: list[tuple[tuple[str, Finding], str]], ignored: frozenset[str]) -> RenderableType:
    table = columns("", "", "~", header=False)
    explained: set[str] = set()
    for (where, finding), left_out in findings:
        severity = Text(f" {finding.severity.value}", style=SEVERITY_STYLES[finding.severity])
        if finding.id in ignored:
            severity = Text(" ignored")
        message = where + finding.message + left_out
        if finding.severity is not Severity.INFO and finding.id not in explained | ignored:
            explained.add(finding.id)
            message += f"\nNext: ttinspect explain {finding.id}"
        # The name may wrap between its words, the id stays whole.
        add_row(table, severity, finding.id, Text(f"{finding.name}: {message}"))
    return table


def _verdict(answer: VerifyShmAnswer, exit_code: int) -> Text:
    counts = answer.counts
    parts = [
        plural(counts.warning, "warning"),
        plural(counts.error, "error"),
        f"{counts.inconclusive} inconclusive",
    ]
    if counts.ignored:
        parts.append(f"{counts.ignored} ignored")
    if not answer.regions:
        parts.insert(0, "nothing published")
    code = f"exit {exit_code}"
    if answer.verdict is Verdict.WARN and exit_code == 0:
        code += "; with --strict 10"
    verdict = Text(answer.verdict.value.upper(), style=VERDICT_STYLES[answer.verdict])
    return verdict.append(f"  {', '.join(parts)}  ({code})", style="not bold default")


_HEADER = ("path", "file_id", "device", "id", "name", "severity", "message", "ignored", "evidence")
_ABOUT_HOST = [rule for rule in REGION_RULES if rule.of_host is not None]
_ABOUT_REGIONS = [rule for rule in REGION_RULES if rule.of_file or rule.of_region]
_FILE_RULES = frozenset(rule.id for rule in REGION_RULES if rule.of_file is not None)


def verify_shm_csv(answer: VerifyShmAnswer) -> CsvRows:
    """A row per finding; those about the host have no region."""
    return _HEADER, _rows(answer)


def verify_shm_junit(answer: VerifyShmAnswer) -> str:
    """A test suite per region and one for the host, a test case per rule.

    An error is a failure; what could not be decided is an error of the test; ignored rules, and those that
    had nothing to judge in a file that is no region, are skipped. Warnings and infos stand in the output of
    a test that passed.
    """
    ignored = frozenset(answer.ignored)
    suites = [
        (
            region.path,
            _cases(_ABOUT_REGIONS, region.findings, ignored, judged=region.totals is not None),
        )
        for region in answer.regions
    ]
    suites.append(("host", _cases(_ABOUT_HOST, answer.findings, ignored, judged=True)))
    return junit("ttinspect verify-shm", suites)


def _rows(answer: VerifyShmAnswer) -> Iterator[tuple[object, ...]]:
    for region in answer.regions:
        for finding in region.findings:
            yield (region.path, region.file_id, region.device, *_cells(finding, answer))
    for finding in answer.findings:
        yield (None, None, None, *_cells(finding, answer))


def _cells(finding: Finding, answer: VerifyShmAnswer) -> tuple[object, ...]:
    return (
        finding.id,
        finding.name,
        finding.severity.value,
        finding.message,
        finding.id in answer.ignored,
        json.dumps(finding.evidence),
    )


def _cases(
    rules: Sequence[RegionRule], findings: Sequence[Finding], ignored: frozenset[str], *, judged: bool
) -> list[TestCase]:
    by_rule: dict[str, list[Finding]] = {rule.id: [] for rule in rules}
    titles = {rule.id: rule.name for rule in rules}
    for finding in findings:
        by_rule.setdefault(finding.id, []).append(finding)
        titles.setdefault(finding.id, finding.name)
    return [
        _case(
            f"{rule_id} {titles[rule_id]}",
            by_rule[rule_id],
            rule_id in ignored,
            judged or rule_id in _FILE_RULES,
        )
        for rule_id in sorted(by_rule)
    ]


def _case(name: str, findings: list[Finding], ignored: bool, judged: bool) -> TestCase:
    if ignored:
        return TestCase(name=name, result=Result.SKIPPED, message="ignored")
    if not findings and not judged:
        return TestCase(name=name, result=Result.SKIPPED, message="nothing to judge")
    text = "\n".join(f"{finding.severity.value}: {finding.message}" for finding in findings)
    for severity, result in ((Severity.ERROR, Result.FAILURE), (Severity.INCONCLUSIVE, Result.ERROR)):
        worst = [finding for finding in findings if finding.severity is severity]
        if worst:
            return TestCase(name=name, result=result, message=worst[0].message, text=text)
    return TestCase(name=name, result=Result.PASSED, text=text)
