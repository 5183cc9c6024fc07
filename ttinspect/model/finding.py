"""A finding: something that deserves a sentence, with its stable id."""

from collections.abc import Container, Sequence
from enum import Enum

import msgspec


class Severity(str, Enum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    INCONCLUSIVE = "inconclusive"


WORST_FIRST = (Severity.ERROR, Severity.INCONCLUSIVE, Severity.WARNING, Severity.INFO)
"""The order in which findings are listed, and that of the verdict: what could not be checked is worse than a
warning."""

EvidenceValue = int | float | str | bool | Sequence[int | str] | None
Evidence = dict[str, EvidenceValue]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. ``id`` and ``name`` are stable (TTC capacity and check, TTF fleets, TTH harvest, TTP
    readiness of a host, TTS shared memory, TTT topology and telemetry); ``message`` is a sentence for the
    operator with the numbers in it; ``evidence`` the bare values."""

    id: str
    name: str
    severity: Severity
    message: str
    evidence: Evidence = {}

    def is_about(self, chips: Container[int]) -> bool:
        """Whether it is about any of these chips; one that names none is about all."""
        named = self.evidence.get("chips")
        return not isinstance(named, list) or any(chip in chips for chip in named)


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ttinspect explain ID`` says about a finding: for an operator who has never met it.

    ``title`` is one line; ``meaning`` says what was seen, ``cause`` how it comes about, ``remedy`` what to
    do. ``id`` and ``name`` are those of the Finding.
    """

    id: str
    name: str
    title: str
    meaning: str
    cause: str
    remedy: str
