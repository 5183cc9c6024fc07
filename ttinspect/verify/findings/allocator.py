"""TTS060 and TTS061: a process's slot, and a chip's capacity, against tt-metal's own allocator."""

from collections.abc import Iterator

from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, MemoryView
from ttinspect.model.region import Slot
from ttinspect.shm.clocks import realtime_of
from ttinspect.shm.usage import counted, counter
from ttinspect.verify.case import Case
from ttinspect.verify.limits import UNKNOWN_LIMITS, capacity_words
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
    for statistics, _ in subject.statistics:
        chip = subject.match.chip
        view = statistics.memory_view
        limits = UNKNOWN_LIMITS if chip is None else case.limits.get(chip, UNKNOWN_LIMITS)
        for kind, whole, part, expected in (
            ("L1", view.l1, view.l1_small, _known(limits.l1_allocatable, *limits.l1_allocatable_others)),
            ("DRAM", view.dram, view.trace, _known(limits.dram_allocatable)),
        ):
            if whole is None or part is None or not expected:
                continue
            if whole.capacity_bytes is None or part.capacity_bytes is None:
                continue
            found = whole.capacity_bytes + part.capacity_bytes
            if found not in expected:
                yield Hit(
                    "differs",
                    f"The allocator manages {size(found)} of {kind} ({whole.num_banks} banks), computed for "
                    f"chip {chip} are {size(expected[0])}{capacity_words(limits)}: "
                    f"{exact(abs(found - expected[0]))} {'more' if found > expected[0] else 'less'}.",
                    {"kind": kind, "allocator_bytes": found, "computed_bytes": expected},
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


RULES = (
    PUBLISHED_OVER_RESERVED,
    ALLOCATOR_CAPACITY_DIFFERS,
)
