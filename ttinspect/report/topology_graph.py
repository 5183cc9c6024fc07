"""``topology`` as a graph: dot and mermaid."""

import msgspec

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.model.system import Link, LinkState
from ttinspect.report.topology import board_groups
from ttinspect.report.units import reach


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
        told = ", ".join(f"{states.count(state)} {state.value}" for state in others)
        return f"{len(states)} ({told})" if told else str(len(states))

    @property
    def channels(self) -> str:
        """The eth channels at both ends: "eth 8-0, 9-1"."""
        pairs = [
            (link.a.channel, link.b.channel) if link.a.chip == self.a else (link.b.channel, link.a.channel)
            for link in self.links
        ]
        return "eth " + ", ".join(f"{one}-{other}" for one, other in sorted(pairs))


def edges(answer: TopologyAnswer) -> list[Edge]:
    """Pairs of shown chips with the links between them."""
    shown = {chip.id for chip in answer.chips}
    found: dict[tuple[int, int], list[Link]] = {}
    for link in answer.links or ():
        pair = (min(link.a.chip, link.b.chip), max(link.a.chip, link.b.chip))
        if {*pair} <= shown:
            found.setdefault(pair, []).append(link)
    return [Edge(a, b, tuple(links)) for (a, b), links in sorted(found.items())]


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
