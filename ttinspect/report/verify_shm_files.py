"""``verify-shm`` as CSV and JUnit."""

import json
from collections.abc import Iterator, Sequence

from ttinspect.answers.verify_shm import VerifyShmAnswer
from ttinspect.model.finding import Finding, Severity
from ttinspect.report.junit import Result, TestCase, junit
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.rule import RegionRule

_HEADER = ("path", "file_id", "device", "id", "name", "severity", "message", "ignored", "evidence")
_ABOUT_HOST = [rule for rule in REGION_RULES if rule.of_host is not None]
_ABOUT_REGIONS = [rule for rule in REGION_RULES if rule.of_file or rule.of_region]
_FILE_RULES = frozenset(rule.id for rule in REGION_RULES if rule.of_file is not None)


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
    found: dict[str, list[Finding]] = {rule.id: [] for rule in rules}
    titles = {rule.id: rule.name for rule in rules}
    for finding in findings:
        found.setdefault(finding.id, []).append(finding)
        titles.setdefault(finding.id, finding.name)
    return [
        _case(
            f"{rule_id} {titles[rule_id]}",
            found[rule_id],
            rule_id in ignored,
            judged or rule_id in _FILE_RULES,
        )
        for rule_id in sorted(found)
    ]


def _case(name: str, findings: list[Finding], ignored: bool, judged: bool) -> TestCase:
    if ignored:
        return TestCase(name=name, result=Result.SKIPPED, message="ignored")
    if not findings and not judged:
        return TestCase(name=name, result=Result.SKIPPED, message="nothing to judge")
    text = "\n".join(f"{one.severity.value}: {one.message}" for one in findings)
    for severity, result in ((Severity.ERROR, Result.FAILURE), (Severity.INCONCLUSIVE, Result.ERROR)):
        worst = [one for one in findings if one.severity is severity]
        if worst:
            return TestCase(name=name, result=result, message=worst[0].message, text=text)
    return TestCase(name=name, result=Result.PASSED, text=text)
