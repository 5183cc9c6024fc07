"""The facts of a chip that a check file can name, under the names that it has there."""

import msgspec

from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.settings import Settings
from ttinspect.facts.firmware import firmware_order
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.chip import Chip
from ttinspect.verify.findings.telemetry import hottest_gddr_celsius


class ChipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is so; None is unknown. ``l1_bytes`` and ``dram_bytes`` are physical, ``gddr_celsius`` the
    hottest reading there is."""

    arch: str
    board: str | None
    grid: str | None
    cores: int | None
    l1_bytes: int | None
    dram_bytes: int | None
    eth_links: int | None
    firmware: str | None
    asic_celsius: float | None
    board_celsius: float | None
    gddr_celsius: float | None
    aiclk_mhz: int | None
    power_w: int | float | None


def chip_facts(chip: Chip, eth_links: int | None, settings: Settings) -> ChipFacts:
    """The facts of one chip; ``eth_links`` is what links_up says of it."""
    grid = chip_grid(chip.soc, chip.masks).tensix
    capacity = chip_capacity(chip, settings)
    reading = chip.telemetry
    return ChipFacts(
        arch=chip.arch.value,
        board=None if chip.board is None else chip.board.value,
        grid=None if grid.grid is None else f"{grid.grid[0]}x{grid.grid[1]}",
        cores=grid.active,
        l1_bytes=capacity.l1.physical,
        dram_bytes=capacity.dram.physical,
        eth_links=eth_links,
        firmware=_firmware(chip),
        asic_celsius=None if reading is None else reading.asic_celsius,
        board_celsius=None if reading is None else reading.board_celsius,
        gddr_celsius=hottest_gddr_celsius(chip),
        aiclk_mhz=None if reading is None else reading.aiclk_mhz,
        power_w=None if reading is None else reading.power_w,
    )


def _firmware(chip: Chip) -> str | None:
    """The bundle in the words of the chip; None for what is no version, which cannot be compared."""
    bundle = None if chip.telemetry is None else chip.telemetry.firmware_bundle
    if firmware_order(bundle) is not None:
        return bundle
    return None if chip.firmware is None else ".".join(map(str, chip.firmware))
