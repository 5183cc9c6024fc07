"""What a comparison with a cabling came to: cables, cards and hosts that are not as they should be."""

from collections import defaultdict
from collections.abc import Mapping
from enum import Enum

import msgspec

from ttinspect.fleet.matching import Matching, TrayAt
from ttinspect.model.fleet import CabledEnd

Plug = tuple[int, int, str, int, int]
"""One end of a cable: position of the host in the cabling, tray (the first of a card that is in several),
port ("" where the channel has none, as inside a tray), and then asic_location and channel (0, 0 behind a
port)."""

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
    alike: tuple[tuple[TrayAt, TrayAt], ...] = ()
    """Pairs of trays whose exchange would look the same."""


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
    unknown_trays: tuple[tuple[TrayAt, ...], ...]
    """By card: those of one whose chips count as trays of their own are together."""
    unplaced_hosts: tuple[int, ...]
    boards_judged: frozenset[int]
    """Positions in the fleet of the hosts of which the cabling says what boards they have."""
    links: Mapping[Cable, tuple[tuple[CabledEnd, CabledEnd], ...]]
    """The links of the cables that are wrong, as the cabling has them or as they are."""
    cards: Mapping[TrayAt, tuple[TrayAt, ...]]
    """The trays that a card is in, by each of them."""
    plugs: Mapping[CabledEnd, Plug]
    """The plug of every end of these links."""
    partly: Mapping[Cable, tuple[tuple[CabledEnd, CabledEnd], ...]]
    """Cables of which some links are there: those that are not."""
    wanted_channels: Mapping[tuple[int, int, str], int]
    """How many channels the cabling has on a port, by the first three parts of a plug."""


def can_be_wrong(cable: Cable) -> bool:
    """Links inside a tray, and linking boards, are no cable that somebody could have plugged."""
    return all(plug[2] and not plug[2].startswith("linking board") for plug in cable) or _between(cable)


def _between(cable: Cable) -> bool:
    """A link without ports (of a board whose ports are unknown) is a cable if it joins two trays."""
    return cable[0][:2] != cable[1][:2] and not (cable[0][2] and cable[1][2])


def cable_of(*plugs: Plug) -> Cable:
    """The cable between two plugs."""
    return min(plugs), max(plugs)


def crossed_among(
    missing: set[Cable], unexpected: set[Cable]
) -> tuple[list[Crossed], set[Cable], set[Cable]]:
    """Missing and unexpected cables that share a plug are cables in wrong places; and what is left."""
    by_plug: dict[Plug, list[Cable]] = defaultdict(list)
    for cable in (*missing, *unexpected):
        for plug in cable:
            by_plug[plug].append(cable)
    cables: set[Cable] = set()
    crossings: list[Crossed] = []
    for start in sorted(missing):
        group: set[Cable] = set()
        pending = [start]
        while pending:
            cable = pending.pop()
            if cable not in group and cable not in cables:
                group.add(cable)
                pending += [other for plug in cable for other in by_plug[plug]]
        cables |= group
        if group & unexpected:
            crossings.append(Crossed(tuple(sorted(group & missing)), tuple(sorted(group & unexpected))))
    crossed_cables = {cable for crossed in crossings for cable in (*crossed.expected, *crossed.found)}
    return crossings, missing - crossed_cables, unexpected - crossed_cables
