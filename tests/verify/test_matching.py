"""Regions find their chips."""

import msgspec
import pytest

from tests.verify.build import BOARD_ID, UNIQUE_ID
from tests.verify.host import P150, without_ids
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip
from ttinspect.model.region import RegionHeader
from ttinspect.shm.reader import is_test_leftover
from ttinspect.verify.matching import Basis, Match, match_region, v1_keys


def _header(version: int, asic_id: int, *, board: int = 0, device_id: int = 0) -> RegionHeader:
    return RegionHeader(
        version=version,
        num_active_processes=0,
        last_update=1,
        reference_count=0,
        board_serial=str(board),
        asic_id=str(asic_id),
        device_id=device_id,
    )


def _chip(chip_id: int, **changes: object) -> Chip:
    return msgspec.structs.replace(P150, id=chip_id, **changes)


def _board(chip_id: int, location: int | None, **changes: object) -> Chip:
    return _chip(chip_id, unique_id=None, asic_location=location, **changes)


def test_v2_and_later_are_found_by_the_unique_id_alone() -> None:
    chips = [_chip(0, unique_id="1"), _chip(1, unique_id=str(2**63 + 5))]
    for version in (2, 3, 4):
        match = match_region(chips, 2**63 + 5, _header(version, 2**63 + 5))
        assert match == Match(chip=1, basis=Basis.UNIQUE_ID)
        assert match_region(chips, 7, _header(version, 7, device_id=1)).chip is None


def test_v1_is_found_by_board_id_and_location() -> None:
    chips = [_board(0, 0), _board(1, 1)]
    file_id = BOARD_ID << 8 | 1
    assert match_region(chips, file_id, _header(1, 1, board=BOARD_ID)) == Match(chip=1, basis=Basis.BOARD)
    assert match_region(chips, file_id, _header(1, 1, board=5, device_id=0)) == Match(
        chip=1, basis=Basis.BOARD
    )
    assert match_region(chips, 5 << 8 | 1, _header(1, 1, board=5)).chip is None


def test_on_ubb_the_location_of_v1_holds_the_tray() -> None:
    ubb = [_board(at, location, board=Board("ubb")) for at, location in ((0, 1), (1, 2))]
    third_tray_second_chip = 3 << 4 | 2
    match = match_region(ubb, None, _header(1, third_tray_second_chip, board=BOARD_ID))
    assert match == Match(chip=1, basis=Basis.BOARD)


@pytest.mark.parametrize(
    ("arch", "bus", "key"),
    [
        (Arch.WORMHOLE_B0, "c1", 0x11),
        (Arch.WORMHOLE_B0, "88", 0x28),
        (Arch.WORMHOLE_B0, "03", 0x33),
        (Arch.WORMHOLE_B0, "44", 0x44),
        (Arch.BLACKHOLE, "01", 0x11),
        (Arch.BLACKHOLE, "42", 0x22),
        (Arch.BLACKHOLE, "c8", 0x38),
        (Arch.BLACKHOLE, "85", 0x45),
    ],
)
def test_tray_and_chip_in_tray_are_read_off_the_bus_number(arch: Arch, bus: str, key: int) -> None:
    board = Board("ubb") if arch is Arch.WORMHOLE_B0 else Board("ubb_blackhole")
    assert v1_keys(_board(0, None, arch=arch, board=board, pci_bdf=f"0000:{bus}:00.0")) == {key}


def test_trays_that_share_a_board_id_are_told_apart_by_the_device_id() -> None:
    galaxy = [_board(at, 2, board=Board("ubb")) for at in range(4)]
    header = _header(1, 0x22, board=BOARD_ID, device_id=3)
    assert match_region(galaxy, None, header).chip == 3


def test_a_source_without_ids_is_matched_by_the_device_id() -> None:
    chips = [without_ids(_chip(at)) for at in range(2)]
    for version in (1, 2, 3, 4):
        match = match_region(chips, 99, _header(version, 99, board=4, device_id=1))
        assert match == Match(chip=1, basis=Basis.DEVICE_ID)


def test_a_runtime_without_a_unique_id_publishes_under_the_device_id() -> None:
    chips = [_chip(0), _chip(1, unique_id="8")]
    assert match_region(chips, 1, _header(3, 0, device_id=1)) == Match(chip=1, basis=Basis.DEVICE_ID)
    assert match_region(chips, 1, _header(3, 77, device_id=1)).chip is None


def test_a_file_that_could_not_be_decoded_is_known_by_its_name() -> None:
    chips = [_chip(0), _chip(1, unique_id="8", asic_location=2)]
    assert match_region(chips, UNIQUE_ID, None).chip == 0
    assert match_region(chips, BOARD_ID << 8 | 2, None).chip == 1
    assert match_region(chips, 1, None) == Match(chip=1, basis=Basis.DEVICE_ID)
    assert match_region(chips, 123456, None).chip is None
    assert match_region(chips, None, None).chip is None


def test_two_chips_with_one_id_match_nothing() -> None:
    assert match_region([_chip(0), _chip(1)], UNIQUE_ID, _header(4, UNIQUE_ID)).chip is None


@pytest.mark.parametrize(
    ("file_id", "left"),
    [
        (0x7700000000000000 + 1, True),
        (0x7700000000000000 + 4_194_303, True),
        (0x7700000000000000, False),
        (0x7700000000000000 + 4_194_304, False),
        (0x77, False),
        (None, False),
    ],
)
def test_ids_of_tt_metal_s_own_tests(file_id: int | None, left: bool) -> None:
    assert is_test_leftover(file_id) is left
