"""SoC descriptors: the built-in tables, and files of the user."""

import functools
import re
from typing import Any

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory, read_document
from ttinspect.facts.node import Node, kind_of_value
from ttinspect.facts.wording import plural
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc

_XY = re.compile(r"(0|[1-9][0-9]{0,3})-(0|[1-9][0-9]{0,3})")
_NAMES = {arch.value: arch for arch in Arch} | {"wormhole": Arch.WORMHOLE_B0}
_HARVESTED_KEYS = ("harvested_workers", "harvested_dram", "harvested_eth")
_KEYS = frozenset({"functional_workers", "worker_l1_size"})


GRAYSKULL_CARDS = ("e75", "e150", "e300")
"""Cards of an architecture that no present tt-umd supports."""


def arch_named(name: str) -> Arch:
    """The architecture of a name, any case; wormhole is wormhole_b0.

    Raises:
        InspectError: 7 for any other name.
    """
    arch = _NAMES.get(name.lower())
    if arch is None:
        raise InspectError(
            f"unsupported architecture {name!r}",
            f"ttinspect knows {', '.join(a.value for a in Arch)}",
            "check the spelling",
            ExitCode.UNSUPPORTED_ARCH,
        )
    return arch


def arch_names() -> list[str]:
    """Every name that arch_named knows, in lower case."""
    return list(_NAMES)


def arch_of(node: Node) -> Arch:
    """The architecture that a value of a document names; the error names the place too."""
    name = node.text() if isinstance(node.value, str) else node.fail("the name of an architecture")
    try:
        return arch_named(name)
    except InspectError as error:
        raise InspectError(
            f"{node.file}: {node.path}: {error.what}", error.why, error.next_step, error.exit_code
        ) from None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A size of a built-in table that is not what tt-umd's own table says, and the reason."""

    tt_umd_bytes: int
    why: str


@functools.cache
def _builtin_document(arch: Arch) -> Node:
    path = str(data_directory() / f"{arch.value}.yaml")
    return Node(parse_yaml(read_document(path), path), path)


@functools.cache
def builtin_soc(arch: Arch) -> Soc:
    """The SoC descriptor that ttinspect ships for an architecture: tt-umd's, with corrections."""
    return _soc(_builtin_document(arch), built_in=True)


@functools.cache
def soc_corrections(arch: Arch) -> dict[str, Correction]:
    """What the built-in table of an architecture has otherwise than tt-umd's, by the key of a SoC
    descriptor file (eth_l1_size)."""
    node = _builtin_document(arch).child("corrections")
    entries = node.entries() if node else ()
    return {
        key: Correction(tt_umd_bytes=_size(entry, "tt_umd"), why=entry.child("why").text())
        for key, entry in entries
    }


@functools.cache
def uncorrected_soc(arch: Arch) -> Soc:
    """The built-in table as tt-umd has it, and as ttinspect had it up to 0.1.0."""
    sizes = {key: correction.tt_umd_bytes for key, correction in soc_corrections(arch).items()}
    document = _builtin_document(arch)
    return _soc(Node({**document.mapping(), **sizes}, document.file), built_in=True)


def soc_from_file(path: str) -> Soc:
    """A SoC descriptor file of the user (schema: spec of tt-umd's soc_descriptors).

    Raises:
        InspectError: 2 for anything that is not a complete, consistent descriptor, 6 when it may
            not be read, 7 for an unknown architecture.
    """
    return soc_from_document(parse_yaml(read_document(path), path), path)


def simulators_soc(path: str) -> tuple[Soc, dict[str, Evidence]]:
    """The SoC descriptor that lies beside a functional simulator, without what is known to be wrong in those
    that are handed out with one; and what was corrected, in a sentence, with the bare values.

    Raises:
        InspectError: as soc_from_file.
    """
    soc = soc_from_file(path)
    wrong, right = soc_corrections(soc.arch).get("eth_l1_size"), builtin_soc(soc.arch).eth_l1_bytes
    if wrong is None or soc.eth_l1_bytes != wrong.tt_umd_bytes:
        return soc, {}
    why = (
        f"{path} says that an eth core has {soc.eth_l1_bytes:,} bytes of L1; "
        f"a {soc.arch.value} has {right:,}, which is used"
    )
    corrected = msgspec.structs.replace(soc, eth_l1_bytes=right)
    return corrected, {why: {"eth_l1_size": soc.eth_l1_bytes, "used": right}}


def soc_from_document(document: Any, name: str) -> Soc:
    """Like soc_from_file, from the parsed document."""
    node = Node(document, name)
    if not isinstance(document, dict) or not document:
        node.fail("a SoC descriptor", kind_of_value(node.value))
    return _soc(node, built_in=False)


def lists_harvested_cores(path: str) -> bool:
    """Whether a descriptor file was written by a runtime: it lists live cores, and the harvested ones
    apart (files of 2025-07 to 2026-03)."""
    document = parse_yaml(read_document(path), path)
    return isinstance(document, dict) and any(document.get(key) for key in _HARVESTED_KEYS)


def is_soc_document(document: Any) -> bool:
    """Whether a parsed document is a SoC descriptor, by its keys."""
    return isinstance(document, dict) and bool(_KEYS & document.keys())


def _soc(root: Node, *, built_in: bool) -> Soc:
    arch = arch_of(root.require("arch_name", "the name of an architecture"))
    grid_node = root.require("grid", "a mapping with x_size and y_size")
    grid = (
        grid_node.require("x_size", "the width of the NOC grid").unsigned(1024),
        grid_node.require("y_size", "the height of the NOC grid").unsigned(1024),
    )
    banks = tuple(
        tuple(_coord(port) for port in bank.sequence("a list of ports per bank"))
        for bank in root.require("dram", "a list of banks").sequence("a list of banks")
    )
    soc = Soc(
        arch=arch,
        grid=grid,
        tensix=_cores(root, "functional_workers"),
        dram=banks,
        eth=_cores(root, "eth"),
        pcie=_cores(root, "pcie"),
        l2cpu=_cores(root, "l2cpu", optional=True),
        arc=_cores(root, "arc"),
        router_only=_cores(root, "router_only"),
        security=_cores(root, "security", optional=True),
        dispatch=_cores(root, "dispatch", optional=True),
        noc1_x=_table(root, "noc0_x_to_noc1_x"),
        noc1_y=_table(root, "noc0_y_to_noc1_y"),
        worker_l1_bytes=_size(root, "worker_l1_size"),
        eth_l1_bytes=_size(root, "eth_l1_size"),
        dram_bank_bytes=_size(root, "dram_bank_size"),
        built_in=built_in,
    )
    _check_workers(root, soc)
    if len({len(bank) for bank in banks}) > 1:
        root.child("dram").refuse(
            "the banks have different numbers of ports; such a descriptor is not supported"
        )
    if not built_in:  # the built-in Quasar table is a placeholder, accepted as shipped
        _check_nodes(root, soc)
    _check_tables(root, soc)
    return soc


def _size(root: Node, key: str) -> int:
    return root.require(key, "a size in bytes").unsigned(2**48, "a size in bytes")


def _coord(node: Node) -> Coord:
    match = _XY.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        node.fail('a coordinate "x-y"')
    return int(match[1]), int(match[2])


def _cores(root: Node, key: str, *, optional: bool = False) -> tuple[Coord, ...]:
    if optional and key not in root.mapping():
        return ()
    node = root.require(key, "a list of coordinates")
    return tuple(_coord(core) for core in node.sequence("a list of coordinates"))


def _table(root: Node, key: str) -> tuple[int, ...] | None:
    if key not in root.mapping():
        return None
    node = root.require(key, "a list of numbers")
    return tuple(entry.unsigned(1023) for entry in node.sequence("a list of numbers"))


def _check_workers(root: Node, soc: Soc) -> None:
    """Workers must be listed row by row and fill a rectangle of distinct columns and rows: the
    index of a core is y * width + x (tt-umd 0.9.14, CoordinateManager)."""
    if not soc.tensix:
        return
    width = len({x for x, _ in soc.tensix})
    columns, rows = soc.tensix[:width], soc.tensix[::width]
    expected = tuple((x, y) for _, y in rows for x, _ in columns)
    if len(set(columns)) != width or len(set(soc.tensix)) != len(soc.tensix) or soc.tensix != expected:
        root.child("functional_workers").refuse(
            "the workers are no full rectangle listed row by row; such a descriptor is not supported"
        )


def _check_nodes(root: Node, soc: Soc) -> None:
    keys = ("functional_workers", "eth", "pcie", "l2cpu", "arc", "router_only", "security", "dispatch")
    nodes = [core for key in keys for core in root.child(key).value or ()]
    nodes = [*(port for bank in root.child("dram").value for port in bank), *nodes]
    known: set[str] = set()
    for text in nodes:
        x, y = (int(part) for part in text.split("-"))
        if x >= soc.grid[0] or y >= soc.grid[1]:
            root.refuse(f"the core {text} lies outside the {soc.grid[0]}x{soc.grid[1]} grid")
        if text in known:
            root.refuse(f"the core {text} is listed twice")
        known.add(text)


def _check_tables(root: Node, soc: Soc) -> None:
    if (soc.noc1_x is None) != (soc.noc1_y is None):
        root.refuse("noc0_x_to_noc1_x and noc0_y_to_noc1_y belong together; one of them is missing")
    if soc.noc1_x is None or soc.noc1_y is None:
        return
    if soc.built_in:
        return
    for key, table, size in (
        ("noc0_x_to_noc1_x", soc.noc1_x, soc.grid[0]),
        ("noc0_y_to_noc1_y", soc.noc1_y, soc.grid[1]),
    ):
        if len(table) < size:
            entries = plural(len(table), "entry", "entries")
            root.child(key).fail(f"one entry per line of the grid ({size})", entries)
