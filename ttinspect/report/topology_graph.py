"""``topology`` as a graph: dot, mermaid, svg."""

from xml.sax.saxutils import escape, quoteattr

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.report.common import source_line
from ttinspect.report.topology import board_groups

_WIDTH = 96
_HEIGHT = 44
_GAP_X = 36
_GAP_Y = 40
_PER_ROW = 8
_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222}.chip{fill:#e8f0ee;stroke:#555}"
    ".remote{stroke-dasharray:4 2}.link{stroke:#3b7d6b;stroke-width:2}.heading{font-weight:bold}"
)


def _edges(answer: TopologyAnswer) -> list[tuple[int, int, int]]:
    """Pairs of shown chips with the number of links between them."""
    shown = {chip.id for chip in answer.chips}
    counts: dict[tuple[int, int], int] = {}
    for link in answer.links:
        pair = (min(link.a.chip, link.b.chip), max(link.a.chip, link.b.chip))
        if {*pair} <= shown:
            counts[pair] = counts.get(pair, 0) + 1
    return [(a, b, count) for (a, b), count in sorted(counts.items())]


def _label(chip: TopologyChip) -> str:
    return f"chip {chip.id} {chip.board.value if chip.board else chip.arch.value}"


def topology_dot(answer: TopologyAnswer) -> str:
    """A Graphviz graph with one cluster per board and tray."""
    lines = ["graph topology {", "  node [shape=box, fontname=monospace];"]
    for index, (heading, chips) in enumerate(board_groups(answer)):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f"    label={_quoted(heading)};")
        for chip in chips:
            style = ', style="dashed"' if chip.mmio is False else ""
            lines.append(f"    c{chip.id} [label={_quoted(_label(chip))}{style}];")
        lines.append("  }")
    lines += [f'  c{a} -- c{b} [label="{count}"];' for a, b, count in _edges(answer)]
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
    lines += [f"  c{a} ---|{count}| c{b}" for a, b, count in _edges(answer)]
    return "\n".join(lines) + "\n"


def topology_svg(answer: TopologyAnswer) -> str:
    """A standalone SVG: boards below one another, eight chips a row, a line per pair of linked chips."""
    boxes: list[str] = []
    centres: dict[int, tuple[int, int]] = {}
    y = _GAP_Y
    for heading, chips in board_groups(answer):
        boxes.append(f'<text class="heading" x="{_GAP_X}" y="{y - 12}">{escape(heading)}</text>')
        for index, chip in enumerate(chips):
            column, line = index % _PER_ROW, index // _PER_ROW
            left, top = _GAP_X + column * (_WIDTH + _GAP_X), y + line * (_HEIGHT + _GAP_Y)
            centres[chip.id] = (left + _WIDTH // 2, top + _HEIGHT // 2)
            look = "chip remote" if chip.mmio is False else "chip"
            boxes.append(
                f'<g><rect class="{look}" x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
                f'<text x="{left + 8}" y="{top + 18}">chip {chip.id}</text>'
                f'<text x="{left + 8}" y="{top + 34}">{escape(chip.pci_bdf or "remote")}</text></g>'
            )
        y += ((len(chips) - 1) // _PER_ROW + 1) * (_HEIGHT + _GAP_Y) + _GAP_Y
    lines = []
    for a, b, count in _edges(answer):
        (x1, y1), (x2, y2) = centres[a], centres[b]
        title = f"<title>chip {a} to chip {b}: {count} links</title>"
        lines.append(f'<line class="link" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">{title}</line>')
    widest = max([1, *(min(len(chips), _PER_ROW) for _, chips in board_groups(answer))])
    width = _GAP_X + widest * (_WIDTH + _GAP_X)
    name = quoteattr(source_line(answer.source).plain)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'role="img" aria-label={name}>\n<style>{_STYLE}</style>\n'
        + "\n".join([*lines, *boxes])
        + "\n</svg>\n"
    )
