"""What a fleet keeps of a host: where its chips sit, what makes it equal to others."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import msgspec

from ttinspect.facts.boards import revision_names, revision_of
from ttinspect.facts.firmware import Version
from ttinspect.facts.trays import card_trays, has_trays, motherboard_of, tray_location_of, tray_of
from ttinspect.facts.wiring import inside_links, port_at, tray_joints
from ttinspect.harvesting.grids import Grids
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, pci_bus
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.fleet import FleetHost, InsideLink, OutsideLink, Shape, Spot
from ttinspect.model.system import LinkState, System
from ttinspect.sources.fleet import Reading
from ttinspect.verify.check.product import product_findings
from ttinspect.verify.findings.harvest import differing_chips
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.rules import SAYING_UNKNOWN
from ttinspect.verify.findings.topology import topology_findings
from ttinspect.verify.naming import knows, links_unknown

_ALIAS_SHIFT, _ALIAS_MASK = 5, 0x1F
_SERIOUS = (Severity.ERROR, Severity.WARNING)
"""What is inconclusive of a recording says that a fact is unknown, too."""

SAY_UNKNOWN = frozenset(rule.id for rule in SAYING_UNKNOWN)
"""Findings that a fact is unknown, which is what many sources are like, and no fault of a host."""

_TOLD_BY_FLEET = frozenset(("TTT004",))
"""A channel in two links is TTF014 here."""


class Shapes:
    """Equal shapes are kept once: thousands of hosts have a few of them."""

    def __init__(self) -> None:
        self._known: dict[Shape, Shape] = {}
        self._ids: dict[tuple[int, ...], tuple[int, ...]] = {}

    def equal_shape(self, shape: Shape) -> Shape:
        """The shape that is equal to this one, the same for all hosts."""
        return self._known.setdefault(shape, shape)

    def kept_ids(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """The same of chip ids."""
        return self._ids.setdefault(ids, ids)


def fleet_host(
    reading: Reading,
    grids: Grids,
    shapes: Shapes,
    motherboard: str | None = None,
    of_regions: Iterable[Finding] = (),
) -> FleetHost:
    """What a fleet keeps of a host. ``grids`` are those of its chips. ``motherboard`` is what a cabling says
    of it, where its own document does not; ``of_regions`` is what its regions were found to be."""
    system = reading.system
    board = reading.motherboard or motherboard
    places = chip_places(system, board)
    order = _ordered(system.chips, places)
    position = {chip.id: index for index, chip in enumerate(order)}
    inside = _inside(system, position)
    cards = _cards(order, places, inside)
    shape = Shape(
        tuple(
            Spot(chip.arch, chip.board, *places[chip.id], chip.firmware, card)
            for chip, card in zip(order, cards, strict=True)
        ),
        inside,
        not any(links_unknown(chip) for chip in system.chips),
        _revision(system, places),
    )
    return FleetHost(
        name=reading.host or reading.stem,
        file=reading.file,
        kind=system.asked,
        time_ns=reading.time_ns,
        motherboard=board,
        driver=reading.driver,
        chassis=board or motherboard_of(_card_buses(system)),
        shape=shapes.equal_shape(shape),
        chip_ids=shapes.kept_ids(tuple(chip.id for chip in order)),
        unique_ids=tuple(
            int(chip.unique_id) if chip.unique_id is not None and knows(chip, "unique_id") else None
            for chip in order
        ),
        outside=_outside(system, position),
        aliases=tuple(map(_alias, order)) if not any(map(_is_galaxy, order)) else (),
        findings=(*own_findings(system, grids), *_serious(of_regions)),
    )


def _alias(chip: Chip) -> int | None:
    """Galaxies have none: whole rows of them share a board id."""
    if chip.arch is not Arch.BLACKHOLE or chip.board_id is None or not knows(chip, "asic_location"):
        return None
    return int(chip.board_id) << _ALIAS_SHIFT | (chip.asic_location or 0) & _ALIAS_MASK


def own_findings(system: System, grids: Grids) -> tuple[Finding, ...]:
    """What other commands find about this host alone, without what only says that a fact is unknown."""
    per_chip = product_findings(system)
    boards = dict.fromkeys(chip.board for chip in system.chips)
    alike = [
        each
        for board in boards
        for each in differing_chips(tuple(chip for chip in system.chips if chip.board is board), grids)
    ]
    findings = [
        *topology_findings(system).get(None, ()),
        *alike,
        *trouble_findings(system),
        *(finding for of_chip in per_chip.values() for finding in of_chip),
    ]
    return _serious(findings)


def _serious(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is wrong, each once."""
    kept = [
        finding
        for finding in findings
        if finding.severity in _SERIOUS and finding.id not in SAY_UNKNOWN and finding.id not in _TOLD_BY_FLEET
    ]
    return tuple({(finding.id, finding.message): finding for finding in kept}.values())


def chip_places(system: System, motherboard: str | None) -> dict[int, tuple[int | None, int | None]]:
    """Tray and asic_location by chip id, as technicians and cablings count them; None is unknown.

    Galaxies: both from the PCI bus. Cards: the tray is the place of their bus in the list of the motherboard;
    asic_location is the descriptor's on Blackhole, the place in the tunnel on Wormhole (0 is the MMIO-capable
    chip), whatever the file's table says.
    """
    buses, cards = _buses(system.chips), _card_buses(system)
    trays = card_trays(cards, motherboard) if cards else {}
    return {chip.id: _place(chip, buses.get(chip.id), trays) for chip in system.chips}


def _card_buses(system: System) -> list[int]:
    """The PCI buses of cards; a Galaxy has none."""
    buses = _buses(system.chips)
    return [
        bus
        for chip in system.chips
        if (bus := buses.get(chip.id)) is not None and not _is_galaxy(chip) and chip.mmio is not False
    ]


def _place(chip: Chip, bus: int | None, trays: Mapping[int, int | None]) -> tuple[int | None, int | None]:
    location = chip.asic_location if knows(chip, "asic_location") else None
    if _is_galaxy(chip):
        if bus is None:
            return chip.tray, location
        return tray_of(chip.board, bus), tray_location_of(chip.board, bus)
    if chip.arch is Arch.WORMHOLE_B0 and chip.mmio is not None:
        location = 0 if chip.mmio else 1
    elif (
        location is None and chip.board is not None and chip.arch is Arch.BLACKHOLE and chip.mmio is not None
    ):
        location = chip.asic_location
    tray = chip.tray if chip.tray is not None or bus is None else trays.get(bus)
    return tray, location


def _is_galaxy(chip: Chip) -> bool:
    return has_trays(chip.board)


def _buses(chips: Sequence[Chip]) -> dict[int, int]:
    """The PCI bus of the card that a chip is on: a remote chip shares that of its board's other chip, or of
    the chip that it is reached through."""
    own = {chip.id: bus for chip in chips if (bus := _own_bus(chip)) is not None}
    of_board = {chip.board_id: own[chip.id] for chip in chips if chip.board_id is not None and chip.id in own}
    buses = dict(own)
    for chip in chips:
        if chip.id not in own and chip.mmio is False:
            bus = of_board.get(chip.board_id) if chip.board_id is not None else None
            if bus is None and chip.via is not None:
                bus = own.get(chip.via)
            if bus is not None:
                buses[chip.id] = bus
    return buses


def _own_bus(chip: Chip) -> int | None:
    if chip.pcie is not None and chip.pcie.bus_id is not None:
        return chip.pcie.bus_id
    return None if chip.pci_bdf is None else pci_bus(chip.pci_bdf)


def _ordered(chips: Sequence[Chip], places: Mapping[int, tuple[int | None, int | None]]) -> list[Chip]:
    known = [places[chip.id] for chip in chips]
    if any(tray is None or location is None for tray, location in known) or len({*known}) < len(known):
        return sorted(chips, key=lambda chip: chip.id)
    return sorted(chips, key=lambda chip: tuple(part or 0 for part in places[chip.id]))


def _cards(
    order: Sequence[Chip], places: Mapping[int, tuple[int | None, int | None]], inside: Iterable[InsideLink]
) -> list[int]:
    """The position of the first chip on the card of each chip. Chips share a card that share a tray, that
    share the board id of a board with several chips, or between which there is a link that only the board
    itself can make."""
    first = [*range(len(order))]

    def join(chip: int, other: int) -> None:
        low, high = sorted((first[chip], first[other]))
        first[:] = [low if card == high else card for card in first]

    known: dict[tuple[str, object], int] = {}
    for number, chip in enumerate(order):
        keys: list[tuple[str, object]] = []
        if (tray := places[chip.id][0]) is not None:
            keys.append(("tray", tray))
        if not _is_galaxy(chip) and chip.board_id is not None and inside_links(chip.board):
            keys.append(("board", chip.board_id))
        for key in keys:
            join(known.setdefault(key, number), number)
    for a, channel, b, far_channel in inside:
        chip = order[a]
        if a != b and not _is_galaxy(chip) and chip.board is order[b].board:
            ends = sorted(((places[chip.id][1], channel), (places[order[b].id][1], far_channel)), key=str)
            if ends in _board_links(chip.board):
                join(a, b)
    return first


@functools.cache
def _board_links(board: Board | None) -> list[list[tuple[int | None, int]]]:
    links = inside_links(board)
    return [
        sorted(((link.a.asic_location, link.a.channel), (link.b.asic_location, link.b.channel)), key=str)
        for link in links
    ]


def _inside(system: System, position: Mapping[int, int]) -> tuple[InsideLink, ...]:
    """Links that are not down; one whose state is unknown counts."""
    links = set()
    for link in system.links:
        if link.state is LinkState.DOWN:
            continue
        a = (position[link.a.chip], link.a.channel)
        b = (position[link.b.chip], link.b.channel)
        links.add((*a, *b) if a <= b else (*b, *a))
    return tuple(sorted(links))


def _outside(system: System, position: Mapping[int, int]) -> tuple[OutsideLink, ...]:
    return tuple(
        dict.fromkeys(
            (position[link.a.chip], link.a.channel, int(link.remote_unique_id), link.remote_channel)
            for link in system.remote_links
        )
    )


_FIRST_LINKING_BOARD = "linking board 1"
"""It joins other trays in every revision of a Galaxy."""


def _revision(system: System, places: Mapping[int, tuple[int | None, int | None]]) -> str | None:
    """The revision of a Galaxy: by its board ids, and by the trays that linking board 1 joins; None where
    they do not tell, or contradict each other."""
    galaxy = [chip for chip in system.chips if _is_galaxy(chip)]
    if not galaxy:
        return None
    board = galaxy[0].board
    ids = {int(chip.board_id) for chip in galaxy if chip.board_id is not None and knows(chip, "board_id")}
    joined = set()
    for link in system.links:
        (tray, location), far_tray = places[link.a.chip], places[link.b.chip][0]
        port = port_at(board, location, link.a.channel)
        if (
            port is not None
            and port.name == _FIRST_LINKING_BOARD
            and None not in (tray, far_tray)
            and tray != far_tray
        ):
            joined.add(frozenset((tray, far_tray)))
    of_ids = {revision_of(board, board_id) for board_id in ids}
    possible = [
        name
        for name in revision_names(board)
        if (not of_ids or of_ids == {name}) and joined <= _joints(board, name)
    ]
    return possible[0] if len(possible) == 1 and (of_ids or joined) else None


def _joints(board: Board | None, revision: str) -> set[frozenset[int | None]]:
    return {
        frozenset(joint.trays)
        for joint in tray_joints(board, revision)
        if joint.port.name == _FIRST_LINKING_BOARD
    }


def board_name(spot: Spot) -> str:
    """What a firmware bundle is compared within: the board type, the architecture where that is unknown."""
    return spot.board.value if spot.board else spot.arch.value


def bundles_of_boards(hosts: Iterable[FleetHost]) -> dict[str, dict[Version, list[str]]]:
    """The names of the hosts by board type and firmware bundle: the bundle of most hosts first, of as many
    the newest."""
    names: dict[str, dict[Version, dict[str, None]]] = {}
    for host in hosts:
        for spot in dict.fromkeys(host.shape.spots):
            if spot.firmware is not None:
                names.setdefault(board_name(spot), {}).setdefault(spot.firmware, {})[host.name] = None
    return {
        board: {
            bundle: [*bundles[bundle]]
            for bundle in sorted(bundles, key=lambda each: (len(bundles[each]), each), reverse=True)
        }
        for board, bundles in names.items()
    }


def named_apart(hosts: Sequence[FleetHost]) -> list[FleetHost]:
    """The hosts; those that share a name and no chip with the file behind it, so that they can be told apart.
    The same host twice keeps its name: TTF003 is about that."""
    by_name: dict[str, list[int]] = {}
    for index, host in enumerate(hosts):
        by_name.setdefault(host.name, []).append(index)
    named = list(hosts)
    for indices in by_name.values():
        chips = [frozenset(hosts[index].unique_ids) - {None} for index in indices]
        same = any(not first.isdisjoint(other) for first, other in combinations(chips, 2))
        if len(indices) > 1 and not same:
            for index in indices:
                host = hosts[index]
                named[index] = msgspec.structs.replace(host, name=f"{host.name} ({host.file})")
    return named
