"""Trays: of a Galaxy by bus ids, of cards by the list of their motherboard."""

import pytest

from ttinspect.facts.trays import bus_id_in_tray, card_trays, tray_location_of, tray_of
from ttinspect.model.arch import Board


@pytest.mark.parametrize(
    ("board", "buses"),
    [("ubb", (0xC0, 0x80, 0x00, 0x40)), ("ubb_blackhole", (0x00, 0x40, 0xC0, 0x80)),
     ("ubb_blackhole_cf", (0x00, 0x40, 0xC0, 0x80))],
)  # fmt: skip
def test_the_upper_half_of_a_bus_id_is_the_tray_and_the_lower_the_place_in_it(
    board: str, buses: tuple[int, ...]
) -> None:
    for tray, bus in enumerate(buses, start=1):
        assert tray_of(Board(board), bus | 0x8) == tray
        assert tray_location_of(Board(board), bus | 0x8) == 8
        assert bus_id_in_tray(Board(board), tray, 8) == bus | 0x8
    assert tray_location_of(Board(board), 0xC9) is None
    assert tray_of(Board(board), 0x10) is tray_of(Board(board), None) is tray_of(Board(board), 0x1C0) is None
    assert tray_of(Board("p150"), buses[0]) is tray_of(None, buses[0]) is None


@pytest.mark.parametrize(
    ("motherboard", "buses", "trays"),
    [
        ("SIENAD8-2L2T", (0xC1, 0x01, 0x41, 0x42), (1, 2, 3, 4)),
        ("SIENAD8-2L2T", (0xC1, 0x01, 0x43, 0x41), (1, 2, 3, 4)),
        ("SIENAD8-2L2T", (0x42, 0x41), (4, 3)),
        ("SIENAD8-2L2T", (0x42, 0x43), (None, 3)),
        ("X12DPG-QT6", (0xB1, 0xCA, 0x31, 0x4B), (1, 2, 3, 4)),
        ("X12DPG-QT6", (0xB1, 0x01), (1, None)),
        ("H13DSG-O-CPU", (0x21, 0x01, 0xE1), (1, 2, 8)),
        ("B850M-C", (1, 2, 3, 4), (1, 2, 3, 4)),
        (None, (0xC1, 0x01, 0x43, 0x41), (1, 2, 3, 4)),
        (None, (0xCA, 0xB1, 0x4B, 0x31), (2, 1, 4, 3)),
        (None, (0x01, 0x41), (None, None)),
        (None, (1, 2, 3, 4), (None, None, None, None)),
        (None, (), ()),
    ],
)  # fmt: skip
def test_the_tray_of_a_card_is_its_place_in_the_list_of_its_motherboard(
    motherboard: str | None, buses: tuple[int, ...], trays: tuple[int | None, ...]
) -> None:
    assert card_trays(buses, motherboard) == dict(zip(buses, trays, strict=True))
