"""The reports of ``topology``: table, tree, csv."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from ttinspect.answers.topology import TopologyAnswer, TopologyChip
from ttinspect.report.common import findings_table, grouped, source_line
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
        words.append(first.board_id or "of unknown id")
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
            row(
                table,
                chip.id,
                "-" if chip.kmd_id is None else chip.kmd_id,
                chip.pci_bdf or "-",
                chip.unique_id or "-",
                "-" if chip.asic_location is None else chip.asic_location,
                _reached(chip),
                links(chip),
            )
        parts.append(table)
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
