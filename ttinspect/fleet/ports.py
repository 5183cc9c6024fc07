"""Ports of the hosts of a fleet: which are up in part, which channels are in two links."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ttinspect.facts.wiring import ports_of
from ttinspect.fleet.joining import Joined, Pair
from ttinspect.model.fleet import End, FleetHost, InsideLink, Location, Shape, Spot

Member = tuple[int, int]
"""Position of a chip in its host, eth channel."""


class PortAt(msgspec.Struct, frozen=True, order=True):
    """A port of a host: its tray and name, and the channels behind it whose chips are there. Where the tray
    is unknown (0), ``chip`` is the position in the host of the first chip on its card."""

    tray: int
    chip: int
    name: str
    members: tuple[Member, ...]
    is_cable: bool


UNKNOWN_TRAY = 0
"""Trays are counted from 1."""


def _card(spot: Spot, shape: Shape) -> tuple[int, int]:
    """What a port belongs to: the first tray of a card, or where nobody tells it, its first chip."""
    tray = shape.spots[spot.card].tray
    return (UNKNOWN_TRAY, spot.card) if tray is None else (tray, -1)


class ShapePorts:
    """The ports of equal hosts, and what their links inside make of them: worked out once for all of them."""

    def __init__(self, shape: Shape) -> None:
        self._spots = shape.spots
        self.by_member: dict[Member, PortAt] = {}
        chips = {
            (_card(spot, shape), spot.asic_location): index
            for index, spot in enumerate(shape.spots)
            if spot.asic_location is not None
        }
        for (card, location), index in chips.items():
            for printed in ports_of(shape.spots[index].board):
                members = tuple(
                    (chips[card, place.asic_location], place.channel)
                    for place in printed.places
                    if (card, place.asic_location) in chips
                )
                port = PortAt(*card, printed.name, members, not printed.linking)
                self.by_member |= {
                    (index, place.channel): port
                    for place in printed.places
                    if place.asic_location == location
                }
        uses = Counter(end for a, b, c, d in shape.links for end in ((a, b), (c, d)))
        self.used = frozenset(uses)
        self.double = frozenset(end for end, count in uses.items() if count > 1)
        touched = {port for link in shape.links for port in self._plugged(link)}
        self.partial = frozenset(port for port in touched if not self.used.issuperset(port.members))

    def _plugged(self, link: InsideLink) -> Iterator[PortAt]:
        """The ports of a link that a cable can make; one between a port and something else is the board's."""
        ports = self.by_member.get(link[:2]), self.by_member.get(link[2:])
        cards = {self._spots[link[0]].card, self._spots[link[2]].card}
        if len(cards) == 2 or None not in ports:
            yield from (port for port in ports if port is not None)


class Ports:
    """The ports of all hosts."""

    def __init__(self, hosts: Sequence[FleetHost]) -> None:
        self.hosts = hosts
        self._shapes: dict[int, ShapePorts] = {}

    def of_host(self, host: int) -> ShapePorts:
        """What is known of the ports of a host; the same object for equal hosts."""
        shape = self.hosts[host].shape
        shape_ports = self._shapes.get(id(shape))
        if shape_ports is None:
            shape_ports = self._shapes[id(shape)] = ShapePorts(shape)
        return shape_ports

    def at(self, end: End) -> PortAt | None:
        """The port that an end comes out of; None inside a tray, or where its place is unknown."""
        return self.of_host(end.host).by_member.get((end.chip, end.channel))

    def location(self, end: End) -> Location:
        """An end in a technician's words."""
        host = self.hosts[end.host]
        spot, port = host.shape.spots[end.chip], self.at(end)
        return Location(
            host=host.name,
            tray=spot.tray,
            chip=host.chip_ids[end.chip] if spot.tray is None else None,
            asic_location=spot.asic_location,
            channel=end.channel,
            port=None if port is None else port.name,
        )

    def plug_location(self, end: End) -> Location:
        """An end in a technician's words: behind a port, the port, whose channels stand together."""
        port = self.at(end)
        return self.location(end) if port is None else self.port_location(end.host, port)

    def port_location(self, host: int, port: PortAt) -> Location:
        """A port in a technician's words."""
        of = self.hosts[host]
        if port.tray == UNKNOWN_TRAY:
            return Location(host=of.name, tray=None, chip=of.chip_ids[port.chip], port=port.name)
        return Location(host=of.name, tray=port.tray, port=port.name)


def listed_links(hosts: Sequence[FleetHost], joined: Joined) -> Iterator[Pair]:
    """Every link of the fleet that at least one end lists and whose ends are both in it, the lower end first;
    once each."""
    for number, host in enumerate(hosts):
        for a, b, c, d in host.shape.links:
            yield End(number, a, b), End(number, c, d)
    yield from joined.between
    yield from {(min(pair), max(pair)) for pair in joined.one_sided}


class Contradiction(msgspec.Struct, frozen=True):
    """Links that cannot all be there: a channel is in two of them. ``ends`` are the channels in question."""

    ends: tuple[End, ...]
    links: tuple[Pair, ...]


def contradictions(hosts: Sequence[FleetHost], joined: Joined, ports: Ports) -> list[Contradiction]:
    """Channels that are in two links or more, with all links of theirs; those that hang together are one."""
    outside = [*joined.between, *{(min(pair), max(pair)) for pair in joined.one_sided}]
    uses = Counter(end for pair in outside for end in pair)
    uses.update(end for end, _, _ in joined.leaving)
    for end in uses:
        if (end.chip, end.channel) in ports.of_host(end.host).used:
            uses[end] += 1
    double = {end for end, count in uses.items() if count > 1}
    inside_hosts = {number for number in range(len(hosts)) if ports.of_host(number).double}
    for number in inside_hosts:
        double |= {End(number, *member) for member in ports.of_host(number).double}
    if not double:
        return []
    inside_hosts |= {end.host for end in double}
    links = [pair for pair in outside if double.intersection(pair)]
    for number in sorted(inside_hosts):
        for a, b, c, d in hosts[number].shape.links:
            pair = End(number, a, b), End(number, c, d)
            if double.intersection(pair):
                links.append(pair)
    return [
        Contradiction(
            tuple(sorted(double.intersection(end for pair in group for end in pair))), tuple(sorted(group))
        )
        for group in _components(links, ports)
        if group
    ]


def _components(links: Iterable[Pair], ports: Ports) -> Iterator[list[Pair]]:
    """Links in groups that share a port."""
    by_key: dict[object, list[Pair]] = defaultdict(list)
    for pair in links:
        for end in pair:
            by_key[_key(end, ports)].append(pair)
    known: set[object] = set()
    for start in by_key:
        if start in known:
            continue
        group: dict[Pair, None] = {}
        pending = [start]
        while pending:
            key = pending.pop()
            if key in known:
                continue
            known.add(key)
            for pair in by_key[key]:
                group[pair] = None
                pending += [_key(end, ports) for end in pair]
        yield list(group)


def _key(end: End, ports: Ports) -> object:
    port = ports.at(end)
    return end if port is None else (end.host, port.tray, port.chip, port.name)


class HalfPort(msgspec.Struct, frozen=True):
    """A cable of which some channels are up and some are not: one port, or the two that it joins."""

    ends: tuple[tuple[int, PortAt], ...]
    up: int
    channels: int


def half_ports(joined: Joined, ports: Ports, without: Iterable[End]) -> list[HalfPort]:
    """Ports with a channel in a link and a channel in none; once per cable. Links that either end lists
    count. ``without``: channels that are in two links, whose ports have a finding of their own."""
    outside: dict[int, set[Member]] = defaultdict(set)
    partner: dict[End, End] = {}
    for pair in (*joined.between, *joined.one_sided):
        for end, far_end in (pair, pair[::-1]):
            outside[end.host].add((end.chip, end.channel))
            partner[end] = far_end
    for end, _, _ in joined.leaving:
        outside[end.host].add((end.chip, end.channel))
    excluded = {(end.host, port) for end in without if (port := ports.at(end)) is not None}
    half: dict[tuple[int, PortAt], int] = {}
    for number in range(len(ports.hosts)):
        mine, used = ports.of_host(number), outside.get(number, set())
        candidates = set(mine.partial)
        candidates |= {port for member in used if (port := mine.by_member.get(member)) is not None}
        for port in candidates:
            up = sum(member in used or member in mine.used for member in port.members)
            if 0 < up < len(port.members) and (number, port) not in excluded:
                half[number, port] = up
    return list(_by_cable(half, partner, ports))


def _by_cable(
    half: dict[tuple[int, PortAt], int], partner: dict[End, End], ports: Ports
) -> Iterator[HalfPort]:
    """Half ports, the two ends of a cable together."""
    paired: set[tuple[int, PortAt]] = set()
    for (number, port), up in sorted(half.items()):
        if (number, port) in paired:
            continue
        paired.add((number, port))
        ends = [(number, port)]
        for far_port in _far_ports(number, port, partner, ports):
            if far_port in half and far_port not in paired:
                paired.add(far_port)
                ends.append(far_port)
        yield HalfPort(tuple(ends), up, len(port.members))


def _far_ports(
    number: int, port: PortAt, partner: dict[End, End], ports: Ports
) -> Iterator[tuple[int, PortAt]]:
    inside = {
        end: far_end
        for a, b, c, d in ports.hosts[number].shape.links
        for end, far_end in (((a, b), (c, d)), ((c, d), (a, b)))
    }
    for member in port.members:
        far_end = partner.get(End(number, *member))
        if far_end is None and member in inside:
            far_end = End(number, *inside[member])
        far_port = None if far_end is None else ports.at(far_end)
        if far_end is not None and far_port is not None:
            yield far_end.host, far_port
