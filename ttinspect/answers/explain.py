"""The answer of ``explain``: what findings mean, and what memory errors of tt-metal mean."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ttinspect.answers.memory import MemoryAnswer
from ttinspect.answers.memory_faults import ExplainedError, explain_error
from ttinspect.answers.shm import RegionFacts
from ttinspect.errors import InspectError
from ttinspect.fleet.rules import RULES as FLEET_RULES
from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.finding import Explanation
from ttinspect.model.memory_error import ErrorText
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.findings.rules import RULES

EXPLANATIONS: tuple[Explanation, ...] = tuple(
    rule.explanation for rule in sorted((*RULES, *FLEET_RULES), key=lambda rule: rule.id)
)
"""Every finding that ttinspect gives, by id."""

_ID = re.compile(r"TT[A-Z]\d{3}", re.IGNORECASE)


MOST_LISTED, MOST_KINDS = 1_000, 10_000
"""Bounds of an answer, which a text without an end must not fill."""


class L1Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds L1 of a chip, as its slot in a region or the dump of --allocator says. ``alive``
    is None where that is not known. All sizes are bytes of the whole chip."""

    where: str
    pid: int | None
    name: str | None
    alive: bool | None
    l1_bytes: int | None
    dram_bytes: int | None


class ExplainAnswer(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.explain.v1"
):
    """What ``explain`` says: findings, or the memory errors of a text. It reads no source. ``holders`` are
    there with --allocator or --shm-dir: ghosts first, then the largest.

    ``errors``: the first MOST_LISTED errors of a text as they come, and every new one until there are
    MOST_KINDS; ``unlisted_errors`` of it are in no entry of their own, those that equal an entry are in its
    ``times``.
    """

    tool: Tool = TOOL
    source: None = None
    findings: tuple[Explanation, ...]
    errors: tuple[ExplainedError, ...] = ()
    unlisted_errors: int | msgspec.UnsetType = msgspec.UNSET
    holders: tuple[L1Holder, ...] | msgspec.UnsetType = msgspec.UNSET


def build_explain(finding_id: str | None) -> ExplainAnswer:
    """The explanations of the findings with this id or name, in any case of letters (several findings may
    share a name); of all findings without one.

    Raises:
        InspectError: 2 for what is neither.
    """
    if finding_id is None:
        return ExplainAnswer(findings=EXPLANATIONS)
    findings = findings_named(finding_id)
    if not findings:
        raise InspectError(
            f"unknown finding {finding_id!r}",
            "no finding has this id or name",
            "ttinspect explain lists all of them",
        )
    return ExplainAnswer(findings=findings)


def findings_named(word: str) -> tuple[Explanation, ...]:
    """The findings with this id or name, in any case; none where no finding has it."""
    same = _plain(word)
    return tuple(text for text in EXPLANATIONS if same in (_plain(text.id), _plain(text.name)))


def finding_words() -> list[str]:
    """What a finding can be named by: every id and every name once."""
    return [*dict.fromkeys([text.id for text in EXPLANATIONS] + [text.name for text in EXPLANATIONS])]


def looks_like_an_id(word: str) -> bool:
    """Whether a word has the form of a finding's id, whether or not there is such a finding."""
    return _ID.fullmatch(word.strip()) is not None


def build_explained_errors(
    errors: Iterable[ErrorText],
    allocator: Sequence[AllocatorStatistics] = (),
    memory: MemoryAnswer | None = None,
) -> ExplainAnswer:
    """The memory errors of a text, explained, in their order; with a dump of an allocator or the regions of a
    host also who holds L1 now. Of a text without an end no more is kept than the answer's bounds."""
    holders: tuple[L1Holder, ...] | msgspec.UnsetType = msgspec.UNSET
    if allocator or memory is not None:
        holders = _holders(allocator, memory)
    explained: dict[ErrorText, ExplainedError] = {}
    times: Counter[ErrorText] = Counter()
    listed: list[ErrorText] = []
    unlisted = 0
    for error in errors:
        is_new = error not in explained
        if is_new and len(explained) < MOST_KINDS:
            explained[error] = explain_error(error, allocator)
        if error in explained:
            times[error] += 1
        if error in explained and (len(listed) < MOST_LISTED or is_new):
            listed.append(error)
        else:
            unlisted += 1
    counted = {error: msgspec.structs.replace(text, times=times[error]) for error, text in explained.items()}
    return ExplainAnswer(
        findings=(),
        errors=tuple(counted[error] for error in listed),
        unlisted_errors=unlisted or msgspec.UNSET,
        holders=holders,
    )


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def _holders(allocator: Sequence[AllocatorStatistics], memory: MemoryAnswer | None) -> tuple[L1Holder, ...]:
    holders = [
        L1Holder(
            where=region.path,
            pid=slot["pid"],
            name=slot["name"],
            alive=slot["alive"],
            l1_bytes=slot["l1"] + slot["l1_small"],
            dram_bytes=slot["dram"] + slot["trace"],
        )
        for region in ([] if memory is None else _regions(memory))
        for slot in region.processes
    ]
    for statistics in allocator:
        view = statistics.memory_view
        holders.append(
            L1Holder(
                where="the dump",
                pid=statistics.pid,
                name=None,
                alive=None,
                l1_bytes=None if view.l1 is None else view.l1.reserved_bytes,
                dram_bytes=None if view.dram is None else view.dram.reserved_bytes,
            )
        )
    return tuple(sorted(holders, key=lambda holder: (holder.alive is not False, -(holder.l1_bytes or 0))))


def _regions(memory: MemoryAnswer) -> list[RegionFacts]:
    return [*(region for device in memory.devices for region in device.regions), *memory.unmatched]
