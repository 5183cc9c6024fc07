"""TTS050 to TTS053: the slots against procfs. Only slots that a second read showed unchanged."""

from collections.abc import Iterator

from ttinspect.model.finding import EvidenceValue
from ttinspect.shm.usage import counter
from ttinspect.verify.case import Case
from ttinspect.verify.rule import Hit, I, Q, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import holdings, which
from ttinspect.verify.writers import SlotWriter, Writer


def ghost(case: Case, subject: Subject) -> Iterator[Hit]:
    """Dead, and still holding bytes."""
    for writer in _confirmed(subject, Writer.DEAD):
        if _holds(subject, writer):
            yield Hit(
                "ghost",
                f"{_gone(writer)}, its slot still holds {holdings(subject.layout, writer.slot.figures)}. "
                f"{_who_frees(subject)}: the totals are too high by that much.",
                {**_evidence(writer), **_now(writer), **_held(subject, writer)},
            )


GHOST = RegionRule(
    id="TTS050",
    name="ghost",
    severities={"ghost": W},
    of_region=ghost,
    title="A process is gone, but its slot still holds memory.",
    meaning=(
        "No process maps the region as the pid that the slot names, and the slot still publishes bytes for "
        "it. The totals are too high by that much. The chip's memory itself is free: it went with the "
        "process."
    ),
    cause=(
        "SIGKILL (also from the OOM killer), SIGTERM, an abort or os._exit ends a process without its "
        "detach, and so does exec: the pid lives on as another program. v1 to v3 never free such a slot; v4 "
        "does at the next attach or detach. A writer in a container is known by its own pid there, and is "
        "not called gone."
    ),
    remedy=(
        "v4: start or end any workload on the chip. v1 to v3: when nothing uses the chip, remove the file. "
        "Do not clear slots with other tools: they wipe live ones."
    ),
)


def dead_and_empty(case: Case, subject: Subject) -> Iterator[Hit]:
    """Dead, and holding nothing."""
    for writer in _confirmed(subject, Writer.DEAD):
        if not _holds(subject, writer):
            yield Hit(
                "empty",
                f"{_gone(writer)} and left slot {writer.slot.index} empty. {_who_frees(subject)}.",
                {**_evidence(writer), **_now(writer)},
            )


DEAD_AND_EMPTY = RegionRule(
    id="TTS051",
    name="dead and empty",
    severities={"empty": I},
    of_region=dead_and_empty,
    title="A process is gone and left an empty slot.",
    meaning=(
        "No process maps the region as the pid that the slot names, and the slot holds no bytes. No figure "
        "is wrong; one of the 64 slots is lost."
    ),
    cause=(
        "The process freed its buffers and was then ended without its detach (SIGKILL, SIGTERM, abort), or "
        "it was killed before it allocated anything."
    ),
    remedy=(
        "Nothing urgent. v4 frees it by itself; before v4 remove the file when nothing uses the chip, before "
        "the table is full (TTS030)."
    ),
)


def pid_reused(case: Case, subject: Subject) -> Iterator[Hit]:
    """The pid lives, but started after the slot was last updated."""
    for writer in _confirmed(subject, Writer.REUSED):
        if writer.process is not None and writer.process.start_time_ns is not None:
            yield Hit(
                "reused",
                f"{_who(writer)} cannot be the process that now has this pid ({writer.process.comm}): that "
                f"one started after the slot's last update. The slot holds "
                f"{holdings(subject.layout, writer.slot.figures)} for nobody.",
                {
                    **_evidence(writer),
                    "process_name": writer.process.comm,
                    "process_start_ns": writer.process.start_time_ns,
                    "slot_last_update": writer.slot.last_update,
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
    """The writer cannot be seen: no process that can be looked into is it, and not all can. Where no maps are
    known, also where the pid lives and is older than the slot, under another name."""
    for writer in _confirmed(subject, Writer.FOREIGN):
        if writer.process is not None:
            yield Hit(
                "foreign",
                f"{_who(writer)} is called {writer.process.comm or '(no name)'} in this procfs: its writer "
                f"is probably in another pid namespace, and whether it is alive is not known.",
                {**_evidence(writer), "process_name": writer.process.comm},
            )
    for why, unseen in _by_reason(subject).items():
        pids = [writer.slot.pid for writer in unseen]
        who = _who(unseen[0]) if len(unseen) == 1 else which("pid", pids)
        be = "is" if len(unseen) == 1 else "are"
        yield Hit(
            "foreign",
            f"Whether {who} {be} alive is not known: no process that can be looked into maps the region with "
            f"{'this pid' if len(unseen) == 1 else 'these pids'}, and {why}.",
            {"slots": [writer.slot.index for writer in unseen], "pids": pids, "reason": why},
        )


def _by_reason(subject: Subject) -> dict[str, list[SlotWriter]]:
    """The slots whose writer cannot be seen."""
    writers: dict[str, list[SlotWriter]] = {}
    for writer in _confirmed(subject, Writer.UNSEEN):
        writers.setdefault(writer.why or "procfs does not tell", []).append(writer)
    return writers


OTHER_PID_NAMESPACE = RegionRule(
    id="TTS053",
    name="other pid namespace",
    severities={"foreign": Q},
    of_region=other_pid_namespace,
    title="Whether the slot's writer is alive cannot be seen from here.",
    meaning=(
        "A writer maps the region until it ends. No process that can be looked into maps it with the slot's "
        "pid, and not all processes can: the writer may be one of the others. In a procfs that tells no "
        "maps, a process with this pid is there, but has another name."
    ),
    cause=(
        "The workload belongs to another user, and ttinspect does not run as root; procfs hides processes "
        "(hidepid); ttinspect runs in a container and the workload outside, or --procfs is not that of this "
        "host."
    ),
    remedy=(
        "Run ttinspect as root on the host itself, outside containers, with its own /proc: writers in "
        "containers are found from there."
    ),
)


def _confirmed(subject: Subject, writer: Writer) -> Iterator[SlotWriter]:
    return (each for each in subject.confirmed if each.writer is writer)


def _held(subject: Subject, writer: SlotWriter) -> dict[str, int]:
    """What counts as usage of the slot."""
    return {kind.name: counter(writer.slot.figures, kind.name) for kind in subject.layout.usage}


def _holds(subject: Subject, writer: SlotWriter) -> bool:
    return any(writer.slot.figures[kind.name] for kind in subject.layout.usage)


def _who(writer: SlotWriter) -> str:
    return f"pid {writer.slot.pid} ({writer.slot.name or 'no name'})"


def _gone(writer: SlotWriter) -> str:
    """That it is: also where the process lives on as another program, which has left its memory behind."""
    process = writer.process
    if process is None or not process.alive:
        return f"{_who(writer)} is gone"
    runs = f"pid {writer.slot.pid} runs {process.comm or 'something else'}, and does not map this region"
    return f"{_who(writer)} is gone ({runs})"


def _now(writer: SlotWriter) -> dict[str, EvidenceValue]:
    return {} if writer.process is None else {"process_name": writer.process.comm}


def _who_frees(subject: Subject) -> str:
    if subject.layout.frees_dead_slots:
        return "The next attach or detach frees it"
    return f"A v{subject.version} writer never frees a dead slot"


def _evidence(writer: SlotWriter) -> dict[str, EvidenceValue]:
    return {"slot": writer.slot.index, "pid": writer.slot.pid, "name": writer.slot.name}


RULES = (
    GHOST,
    DEAD_AND_EMPTY,
    PID_REUSED,
    OTHER_PID_NAMESPACE,
)
