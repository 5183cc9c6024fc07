"""What a word of --device means."""

import msgspec
import pytest

from ttinspect.sources.board import read_board
from ttinspect.verify.naming import chips_named

_BOARD_ID = 0x0100014611832021


@pytest.mark.parametrize("word", ["0100014611832021", "0x0100014611832021", str(_BOARD_ID)])
def test_a_board_is_named_by_its_id_and_by_its_serial(word: str) -> None:
    chips = [msgspec.structs.replace(chip, board_id=str(_BOARD_ID)) for chip in read_board("n300").chips]
    assert [chip.serial for chip in chips] == ["0100014611832021"] * 2
    assert [chip.id for chip in chips_named(chips, word)] == [0, 1]


def test_fifteen_digits_are_no_serial() -> None:
    chips = [msgspec.structs.replace(chip, board_id=str(_BOARD_ID)) for chip in read_board("n300").chips]
    assert chips_named(chips, "100014611832021") == []
