"""``topology`` as a picture."""

from xml.sax.saxutils import escape, quoteattr

import msgspec

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.report.common import source_line
from ttinspect.report.topology import board_groups
from ttinspect.report.topology_graph import Edge, edges
from ttinspect.report.units import reach

_WIDTH, _HEIGHT = 150, 60
_GAP_X, _GAP_Y = 44, 76
_PER_ROW = 8
_LETTER = 8
"""How wide a letter of a heading is at most."""
_LANES, _LANE = 5, 6
"""Links that go round other chips are drawn beside one another."""
_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222}.chip{fill:#e8f0ee;stroke:#555}"
    ".remote,.broken{stroke-dasharray:4 2}.link{stroke:#3b7d6b;stroke-width:2;fill:none}"
    ".heading{font-weight:bold}"
    ".id,.out,.count{font-size:11px}.out{text-anchor:end}.halo{fill:#fff;stroke:#fff;stroke-width:3}"
)


class _Place(msgspec.Struct, frozen=True):
    """Where a box is: the row and column that it stands in, and its upper left corner."""

    row: int
    column: int
    left: int
    top: int

    @property
    def middle(self) -> int:
        return self.left + _WIDTH // 2


def _place(row: int, column: int) -> _Place:
    left, top = _GAP_X + column * (_WIDTH + _GAP_X), _GAP_Y + row * (_HEIGHT + _GAP_Y)
    return _Place(row, column, left, top)


def topology_svg(answer: TopologyAnswer) -> str:
    """A standalone SVG: eight chips a row, boards side by side as far as they fit, a line with its number
    of links for every pair of linked chips. No line goes through the box of another chip."""
    boxes: list[str] = []
    headings: list[str] = []
    places: dict[int, _Place] = {}
    groups = board_groups(answer)
    row = column = 0
    for heading, chips in groups:
        if column and column + len(chips) > _PER_ROW:  # boards that fit stand beside one another
            row, column = row + 1, 0
        first = _place(row, column)
        headings.append(_over_lines("heading", first.left, first.top - 60, heading))
        for chip in chips:
            if column == _PER_ROW:
                row, column = row + 1, 0
            places[chip.id] = _place(row, column)
            boxes.append(_box(chip, places[chip.id]))
            column += 1
    lines = [_link(index, places[edge.a], places[edge.b], edge) for index, edge in enumerate(edges(answer))]
    widest = max((place.column for place in places.values()), default=0) + 1
    longest = max((len(heading) for heading, _ in groups), default=0)
    width = max(_place(0, widest).left + _GAP_X, 2 * _GAP_X + longest * _LETTER)
    height = _place(row + 1, 0).top - _GAP_Y + 20
    name = quoteattr(source_line(answer.source).plain)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label={name}>\n<style>{_STYLE}</style>\n'
        + "\n".join([*boxes, *lines, *headings])
        + "\n</svg>\n"
    )


def _over_lines(look: str, x: int, y: int, text: str) -> str:
    """Text that stays readable where lines go through it, also for programs without paint-order."""
    at = f'x="{x}" y="{y}">{escape(text)}</text>'
    return f'<text class="{look} halo" {at}<text class="{look}" {at}'


def _box(chip: TopologyChip, place: _Place) -> str:
    look = "chip remote" if chip.mmio is False else "chip"
    x, y = place.left + 8, place.top
    node = "" if chip.kmd_id is None else f"  dev {chip.kmd_id}"
    out = "" if chip.outside_links == 0 or chip.neighbours is None else _out(chip, place)
    return (
        f'<g><rect class="{look}" x="{place.left}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="{x}" y="{y + 18}">chip {chip.id}{node}</text>'
        f'<text x="{x}" y="{y + 35}">{escape(chip.pci_bdf or reach(chip.mmio, chip.via))}</text>'
        f'<text class="id" x="{x}" y="{y + 51}">{chip.unique_id or "-"}</text>'
        f"{out}</g>"
    )


def _out(chip: TopologyChip, place: _Place) -> str:
    count = "?" if chip.outside_links is None else chip.outside_links
    return (
        f'<text class="out" x="{place.left + _WIDTH - 8}" y="{place.top + 35}">out:{count}'
        "<title>links that leave this host</title></text>"
    )


def _link(index: int, a: _Place, b: _Place, edge: Edge) -> str:
    path, x, y = _route(index % _LANES * _LANE, *sorted((a, b), key=lambda place: (place.row, place.column)))
    title = f"chip {edge.a} to chip {edge.b}: {edge.count}, {edge.channels}"
    look = "link" if edge.is_up else "link broken"
    return (
        f'<path class="{look}" d="{path}"><title>{title}</title></path>'
        f"{_over_lines('count', x, y, str(edge.count))}"
    )


def _route(lane: int, a: _Place, b: _Place) -> tuple[str, int, int]:
    """A way from one box to another one to the right of it or below, round all others, or back to itself; and
    where on it its number stands."""
    if a == b:
        x, y = a.left + _WIDTH, a.top
        return f"M{x - 34} {y}C{x - 34} {y - 24} {x - 10} {y - 24} {x - 10} {y}", x - 24, y - 20
    if a.row == b.row and b.column - a.column == 1:
        y = a.top + _HEIGHT // 2
        return f"M{a.left + _WIDTH} {y}H{b.left}", b.left - _GAP_X // 2 - 4, y - 4
    if a.row == b.row:
        apart = b.column - a.column
        y = a.top - 12 - 10 * apart
        path = f"M{a.middle} {a.top}C{a.middle} {y} {b.middle} {y} {b.middle} {b.top}"
        return path, (a.middle + b.middle) // 2, (a.top + 3 * y) // 4 - 3
    start, end = a.top + _HEIGHT, b.top
    if b.row - a.row == 1:
        bend = (start + end) // 2
        path = f"M{a.middle} {start}C{a.middle} {bend} {b.middle} {bend} {b.middle} {end}"
        if a.column == b.column:
            return path, b.middle + 6, end - 5
        return path, (a.middle + b.middle) // 2 + 4, bend
    x = a.left + _WIDTH + _LANE + lane
    path = f"M{a.left + _WIDTH} {start - 8}H{x}V{end - _LANE - lane}H{b.left + _WIDTH - 40 + lane}V{end}"
    return path, x + 2, start + 34
