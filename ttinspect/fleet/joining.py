"""Links between hosts: joined by unique id, as far as both ends tell of them."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ttinspect.model.fleet import End, FleetHost

Pair = tuple[End, End]
"""A link, the lower end first."""


class Overlap(msgspec.Struct, frozen=True):
    """Chips that two documents both have, by position of the hosts and unique id; ``same``: all of the
    smaller one's, which then is the same host twice."""

    first: int
    second: int
    unique_ids: tuple[int, ...]
    same: bool


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Links between hosts. ``one_sided`` are (the end that lists the link, the end that does not);
    ``leaving`` are ends whose far end is in no host of the fleet, with the unique id and channel there."""

    between: tuple[Pair, ...]
    one_sided: tuple[Pair, ...]
    leaving: tuple[tuple[End, int, int], ...]

    def pairs(self) -> Counter[tuple[int, int]]:
        """How many links both ends tell, by the positions of the two hosts."""
        return Counter((a.host, b.host) for a, b in self.between)


def overlaps(hosts: Sequence[FleetHost]) -> list[Overlap]:
    """Every pair of documents that have a chip in common, once."""
    owner: dict[int, int] = {}
    shared: dict[tuple[int, int], list[int]] = {}
    for index, host in enumerate(hosts):
        for unique_id in {chip_id for chip_id in host.unique_ids if chip_id is not None}:
            first = owner.setdefault(unique_id, index)
            if first != index:
                shared.setdefault((first, index), []).append(unique_id)
    return [
        Overlap(
            first,
            second,
            tuple(sorted(ids)),
            len(ids) >= min(len(hosts[first].unique_ids), len(hosts[second].unique_ids)),
        )
        for (first, second), ids in sorted(shared.items())
    ]


def counted_once(hosts: Sequence[FleetHost], overlaps: Iterable[Overlap]) -> set[int]:
    """Positions of the documents that are not counted, as another one is of the same host: of two, the older;
    where no time is known, the one with fewer known trays, else the second."""
    dropped: set[int] = set()
    for overlap in overlaps:
        if not overlap.same or {overlap.first, overlap.second} & dropped:
            continue
        first, second = hosts[overlap.first], hosts[overlap.second]
        fewer = len(first.unique_ids) < len(second.unique_ids)
        if first.time_ns is None or second.time_ns is None or first.time_ns == second.time_ns:
            older = _known_places(first) < _known_places(second)
        else:
            older = first.time_ns < second.time_ns
        dropped.add(overlap.first if fewer or older else overlap.second)
    return dropped


def _known_places(host: FleetHost) -> int:
    return sum(spot.tray is not None for spot in host.shape.spots)


def hosts_once(hosts: Sequence[FleetHost], overlaps: Sequence[Overlap]) -> tuple[FleetHost, ...]:
    """The hosts, each once, with the names that its other documents give it."""
    dropped = counted_once(hosts, overlaps)
    names: dict[int, list[str]] = {}
    for overlap in overlaps:
        for kept, other in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
            if overlap.same and other in dropped and kept not in dropped:
                names.setdefault(kept, []).append(hosts[other].name)
    return tuple(
        msgspec.structs.replace(host, also_named=tuple(names[number])) if number in names else host
        for number, host in enumerate(hosts)
        if number not in dropped
    )


def joined(hosts: Sequence[FleetHost]) -> Joined:
    """Links that leave hosts, joined. A chip that several hosts have is that of the first."""
    index = _index(hosts)
    listed: set[Pair] = set()
    leaving = []
    for number, host in enumerate(hosts):
        for chip, channel, unique_id, far_channel in host.outside:
            other_end = index.get(unique_id)
            if other_end is None:
                leaving.append((End(number, chip, channel), unique_id, far_channel))
            elif other_end[0] != number:
                listed.add((End(number, chip, channel), End(*other_end, far_channel)))
    between = [pair for pair in listed if pair[0] < pair[1] and (pair[1], pair[0]) in listed]
    one_sided = [pair for pair in listed if (pair[1], pair[0]) not in listed]
    return Joined(between=tuple(sorted(between)), one_sided=tuple(sorted(one_sided)), leaving=tuple(leaving))


def _index(hosts: Sequence[FleetHost]) -> dict[int, tuple[int, int]]:
    owners: dict[int, tuple[int, int]] = {}
    for number, host in enumerate(hosts):
        for chip, unique_id in enumerate(host.unique_ids):
            if unique_id is not None:
                owners.setdefault(unique_id, (number, chip))
    aliases = Counter(alias for host in hosts for alias in host.aliases if alias is not None)
    for number, host in enumerate(hosts):
        for chip, alias in enumerate(host.aliases):
            if alias is not None and aliases[alias] == 1:
                owners.setdefault(alias, (number, chip))
    return owners
