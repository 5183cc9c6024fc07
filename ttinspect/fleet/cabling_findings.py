"""What differs from a cabling, as findings: once per cable, host or card."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ttinspect.facts.wording import plural, verb
from ttinspect.fleet.comparison import BoardDiffers, Cable, Comparison, Crossed, Exchange, Moved, Plug
from ttinspect.fleet.matching import TrayAt
from ttinspect.fleet.rules import (
    CABLE_CROSSED,
    CABLE_MISSING,
    CABLE_NOT_IN_CABLING,
    HOST_MISSING,
    NOT_IN_CABLING,
    NOTHING_COMPARED,
    OTHER_BOARD,
    OTHER_PLACE,
    FleetRule,
)
from ttinspect.fleet.words import (
    channel_words,
    listed_briefly,
    names_listed,
    place_words,
    rack_words,
)
from ttinspect.model.finding import Finding
from ttinspect.model.fleet import Cabling, FleetHost, Location

_HOW = {
    Exchange.CARDS_OR_CABLES: ", or all their cables",
    Exchange.CARDS_WITH_CABLES: ", with their cables (known by the ids of the chips)",
    Exchange.CARDS_ALONE: ", but not their cables (known by the ids of the chips)",
    Exchange.CABLES_ALONE: " in their cables: the chips are where they should be",
}


def cabling_findings(
    hosts: Sequence[FleetHost], cabling: Cabling, comparison: Comparison
) -> Iterator[Finding]:
    """TTF005 to 007, 010 to 012 and 015 of a comparison."""
    return _Findings(hosts, cabling, comparison).all()


def plug_location(plug: Plug, names: Sequence[str]) -> Location:
    """A plug as a Location; ``names`` are those of the hosts of the cabling."""
    index, tray, port, location, channel = plug
    if port:
        return Location(host=names[index], tray=tray, port=port)
    return Location(host=names[index], tray=tray, asic_location=location, channel=channel)


def host_names(hosts: Sequence[FleetHost], cabling: Cabling, comparison: Comparison) -> list[str]:
    """Names of the hosts of a cabling, as the fleet calls those that it has."""
    names = [host.name for host in cabling.hosts]
    for number, index in comparison.matching.of_host.items():
        names[index] = hosts[number].name
    return names


def _trays(trays: Sequence[int]) -> str:
    return f"tray{'s' if len(trays) > 1 else ''} {', '.join(map(str, trays))}"


def _two_cards(first: Sequence[TrayAt], second: Sequence[TrayAt]) -> str:
    """ "trays 1 and 3"; of cards in several trays "trays 1, 2 and trays 3, 4"."""
    if len(first) == len(second) == 1:
        return f"trays {first[0][1]} and {second[0][1]}"
    return " and ".join(_trays(sorted(tray for _, tray in card)) for card in (first, second))


class _Findings:
    """The findings of a comparison, with hosts by the names that the fleet gives them."""

    def __init__(self, hosts: Sequence[FleetHost], cabling: Cabling, comparison: Comparison) -> None:
        self.hosts, self.cabling, self.comparison = hosts, cabling, comparison
        self.names = host_names(hosts, cabling, comparison)
        self.racks = dict(zip(self.names, cabling.hosts, strict=True))

    def all(self) -> Iterator[Finding]:
        """In the order of the ids."""
        if not self.comparison.matching.of_host and self.hosts:
            yield self._no_match()
            return
        for cable in self.comparison.missing:
            yield self._cable(CABLE_MISSING, cable, "is missing: neither end lists it")
        for cable in self.comparison.unexpected:
            yield self._cable(CABLE_NOT_IN_CABLING, cable, f"is there, and not in {self.cabling.file}")
        yield from map(self._crossed, self.comparison.crossed)
        for index in self.comparison.missing_hosts:
            name = self.names[index]
            where = " ".join(filter(None, (name, rack_words(self.cabling.hosts[index]))))
            yield HOST_MISSING.finding_of(
                f"{where} is in {self.cabling.file}, and no document is of it",
                host=name,
                hosts=[name],
            )
        yield from map(self._board, self.comparison.boards)
        yield from map(self._moved, self.comparison.moved)
        yield from self._unknown()

    def _no_match(self) -> Finding:
        ours, theirs = names_listed(host.name for host in self.hosts), names_listed(self.names)
        return NOT_IN_CABLING.finding_of(
            f"no host of the fleet ({ours}) is in {self.cabling.file} ({theirs}): nothing was compared. "
            "Match names with --map-host HERE=THERE",
            NOTHING_COMPARED,
            hosts=[host.name for host in self.hosts],
        )

    def _words(self, cable: Cable) -> str:
        near, far = (place_words(plug_location(plug, self.names), self.racks) for plug in cable)
        return f"{near} - {far}"

    def _with_channels(self, cable: Cable) -> str:
        links = self.comparison.links.get(cable, ())
        if not links or not cable[0][2]:
            return self._words(cable)
        near = {end[2:] for pair in links for end in pair if self.comparison.plugs[end] == cable[0]}
        return f"{self._words(cable)} ({channel_words(near)})"

    def _cable(self, rule: FleetRule, cable: Cable, what: str) -> Finding:
        return rule.finding_of(
            f"{self._with_channels(cable)} {what}",
            hosts=self._hosts((cable,)),
            cable=self._words(cable),
        )

    def _hosts(self, cables: Iterable[Cable]) -> list[str]:
        return list(dict.fromkeys(self.names[plug[0]] for cable in cables for plug in cable))

    def _crossed(self, crossed: Crossed) -> Finding:
        should, are = (
            [self._words(cable) for cable in crossed.expected],
            [self._words(cable) for cable in crossed.found],
        )
        what = plural(max(len(should), len(are)), "cable")
        return CABLE_CROSSED.finding_of(
            f"{what} crossed. Should be: {listed_briefly(should)}. "
            f"{'Are' if len(are) > 1 else 'Is'}: {listed_briefly(are)}",
            hosts=self._hosts((*crossed.expected, *crossed.found)),
            expected=should,
            found=are,
        )

    def _board(self, board_differs: BoardDiffers) -> Finding:
        name = self.names[board_differs.host]
        trays = _trays(board_differs.trays)
        where = " ".join(filter(None, (name, rack_words(self.cabling.hosts[board_differs.host]), trays)))
        is_there = f"there is {board_differs.found}" if board_differs.found else "there is none"
        return OTHER_BOARD.finding_of(
            f"{where}: the cabling has {board_differs.expected}, {is_there}",
            host=name,
            hosts=[name],
            trays=list(board_differs.trays),
            expected=board_differs.expected,
            found=board_differs.found,
        )

    def _moved(self, moved: Moved) -> Finding:
        places = dict(moved.places)
        names = list(dict.fromkeys(self.names[index] for index, _ in places))
        exchanged = self._is_exchange(places)
        empty = [place for place in places if place not in {*self._filled()}]
        if exchanged and len(names) == 1 and not empty:
            (first, second) = sorted({self.comparison.cards.get(place, (place,)) for place in places})
            others = [self._two_trays(pair, names[0]) for pair in moved.alike]
            what = " or ".join((f"{names[0]}: {_two_cards(first, second)} exchanged", *others))
        else:
            moves = [
                f"what is in {self.names[index]} tray {tray} should be in "
                f"{self.names[target[0]]} tray {target[1]}"
                for (index, tray), target in sorted(places.items())
                if (index, tray) not in empty
            ]
            what = listed_briefly(moves)
        how = _HOW[moved.what]
        return OTHER_PLACE.finding_of(
            f"{what}{how}",
            hosts=list(
                dict.fromkeys(
                    (
                        *names,
                        *(self.names[target[0]] for target in places.values()),
                        *(self.names[pair[0][0]] for pair in moved.alike),
                    )
                )
            ),
            trays=[f"{self.names[index]} tray {tray}" for index, tray in sorted(places)],
        )

    def _is_exchange(self, places: Mapping[TrayAt, TrayAt]) -> bool:
        """Whether two cards are in each other's places."""
        cards = {self.comparison.cards.get(place, (place,)) for place in places}
        return len(cards) == 2 and all(places.get(target) == place for place, target in places.items())

    def _two_trays(self, pair: tuple[TrayAt, TrayAt], of: str) -> str:
        name = self.names[pair[0][0]]
        first, second = (self.comparison.cards.get(place, (place,)) for place in pair)
        return _two_cards(first, second) + ("" if name == of else f" of {name}")

    def _filled(self) -> set[tuple[int, int]]:
        return {
            (index, spot.tray)
            for number, index in self.comparison.matching.of_host.items()
            for spot in self.hosts[number].shape.spots
            if spot.tray is not None
        }

    def _unknown(self) -> Iterator[Finding]:
        for number in self.comparison.unknown_hosts:
            name = self.hosts[number].name
            yield NOT_IN_CABLING.finding_of(f"{name} is not in {self.cabling.file}", host=name, hosts=[name])
        for places in self.comparison.unknown_trays:
            name = self.names[places[0][0]]
            yield NOT_IN_CABLING.finding_of(
                f"{name} {_trays([tray for _, tray in places])} {verb(len(places), 'is', 'are')} not in "
                f"{self.cabling.file}",
                host=name,
                hosts=[name],
                trays=[tray for _, tray in places],
            )
        for number in self.comparison.unplaced_hosts:
            host = self.hosts[number]
            yield NOT_IN_CABLING.finding_of(
                f"{host.name}: nobody tells which trays its cards are in, as its motherboard is unknown; "
                "its cables were not compared",
                NOTHING_COMPARED,
                host=host.name,
                hosts=[host.name],
            )
