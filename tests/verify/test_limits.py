"""Limits, by the figures that the real allocator gave (N300 chip: 64 cores; P150: 120)."""

import msgspec
import pytest

from tests.grids import grid_of
from ttinspect.capacity.settings import make_settings
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, MemoryView
from ttinspect.sources.opening import open_source
from ttinspect.verify.limits import Limits, limits_of, with_allocator


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


def _banks(count: int, size: int) -> BankStatistics:
    return BankStatistics(num_banks=count, total_bytes_per_bank=size, total_bytes_allocated_per_bank=0)


def test_the_figures_of_allocators_replace_what_was_computed_memory_by_memory() -> None:
    """One process tells of L1 alone, another of DRAM alone, a third of L1 again."""
    chip = open_source("board:n300").chips[0]
    views = (
        MemoryView(l1=_banks(64, 1_000_000), l1_small=_banks(64, 32_768)),
        MemoryView(dram=_banks(12, 900_000_000), trace=_banks(12, 1 << 20)),
        MemoryView(l1=_banks(64, 1_100_000), l1_small=_banks(0, 0)),
    )
    limits = limits_of(chip, grid_of(chip), make_settings())
    after = []
    for view in views:
        limits = with_allocator(limits, [AllocatorStatistics(memory_view=view)])
        after.append((limits.l1_allocatable, limits.dram_allocatable))
    of_l1, of_dram = 64 * 1_032_768, 12 * (900_000_000 + (1 << 20))
    assert after == [(of_l1, 12 * 1_072_693_184), (of_l1, of_dram), (64 * 1_100_000, of_dram)]
    assert (limits.l1_small, limits.trace) == (64 * 32_768, 12 << 20)
    assert limits.basis is not None
    assert (limits.basis.allocator, limits.basis.words) == (("l1", "dram"), "its own allocator")
