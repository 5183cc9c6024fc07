"""TTS040 to TTS045: the totals against what the chip has and what the allocator can hand out."""

from collections.abc import Callable, Iterator

from ttinspect.capacity.chip import least_dram_bytes, least_l1_bytes, most_dram_bytes, most_l1_bytes
from ttinspect.model.chip import Chip
from ttinspect.model.region import Figures
from ttinspect.shm.layout import DRAM, KERNEL, L1, L1_SMALL, TRACE, BufferType, Layout
from ttinspect.shm.usage import counted, counter, dram_used, l1_buffers, l1_programs, l1_with_programs
from ttinspect.verify.case import Case
from ttinspect.verify.limits import capacity_words, more_elsewhere
from ttinspect.verify.rule import E, Hit, I, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import exact, size

SumOf = Callable[[Layout, Figures], int | None]


def l1_over_physical(case: Case, subject: Subject) -> Iterator[Hit]:
    """l1 + l1_small against the L1 of the live Tensix cores."""
    physical, chip = subject.limits.l1_physical, _chip_of(case, subject)
    most = None if chip is None else most_l1_bytes(chip.soc)
    yield from _over_physical(subject, "L1", l1_buffers, physical, most)


L1_OVER_PHYSICAL = RegionRule(
    id="TTS040",
    name="L1 over physical",
    severities={"over": (W, W, W, E)},
    of_region=l1_over_physical,
    title="More L1 is published than the chip has.",
    meaning=(
        "l1 + l1_small of the totals is larger than live Tensix cores times the L1 of a core. That much "
        "cannot exist, so the total is wrong, whatever the processes hold."
    ),
    cause=(
        "A NO_DISPATCH graph capture of a model that is larger than the chip: it publishes its buffers, "
        "which exist nowhere, while its tensors live. Before v4 also ghosts of killed processes, and buffers "
        "counted twice. Several processes on one chip each have an allocator of their own and can reach more "
        "together than there is. If the source's harvesting mask is not this chip's, the limit is wrong."
    ),
    remedy=(
        "See which processes hold it (ttinspect memory) and whether ghosts are among them (TTS050). When "
        "nothing runs, remove the file to begin at zero. Check the mask with ttinspect harvest."
    ),
)


def dram_over_physical(case: Case, subject: Subject) -> Iterator[Hit]:
    """dram + trace against the live DRAM banks."""
    physical, chip = subject.limits.dram_physical, _chip_of(case, subject)
    most = None if chip is None else most_dram_bytes(chip.soc)
    yield from _over_physical(subject, "DRAM", dram_used, physical, most)


DRAM_OVER_PHYSICAL = RegionRule(
    id="TTS041",
    name="DRAM over physical",
    severities={"over": (W, W, W, E)},
    of_region=dram_over_physical,
    title="More DRAM is published than the chip has.",
    meaning=(
        "dram + trace of the totals is larger than the live DRAM banks times the size of a bank. The total "
        "is wrong by at least the difference."
    ),
    cause=(
        "The same as for L1: a NO_DISPATCH graph capture, whose buffers are published and exist nowhere; "
        "ghosts or double counting before v4; several processes that each believe that they have the whole "
        "chip; or a source that describes another chip."
    ),
    remedy=(
        "See which processes hold it (ttinspect memory), end what should not be there, and remove the file "
        "when nothing runs. Check the banks with ttinspect harvest."
    ),
)


def over_allocatable(case: Case, subject: Subject) -> Iterator[Hit]:
    """What fits the chip, but is more than its allocator can hand out. What does not fit is TTS040, 041."""
    limits = subject.limits
    for kind, sum_of, physical, allocatable in (
        ("L1", l1_buffers, limits.l1_physical, limits.l1_allocatable),
        ("DRAM", dram_used, limits.dram_physical, limits.dram_allocatable),
    ):
        used = sum_of(subject.layout, subject.totals)
        if used is None or allocatable is None or used <= allocatable:
            continue
        if physical is not None and used > physical:
            continue
        more = more_elsewhere(limits, used) if kind == "L1" else ""
        yield Hit(
            "over",
            f"{size(used)} of {kind} published, but tt-metal's allocator can hand out {size(allocatable)} "
            f"on chip {subject.match.chip}{capacity_words(limits)}: {exact(used - allocatable)} too many."
            f"{more}",
            {"kind": kind, "used_bytes": used, "allocatable_bytes": allocatable},
            _gone_again(subject, sum_of, allocatable),
        )
    yield from _over_cut_out(subject)


OVER_ALLOCATABLE = RegionRule(
    id="TTS042",
    name="over allocatable",
    severities={"over": W},
    of_region=over_allocatable,
    title="More is published than tt-metal's allocator can hand out.",
    meaning=(
        "The total fits the silicon, but it is more than the allocator of the assumed runtime and dispatch "
        "mode can give: some cores dispatch, and the bottom of every bank is reserved."
    ),
    cause=(
        "The workload runs with another runtime or dispatch mode than the one that the message names, under "
        "which more is allocatable. Or the figure is too high: a NO_DISPATCH graph capture (its buffers are "
        "published and exist nowhere), ghosts, several processes with an allocator each."
    ),
    remedy=(
        "Name what the workload uses with --runtime, --dispatch, --l1-small and --trace-region, or let its "
        "own allocator say it: --allocator FILE (ttinspect.ttnn_stats.dump). If the total is over that as "
        "well, look for ghosts (TTS050)."
    ),
)


def _over_cut_out(subject: Subject) -> Iterator[Hit]:
    """L1_SMALL and TRACE are regions of their own: what is in them does not spill into L1 and DRAM."""
    limits, totals = subject.limits, subject.totals
    for part, whole, limit, total in (
        (L1_SMALL, L1, limits.l1_small, limits.l1_allocatable),
        (TRACE, DRAM, limits.trace, limits.dram_allocatable),
    ):
        if limit is None or total is None:
            continue
        for kind, allocatable in ((part, limit), (whole, total - limit)):
            used = counted(counter(totals, kind.name))
            if used is None or not allocatable < used <= total:
                continue
            yield Hit(
                "over",
                f"{size(used)} of {kind.label} published, but tt-metal's allocator can hand out "
                f"{size(allocatable)} of it on chip {subject.match.chip}{capacity_words(limits)}: "
                f"{exact(used - allocatable)} too many.",
                {"kind": kind.label, "used_bytes": used, "allocatable_bytes": allocatable},
                _gone_again(subject, _sum_of(kind), allocatable),
            )


def _sum_of(kind: BufferType) -> SumOf:
    return lambda _layout, figures: counted(counter(figures, kind.name))


def cb_over_capacity(case: Case, subject: Subject) -> Iterator[Hit]:
    """Circular buffers alone against L1."""
    cb, physical = l1_programs(subject.layout, subject.totals), subject.limits.l1_physical
    if cb is not None and physical is not None and cb > physical:
        yield Hit(
            "over",
            f"{size(cb)} of circular buffers published, chip {subject.match.chip} has {size(physical)} of "
            f"L1: {exact(cb - physical)} too many.",
            {"cb_bytes": cb, "l1_physical_bytes": physical},
            _gone_again(subject, l1_programs, physical),
        )


CB_OVER_CAPACITY = RegionRule(
    id="TTS043",
    name="CB over capacity",
    severities={"over": (I, I, I, E)},
    of_region=cb_over_capacity,
    title="Circular buffers alone are published as larger than L1.",
    meaning=(
        "The cb total is larger than all L1 of the chip. In v4 that is a fault, because cb is resident at "
        "dispatch and summed over processes. Before v4 it is only mentioned: there cb is not a sum."
    ),
    cause=(
        "Before v4, cb is the most that all cached programs ever held, not what is held now; it keeps that "
        "after the cache is cleared, and shows whoever wrote last. In v4 a double registration or an "
        "overwritten field does it."
    ),
    remedy=(
        "Before v4: do not use cb as a figure of usage. In v4: note runtime version and workload, and "
        "report it to tt-metal with the output of ttinspect memory --raw."
    ),
)


def capacity_unknown(case: Case, subject: Subject) -> Iterator[Hit]:
    """What a chip of unknown harvesting may or may not have: TTS040 and TTS041 cannot be judged.

    tt-metal opens no chip with more than two harvested tensix lines or one DRAM bank: what fits that fits.
    What no chip of the design can have is TTS040 and TTS041.
    """
    chip = _chip_of(case, subject)
    if chip is None:
        return
    soc, limits = chip.soc, subject.limits
    for kind, sum_of, physical, least, most in (
        ("L1", l1_buffers, limits.l1_physical, least_l1_bytes(soc), most_l1_bytes(soc)),
        ("DRAM", dram_used, limits.dram_physical, least_dram_bytes(soc), most_dram_bytes(soc)),
    ):
        used = sum_of(subject.layout, subject.totals)
        if physical is not None or used is None or used <= least or used > most:
            continue
        yield Hit(
            "capacity unknown",
            f"{size(used)} of {kind} published; how much chip {chip.id} has is unknown, because its "
            f"harvesting is (at least {size(least)}).",
            {"kind": kind, "used_bytes": used, "least_bytes": least},
        )


def kernel_counter(case: Case, subject: Subject) -> Iterator[Hit]:
    """v1's counter of kernel bytes, which only ever grows."""
    kernel = 0 if KERNEL not in subject.layout.counters else counter(subject.totals, KERNEL.name)
    if kernel:
        yield Hit(
            "present",
            f"The region counts {exact(kernel)} of kernels. That counter only grows and is no usage; it is "
            f"added to nothing.",
            {"kernel_bytes": kernel},
        )


KERNEL_COUNTER = RegionRule(
    id="TTS044",
    name="kernel counter",
    severities={"present": (I, None, None, None)},
    of_region=kernel_counter,
    title="The region carries v1's kernel counter, which is not usage.",
    meaning=(
        "v1 publishes bytes of kernels, and that figure grows for ever. It is shown with --raw and never "
        "added to anything."
    ),
    cause=(
        "Kernels live in the fixed KERNEL_CONFIG area, not in allocated L1, and cached programs never "
        "report that they were released. v2 dropped the counter."
    ),
    remedy="Nothing to do. Ignore the figure, or move to a runtime that publishes v3 or later.",
)


def l1_and_cb_over_physical(case: Case, subject: Subject) -> Iterator[Hit]:
    """Buffers and circular buffers together against L1. Either of them alone is TTS040 or TTS043."""
    physical = subject.limits.l1_physical
    buffers, cb = l1_buffers(subject.layout, subject.totals), l1_programs(subject.layout, subject.totals)
    if physical is None or buffers is None or cb is None or max(buffers, cb) > physical:
        return
    if buffers + cb > physical:
        yield Hit(
            "over",
            f"{size(buffers)} of L1 and {size(cb)} of circular buffers together are more than the "
            f"{size(physical)} of L1 of chip {subject.match.chip}: {exact(buffers + cb - physical)} too "
            f"many.",
            {"l1_bytes": buffers, "cb_bytes": cb, "l1_physical_bytes": physical},
            _gone_again(subject, l1_with_programs, physical),
        )


L1_AND_CB_TOGETHER = RegionRule(
    id="TTS045",
    name="L1 and CB together",
    severities={"over": (I, I, I, E)},
    of_region=l1_and_cb_over_physical,
    title="L1 buffers and circular buffers together are more than L1.",
    meaning=(
        "l1 + l1_small fits, and cb fits, but both live in the same Tensix L1 and together they are more "
        "than the chip has. In v4 that is a fault; before v4 cb is not a sum, so it is only mentioned."
    ),
    cause=(
        "Before v4 cb is a high-water mark of all cached programs, which do not run at once: that is the "
        "usual reason. (It also leaves out dataflow buffers and scratchpads, so that a small cb proves "
        "nothing.) In v4, one of the counters is too high: a ghost, a double registration, or several "
        "processes that each believe that L1 is theirs."
    ),
    remedy=(
        "See who holds what with ttinspect memory. In v4, end the ghosts' owners or attach a new process, "
        "which frees dead slots, and look again."
    ),
)


def _chip_of(case: Case, subject: Subject) -> Chip | None:
    return next((chip for chip in case.system.chips if chip.id == subject.match.chip), None)


def _over_physical(
    subject: Subject, kind: str, sum_of: SumOf, physical: int | None, most: int | None
) -> Iterator[Hit]:
    """Against what the chip has; where that is unknown, against what no chip of its design can have."""
    used, limit = sum_of(subject.layout, subject.totals), most if physical is None else physical
    if used is not None and limit is not None and used > limit:
        yield Hit(
            "over",
            f"{size(used)} of {kind} published, chip {subject.match.chip} has "
            f"{'at most ' if physical is None else ''}{size(limit)}: {exact(used - limit)} too many.",
            {"kind": kind, "used_bytes": used, "physical_bytes": physical, "most_bytes": limit},
            _gone_again(subject, sum_of, limit),
        )


def _gone_again(subject: Subject, sum_of: SumOf, limit: int) -> str | None:
    """A look can catch one counter before and another after a process moved bytes between them."""
    if subject.second_region is None:
        return None
    again = sum_of(subject.layout, subject.second_region.totals)
    return "a second look does not show it" if again is not None and again <= limit else None


RULES = (
    L1_OVER_PHYSICAL,
    DRAM_OVER_PHYSICAL,
    OVER_ALLOCATABLE,
    CB_OVER_CAPACITY,
    KERNEL_COUNTER,
    L1_AND_CB_TOGETHER,
)
