"""From the hardware's own bit order to descriptor order, held to tt-umd's HarvestingUtils."""

import pytest

from tests.golden.reading import golden
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting import shuffle
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Masks

SHUFFLES = golden()["shuffle"]


@pytest.mark.parametrize(("physical", "descriptor"), SHUFFLES["wormhole_b0.tensix"])
def test_wormhole_rows(physical: int, descriptor: int) -> None:
    assert shuffle.tensix_from_physical(Arch.WORMHOLE_B0, physical) == descriptor


@pytest.mark.parametrize(("physical", "descriptor"), SHUFFLES["blackhole.tensix"])
def test_blackhole_columns(physical: int, descriptor: int) -> None:
    assert shuffle.tensix_from_physical(Arch.BLACKHOLE, physical) == descriptor
    assert shuffle.tensix_from_enabled_columns(~physical & 0x3FFF) == descriptor


@pytest.mark.parametrize(("enabled", "descriptor"), SHUFFLES["blackhole.l2cpu"])
def test_blackhole_l2cpu_cores(enabled: int, descriptor: int) -> None:
    assert shuffle.l2cpu_from_enabled(enabled) == descriptor


@pytest.mark.parametrize("arch", [Arch.WORMHOLE_B0, Arch.BLACKHOLE])
def test_harvested_lines_stand_at_tt_umds_noc0_coordinates(arch: Arch) -> None:
    for mask, noc0_bits in SHUFFLES[f"{arch.value}.tensix_to_noc0"]:
        masks = Masks(tensix=mask, dram=0, eth=0, pcie=0, l2cpu=0)
        lines = chip_grid(builtin_soc(arch), masks).tensix.harvested_noc0
        assert lines is not None
        assert sum(1 << line for line in lines) == noc0_bits


@pytest.mark.parametrize(
    ("usage", "mask"),
    [(0b0101, 0b00), (0b0001, 0b10), (0b0100, 0b01), (0b0000, 0b11), (0b1001, 0b10), (0b0111, 0b01)],
)
def test_a_pcie_core_that_is_no_endpoint_is_harvested(usage: int, mask: int) -> None:
    assert shuffle.pcie_from_usage(usage) == mask


def test_dram_and_eth_are_inverted_but_not_shuffled() -> None:
    assert shuffle.dram_from_enabled_gddr(0xEF) == 0x10
    assert shuffle.eth_from_enabled(0x3EDF) == 0x120
