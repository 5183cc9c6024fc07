"""TTS050 to TTS053: the slots against procfs. Only slots that a second read showed unchanged."""

from collections.abc import Iterator

from ttinspect.model.finding import EvidenceValue
from ttinspect.verify.case import Case
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import BUFFER_TYPES, holdings, numbers
from ttinspect.verify.writers import SlotWriter, Writer


def ghost(case: Case, subject: Subject) -> Iterator[Hit]:
    """Dead, and still holding bytes."""
    for one in _confirmed(subject, Writer.DEAD):
        if _holds(one):
            yield Hit(
                "ghost",
                f"{_who(one)} is gone, its slot still holds {holdings(one.slot.figures)}. "
                f"{_who_frees(subject.version)}: the totals are too high by that much.",
                {**_evidence(one), **{name: getattr(one.slot.figures, name) for name in BUFFER_TYPES}},
            )
    hidden = [one.slot.pid for one in _confirmed(subject, Writer.HIDDEN)]
    if hidden:
        yield Hit(
            "ghost",
            f"Whether pid {numbers(hidden)} {'is' if len(hidden) == 1 else 'are'} alive is not known.",
            {"pids": hidden},
            undecided="procfs is not readable, or hides the processes of other users",
        )


def dead_and_empty(case: Case, subject: Subject) -> Iterator[Hit]:
    """Dead, and holding nothing."""
    for one in _confirmed(subject, Writer.DEAD):
        if not _holds(one):
            yield Hit(
                "empty",
                f"{_who(one)} is gone and left slot {one.slot.index} empty. {_who_frees(subject.version)}.",
                _evidence(one),
            )


def pid_reused(case: Case, subject: Subject) -> Iterator[Hit]:
    """The pid lives, but started after the slot was last updated."""
    for one in _confirmed(subject, Writer.REUSED):
        if one.process is not None and one.process.start_time_ns is not None:
            yield Hit(
                "reused",
                f"{_who(one)} cannot be the process that now has this pid ({one.process.comm}): that one "
                f"started after the slot's last update. The slot holds {holdings(one.slot.figures)} for "
                f"nobody.",
                {
                    **_evidence(one),
                    "process_name": one.process.comm,
                    "process_start_ns": one.process.start_time_ns,
                    "slot_last_update": one.slot.last_update,
                },
            )


def other_pid_namespace(case: Case, subject: Subject) -> Iterator[Hit]:
    """The pid lives and is older than the slot, under another name."""
    for one in _confirmed(subject, Writer.FOREIGN):
        if one.process is not None:
            yield Hit(
                "foreign",
                f"{_who(one)} is called {one.process.comm or '(no name)'} in this procfs: its writer is "
                f"probably in another pid namespace, and whether it is alive is not known.",
                {**_evidence(one), "process_name": one.process.comm},
            )


def _confirmed(subject: Subject, writer: Writer) -> Iterator[SlotWriter]:
    return (one for one in subject.confirmed if one.writer is writer)


def _holds(one: SlotWriter) -> bool:
    return any(getattr(one.slot.figures, name) for name in BUFFER_TYPES)


def _who(one: SlotWriter) -> str:
    return f"pid {one.slot.pid} ({one.slot.name or 'no name'})"


def _who_frees(version: int) -> str:
    if version >= 4:
        return "The next attach or detach frees it"
    return f"A v{version} writer never frees a dead slot"


def _evidence(one: SlotWriter) -> dict[str, EvidenceValue]:
    return {"slot": one.slot.index, "pid": one.slot.pid, "name": one.slot.name}
