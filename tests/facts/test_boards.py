"""boards.yaml and runtimes.yaml, held to the documented facts."""

import pytest

from ttinspect.facts.boards import (
    board_named,
    board_of_id,
    product_of,
)
from ttinspect.facts.examples import example_named, example_names
from ttinspect.facts.runtimes import runtime_facts, runtime_named
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting.grids import chip_grid
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.arch import Board


@pytest.mark.parametrize(
    ("name", "chips", "grid", "banks", "eth"),
    [
        ("n150", 1, (8, 9), 6, 16),
        ("n300", 2, (8, 8), 6, 16),
        ("p100", 1, (12, 10), 7, 0),
        ("p150", 1, (12, 10), 8, 12),
        ("p300", 2, (12, 10), 8, 12),
        ("galaxy-wh", 32, (8, 10), 6, 16),
        ("galaxy-bh", 32, (13, 10), 8, 12),
    ],
)
def test_every_example_is_what_its_product_should_be(
    name: str, chips: int, grid: tuple[int, int], banks: int, eth: int
) -> None:
    example = example_named(name)
    assert example is not None
    assert len(example.chips) == chips
    product = product_of(example.board)
    assert product is not None
    assert (product.chips, product.arch) == (chips, example.arch)
    for chip in example.chips:
        soc = builtin_soc(example.arch)
        assert refusal(soc, chip.masks, example.board, chip.asic_location) is None
        computed = chip_grid(soc, chip.masks)
        assert (computed.tensix.grid, computed.dram.active, computed.eth.active) == (grid, banks, eth)


@pytest.mark.parametrize("name", ["n150", "n300", "p100", "p150", "p300", "galaxy-wh", "galaxy-bh"])
def test_the_documented_examples_exist(name: str) -> None:
    assert name in example_names()


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("p100a", "p100"), ("p150a", "p150"), ("p150b", "p150"), ("p150c", "p150"), ("p300a", "p300"),
        ("p300c", "p300"), ("ubb", "galaxy-wh"), ("ubb_blackhole", "galaxy-bh"), ("N300", "n300"),
    ],
)  # fmt: skip
def test_aliases_name_the_same_example(alias: str, name: str) -> None:
    assert example_named(alias) == example_named(name)


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("N150", Board("n150")), ("p150a", Board("p150")), ("P150C", Board("p150")), ("p300a", Board("p300")),
        ("ubb_wormhole", Board("ubb")), ("ubb_blackhole_cf", Board("ubb_blackhole_cf")), ("p100a", None),
        ("p150b", None), ("p300b", None), ("galaxy", None), ("unknown", None),
    ],
)  # fmt: skip
def test_board_names_are_read_as_umd_reads_them(name: str, board: Board | None) -> None:
    assert board_named(name) is board


@pytest.mark.parametrize(
    ("board_id", "board"),
    [
        (72058994491072686, Board("n300")), (72061240465162240, Board("ubb")), (4402341478400, Board("p150")),
        (4746770444292, Board("p300")), (4892773056512, Board("ubb_blackhole")), (0x36 << 36, Board("p100")),
        (0x202 << 36, Board("ubb_blackhole_cf")), (0x43 << 36, Board("p100")), (0x18 << 36, Board("n150")), (1234, None),
    ],
)  # fmt: skip
def test_board_ids_carry_a_product_code(board_id: int, board: Board | None) -> None:
    assert board_of_id(board_id) is board


def test_the_default_runtime_is_the_newest_measured_one() -> None:
    assert runtime_named(None).name == "ttnn-0.81.1"
    assert all(runtime.measured for runtime in runtime_facts().runtimes)
