"""Findings about topology: ids, links, boards that do not add up."""

from collections import Counter
from collections.abc import Iterator

from ttinspect.facts.boards import product_of, with_article
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, SourceKind, System
from ttinspect.verify.seeing import (
    has_remote_chips,
    knows,
    links_unknown,
    may_have_another,
    of_unknown_board,
)


def topology_findings(system: System) -> dict[int | None, list[Finding]]:
    """Findings by chip id; None holds those about the system."""
    found: dict[int | None, list[Finding]] = {}
    for rule in (
        _duplicate_unique_ids,
        _duplicate_board_ids,
        _one_sided_links,
        _impossible_links,
        _links_down,
        _missing_board_links,
        _isolated,
        _unreachable,
        _incomplete_boards,
    ):
        for chip_id, finding in rule(system):
            found.setdefault(chip_id, []).append(finding)
    return found


Found = Iterator[tuple[int | None, Finding]]


def _warning(
    number: int,
    name: str,
    message: str,
    severity: Severity = Severity.WARNING,
    **evidence: int | str | list[int],
) -> Finding:
    return Finding(
        id=f"TTT{number:03}", name=name, severity=severity, message=message, evidence=dict(evidence)
    )


def _by(chips: tuple[Chip, ...], name: str) -> dict[str, list[int]]:
    """Chip ids by a fact of theirs, where it is known and not assumed."""
    groups: dict[str, list[int]] = {}
    for chip in chips:
        if knows(chip, name):
            groups.setdefault(getattr(chip, name), []).append(chip.id)
    return groups


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


def _duplicate_unique_ids(system: System) -> Found:
    for unique_id, ids in _by(system.chips, "unique_id").items():
        if len(ids) > 1:
            message = f"chips {_listed(ids)} have the same unique id {unique_id}"
            yield None, _warning(1, "duplicate unique id", message, unique_id=unique_id, chips=ids)


def _duplicate_board_ids(system: System) -> Found:
    chips = {chip.id: chip for chip in system.chips}
    for board_id, ids in _by(system.chips, "board_id").items():
        product = product_of(chips[ids[0]].board)
        if product is None:
            continue
        if len(ids) > product.chips:
            should = f"{with_article(product.board)} has {product.chips}"
            message = f"{len(ids)} chips have the board id {board_id}, but {should}"
            yield None, _warning(2, "duplicate board id", message, board_id=board_id, chips=ids)
        elif product.chips > 1 and not product.trays:
            places = _by(tuple(chips[one] for one in ids), "asic_location")
            for place, same in places.items():
                if len(same) > 1:
                    message = f"chips {_listed(same)} of board {board_id} are both at asic_location {place}"
                    yield None, _warning(2, "duplicate board id", message, board_id=board_id, chips=same)


def _one_sided_links(system: System) -> Found:
    for link, other in one_sided(system):
        message = (
            f"channel {link.a.channel} says it is linked to channel {link.remote_channel} of chip {other}, "
            "which says nothing of it"
        )
        yield (
            link.a.chip,
            _warning(3, "one-sided link", message, channel=link.a.channel, other_chip=other),
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


def _impossible_links(system: System) -> Found:
    uses = Counter(end for link in system.links for end in _ends(link))
    uses.update(link.a for link in system.remote_links)
    for end, count in uses.items():
        if count > 1:
            message = f"channel {end.channel} is an end of {count} links"
            yield end.chip, _warning(4, "impossible link", message, channel=end.channel, links=count)


def _links_down(system: System) -> Found:
    for link in system.links:
        if link.state is LinkState.DOWN:
            for end, other in ((link.a, link.b), (link.b, link.a)):
                message = f"the link of channel {end.channel} to chip {other.chip} is down"
                yield end.chip, _warning(8, "link down", message, channel=end.channel, other_chip=other.chip)


def board_links(system: System) -> dict[int, tuple[int, int]]:
    """How many eth links join a chip to the other one of its board, and how many should, by chip id. Not of
    a board that has none, one of which a chip is missing, or where a source does not show links."""
    chips = {chip.id: chip for chip in system.chips}
    joined = Counter(frozenset((link.a.chip, link.b.chip)) for link in system.links)
    found = {}
    for ids in _by(system.chips, "board_id").values():
        product = product_of(chips[ids[0]].board)
        if product is None or product.links is None or len(ids) != product.chips:
            continue
        if not any(links_unknown(chips[one]) for one in ids):
            found.update(dict.fromkeys(ids, (joined[frozenset(ids)], product.links)))
    return found


def links_up(system: System) -> dict[int, int | None]:
    """Ends of links that are up, also of those that leave the system, by chip id; one that its other end says
    nothing of is not up. None where it is unknown of a link, or the source does not show links."""
    halves = {link for link, _ in one_sided(system)}
    count = Counter(end.chip for link in system.links if link.state is LinkState.UP for end in _ends(link))
    count.update(link.a.chip for link in system.remote_links if link not in halves)
    uncertain = {end.chip for link in system.links if link.state is LinkState.UNKNOWN for end in _ends(link)}
    return {
        chip.id: None if chip.id in uncertain or links_unknown(chip) else count[chip.id]
        for chip in system.chips
    }


def _missing_board_links(system: System) -> Found:
    """Discovery lists links that trained: one that the board has and that is not listed is down. But
    Tenstorrent's functional simulator of two P300 has one link only between the chips of each."""
    chips, linked = {chip.id: chip for chip in system.chips}, _linked(system)
    for chip_id, (links, expected) in board_links(system).items():
        board = chips[chip_id].board
        if board is not None and links < expected and chip_id in linked:  # else the chip is isolated
            has = f"{with_article(board)} has {expected} links between its chips"
            message = f"{has}, here {'is' if links == 1 else 'are'} {links}"
            modelled = links > 0 and system.asked is SourceKind.SIM
            severity = Severity.INFO if modelled else Severity.WARNING
            yield chip_id, _warning(9, "missing link", message, severity, links=links, expected=expected)


def _linked(system: System) -> set[int]:
    """The chips that a link leads from."""
    linked = {end.chip for link in system.links for end in _ends(link)}
    return linked | {link.a.chip for link in system.remote_links}


def _isolated(system: System) -> Found:
    if len(system.chips) < 2 or system.source.example:
        return
    linked = _linked(system)
    for chip in system.chips:
        if chip.id in linked or links_unknown(chip) or chip_grid(chip.soc, chip.masks).eth.active == 0:
            continue
        product = product_of(chip.board)
        wired = product is not None and product.linked_inside
        severity = Severity.WARNING if wired else Severity.INFO
        yield chip.id, _warning(5, "isolated chip", "no eth link leads to another chip", severity)


def _unreachable(system: System) -> Found:
    for chip in system.chips:
        if chip.mmio is False and chip.via is None:
            yield (
                chip.id,
                _warning(6, "unreachable chip", "it is remote, and no MMIO-capable chip reaches it"),
            )


def _incomplete_boards(system: System) -> Found:
    chips, unknown = {chip.id: chip for chip in system.chips}, of_unknown_board(system.chips)
    for board_id, ids in _by(system.chips, "board_id").items():
        product = product_of(chips[ids[0]].board)
        if product is None or product.chips == 1 or product.trays:
            continue
        if has_remote_chips(product.board) and links_unknown(chips[ids[0]]):
            continue  # these are reached through links
        if len(ids) < product.chips and not may_have_another(unknown, board_id):
            message = (
                f"{with_article(product.board)} has {product.chips} chips, board {board_id} shows {len(ids)}"
            )
            yield None, _warning(7, "incomplete board", message, board_id=board_id, chips=ids)
    for board in dict.fromkeys(chip.board for chip in system.chips):
        ids = [chip.id for chip in system.chips if chip.board is board]
        product = product_of(board)
        if board is None or product is None or not product.trays:
            continue
        if len(ids) % product.chips and not may_have_another(unknown, None):
            message = f"{with_article(board)} has {product.chips} chips, this host shows {len(ids)}"
            # a container may be given some of them on purpose
            severity = Severity.INFO
            yield None, _warning(7, "incomplete board", message, severity, board=board.value, chips=ids)
