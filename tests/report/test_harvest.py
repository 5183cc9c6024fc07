"""The last line of harvest: how many chips are what their product should be."""

import msgspec
import pytest

from ttinspect.answers.harvest import build_harvest
from ttinspect.model.arch import Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks
from ttinspect.report.harvest import product_sentence
from ttinspect.sources.opening import open_source

P150 = Masks(tensix=3, dram=0, eth=0x120, pcie=2, l2cpu=0)


def _sentence(*masks: Masks, board: str = "p150") -> str:
    """What is said of chips of one board with these masks; their firmware is unknown."""
    system = open_source("board:p150")
    chips: list[Chip] = [
        msgspec.structs.replace(system.chips[0], id=at, masks=masks_of_chip, board=Board(board))
        for at, masks_of_chip in enumerate(masks)
    ]
    (product,) = build_harvest(msgspec.structs.replace(system, chips=tuple(chips))).products
    return product_sentence(product)


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"dram": 1}, "DRAM banks differ"),
        ({"tensix": 1}, "tensix columns differ"),
        ({"tensix": 1, "dram": 1}, "tensix columns and DRAM banks differ"),
        ({"tensix": 1, "dram": 1, "eth": 0x3FFF}, "tensix columns, DRAM banks and eth channels differ"),
    ],
)
def test_what_differs_is_named_and_nothing_that_is_right(changes: dict[str, int], differing: str) -> None:
    sentence = _sentence(msgspec.structs.replace(P150, **changes))
    assert sentence == f"0 of 1 chips are what a p150 should be: {differing} (TTH001)."


def test_a_chip_of_another_architecture_than_its_board_differs_in_that() -> None:
    sentence = _sentence(P150, board="n150")
    assert sentence == "0 of 1 chips are what an n150 should be: the architecture differs (TTH001)."


def test_where_all_are_right_it_is_said_what_that_is() -> None:
    assert _sentence(P150) == "1 of 1 chip is what a p150 should be (2 columns harvested)."
    assert _sentence(P150, P150) == "2 of 2 chips are what a p150 should be (2 columns harvested each)."


def test_chips_that_cannot_be_judged_are_not_counted_as_wrong() -> None:
    unknown = UNKNOWN_MASKS
    assert _sentence(unknown) == "Whether the chip is what a p150 should be cannot be told."
    assert _sentence(*[unknown] * 8) == "Whether the 8 chips are what a p150 should be cannot be told."
    assert _sentence(P150, P150, unknown, P150, unknown) == (
        "3 of 3 chips are what a p150 should be (2 columns harvested each), 2 more cannot be told."
    )
    wrong = msgspec.structs.replace(P150, dram=1)
    assert _sentence(P150, P150, P150, wrong, wrong, unknown, unknown, unknown) == (
        "3 of 5 chips are what a p150 should be, 3 more cannot be told: DRAM banks differ (TTH001)."
    )


def test_what_is_known_to_be_wrong_is_wrong_whatever_else_is_unknown() -> None:
    masks = Masks(tensix=None, dram=1, eth=None, pcie=2, l2cpu=0)
    assert _sentence(masks) == "0 of 1 chips are what a p150 should be: DRAM banks differ (TTH001)."
