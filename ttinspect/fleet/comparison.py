"""What a comparison with a cabling came to: cables, cards and hosts that are not as they should be."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from ttinspect.fleet.matching import Matching, TrayAt
from ttinspect.model.fleet import CabledEnd

Plug = tuple[int, int, str, int, int]
"""One end of a cable: position of the host in the cabling, tray, port ("" where the channel has none, as
inside a tray), and then asic_location and channel (0, 0 behind a port)."""

Cable = tuple[Plug, Plug]
"""The lower plug first."""


class BoardDiffers(msgspec.Struct, frozen=True):
    """Trays of a host whose board is not that of the cabling; ``found`` None: there is none."""

    host: int
    trays: tuple[int, ...]
    expected: str
    found: str | None


class Exchange(Enum):
    """What is in another place: a cabling without the ids of the chips cannot tell a card from all of its
    cables."""

    CARDS_OR_CABLES = "cards or cables"
    CARDS_WITH_CABLES = "cards with their cables"
    CARDS_ALONE = "cards without their cables"
    CABLES_ALONE = "cables"


class Moved(msgspec.Struct, frozen=True):
    """Cards that are in each other's places, or in an empty one: every place, and where what is found in it
    should be."""

    places: tuple[tuple[TrayAt, TrayAt], ...]
    what: Exchange


class Crossed(msgspec.Struct, frozen=True):
    """Cables as they should be and as they are, which share their plugs."""

    expected: tuple[Cable, ...]
    found: tuple[Cable, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What differs. ``missing_hosts`` and the plugs of cables are by position in the cabling;
    ``unknown_hosts`` and ``unplaced_hosts`` (whose trays are unknown) by position in the fleet.
    ``expected`` counts the links that could be compared, ``found`` those of them that are there; of a
    cutsheet, which tells no channels, they are cables."""

    matching: Matching
    expected: int
    found: int
    cables: int
    missing: tuple[Cable, ...]
    unexpected: tuple[Cable, ...]
    crossed: tuple[Crossed, ...]
    moved: tuple[Moved, ...]
    boards: tuple[BoardDiffers, ...]
    missing_hosts: tuple[int, ...]
    unknown_hosts: tuple[int, ...]
    unknown_trays: tuple[TrayAt, ...]
    unplaced_hosts: tuple[int, ...]
    links: Mapping[Cable, tuple[tuple[CabledEnd, CabledEnd], ...]]
    """The links of the cables that are wrong, as the cabling has them or as they are."""
    partly: Mapping[Cable, tuple[tuple[CabledEnd, CabledEnd], ...]]
    """Cables of which some links are there: those that are not."""
    wanted_channels: Mapping[tuple[int, int, str], int]
    """How many channels the cabling has on a port, by the first three parts of a plug."""
