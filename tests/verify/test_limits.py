"""Limits, by the figures that the real allocator gave (N300 chip: 64 cores; P150: 120)."""

import msgspec
import pytest

from tests.grids import grid_of
from ttinspect.capacity.settings import make_settings
from ttinspect.sources.opening import open_source
from ttinspect.verify.limits import Limits, limits_of


@pytest.mark.parametrize(
    ("board", "limits"),
    [
        (
            "n300",
            Limits(
                l1_physical=95_944_704,
                l1_allocatable=64 * 1_393_312,  # eth cores dispatch: 8x8
                dram_physical=12_884_901_888,
                dram_allocatable=12 * 1_072_693_184,
                l1_allocatable_others=(56 * 1_393_312,),
            ),
        ),
        (
            "p150",
            Limits(
                l1_physical=188_743_680,
                l1_allocatable=110 * 1_461_120,
                dram_physical=34_359_738_368,
                dram_allocatable=8 * 4_277_141_376,
                l1_allocatable_others=(120 * 1_461_120,),
            ),
        ),
    ],
)
def test_limits_of_a_board(board: str, limits: Limits) -> None:
    chip = open_source(f"board:{board}").chips[0]
    limits_of_board = limits_of(chip, grid_of(chip), make_settings())
    assert msgspec.structs.replace(limits_of_board, basis=None) == limits
    with_regions = limits_of(chip, grid_of(chip), make_settings(l1_small=32_768, trace_region=1 << 20))
    assert (with_regions.l1_allocatable, with_regions.dram_allocatable) == (
        limits.l1_allocatable,
        limits.dram_allocatable,
    )
    assert with_regions.l1_small == 32_768 * (64 if board == "n300" else 110)


def test_where_tt_metal_has_no_table_nothing_is_allocatable() -> None:
    chip = open_source("masks:wormhole_b0,tensix=7").chips[0]
    limits = limits_of(chip, grid_of(chip), make_settings())
    assert limits.l1_physical == 56 * 1_499_136
    assert limits.l1_allocatable is None
    assert limits.l1_allocatable_others == ()
