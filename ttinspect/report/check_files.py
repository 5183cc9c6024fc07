"""``check`` for programs: csv and JUnit XML."""

from collections.abc import Iterable

from ttinspect.answers.check import CheckAnswer
from ttinspect.model.finding import Severity
from ttinspect.report.check import shown, untold
from ttinspect.report.common import subject
from ttinspect.report.junit import Result, TestCase, junit
from ttinspect.verify.check.expectation import Outcome

_OF_OUTCOME = {Outcome.PASS: Result.PASSED, Outcome.FAIL: Result.FAILURE, Outcome.UNKNOWN: Result.ERROR}
_OF_SEVERITY = {
    Severity.ERROR: Result.ERROR,
    Severity.INCONCLUSIVE: Result.ERROR,
    Severity.WARNING: Result.PASSED,
    Severity.INFO: Result.PASSED,
}


def check_csv(answer: CheckAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per expectation, then one per warning that none of them tells."""
    header = ("id", "subject", "chip", "fact", "expected", "found", "outcome", "why", "where")
    rows: list[tuple[object, ...]] = [
        (
            one.id,
            one.subject,
            one.chip,
            one.fact,
            one.expected,
            one.found,
            one.outcome.value,
            one.why,
            one.where,
        )
        for one in answer.expectations
    ]
    for chips, finding in untold(answer):
        about = subject(chips).removesuffix(": ") or "host"
        chip = chips[0] if len(chips) == 1 else None
        told = (
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
        rows.append(told)
    return header, rows


def check_junit(answer: CheckAnswer, *, strict: bool = False) -> str:
    """A test suite per subject, a test case per expectation; unknown is an error of the test. Findings that
    no expectation tells have a suite of their own; ``strict``: warnings fail."""
    suites: dict[str, list[TestCase]] = {}
    for one in answer.expectations:
        where = "" if one.where is None else f" ({one.where})"
        suites.setdefault(one.subject, []).append(
            TestCase(
                name=f"{one.id} {one.fact}{where}",
                result=_OF_OUTCOME[one.outcome],
                message=one.why,
                text=""
                if one.outcome is Outcome.PASS
                else f"expected: {shown(one, one.expected)}\nfound: {shown(one, one.found)}",
            )
        )
    for chips, finding in untold(answer):
        about = f" (chip {', '.join(map(str, chips))})" if chips else ""
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
