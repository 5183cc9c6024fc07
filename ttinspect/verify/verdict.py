"""From findings to one word, and from that word to an exit code."""

from collections.abc import Iterable
from enum import Enum

from ttinspect.errors import ExitCode
from ttinspect.model.finding import Finding, Severity


class Verdict(str, Enum):
    """What a check came to. ``inconclusive`` is never a pass: it could not be checked."""

    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


def verdict_of(findings: Iterable[Finding], ignore: frozenset[str] = frozenset()) -> Verdict:
    """The worst of what was found: fail > inconclusive > warn > pass. Ids in ``ignore`` do not count."""
    severities = {finding.severity for finding in findings if finding.id not in ignore}
    if Severity.ERROR in severities:
        return Verdict.FAIL
    if Severity.INCONCLUSIVE in severities:
        return Verdict.INCONCLUSIVE
    if Severity.WARNING in severities:
        return Verdict.WARN
    return Verdict.PASS


def exit_code_of(
    findings: Iterable[Finding],
    ignore: frozenset[str] = frozenset(),
    *,
    strict: bool = False,
    forbidden: int = 0,
    candidates: int = 0,
) -> ExitCode:
    """The exit code of a check: 10 > 6 > 11 > 0. ``strict`` lets warnings give 10, and changes only this.

    ``forbidden`` counts the files that this user may not read, of ``candidates`` in all: when none could be
    read the answer is 6, because the next step is another one than for an undecided check.
    """
    findings = tuple(findings)
    verdict = verdict_of(findings, ignore)
    warned = any(one.severity is Severity.WARNING and one.id not in ignore for one in findings)
    if verdict is Verdict.FAIL or (strict and warned):
        return ExitCode.CHECK_FAILED
    if verdict is Verdict.INCONCLUSIVE:
        return ExitCode.PERMISSION if forbidden and forbidden == candidates else ExitCode.INCONCLUSIVE
    return ExitCode.DONE
