"""Where things are to fit: the chips of a System, or what an allocator has left, as a dump tells it."""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.capacity.banks import Core, empty_bank
from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.fitting import Bank, Target
from ttinspect.capacity.recognition import arch_of, of_l1_bank, worker_l1_bytes
from ttinspect.capacity.settings import Settings
from ttinspect.errors import InspectError
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, ProgramsPeak
from ttinspect.model.arch import Arch, Board, Coord
from ttinspect.model.capacity import ChipCapacity
from ttinspect.model.chip import Chip
from ttinspect.model.finding import EvidenceValue, Finding
from ttinspect.model.memory_error import RuntimePair
from ttinspect.model.system import OfHost, Source, System
from ttinspect.model.tensor import BufferType
from ttinspect.verify.findings.allocator import ALLOCATOR_CAPACITY_DIFFERS, capacity_differences
from ttinspect.verify.limits import limits_of
from ttinspect.verify.rule import Hit


class FitTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is to fit: chips that are alike, or the allocator that a file tells of. ``runtimes`` are the
    releases whose l1_base it is."""

    chips: tuple[int, ...]
    allocator: str | None
    operation: str | None
    arch: Arch
    board: Board | None
    compute_grid: Coord | None
    worker_l1_bytes: int | None
    l1_base: int | None
    l1_small: int | None
    dispatch: str | None
    runtimes: tuple[str, ...]


class Place(OfHost, frozen=True, kw_only=True):
    """A target, and what the answer says of it. ``programs``: what those hold of which the dump tells."""

    source: Source | None
    target: Target
    shown: FitTarget
    programs: ProgramsPeak | None = None
    findings: tuple[Finding, ...] = ()


def places_of_system(system: System, settings: Settings) -> tuple[Place, ...]:
    """The chips of a System, those that are alike together.

    Raises:
        InspectError: 2 when l1_small or the trace region does not fit.
    """
    grids = grids_of(system.chips)
    alike: dict[object, list[tuple[Chip, ChipCapacity]]] = {}
    for chip in system.chips:
        capacity = chip_capacity(chip, grids[chip.id], settings)
        key = (chip.arch, capacity.l1.compute_grid, capacity.l1.bank_bytes, capacity.dram.views)
        alike.setdefault(key, []).append((chip, capacity))
    return tuple(_place(system, settings, chips) for chips in alike.values())


def _place(system: System, settings: Settings, chips: Sequence[tuple[Chip, ChipCapacity]]) -> Place:
    chip, capacity = chips[0]
    l1, dram, base = capacity.l1, capacity.dram, capacity.l1.reserved_per_core
    memories: dict[BufferType, Bank] = {}
    if l1.banks is not None and l1.bank_bytes is not None:
        memories[BufferType.L1] = _empty(l1.banks, l1.bank_bytes)
        memories[BufferType.L1_SMALL] = _empty(l1.banks, settings.l1_small)
    if dram.views is not None and dram.view_bytes is not None:
        memories[BufferType.DRAM] = _empty(dram.views, dram.view_bytes)
    core = None
    if base is not None:
        core = Core(worker_l1_bytes=l1.per_core, l1_base=base, l1_small=settings.l1_small)
    return Place(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        target=Target(arch=chip.arch, grid=l1.compute_grid, core=core, memories=memories),
        shown=FitTarget(
            chips=tuple(each.id for each, _ in chips),
            allocator=None,
            operation=None,
            arch=chip.arch,
            board=chip.board,
            compute_grid=l1.compute_grid,
            worker_l1_bytes=l1.per_core,
            l1_base=base,
            l1_small=settings.l1_small,
            dispatch=l1.dispatch.value,
            runtimes=(settings.runtime.name,),
        ),
    )


def place_of_allocator(
    statistics: AllocatorStatistics, name: str, system: System | None = None, settings: Settings | None = None
) -> Place:
    """The free memory that an allocator's dump describes. Where a source is named, its first chip is the chip
    of the dump, and is compared with it under the settings of the user or the dump.

    Raises:
        InspectError: 2 where neither tells the architecture.
    """
    view = statistics.memory_view
    chip = None if system is None else system.chips[0]
    small = statistics.l1_small_bytes
    if small is None and view.l1_small is not None:
        small = view.l1_small.total_bytes_per_bank
    pairs = _pairs(view.l1, small)
    arch = _arch(statistics.arch) or _arch_of(chip, pairs)
    if arch is None:
        raise InspectError(
            f"{name} does not tell the architecture",
            "no known release gives such an L1 bank",
            "name the chip with --from",
        )
    base, worker = statistics.l1_base_bytes, worker_l1_bytes(arch)
    if base is None and view.l1 is not None and small is not None:
        base = worker - view.l1.total_bytes_per_bank - small
    core = None
    if base is not None and base >= 0 and small is not None:
        core = Core(worker_l1_bytes=worker, l1_base=base, l1_small=small)
    grid = statistics.compute_grid or _grid_of(arch, view.l1)
    memories = {
        memory: bank
        for memory, banks in (
            (BufferType.DRAM, view.dram), (BufferType.L1, view.l1), (BufferType.L1_SMALL, view.l1_small),
        )
        if (bank := _bank(banks)) is not None
    }  # fmt: skip
    runtimes = (statistics.runtime,) if statistics.runtime else _names(pairs, arch)
    return Place(
        source=None,
        target=Target(arch=arch, grid=grid, core=core, memories=memories),
        shown=FitTarget(
            chips=() if chip is None else (chip.id,),
            allocator=name,
            operation=statistics.operation,
            arch=arch,
            board=chip.board if chip is not None and chip.arch is arch else None,
            compute_grid=grid,
            worker_l1_bytes=worker,
            l1_base=None if core is None else base,
            l1_small=small,
            dispatch=None if statistics.dispatch is None else statistics.dispatch.value,
            runtimes=runtimes,
        ),
        programs=statistics.programs,
        findings=() if system is None else tuple(_differences(statistics, arch, system, settings)),
    )


def _differences(
    statistics: AllocatorStatistics, arch: Arch, system: System, settings: Settings | None
) -> Iterator[Finding]:
    """The findings where the dump does not fit the named chip."""
    chip = system.chips[0]
    hits: list[Hit] = []
    if arch is not chip.arch:
        message = f"The allocator is that of a {arch.value}, chip {chip.id} is a {chip.arch.value}."
        evidence: dict[str, EvidenceValue] = {
            "kind": "arch", "allocator": arch.value, "chip": chip.arch.value,
        }  # fmt: skip
        hits.append(Hit("differs", message, evidence))
    elif settings is not None:
        limits = limits_of(chip, grids_of((chip,))[chip.id], settings)
        hits += capacity_differences(statistics.memory_view, chip.id, limits)
    findings = (ALLOCATOR_CAPACITY_DIFFERS.finding(hit) for hit in hits)
    yield from (finding for finding in findings if finding is not None)


def _empty(banks: int, size: int) -> Bank:
    return Bank(banks=banks, size_bytes=size, allocated_bytes=0, largest_bytes=size, blocks=empty_bank(size))


def _bank(banks: BankStatistics | None) -> Bank | None:
    if banks is None or banks.num_banks is None:
        return None
    blocks = banks.blocks
    if blocks is None and not banks.total_bytes_allocated_per_bank:
        blocks = empty_bank(banks.total_bytes_per_bank)
    return Bank(
        banks=banks.num_banks,
        size_bytes=banks.total_bytes_per_bank,
        allocated_bytes=banks.total_bytes_allocated_per_bank,
        largest_bytes=banks.largest_contiguous_bytes_free_per_bank,
        blocks=blocks,
    )


def _pairs(l1: BankStatistics | None, small: int | None) -> tuple[RuntimePair, ...]:
    if l1 is None:
        return ()
    pairs = of_l1_bank(l1.total_bytes_per_bank)
    return pairs if small is None else tuple(pair for pair in pairs if pair.l1_small == small)


def _names(pairs: Sequence[RuntimePair], arch: Arch) -> tuple[str, ...]:
    return tuple(pair.name for pair in pairs if pair.arch is arch and pair.likely)


def _arch_of(chip: Chip | None, pairs: Sequence[RuntimePair]) -> Arch | None:
    """The architecture of the chip, unless no release gives the dump's bank on it; else the architecture that
    the size of the bank tells."""
    if chip is None:
        return arch_of(tuple(pairs))
    if not pairs or any(pair.arch is chip.arch for pair in pairs):
        return chip.arch
    return arch_of(tuple(pairs)) or chip.arch


def _arch(name: str | None) -> Arch | None:
    return next((arch for arch in Arch if name is not None and arch.value == name.lower()), None)


def _grid_of(arch: Arch, l1: BankStatistics | None) -> Coord | None:
    """The compute grid of an architecture that has so many cores, if only one has."""
    tables = runtime_facts().compute_grids.get(arch)
    if tables is None or l1 is None:
        return None
    grids = {grid for modes in tables.by_harvested.values() for grid in modes.values() if grid is not None}
    fitting = [grid for grid in grids if grid[0] * grid[1] == l1.num_banks]
    return fitting[0] if len(fitting) == 1 else None
