"""The answer of ``capacity``: physical and allocatable bytes, and where each constant comes from."""

import msgspec

from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.capacity.banks import Core, core_map, empty_bank
from ttinspect.capacity.chip import (
    NotAllocatable,
    chip_capacity,
    grid_table,
    has_known_banks,
    mesh_capacity,
    total,
    why_not_allocatable,
)
from ttinspect.capacity.releases import Release, compare_releases
from ttinspect.capacity.settings import Settings
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.facts.socs import builtin_soc, soc_corrections
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.arch import Arch, Axis, Board, Coord
from ttinspect.model.capacity import L1, BufferRegion, ChipCapacity, Dram, EthL1, MeshCapacity
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.grid import ChipGrid
from ttinspect.model.l1_map import MapPart
from ttinspect.model.system import OfHost, Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.findings.allocation import allocation_findings, release_findings
from ttinspect.verify.findings.harvest import chip_findings, system_findings
from ttinspect.verify.findings.live import trouble_findings


class CapacityDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One chip, opened alone. Sizes are bytes, None is unknown. ``map`` is there with --map: a core's L1 with
    nothing in it; empty where l1_base is not known."""

    id: int
    arch: Arch
    board: Board | None
    tensix_grid: Coord | None
    full_tensix_grid: Coord
    axis: Axis
    l1: L1
    l1_small: BufferRegion
    trace: BufferRegion
    dram: Dram
    eth_l1: EthL1
    map: tuple[MapPart, ...] | msgspec.UnsetType = msgspec.UNSET
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the shown chips; None if any part is unknown."""

    l1_physical: int | None
    l1_allocatable: int | None
    dram_physical: int | None
    dram_allocatable: int | None
    eth_l1_physical: int | None


class RuntimeUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The runtime whose bases were used; a base is None where the chips do not share one figure.
    ``measured`` is False also when a base was overridden."""

    name: str
    l1_base: int | None
    dram_base: int | None
    measured: bool


class Constant(msgspec.Struct, frozen=True, kw_only=True):
    """One constant of the computation, and how it is known."""

    name: str
    value: str
    how_known: str


class CapacityAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.capacity.v1"):
    """What ``capacity`` says. ``constants`` is there with --sources, ``releases`` (newest first) with
    --runtime all."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[CapacityDevice, ...]
    mesh: MeshCapacity
    totals: Totals
    runtime: RuntimeUsed
    constants: tuple[Constant, ...] | msgspec.UnsetType = msgspec.UNSET
    releases: tuple[Release, ...] | msgspec.UnsetType = msgspec.UNSET
    findings: tuple[Finding, ...]


def build_capacity(
    system: System,
    settings: Settings,
    *,
    sources: bool = False,
    compared: bool = False,
    maps: bool = False,
) -> CapacityAnswer:
    """The capacities of all chips of a System, in bytes. With ``compared`` also those that every other
    release of the runtime gives.

    Raises:
        InspectError: 2 when l1_small or the trace region does not fit.
    """
    grids = grids_of(system.chips)
    capacities = [chip_capacity(chip, grids[chip.id], settings) for chip in system.chips]
    reasons = reasons_of(system)
    releases = compare_releases(system.chips, grids, settings)
    devices = tuple(
        _device(chip, grids[chip.id], capacity, settings, reasons, maps=maps)
        for chip, capacity in zip(system.chips, capacities, strict=True)
    )
    return CapacityAnswer(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        devices=devices,
        mesh=mesh_capacity(capacities),
        totals=Totals(
            l1_physical=total([device.l1.physical for device in devices]),
            l1_allocatable=total([device.l1.allocatable for device in devices]),
            dram_physical=total([device.dram.physical for device in devices]),
            dram_allocatable=total([device.dram.allocatable for device in devices]),
            eth_l1_physical=total([device.eth_l1.physical for device in devices]),
        ),
        runtime=_runtime(system.chips, settings),
        constants=_constants(system.chips, settings) if sources else msgspec.UNSET,
        releases=releases if compared else msgspec.UNSET,
        findings=(
            *system_findings(system, grids),
            *trouble_findings(system),
            *(() if compared else release_findings(releases, settings)),
        ),
    )


def _device(
    chip: Chip, grid: ChipGrid, capacity: ChipCapacity, settings: Settings, reasons: Reasons, *, maps: bool
) -> CapacityDevice:
    tensix = grid.tensix
    device = CapacityDevice(
        id=chip.id,
        arch=chip.arch,
        board=chip.board,
        tensix_grid=tensix.grid,
        full_tensix_grid=tensix.full_grid,
        axis=tensix.axis,
        l1=capacity.l1,
        l1_small=capacity.l1_small,
        trace=capacity.trace,
        dram=capacity.dram,
        eth_l1=capacity.eth_l1,
        map=_map(capacity.l1, settings) if maps else msgspec.UNSET,
        unknown=(),
        findings=(
            *chip_findings(chip, reasons.unread.get(chip.id)),
            *allocation_findings(chip, grid, settings),
        ),
    )
    return explained(device, chip, reasons, follows=_FOLLOWS, own=_why_not(chip, grid, capacity, settings))


def _map(l1: L1, settings: Settings) -> tuple[MapPart, ...]:
    base = l1.reserved_per_core
    if base is None:
        return ()
    core = Core(worker_l1_bytes=l1.per_core, l1_base=base, l1_small=settings.l1_small)
    return core_map(core, empty_bank(core.bank_bytes))


_FOLLOWS: Follows = {
    "tensix_grid": ("masks.tensix",),
    "l1": ("masks.tensix",),
    "l1_small": ("masks.tensix",),
    "dram": ("masks.dram",),
    "trace": ("masks.dram",),
    "eth_l1": ("masks.eth",),
}
_OF_BANKS = (
    "l1.compute_grid", "l1.banks", "l1.bank_bytes", "l1.allocatable", "l1.dispatch_cores",
    "l1.dispatch_bytes", "l1.reserved_bytes", "l1_small.banks", "l1_small.bank_bytes", "l1_small.bytes",
)  # fmt: skip
_OF_VIEWS = (
    "dram.views", "dram.view_bytes", "dram.allocatable", "trace.banks", "trace.bank_bytes", "trace.bytes"
)  # fmt: skip


def _why_not(chip: Chip, grid: ChipGrid, capacity: ChipCapacity, settings: Settings) -> dict[str, str]:
    """Why nothing is known to be allocatable although the mask is known, by path."""
    own: dict[str, str] = {}
    refused = _refusal(chip, grid, capacity)
    if capacity.l1.reserved_per_core is None:
        own["l1.reserved_per_core"] = f"the L1 base of {settings.runtime.name} is not known"
    if capacity.l1.cores is not None and capacity.l1.allocatable is None:
        own |= dict.fromkeys(_OF_BANKS, refused or own.get("l1.reserved_per_core", ""))
    if capacity.dram.reserved_per_view is None:
        own["dram.reserved_per_view"] = f"the DRAM base of {settings.runtime.name} is not known"
    if capacity.dram.banks is not None and capacity.dram.allocatable is None:
        views = None if has_known_banks(chip.soc) else "tt-metal's views of such DRAM banks are not known"
        own |= dict.fromkeys(_OF_VIEWS, refused or views or own.get("dram.reserved_per_view", ""))
    return own


def _refusal(chip: Chip, grid: ChipGrid, capacity: ChipCapacity) -> str | None:
    """Why tt-metal has no compute grid for a chip of known harvesting."""
    why = why_not_allocatable(chip.soc, grid, capacity.l1.dispatch)
    if why is NotAllocatable.DOES_NOT_OPEN:
        return f"tt-metal cannot open it with {capacity.l1.dispatch.value} dispatch"
    return "tt-metal has no compute grid for it" if why is NotAllocatable.NO_TABLE else None


def _runtime(chips: tuple[Chip, ...], settings: Settings) -> RuntimeUsed:
    sizes = {settings.sizes(chip.arch) for chip in chips}
    only = sizes.pop() if len(sizes) == 1 else None
    return RuntimeUsed(
        name=settings.runtime.name,
        l1_base=None if only is None else only.l1_base,
        dram_base=None if only is None else only.dram_base,
        measured=settings.runtime.measured and not settings.overrides_bases,
    )


def _constants(chips: tuple[Chip, ...], settings: Settings) -> tuple[Constant, ...]:
    facts, runtime = runtime_facts(), settings.runtime
    constants = []
    for soc in dict.fromkeys(chip.soc for chip in chips):
        arch = soc.arch
        design = "tt-umd 0.9.14, SocArchDescriptor" if soc.built_in else "the SoC descriptor file"
        corrected = soc.eth_l1_bytes == builtin_soc(arch).eth_l1_bytes
        corrections = soc_corrections(arch) if corrected else {}
        sizes = settings.sizes(arch)
        l1_known = runtime.how_known if settings.l1_base is None else "given with --l1-base"
        dram_known = runtime.how_known if settings.dram_base is None else "given with --dram-base"
        constants += [
            Constant(
                name=f"{arch.value} L1 per tensix core", value=f"{soc.worker_l1_bytes:,}", how_known=design
            ),
            Constant(
                name=f"{arch.value} L1 per eth core",
                value=f"{soc.eth_l1_bytes:,}",
                how_known=corrections["eth_l1_size"].why if "eth_l1_size" in corrections else design,
            ),
            Constant(name=f"{arch.value} DRAM bank", value=f"{soc.dram_bank_bytes:,}", how_known=design),
            Constant(name="l1_base", value=_count(sizes.l1_base), how_known=l1_known),
            Constant(name="dram_base", value=_count(sizes.dram_base), how_known=dram_known),
        ]
        table, views = grid_table(soc), facts.dram_views.get(arch)
        if table is not None:
            constants.append(
                Constant(name="compute grids", value="by harvested lines", how_known=table.how_known)
            )
        if views is not None:
            constants.append(
                Constant(
                    name="DRAM view",
                    value=f"{views.view_bytes:,} x {views.views_per_bank} per bank",
                    how_known="measured with ttnn 0.81.1 (get_memory_view)",
                )
            )
    return tuple(dict.fromkeys(constants))


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
