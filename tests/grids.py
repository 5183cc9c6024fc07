"""Rooms that are handed the grids of chips, asked about chips alone."""

from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.settings import Settings
from ttinspect.harvesting.grids import chip_grid, grids_of
from ttinspect.model.capacity import ChipCapacity
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.model.system import System
from ttinspect.verify.check.expectation import Expectation
from ttinspect.verify.check.product import product_expectations


def grid_of(chip: Chip) -> ChipGrid:
    """What is left of a chip."""
    return chip_grid(chip.soc, chip.masks)


def capacity_of(chip: Chip, settings: Settings) -> ChipCapacity:
    """All memory of a chip under these settings."""
    return chip_capacity(chip, grid_of(chip), settings)


def expected_of(system: System) -> list[Expectation]:
    """Everything that the chips of a System should be."""
    return product_expectations(system, None, grids_of(system.chips))
