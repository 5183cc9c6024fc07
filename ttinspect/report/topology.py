"""The reports of ``topology``: table, tree, csv, dot, Mermaid; its picture is in topology_svg.py."""

from collections.abc import Iterable

import msgspec
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.model.system import Link, LinkState
from ttinspect.report.common import findings_table, grouped, source_line
from ttinspect.report.memory_rows import held_below, held_by
from ttinspect.report.screen import columns, harmless, row
from ttinspect.report.units import reach

_COLUMNS = (">id", ">dev", "PCI", "unique id", ">loc", "reached", "~eth links")
_WIDTHS = (4, 3, 12, 20, 3, 8)
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


def topology_table(answer: TopologyAnswer) -> list[RenderableType]:
    """A row per chip, grouped by board and tray; links as neighbour:count."""
    parts: list[RenderableType] = [source_line(answer.source), Text("")]
    parts.append(columns(*_COLUMNS, widths=_WIDTHS))
    for heading, chips in board_groups(answer):
        parts.append(Text(harmless(heading), style="bold"))
        table = columns(*_COLUMNS, header=False, widths=_WIDTHS)
        for chip in chips:
            numbers = ["-" if one is None else one for one in (chip.kmd_id, chip.asic_location)]
            names = (chip.pci_bdf or "-", chip.unique_id or "-")
            row(table, chip.id, numbers[0], *names, numbers[1], _reached(chip), links(chip))
        parts.append(table)
    parts += held_below((chip.id, chip.held_by) for chip in answer.chips)
    parts.append(Text(" dev: N of /dev/tenstorrent/N   eth links: chip:links, out: leaving this host"))
    return parts + _findings(answer)


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
            for far in answer.remote_links or ():
                if far.a.chip == chip.id:
                    node.add(
                        Text(f"eth {far.a.channel} - outside {far.remote_unique_id} eth {far.remote_channel}")
                    )
    note = Text("eth N: the N-th live channel from 0 on, as tt-umd numbers the ends of links", style="dim")
    linked = [note] if answer.links or answer.remote_links else []
    return [root, *linked, *_findings(answer)]


def topology_csv(answer: TopologyAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
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
