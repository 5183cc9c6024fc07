"""What a rule is: an id, its severity per layout version, and a pure function that finds it."""

from collections.abc import Callable, Iterator

import msgspec

from ttinspect.model.finding import EvidenceValue, Severity

ByVersion = tuple[Severity | None, Severity | None, Severity | None, Severity | None]
"""Severity in v1, v2, v3, v4; None: not judged in that version."""


def in_all(severity: Severity) -> ByVersion:
    """The same severity in every version."""
    return (severity, severity, severity, severity)


class Hit(msgspec.Struct, frozen=True):
    """What a rule saw: the row of its severities, a sentence with the numbers in it, the bare values.

    ``undecided`` says why it cannot be told now whether it is a fault; the finding is TTS011 then.
    """

    row: str
    message: str
    evidence: dict[str, EvidenceValue]
    undecided: str | None = None
