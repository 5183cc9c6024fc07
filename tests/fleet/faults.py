"""Faults seeded into fleets of any product: what is there, what the cabling says, and what must be told of it.

The words are written down here once more, from the places that were chosen: nothing is taken from an answer.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from tests.fleet import plans
from tests.fleet.plans import Cable, Document, Documents, End, Plan, Plug


class Seeded(NamedTuple):
    """A fault: the documents, the plan that the cabling is written of, and what stands in the one message.
    ``is_of_cards``: a cabling without the ids of chips cannot see it, or only in part."""

    documents: Documents
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


def _unlisted(documents: Documents, plan: Plan, near: End, far: End) -> None:
    """Take a link to another host out of the document of its near end."""
    chip = {"chip": plan.places.index(near[1:3]), "chan": near[3]}
    far_end = {"remote_chip_id": plans.unique_id(far[0], plan.places.index(far[1:3])), "chan": far[3]}
    document = documents[plan.hosts[near[0]]]
    before = _remote(document)
    after = [link for link in before if link != [chip, far_end]]
    assert len(after) == len(before) - 1
    document["ethernet_connections_to_remote_devices"] = after


def _any_of(rng: Random, cables: Iterable[Cable]) -> Cable | None:
    listed = list(cables)
    return rng.choice(listed) if listed else None


def one_end_lists(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is in the document of one host, and not of the other."""
    cable = _any_of(rng, plans.cables_between(plan))
    if cable is None:
        return None
    documents = plans.documents(plan)
    far = rng.choice((0, 1))
    links = plans.links_of(plan, cable)
    for pair in links:
        _unlisted(documents, plan, pair[far], pair[1 - far])
    missing, lists = plan.hosts[cable[far][0]], plan.hosts[cable[1 - far][0]]
    count = "1 link" if len(links) == 1 else f"{len(links)} links"
    return Seeded(documents, plan, (f"{missing} misses {count} that {lists} lists", *_words(plan, cable)))


def cable_out(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is out at both ends, between hosts or inside one."""
    cable = _any_of(rng, plan.cables)
    if cable is None:
        return None
    words = (*_words(plan, cable), "is missing: neither end lists it")
    return Seeded(plans.documents(plans.without(plan, cable)), plan, words)


def extra_cable(plan: Plan, rng: Random) -> Seeded | None:
    """A cable is there that the cabling does not have."""
    cable = _any_of(rng, plan.cables)
    if cable is None:
        return None
    return Seeded(
        plans.documents(plan), plans.without(plan, cable), (*_words(plan, cable), "is there, and not in")
    )


def two_crossed(plan: Plan, rng: Random) -> Seeded | None:
    """Two cables lead to each other's ports."""
    cable = _any_of(rng, plan.cables)
    if cable is None:
        return None
    free = [other for other in plan.cables if other != cable and _crossable(plan, cable, other)]
    other = _any_of(rng, free)
    if other is None:
        return None
    crossed = ((cable[0], other[1]), (other[0], cable[1]))
    rest = plans.without(plan, cable, other)
    words = ("2 cables crossed. Should be: ", *_words(plan, cable, other))
    return Seeded(plans.documents(rest._replace(cables=(*rest.cables, *crossed))), plan, words)


def _crossable(plan: Plan, cable: Cable, other: Cable) -> bool:
    """Whether two cables can lead to each other's ports, and it makes a difference: no card is cabled to
    itself, no more than before."""
    trays = {plug[:2] for plug in (cable[0], other[1])}, {plug[:2] for plug in (other[0], cable[1])}
    return all(len(pair) == 2 for pair in trays) and len({*cable, *other}) == 4


def wrong_port(plan: Plan, rng: Random) -> Seeded | None:
    """One end of a cable is in a port that nothing should be in."""
    cable = _any_of(rng, plan.cables)
    if cable is None:
        return None
    empty = _any_of(
        rng, (other for other in plan.cables if other != cable and _crossable(plan, cable, other))
    )
    if empty is None:
        return None
    wanted = plans.without(plan, empty)
    rest = plans.without(plan, cable, empty)
    moved = (cable[0], empty[1])
    words = ("1 cable crossed. Should be: ", *_words(plan, cable), *_words(plan, moved))
    return Seeded(plans.documents(rest._replace(cables=(*rest.cables, moved))), wanted, words)


def trays_exchanged(plan: Plan, rng: Random) -> Seeded | None:
    """Two trays of a host have each other's cables."""
    chosen = _exchange(plan, rng)
    if chosen is None:
        return None
    host, first_tray, other = chosen
    words = (plan.hosts[host], _exchanged(plan, first_tray, other))
    return Seeded(plans.documents(plans.moved_trays(plan, host, first_tray, other)), plan, words)


def cards_exchanged(plan: Plan, rng: Random) -> Seeded | None:
    """Two cards of a host, or trays of a Galaxy, are in each other's slots with all their cables."""
    chosen = _exchange(plan, rng)
    if chosen is None or plan.product.galaxy:
        return None
    host, first_tray, other = chosen
    documents = plans.documents(plan)
    buses = documents[plan.hosts[host]]["chip_to_bus_id"]
    swap = {first_tray: other, other: first_tray}
    for chip, (tray, location) in enumerate(plan.places):
        buses[chip] = plan.product.bus(swap.get(tray, tray), location)
    return Seeded(documents, plan, (plan.hosts[host], _exchanged(plan, first_tray, other)))


def _exchanged(plan: Plan, tray: int, other: int) -> str:
    """ "trays 1 and 3", or of cards with two of them "trays 1, 2 and trays 3, 4"."""
    if not plan.product.apart:
        return f"trays {tray} and {other}"
    return f"{_trays(plan, tray)} and {_trays(plan, other)}"


def _trays(plan: Plan, slot: int) -> str:
    """ "tray 1", "trays 1, 2"."""
    trays = plan.product.trays_of(slot)
    return f"tray{'s' if len(trays) > 1 else ''} {', '.join(map(str, trays))}"


def _exchange(plan: Plan, rng: Random) -> tuple[int, int, int] | None:
    """A host and two trays whose exchange is more than two crossed cables."""
    host = rng.randrange(len(plan.hosts))
    trays = [*plan.product.trays]
    choices = []
    for tray in trays:
        for other in trays:
            if tray < other:
                moved = plans.moved_trays(plan, host, tray, other)
                changed = {frozenset(cable) for cable in moved.cables} ^ {
                    frozenset(cable) for cable in plan.cables
                }
                if len(changed) > 4:
                    choices.append((host, tray, other))
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
    documents = plans.documents(plan)
    name = rng.choice(plan.hosts)
    del documents[name]
    return Seeded(documents, plan, (name, "and no document is of it"))


def host_twice(plan: Plan, rng: Random) -> Seeded | None:
    """A host is there under two names."""
    documents = plans.documents(plan)
    name = rng.choice(plan.hosts)
    return Seeded({**documents, "zz-copy": documents[name]}, plan, (name, "zz-copy", "are the same host"))


def half_port(plan: Plan, rng: Random) -> Seeded | None:
    """One channel of a cable is in neither document."""
    cable = _any_of(rng, plans.cables_between(plan))
    if cable is None:
        return None
    documents = plans.documents(plan)
    links = plans.links_of(plan, cable)
    near, far = rng.choice(links)
    _unlisted(documents, plan, near, far)
    _unlisted(documents, plan, far, near)
    up = len(links) - 1
    words = f"{up} of {len(links)} channels {'is' if up == 1 else 'are'} up"
    return Seeded(documents, plan, (*_words(plan, cable), words))


def channel_twice(plan: Plan, rng: Random) -> Seeded | None:
    """A cable's channel is listed as an end of both its links, by both hosts."""
    cable = _any_of(rng, plans.cables_between(plan))
    if cable is None:
        return None
    documents = plans.documents(plan)
    first, second = rng.sample(plans.links_of(plan, cable), 2)
    chip, wrong = plan.places.index(first[0][1:3]), plan.places.index(second[0][1:3])
    for link in _remote(documents[plan.hosts[first[0][0]]]):
        if link[0] == {"chip": wrong, "chan": second[0][3]}:
            link[0].update(chip=chip, chan=first[0][3])
    for link in _remote(documents[plan.hosts[first[1][0]]]):
        if link[1] == {"remote_chip_id": plans.unique_id(second[0][0], wrong), "chan": second[0][3]}:
            link[1].update(remote_chip_id=plans.unique_id(first[0][0], chip), chan=first[0][3])
    words = (
        f"channel {first[0][3]} of {plan.hosts[first[0][0]]}",
        f"tray {plan.product.tray(first[0][1], first[0][2])}",
        "is an end of two links",
    )
    return Seeded(documents, plan, words)


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
