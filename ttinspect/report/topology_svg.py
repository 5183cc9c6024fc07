"""The picture of ``topology``: chips as boxes, as they lie in their mesh, with their links and boards."""

import itertools
import textwrap
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

import msgspec

from ttinspect.answers.mesh import Cell, are_beside, places
from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.model.system import LinkState
from ttinspect.report.common import source_line
from ttinspect.report.topology import Edge, board_groups, edges
from ttinspect.report.units import reach

_WIDTH = 176
_GAP_X, _GAP_Y = 64, 36
_MARGIN = 16
_PAD = 8
"""Between a box and the frame of its board."""
_LINE = 15
_LETTER, _SMALL = 8, 7
"""How wide a letter is at most, of 12 and of 11 pixels."""
_INSET = 30
"""A link to the box below leaves this far from the right edge: headings stand to the left of it."""
_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222}"
    ".chip{fill:#e8f0ee;stroke:#555}.frame{fill:#f7f7f4;stroke:#bbb}"
    ".remote,.broken{stroke-dasharray:4 2}.link{stroke:#3b7d6b;stroke-width:2;fill:none}"
    ".heading{font-weight:bold}.id,.also,.out,.count,.foot{font-size:11px}"
)


class Label(msgspec.Struct, frozen=True):
    """A text, from its left end on its baseline."""

    look: str
    x: int
    y: int
    text: str
    title: str | None = None

    def svg(self) -> str:
        """The element."""
        more = "" if self.title is None else f"<title>{escape(self.title)}</title>"
        return f'<text class="{self.look}" x="{self.x}" y="{self.y}">{escape(self.text)}{more}</text>'


class _Box(msgspec.Struct, frozen=True):
    """A chip: its cell, and where it stands."""

    chip: TopologyChip
    lines: tuple[tuple[str, str], ...]
    cell: Cell
    left: int
    top: int
    height: int

    def svg(self) -> Iterable[str]:
        look = "chip remote" if self.chip.mmio is False else "chip"
        yield (
            f'<rect class="{look}" x="{self.left}" y="{self.top}" width="{_WIDTH}" height="{self.height}" '
            'rx="4"/>'
        )
        for at, (kind, words) in enumerate(self.lines):
            title = "links that leave this host" if kind == "out" else None
            yield Label(kind, self.left + _PAD, self.top + 18 + at * _LINE, words, title).svg()


def topology_svg(answer: TopologyAnswer) -> str:
    """A standalone SVG: chips that are linked stand beside each other, as in the mesh of a Galaxy or a
    T3000; a line for the links between two of them, with how many. What is linked to a chip elsewhere in the
    picture says so in its box: a line would go through others."""
    groups = board_groups(answer)
    cells = places(answer, [chips for _, chips in groups])
    drawn = edges(answer)
    beside = [edge for edge in drawn if are_beside(cells[edge.a], cells[edge.b])]
    crossed = {max(cells[edge.a], cells[edge.b]) for edge in beside if cells[edge.a][1] == cells[edge.b][1]}
    several = {chip.id for _, chips in groups if len(chips) > 1 for chip in chips}
    lines = {
        chip.id: (*_lines(chip, chip.id in several), *_also(chip.id, drawn, beside)) for chip in answer.chips
    }
    framed = [_Frame.of(heading, [chip.id for chip in chips], cells, crossed) for heading, chips in groups]
    rows = _rows(framed, cells, lines)
    boxes = {
        chip.id: _Box(
            chip,
            lines[chip.id],
            cells[chip.id],
            _MARGIN + _PAD + cells[chip.id][1] * (_WIDTH + _GAP_X),
            *rows[cells[chip.id][0]],
        )
        for chip in answer.chips
    }
    body: list[str] = []
    for frame in framed:
        body += frame.svg(boxes)
    for box in boxes.values():
        body += box.svg()
    for edge in beside:
        body += _link(boxes[edge.a], boxes[edge.b], edge)
    source = source_line(answer.source).plain
    y = max((box.top + box.height for box in boxes.values()), default=0) + _PAD + 2 * _LINE
    width = max((box.left + _WIDTH for box in boxes.values()), default=0) + _PAD + _MARGIN
    foot = [*_legend(answer, drawn, beside, lines), *textwrap.wrap(source, 100)]
    for words in foot:
        body.append(Label("foot", _MARGIN, y, words).svg())
        width, y = max(width, 2 * _MARGIN + len(words) * _SMALL), y + _LINE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'role="img" aria-label={quoteattr(source)}>\n<style>{_STYLE}</style>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _lines(chip: TopologyChip, several: bool) -> Iterable[tuple[str, str]]:
    node = "" if chip.kmd_id is None else f" dev {chip.kmd_id}"
    place = "" if chip.asic_location is None or not several else f" loc {chip.asic_location}"
    yield "name", f"chip {chip.id}{node}{place}"
    yield "reach", chip.pci_bdf or reach(chip.mmio, chip.via)
    yield "id", chip.unique_id or "-"
    if chip.outside_links != 0 and chip.neighbours is not None:
        yield "out", f"out:{'?' if chip.outside_links is None else chip.outside_links}"


def _also(chip: int, drawn: list[Edge], beside: list[Edge]) -> Iterable[tuple[str, str]]:
    """Links to chips that are not beside it: "also 12:2 30:1/2 up"."""
    far = [edge for edge in drawn if chip in (edge.a, edge.b) and edge not in beside]
    words = [f"{edge.a + edge.b - chip}:{_count(edge)}".replace(" ", "\xa0") for edge in far]
    for line in textwrap.wrap("also " + " ".join(words), (_WIDTH - 2 * _PAD) // _SMALL) if words else ():
        yield "also", line


def _count(edge: Edge) -> str:
    """How many links: "2"; "1/2 up" where one is down, "2?" where that is not known."""
    states = [link.state for link in edge.links]
    asked = "?" if LinkState.UNKNOWN in states else ""
    if LinkState.DOWN not in states:
        return f"{len(states)}{asked}"
    return f"{states.count(LinkState.UP)}/{len(states)}{asked} up"


class _Frame(msgspec.Struct, frozen=True):
    """The board, or the tray, of some chips; its heading, folded to the room that it has."""

    heading: tuple[str, ...]
    chips: tuple[int, ...]
    row: int
    whole: bool
    """Whether the chips lie in a rectangle that is theirs alone; else each has a frame of its own."""

    @classmethod
    def of(cls, heading: str, chips: list[int], cells: Mapping[int, Cell], crossed: set[Cell]) -> "_Frame":
        rows, columns = ([cells[chip][side] for chip in chips] for side in (0, 1))
        inside = {
            chip
            for chip, (row, column) in cells.items()
            if min(rows) <= row <= max(rows) and min(columns) <= column <= max(columns)
        }
        whole = inside == set(chips)
        wide = (max(columns) - min(columns) + 1) if whole else 1
        free = not any((min(rows), column) in crossed for column in columns) if whole else False
        room = (wide * _WIDTH + (wide - 1) * _GAP_X) if free else _WIDTH - _INSET - _PAD
        return cls(tuple(textwrap.wrap(heading, room // _LETTER)), tuple(chips), min(rows), whole)

    def svg(self, boxes: Mapping[int, _Box]) -> Iterable[str]:
        mine = [boxes[chip] for chip in self.chips]
        for part in [mine] if self.whole else [[box] for box in mine]:
            left, right = min(box.left for box in part), max(box.left for box in part) + _WIDTH
            top, bottom = min(box.top for box in part), max(box.top + box.height for box in part)
            high = len(self.heading) * _LINE
            yield (
                f'<rect class="frame" x="{left - _PAD}" y="{top - _PAD - high}" '
                f'width="{right - left + 2 * _PAD}" height="{bottom - top + high + 2 * _PAD}" rx="6"/>'
            )
            for at, words in enumerate(self.heading):
                yield Label("heading", left, top - high + at * _LINE + _LINE - _PAD // 2, words).svg()


def _rows(
    framed: list[_Frame], cells: Mapping[int, Cell], lines: Mapping[int, tuple[tuple[str, str], ...]]
) -> list[tuple[int, int]]:
    """Where each row of boxes begins, below its headings, and how high it is."""
    rows = range(max((row for row, _ in cells.values()), default=-1) + 1)
    head, high = dict.fromkeys(rows, 0), dict.fromkeys(rows, 0)
    for frame in framed:
        for row in [frame.row] if frame.whole else {cells[chip][0] for chip in frame.chips}:
            head[row] = max(head[row], len(frame.heading) * _LINE)
    for chip, (row, _) in cells.items():
        high[row] = max(high[row], len(lines[chip]) * _LINE + 2 * _PAD)
    tops: list[tuple[int, int]] = []
    y = _MARGIN + _PAD
    for row in rows:
        tops.append((y + head[row], high[row]))
        y += head[row] + high[row] + _GAP_Y
    return tops


def _link(a: _Box, b: _Box, edge: Edge) -> Iterable[str]:
    """A line with its number above it, or to the right."""
    first, second = sorted((a, b), key=lambda box: box.cell)
    words = _count(edge)
    if first.cell[0] == second.cell[0]:
        y = first.top + 2 * _LINE
        path = f"M{first.left + _WIDTH} {y}H{second.left}"
        label = Label("count", first.left + _WIDTH + (_GAP_X - len(words) * _SMALL) // 2, y - 5, words)
    else:
        x, start = first.left + _WIDTH - _INSET, first.top + first.height
        path = f"M{x} {start}V{second.top}"
        label = Label("count", x + 5, start + _PAD + _LINE - 2, words)
    title = f"chip {edge.a} to chip {edge.b}: {edge.count}, {edge.channels}"
    look = "link" if edge.is_up else "link broken"
    yield f'<path class="{look}" d="{path}"><title>{title}</title></path>'
    yield label.svg()


def _legend(
    answer: TopologyAnswer,
    drawn: list[Edge],
    beside: list[Edge],
    lines: Mapping[int, tuple[tuple[str, str], ...]],
) -> Iterable[str]:
    """What boxes and lines mean, of those that are there."""
    kinds = {kind for part in lines.values() for kind, _ in part}
    parts = ["box: chip, with its unique id below"]
    if any(chip.mmio is False for chip in answer.chips):
        parts.append("dashed box: reached through another chip")
    if beside:
        parts.append("line: eth links, with how many")
    if "also" in kinds:
        parts.append("also 9:2: two links to chip 9, which is not beside it")
    states = {link.state for edge in drawn for link in edge.links}
    if LinkState.DOWN in states:
        parts.append("1/2 up, dashed: one of two is down")
    if LinkState.UNKNOWN in states:
        parts.append("2?, dashed: not known whether up")
    if "out" in kinds:
        parts.append("out: links that leave this host")
    yield from (" | ".join(batch) for batch in _batched(parts))


def _batched(parts: list[str]) -> Iterable[list[str]]:
    left = iter(parts)
    while batch := list(itertools.islice(left, 3)):
        yield batch
