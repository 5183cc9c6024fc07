"""Groups of equal hosts, and hosts that are unlike the others of their kind."""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.facts.wording import plural, verb
from ttinspect.fleet.comparison import Comparison
from ttinspect.fleet.ports import Ports
from ttinspect.fleet.rules import ALIKE, UNLIKE_ITS_GROUP
from ttinspect.fleet.words import names_listed
from ttinspect.model.finding import Finding
from ttinspect.model.fleet import FleetHost, Shape

_FEWEST_ALIKE = 3
"""So many equal hosts say what the others should be like."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Equal hosts, by position in the fleet. ``like`` is the position (in the list of groups) of the larger
    group that this one should be like; None where there is none."""

    hosts: tuple[int, ...]
    shape: Shape
    like: int | None


def groups_of(hosts: Sequence[FleetHost]) -> list[Group]:
    """Groups of equal hosts: those that are unlike a larger one first, then the smaller ones."""
    members: dict[int, list[int]] = {}
    shapes: dict[int, Shape] = {}
    for number, host in enumerate(hosts):
        members.setdefault(id(host.shape), []).append(number)
        shapes[id(host.shape)] = host.shape
    ordered = sorted(members, key=lambda key: (len(members[key]), members[key]))
    largest = sorted(ordered, key=lambda key: -len(members[key]))
    model = {
        key: next((other for other in largest if _should_be_like(hosts, members, shapes, key, other)), None)
        for key in ordered
    }
    final = [key for key in ordered if model[key] is not None] + [
        key for key in ordered if model[key] is None
    ]
    place = {key: index for index, key in enumerate(final)}
    return [
        Group(
            hosts=tuple(members[key]),
            shape=shapes[key],
            like=None if (like := model[key]) is None else place[like],
        )
        for key in final
    ]


def _should_be_like(
    hosts: Sequence[FleetHost],
    members: dict[int, list[int]],
    shapes: dict[int, Shape],
    key: int,
    other: int,
) -> bool:
    """Hosts of one kind share a board type, and a motherboard and revision as far as these are known.
    A group is an outlier beside one that is at least twice as large."""
    if key == other or len(members[other]) < max(_FEWEST_ALIKE, 2 * len(members[key])):
        return False
    mine, theirs = shapes[key], shapes[other]
    if not (mine.spots and theirs.spots) or mine.spots[0].arch is not theirs.spots[0].arch:
        return False
    if mine.revision != theirs.revision and None not in (mine.revision, theirs.revision):
        return False
    chassis, theirs_chassis = (
        {hosts[number].chassis for number in members[group]} - {None} for group in (key, other)
    )
    if chassis and theirs_chassis and not chassis & theirs_chassis:
        return False
    boards = {spot.board for spot in mine.spots} & {spot.board for spot in theirs.spots}
    return bool(boards)


def outliers(
    hosts: Sequence[FleetHost],
    groups: Sequence[Group],
    ports: Ports,
    explained: set[str],
    comparison: Comparison | None,
) -> Iterator[Finding]:
    """Hosts that are unlike a larger group. Where they differ by cables alone a cabling judges, if there is
    one; without it several that are equal among themselves may have been cabled so on purpose."""
    for group in groups:
        if group.like is None:
            continue
        model = groups[group.like]
        boards = _other_boards(group.shape, model.shape)
        why = boards or _other_links(group.shape, model.shape)
        cables = _only_cables_differ(group, model, ports)
        names = [
            hosts[number].name
            for number in group.hosts
            if hosts[number].name not in explained
            and not (cables and _is_judged(number, comparison))
            and not (boards and comparison is not None and number in comparison.boards_judged)
        ]
        if not why or not names:
            continue
        alike = cables and len(group.hosts) > 1
        yield UNLIKE_ITS_GROUP.finding_of(
            f"{names_listed(names)}: {'; '.join(why)} ({len(model.hosts)} equal hosts)"
            f"{', perhaps on purpose: they are cabled alike' if alike else ''}",
            ALIKE if alike else "",
            hosts=names,
            like=hosts[model.hosts[0]].name,
        )


def _is_judged(number: int, comparison: Comparison | None) -> bool:
    """Whether the cables of a host were held against a cabling."""
    if comparison is None or number in comparison.unplaced_hosts:
        return False
    return number in comparison.matching.of_host


def _only_cables_differ(group: Group, model: Group, ports: Ports) -> bool:
    """Whether all links that one of two groups has and the other one has not leave through ports in which
    somebody can plug a cable."""
    if [spot.board for spot in group.shape.spots] != [spot.board for spot in model.shape.spots]:
        return False
    for first, other in ((group, model), (model, group)):
        plugs = ports.of_host(first.hosts[0]).by_member
        for a, b, c, d in {*first.shape.links} - {*other.shape.links}:
            if not all(port is not None and port.is_cable for port in (plugs.get((a, b)), plugs.get((c, d)))):
                return False
    return True


def _other_boards(mine: Shape, model: Shape) -> list[str]:
    """How the cards of a host differ from those of its group, a phrase each. Not in firmware, which has a
    finding of its own, and not in what a source does not tell."""
    phrases = []
    if len(mine.spots) != len(model.spots):
        phrases.append(f"{plural(len(mine.spots), 'chip')}, the others have {len(model.spots)}")
    boards, others = _boards(mine), _boards(model)
    if boards != others:
        phrases.append(f"boards {boards}, the others have {others}")
    trays, should = ({(spot.tray, spot.asic_location) for spot in shape.spots} for shape in (mine, model))
    if not phrases and _places_known(mine, model) and trays != should:
        phrases.append(f"chips in trays {_trays(mine)}, the others in {_trays(model)}")
    return phrases


def _other_links(mine: Shape, model: Shape) -> list[str]:
    known = mine.links_known and model.links_known and _places_known(mine, model)
    return [_links(mine, model)] if known and mine.links != model.links else []


def _places_known(*shapes: Shape) -> bool:
    return all(spot.tray is not None for shape in shapes for spot in shape.spots)


def _links(mine: Shape, model: Shape) -> str:
    if len(mine.links) != len(model.links):
        return f"{plural(len(mine.links), 'link')} inside, the others have {len(model.links)}"
    count, links = len({*mine.links} - {*model.links}), plural(len(mine.links), "link")
    joins = verb(count, "joins", "join")
    return f"{count} of its {links} inside {joins} other channels than those of the others"


def _boards(shape: Shape) -> str:
    names = [spot.board.value if spot.board else "unknown" for spot in shape.spots]
    return ", ".join(f"{names.count(name)} {name}" for name in sorted({*names}))


def _trays(shape: Shape) -> str:
    return ", ".join(str(tray) for tray in sorted({spot.tray or 0 for spot in shape.spots}))
