"""What a rule is: an id, its severity per layout version, and pure functions that find it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from ttinspect.model.finding import EvidenceValue, Severity
from ttinspect.model.region import RegionFile
from ttinspect.verify.case import Case
from ttinspect.verify.subject import Subject

ByVersion = tuple[Severity | None, Severity | None, Severity | None, Severity | None]
"""Severity in v1, v2, v3, v4; None: not judged in that version."""

E, W, I, Q = Severity.ERROR, Severity.WARNING, Severity.INFO, Severity.INCONCLUSIVE  # noqa: E741


def same(severity: Severity) -> ByVersion:
    """The same severity in every version."""
    return (severity, severity, severity, severity)


class Hit(msgspec.Struct, frozen=True):
    """What a rule saw: the row of its severities, a sentence with the numbers in it, the bare values.

    ``undecided`` says why it cannot be told now whether it is a fault: an error or a warning is TTS011 then.
    ``version`` is that of the region where a hit on the host is about one.
    """

    row: str
    message: str
    evidence: dict[str, EvidenceValue]
    undecided: str | None = None
    version: int | None = None


OfFile = Callable[[RegionFile], Iterator[Hit]]
OfRegion = Callable[[Case, Subject], Iterator[Hit]]
OfHost = Callable[[Case, Sequence[Subject]], Iterator[Hit]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with its rows of severities, and what it looks at: a file, a decoded region, the whole host.

    ``accounting``: the rule is about figures that a writer changes one after the other, so that a stopped
    process makes an error of it undecidable.
    """

    id: str
    name: str
    severities: Mapping[str, ByVersion]
    of_file: OfFile | None = None
    of_region: OfRegion | None = None
    of_host: OfHost | None = None
    accounting: bool = False

    def severity(self, row: str, version: int | None) -> Severity | None:
        """The severity of a row. Without a known version only that which is the same in all of them."""
        by_version = self.severities[row]
        if version is not None and 1 <= version <= len(by_version):
            return by_version[version - 1]
        return by_version[0] if len(set(by_version)) == 1 else None
