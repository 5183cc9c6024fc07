"""Where chips stand in a picture: beside the chips that they are linked to, so that a mesh looks like one."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.facts.boards import revision_names
from ttinspect.facts.trays import has_trays, tray_numbers
from ttinspect.facts.wiring import inside_links, tray_joints
from ttinspect.model.arch import Board

Cell = tuple[int, int]
"""A row and a column."""
Links = Mapping[int, set[int]]

PER_ROW = 8
_SIDES = ((0, 1), (1, 0), (0, -1), (-1, 0))
_STEPS = 20_000
"""Of a search for a place for every chip; a mesh of 32 takes a few hundred."""
_MOST_EXCHANGED = 40
"""Chips of which every pair is tried the other way round."""


def places(answer: TopologyAnswer, groups: Sequence[Sequence[TopologyChip]]) -> dict[int, Cell]:
    """The cell of every chip. A Galaxy lies as its trays and their own links do, whatever is missing; other
    chips as their links allow, those of a board side by side, eight in a row."""
    blocks = [*_galaxies(answer)]
    placed = {chip for block in blocks for chip in block}
    shown = {chip.id for chip in answer.chips} - placed
    linked: dict[int, set[int]] = {chip: set() for chip in sorted(shown)}
    for link in answer.links or ():
        if {link.a.chip, link.b.chip} <= shown and not link.is_loop:
            linked[link.a.chip].add(link.b.chip)
            linked[link.b.chip].add(link.a.chip)
    together = {chip: set(others) for chip, others in linked.items()}
    for group in groups:
        for first, other in itertools.pairwise(chip.id for chip in group if chip.id in shown):
            together[first].add(other)
            together[other].add(first)
    blocks += [_laid_out(part, linked) for part in _parts(together)]
    return _flowed(sorted(blocks, key=min))


def _galaxies(answer: TopologyAnswer) -> Iterable[dict[int, Cell]]:
    """The chips of Galaxies at their places, one block for each set of trays that are joined."""
    chips_at: dict[Board, dict[Cell, int]] = {}
    for chip in answer.chips:
        if chip.board is not None and chip.tray is not None and chip.asic_location is not None:
            chips_at.setdefault(chip.board, {}).setdefault((chip.tray, chip.asic_location), chip.id)
    for board, chip_at in chips_at.items():
        for block in _trays(board, _revision(answer, board, chip_at)):
            cells = {chip_at[at]: cell for at, cell in block.items() if at in chip_at}
            if cells:
                yield cells


def _revision(answer: TopologyAnswer, board: Board, chip_at: Mapping[Cell, int]) -> str | None:
    """The revision that its ids tell, else the one whose trays are joined as the links say."""
    for chip in answer.chips:
        if chip.board is board and isinstance(chip.revision, str):
            return chip.revision
    linked = {frozenset((link.a.chip, link.b.chip)) for link in answer.links or ()}

    def joined(revision: str) -> int:
        pairs = _joints(board, revision)
        return sum(frozenset((chip_at.get(a), chip_at.get(b))) in linked for a, b in pairs)

    return max(revision_names(board), key=joined, default=None)


def _trays(board: Board, revision: str | None) -> Iterable[dict[Cell, Cell]]:
    """The cells of the trays and ASIC locations of a Galaxy, by the links that no cable makes."""
    if not has_trays(board):
        return
    pairs = [
        ((tray, link.a.asic_location), (tray, link.b.asic_location))
        for tray in tray_numbers(board)
        for link in inside_links(board)
    ]
    pairs += _joints(board, revision)
    names = sorted({at for pair in pairs for at in pair})
    index = {at: number for number, at in enumerate(names)}
    linked: dict[int, set[int]] = {number: set() for number in index.values()}
    for a, b in pairs:
        linked[index[a]].add(index[b])
        linked[index[b]].add(index[a])
    for part in _parts(linked):
        yield {names[number]: cell for number, cell in _laid_out(part, linked).items()}


def _joints(board: Board, revision: str | None) -> list[tuple[Cell, Cell]]:
    """Trays and ASIC locations that linking boards join."""
    return [
        ((joint.trays[0], place.asic_location), (joint.trays[1], place.asic_location))
        for joint in tray_joints(board, revision)
        for place in joint.port.places
    ]


def _parts(linked: Links) -> list[list[int]]:
    """What hangs together."""
    left, parts = dict.fromkeys(linked), []
    while left:
        part, todo = [], [next(iter(left))]
        left.pop(todo[0])
        while todo:
            first = todo.pop()
            part.append(first)
            for other in sorted(linked[first]):
                if other in left:
                    left.pop(other)
                    todo.append(other)
        parts.append(sorted(part))
    return parts


def _laid_out(part: Sequence[int], linked: Links) -> dict[int, Cell]:
    """Linked chips in cells beside each other, all of them where that can be."""
    if not any(linked[chip] for chip in part):
        return {chip: divmod(at, PER_ROW) for at, chip in enumerate(part)}
    order = _order(part, linked)
    cells = _searched(order, linked) or _approached(order, linked)
    return _upright(cells)


def _order(part: Sequence[int], linked: Links) -> list[int]:
    """From a corner on, each behind as many of its neighbours as can be."""
    order = [min(part, key=lambda chip: (len(linked[chip]) or len(part), chip))]
    left = set(part) - set(order)
    while left:
        done = set(order)
        order.append(min(left, key=lambda chip: (-len(linked[chip] & done), len(linked[chip]), chip)))
        left.remove(order[-1])
    return order


def _searched(order: Sequence[int], linked: Links) -> dict[int, Cell] | None:
    """Every chip beside all that it is linked to; None where that is not found."""
    cells: dict[int, Cell] = {order[0]: (0, 0)}
    tries: list[list[Cell]] = []
    for _ in range(_STEPS):
        if len(cells) == len(order):
            return cells
        chip = order[len(cells)]
        if len(tries) < len(cells):
            tries.append(_beside_all(chip, linked, cells))
        if tries[-1]:
            cells[chip] = tries[-1].pop(0)
            continue
        tries.pop()
        if not tries:
            return None
        cells.pop(order[len(cells) - 1])
    return None


def _beside_all(chip: int, linked: Links, cells: Mapping[int, Cell]) -> list[Cell]:
    neighbours = [cells[other] for other in linked[chip] if other in cells]
    taken = set(cells.values())
    if not neighbours:
        return []
    row, column = neighbours[0]
    near = [(row + down, column + right) for down, right in _SIDES]
    return [at for at in near if at not in taken and all(are_beside(at, other) for other in neighbours)]


def _approached(order: Sequence[int], linked: Links) -> dict[int, Cell]:
    """Where not all can be beside each other: in a block of cells, as near as exchanging two brings them."""
    rows = 1 if len(order) <= 3 else 2 if len(order) <= 2 * PER_ROW else -(-len(order) // PER_ROW)
    columns = -(-len(order) // rows)
    cells = {chip: divmod(at, columns) for at, chip in enumerate(order)}
    better = len(order) <= _MOST_EXCHANGED
    while better:
        better = False
        for first, other in itertools.combinations(order, 2):
            before = _length(first, linked, cells) + _length(other, linked, cells)
            cells[first], cells[other] = cells[other], cells[first]
            if _length(first, linked, cells) + _length(other, linked, cells) < before:
                better = True
            else:
                cells[first], cells[other] = cells[other], cells[first]
    return cells


def _length(chip: int, linked: Links, cells: Mapping[int, Cell]) -> int:
    return sum(_apart(cells[chip], cells[other]) ** 2 for other in linked[chip])


def are_beside(a: Cell, b: Cell) -> bool:
    """Whether two cells share a side."""
    return _apart(a, b) == 1


def _apart(a: Cell, b: Cell) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _upright(placed: Mapping[int, Cell]) -> dict[int, Cell]:
    """Wider than high, the first chip to the upper left."""
    cells = _to_corner(placed)
    if max(row for row, _ in cells.values()) > max(column for _, column in cells.values()):
        cells = {chip: (column, row) for chip, (row, column) in cells.items()}
    last_row, last_column = (max(cell[side] for cell in cells.values()) for side in (0, 1))
    row, column = cells[min(cells)]
    down, right = row > last_row / 2, column > last_column / 2
    return {
        chip: (last_row - row if down else row, last_column - column if right else column)
        for chip, (row, column) in cells.items()
    }


def _to_corner(cells: Mapping[int, Cell]) -> dict[int, Cell]:
    top, left = (min(cell[side] for cell in cells.values()) for side in (0, 1))
    return {chip: (row - top, column - left) for chip, (row, column) in cells.items()}


def _flowed(blocks: Iterable[Mapping[int, Cell]]) -> dict[int, Cell]:
    """Blocks side by side, and below each other where a row is full."""
    cells: dict[int, Cell] = {}
    top = left = bottom = 0
    for block in blocks:
        high, wide = (max(cell[side] for cell in block.values()) + 1 for side in (0, 1))
        if left and left + wide > PER_ROW:
            top, left = bottom, 0
        cells |= {chip: (top + row, left + column) for chip, (row, column) in block.items()}
        left, bottom = left + wide, max(bottom, top + high)
    return cells
