"""Trays, counted from 1: of a Galaxy by the PCI bus ids of its chips, of cards by the motherboard's list."""

import functools
from collections.abc import Collection

import msgspec

from ttinspect.facts.board_table import board_entry, board_table
from ttinspect.model.arch import Board

_TRAY_BITS = 0xF0
_LOCATION_BITS = 0x0F
_BUS_MAX = 0xFF


def has_trays(board: Board | None) -> bool:
    """Whether a board is a Galaxy, whose chips are in trays."""
    return bool(_bus_ids(board))


def tray_of(board: Board | None, bus_id: int | None) -> int | None:
    """The tray of a Galaxy chip by its PCI bus id; None for other boards and bus ids."""
    if bus_id is None or not 0 <= bus_id <= _BUS_MAX or bus_id & _TRAY_BITS not in _bus_ids(board):
        return None
    return _bus_ids(board).index(bus_id & _TRAY_BITS) + 1


def tray_location_of(board: Board | None, bus_id: int | None) -> int | None:
    """The ASIC location of a Galaxy chip, from 1 on in its tray, by its PCI bus id; None for others."""
    if board is None or bus_id is None or tray_of(board, bus_id) is None:
        return None
    location = bus_id & _LOCATION_BITS
    return location if 1 <= location <= chips_per_tray(board) else None


def bus_id_in_tray(board: Board, tray: int, asic_location: int) -> int:
    """The PCI bus id of a Galaxy chip."""
    return _bus_ids(board)[tray - 1] | asic_location


def tray_numbers(board: Board | None) -> range:
    """The trays of a Galaxy; none of another board."""
    return range(1, len(_bus_ids(board)) + 1)


def chips_per_tray(board: Board) -> int:
    """How many chips a tray of a Galaxy has."""
    return board_entry(board.value).child("chips_per_tray").unsigned()


@functools.cache
def _bus_ids(board: Board | None) -> tuple[int, ...]:
    """The PCI bus ids of trays, from tray 1 on; none where a board has no trays."""
    node = None if board is None else board_entry(board.value).child("trays")
    return tuple(bus.unsigned() for bus in node.sequence()) if node else ()


class _BusList(msgspec.Struct, frozen=True):
    """The PCI buses of the cards of a motherboard, from tray 1 on, if a chip is on ``when_bus``."""

    buses: tuple[int, ...]
    when_bus: int | None


@functools.cache
def _motherboards() -> dict[str, tuple[_BusList, ...]]:
    return {
        name: tuple(
            _BusList(
                buses=tuple(bus.unsigned() for bus in entry.child("buses").sequence()),
                when_bus=entry.child("when_bus").unsigned() if entry.child("when_bus") else None,
            )
            for entry in node.sequence()
        )
        for name, node in board_table().child("motherboards").entries()
    }


def card_trays(buses: Collection[int], motherboard: str | None) -> dict[int, int | None]:
    """The trays of cards by their PCI bus ids, all those of one host.

    ``motherboard`` is what /sys/class/dmi/id/board_name says. Without it only a known list that has exactly
    these buses tells; None is unknown: no such list, or a bus that the motherboard's list lacks. Source:
    tt-metal's tables, which take the bus id itself as the tray on every other motherboard.
    """
    lists = _lists(set(buses), motherboard)
    if lists is None:
        return dict.fromkeys(buses) if motherboard is None else {bus: bus for bus in buses}
    return {bus: lists.index(bus) + 1 if bus in lists else None for bus in buses}


def motherboard_of(buses: Collection[int]) -> str | None:
    """The motherboard whose slots are exactly the PCI buses of the cards of a host; None: no known one."""
    return next(
        (
            name
            for name, lists in _motherboards().items()
            for bus_list in lists
            if set(bus_list.buses) == {*buses}
        ),
        None,
    )


def _lists(buses: set[int], motherboard: str | None) -> tuple[int, ...] | None:
    if motherboard is not None:
        known = _motherboards().get(motherboard, ())
        return next(
            (bus_list.buses for bus_list in known if bus_list.when_bus is None or bus_list.when_bus in buses),
            None,
        )
    every = [bus_list.buses for lists in _motherboards().values() for bus_list in lists]
    return next((bus_list for bus_list in every if buses == set(bus_list)), None)
