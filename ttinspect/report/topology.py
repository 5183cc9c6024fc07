"""The reports of ``topology``: table, tree, csv, dot, Mermaid, and a picture as SVG."""

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from ttinspect.answers.mesh import Cell, are_beside, places
from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.model.system import Link, LinkState
from ttinspect.report.common import CsvRows, findings_table, grouped, source_line, svg, xml_text
from ttinspect.report.memory import held_below, held_by, not_known_below
from ttinspect.report.screen import Fitting, add_row, columns, harmless
from ttinspect.report.units import reach

_COLUMNS = (">id", ">dev", "PCI", "unique id", ">loc", "reached", "~eth links")
_COLUMN_WIDTHS = (4, 3, 12, 20, 3, 8)
Group = tuple[str, list[TopologyChip]]


def board_groups(answer: TopologyAnswer) -> list[Group]:
    """Chips by board and tray, with a heading, in the order of their first chip."""
    groups: dict[tuple[str | None, int | None, int | None], list[TopologyChip]] = {}
    for chip in answer.chips:
        # an example is one board, or one Galaxy, although it has no id
        alone = chip.id if chip.board_id is None and not answer.source.example else None
        groups.setdefault((chip.board_id, chip.tray, alone), []).append(chip)
    return [(_heading(chips, example=answer.source.example), chips) for chips in groups.values()]


def _heading(chips: list[TopologyChip], *, example: bool) -> str:
    first = chips[0]
    words = [first.board.value if first.board else "board"]
    if not example:
        words.append(first.serial or "of unknown id")
    if first.revision:
        words.append(f"revision {first.revision}")
    if first.tray is not None:
        words.append(f"tray {first.tray}")
    return " ".join(words)


def topology_table(answer: TopologyAnswer) -> list[RenderableType | Fitting]:
    """A row per chip, grouped by board and tray; links as neighbour:count. Where every board has one chip,
    its serial is in the row."""
    groups = board_groups(answer)
    alone = all(len(chips) == 1 and chips[0].tray is None and chips[0].mmio for _, chips in groups)
    parts: list[RenderableType | Fitting] = [source_line(answer.source), Text("")]
    parts += [_cards(answer)] if alone else _boards(groups)
    parts += held_below((chip.id, chip.held_by) for chip in answer.chips)
    parts += not_known_below(answer.source, ((chip.id, chip.held_by, chip.unknown) for chip in answer.chips))
    parts.append(Text(" dev: N of /dev/tenstorrent/N   eth links: chip:links, out: leaving this host"))
    if alone and any("/" in _lanes(chip) for chip in answer.chips):
        parts.append(Text(" PCIe: lanes of the link / lanes that the card could have"))
    return [*parts, *_findings(answer)]


def _boards(groups: list[Group]) -> list[RenderableType]:
    """A heading for every board or tray, with its chips below."""
    parts: list[RenderableType] = [columns(*_COLUMNS, widths=_COLUMN_WIDTHS)]
    for heading, chips in groups:
        parts.append(Text(harmless(heading), style="bold"))
        table = columns(*_COLUMNS, header=False, widths=_COLUMN_WIDTHS)
        for chip in chips:
            names = (chip.pci_bdf or "-", chip.unique_id or "-")
            location = _or_dash(chip.asic_location)
            add_row(table, chip.id, _or_dash(chip.kmd_id), *names, location, _reached(chip), links(chip))
        parts.append(table)
    return parts


_CARD_COLUMNS = {">id": 3, ">dev": 3, "PCI": 12, "serial": 16, "unique id": 20, "PCIe": 5, "eth links": 0}
"""With their least widths: every kind of card has a table of its own."""


def _cards(answer: TopologyAnswer) -> Fitting:
    """A row for every card of one chip, those of one kind below one heading; where that is too wide without
    the unique ids, the longest of the names."""
    whole = {chip.id: _card_cells(chip) for chip in answer.chips}
    short = {chip: (*cells[:4], *cells[5:]) for chip, cells in whole.items()}
    named = [name for name in _CARD_COLUMNS if name != "unique id"]
    return Fitting(
        (
            tuple(_card_tables(answer, tuple(_CARD_COLUMNS), whole)),
            tuple(_card_tables(answer, (*named[:-1], f"~{named[-1]}"), short)),
        )
    )


def _card_tables(
    answer: TopologyAnswer, names: tuple[str, ...], cells: Mapping[int, tuple[str, ...]]
) -> Iterator[RenderableType]:
    widths = [_CARD_COLUMNS[name.lstrip("~")] for name in names]
    yield columns(*names, widths=widths)
    for kind, chips in itertools.groupby(answer.chips, key=_kind):
        yield Text(harmless(kind), style="bold")
        table = columns(*names, header=False, widths=widths)
        for chip in chips:
            add_row(table, *cells[chip.id])
        yield table


def _card_cells(chip: TopologyChip) -> tuple[str, ...]:
    names = (chip.pci_bdf or "-", chip.serial or "-", chip.unique_id or "-")
    return (str(chip.id), _or_dash(chip.kmd_id), *names, _lanes(chip), links(chip))


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)


def _kind(chip: TopologyChip) -> str:
    """ "n150", "p150 revision 2", or "board of unknown type"."""
    board = chip.board.value if chip.board else "board of unknown type"
    return f"{board} revision {chip.revision}" if chip.revision else board


def _lanes(chip: TopologyChip) -> str:
    """ "x16", "x8/16" where the card could have more, "-"."""
    now, most = chip.pcie.lanes, chip.pcie.max_lanes
    if now is None:
        return "-"
    return f"x{now}" if most in (None, now) else f"x{now}/{most}"


def _reached(chip: TopologyChip) -> str:
    """ "mmio x16" with the lanes of its PCIe link, "mmio x8 of 16", "via 0", or "-"."""
    lanes = "" if chip.pcie.lanes is None else " " + _of("x", chip.pcie.lanes, chip.pcie.max_lanes)
    return reach(chip.mmio, chip.via) + lanes


def _of(unit: str, now: int, most: int | None) -> str:
    """What a PCIe link trained to, and what it could, where that is another number."""
    return f"{unit}{now}" if most in (None, now) else f"{unit}{now} of {most}"


def _findings(answer: TopologyAnswer) -> list[RenderableType]:
    return findings_table(grouped(((chip.id, chip.findings) for chip in answer.chips), answer.findings))


def links(chip: TopologyChip) -> str:
    """ "1:2 4:2 out:1", "none", or "-" where the source sees no links."""
    if chip.neighbours is None:
        return "-"
    words = [f"{other.chip}:{other.links}" for other in chip.neighbours]
    if chip.outside_links is None:
        words.append("out:?")
    elif chip.outside_links:
        words.append(f"out:{chip.outside_links}")
    if chip.one_sided_links:
        words.append(f"one-sided:{chip.one_sided_links}")
    return " ".join(words) or "none"


def _identity(chip: TopologyChip) -> str:
    """Every name that people use for a chip, and how it is reached."""
    words = [f"chip {chip.id}", reach(chip.mmio, chip.via)]
    if chip.kmd_id is not None:
        words.append(f"dev {chip.kmd_id}")
    if chip.pci_bdf is not None:
        words.append(chip.pci_bdf)
    if chip.pcie.generation is not None:
        words.append(_of("gen", chip.pcie.generation, chip.pcie.max_generation))
    if chip.pcie.lanes is not None:
        words.append(_of("x", chip.pcie.lanes, chip.pcie.max_lanes))
    if chip.unique_id is not None:
        words.append(f"id {chip.unique_id}")
    if chip.asic_location is not None:
        words.append(f"loc {chip.asic_location}")
    return "  ".join(words)


def topology_tree(answer: TopologyAnswer) -> list[RenderableType]:
    """Boards, their chips, and every link with both ends."""
    root = Tree(source_line(answer.source))
    for heading, chips in board_groups(answer):
        archs = dict.fromkeys(chip.arch.value for chip in chips)
        branch = root.add(Text(harmless(f"{heading}  {' '.join(archs)}")))
        for chip in chips:
            node = branch.add(Text(harmless(_identity(chip))))
            if chip.held_by.held:
                node.add(Text(harmless(f"held by {held_by(chip.held_by)}")))
            for link in answer.links or ():
                for end, other in ((link.a, link.b), (link.b, link.a)):
                    if end.chip == chip.id:
                        node.add(
                            Text(
                                f"eth {end.channel} - chip {other.chip} eth {other.channel} "
                                f"{link.state.value}"
                            )
                        )
            for remote in answer.remote_links or ():
                if remote.a.chip == chip.id:
                    outside = f"outside {remote.remote_unique_id} eth {remote.remote_channel}"
                    node.add(Text(f"eth {remote.a.channel} - {outside}"))
    note = Text("eth N: the N-th live channel from 0 on, as tt-umd numbers the ends of links", style="dim")
    linked = [note] if answer.links or answer.remote_links else []
    return [root, *linked, *_findings(answer)]


def topology_csv(answer: TopologyAnswer) -> CsvRows:
    """A row per chip."""
    header = (
        "id", "kmd_id", "pci_bdf", "unique_id", "board_id", "arch", "board", "tray", "asic_location", "mmio",
        "via", "pcie_bus_id", "pcie_lanes", "pcie_max_lanes", "pcie_generation", "pcie_max_generation",
        "neighbours", "outside_links", "one_sided_links", "findings",
    )  # fmt: skip
    return header, (
        (
            chip.id,
            chip.kmd_id,
            chip.pci_bdf,
            chip.unique_id,
            chip.board_id,
            chip.arch.value,
            chip.board.value if chip.board else None,
            chip.tray,
            chip.asic_location,
            None if chip.mmio is None else str(chip.mmio).lower(),
            chip.via,
            chip.pcie.bus_id,
            chip.pcie.lanes,
            chip.pcie.max_lanes,
            chip.pcie.generation,
            chip.pcie.max_generation,
            None
            if chip.neighbours is None
            else " ".join(f"{other.chip}:{other.links}" for other in chip.neighbours),
            chip.outside_links,
            chip.one_sided_links,
            " ".join(finding.id for finding in chip.findings),
        )
        for chip in answer.chips
    )


class Edge(msgspec.Struct, frozen=True):
    """All links between two shown chips, the lower id first."""

    a: int
    b: int
    links: tuple[Link, ...]

    @property
    def is_up(self) -> bool:
        """Whether all of them are."""
        return all(link.state is LinkState.UP for link in self.links)

    @property
    def count(self) -> str:
        """How many, and how many of them are not up: "2", "2 (1 down)"."""
        states = [link.state for link in self.links]
        others = [state for state in (LinkState.DOWN, LinkState.UNKNOWN) if state in states]
        text = ", ".join(f"{states.count(state)} {state.value}" for state in others)
        return f"{len(states)} ({text})" if text else str(len(states))

    @property
    def channels(self) -> str:
        """The eth channels at both ends: "eth 8-0, 9-1"."""
        pairs = [
            (link.a.channel, link.b.channel) if link.a.chip == self.a else (link.b.channel, link.a.channel)
            for link in self.links
        ]
        return "eth " + ", ".join(f"{first}-{other}" for first, other in sorted(pairs))


def edges(answer: TopologyAnswer) -> list[Edge]:
    """Pairs of shown chips with the links between them."""
    shown = {chip.id for chip in answer.chips}
    links_of_pairs: dict[tuple[int, int], list[Link]] = {}
    for link in answer.links or ():
        pair = (min(link.a.chip, link.b.chip), max(link.a.chip, link.b.chip))
        if {*pair} <= shown:
            links_of_pairs.setdefault(pair, []).append(link)
    return [Edge(a, b, tuple(links)) for (a, b), links in sorted(links_of_pairs.items())]


def _label(chip: TopologyChip) -> str:
    board = chip.board.value if chip.board else chip.arch.value
    return f"chip {chip.id} {board} {chip.pci_bdf or reach(chip.mmio, chip.via)}"


def topology_dot(answer: TopologyAnswer) -> str:
    """A Graphviz graph with one cluster per board and tray; links that leave the host end in a point."""
    lines = ["graph topology {", "  node [shape=box, fontname=monospace];"]
    for index, (heading, chips) in enumerate(board_groups(answer)):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f"    label={_quoted(heading)};")
        for chip in chips:
            style = ', style="dashed"' if chip.mmio is False else ""
            name = "" if chip.unique_id is None else f", tooltip={_quoted('unique id ' + chip.unique_id)}"
            lines.append(f"    c{chip.id} [label={_quoted(_label(chip))}{style}{name}];")
        lines.append("  }")
    for edge in edges(answer):
        style = "" if edge.is_up else ', style="dashed"'
        lines.append(f'  c{edge.a} -- c{edge.b} [label="{edge.count}", tooltip="{edge.channels}"{style}];')
    for chip in answer.chips:
        if chip.outside_links:
            lines.append(f'  out{chip.id} [shape=plaintext, label="another host"];')
            lines.append(f'  c{chip.id} -- out{chip.id} [label="{chip.outside_links}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def topology_mermaid(answer: TopologyAnswer) -> str:
    """A Mermaid graph with one subgraph per board and tray."""
    lines = ["graph LR"]
    for index, (heading, chips) in enumerate(board_groups(answer)):
        lines.append(f'  subgraph b{index}["{heading}"]')
        lines += [f'    c{chip.id}["{_label(chip)}"]' for chip in chips]
        lines.append("  end")
    for edge in edges(answer):
        line = "---" if edge.is_up else "-.-"
        lines.append(f'  c{edge.a} {line}|"{edge.count}: {edge.channels}"| c{edge.b}')
    for chip in answer.chips:
        if chip.outside_links:
            lines.append(f'  c{chip.id} ---|{chip.outside_links}| out{chip.id}["another host"]')
    return "\n".join(lines) + "\n"


_BOX_WIDTH = 176
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
        more = "" if self.title is None else f"<title>{xml_text(self.title)}</title>"
        return f'<text class="{self.look}" x="{self.x}" y="{self.y}">{xml_text(self.text)}{more}</text>'


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
            f'<rect class="{look}" x="{self.left}" y="{self.top}" width="{_BOX_WIDTH}" '
            f'height="{self.height}" rx="4"/>'
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
            _MARGIN + _PAD + cells[chip.id][1] * (_BOX_WIDTH + _GAP_X),
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
    width = max((box.left + _BOX_WIDTH for box in boxes.values()), default=0) + _PAD + _MARGIN
    foot = [*_legend(answer, drawn, beside, lines), *textwrap.wrap(source, 100)]
    for words in foot:
        body.append(Label("foot", _MARGIN, y, words).svg())
        width, y = max(width, 2 * _MARGIN + len(words) * _SMALL), y + _LINE
    return svg(width, y, source, _STYLE, body)


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
    elsewhere = [edge for edge in drawn if chip in (edge.a, edge.b) and edge not in beside]
    words = [f"{edge.a + edge.b - chip}:{_count_up(edge)}".replace(" ", "\xa0") for edge in elsewhere]
    for line in textwrap.wrap("also " + " ".join(words), (_BOX_WIDTH - 2 * _PAD) // _SMALL) if words else ():
        yield "also", line


def _count_up(edge: Edge) -> str:
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
        room = (wide * _BOX_WIDTH + (wide - 1) * _GAP_X) if free else _BOX_WIDTH - _INSET - _PAD
        return cls(tuple(textwrap.wrap(heading, room // _LETTER)), tuple(chips), min(rows), whole)

    def svg(self, boxes: Mapping[int, _Box]) -> Iterable[str]:
        own_boxes = [boxes[chip] for chip in self.chips]
        for part in [own_boxes] if self.whole else [[box] for box in own_boxes]:
            left, right = min(box.left for box in part), max(box.left for box in part) + _BOX_WIDTH
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
    words = _count_up(edge)
    if first.cell[0] == second.cell[0]:
        y = first.top + 2 * _LINE
        path = f"M{first.left + _BOX_WIDTH} {y}H{second.left}"
        label = Label("count", first.left + _BOX_WIDTH + (_GAP_X - len(words) * _SMALL) // 2, y - 5, words)
    else:
        x, start = first.left + _BOX_WIDTH - _INSET, first.top + first.height
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
