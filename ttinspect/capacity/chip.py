"""Physical and allocatable bytes of one chip.

    L1   = banks x (worker_l1 - l1_base - l1_small)       banks = cores of the compute grid
    DRAM = views x (view_bytes - dram_base - trace_per_view)

Checked to the byte against ttnn 0.81.1's allocator (tests/data/allocator.json.xz) and those of all public
releases from 0.66 on (tests/data/runtimes.json.xz).
"""

from enum import Enum

import msgspec

from ttinspect.capacity.settings import Settings, Sizes
from ttinspect.errors import InspectError
from ttinspect.facts.boards import product_of
from ttinspect.facts.runtimes import GridTable, runtime_facts
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.placement import worker_grid
from ttinspect.model.arch import Axis, Board, Coord
from ttinspect.model.capacity import L1, BufferRegion, ChipCapacity, Dispatch, Dram, EthL1, MeshCapacity
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.model.soc import Soc


def resolved_dispatch(dispatch: Dispatch, board: Board | None) -> Dispatch:
    """What auto means on a board: tt-metal's default for its product, tensix where there is none."""
    if dispatch is not Dispatch.AUTO:
        return dispatch
    product = product_of(board)
    return Dispatch.ETH if product is not None and product.eth_dispatch else Dispatch.TENSIX


def grid_table(soc: Soc) -> GridTable | None:
    """tt-metal's compute grids for a descriptor; None unless it has the architecture's full worker
    grid."""
    table = runtime_facts().compute_grids.get(soc.arch)
    width, height = table.full_grid if table else (0, 0)
    return table if len(soc.tensix) == width * height else None


def has_known_banks(soc: Soc) -> bool:
    """Whether the DRAM banks are those that tt-metal's views were measured on."""
    return soc.dram_bank_bytes == builtin_soc(soc.arch).dram_bank_bytes


def compute_grid(soc: Soc, grid: ChipGrid, dispatch: Dispatch) -> Coord | None:
    """The compute grid that tt-metal opens; None where its tables have none or it does not open."""
    table = grid_table(soc)
    lines = grid.tensix.harvested_lines
    if table is None or lines is None:
        return None
    return table.by_harvested.get(len(lines), {}).get(dispatch.value)


class NotAllocatable(Enum):
    """Why the allocatable L1 of a chip is not known."""

    UNKNOWN_MASK = "unknown_mask"
    NO_TABLE = "no_table"
    DOES_NOT_OPEN = "does_not_open"


def why_not_allocatable(soc: Soc, grid: ChipGrid, dispatch: Dispatch) -> NotAllocatable | None:
    """Why there is no compute grid for this chip, or None if there is one.

    DOES_NOT_OPEN is tt-metal failing to open the device with this dispatch, whatever its tables say.
    """
    table = grid_table(soc)
    if table is None:
        return NotAllocatable.NO_TABLE
    lines = grid.tensix.harvested_lines
    if lines is None:
        ever = any(modes.get(dispatch.value) is not None for modes in table.by_harvested.values())
        return NotAllocatable.UNKNOWN_MASK if ever else NotAllocatable.DOES_NOT_OPEN
    modes = table.by_harvested.get(len(lines))
    if modes is None:
        return NotAllocatable.NO_TABLE
    return NotAllocatable.DOES_NOT_OPEN if modes.get(dispatch.value) is None else None


def chip_capacity(chip: Chip, grid: ChipGrid, settings: Settings) -> ChipCapacity:
    """All memory of a chip, of which ``grid`` is left, under these settings.

    Raises:
        InspectError: 2 when l1_small or the trace region does not fit the bank.
    """
    soc, sizes = chip.soc, settings.sizes(chip.soc.arch)
    dispatch = resolved_dispatch(settings.dispatch, chip.board)
    compute = compute_grid(soc, grid, sizes.slow_grid if dispatch is Dispatch.SLOW else dispatch)
    if compute is not None and sizes.core_grid is not None:
        compute = _overridden(compute, sizes.core_grid, dispatch)
    usable = why_not_allocatable(soc, grid, dispatch) in (None, NotAllocatable.UNKNOWN_MASK)
    l1 = _l1(soc, grid.tensix.active, compute, dispatch, sizes)
    dram, trace = _dram(soc, grid.dram.active, usable, sizes)
    return ChipCapacity(
        l1=l1,
        l1_small=_l1_small(l1.banks, sizes.l1_small),
        trace=trace,
        dram=dram,
        eth_l1=EthL1(
            per_core=soc.eth_l1_bytes,
            cores=grid.eth.active,
            physical=_times(grid.eth.active, soc.eth_l1_bytes),
        ),
    )


def _overridden(compute: Coord, override: Coord, dispatch: Dispatch) -> Coord:
    """The grid that is left of the compute grid (ttnn 0.81.1: fast dispatch alone looks at the override,
    and a larger one is fatal).

    Raises:
        InspectError: 2 for a grid that tt-metal refuses, or does not look at.
    """
    asked = f"--core-grid {override[0]}x{override[1]}"
    if dispatch is Dispatch.SLOW:
        raise InspectError(
            asked, "tt-metal does not look at the override in slow dispatch", "leave one of the two out"
        )
    if override[0] > compute[0] or override[1] > compute[1]:
        why = f"the compute grid is {compute[0]}x{compute[1]}, and tt-metal refuses one beyond it"
        raise InspectError(asked, why, "ask for a smaller one")
    return override


def _l1_small(l1_banks: int | None, bank_bytes: int) -> BufferRegion:
    """As many banks as L1; none at all when nothing was asked for."""
    if l1_banks is None:
        return BufferRegion(banks=None, bank_bytes=None, bytes=None)
    banks = l1_banks if bank_bytes else 0
    return BufferRegion(banks=banks, bank_bytes=bank_bytes, bytes=banks * bank_bytes)


def most_l1_bytes(soc: Soc) -> int:
    """Tensix L1 that no chip of this design can have more of."""
    return len(soc.tensix) * soc.worker_l1_bytes


def most_dram_bytes(soc: Soc) -> int:
    """DRAM that no chip of this design can have more of."""
    return len(soc.dram) * soc.dram_bank_bytes


_MOST_HARVESTED_LINES = 2
_MOST_HARVESTED_BANKS = 1


def least_l1_bytes(soc: Soc) -> int:
    """Tensix L1 that a chip of unknown harvesting has at least, if tt-metal opens it: its tables end at
    two harvested lines."""
    width, height = worker_grid(soc)
    if ARCHITECTURES[soc.arch].axis is Axis.ROW:
        return width * max(height - _MOST_HARVESTED_LINES, 0) * soc.worker_l1_bytes
    return max(width - _MOST_HARVESTED_LINES, 0) * height * soc.worker_l1_bytes


def least_dram_bytes(soc: Soc) -> int:
    """DRAM that a chip of unknown harvesting has at least: no more than one bank is ever harvested, and
    none of a design whose DRAM is not harvested at all."""
    lost = 0 if "dram" in ARCHITECTURES[soc.arch].refused_masks else _MOST_HARVESTED_BANKS
    return max(len(soc.dram) - lost, 0) * soc.dram_bank_bytes


def _times(count: int | None, each: int | None) -> int | None:
    return None if count is None or each is None else count * each


def _l1(soc: Soc, cores: int | None, compute: Coord | None, dispatch: Dispatch, sizes: Sizes) -> L1:
    per_core = soc.worker_l1_bytes
    nodes = soc.grid[0] * soc.grid[1]
    base = sizes.l1_base
    banks = compute[0] * compute[1] if compute is not None and base is not None else None
    bank_bytes = None
    if base is not None:
        free = per_core - base - sizes.l1_small
        if free < 0:
            if base > per_core:
                raise _does_not_fit("--l1-base", base, base, per_core, "L1 bank")
            raise _does_not_fit("--l1-small", sizes.l1_small, base, per_core, "L1 bank")
        bank_bytes = free if banks is not None else None
    idle = cores - banks if cores is not None and banks is not None else None
    return L1(
        per_core=per_core,
        cores=cores,
        physical=_times(cores, per_core),
        noc_nodes=nodes,
        naive_bytes=nodes * per_core,
        compute_grid=compute,
        banks=banks,
        bank_bytes=bank_bytes,
        allocatable=_times(banks, bank_bytes),
        reserved_per_core=base,
        dispatch=dispatch,
        dispatch_cores=idle,
        dispatch_bytes=_times(idle, per_core),
        reserved_bytes=_times(banks, base),
        grid_override=msgspec.UNSET if sizes.core_grid is None else sizes.core_grid,
    )


def _dram(soc: Soc, live: int | None, usable: bool, sizes: Sizes) -> tuple[Dram, BufferRegion]:
    facts = runtime_facts()
    cut = facts.dram_views.get(soc.arch) if has_known_banks(soc) else None
    base = sizes.dram_base
    views = live * cut.views_per_bank if live is not None and cut is not None and usable else None
    view_bytes = per_view = None
    if views is not None and cut is not None and base is not None:
        per_view = sizes.trace_region
        if not sizes.trace_in_every_view:
            per_view = trace_per_view(sizes.trace_region, views, facts.trace_alignment_bytes)
        view_bytes = cut.view_bytes - base - per_view
        if view_bytes < 0:
            raise _does_not_fit("--trace-region", sizes.trace_region, base, cut.view_bytes, "DRAM view")
    dram = Dram(
        banks=live,
        bank_bytes=soc.dram_bank_bytes,
        physical=_times(live, soc.dram_bank_bytes),
        views=views,
        view_bytes=view_bytes,
        allocatable=_times(views, view_bytes),
        reserved_per_view=base,
    )
    return dram, BufferRegion(banks=views, bank_bytes=per_view, bytes=_times(views, per_view))


def trace_per_view(trace_region: int, views: int, alignment: int) -> int:
    """The part of the trace region in each view: ceil(trace / views), rounded up to the alignment."""
    if views == 0:
        return 0
    per_view = -(-trace_region // views)
    return -(-per_view // alignment) * alignment


def _does_not_fit(option: str, asked: int, base: int, size: int, what: str) -> InspectError:
    return InspectError(
        f"{option} {asked} does not fit",
        f"a {what} has {size:,} bytes and the runtime keeps {base:,} of them",
        f"ask for less with {option}",
    )


def mesh_capacity(chips: list[ChipCapacity]) -> MeshCapacity:
    """What a MeshDevice over these chips gets on each of them."""
    grids = [chip.l1.compute_grid for chip in chips]
    known = [grid for grid in grids if grid is not None]
    bank_sizes = {chip.l1.bank_bytes for chip in chips}
    if not chips or len(known) < len(grids) or len(bank_sizes) > 1:
        return MeshCapacity(chips=len(chips), compute_grid=None, banks=None, allocatable=None)
    grid = (min(x for x, _ in known), min(y for _, y in known))
    banks = grid[0] * grid[1]
    return MeshCapacity(
        chips=len(chips),
        compute_grid=grid,
        banks=banks,
        allocatable=_times(banks, bank_sizes.pop()),
    )


def total(parts: list[int | None]) -> int | None:
    """The sum over all chips, None if any part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
