"""Many hosts as one machine: what is kept of each host, small enough for ten thousand of them."""

from typing import NamedTuple

import msgspec

from ttinspect.model.arch import Arch, Board
from ttinspect.model.finding import Finding
from ttinspect.model.system import SourceKind


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A document that should have been a host, and why it could not be read; ``place`` is the document, and
    where in it, if that is known."""

    file: str
    stem: str
    place: str
    why: str


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is no host, found beside hosts, and what it is."""

    file: str
    why: str


class Spot(msgspec.Struct, frozen=True, gc=False):
    """What equal hosts have in common about one chip. ``tray`` (from 1) and ``asic_location`` are where a
    technician finds it; None is unknown. ``firmware`` is the bundle. ``card`` is the position in
    ``Shape.spots`` of the first chip on its card, or in its tray of a Galaxy: ports belong to a card, whose
    chips can count as trays of their own (p300)."""

    arch: Arch
    board: Board | None
    tray: int | None
    asic_location: int | None
    firmware: tuple[int, int, int] | None
    card: int


InsideLink = tuple[int, int, int, int]
"""Two ends inside a host, the lower one first, each as position of the chip in ``Shape.spots`` and eth
channel."""

OutsideLink = tuple[int, int, int, int]
"""A link that leaves a host: position of the chip, eth channel; unique id and channel of the far end."""


class Shape(msgspec.Struct, frozen=True, gc=False):
    """What makes hosts equal: architecture, boards, places and firmware of the chips, links inside. Masks do
    not: sixteen hosts have sixteen sets of them. Chips are in the order of their places where all are known,
    else of their ids. ``revision`` is that of a Galaxy ("C")."""

    spots: tuple[Spot, ...]
    links: tuple[InsideLink, ...]
    links_known: bool
    revision: str | None


class FleetHost(msgspec.Struct, frozen=True, kw_only=True):
    """One host. ``chip_ids`` and ``unique_ids`` are those of the chips of ``shape.spots``, in its order; a
    unique id that is unknown, or made up by the source, is None."""

    name: str
    file: str
    kind: SourceKind
    time_ns: int | None
    motherboard: str | None
    driver: str | None
    chassis: str | None
    """The motherboard, or that whose slots are exactly where its cards are; hosts of two are two kinds."""
    shape: Shape
    chip_ids: tuple[int, ...]
    unique_ids: tuple[int | None, ...]
    outside: tuple[OutsideLink, ...]
    aliases: tuple[int | None, ...] = ()
    """Under which other id a far end names each chip, where there is one: tt-umd calls a Blackhole that it
    only sees through a link (board_id << 5) | asic_location."""
    findings: tuple[Finding, ...]
    also_named: tuple[str, ...] = ()
    """Names of other documents of the same host, which are not counted."""


class End(NamedTuple):
    """One end of an eth link: positions of the host in the fleet and of the chip in the host, eth channel."""

    host: int
    chip: int
    channel: int


class Location(msgspec.Struct, frozen=True, order=True):
    """An end of a cable in the words of the person who holds it; None is unknown. ``port`` is as printed
    ("QSFP-DD 3"), None for a link that has no port. ``chip`` is the chip id where nobody tells the tray."""

    host: str
    tray: int | None
    asic_location: int | None = None
    channel: int | None = None
    port: str | None = None
    chip: int | None = None


class CabledHost(msgspec.Struct, frozen=True, kw_only=True):
    """A host as a cabling names it. ``boards`` is the board type by tray, as it is spelled there;
    ``asic_ids`` the unique id by (tray, asic_location), where it tells."""

    name: str
    hall: str = ""
    aisle: str = ""
    rack: int | None = None
    shelf_u: int | None = None
    motherboard: str | None = None
    boards: dict[int, str] = {}
    asic_ids: dict[tuple[int, int], int] = {}


CabledEnd = tuple[int, int, int, int]
"""Position of the host in the cabling, tray, asic_location, eth channel."""

CabledPort = tuple[int, int, str]
"""Position of the host in the cabling, tray, port as the cutsheet writes it."""


class Cabling(msgspec.Struct, frozen=True, kw_only=True):
    """What the cabling of a fleet should be. ``kind`` says what was read: a factory system descriptor, a
    global system descriptor, or a cutsheet. A cutsheet has ``cables``, the others ``links``; both are
    unordered pairs, the lower end first."""

    file: str
    kind: str
    hosts: tuple[CabledHost, ...]
    links: tuple[tuple[CabledEnd, CabledEnd], ...] = ()
    cables: tuple[tuple[CabledPort, CabledPort], ...] = ()
