"""The chips of a watch keep their numbers and their rows."""

from typing import Any

import pytest
from msgspec.structs import replace

from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.system import System, Trouble
from ttinspect.sources.opening import open_source
from ttinspect.sources.roster import GONE, Roster

HOST = open_source("board:galaxy-bh")


def chip(number: int, **names: Any) -> Chip:
    return replace(
        HOST.chips[0], **{"id": number, "unique_id": None, "pci_bdf": None, "kmd_id": None, **names}
    )


def host(*chips: Chip, **more: Any) -> System:
    return replace(HOST, **{"chips": chips, "links": (), "remote_links": (), **more})


def settled(*rounds: System, numbered: bool = False) -> list[tuple[int, str | None]]:
    """Number and unique id of each chip after the last round; gone ones in brackets."""
    roster = Roster(numbered=numbered)
    for system in rounds:
        last = roster.settled(system)
    gone = {trouble.chip for trouble in last.troubles if trouble.why == GONE}
    return [(chip.id, f"({chip.unique_id})" if chip.id in gone else chip.unique_id) for chip in last.chips]


A, B, C = (chip(number, pci_bdf=f"0000:0{number}:00.0", unique_id=name) for number, name in enumerate("abc"))


def test_a_chip_that_is_gone_keeps_its_row_and_the_others_their_numbers() -> None:
    assert settled(host(A, B, C), host(replace(B, id=0), replace(C, id=1))) == [
        (0, "(a)"),
        (1, "b"),
        (2, "c"),
    ]


def test_a_chip_that_is_back_has_its_number_again() -> None:
    without = host(replace(B, id=0))
    assert settled(host(A, B), without, host(replace(A, id=1), replace(B, id=0))) == [(0, "a"), (1, "b")]


def test_a_new_chip_takes_no_number_of_another() -> None:
    assert settled(host(A, B), host(C, replace(A, id=1))) == [(0, "a"), (1, "(b)"), (2, "c")]
    assert settled(host(A), host(replace(C, id=0))) == [(0, "(a)"), (1, "c")]


def test_a_chip_without_a_name_is_the_one_with_its_number() -> None:
    silent = chip(1)
    assert settled(host(A, B), host(A, silent)) == [(0, "a"), (1, "b")]
    assert settled(host(A, B), host(A, silent), host(A, B)) == [(0, "a"), (1, "b")]


def test_a_unique_id_that_changes_is_no_other_chip_in_the_same_place() -> None:
    """That of a Blackhole is another one when its links are not discovered."""
    assert settled(host(A, B), host(A, replace(B, unique_id="other"))) == [(0, "a"), (1, "other")]


def test_two_chips_of_one_name_are_two() -> None:
    twin = replace(A, id=1)
    assert settled(host(A, twin), host(A, twin)) == [(0, "a"), (1, "a")]


def test_remote_chips_follow_the_one_that_they_are_reached_through() -> None:
    remote = chip(2, unique_id="r", mmio=False, via=1)
    roster = Roster(numbered=False)
    roster.settled(host(A, B, remote))
    trouble = Trouble(chip=1, why="it hangs", readable=False)
    later = roster.settled(host(replace(B, id=0), replace(remote, id=1, via=0), troubles=(trouble,)))
    assert [(chip.id, chip.via) for chip in later.chips] == [(0, None), (1, None), (2, 1)]
    assert [(trouble.chip, trouble.why) for trouble in later.troubles] == [(2, "it hangs"), (0, GONE)]


@pytest.mark.parametrize("numbered", [False, True])
def test_a_first_reading_is_what_it_is(numbered: bool) -> None:
    assert Roster(numbered=numbered).settled(HOST) == HOST


def test_the_chips_of_a_simulator_on_the_bus_are_known_by_their_numbers() -> None:
    """The unique id of a Blackhole is another one when its links are not discovered."""
    renamed = replace(A, unique_id="linked")
    assert settled(host(A, B), host(renamed, B), numbered=True) == [(0, "linked"), (1, "b")]
    assert settled(host(A, B), host(A), numbered=True) == [(0, "a"), (1, "(b)")]


def test_the_remote_chips_of_a_simulator_are_known_by_their_unique_ids() -> None:
    """They are numbered behind those on the bus, as they are found."""
    first, second = (chip(number, unique_id=name, mmio=False) for number, name in ((2, "r"), (3, "s")))
    without = host(A, B, replace(second, id=2))
    assert settled(without, host(A, B, first, second), numbered=True) == [
        (0, "a"), (1, "b"), (2, "s"), (3, "r")
    ]  # fmt: skip


def test_a_chip_that_tells_nothing_any_more_is_who_it_was() -> None:
    roster = Roster(numbered=True)
    roster.settled(host(A, replace(B, board_id="77")))
    lost = replace(
        B, unique_id=None, board_id=None, board=None, unknown=(Unknown(path="board_id", why="hung"),)
    )
    settled = roster.settled(host(A, lost)).chips[1]
    assert (settled.unique_id, settled.board_id, settled.board, settled.unknown) == ("b", "77", B.board, ())


def test_a_chip_of_which_one_name_appears_or_vanishes_is_the_same() -> None:
    nameless, unplaced = replace(B, unique_id=None), replace(B, pci_bdf=None)
    assert settled(host(A, B), host(A, nameless), host(replace(B, id=0), replace(A, id=1))) == [
        (0, "a"),
        (1, "b"),
    ]
    assert settled(host(A, unplaced), host(replace(B, id=0), replace(A, id=1))) == [(0, "a"), (1, "b")]


def test_a_number_of_the_driver_that_another_chip_has_now_is_no_name_of_one_that_is_gone() -> None:
    roster = Roster(numbered=False)
    roster.settled(host(replace(A, kmd_id=0), replace(B, kmd_id=1)))
    later = roster.settled(host(replace(B, id=0, kmd_id=0)))
    assert [(chip.id, chip.kmd_id) for chip in later.chips] == [(0, None), (1, 0)]


def test_a_device_without_a_row_is_told_once_and_by_its_number() -> None:
    roster = Roster(numbered=False)
    roster.settled(host(replace(A, kmd_id=5), replace(B, kmd_id=6)))
    unread = Trouble(chip=6, why="no architecture", readable=False)
    later = roster.settled(host(replace(A, kmd_id=5), troubles=(unread,)))
    assert [(trouble.chip, trouble.why) for trouble in later.troubles] == [(1, "no architecture")]
