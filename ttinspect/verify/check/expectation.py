"""One thing that should be so, and what is."""

from collections.abc import Iterable
from enum import Enum

import msgspec

from ttinspect.model.chip import Chip
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


def messages_of(findings: Iterable[Finding]) -> str:
    """The sentences of findings in one."""
    return "; ".join(finding.message for finding in findings)


def judged(
    chip: Chip, finding_id: str, fact: str, expected: Fact, findings: Iterable[Finding], found: Fact
) -> Expectation:
    """What is expected of a chip, failed by the findings that stand for it."""
    serious = [finding for finding in findings if finding.severity is not Severity.INFO]
    known_as = serious[0].id if serious else finding_id
    return known(chip, known_as, fact, expected, found, outcome_of(serious), messages_of(serious))


def known(
    chip: Chip, finding_id: str, fact: str, expected: Fact, found: Fact, outcome: Outcome, why: str
) -> Expectation:
    """What is expected of a chip, with what it came to."""
    return Expectation(
        id=finding_id, subject=subject_of(chip.id), chip=chip.id, fact=fact, expected=expected, found=found,
        outcome=outcome, why=why,
    )  # fmt: skip


def of_host(
    finding_id: str,
    fact: str,
    expected: Fact,
    found: Fact,
    outcome: Outcome,
    why: str,
    where: str | None = None,
) -> Expectation:
    """What is expected of a host, with what it came to."""
    return Expectation(
        id=finding_id, subject="host", chip=None, fact=fact, expected=expected, found=found, outcome=outcome,
        why=why, where=where,
    )  # fmt: skip


def compared(expected: str, found: str | None) -> Outcome:
    """What a word came to that should be another; None is unknown."""
    return Outcome.UNKNOWN if found is None else Outcome.PASS if found == expected else Outcome.FAIL


def why_unknown(chip: Chip, name: str) -> str:
    """The source's own reason, if it has one."""
    roots = {
        "eth_links": "links",
        "grid": "masks",
        "cores": "masks",
        "l1_bytes": "masks",
        "dram_bytes": "masks",
    }
    root = roots.get(name, name)
    why = next((fact.why for fact in chip.unknown if fact.path.partition(".")[0] == root), None)
    return why or "the source does not tell"
