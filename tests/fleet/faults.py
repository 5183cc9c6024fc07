"""Faults seeded into fleets of any product: what is there, what the cabling says, and what must be told of it.

The words are written down here once more, from the places that were chosen: nothing is taken from an answer.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from tests.fleet import plans
from tests.fleet.plans import Cable, Document, End, Plan, Plug

Documents = dict[str, Document]


class Seeded(NamedTuple):
    """A fault: the documents, the plan that the cabling is written of, and what stands in the one message.
    ``is_of_cards``: a cabling without the ids of chips cannot see it, or only in part."""

    found: Documents
    wanted: Plan
    words: tuple[str, ...]


class Fault(NamedTuple):
    """``seed`` gives None where a product cannot have the fault."""

    seed: Callable[[Plan, Random], Seeded | None]
    finding: str
    severity: str
    cabling: bool = True
    """It takes a cabling to see it."""
    cutsheet: bool = True
    """A cutsheet tells enough to see it."""


def plug_words(plan: Plan, plug: Plug) -> str:
    """ "tray 2 port 14" of a host by name; where it stands comes between."""
    port = plug[2].removeprefix("QSFP-DD ")
    return f"tray {plan.product.tray(plug[1])} port {port}"


def _hosts(plan: Plan, *cables: Cable) -> tuple[str, ...]:
    return tuple(plan.hosts[plug[0]] for cable in cables for plug in cable)


def _words(plan: Plan, *cables: Cable) -> tuple[str, ...]:
    return (*_hosts(plan, *cables), *(plug_words(plan, plug) for cable in cables for plug in cable))


def _remote(document: Document) -> list[Any]:
    links: list[Any] = document["ethernet_connections_to_remote_devices"]
    return links


def _unlisted(found: Documents, plan: Plan, near: End, far: End) -> None:
    """Take a link to another host out of the document of its near end."""
    chip = {"chip": plan.places.index(near[1:3]), "chan": near[3]}
    there = {"remote_chip_id": plans.unique_id(far[0], plan.places.index(far[1:3])), "chan": far[3]}
    document = found[plan.hosts[near[0]]]
    before = _remote(document)
    after = [one for one in before if one != [chip, there]]
    assert len(after) == len(before) - 1
    document["ethernet_connections_to_remote_devices"] = after


def _one(rng: Random, cables: Iterable[Cable]) -> Cable | None:
    listed = list(cables)
    return rng.choice(listed) if listed else None


def one_end_lists(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is in the document of one host, and not of the other."""
    cable = _one(rng, plans.cables_between(plan))
    if cable is None:
        return None
    found = plans.documents(plan)
    far = rng.choice((0, 1))
    links = plans.links_of(plan, cable)
    for pair in links:
        _unlisted(found, plan, pair[far], pair[1 - far])
    missing, lists = plan.hosts[cable[far][0]], plan.hosts[cable[1 - far][0]]
    count = "1 link" if len(links) == 1 else f"{len(links)} links"
    return Seeded(found, plan, (f"{missing} misses {count} that {lists} lists", *_words(plan, cable)))


def cable_out(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is out at both ends, between hosts or inside one."""
    cable = _one(rng, plan.cables)
    if cable is None:
        return None
    words = (*_words(plan, cable), "is missing: neither end lists it")
    return Seeded(plans.documents(plans.without(plan, cable)), plan, words)


def extra_cable(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is there that the cabling does not have."""
    cable = _one(rng, plan.cables)
    if cable is None:
        return None
    return Seeded(
        plans.documents(plan), plans.without(plan, cable), (*_words(plan, cable), "is there, and not in")
    )


def two_crossed(plan: Plan, rng: Random) -> Seeded | None:
    """Two cables lead to each other's ports."""
    one = _one(rng, plan.cables)
    if one is None:
        return None
    free = [other for other in plan.cables if other != one and _crossable(plan, one, other)]
    other = _one(rng, free)
    if other is None:
        return None
    crossed = ((one[0], other[1]), (other[0], one[1]))
    rest = plans.without(plan, one, other)
    words = ("2 cables crossed. Should be: ", *_words(plan, one, other))
    return Seeded(plans.documents(rest._replace(cables=(*rest.cables, *crossed))), plan, words)


def _crossable(plan: Plan, one: Cable, other: Cable) -> bool:
    """Whether two cables can lead to each other's ports, and it makes a difference: no card is cabled to
    itself, no more than before."""
    trays = {plug[:2] for plug in (one[0], other[1])}, {plug[:2] for plug in (other[0], one[1])}
    return all(len(pair) == 2 for pair in trays) and len({*one, *other}) == 4


def wrong_port(plan: Plan, rng: Random) -> Seeded | None:
    """One end of a cable is in a port that nothing should be in."""
    one = _one(rng, plan.cables)
    if one is None:
        return None
    empty = _one(rng, (other for other in plan.cables if other != one and _crossable(plan, one, other)))
    if empty is None:
        return None
    wanted = plans.without(plan, empty)
    rest = plans.without(plan, one, empty)
    moved = (one[0], empty[1])
    words = ("1 cable crossed. Should be: ", *_words(plan, one), *_words(plan, moved))
    return Seeded(plans.documents(rest._replace(cables=(*rest.cables, moved))), wanted, words)


def trays_exchanged(plan: Plan, rng: Random) -> Seeded | None:
    """Two trays of a host have each other's cables."""
    chosen = _exchange(plan, rng)
    if chosen is None:
        return None
    host, one, other = chosen
    words = (plan.hosts[host], _exchanged(plan, one, other))
    return Seeded(plans.documents(plans.moved_trays(plan, host, one, other)), plan, words)


def cards_exchanged(plan: Plan, rng: Random) -> Seeded | None:
    """Two cards of a host, or trays of a Galaxy, are in each other's slots with all their cables."""
    chosen = _exchange(plan, rng)
    if chosen is None or plan.product.galaxy:
        return None
    host, one, other = chosen
    found = plans.documents(plan)
    buses = found[plan.hosts[host]]["chip_to_bus_id"]
    swap = {one: other, other: one}
    for chip, (tray, location) in enumerate(plan.places):
        buses[chip] = plan.product.bus(swap.get(tray, tray), location)
    return Seeded(found, plan, (plan.hosts[host], _exchanged(plan, one, other)))


def _exchanged(plan: Plan, one: int, other: int) -> str:
    """ "trays 1 and 3", or of cards with two of them "trays 1, 2 and trays 3, 4"."""
    if not plan.product.apart:
        return f"trays {one} and {other}"
    return f"{_trays(plan, one)} and {_trays(plan, other)}"


def _trays(plan: Plan, slot: int) -> str:
    """ "tray 1", "trays 1, 2"."""
    trays = plan.product.trays_of(slot)
    return f"tray{'s' if len(trays) > 1 else ''} {', '.join(map(str, trays))}"


def _exchange(plan: Plan, rng: Random) -> tuple[int, int, int] | None:
    """A host and two trays whose exchange is more than two crossed cables."""
    host = rng.randrange(len(plan.hosts))
    trays = [*plan.product.trays]
    choices = []
    for one in trays:
        for other in trays:
            if one < other:
                moved = plans.moved_trays(plan, host, one, other)
                changed = {frozenset(cable) for cable in moved.cables} ^ {
                    frozenset(cable) for cable in plan.cables
                }
                if len(changed) > 4:
                    choices.append((host, one, other))
    return rng.choice(choices) if choices else None


def other_board(plan: Plan, rng: Random) -> Seeded | None:
    """The cabling has another board in a tray, of which a cable is missing as well."""
    host, tray = rng.randrange(len(plan.hosts)), rng.choice(plan.product.trays)
    other = rng.choice([name for name in ("P100", "N300", "P150", "N150") if name != plan.product.cabled])
    cables = [cable for cable in plan.cables if (host, tray) in (cable[0][:2], cable[1][:2])]
    gone = [rng.choice(cables)] if cables else []
    words = (
        plan.hosts[host],
        f"{_trays(plan, tray)}: the cabling has {other}, there is {plan.product.board}",
    )
    return Seeded(
        plans.documents(plans.without(plan, *gone)), plan._replace(boards={(host, tray): other}), words
    )


def unknown_tray(plan: Plan, rng: Random) -> Seeded | None:
    """The cabling knows neither a tray nor its cables."""
    host, tray = rng.randrange(len(plan.hosts)), rng.choice(plan.product.trays)
    known = tuple(cable for cable in plan.cables if all(plug[:2] != (host, tray) for plug in cable))
    if _trays_cabled(plan) - {(host, tray)} != _trays_cabled(plan._replace(cables=known)):
        return None  # the far end of all its cables is as unknown to a cutsheet
    words = (f"{plan.hosts[host]} {_trays(plan, tray)} {'are' if plan.product.apart else 'is'} not in ",)
    return Seeded(plans.documents(plan), plan._replace(cables=known, boards={(host, tray): ""}), words)


def _trays_cabled(plan: Plan) -> set[tuple[int, int]]:
    return {plug[:2] for cable in plan.cables for plug in cable}


def host_missing(plan: Plan, rng: Random) -> Seeded | None:
    """No document is of a host."""
    if len(plan.hosts) < 2:
        return None
    found = plans.documents(plan)
    name = rng.choice(plan.hosts)
    del found[name]
    return Seeded(found, plan, (name, "and no document is of it"))


def host_twice(plan: Plan, rng: Random) -> Seeded | None:
    """A host is there under two names."""
    found = plans.documents(plan)
    name = rng.choice(plan.hosts)
    return Seeded({**found, "zz-copy": found[name]}, plan, (name, "zz-copy", "are the same host"))


def half_port(plan: Plan, rng: Random) -> Seeded | None:
    """One channel of a cable is in neither document."""
    cable = _one(rng, plans.cables_between(plan))
    if cable is None:
        return None
    found = plans.documents(plan)
    links = plans.links_of(plan, cable)
    near, far = rng.choice(links)
    _unlisted(found, plan, near, far)
    _unlisted(found, plan, far, near)
    up = len(links) - 1
    words = f"{up} of {len(links)} channels {'is' if up == 1 else 'are'} up"
    return Seeded(found, plan, (*_words(plan, cable), words))


def channel_twice(plan: Plan, rng: Random) -> Seeded | None:
    """A cable's channel is listed as an end of both its links, by both hosts."""
    cable = _one(rng, plans.cables_between(plan))
    if cable is None:
        return None
    found = plans.documents(plan)
    first, second = rng.sample(plans.links_of(plan, cable), 2)
    chip, wrong = plan.places.index(first[0][1:3]), plan.places.index(second[0][1:3])
    for one in _remote(found[plan.hosts[first[0][0]]]):
        if one[0] == {"chip": wrong, "chan": second[0][3]}:
            one[0].update(chip=chip, chan=first[0][3])
    for one in _remote(found[plan.hosts[first[1][0]]]):
        if one[1] == {"remote_chip_id": plans.unique_id(second[0][0], wrong), "chan": second[0][3]}:
            one[1].update(remote_chip_id=plans.unique_id(first[0][0], chip), chan=first[0][3])
    words = (
        f"channel {first[0][3]} of {plan.hosts[first[0][0]]}",
        f"tray {plan.product.tray(first[0][1], first[0][2])}",
        "is an end of two links",
    )
    return Seeded(found, plan, words)


def unknown_host(plan: Plan, rng: Random) -> Seeded | None:
    """The cabling knows neither the last host nor its cables."""
    last = len(plan.hosts) - 1
    if last < 1:
        return None
    known = tuple(cable for cable in plan.cables if last not in (cable[0][0], cable[1][0]))
    words = (f"{plan.hosts[last]} is not in ",)
    return Seeded(plans.documents(plan), plan._replace(hosts=plan.hosts[:-1], cables=known), words)


FAULTS: dict[str, Fault] = {
    "a cable that one end only lists": Fault(one_end_lists, "TTF002", "error", cabling=False),
    "a cable out at both ends": Fault(cable_out, "TTF005", "error"),
    "an extra cable": Fault(extra_cable, "TTF006", "error"),
    "two cables crossed": Fault(two_crossed, "TTF007", "error"),
    "a cable in the wrong port": Fault(wrong_port, "TTF007", "error"),
    "two trays exchanged": Fault(trays_exchanged, "TTF012", "error"),
    "two cards exchanged with their cables": Fault(cards_exchanged, "TTF012", "error"),
    "another board": Fault(other_board, "TTF011", "error", cutsheet=False),
    "a tray that the cabling does not know": Fault(unknown_tray, "TTF015", "warning"),
    "a host missing": Fault(host_missing, "TTF010", "error"),
    "a host twice": Fault(host_twice, "TTF003", "error", cabling=False),
    "a port that is half up": Fault(half_port, "TTF013", "warning", cabling=False),
    "a channel in two links": Fault(channel_twice, "TTF014", "warning", cabling=False),
    "a host that the cabling does not know": Fault(unknown_host, "TTF015", "warning"),
}
