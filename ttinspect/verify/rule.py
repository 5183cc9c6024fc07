"""The one form of a rule: what it is called, how bad it is, how it is found, and what ``explain`` says of it.

A rule stands in the module of its subject in ``findings/``, function first, text behind it; the tuple of all
of them is ``findings/rules.py``. A rule of regions is a RegionRule, one of a chip a ChipRule, one of a whole
System a SystemRule, one of the use of a chip a UseRule. A bare Rule has no function: an expectation of
``check/`` stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.finding import EvidenceValue, Explanation, Finding, Severity
from ttinspect.model.system import System

if TYPE_CHECKING:  # what harvest does not need is not imported for it
    from ttinspect.model.region import RegionFile
    from ttinspect.verify.case import Case
    from ttinspect.verify.findings.use import Use
    from ttinspect.verify.subject import Subject

E, W, I, Q = Severity.ERROR, Severity.WARNING, Severity.INFO, Severity.INCONCLUSIVE  # noqa: E741

Severities = Severity | tuple[Severity | None, ...]
"""One for all, or one for each version of a region, v1 first; None: not judged in that version."""


class Hit(msgspec.Struct, frozen=True):
    """What a rule saw: the row of its severities, a sentence with the numbers in it, the bare values.

    ``undecided`` says why it cannot be told now whether it is a fault: an error or a warning is TTS011 then.
    ``version`` is that of the region where a hit on a host is about one, ``chip`` the id of the chip where a
    hit on a System is about one.
    """

    row: str
    message: str
    evidence: Mapping[str, EvidenceValue] = {}
    undecided: str | None = None
    version: int | None = None
    chip: int | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule without a function. ``severities`` are by row: what a rule sees can be bad in several ways.

    ``title``, ``meaning``, ``cause`` and ``remedy`` (the next step) are what ``explain`` prints.
    """

    id: str
    name: str
    severities: Mapping[str, Severities]
    title: str
    meaning: str
    cause: str
    remedy: str

    @property
    def explanation(self) -> Explanation:
        """The text of ``explain``."""
        return Explanation(
            id=self.id,
            name=self.name,
            title=self.title,
            meaning=self.meaning,
            cause=self.cause,
            remedy=self.remedy,
        )

    def severity(self, row: str, version: int | None = None) -> Severity | None:
        """The severity of a row; None: not judged.

        A version past the last column has the severity of the last column: a newer runtime is judged as
        strictly as the newest known one. Without a version (None, 0) a row has a severity only if it is the
        same in all versions.
        """
        by_version = self.severities[row]
        if isinstance(by_version, Severity):
            return by_version
        if not version:
            return by_version[0] if len(set(by_version)) == 1 else None
        return by_version[min(version, len(by_version)) - 1]

    def finding(self, hit: Hit, version: int | None = None) -> Finding | None:
        """The finding of a hit; None where it is not judged in this version."""
        severity = self.severity(hit.row, version)
        if severity is None:
            return None
        return Finding(
            id=self.id, name=self.name, severity=severity, message=hit.message, evidence=dict(hit.evidence)
        )


class ChipRule(Rule, frozen=True, kw_only=True):
    """A rule of one chip. The second argument says why the chip could not be read, if so."""

    of_chip: Callable[[Chip, str | None], Iterator[Hit]]


class SystemRule(Rule, frozen=True, kw_only=True):
    """A rule of a System: of its chips together, or of each (Hit.chip)."""

    of_system: Callable[[System], Iterator[Hit]]


class UseRule(Rule, frozen=True, kw_only=True):
    """A rule of what a chip is used for, over the readings so far."""

    of_use: Callable[[Use], Iterator[Hit]]


class RegionRule(Rule, frozen=True, kw_only=True):
    """A rule of what is published. ``of_file`` looks at one file, ``of_region`` at one decoded region,
    ``of_host`` at all regions of the host together.

    ``accounting`` is True for figures that a writer updates one after the other: while a writer is stopped,
    an error of such a rule cannot be told from an unfinished update (TTS011).
    """

    of_file: Callable[[RegionFile], Iterator[Hit]] | None = None
    of_region: Callable[[Case, Subject], Iterator[Hit]] | None = None
    of_host: Callable[[Case, Sequence[Subject]], Iterator[Hit]] | None = None
    accounting: bool = False


def judge_chip(rules: Iterable[ChipRule], chip: Chip, unread: str | None = None) -> tuple[Finding, ...]:
    """What the rules find about a chip, in their order; ``unread`` says why it could not be read, if so."""
    findings = (rule.finding(hit) for rule in rules for hit in rule.of_chip(chip, unread))
    return tuple(finding for finding in findings if finding is not None)


def judge_system(rules: Iterable[SystemRule], system: System) -> dict[int | None, list[Finding]]:
    """What the rules find in a System, by chip id; None holds what is about the chips together."""
    findings: dict[int | None, list[Finding]] = {}
    for rule in rules:
        for hit in rule.of_system(system):
            finding = rule.finding(hit)
            if finding is not None:
                findings.setdefault(hit.chip, []).append(finding)
    return findings


def found_by(rules: Iterable[Rule], findings: Iterable[Finding]) -> list[Finding]:
    """Of all findings those of a group of rules."""
    ids = {rule.id for rule in rules}
    return [finding for finding in findings if finding.id in ids]
