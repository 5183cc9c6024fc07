"""Refusals beyond those of the golden data: their order, and what is not judged."""

import pytest

from tests.harvesting.strategies import SOCS
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Masks


def masks(tensix: int = 0, dram: int = 0, eth: int = 0x120, pcie: int = 2, l2cpu: int = 0) -> Masks:
    return Masks(tensix=tensix, dram=dram, eth=eth, pcie=pcie, l2cpu=l2cpu)


def test_the_board_rule_speaks_before_the_architectures() -> None:
    why = refusal(SOCS[Arch.BLACKHOLE], masks(dram=3, pcie=0), Board("p150"), None)
    assert why == "P150 card should always have PCIe core (11, 0) harvested."


def test_tt_umds_rules_speak_before_the_range() -> None:
    why = refusal(SOCS[Arch.BLACKHOLE], masks(tensix=1 << 20, dram=0b11), None, None)
    assert why == "At most DRAM bank can be harvested on Blackhole."


@pytest.mark.parametrize(
    ("arch", "field", "bit"),
    [
        (Arch.WORMHOLE_B0, "tensix", 10),
        (Arch.BLACKHOLE, "tensix", 14),
        (Arch.QUASAR, "tensix", 4),
        (Arch.BLACKHOLE, "dram", 8),
        (Arch.BLACKHOLE, "pcie", 2),
        (Arch.BLACKHOLE, "l2cpu", 4),
    ],
)
def test_the_first_bit_past_the_axis_is_refused_and_the_last_on_it_is_not(
    arch: Arch, field: str, bit: int
) -> None:
    base = {"eth": 0x120 if arch is Arch.BLACKHOLE else 0, "pcie": 2}
    assert refusal(SOCS[arch], masks(**{**base, field: 1 << (bit - 1)}), None, None) is None
    why = refusal(SOCS[arch], masks(**{**base, field: 1 << bit}), None, None)
    assert why is not None
    assert f"bit {bit} set" in why


def test_an_eth_bit_past_the_axis_is_refused_where_the_count_is_right() -> None:
    why = refusal(SOCS[Arch.BLACKHOLE], masks(eth=1 << 14 | 1), None, None)
    assert why is not None
    assert "bit 14" in why


def test_masks_that_an_architecture_ignores_may_have_any_value() -> None:
    wild = masks(eth=0, pcie=0xFFFFFFFF, l2cpu=0xFFFFFFFF)
    assert refusal(SOCS[Arch.WORMHOLE_B0], wild, None, None) is None


def test_a_chip_without_any_live_line_is_legal() -> None:
    assert refusal(SOCS[Arch.BLACKHOLE], masks(tensix=0x3FFF), None, None) is None
    assert refusal(SOCS[Arch.WORMHOLE_B0], masks(tensix=0x3FF, eth=0), None, None) is None


def test_unknown_masks_are_not_judged() -> None:
    for arch in Arch:
        assert refusal(SOCS[arch], UNKNOWN_MASKS, Board("p150"), 0) is None
