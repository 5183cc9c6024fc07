"""The limits that a chip's regions are held against: computed by capacity/, or by the allocator itself."""

from collections.abc import Iterable

import msgspec

from ttinspect.capacity.chip import chip_capacity, resolved_dispatch
from ttinspect.capacity.settings import Settings
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics
from ttinspect.model.capacity import Dispatch
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.verify.words import exact


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """Where the allocatable figures come from. ``allocator`` names the memories ("l1", "dram") whose figures
    are the allocator's own; the others are computed for ``runtime`` and ``dispatch``. ``l1_small`` and
    ``trace_region`` are bytes that the user named, None where he named none. ``l1_banks`` and ``dram_views``
    are None where capacity knows none."""

    allocator: tuple[str, ...]
    runtime: str
    dispatch: Dispatch
    l1_small: int | None
    trace_region: int | None
    l1_banks: int | None
    dram_views: int | None

    @property
    def words(self) -> str:
        """ "ttnn-0.81.1, eth dispatch", "its own allocator"."""
        computed = f"{self.runtime}, {self.dispatch.value} dispatch"
        if len(self.allocator) > 1:
            return "its own allocator"
        if self.allocator:
            return f"{self.allocator[0].upper()} by its own allocator, else {computed}"
        return computed


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one chip has and what its allocator can hand out, in bytes. None is unknown.

    The allocatable figures include L1_SMALL and TRACE, which are cut out of L1 and DRAM. ``l1_small`` and
    ``trace`` are the sizes of these two where the user or the allocator says them. ``l1_allocatable_others``
    are the L1 figures of the other dispatch modes: which of them a workload uses is not known from outside.
    """

    l1_physical: int | None = None
    l1_allocatable: int | None = None
    dram_physical: int | None = None
    dram_allocatable: int | None = None
    l1_small: int | None = None
    trace: int | None = None
    l1_allocatable_others: tuple[int, ...] = ()
    basis: Basis | None = None


UNKNOWN_LIMITS = Limits()


def limits_of(chip: Chip, grid: ChipGrid, settings: Settings) -> Limits:
    """What a chip has, and what its allocator can hand out under these settings and in the other dispatch
    modes. An L1_SMALL or trace region of 0 is one that nobody spoke of.

    Raises:
        InspectError: 2 when L1_SMALL or the trace region does not fit.
    """
    whole = msgspec.structs.replace(settings, l1_small=0, trace_region=0)
    capacity, cut = chip_capacity(chip, grid, whole), chip_capacity(chip, grid, settings)
    others = {
        chip_capacity(chip, grid, msgspec.structs.replace(whole, dispatch=dispatch)).l1.allocatable
        for dispatch in (Dispatch.TENSIX, Dispatch.ETH, Dispatch.SLOW)
    }
    return Limits(
        l1_physical=capacity.l1.physical,
        l1_allocatable=capacity.l1.allocatable,
        dram_physical=capacity.dram.physical,
        dram_allocatable=capacity.dram.allocatable,
        l1_small=cut.l1_small.bytes if settings.l1_small else None,
        trace=cut.trace.bytes if settings.trace_region else None,
        l1_allocatable_others=tuple(
            sorted(other for other in others if other not in (None, capacity.l1.allocatable))
        ),
        basis=Basis(
            allocator=(),
            runtime=settings.runtime.name,
            dispatch=resolved_dispatch(settings.dispatch, chip.board),
            l1_small=settings.l1_small or None,
            trace_region=settings.trace_region or None,
            l1_banks=capacity.l1.banks,
            dram_views=capacity.dram.views,
        ),
    )


def with_allocator(limits: Limits, statistics: Iterable[AllocatorStatistics]) -> Limits:
    """The limits, replaced by those of the allocators that work on the chip: they know how the device was
    opened. Of several allocators the largest figure counts. A figure that none of them has stays as it is."""
    for of_process in statistics:
        view = of_process.memory_view
        sizes = {"l1": _whole(view.l1, view.l1_small), "dram": _whole(view.dram, view.trace)}
        if sizes == {"l1": None, "dram": None}:
            continue
        known = () if limits.basis is None else limits.basis.allocator
        first_l1, first_dram = "l1" not in known, "dram" not in known
        limits = msgspec.structs.replace(
            limits,
            l1_allocatable=_larger(limits.l1_allocatable, sizes["l1"], first_l1),
            dram_allocatable=_larger(limits.dram_allocatable, sizes["dram"], first_dram),
            l1_small=_larger(limits.l1_small, _capacity(view.l1_small), first_l1),
            trace=_larger(limits.trace, _capacity(view.trace), first_dram),
            l1_allocatable_others=(),
            basis=None
            if limits.basis is None
            else msgspec.structs.replace(
                limits.basis,
                allocator=tuple(name for name, size in sizes.items() if name in known or size is not None),
                l1_banks=limits.basis.l1_banks if view.l1 is None else view.l1.num_banks,
                dram_views=limits.basis.dram_views if view.dram is None else view.dram.num_banks,
            ),
        )
    return limits


def capacity_words(limits: Limits) -> str:
    """Where the allocatable figures come from, as a clause in brackets; empty where that is not known."""
    return "" if limits.basis is None else f" ({limits.basis.words})"


def more_elsewhere(limits: Limits, used: int) -> str:
    """A clause about another dispatch mode under which what is used would fit; empty if there is none."""
    fitting = [other for other in limits.l1_allocatable_others if other >= used]
    return f" Another dispatch mode has {exact(min(fitting))}, and with that it fits." if fitting else ""


def _whole(part: BankStatistics | None, cut_out: BankStatistics | None) -> int | None:
    sizes = _capacity(part), _capacity(cut_out)
    return None if None in sizes else sum(filter(None, sizes))


def _capacity(banks: BankStatistics | None) -> int | None:
    return None if banks is None else banks.capacity_bytes


def _larger(known: int | None, size: int | None, first: bool) -> int | None:
    """What is known now; ``first``: until now it was computed, and no allocator's."""
    if size is None:
        return known
    return size if first or known is None else max(known, size)
