"""One thing that should be so, and what is."""

from collections.abc import Iterable
from enum import Enum

import msgspec

from ttinspect.model.finding import Finding, Severity

Fact = int | float | str | None
"""None is unknown."""


class Outcome(str, Enum):
    """What an expectation came to. ``unknown``: the source cannot tell; never a pass."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """``id`` is that of the finding that stands for it when it is not met. ``chip`` is None where it is about
    several, or the host. ``where`` is the line of a check file that says so. ``why`` is a sentence, empty
    for a pass."""

    id: str
    subject: str
    chip: int | None
    fact: str
    expected: Fact
    found: Fact
    outcome: Outcome
    why: str = ""
    where: str | None = None


def subject_of(chip: int) -> str:
    """ "chip 0" """
    return f"chip {chip}"


def outcome_of(findings: Iterable[Finding]) -> Outcome:
    """Of findings that stand for an expectation: they fail it unless they are info or could not decide."""
    severities = {finding.severity for finding in findings}
    if severities & {Severity.ERROR, Severity.WARNING}:
        return Outcome.FAIL
    return Outcome.UNKNOWN if Severity.INCONCLUSIVE in severities else Outcome.PASS
