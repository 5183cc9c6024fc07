"""Verdicts and exit codes."""

from itertools import combinations

import pytest

from ttinspect.errors import ExitCode
from ttinspect.model.finding import Finding, Severity
from ttinspect.verify.verify import Verdict, exit_code_of, verdict_of

WORST_FIRST = [Severity.ERROR, Severity.INCONCLUSIVE, Severity.WARNING, Severity.INFO]
VERDICTS = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.PASS]


def _finding(severity: Severity, rule: str = "TTS020") -> Finding:
    return Finding(id=rule, name="x", severity=severity, message="x")


def test_nothing_found_is_a_pass() -> None:
    assert verdict_of([]) is Verdict.PASS


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_worst_finding_decides(count: int) -> None:
    for severities in combinations(WORST_FIRST, count):
        worst = VERDICTS[min(WORST_FIRST.index(severity) for severity in severities)]
        assert verdict_of([_finding(severity) for severity in reversed(severities)]) is worst


def test_ignored_findings_do_not_count() -> None:
    findings = [_finding(Severity.ERROR, "TTS020"), _finding(Severity.WARNING, "TTS050")]
    assert verdict_of(findings, frozenset({"TTS020"})) is Verdict.WARN
    assert verdict_of(findings, frozenset({"TTS020", "TTS050"})) is Verdict.PASS
    assert exit_code_of(findings, frozenset({"TTS020"})) is ExitCode.DONE


@pytest.mark.parametrize(
    ("severities", "strict", "code"),
    [
        ([], False, ExitCode.DONE),
        ([Severity.INFO], True, ExitCode.DONE),
        ([Severity.WARNING], False, ExitCode.DONE),
        ([Severity.WARNING], True, ExitCode.CHECK_FAILED),
        ([Severity.INCONCLUSIVE], True, ExitCode.INCONCLUSIVE),
        ([Severity.INCONCLUSIVE, Severity.WARNING], False, ExitCode.INCONCLUSIVE),
        ([Severity.INCONCLUSIVE, Severity.WARNING], True, ExitCode.CHECK_FAILED),
        ([Severity.INCONCLUSIVE, Severity.ERROR], False, ExitCode.CHECK_FAILED),
    ],
)
def test_exit_codes(severities: list[Severity], strict: bool, code: ExitCode) -> None:
    assert exit_code_of([_finding(severity) for severity in severities], strict=strict) is code


def test_strict_leaves_the_verdict_alone() -> None:
    assert verdict_of([_finding(Severity.WARNING)]) is Verdict.WARN


def test_only_when_no_region_may_be_read_is_permission_the_answer() -> None:
    findings = [_finding(Severity.INCONCLUSIVE, "TTS001")]
    assert exit_code_of(findings, forbidden=2, candidates=2) is ExitCode.PERMISSION
    assert exit_code_of(findings, forbidden=1, candidates=2) is ExitCode.INCONCLUSIVE
    assert exit_code_of([_finding(Severity.ERROR)], forbidden=2, candidates=2) is ExitCode.CHECK_FAILED
