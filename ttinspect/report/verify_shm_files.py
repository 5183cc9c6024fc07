"""``verify-shm`` as CSV and JUnit."""

import json
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from ttinspect.answers.verify_shm import VerifyShmAnswer
from ttinspect.model.finding import Finding, Severity
from ttinspect.report.screen import harmless
from ttinspect.verify.rules.rule import Rule
from ttinspect.verify.rules.table import RULES

_HEADER = ("path", "file_id", "device", "id", "name", "severity", "message", "ignored", "evidence")


def verify_shm_csv(answer: VerifyShmAnswer) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    """A row per finding; those about the host have no region."""
    return _HEADER, _rows(answer)


def verify_shm_junit(answer: VerifyShmAnswer) -> str:
    """A test suite per region and one for the host, a test case per rule.

    An error is a failure; what could not be decided is an error of the test; an ignored one is skipped.
    Warnings and infos stand in the output of a test that passed.
    """
    root = ElementTree.Element("testsuites", name="ttinspect verify-shm")
    ignored = frozenset(answer.ignored)
    about_host = [rule for rule in RULES if rule.of_host is not None]
    about_regions = [rule for rule in RULES if rule.of_file is not None or rule.of_region is not None]
    suites = [(region.path, about_regions, region.findings) for region in answer.regions]
    for name, rules, findings in [*suites, ("host", about_host, answer.findings)]:
        _suite(root, harmless(name), rules, findings, ignored)
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


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


def _suite(
    root: ElementTree.Element,
    name: str,
    rules: Iterable[Rule],
    findings: Iterable[Finding],
    ignored: frozenset[str],
) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=name)
    by_rule = {rule.id: f"{rule.id} {rule.name}" for rule in rules}
    for finding in findings:
        by_rule.setdefault(finding.id, f"{finding.id} {finding.name}")
    for rule_id, title in sorted(by_rule.items()):
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=title)
        _outcome(case, [finding for finding in findings if finding.id == rule_id], rule_id in ignored)
    suite.set("tests", str(len(suite)))
    for total, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(total, str(sum(case.find(tag) is not None for case in suite)))


def _outcome(case: ElementTree.Element, findings: list[Finding], ignored: bool) -> None:
    if not findings:
        return
    text = "\n".join(f"{finding.severity.value}: {finding.message}" for finding in findings)
    severities = {finding.severity for finding in findings}
    if ignored:
        ElementTree.SubElement(case, "skipped", message="ignored")
    elif Severity.ERROR in severities:
        ElementTree.SubElement(case, "failure", message=_first(findings, Severity.ERROR)).text = text
    elif Severity.INCONCLUSIVE in severities:
        ElementTree.SubElement(case, "error", message=_first(findings, Severity.INCONCLUSIVE)).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text


def _first(findings: list[Finding], severity: Severity) -> str:
    return next(finding.message for finding in findings if finding.severity is severity)
