"""A bank as ttnn's allocator keeps it: where the next allocation goes, what to free for it, the map of a core."""

from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.reading import unpack
from ttinspect.capacity.banks import (
    Blocks,
    Core,
    core_map,
    empty_bank,
    free_bytes,
    largest_free,
    placed,
    what_to_free,
)  # fmt: skip
from ttinspect.model.allocator import Block
from ttinspect.model.l1_map import Part


def _blocks(rows: list[tuple[int, int, bool]] | list[list[Any]]) -> Blocks:
    return tuple(Block(address=address, size_bytes=size, allocated=held) for address, size, held in rows)


@pytest.mark.parametrize("memory", ["L1", "DRAM"])
def test_every_allocation_goes_where_ttnn_put_it(memory: str) -> None:
    """160 allocations and deallocations of ttnn 0.81.1, made by data/ttnn/placements.py."""
    recorded = unpack("placements.json.xz")[memory]
    blocks, refused = empty_bank(recorded["bank_bytes"]), 0
    for step in recorded["steps"]:
        if "bytes" in step:
            after = placed(blocks, step["bytes"], from_top=memory == "L1")
            assert (after is not None) == step["done"]
            refused += after is None
            assert after is None or after == _blocks(step["blocks"])
        blocks = _blocks(step["blocks"])
    assert refused > 0


DUMPED = _blocks(  # the top of the bank in data/dumps/n150-detailed_memory_usage.csv
    [
        (0, 1_180_320, False), (1_180_320, 40_960, True), (1_221_280, 8_192, False), (1_229_472, 49_152, True),
        (1_278_624, 40_960, False), (1_319_584, 8_192, True), (1_327_776, 24_576, True), (1_352_352, 16_384, False),
        (1_368_736, 8_192, True),
    ]
)  # fmt: skip


def test_the_allocation_that_makes_room_is_the_one_with_the_fewest_bytes() -> None:
    holes = DUMPED[4:]  # without the large piece below
    shifted = tuple(
        Block(
            address=block.address - holes[0].address, size_bytes=block.size_bytes, allocated=block.allocated
        )
        for block in holes
    )
    freeing = what_to_free(shifted, 45_000)
    assert freeing is not None
    assert [block.size_bytes for block in freeing.blocks] == [8_192]
    assert (freeing.freed_bytes, freeing.piece_bytes) == (8_192, 49_152)


def test_freeing_one_allocation_joins_the_holes_beside_it() -> None:
    blocks = _blocks([(0, 10, True), (10, 24_576, True), (24_586, 16_384, False), (40_970, 10, True)])
    freeing = what_to_free(blocks, 40_960)
    assert freeing is not None
    assert [(block.address, block.size_bytes) for block in freeing.blocks] == [(10, 24_576)]
    assert freeing.piece_bytes == 40_960


@st.composite
def banks(draw: st.DrawFn) -> Blocks:
    """Blocks without gaps, free ones never side by side."""
    blocks: list[Block] = []
    address = 0
    for size, held in draw(st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=14)):
        allocated = held or bool(blocks and not blocks[-1].allocated)
        blocks.append(Block(address=address, size_bytes=size * 32, allocated=allocated))
        address += size * 32
    return tuple(blocks)


@given(banks(), st.integers(0, 2000))
def test_what_is_freed_makes_room_and_nothing_smaller_does(blocks: Blocks, needed: int) -> None:
    freeing = what_to_free(blocks, needed)
    whole = sum(block.size_bytes for block in blocks)
    if freeing is None:
        assert largest_free(blocks) >= needed or whole < needed
        return
    assert largest_free(blocks) < needed <= freeing.piece_bytes
    windows = [blocks[a:b] for a in range(len(blocks)) for b in range(a + 1, len(blocks) + 1)]
    costs = [
        sum(block.size_bytes for block in window if block.allocated)
        for window in windows
        if sum(block.size_bytes for block in window) >= needed
    ]
    assert freeing.freed_bytes == min(costs)
    runs = groupby(blocks, lambda block: block.allocated and block not in freeing.blocks)
    assert freeing.piece_bytes == max(
        sum(block.size_bytes for block in run) for held, run in runs if not held
    )


@given(banks(), st.integers(0, 60), st.booleans())
def test_an_allocation_takes_its_bytes_and_nothing_else(blocks: Blocks, size: int, from_top: bool) -> None:
    after = placed(blocks, size * 32, from_top=from_top)
    if after is None:
        assert largest_free(blocks) < size * 32
        return
    assert free_bytes(after) == free_bytes(blocks) - size * 32
    assert sum(block.size_bytes for block in after) == sum(block.size_bytes for block in blocks)
    assert {block for block in blocks if block.allocated} <= set(after)


@given(banks(), st.integers(0, 10_000), st.integers(0, 4096), st.none() | st.integers(0, 3000))
def test_the_parts_of_a_map_add_up_to_a_cores_l1(
    blocks: Blocks, l1_base: int, l1_small: int, programs: int | None
) -> None:
    bank = sum(block.size_bytes for block in blocks)
    core = Core(worker_l1_bytes=l1_base + bank + l1_small, l1_base=l1_base, l1_small=l1_small)
    parts = core_map(core, blocks, programs)
    assert core.bank_bytes == bank
    assert sum(part.size_bytes for part in parts) == core.worker_l1_bytes
    assert [part.start for part in parts] == [0, *(part.end for part in parts[:-1])][: len(parts)]
    held = sum(part.size_bytes for part in parts if part.what is Part.BUFFERS)
    assert held == bank - free_bytes(blocks)
    shown = sum(part.size_bytes for part in parts if part.what is Part.PROGRAMS)
    assert shown <= (programs or 0)


def test_a_program_is_cut_off_at_the_lowest_buffer() -> None:
    core = Core(worker_l1_bytes=1_000, l1_base=100, l1_small=0)
    parts = core_map(core, _blocks([(0, 600, False), (600, 100, True), (700, 200, False)]), 650)
    assert [(part.what, part.size_bytes) for part in parts] == [
        (Part.FIRMWARE, 100), (Part.PROGRAMS, 600), (Part.BUFFERS, 100), (Part.FREE, 200),
    ]  # fmt: skip
