"""A UMD cluster descriptor, of any age.

Parsed here and not by tt_umd, which has no getter for harvesting masks and kills the process on an
unknown architecture.
"""

import re
from collections import Counter, deque
from collections.abc import Collection, Container, Mapping
from typing import Any

import msgspec

from ttinspect.facts.boards import board_named, board_of_id
from ttinspect.facts.node import U32_MAX, U64_MAX, Node, key_unsigned
from ttinspect.facts.socs import arch_of, builtin_soc
from ttinspect.facts.trays import tray_of
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import BDF, UNKNOWN_MASKS, Chip, Masks, PcieLink, Unknown, pci_bus
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc
from ttinspect.model.system import Link, LinkEnd, RemoteLink, Source, SourceKind, System
from ttinspect.sources.building import place_on_board, refuse_impossible_masks

_OPTIONAL_MASKS = {
    "dram": "dram_harvesting_mask",
    "eth": "eth_harvesting_mask",
    "pcie": "pcie_harvesting_mask",
    "l2cpu": "l2cpu_harvesting_mask",
}
_NO_HARVESTING = "the cluster descriptor has no harvesting table"
_UNIQUE_ID_SHIFT = 32


class _Harvest(msgspec.Struct, frozen=True):
    masks: Masks
    noc_translation: bool | None
    assumed: tuple[str, ...]
    unknown: tuple[Unknown, ...]


class _BoardEntry(msgspec.Struct, frozen=True):
    board: Board | None
    name: str | None
    board_id: str | None


def read_cluster(document: Any, name: str, socs: Mapping[Arch, Soc] | None = None) -> System:
    """The System of a parsed cluster descriptor. With the SoC descriptors of the devices at hand it is what
    tt_umd says of these: impossible masks are then not refused.

    Raises:
        InspectError: 2, naming file, key path, what was found and what was expected; 7 for an
            unknown architecture.
    """
    root = Node(document, name)
    archs = _archs(root)
    ids = dict.fromkeys(sorted(archs))
    soc_of = {chip_id: socs[arch] if socs else builtin_soc(arch) for chip_id, arch in archs.items()}
    links = _links(root, soc_of)
    harvests = _harvests(root, ids)
    boards, warnings = _boards(root, ids)
    unique_ids = _per_chip(root, "chip_unique_ids", ids, complete=True)
    locations = _per_chip(root, "asic_locations", ids, complete=False)
    bdfs = _bdfs(root, ids)
    pcie = _pcie_links(root, ids, bdfs)
    mmio = _mmio(root, ids)
    via = _closest_mmio(ids, links, mmio)
    buses = {chip_id: link.bus_id for chip_id, link in pcie.items()}
    places = {
        chip_id: place_on_board(boards[chip_id].board, buses.get(chip_id), mmio=chip_id in mmio)
        for chip_id in ids
    }
    _check_table(root, "chips", ids)

    chips = []
    for chip_id in ids:
        harvest = harvests[chip_id]
        assumed = list(harvest.assumed)
        assumed += [
            key
            for key, table in (("unique_id", unique_ids), ("asic_location", locations))
            if chip_id not in table
        ]
        chips.append(
            Chip(
                id=chip_id,
                arch=archs[chip_id],
                soc=soc_of[chip_id],
                board=boards[chip_id].board,
                board_name=boards[chip_id].name,
                board_id=boards[chip_id].board_id,
                unique_id=str(unique_ids.get(chip_id, chip_id << _UNIQUE_ID_SHIFT)),
                asic_location=locations.get(chip_id, 0) if places[chip_id] is None else places[chip_id],
                noc_translation=harvest.noc_translation,
                masks=harvest.masks,
                assumed=tuple(assumed),
                mmio=chip_id in mmio,
                kmd_id=mmio.get(chip_id),
                via=via.get(chip_id),
                pci_bdf=bdfs.get(chip_id),
                pcie=pcie.get(chip_id),
                tray=tray_of(boards[chip_id].board, buses.get(chip_id)),
                unknown=harvest.unknown,
            )
        )
    if socs is None:
        refuse_impossible_masks(chips, name)
    return System(
        source=Source(kind=SourceKind.CLUSTER, detail=name, live=False, example=False),
        chips=tuple(chips),
        links=links,
        remote_links=_remote_links(root, soc_of),
        warnings=tuple(warnings),
        evidence=warnings,
    )


def _archs(root: Node) -> dict[int, Arch]:
    node = root.require("arch", "a mapping of chip ids to architectures")
    archs: dict[int, Arch] = {}
    for key, value in node.entries():
        archs[key_unsigned(node, key, U32_MAX)] = arch_of(value)
    if not archs:
        node.fail("at least one chip")
    if len(set(archs.values())) > 1:
        node.refuse(
            "it mixes "
            + " and ".join(sorted({arch.value for arch in archs.values()}))
            + "; tt-umd refuses: Chips with differing architectures detected. This is unsupported."
        )
    return archs


def _known_chip(node: Node, key: object, ids: Container[int]) -> int:
    chip_id = key_unsigned(node, key, U32_MAX)
    if chip_id not in ids:
        node.refuse(f"it names chip {chip_id}, which the arch table does not list")
    return chip_id


def _check_table(root: Node, name: str, ids: Collection[int]) -> None:
    """A table that may be empty or missing, but otherwise is about all the chips and no others."""
    node = root.child(name)
    if not node or not node.mapping():
        return
    listed = {_known_chip(node, key, ids) for key in node.mapping()}
    missing = [chip_id for chip_id in ids if chip_id not in listed]
    if missing:
        node.refuse(f"chip {missing[0]} of the arch table is missing here")


def _per_chip(root: Node, name: str, ids: Collection[int], *, complete: bool) -> dict[int, int]:
    """A table of numbers by chip; complete: all chips or no table."""
    node = root.child(name)
    if not node:
        return {}
    if complete:
        _check_table(root, name, ids)
    return {_known_chip(node, key, ids): value.unsigned(U64_MAX) for key, value in node.entries()}


def _bdfs(root: Node, ids: Collection[int]) -> dict[int, str]:
    node = root.child("chip_pci_bdfs")
    if not node:
        return {}
    for _, value in node.entries():
        if not re.fullmatch(BDF, value.text()):
            value.fail("a PCI bus address such as 0000:41:00.0")
    return {_known_chip(node, key, ids): value.text() for key, value in node.entries()}


def _pcie_links(root: Node, ids: Collection[int], bdfs: dict[int, str]) -> dict[int, PcieLink]:
    """What the file says of PCIe: bus ids (from the BDF where there is no table) and lanes."""
    table = _per_chip(root, "chip_to_bus_id", ids, complete=False)
    buses = {chip_id: pci_bus(bdf) for chip_id, bdf in bdfs.items()} | table
    lanes_node = root.child("chip_pcie_lane_counts")
    lanes = (
        {_known_chip(lanes_node, key, ids): value.unsigned() for key, value in lanes_node.entries() if value}
        if lanes_node
        else {}
    )
    return {
        chip_id: PcieLink(bus_id=buses.get(chip_id), lanes=lanes.get(chip_id))
        for chip_id in ids
        if chip_id in buses or chip_id in lanes
    }


def _harvests(root: Node, ids: Collection[int]) -> dict[int, _Harvest]:
    table = root.child("harvesting")
    if not table:
        unknown = (
            Unknown(path="masks", why=_NO_HARVESTING),
            Unknown(path="noc_translation", why=_NO_HARVESTING),
        )
        return dict.fromkeys(ids, _Harvest(UNKNOWN_MASKS, None, (), unknown))
    listed = {_known_chip(table, key, ids): _harvest(node) for key, node in table.entries()}
    missing = [chip_id for chip_id in ids if chip_id not in listed]
    if missing:
        table.refuse(f"chip {missing[0]} of the arch table is missing here")
    return listed


def _harvest(node: Node) -> _Harvest:
    masks = {"tensix": node.require("harvest_mask", "a harvesting mask").unsigned(expected="a 32-bit mask")}
    assumed = []
    for name, key in _OPTIONAL_MASKS.items():
        value = node.child(key)
        if key in node.mapping():
            masks[name] = value.unsigned(expected="a 32-bit mask")
        else:
            masks[name] = 0
            assumed.append(name)
    translation = node.require("noc_translation", "true or false").boolean()
    return _Harvest(Masks(**masks), translation, tuple(assumed), ())


def _boards(root: Node, ids: Collection[int]) -> tuple[dict[int, _BoardEntry], dict[str, Evidence]]:
    node = root.child("boards")
    if not node:
        return _old_boards(root, ids)
    entries: dict[int, _BoardEntry] = {}
    warnings: dict[str, Evidence] = {}
    for entry in node.sequence("a list of boards"):
        parts: dict[str, Node] = {}
        for part in entry.sequence("a list of board_id, board_type and chips"):
            parts.update(part.entries())
        for key in ("board_id", "board_type", "chips"):
            if key not in parts:
                entry.refuse(f"the board has no {key}")
        board_id = parts["board_id"].unsigned(U64_MAX)
        text = parts["board_type"].text()
        board = _board_entry(text, str(board_id))
        if board_of_id(board_id) is None:
            sentence = (
                f"board id {board_id:#x} has a product code that tt-umd 0.9.14 does not know; it "
                f"refuses such a file"
            )
            warnings[sentence] = {"board_id": str(board_id)}
        for chip in parts["chips"].sequence("a list of chip ids"):
            chip_id = _known_chip(chip, chip.unsigned(), ids)
            if chip_id in entries:
                chip.refuse(f"chip {chip_id} is on two boards")
            entries[chip_id] = board
    missing = [chip_id for chip_id in ids if chip_id not in entries]
    if missing:
        node.refuse(f"chip {missing[0]} of the arch table is on no board")
    return entries, warnings


def _board_entry(text: str, board_id: str | None) -> _BoardEntry:
    board = board_named(text)
    unnamed = board is not None or text.lower() == "unknown"
    return _BoardEntry(board, None if unnamed else text, board_id)


def _old_boards(root: Node, ids: Collection[int]) -> tuple[dict[int, _BoardEntry], dict[str, Evidence]]:
    """Board types as files before 2026-03 have them: per chip, or one for all."""
    for name in ("chip_to_boardtype", "boardtype"):
        node = root.child(name)
        if not node:
            continue
        if isinstance(node.value, str):
            return dict.fromkeys(ids, _board_entry(node.value, None)), {}
        _check_table(root, name, ids)
        return {_known_chip(node, key, ids): _board_entry(v.text(), None) for key, v in node.entries()}, {}
    return dict.fromkeys(ids, _BoardEntry(None, None, None)), {
        "the file does not say which boards the chips are on": {"missing": "boards"}
    }


def _mmio(root: Node, ids: Collection[int]) -> dict[int, int | None]:
    """MMIO-capable chips with N of their /dev/tenstorrent/N; None where the file does not say, or says the
    same of two chips."""
    node = root.require("chips_with_mmio", "a list of chips")
    listed: dict[int, int | None] = {}
    for entry in node.sequence("a list of chips"):
        if isinstance(entry.value, dict):
            for key, value in entry.entries():
                listed[_known_chip(entry, key, ids)] = value.unsigned() if value else None
        else:
            listed[_known_chip(entry, entry.value, ids)] = None
    uses = Counter(listed.values())
    return {chip_id: number if uses[number] == 1 else None for chip_id, number in listed.items()}


def _end(node: Node, soc_of: dict[int, Soc]) -> LinkEnd:
    chip_node = node.require("chip", "a chip id")
    chip_id = _known_chip(chip_node, chip_node.unsigned(), soc_of)
    channel = node.require("chan", "an eth channel")
    channels = len(soc_of[chip_id].eth)
    return LinkEnd(
        chip=chip_id,
        channel=channel.unsigned(channels - 1, f"an eth channel from 0 to {channels - 1}"),
    )


def _pairs(root: Node, name: str) -> list[tuple[Node, Node]]:
    pairs = []
    for entry in root.child(name).sequence("a list of connections"):
        ends = entry.sequence("a list of two ends")
        if len(ends) not in (2, 3):  # a third element holds routing_enabled
            entry.fail("two ends")
        pairs.append((ends[0], ends[1]))
    return pairs


def _links(root: Node, soc_of: dict[int, Soc]) -> tuple[Link, ...]:
    root.require("ethernet_connections", "a list, which may be empty")
    links: dict[frozenset[LinkEnd], Link] = {}
    for a, b in _pairs(root, "ethernet_connections"):
        link = Link(a=_end(a, soc_of), b=_end(b, soc_of))
        links.setdefault(frozenset((link.a, link.b)), link)
    return tuple(links.values())


def _remote_links(root: Node, soc_of: dict[int, Soc]) -> tuple[RemoteLink, ...]:
    name = "ethernet_connections_to_remote_devices"
    if not root.child(name):
        return ()
    return tuple(
        RemoteLink(
            a=_end(a, soc_of),
            remote_unique_id=str(b.require("remote_chip_id", "a unique id").unsigned(U64_MAX)),
            remote_channel=b.require("chan", "an eth channel").unsigned(),
        )
        for a, b in _pairs(root, name)
    )


def _closest_mmio(ids: Collection[int], links: tuple[Link, ...], mmio: Collection[int]) -> dict[int, int]:
    """The MMIO-capable chip through which each remote chip is reached: the fewest eth hops, then the
    lowest id. Chips that none reaches are left out."""
    neighbours: dict[int, set[int]] = {chip_id: set() for chip_id in ids}
    for link in links:
        neighbours[link.a.chip].add(link.b.chip)
        neighbours[link.b.chip].add(link.a.chip)
    via = {chip_id: chip_id for chip_id in sorted(mmio)}
    queue = deque(via)
    while queue:
        chip_id = queue.popleft()
        for neighbour in sorted(neighbours[chip_id]):
            if neighbour not in via:
                via[neighbour] = via[chip_id]
                queue.append(neighbour)
    return {chip_id: mmio_id for chip_id, mmio_id in via.items() if chip_id not in mmio}
