"""What is there against what the cabling says: per cable, host or card, never per channel."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from ttinspect.facts.boards import board_meant
from ttinspect.facts.trays import has_trays
from ttinspect.facts.wiring import Place, inside_links, port_at, port_named
from ttinspect.fleet.comparison import (
    BoardDiffers,
    Cable,
    Comparison,
    Exchange,
    Moved,
    Plug,
    cable_of,
    can_be_wrong,
    crossed_among,
)
from ttinspect.fleet.matching import Matching, TrayAt, cycles, matched, moved_by_asic_id
from ttinspect.fleet.ports import Ports
from ttinspect.model.arch import Board
from ttinspect.model.fleet import CabledEnd, Cabling, End, FleetHost

_TWO_CROSSED_CABLES = 4
"""Differences that two crossed cables make: two missing, two unexpected. More are a card's."""


def compare(
    hosts: Sequence[FleetHost],
    ports: Ports,
    links: Iterable[tuple[End, End]],
    cabling: Cabling,
    map_host: Mapping[str, str],
    unreadable: frozenset[str] = frozenset(),
    doubtful: Iterable[End] = (),
) -> Comparison:
    """Hold the links of a fleet (those that either end lists) against its cabling. ``unreadable`` are the
    names of hosts that are there, but could not be read; ``doubtful`` are channels in two links, whose cables
    are not judged.

    Raises:
        InspectError: 2 when ``map_host`` names a host that is not there.
    """
    return _Compare(hosts, ports, cabling, matched(hosts, cabling, map_host), unreadable).run(links, doubtful)


class _Compare:
    """A fleet beside its cabling, whose hosts, trays and ends are named by their position in the cabling."""

    def __init__(
        self,
        hosts: Sequence[FleetHost],
        ports: Ports,
        cabling: Cabling,
        matching: Matching,
        unreadable: frozenset[str],
    ) -> None:
        self.hosts, self.ports, self.cabling, self.matching = hosts, ports, cabling, matching
        self.fleet_of = {index: number for number, index in matching.of_host.items()}
        self.unreadable = unreadable
        self.boards = self._boards_of_trays()
        self.cards = self._cards_of_trays()
        self.wanted_trays = self._trays_wanted()
        self.expected = self._expected_cables()

    def has_unknown_tray(self, index: int, relabel: Mapping[TrayAt, TrayAt]) -> bool:
        """Whether a card is in a tray that the cabling does not know."""
        return not self._trays_filled(index, relabel) <= self.wanted_trays[index]

    def run(self, links: Iterable[tuple[End, End]], doubtful: Iterable[End]) -> Comparison:
        """All of it: cards first: a cable that hangs on a wrong card is not wrong itself."""
        missing_hosts = tuple(index for index in range(len(self.cabling.hosts)) if index not in self.fleet_of)
        unplaced = tuple(
            number
            for number in sorted(self.matching.of_host)
            if not any(spot.tray is not None for spot in self.hosts[number].shape.spots)
        )
        blind = {self.matching.of_host[number] for number in unplaced}
        compared = {*self.fleet_of} - blind
        cabled_links = self._cabled(links)
        moved, relabel = self._moved(cabled_links, compared)
        boards, unknown_trays = self._boards(compared, relabel, self._cabled_trays(cabled_links, relabel))
        silent = {self.card_at((board.host, tray)) for board in boards for tray in board.trays}
        silent |= {place for places in unknown_trays for place in places}
        plugs = {self._plug(end, as_built=True) for each in doubtful if (end := self._end(each)) is not None}
        skip, expected = _Skip(compared, silent, plugs), self.expected
        cables = self.cables_of(cabled_links, relabel)
        listed = {cable for cable in expected if not skip(cable) and (cable in cables or self._can_be(cable))}
        present = {cable for cable in cables if not skip(cable)}
        missing, unexpected = listed - present, {cable for cable in present - listed if can_be_wrong(cable)}
        wrong = missing | unexpected
        partly = {cable for cable in listed & present if len(cables[cable]) < len(expected[cable])}
        crossed, missing, unexpected = crossed_among(missing, unexpected)
        return Comparison(
            matching=self.matching,
            expected=sum(max(1, len(expected[cable])) for cable in listed),
            found=sum(min(max(1, len(expected[cable])), len(cables[cable])) for cable in listed & present),
            cables=len(listed),
            missing=tuple(sorted(missing)),
            unexpected=tuple(sorted(unexpected)),
            crossed=tuple(crossed),
            moved=tuple(moved),
            boards=tuple(boards),
            missing_hosts=tuple(
                index for index in missing_hosts if self.cabling.hosts[index].name not in self.unreadable
            ),
            unknown_hosts=tuple(
                number for number in range(len(self.hosts)) if number not in self.matching.of_host
            ),
            unknown_trays=tuple(unknown_trays),
            unplaced_hosts=unplaced,
            boards_judged=frozenset(
                self.fleet_of[index] for index in compared if self.cabling.hosts[index].boards
            ),
            links={
                cable: tuple(sorted(ends))
                for cable, ends in (*expected.items(), *cables.items())
                if cable in wrong
            },
            cards=self.cards,
            plugs=self._plugs_of(wrong, partly, cables),
            partly={cable: tuple(sorted(expected[cable] - cables[cable])) for cable in sorted(partly)},
            wanted_channels={
                plug[:3]: len(ends) for cable, ends in expected.items() for plug in cable if plug[2] and ends
            },
        )

    def _boards_of_trays(self) -> dict[TrayAt, Board | None]:
        return {
            (index, spot.tray): spot.board
            for number, index in self.matching.of_host.items()
            for spot in self.hosts[number].shape.spots
            if spot.tray is not None
        }

    def _cards_of_trays(self) -> dict[TrayAt, tuple[TrayAt, ...]]:
        """The trays that a card is in, by each of them, in the order of its ASIC locations: two chips of a
        card can count as a tray each."""
        cards: dict[tuple[int, int], dict[TrayAt, int]] = defaultdict(dict)
        for number, index in self.matching.of_host.items():
            for spot in self.hosts[number].shape.spots:
                if spot.tray is not None:
                    cards[index, spot.card].setdefault((index, spot.tray), spot.asic_location or 0)
        ordered = [tuple(sorted(trays, key=lambda tray: trays[tray])) for trays in cards.values()]
        return {place: trays for trays in ordered for place in trays}

    def card_at(self, place: TrayAt) -> TrayAt:
        """The tray that a card is called by, its lowest: all its ports are there."""
        return min(self.cards.get(place, (place,)))

    def whole_cards(self, moves: Mapping[TrayAt, TrayAt]) -> dict[TrayAt, TrayAt]:
        """Moves of cards as those of all the trays that they are in."""
        whole = dict(moves)
        for place, target in moves.items():
            mine, theirs = self.cards.get(place, (place,)), self.cards.get(target, (target,))
            if len(mine) == len(theirs):
                whole |= zip(mine, theirs, strict=True)
        return whole

    def _plugs_of(
        self,
        wrong: Iterable[Cable],
        partly: Iterable[Cable],
        present: Mapping[Cable, set[tuple[CabledEnd, CabledEnd]]],
    ) -> dict[CabledEnd, Plug]:
        """The plug of every end of the cables that a finding is about."""
        return {
            end: self._plug(end, as_built=cable not in self.expected)
            for cable in (*wrong, *partly)
            for pair in (*self.expected.get(cable, ()), *present.get(cable, ()))
            for end in pair
        }

    def _trays_wanted(self) -> dict[int, set[int]]:
        """The trays that the cabling knows, by host: of its boards, else of its cables."""
        wanted: dict[int, set[int]] = {
            index: set(host.boards) for index, host in enumerate(self.cabling.hosts)
        }
        for index, host in enumerate(self.cabling.hosts):
            if not host.boards:
                wanted[index] |= {end[1] for pair in self.cabling.links for end in pair if end[0] == index}
                wanted[index] |= {end[1] for pair in self.cabling.cables for end in pair if end[0] == index}
        return {index: {self.card_at((index, tray))[1] for tray in wanted[index]} for index in wanted}

    def _cabled(self, links: Iterable[tuple[End, End]]) -> list[tuple[CabledEnd, CabledEnd]]:
        """Links whose both ends have a place that a cabling can name."""
        ends = ((self._end(a), self._end(b)) for a, b in links)
        return [(a, b) for a, b in ends if a is not None and b is not None]

    def _end(self, end: End) -> CabledEnd | None:
        index = self.matching.of_host.get(end.host)
        spot = self.hosts[end.host].shape.spots[end.chip]
        if index is None or spot.tray is None or spot.asic_location is None:
            return None
        return index, spot.tray, spot.asic_location, end.channel

    def _plug(self, end: CabledEnd, as_built: bool = False) -> Plug:
        """The plug of an end, on the board that the cabling has there, or ``as_built`` on the real one."""
        index, tray, location, channel = end
        board = self._board(index, tray, as_built)
        port = port_at(board, location, channel)
        card = self.card_at((index, tray))
        return (*card, "", location, channel) if port is None else (*card, port.name, 0, 0)

    def _board(self, index: int, tray: int, as_built: bool) -> Board | None:
        wanted = self.cabling.hosts[index].boards.get(tray)
        named = None if wanted is None or as_built else board_meant(wanted)
        return named or self.boards.get((index, tray)) or (None if wanted is None else board_meant(wanted))

    def _can_be(self, cable: Cable) -> bool:
        """False of a link inside a card that a cabling has, and no such board: tt-metal's table has other
        channels inside a p300 than the descriptors of real ones."""
        (near, far), board = cable, self._board(*cable[0][:2], as_built=True)
        if near[:2] != far[:2] or (near[2] and far[2]) or has_trays(board):
            return True
        links = {frozenset((link.a, link.b)) for link in inside_links(board)}
        return not links or any(
            frozenset(Place(end[2], end[3]) for end in pair) in links for pair in self.expected[cable]
        )

    def _expected_cables(self) -> dict[Cable, set[tuple[CabledEnd, CabledEnd]]]:
        expected: dict[Cable, set[tuple[CabledEnd, CabledEnd]]] = defaultdict(set)
        for pair in self.cabling.links:
            expected[cable_of(*(self._plug(end) for end in pair))].add(pair)
        for cable in self.cabling.cables:
            plugs = []
            for index, tray, name in cable:
                board = self._board(index, tray, as_built=False)
                port = port_named(board, name)
                place = self.card_at((index, tray))
                plugs.append((*place, name if port is None else port.name, 0, 0))
            expected.setdefault(cable_of(*plugs), set())
        return expected

    def _cabled_trays(
        self, links: Iterable[tuple[CabledEnd, CabledEnd]], relabel: Mapping[TrayAt, TrayAt]
    ) -> set[TrayAt]:
        """Trays that somebody plugged a cable into."""
        return {plug[:2] for cable in self.cables_of(links, relabel) if can_be_wrong(cable) for plug in cable}

    def cables_of(
        self, links: Iterable[tuple[CabledEnd, CabledEnd]], relabel: Mapping[TrayAt, TrayAt]
    ) -> dict[Cable, set[tuple[CabledEnd, CabledEnd]]]:
        """The cables that links make, each with its links."""
        cables: dict[Cable, set[tuple[CabledEnd, CabledEnd]]] = defaultdict(set)
        sheet = bool(self.cabling.cables)
        for pair in links:
            ends = [self._relabelled(end, relabel) for end in pair]
            cable = cable_of(*(self._plug(end, as_built=True) for end in ends))
            if not sheet or (cable[0][2] and cable[1][2]):
                cables[cable].add((min(ends), max(ends)))
        return cables

    def _relabelled(self, end: CabledEnd, relabel: Mapping[TrayAt, TrayAt]) -> CabledEnd:
        """An end under the name of the tray that it should be in. Linking boards are of the chassis: they
        join slots, whichever tray is in them and wherever its cables go."""
        place = relabel.get((end[0], end[1]))
        if place is None:
            return end
        board = self._board(end[0], end[1], as_built=True)
        port = port_at(board, end[2], end[3])
        moves = not has_trays(board) if port is None else not port.linking
        return (*place, end[2], end[3]) if moves else end

    def _boards(
        self, compared: set[int], relabel: Mapping[TrayAt, TrayAt], cabled: set[TrayAt]
    ) -> tuple[list[BoardDiffers], list[tuple[TrayAt, ...]]]:
        """Trays with another board than they should have, or none; trays that the cabling does not know: of
        one that tells no boards those that are ``cabled``, for it says nothing of others."""
        differing: dict[tuple[int, str, str | None], list[int]] = defaultdict(list)
        unknown: dict[TrayAt, list[TrayAt]] = defaultdict(list)
        boards = {relabel.get(place, place): board for place, board in self.boards.items()}
        for index in sorted(compared):
            wanted = self.cabling.hosts[index].boards
            for tray, name in sorted(wanted.items()):
                meant = board_meant(name)
                if (index, tray) not in boards:
                    differing[index, name, None].append(tray)
                elif meant is not None and boards[index, tray] not in (None, meant):
                    board = boards[index, tray]
                    differing[index, name, None if board is None else board.value].append(tray)
            if self.wanted_trays[index]:
                for place in sorted(boards):
                    card = self.card_at(place)
                    known = place[0] != index or card[1] in self.wanted_trays[index]
                    if not known and (wanted or card in cabled):
                        unknown[card].append(place)
        return [
            BoardDiffers(index, tuple(trays), expected, board)
            for (index, expected, board), trays in sorted(differing.items(), key=lambda item: str(item[0]))
        ], [tuple(places) for places in unknown.values()]

    def _moved(
        self, links: Sequence[tuple[CabledEnd, CabledEnd]], compared: set[int]
    ) -> tuple[list[Moved], dict[TrayAt, TrayAt]]:
        """Cards in other places, and the names of trays under which the cables are then compared."""
        look = _Look(self, links, compared)
        moved, relabel = self._moved_by_asic_id(look)
        known = self.matching.by_asic_id
        for index in sorted(look.wrong_hosts(relabel)):
            before = look.differences({index}, relabel)
            for trial, empty in self._trials(index, before, look, relabel):
                after = look.differences({index}, relabel | trial)
                settled = not any(plug[:2] in trial for cable in after for plug in cable)
                if settled and (empty or len(before) - len(after) > _TWO_CROSSED_CABLES):
                    what = Exchange.CABLES_ALONE if known else Exchange.CARDS_OR_CABLES
                    alike = self._alike(trial, before, look, relabel) if not empty else ()
                    moved.append(Moved(tuple(sorted(trial.items())), what, alike))
                    relabel |= trial
                    break
        return moved, relabel

    def _alike(
        self,
        chosen: Mapping[TrayAt, TrayAt],
        wrong: Iterable[Cable],
        look: "_Look",
        relabel: Mapping[TrayAt, TrayAt],
    ) -> tuple[tuple[TrayAt, TrayAt], ...]:
        """Other exchanges of two trays that explain the wrong cables of a host as well: a cabling that is
        symmetrical does not tell them apart."""
        indices = {plug[0] for cable in wrong for plug in cable}
        left = len(look.differences(indices, {**relabel, **chosen}))
        pairs = []
        for index in sorted(indices):
            for trial, empty in self._trials(index, look.differences({index}, relabel), look, relabel):
                cards = sorted({self.card_at(place) for place in trial})
                if empty or len(cards) > 2 or trial == chosen:
                    continue
                if len(look.differences(indices, {**relabel, **trial})) <= left:
                    pairs.append((cards[0], cards[1]))
        return tuple(pairs)

    def _moved_by_asic_id(self, look: "_Look") -> tuple[list[Moved], dict[TrayAt, TrayAt]]:
        if not self.matching.by_asic_id:
            return [], {}
        moves = moved_by_asic_id(self.hosts, self.cabling, self.matching, self.card_at)
        relabel: dict[TrayAt, TrayAt] = {}
        moved = []
        for chain in cycles(moves):
            mine = self.whole_cards({place: moves[place] for place in chain if place in moves})
            indices = {place[0] for place in (*mine, *mine.values())}
            without, trial = look.differences(indices, relabel), relabel | mine
            with_cables = len(look.differences(indices, trial)) < len(without)
            if with_cables:
                relabel = trial
            what = Exchange.CARDS_WITH_CABLES if with_cables else Exchange.CARDS_ALONE
            moved.append(Moved(tuple(sorted(mine.items())), what))
        return moved, relabel

    def _trials(
        self, index: int, wrong: Iterable[Cable], look: "_Look", relabel: Mapping[TrayAt, TrayAt]
    ) -> Iterator[tuple[dict[TrayAt, TrayAt], bool]]:
        """Trays of a host that can be in each other's places: as the far ends of their cables say, and pairs
        of which cables are wrong. The second is whether one of a pair is empty, and the other one is none
        that the cabling knows."""
        voted = look.voted(index, relabel)
        if len(voted) > 2:
            yield self.whole_cards(voted), False
        touched = {plug[1] for cable in wrong for plug in cable if plug[0] == index}
        filled = self._trays_filled(index, relabel)
        wanted = self.wanted_trays[index]
        for first, other in combinations(sorted(filled | wanted), 2):
            empty = any(
                a in wanted - filled and b in filled - wanted for a, b in ((first, other), (other, first))
            )
            if empty or (first in touched and other in touched):
                pair = {(index, first): (index, other), (index, other): (index, first)}
                yield self.whole_cards(pair), empty

    def _trays_filled(self, index: int, relabel: Mapping[TrayAt, TrayAt]) -> set[int]:
        """The trays of a host that cards are in, under the names that they are compared with."""
        places = (relabel.get(place, place) for place in self.boards)
        return {self.card_at((of, tray))[1] for of, tray in places if of == index}


class _Look:
    """The links and cables of some hosts, compared under other names of trays."""

    def __init__(
        self, whole: _Compare, links: Sequence[tuple[CabledEnd, CabledEnd]], compared: set[int]
    ) -> None:
        self._whole, self._skip = whole, _Skip(compared, set())
        self._links: dict[int, list[tuple[CabledEnd, CabledEnd]]] = defaultdict(list)
        for pair in links:
            for index in {pair[0][0], pair[1][0]}:
                self._links[index].append(pair)
        self._expected: dict[int, set[Cable]] = defaultdict(set)
        for cable in whole.expected:
            for index in {cable[0][0], cable[1][0]}:
                self._expected[index].add(cable)
        self._compared = compared

    def wrong_hosts(self, relabel: Mapping[TrayAt, TrayAt]) -> set[int]:
        """Hosts of which a cable is missing or unexpected, or a card."""
        return {
            index
            for index in self._compared
            if self.differences({index}, relabel) or self._whole.has_unknown_tray(index, relabel)
        }

    def voted(self, index: int, relabel: Mapping[TrayAt, TrayAt]) -> dict[TrayAt, TrayAt]:
        """Where the trays of a host should be as the far ends of their cables say; nothing where these do not
        agree, or no tray is in another place."""
        should: dict[Plug, Plug] = {}
        for cable in self._expected[index]:
            should |= {cable[0]: cable[1], cable[1]: cable[0]}
        votes: dict[TrayAt, set[TrayAt]] = defaultdict(set)
        for cable in self._whole.cables_of(self._links[index], relabel):
            for near, far in (cable, cable[::-1]):
                peer = should.get(far)
                if (
                    near[0] == index != far[0]
                    and peer is not None
                    and peer[0] == index
                    and peer[2] == near[2]
                ):
                    votes[near[:2]].add(peer[:2])
        agreed = {place: next(iter(targets)) for place, targets in votes.items() if len(targets) == 1}
        moves = {place: target for place, target in agreed.items() if place != target}
        return moves if len(agreed) == len(votes) and {*moves} == {*moves.values()} else {}

    def differences(self, indices: set[int], relabel: Mapping[TrayAt, TrayAt]) -> set[Cable]:
        """Cables of these hosts that are missing or unexpected."""
        links = dict.fromkeys(pair for index in indices for pair in self._links[index])
        keys = self._whole.cables_of(links, relabel).keys()
        expected = {cable for index in indices for cable in self._expected[index]}
        return {
            cable
            for cable in keys ^ expected
            if not self._skip(cable) and (cable in expected or can_be_wrong(cable))
        }


class _Skip:
    """Whether a cable is not compared: a host of it is missing, or another finding is about its card."""

    def __init__(self, compared: set[int], silent: set[TrayAt], doubtful: Collection[Plug] = ()) -> None:
        self.compared, self.silent, self.doubtful = compared, silent, doubtful

    def __call__(self, cable: Cable) -> bool:
        return any(
            plug[0] not in self.compared or plug[:2] in self.silent or plug in self.doubtful for plug in cable
        )
