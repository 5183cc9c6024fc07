"""``topology`` as a graph: dot and mermaid."""

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.report.topology import board_groups
from ttinspect.report.units import reach


def edges(answer: TopologyAnswer) -> list[tuple[int, int, int]]:
    """Pairs of shown chips with the number of links between them."""
    shown = {chip.id for chip in answer.chips}
    counts: dict[tuple[int, int], int] = {}
    for link in answer.links:
        pair = (min(link.a.chip, link.b.chip), max(link.a.chip, link.b.chip))
        if {*pair} <= shown:
            counts[pair] = counts.get(pair, 0) + 1
    return [(a, b, count) for (a, b), count in sorted(counts.items())]


def _label(chip: TopologyChip) -> str:
    board = chip.board.value if chip.board else chip.arch.value
    return f"chip {chip.id} {board} {chip.pci_bdf or reach(chip.mmio, chip.via)}"


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
    lines += [f'  c{a} -- c{b} [label="{count}"];' for a, b, count in edges(answer)]
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
    lines += [f"  c{a} ---|{count}| c{b}" for a, b, count in edges(answer)]
    return "\n".join(lines) + "\n"
