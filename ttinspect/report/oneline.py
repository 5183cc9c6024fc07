"""A verdict in one line, for a scheduler's reason to drain a host."""

from collections.abc import Iterable

from ttinspect.answers.check import CheckAnswer
from ttinspect.answers.verify_shm import VerifyShmAnswer
from ttinspect.model.finding import Finding, Severity
from ttinspect.report.screen import harmless
from ttinspect.verify.check.expectation import Outcome

LONGEST = 80
_WORST_FIRST = (Severity.ERROR, Severity.INCONCLUSIVE, Severity.WARNING, Severity.INFO)
_CUT = "..."


def verify_shm_oneline(answer: VerifyShmAnswer) -> str:
    """ "WARN TTS050 ghost: pid 7 (python3) is gone, its slot still holds ..." """
    found = (*answer.findings, *(finding for region in answer.regions for finding in region.findings))
    counted = [one for one in found if one.id not in answer.ignored and one.severity is not Severity.INFO]
    what = _worst(counted) or ("nothing wrong" if answer.regions else "nothing published")
    return _line(answer.verdict.value, len(counted) - 1, what)


def check_oneline(answer: CheckAnswer) -> str:
    """ "FAIL TTC015 chip 0: cores should be 120, it is 110" """
    by = {
        outcome: [expectation for expectation in answer.expectations if expectation.outcome is outcome]
        for outcome in Outcome
    }
    broken = [*by[Outcome.FAIL], *by[Outcome.UNKNOWN]]
    findings = [finding for finding in answer.findings if finding.severity is not Severity.INFO]
    if broken:
        what = f"{broken[0].id} {broken[0].subject}: {broken[0].why}"
    else:
        what = _worst(findings) or f"{len(by[Outcome.PASS])} as expected"
    return _line(answer.verdict.value, len(broken) + len(findings) - 1, what)


def _worst(findings: Iterable[Finding]) -> str | None:
    worst = min(findings, key=lambda finding: _WORST_FIRST.index(finding.severity), default=None)
    return None if worst is None else f"{worst.id} {worst.name}: {worst.message}"


def _line(verdict: str, others: int, what: str) -> str:
    """The verdict, the first thing that is wrong, and how many more there are."""
    more = f" (+{others})" if others > 0 else ""
    text = harmless(f"{verdict.upper()} {what}")
    room = LONGEST - len(more)
    return (text if len(text) <= room else text[: room - len(_CUT)] + _CUT) + more + "\n"
