"""Grid sizes and counts of a chip after harvesting."""

from collections.abc import Iterable, Mapping

from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.coordinates import mask_in_force
from ttinspect.harvesting.placement import bits, worker_grid
from ttinspect.model.arch import Arch, Axis, Coord, CoreType
from ttinspect.model.chip import Chip, Masks
from ttinspect.model.grid import ChipGrid, TensixGrid, Units
from ttinspect.model.soc import Soc

Grids = Mapping[int, ChipGrid]
"""What is left of chips, by chip id: an answer works it out once, with ``grids_of``, and hands it on."""


def grids_of(chips: Iterable[Chip]) -> Grids:
    """The grids of chips, by chip id; of chips of one design with equal masks they are worked out once."""
    known: dict[tuple[int, Masks], ChipGrid] = {}
    grids: dict[int, ChipGrid] = {}
    for chip in chips:
        design = id(chip.soc), chip.masks  # to compare two designs takes as long as to work out a grid
        if design not in known:
            known[design] = chip_grid(chip.soc, chip.masks)
        grids[chip.id] = known[design]
    return grids


def chip_grid(soc: Soc, masks: Masks) -> ChipGrid:
    """Live and harvested units of every type that can be harvested; unknown masks give None."""
    return ChipGrid(
        tensix=_tensix_grid(soc, masks.tensix),
        dram=_units(soc, masks, CoreType.DRAM, len(soc.dram)),
        eth=_units(soc, masks, CoreType.ETH, len(soc.eth)),
        pcie=_units(soc, masks, CoreType.PCIE, len(soc.pcie)),
        l2cpu=_units(soc, masks, CoreType.L2CPU, len(soc.l2cpu)),
    )


def _tensix_grid(soc: Soc, mask: int | None) -> TensixGrid:
    width, height = worker_grid(soc)
    axis = ARCHITECTURES[soc.arch].axis
    if mask is None:
        return TensixGrid(
            full_grid=(width, height),
            grid=None,
            harvested_grid=None,
            active=None,
            harvested=None,
            axis=axis,
            harvested_lines=None,
            harvested_noc0=None,
        )
    lines = bits(mask)
    if axis is Axis.ROW:
        grid, lost = (width, height - len(lines)), (width, len(lines))
        noc0 = tuple(soc.tensix[line * width][1] for line in lines)
    else:
        grid, lost = (width - len(lines), height), (len(lines), height)
        noc0 = tuple(soc.tensix[line][0] for line in lines)
    return TensixGrid(
        full_grid=(width, height),
        grid=grid,
        harvested_grid=lost,
        active=grid[0] * grid[1],
        harvested=lost[0] * lost[1],
        axis=axis,
        harvested_lines=lines,
        harvested_noc0=noc0,
    )


def _units(soc: Soc, masks: Masks, core_type: CoreType, total: int) -> Units:
    harvested = harvested_units(soc.arch, masks, core_type)
    active = None if harvested is None else total - len(harvested)
    return Units(total=total, active=active, harvested=harvested)


def harvested_units(arch: Arch, masks: Masks, core_type: CoreType) -> tuple[int, ...] | None:
    """The set bits of the mask of a type: harvested tensix lines, DRAM banks, eth channels, PCIe or L2CPU
    cores; None if the mask is unknown."""
    mask = mask_in_force(arch, masks, core_type)
    return None if mask is None else bits(mask)


def common_grid(grids: list[Coord | None]) -> Coord | None:
    """The tensix grid that every chip has: (min x, min y); None for one chip or any unknown."""
    known = [grid for grid in grids if grid is not None]
    if len(grids) < 2 or len(known) < len(grids):
        return None
    return min(x for x, _ in known), min(y for _, y in known)
