"""Findings about topology: ids, links, boards that do not add up."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ttinspect.facts.boards import product_of, with_article
from ttinspect.facts.wording import plural, verb
from ttinspect.harvesting.grids import harvested_units
from ttinspect.model.arch import Arch, CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, SourceKind, System
from ttinspect.verify.naming import (
    has_remote_chips,
    knows,
    links_unknown,
    may_have_another,
    of_unknown_board,
)
from ttinspect.verify.rule import Hit, I, SystemRule, W, judge_system


def topology_findings(system: System) -> dict[int | None, list[Finding]]:
    """Findings by chip id; None holds those about the system."""
    return judge_system(RULES, system)


def _by(chips: tuple[Chip, ...], name: str) -> dict[str, list[int]]:
    """Chip ids by a fact of theirs, where it is known and not assumed."""
    groups: dict[str, list[int]] = {}
    for chip in chips:
        if knows(chip, name):
            groups.setdefault(getattr(chip, name), []).append(chip.id)
    return groups


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


def _duplicate_unique_ids(system: System) -> Iterator[Hit]:
    for unique_id, ids in _by(system.chips, "unique_id").items():
        if len(ids) > 1:
            message = f"chips {_listed(ids)} have the same unique id {unique_id}"
            yield Hit("same id", message, {"unique_id": unique_id, "chips": ids})


DUPLICATE_UNIQUE_ID = SystemRule(
    id="TTT001",
    name="duplicate unique id",
    severities={"same id": W},
    of_system=_duplicate_unique_ids,
    title="Two chips have the same unique id.",
    meaning=(
        "tt-metal names shared memory and meshes by unique id: chips that share one cannot be told apart."
    ),
    cause="Boards that were flashed with another board's id, or a descriptor that was edited.",
    remedy="Compare the serial numbers on the cards; reflash the board that has the wrong one.",
)


def _duplicate_board_ids(system: System) -> Iterator[Hit]:
    chips = {chip.id: chip for chip in system.chips}
    for board_id, ids in _by(system.chips, "board_id").items():
        product = product_of(chips[ids[0]].board)
        if product is None:
            continue
        if len(ids) > product.chips:
            should = f"{with_article(product.board)} has {product.chips}"
            have = verb(len(ids), "has", "have")
            message = f"{plural(len(ids), 'chip')} {have} the board id {board_id}, but {should}"
            yield Hit("too many chips", message, {"board_id": board_id, "chips": ids})
        elif product.chips > 1 and not product.trays:
            places = _by(tuple(chips[chip_id] for chip_id in ids), "asic_location")
            for place, same in places.items():
                if len(same) > 1:
                    message = f"chips {_listed(same)} of board {board_id} are both at asic_location {place}"
                    yield Hit("same place", message, {"board_id": board_id, "chips": same})


DUPLICATE_BOARD_ID = SystemRule(
    id="TTT002",
    name="duplicate board id",
    severities={"too many chips": W, "same place": W},
    of_system=_duplicate_board_ids,
    title=("More chips have one board id than the board has chips, or two of them the same place on it."),
    meaning="Two cards claim the same serial number, or two chips of a P300 to be the same one.",
    cause="A card that was flashed with another card's id, or a descriptor that was edited.",
    remedy="Compare the serial numbers on the cards; reflash the board that has the wrong one.",
)


def _one_sided_links(system: System) -> Iterator[Hit]:
    for link, other in one_sided(system):
        message = (
            f"channel {link.a.channel} says it is linked to channel {link.remote_channel} of chip {other}, "
            "which says nothing of it"
        )
        evidence = {"channel": link.a.channel, "other_chip": other}
        yield Hit("one-sided", message, evidence, chip=link.a.chip)


ONE_SIDED_LINK = SystemRule(
    id="TTT003",
    name="one-sided link",
    severities={"one-sided": W},
    of_system=_one_sided_links,
    title="One end of an eth link reports it, the other end does not.",
    meaning="Discovery saw a link from one side only; traffic over it is not to be relied on.",
    cause=(
        "A link that trained late or dropped during discovery, or eth firmware that differs between the ends."
    ),
    remedy="Reset the boards (tt-smi -r) and look again; if it stays, reseat or replace the cable.",
)


def one_sided(system: System) -> list[tuple[RemoteLink, int]]:
    """Links that one chip reports and the other end, a chip of this system, does not; with that chip.

    A Blackhole names the far end by board and place on it, which is what tt-umd calls the far chip only
    where a link leads there: (board_id << 5) | asic_location.
    """
    names = {chip.unique_id: chip.id for chip in system.chips if chip.unique_id is not None}
    for chip in system.chips:
        if chip.arch is Arch.BLACKHOLE and chip.board_id is not None and chip.asic_location is not None:
            names.setdefault(str(int(chip.board_id) << 5 | chip.asic_location & 0x1F), chip.id)
    return [
        (link, names[link.remote_unique_id]) for link in system.remote_links if link.remote_unique_id in names
    ]


def _ends(link: Link) -> tuple[LinkEnd, LinkEnd]:
    return link.a, link.b


def _impossible_links(system: System) -> Iterator[Hit]:
    uses = Counter(end for link in system.links for end in dict.fromkeys(_ends(link)))
    uses.update(link.a for link in system.remote_links)
    for end, count in uses.items():
        if count > 1:
            message = f"channel {end.channel} is an end of {count} links"
            yield Hit("used twice", message, {"channel": end.channel, "links": count}, chip=end.chip)


IMPOSSIBLE_LINK = SystemRule(
    id="TTT004",
    name="impossible link",
    severities={"used twice": W},
    of_system=_impossible_links,
    title="An eth channel is an end of two links.",
    meaning="The description contradicts itself; at least one of the links is not there.",
    cause=("A descriptor that was edited or merged from two hosts, or chips that were told apart wrongly."),
    remedy="Write the descriptor anew on the host that it describes.",
)


def _links_down(system: System) -> Iterator[Hit]:
    for link in system.links:
        if link.state is LinkState.DOWN:
            for end, other in ((link.a, link.b), (link.b, link.a)):
                message = f"the link of channel {end.channel} to chip {other.chip} is down"
                evidence = {"channel": end.channel, "other_chip": other.chip}
                yield Hit("down", message, evidence, chip=end.chip)


LINK_DOWN = SystemRule(
    id="TTT008",
    name="link down",
    severities={"down": W},
    of_system=_links_down,
    title="An eth link is known, and down.",
    meaning="Both ends belong to chips of this system, but the link between them is not trained.",
    cause=("A loose or broken cable, eth firmware that did not start, or a chip that was reset alone."),
    remedy="Reset the boards (tt-smi -r) and look again; if it stays, reseat or replace the cable.",
)


def _loops(system: System) -> Iterator[Hit]:
    """A cable that leads back to its own chip joins it to nothing."""
    channels: dict[int, list[str]] = {}
    for link in system.links:
        if link.is_loop:
            channel, other_channel = link.a.channel, link.b.channel
            words = str(channel) if channel == other_channel else f"{channel} with {other_channel}"
            channels.setdefault(link.a.chip, []).append(words)
    for chip, ends in channels.items():
        links_lead = "a link leads" if len(ends) == 1 else f"{len(ends)} links lead"
        which = "channel" if len(ends) == 1 else "channels"
        message = f"{links_lead} back to the chip itself ({which} {', '.join(ends)}), and to no other one"
        yield Hit("loop", message, {"channels": ends, "links": len(ends)}, chip=chip)


LINK_TO_ITSELF = SystemRule(
    id="TTT040",
    name="link to itself",
    severities={"loop": W},
    of_system=_loops,
    title="An eth link leads back to the chip that it comes from.",
    meaning="Two channels of one chip are linked to each other: the link is up, and joins it to nothing.",
    cause="A cable, or a loopback plug, with both ends in ports of one card.",
    remedy=(
        "Look which port of the card the channels belong to, and plug the far end where the cabling says. "
        "A loopback plug in a test setup is no fault."
    ),
)


class LinkCounts(NamedTuple):
    """The eth links of a chip to other chips: how many a source lists, and how many of these are up (None:
    unknown of one, or the source does not show links). ``on_board``: how many join the chips of its board
    on it, and how many should; None for a board that has none, one of which a chip is missing, or where a
    source does not show links."""

    listed: int
    up: int | None
    on_board: tuple[int, int] | None


def link_counts(system: System) -> dict[int, LinkCounts]:
    """By chip id; also of links that leave the system. One that its other end says nothing of is not up."""
    halves = {link for link, _ in one_sided(system)}
    leading = [link for link in system.links if not link.is_loop]
    listed = Counter(end.chip for link in leading for end in _ends(link))
    listed.update(link.a.chip for link in system.remote_links)
    up = Counter(end.chip for link in leading if link.state is LinkState.UP for end in _ends(link))
    up.update(link.a.chip for link in system.remote_links if link not in halves)
    uncertain = {end.chip for link in leading if link.state is LinkState.UNKNOWN for end in _ends(link)}
    on_board = _board_links(system)
    return {
        chip.id: LinkCounts(
            listed=listed[chip.id],
            up=None if chip.id in uncertain or links_unknown(chip) else up[chip.id],
            on_board=on_board.get(chip.id),
        )
        for chip in system.chips
    }


def _board_links(system: System) -> dict[int, tuple[int, int]]:
    chips = {chip.id: chip for chip in system.chips}
    board_of = {chip.id: chip.board_id for chip in system.chips if knows(chip, "board_id")}
    joined = Counter(
        board_of[link.a.chip]
        for link in system.links
        if not link.is_loop and board_of.get(link.a.chip, "") == board_of.get(link.b.chip)
    )
    counts = {}
    for board_id, ids in _by(system.chips, "board_id").items():
        product = product_of(chips[ids[0]].board)
        if product is None or product.links is None or len(ids) != product.chips:
            continue
        if not any(links_unknown(chips[chip_id]) for chip_id in ids):
            counts.update(dict.fromkeys(ids, (joined[board_id], product.links)))
    return counts


def _missing_board_links(system: System) -> Iterator[Hit]:
    """Discovery lists links that trained: one that the board has and that is not listed is down. But
    Tenstorrent's functional simulator of two P300 has one link only between the chips of each."""
    chips, linked = {chip.id: chip for chip in system.chips}, _linked(system)
    for chip_id, (links, expected) in _board_links(system).items():
        board = chips[chip_id].board
        if board is not None and links < expected and chip_id in linked:  # else the chip is isolated
            has = f"{with_article(board)} has {plural(expected, 'link')} between its chips"
            message = f"{has}, here {'is' if links == 1 else 'are'} {links}"
            simulated = system.asked is SourceKind.SIM and chips[chip_id].arch is Arch.BLACKHOLE
            modelled = links > 0 and simulated
            row = "modelled" if modelled else "missing"
            yield Hit(row, message, {"links": links, "expected": expected}, chip=chip_id)


MISSING_LINK = SystemRule(
    id="TTT009",
    name="missing link",
    severities={"missing": W, "modelled": I},
    of_system=_missing_board_links,
    title="The chips of one board are joined by fewer eth links than the board has.",
    meaning=(
        "An N300 and a P300 have two links between their chips on the board itself, without a cable. "
        "Discovery lists the links that trained; one that is not listed is down."
    ),
    cause="A link that did not train: eth firmware that did not start, or a fault of the board.",
    remedy="Reset the board (tt-smi -r) and look again; if it stays, the board is to be replaced.",
)


def _linked(system: System) -> set[int]:
    """The chips that a link leads from, to another one."""
    linked = {end.chip for link in system.links if not link.is_loop for end in _ends(link)}
    return linked | {link.a.chip for link in system.remote_links}


def without_eth(chip: Chip) -> bool:
    """Whether a chip is known to have no live eth channel."""
    harvested = harvested_units(chip.arch, chip.masks, CoreType.ETH)
    return harvested is not None and len(harvested) == len(chip.soc.eth)


def _isolated(system: System) -> Iterator[Hit]:
    if len(system.chips) < 2 or system.source.example:
        return
    linked = _linked(system)
    for chip in system.chips:
        if chip.id in linked or links_unknown(chip) or without_eth(chip):
            continue
        product = product_of(chip.board)
        wired = product is not None and product.linked_inside
        row = "on a board" if wired else "no cable"
        yield Hit(row, "no eth link leads to another chip", chip=chip.id)


ISOLATED_CHIP = SystemRule(
    id="TTT005",
    name="isolated chip",
    severities={"on a board": W, "no cable": I},
    of_system=_isolated,
    title="A chip has no eth link to any other.",
    meaning=(
        "On N300, P300 and Galaxy, whose chips are linked on the board, that is a fault; between separate "
        "cards it only means that no cable is there."
    ),
    cause="Links that did not train, eth firmware that did not start, or no cable.",
    remedy=(
        "ttinspect telemetry shows the state of the links; reset the board (tt-smi -r) if some should be up."
    ),
)


def _unreachable(system: System) -> Iterator[Hit]:
    for chip in system.chips:
        if chip.mmio is False and chip.via is None and not links_unknown(chip):
            yield Hit("unreachable", "it is remote, and no MMIO-capable chip reaches it", chip=chip.id)


UNREACHABLE_CHIP = SystemRule(
    id="TTT006",
    name="unreachable chip",
    severities={"unreachable": W},
    of_system=_unreachable,
    title="A remote chip is reached by no MMIO-capable one.",
    meaning="The chip is listed, but nothing on this host can talk to it.",
    cause="Its eth links are down, or the descriptor leaves them out.",
    remedy="Reset the board (tt-smi -r); check its links.",
)


def _incomplete_boards(system: System) -> Iterator[Hit]:
    chips, unknown = {chip.id: chip for chip in system.chips}, of_unknown_board(system.chips)
    for board_id, ids in _by(system.chips, "board_id").items():
        product = product_of(chips[ids[0]].board)
        if product is None or product.chips == 1 or product.trays:
            continue
        if has_remote_chips(product.board) and links_unknown(chips[ids[0]]):
            continue  # these are reached through links
        if len(ids) < product.chips and not may_have_another(unknown, board_id):
            chips_of_it = plural(product.chips, "chip")
            message = f"{with_article(product.board)} has {chips_of_it}, board {board_id} shows {len(ids)}"
            yield Hit("on a board", message, {"board_id": board_id, "chips": ids})
    for board in dict.fromkeys(chip.board for chip in system.chips):
        ids = [chip.id for chip in system.chips if chip.board is board]
        product = product_of(board)
        if board is None or product is None or not product.trays:
            continue
        if len(ids) % product.chips and not may_have_another(unknown, None):
            message = f"{with_article(board)} has {plural(product.chips, 'chip')}, this host shows {len(ids)}"
            # a container may be given some of them on purpose
            yield Hit("Galaxy", message, {"board": board.value, "chips": ids})


INCOMPLETE_BOARD = SystemRule(
    id="TTT007",
    name="incomplete board",
    severities={"on a board": W, "Galaxy": I},
    of_system=_incomplete_boards,
    title="A board shows fewer chips than it has.",
    meaning="One chip of an N300 or P300 is missing, or some of the 32 of a Galaxy.",
    cause="The chip did not start, its link is down, or TT_VISIBLE_DEVICES hides it.",
    remedy="Reset the board (tt-smi -r); compare with TT_VISIBLE_DEVICES and lspci -d 1e52:.",
)


IDS = (DUPLICATE_UNIQUE_ID, DUPLICATE_BOARD_ID)
"""Ids that more than one chip could share."""

LINKS = (ONE_SIDED_LINK, IMPOSSIBLE_LINK, LINK_DOWN, MISSING_LINK, ISOLATED_CHIP, UNREACHABLE_CHIP)
"""What is wrong with the eth links of a chip."""

RULES = (*IDS, *LINKS, INCOMPLETE_BOARD, LINK_TO_ITSELF)
