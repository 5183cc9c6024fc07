"""TTS050 to TTS053: the slots against procfs. Only slots that a second read showed unchanged."""

from collections.abc import Iterator

from ttinspect.model.finding import EvidenceValue
from ttinspect.verify.case import Case
from ttinspect.verify.rule import Hit, I, Q, RegionRule, W
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


GHOST = RegionRule(
    id="TTS050",
    name="ghost",
    severities={"ghost": W},
    of_region=ghost,
    title="A process is gone, but its slot still holds memory.",
    meaning=(
        "The slot names a pid that procfs does not have, and still publishes bytes for it. The totals are "
        "too high by that much. The chip's memory itself is free: it went with the process."
    ),
    cause=(
        "SIGKILL (also from the OOM killer), SIGTERM, an abort or os._exit ends a process without its "
        "detach. v1 to v3 never free such a slot; v4 does at the next attach or detach. If the workload "
        "runs in a container and procfs is the host's, its pids mean nothing here."
    ),
    remedy=(
        "v4: start or end any workload on the chip. v1 to v3: when nothing uses the chip, remove the file. "
        "For containers pass their --procfs. Do not clear slots with other tools: they wipe live ones."
    ),
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


DEAD_AND_EMPTY = RegionRule(
    id="TTS051",
    name="dead and empty",
    severities={"empty": I},
    of_region=dead_and_empty,
    title="A process is gone and left an empty slot.",
    meaning=(
        "The slot names a pid that procfs does not have, and holds no bytes. No figure is wrong; one of the "
        "64 slots is lost."
    ),
    cause=(
        "The process freed its buffers and was then ended without its detach (SIGKILL, SIGTERM, abort), or "
        "it was killed before it allocated anything."
    ),
    remedy=(
        "Nothing urgent. v4 frees it by itself; before v4 remove the file when nothing uses the chip, "
        "before the table is full (TTS030)."
    ),
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


PID_REUSED = RegionRule(
    id="TTS052",
    name="pid reused",
    severities={"reused": W},
    of_region=pid_reused,
    title="The slot's pid now belongs to a younger process.",
    meaning=(
        "A process with this pid exists, but it started at least two seconds after the slot was last "
        "updated: it cannot be the one that wrote it. The slot is a ghost behind another process's pid."
    ),
    cause=(
        "The writer was killed, and the kernel gave its pid to somebody else. A v4 writer that looks for "
        "dead slots is fooled by it as well, and keeps the slot."
    ),
    remedy=(
        "Do not kill the process with that pid because of this slot. Remove the file when nothing uses the "
        "chip."
    ),
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


OTHER_PID_NAMESPACE = RegionRule(
    id="TTS053",
    name="other pid namespace",
    severities={"foreign": Q},
    of_region=other_pid_namespace,
    title="The slot's pid probably belongs to another pid namespace.",
    meaning=(
        "A process with this pid existed before the slot was written, but has another name: it is probably "
        "not the writer. Whether the writer is alive cannot be told from this procfs."
    ),
    cause=(
        "The workload runs in a container and writes the pid that it sees there. A process that renamed "
        "itself after it attached looks the same."
    ),
    remedy=(
        "Run ttinspect where the workload runs, or pass the container's procfs: --procfs "
        "/proc/PID/root/proc, with the container's first process as PID."
    ),
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


RULES = (
    GHOST,
    DEAD_AND_EMPTY,
    PID_REUSED,
    OTHER_PID_NAMESPACE,
)
