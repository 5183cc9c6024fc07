"""TTS060 and TTS061: a process's slot, and a chip's capacity, against tt-metal's own allocator."""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.facts.wording import plural
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, MemoryView
from ttinspect.model.region import Slot
from ttinspect.shm.clocks import realtime_of
from ttinspect.shm.layout import NamedBy
from ttinspect.shm.usage import counted, counter
from ttinspect.verify.case import Case
from ttinspect.verify.limits import UNKNOWN_LIMITS, Limits, capacity_words, with_allocator
from ttinspect.verify.rule import E, Hit, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import exact, size


def published_over_reserved(case: Case, subject: Subject) -> Iterator[Hit]:
    """A slot publishes logical sizes, its process's allocator reserves at least as much."""
    for statistics, slot in subject.statistics:
        if slot is not None:
            yield from _slot_over_reserved(case, subject, slot, statistics)


PUBLISHED_OVER_RESERVED = RegionRule(
    id="TTS060",
    name="published over reserved",
    severities={"over": E},
    of_region=published_over_reserved,
    title="A process publishes more than its own allocator has reserved.",
    meaning=(
        "Published sizes are the logical sizes of buffers, and the allocator reserves at least as much. A "
        "slot that is larger than what its process reserved is wrong."
    ),
    cause=(
        "A buffer was counted twice or never subtracted, or the statistics in --allocator FILE are of "
        "another device, process or moment. Statistics that are older than the slot are not judged but "
        "called inconclusive."
    ),
    remedy=(
        "Take the statistics again, in the process itself, while it allocates nothing "
        "(ttinspect.ttnn_stats.dump), and repeat. If it stays, report it with both files."
    ),
)


def _slot_over_reserved(
    case: Case, subject: Subject, slot: Slot, statistics: AllocatorStatistics
) -> Iterator[Hit]:
    for name in MemoryView.__struct_fields__:
        banks: BankStatistics | None = getattr(statistics.memory_view, name)
        published = counted(counter(slot.figures, name))
        reserved = None if banks is None else banks.reserved_bytes
        if reserved is None or published is None or published <= reserved:
            continue
        newer = statistics.realtime_ns is not None and _is_newer(case, subject, slot, statistics.realtime_ns)
        yield Hit(
            "over",
            f"pid {slot.pid} ({slot.name}) publishes {exact(published)} of {name.upper()}, its allocator has "
            f"reserved {exact(reserved)}: {exact(published - reserved)} too many.",
            {
                "slot": slot.index,
                "pid": slot.pid,
                "buffer_type": name,
                "published_bytes": published,
                "reserved_bytes": reserved,
            },
            undecided=_why_undecided(name, statistics, newer=newer),
        )


PER_CORE = "TT_METAL_ALLOCATOR_MODE_HYBRID"
"""tt-metal's switch for tensors that are allocated core by core: the region counts them, the allocator's
statistics do not (seen with ttnn 0.81.1)."""


def _why_undecided(name: str, statistics: AllocatorStatistics, *, newer: bool) -> str | None:
    if newer:
        return "the slot was updated after the statistics were taken"
    if name in ("l1", "l1_small") and statistics.environment.get(PER_CORE, "0") not in ("", "0"):
        return f"{PER_CORE} is set, and what is allocated per core is in the slot, but not in the statistics"
    return None


def _is_newer(case: Case, subject: Subject, slot: Slot, taken_ns: int) -> bool:
    updated = realtime_of(slot.last_update, subject.layout, case.now_realtime_ns, case.now_monotonic_ns)
    return updated is None or updated > taken_ns


def allocator_capacity(case: Case, subject: Subject) -> Iterator[Hit]:
    """Banks x bytes per bank, against what capacity computes for this chip.

    L1_SMALL and TRACE are cut out of L1 and DRAM, so the sums are compared, which hold for every size of
    them.
    """
    chip = subject.match.chip
    limits = UNKNOWN_LIMITS if chip is None else case.limits.get(chip, UNKNOWN_LIMITS)
    for statistics, _ in subject.statistics:
        yield from capacity_differences(statistics.memory_view, chip, limits)


def capacity_differences(view: MemoryView, chip: int | None, limits: Limits) -> Iterator[Hit]:
    """Where an allocator manages something else than what is computed for a chip. What either does not tell
    is not compared."""
    for kind, whole, part, expected in (
        ("L1", view.l1, view.l1_small, _known(limits.l1_allocatable, *limits.l1_allocatable_others)),
        ("DRAM", view.dram, view.trace, _known(limits.dram_allocatable)),
    ):
        if whole is None or part is None or not expected:
            continue
        if whole.capacity_bytes is None or part.capacity_bytes is None:
            continue
        managed_bytes = whole.capacity_bytes + part.capacity_bytes
        difference = managed_bytes - expected[0]
        if managed_bytes not in expected:
            banks = plural(whole.num_banks or 0, "bank")
            yield Hit(
                "differs",
                f"The allocator manages {size(managed_bytes)} of {kind} ({banks}), "
                f"computed for chip {chip} are {size(expected[0])}{capacity_words(limits)}: "
                f"{exact(abs(difference))} {'more' if difference > 0 else 'less'}.",
                {"kind": kind, "allocator_bytes": managed_bytes, "computed_bytes": expected},
            )


ALLOCATOR_CAPACITY_DIFFERS = RegionRule(
    id="TTS061",
    name="allocator capacity differs",
    severities={"differs": W},
    of_region=allocator_capacity,
    title="The allocator's capacity is not what ttinspect computes.",
    meaning=(
        "Banks times bytes per bank of the allocator (L1 with L1_SMALL, DRAM with TRACE) is not the "
        "allocatable capacity of this chip in any dispatch mode of the assumed runtime."
    ),
    cause=(
        "Another tt-metal version with other reserved bases, a custom l1 or trace layout, a mask in the "
        "source that is not this chip's, or statistics of another chip."
    ),
    remedy=(
        "Name the workload's runtime with --runtime, check the chip with ttinspect "
        "harvest, and make sure that the statistics belong to this device."
    ),
)


def _known(*figures: int | None) -> list[int]:
    return [figure for figure in figures if figure is not None]


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The subjects with their statistics, and a sentence for each of the statistics that fits nowhere."""

    subjects: tuple[Subject, ...]
    unpaired: tuple[str, ...]


def pair_statistics(subjects: Sequence[Subject], statistics: Sequence[AllocatorStatistics]) -> Paired:
    """Give every region the statistics of its device.

    A device is known by the id that the runtime gives it, which is what the header carries. A pid narrows it
    to that process's slot; without one, only a region with exactly one slot can be compared. A process
    without a slot that has reserved nothing has nothing to compare.
    """
    given: dict[int, list[tuple[AllocatorStatistics, Slot | None]]] = {}
    unpaired = []
    for allocator in statistics:
        fitting = _fitting(subjects, allocator)
        if not fitting:
            unpaired.append(f"no region belongs to the allocator statistics{_origin(allocator)}")
        elif _is_missed(allocator, [subjects[at] for at in fitting]):
            unpaired.append(f"pid {allocator.pid} has no slot, although its allocator has reserved memory")
        for at in fitting:
            slots = [slot for slot in subjects[at].occupied if allocator.pid in (None, slot.pid)]
            if allocator.pid is None and len(slots) > 1:
                unpaired.append(
                    f"the allocator statistics{_origin(allocator)} name no pid, and "
                    f"{subjects[at].file.path} has {plural(len(slots), 'slot')}"
                )
                slots = []
            given.setdefault(at, []).extend([(allocator, slot) for slot in slots] or [(allocator, None)])
    return Paired(
        subjects=tuple(
            _with_statistics(subject, tuple(given.get(at, ()))) for at, subject in enumerate(subjects)
        ),
        unpaired=tuple(unpaired),
    )


def _with_statistics(
    subject: Subject, statistics: tuple[tuple[AllocatorStatistics, Slot | None], ...]
) -> Subject:
    """What the allocator says of its own banks is preferred to what was computed."""
    if not statistics:
        return subject
    limits = with_allocator(subject.limits, (allocator for allocator, _ in statistics))
    return msgspec.structs.replace(subject, statistics=statistics, limits=limits)


def _is_missed(statistics: AllocatorStatistics, subjects: Sequence[Subject]) -> bool:
    """Whether a process that has reserved memory has no slot that it could be compared with."""
    if statistics.pid is None or any(
        slot.pid == statistics.pid for subject in subjects for slot in subject.occupied
    ):
        return False
    view = statistics.memory_view
    banks = (view.dram, view.l1, view.l1_small, view.trace)
    return any(each is not None and each.reserved_bytes for each in banks)


def _fitting(subjects: Sequence[Subject], statistics: AllocatorStatistics) -> list[int]:
    every = range(len(subjects))
    holding = [at for at in every if any(slot.pid == statistics.pid for slot in subjects[at].occupied)]
    if statistics.devices is None:
        used = [at for at in every if subjects[at].occupied]
        return holding if statistics.pid is not None else used if len(used) == 1 else []
    named = [at for at in every if not _ids(subjects[at]).isdisjoint(statistics.devices)]
    # Containers may give one device id to several chips: then only a slot can tell which is meant.
    return named if len(named) <= len(statistics.devices) else [at for at in named if at in holding]


def _ids(subject: Subject) -> set[str]:
    ids = {str(subject.header.device_id)} | (
        {subject.header.asic_id} if subject.layout.named_by is NamedBy.UNIQUE_ID else set()
    )
    return ids if subject.file.file_id is None else {*ids, subject.file.file_id}


def _origin(statistics: AllocatorStatistics) -> str:
    device = "" if statistics.devices is None else f" of device {', '.join(statistics.devices)}"
    return device if statistics.pid is None else f"{device} of pid {statistics.pid}"


RULES = (
    PUBLISHED_OVER_RESERVED,
    ALLOCATOR_CAPACITY_DIFFERS,
)
