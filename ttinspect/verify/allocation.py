"""Findings about capacity: where allocatable memory cannot be told."""

from ttinspect.capacity.chip import NotAllocatable, has_known_banks, resolved_dispatch, why_not_allocatable
from ttinspect.capacity.settings import Settings
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.capacity import Dispatch
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity


def allocation_findings(chip: Chip, settings: Settings) -> tuple[Finding, ...]:
    """Why the allocatable bytes of a chip are unknown, if they are."""
    dispatch = resolved_dispatch(settings.dispatch, chip.board)
    reason = why_not_allocatable(chip.soc, chip.masks, dispatch)
    found = [] if reason is None else [_FINDINGS[reason](chip, dispatch)]
    return (*found, *([] if has_known_banks(chip.soc) else [_other_banks(chip)]))


def _other_banks(chip: Chip) -> Finding:
    return Finding(
        id="TTC004",
        name="no DRAM view",
        severity=Severity.WARNING,
        message=(
            f"the descriptor's DRAM banks have {chip.soc.dram_bank_bytes:,} bytes, not those of "
            f"{chip.arch.value}: what is allocatable of them is unknown"
        ),
        evidence={"arch": chip.arch.value, "dram_bank_bytes": chip.soc.dram_bank_bytes},
    )


def _does_not_open(chip: Chip, dispatch: Dispatch) -> Finding:
    return Finding(
        id="TTC001",
        name="dispatch not supported",
        severity=Severity.WARNING,
        message=(
            f"tt-metal cannot open a {chip.arch.value} device with {dispatch.value} dispatch; "
            "nothing is allocatable"
        ),
        evidence={"arch": chip.arch.value, "dispatch": dispatch.value},
    )


def _no_table(chip: Chip, dispatch: Dispatch) -> Finding:
    grid = chip_grid(chip.soc, chip.masks).tensix
    shape = "an unknown grid" if grid.grid is None else f"{grid.grid[0]}x{grid.grid[1]} live tensix cores"
    return Finding(
        id="TTC002",
        name="no compute grid",
        severity=Severity.WARNING,
        message=(
            f"tt-metal has no compute grid for {chip.arch.value} with {shape} "
            f"of {grid.full_grid[0]}x{grid.full_grid[1]}; what is allocatable is unknown"
        ),
        evidence={
            "arch": chip.arch.value,
            "dispatch": dispatch.value,
            "harvested_lines": None if grid.harvested_lines is None else len(grid.harvested_lines),
        },
    )


def _unknown_mask(chip: Chip, _dispatch: Dispatch) -> Finding:
    return Finding(
        id="TTC003",
        name="capacity unknown",
        severity=Severity.WARNING,
        message="the tensix mask is unknown, and so is the L1 that this chip has",
        evidence={"arch": chip.arch.value},
    )


_FINDINGS = {
    NotAllocatable.DOES_NOT_OPEN: _does_not_open,
    NotAllocatable.NO_TABLE: _no_table,
    NotAllocatable.UNKNOWN_MASK: _unknown_mask,
}
