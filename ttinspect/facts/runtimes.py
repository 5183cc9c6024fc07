"""runtimes.yaml: what tt-metal's allocator leaves of a chip, per version."""

import functools

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.files import data_directory, read_document
from ttinspect.facts.node import Node
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.capacity import Dispatch


class DramViews(msgspec.Struct, frozen=True, kw_only=True):
    """How the allocator cuts a DRAM bank into views."""

    views_per_bank: int
    view_bytes: int


class GridTable(msgspec.Struct, frozen=True, kw_only=True):
    """Compute grids of one architecture, by harvested lines; None where a device does not open."""

    full_grid: Coord
    by_harvested: dict[int, dict[str, Coord | None]]
    how_known: str


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """One tt-metal version. Bases are bytes that the allocator reserves per L1 bank and DRAM view.

    ``trace_in_every_view``: each DRAM view gives the whole trace region instead of its part of it.
    ``slow_grid``: the dispatch whose compute grid slow dispatch has.
    """

    name: str
    measured: bool
    how_known: str
    l1_base: dict[Arch, int]
    dram_base: dict[Arch, int]
    trace_in_every_view: bool
    slow_grid: Dispatch


class RuntimeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All of runtimes.yaml; ``runtimes`` is newest first."""

    dram_views: dict[Arch, DramViews]
    trace_alignment_bytes: int
    l1_small_alignment_bytes: int
    compute_grids: dict[Arch, GridTable]
    runtimes: tuple[Runtime, ...]


@functools.cache
def runtime_facts() -> RuntimeFacts:
    """What runtimes.yaml holds."""
    path = str(data_directory() / "runtimes.yaml")
    root = Node(parse_yaml(read_document(path), path), path)
    return RuntimeFacts(
        dram_views={
            Arch(arch): DramViews(
                views_per_bank=node.child("views_per_bank").unsigned(),
                view_bytes=node.child("view_bytes").unsigned(2**48),
            )
            for arch, node in root.child("dram_views").entries()
        },
        trace_alignment_bytes=root.child("trace_alignment_bytes").unsigned(),
        l1_small_alignment_bytes=root.child("l1_small_alignment_bytes").unsigned(),
        compute_grids={Arch(arch): _table(node) for arch, node in root.child("compute_grids").entries()},
        runtimes=tuple(_runtime(node) for node in root.child("runtimes").sequence()),
    )


def runtime_named(name: str | None) -> Runtime:
    """A runtime by name ("ttnn-0.76.0", "0.76.0", "0.76"); None is the newest measured one.

    Raises:
        InspectError: 2 with the list of names for an unknown one.
    """
    runtimes = runtime_facts().runtimes
    for runtime in runtimes:
        if runtime.measured if name is None else _is_named(runtime, name):
            return runtime
    raise InspectError(
        f"unknown runtime {name!r}",
        f"the known ones are {', '.join(runtime.name for runtime in runtimes)}",
        "name one of them with --runtime, or give --l1-base and --dram-base",
    )


def _is_named(runtime: Runtime, name: str) -> bool:
    version = name.removeprefix("ttnn-")
    full = runtime.name.removeprefix("ttnn-")
    return full == version or (version.count(".") == 1 and full.startswith(f"{version}."))


def _table(node: Node) -> GridTable:
    return GridTable(
        full_grid=_grid(node.child("full_grid")),
        by_harvested={
            lines: {mode: _grid(grid) if grid else None for mode, grid in modes.entries()}
            for lines, modes in node.child("harvested").entries()
        },
        how_known=node.child("how_known").text(),
    )


def _grid(node: Node) -> Coord:
    width, height = (number.unsigned() for number in node.sequence())
    return width, height


def _runtime(node: Node) -> Runtime:
    return Runtime(
        name=node.child("name").text(),
        measured=node.child("measured").boolean(),
        how_known=node.child("how_known").text(),
        l1_base={Arch(arch): base.unsigned() for arch, base in node.child("l1_base").entries()},
        dram_base={Arch(arch): base.unsigned() for arch, base in node.child("dram_base").entries()},
        trace_in_every_view=node.child("trace_in_every_view").boolean(),
        slow_grid=Dispatch(node.child("slow_grid").text()),
    )
