"""Which host of a fleet is which host of a cabling, and which cards sit elsewhere than there."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.wording import first_of
from ttinspect.model.fleet import Cabling, FleetHost

_NAMES_SHOWN = 8
TrayAt = tuple[int, int]
"""Position of a host in the cabling, tray."""


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """``of_host`` is the position in the cabling by the position in the fleet; hosts that the cabling does
    not know are not in it. ``by_asic_id``: the cabling tells unique ids, and some were found."""

    of_host: Mapping[int, int]
    by_asic_id: bool


def matched(hosts: Sequence[FleetHost], cabling: Cabling, map_host: Mapping[str, str]) -> Matching:
    """Hosts by --map-host (name in the fleet: name in the cabling), then by the unique ids that a GSD tells,
    then by name: as it is, then without domain and case where that means one host only.

    Raises:
        InspectError: 2 when --map-host names a host that is not there.
    """
    names = {host.name: index for index, host in enumerate(cabling.hosts)}
    known = {name for host in hosts for name in (host.name, *host.also_named)}
    for ours, theirs in map_host.items():
        if ours not in known:
            raise InspectError(
                f"--map-host {ours}={theirs}", f"the fleet has no host {ours}", f"it has {_some(known)}"
            )
        if theirs not in names:
            raise InspectError(
                f"--map-host {ours}={theirs}",
                f"the cabling has no host {theirs}",
                f"it has {_some(names)}",
            )
    owner = {
        unique_id: index for index, host in enumerate(cabling.hosts) for unique_id in host.asic_ids.values()
    }
    short = Counter(_short(name) for name in names)
    by_short = {_short(name): index for name, index in names.items() if short[_short(name)] == 1}
    of_host: dict[int, int] = {}
    seen = False
    for number, host in enumerate(hosts):
        votes = Counter(
            owner[chip_id] for chip_id in host.unique_ids if chip_id is not None and chip_id in owner
        )
        seen = seen or bool(votes)
        index: int | None
        called = (host.name, *host.also_named)
        mapped = next((map_host[name] for name in called if name in map_host), None)
        if mapped is not None:
            index = names[mapped]
        elif votes:
            index = votes.most_common(1)[0][0]
        else:
            exact = (names[name] for name in called if name in names)
            short_names = (by_short[_short(name)] for name in called if _short(name) in by_short)
            index = next(exact, next(short_names, None))
        if index is not None and index not in of_host.values():
            of_host[number] = index
    return Matching(of_host=of_host, by_asic_id=seen)


def _some(names: Iterable[str]) -> str:
    return first_of(sorted(names), _NAMES_SHOWN)


def _short(name: str) -> str:
    return name.partition(".")[0].lower()


def moved_by_asic_id(
    hosts: Sequence[FleetHost],
    cabling: Cabling,
    matching: Matching,
    card_at: Callable[[TrayAt], TrayAt],
) -> dict[TrayAt, TrayAt]:
    """Trays whose chips the cabling has in another one: where they are found, and where they should be.
    ``card_at`` gives the tray that a card is called by, where it is in several."""
    should = {
        unique_id: card_at((index, tray))
        for index, host in enumerate(cabling.hosts)
        for (tray, _), unique_id in host.asic_ids.items()
    }
    votes: dict[TrayAt, Counter[TrayAt]] = {}
    for number, index in matching.of_host.items():
        host = hosts[number]
        for spot, unique_id in zip(host.shape.spots, host.unique_ids, strict=True):
            if spot.tray is not None and unique_id in should:
                votes.setdefault(card_at((index, spot.tray)), Counter())[should[unique_id]] += 1
    agreed = {place: count.most_common(1)[0][0] for place, count in votes.items()}
    return {place: target for place, target in agreed.items() if place != target}


def cycles(moves: Mapping[TrayAt, TrayAt]) -> list[tuple[TrayAt, ...]]:
    """Moves that hang together, each once: two trays that were exchanged are one."""
    pending = dict(moves)
    chains = []
    while pending:
        start = min(pending)
        chain = [start]
        while chain[-1] in pending:
            following = pending.pop(chain[-1])
            if following in chain:
                break
            chain.append(following)
        # what leads into the start belongs to it
        before = {target: place for place, target in pending.items()}
        while chain[0] in before:
            chain.insert(0, before[chain[0]])
            del pending[chain[0]]
            before = {target: place for place, target in pending.items()}
        chains.append(tuple(chain))
    return chains
