"""``verify-shm`` as CSV and JUnit."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ttinspect.answers.verify_shm import VerifyShmAnswer
from ttinspect.model.finding import Finding, Severity
from ttinspect.report.screen import harmless
from ttinspect.verify.rules.rule import Rule
from ttinspect.verify.rules.table import RULES
from ttinspect.verify.verify import NOT_DECIDABLE

_HEADER = ("path", "file_id", "device", "id", "name", "severity", "message", "ignored", "evidence")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_ABOUT_HOST = [rule for rule in RULES if rule.of_host is not None]
_ABOUT_REGIONS = [rule for rule in RULES if rule.of_file or rule.of_region or rule.id == NOT_DECIDABLE]
_FILE_RULES = frozenset(rule.id for rule in RULES if rule.of_file is not None)


def verify_shm_csv(answer: VerifyShmAnswer) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
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
        _suite(region.path, _ABOUT_REGIONS, region.findings, ignored, judged=region.totals is not None)
        for region in answer.regions
    ]
    suites.append(_suite("host", _ABOUT_HOST, answer.findings, ignored, judged=True))
    totals = Counter[str]()
    for suite in suites:
        totals.update(suite.totals)
    head = f'<testsuites name="ttinspect verify-shm" {_attributes(totals)}>'
    return "\n".join([_DECLARATION, head, *(suite.text for suite in suites), "</testsuites>"]) + "\n"


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


@dataclass(frozen=True)
class _Suite:
    text: str
    totals: Counter[str]


def _suite(
    name: str, rules: Sequence[Rule], findings: Sequence[Finding], ignored: frozenset[str], *, judged: bool
) -> _Suite:
    found: dict[str, list[Finding]] = {rule.id: [] for rule in rules}
    titles = {rule.id: rule.name for rule in rules}
    for finding in findings:
        found.setdefault(finding.id, []).append(finding)
        titles.setdefault(finding.id, finding.name)
    where, totals, lines = quoteattr(harmless(name)), Counter[str](tests=len(found)), []
    for rule_id in sorted(found):
        title = quoteattr(f"{rule_id} {titles[rule_id]}")
        outcome, body = _outcome(found[rule_id], rule_id in ignored, judged or rule_id in _FILE_RULES)
        totals[outcome] += 1
        case = f"    <testcase classname={where} name={title}"
        lines.append(f"{case}>{body}</testcase>" if body else f"{case}/>")
    head = f"  <testsuite name={where} {_attributes(totals)}>"
    return _Suite(text="\n".join([head, *lines, "  </testsuite>"]), totals=totals)


def _attributes(totals: Counter[str]) -> str:
    return " ".join(f'{name}="{totals[name]}"' for name in ("tests", "failures", "errors", "skipped"))


def _outcome(findings: list[Finding], ignored: bool, judged: bool) -> tuple[str, str]:
    if ignored:
        return "skipped", '<skipped message="ignored"/>'
    if not findings:
        return ("passed", "") if judged else ("skipped", '<skipped message="nothing to judge"/>')
    text = escape("\n".join(f"{one.severity.value}: {one.message}" for one in findings))
    for severity, outcome, tag in (
        (Severity.ERROR, "failures", "failure"),
        (Severity.INCONCLUSIVE, "errors", "error"),
    ):
        worst = [one for one in findings if one.severity is severity]
        if worst:
            return outcome, f"<{tag} message={quoteattr(worst[0].message)}>{text}</{tag}>"
    return "passed", f"<system-out>{text}</system-out>"
