"""What eth channels of a board lead to: links inside it, ports on the metal, linking boards between trays.

All of it is boards.yaml. A place is the ASIC location of a chip on its board, or in its tray, and one of its
eth channels as cluster descriptors number them: the live ones, from 0 on.
"""

import functools
import itertools
import re

import msgspec

from ttinspect.facts.board_table import board_entry
from ttinspect.facts.node import Node
from ttinspect.model.arch import Board

_END = r"([0-9]+):([0-9]+(?:[,-][0-9]+)*)"
_LINKING = "linking board"


class Place(msgspec.Struct, frozen=True, order=True):
    """One eth channel of a chip on a board."""

    asic_location: int
    channel: int


class InsideLink(msgspec.Struct, frozen=True):
    """An eth link that no cable makes, between chips of a board, or of a tray."""

    a: Place
    b: Place


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """Where eth channels leave a board, or a tray: its name is what is printed on the metal. ``linking``: it
    is a linking board, which joins trays of one Galaxy; else a cable goes there."""

    name: str
    places: tuple[Place, ...]
    linking: bool


class TrayJoint(msgspec.Struct, frozen=True, kw_only=True):
    """Two trays, from 1 on, that a linking board joins: each of its places to the same place."""

    port: Port
    trays: tuple[int, int]


def places_of(node: Node) -> tuple[Place, ...]:
    """The places of "0:8,9 1:4-7", in order."""
    places = []
    for word in node.text().split():
        match = re.fullmatch(_END, word)
        if match is None:
            node.fail('places such as "0:8,9 1:4-7": ASIC location and eth channels')
        for part in match[2].split(","):
            first, _, last = part.partition("-")
            places += [Place(int(match[1]), channel) for channel in range(int(first), int(last or first) + 1)]
    return tuple(places)


@functools.cache
def inside_links(board: Board | None) -> tuple[InsideLink, ...]:
    """The eth links of one board, or of each tray of a Galaxy, that no cable makes."""
    node = _part(board, "inside")
    return tuple(link for pair in node.sequence() for link in _inside(pair)) if node else ()


def _inside(node: Node) -> list[InsideLink]:
    places = places_of(node)
    half = len(places) // 2
    ends = [len(list(group)) for _, group in itertools.groupby(places, lambda place: place.asic_location)]
    if ends != [half, half]:
        node.fail('two ends with as many channels each, such as "0:8,9 1:0,1"')
    return [InsideLink(a, b) for a, b in zip(places[:half], places[half:], strict=True)]


@functools.cache
def ports_of(board: Board | None) -> tuple[Port, ...]:
    """The ports of one board, or of each tray of a Galaxy; none where they are not known."""
    node = _part(board, "ports")
    if not node:
        return ()
    return tuple(
        Port(name=name, places=places_of(places), linking=name.startswith(_LINKING))
        for name, places in node.entries()
    )


def port_at(board: Board | None, asic_location: int | None, channel: int) -> Port | None:
    """The port that an eth channel leads to; None for one that stays inside, or is not known."""
    return None if asic_location is None else _port_by_place(board).get(Place(asic_location, channel))


@functools.cache
def _port_by_place(board: Board | None) -> dict[Place, Port]:
    return {place: port for port in ports_of(board) for place in port.places}


def port_named(board: Board | None, name: str) -> Port | None:
    """The port of this name, any case; of a number alone, the QSFP-DD port. None where the board has none."""
    wanted = name.strip().lower()
    return next(
        (port for port in ports_of(board) if port.name.lower() in (wanted, f"qsfp-dd {wanted}")), None
    )


@functools.cache
def tray_joints(board: Board | None, revision: str | None) -> tuple[TrayJoint, ...]:
    """Which trays the linking boards of a Galaxy join, as far as that is known of its revision."""
    node = _part(board, "linking")
    if node and _part(board, "revisions"):
        node = node.child(revision)
    if not node:
        return ()
    ports = {port.name: port for port in ports_of(board)}
    return tuple(
        TrayJoint(port=ports[name], trays=(int(first), int(second)))
        for name, pairs in node.entries()
        for first, second in (pair.split("-") for pair in pairs.text().split())
    )


def _part(board: Board | None, key: str) -> Node:
    return Node(None, "boards.yaml") if board is None else board_entry(board.value).child(key)
