"""The answer of ``fit``: whether tensors and programs fit, and why not."""

from collections.abc import Iterator, Sequence
from enum import Enum

import msgspec

from ttinspect.capacity.banks import Core, empty_bank
from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.fitting import Bank, Fit, ProgramMemory, Target, TensorFit, fit
from ttinspect.capacity.recognition import arch_of, of_l1_bank, worker_l1_bytes
from ttinspect.capacity.settings import Settings
from ttinspect.capacity.tensor_specs import spelled
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.facts.wording import plural
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics
from ttinspect.model.arch import Arch, Board, Coord
from ttinspect.model.capacity import L1, ChipCapacity
from ttinspect.model.chip import Chip
from ttinspect.model.finding import EvidenceValue, Finding, Severity
from ttinspect.model.graph import Recorded, RunMode
from ttinspect.model.l1_map import Freeing, MapPart
from ttinspect.model.memory_error import Cause, RuntimePair
from ttinspect.model.system import HostName, OfHost, Source, System
from ttinspect.model.tensor import BufferType, TensorSpec
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.findings.allocator import ALLOCATOR_CAPACITY_DIFFERS, capacity_differences
from ttinspect.verify.limits import limits_of


class FitVerdict(str, Enum):
    """Whether everything fits together."""

    FITS = "fits"
    DOES_NOT_FIT = "does_not_fit"
    UNKNOWN = "unknown"


_GRAVEST = (FitVerdict.DOES_NOT_FIT, FitVerdict.UNKNOWN, FitVerdict.FITS)


class FitTensor(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor, alone in what is free now. ``refused`` is ttnn's own reason; ``fits`` None is unknown, and
    ``unknown`` says why. ``short_bytes`` are missing in every bank, for ``cause``; ``freeing`` would make
    room."""

    spec: str
    memory: BufferType
    refused: str | None
    unknown: str | None
    buffer_bytes: int | None
    page_bytes: int | None
    banks: int | None
    bytes_per_bank: int | None
    allocated_per_bank: int | None
    fits: bool | None
    cause: Cause | None
    short_bytes: int | None
    freeing: Freeing | None


class FitBank(msgspec.Struct, frozen=True, kw_only=True):
    """One bank of a memory before the tensors; None is unknown."""

    memory: BufferType
    banks: int
    bytes: int
    allocated: int
    free: int
    largest: int | None


class FitPrograms(msgspec.Struct, frozen=True, kw_only=True):
    """What the programs of the captures need on a core. ``end`` is the absolute address behind the highest.
    ``complete`` is False where a capture leaves program memory out: they need at least so much."""

    files: tuple[str, ...]
    programs: int
    extent_bytes: int
    end: int | None
    complete: bool
    short_bytes: int | None


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


class FitGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Chips that are alike, or an allocator. ``bank`` is the memory that decides: the one that is short, else
    L1, else DRAM; ``banks`` are all that were asked of. ``first_short`` is the index of the tensor that finds
    no room behind those before it. ``short_bytes`` is 0 where everything fits, None where that is not
    known."""

    target: FitTarget
    verdict: FitVerdict
    tensors: tuple[FitTensor, ...]
    bank: FitBank | None
    banks: tuple[FitBank, ...]
    programs: FitPrograms | None
    map: tuple[MapPart, ...]
    first_short: int | None
    cause: Cause | None
    short_bytes: int | None
    lowest_buffer: int | None


class FitAnswer(FitGroup, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.fit.v1"):
    """What ``fit`` says: fits only where every chip has room. ``groups`` are all chips, those that are alike
    together; the fields of a group that stand beside it are those of the one that decides: the first that has
    no room, else the first of which it is not known, else the first. ``findings``: where the dump of an
    allocator is not of the chip that was named."""

    tool: Tool = TOOL
    source: Source | None
    host: HostName | msgspec.UnsetType = msgspec.UNSET
    time_ns: int | msgspec.UnsetType = msgspec.UNSET
    groups: tuple[FitGroup, ...]
    findings: tuple[Finding, ...] = ()


class Place(OfHost, frozen=True, kw_only=True):
    """A Target, and how to tell of it."""

    source: Source | None
    target: Target
    shown: FitTarget
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
    """What an allocator has; the first chip of a System is the one that it is on, where a source was named,
    and is compared with it, as the user or the dump says that it was opened.

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
        findings=() if system is None else tuple(_differences(statistics, arch, system, settings)),
    )


def _differences(
    statistics: AllocatorStatistics, arch: Arch, system: System, settings: Settings | None
) -> Iterator[Finding]:
    """Where the dump is not of this chip."""
    chip = system.chips[0]
    differing: list[tuple[str, dict[str, EvidenceValue]]] = []
    if arch is not chip.arch:
        message = f"The allocator is that of a {arch.value}, chip {chip.id} is a {chip.arch.value}."
        differing.append((message, {"kind": "arch", "allocator": arch.value, "chip": chip.arch.value}))
    elif settings is not None:
        limits = limits_of(chip, grids_of(system.chips)[chip.id], settings)
        differing += capacity_differences(statistics.memory_view, chip.id, limits)
    for message, evidence in differing:
        yield Finding(
            id=ALLOCATOR_CAPACITY_DIFFERS.id,
            name=ALLOCATOR_CAPACITY_DIFFERS.name,
            severity=Severity.WARNING,
            message=message,
            evidence=evidence,
        )


def build_fit(
    places: Sequence[Place], specs: Sequence[TensorSpec], captures: Sequence[Recorded]
) -> FitAnswer:
    """The answer for tensors, in this order, and the programs of these captures."""
    groups = tuple(_group(place, specs, captures) for place in places)
    decides = min(groups, key=lambda group: _GRAVEST.index(group.verdict))
    return FitAnswer(
        **{name: getattr(decides, name) for name in FitGroup.__struct_fields__},
        source=places[0].source,
        host=places[0].host,
        time_ns=places[0].time_ns,
        groups=groups,
        findings=places[0].findings,
    )


def _group(place: Place, specs: Sequence[TensorSpec], captures: Sequence[Recorded]) -> FitGroup:
    programs = _programs(place, captures)
    memory = None
    if programs is not None:
        memory = ProgramMemory(extent_bytes=programs.extent_bytes, complete=programs.complete)
    found = fit(place.target, specs, memory)
    asked = {spec.memory for spec in specs} | ({BufferType.L1} if captures else set())
    banks = tuple(
        _shown(memory, bank) for memory, bank in place.target.memories.items() if not asked or memory in asked
    )
    return FitGroup(
        target=place.shown,
        verdict=_verdict(found),
        tensors=tuple(map(_tensor, found.tensors)),
        bank=_deciding(found, specs, banks),
        banks=banks,
        programs=None
        if programs is None
        else msgspec.structs.replace(programs, short_bytes=found.program_short_bytes),
        map=found.map,
        first_short=found.first_short,
        cause=found.cause,
        short_bytes=found.short_bytes,
        lowest_buffer=found.lowest_l1,
    )


def fit_exit_code(answer: FitAnswer) -> ExitCode:
    """0 fits, 10 does not fit, 11 unknown."""
    return {
        FitVerdict.FITS: ExitCode.DONE,
        FitVerdict.DOES_NOT_FIT: ExitCode.CHECK_FAILED,
        FitVerdict.UNKNOWN: ExitCode.INCONCLUSIVE,
    }[answer.verdict]


def _verdict(found: Fit) -> FitVerdict:
    if found.together is None:
        return FitVerdict.UNKNOWN
    return FitVerdict.FITS if found.together else FitVerdict.DOES_NOT_FIT


def _tensor(tensor: TensorFit) -> FitTensor:
    size = tensor.size
    return FitTensor(
        spec=spelled(tensor.spec),
        memory=tensor.spec.memory,
        refused=tensor.refused,
        unknown=tensor.unknown,
        buffer_bytes=None if size is None else size.buffer_bytes,
        page_bytes=None if size is None else size.page_bytes,
        banks=None if size is None else size.banks,
        bytes_per_bank=None if size is None else size.bytes_per_bank,
        allocated_per_bank=None if size is None else size.allocated_per_bank,
        fits=tensor.fits,
        cause=tensor.cause,
        short_bytes=tensor.short_bytes,
        freeing=tensor.freeing,
    )


def _deciding(found: Fit, specs: Sequence[TensorSpec], banks: Sequence[FitBank]) -> FitBank | None:
    by_memory = {bank.memory: bank for bank in banks}
    if found.first_short is not None:
        return by_memory.get(specs[found.first_short].memory)
    return by_memory.get(BufferType.L1) or by_memory.get(BufferType.DRAM)


def _programs(place: Place, captures: Sequence[Recorded]) -> FitPrograms | None:
    programs = [program for capture in captures for program in capture.graph.programs]
    if not captures:
        return None
    base = place.shown.l1_base
    ends = [program.end for program in programs if program.end is not None]
    extent = max((program.max_per_core for program in programs), default=0)
    if ends and base is not None:
        extent = max(extent, max(ends) - base)
    return FitPrograms(
        files=tuple(capture.file for capture in captures),
        programs=len(programs),
        extent_bytes=extent,
        end=None if base is None else base + extent,
        complete=bool(programs) and all(capture.graph.mode is RunMode.NO_DISPATCH for capture in captures),
        short_bytes=None,
    )


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


def _shown(memory: BufferType, bank: Bank) -> FitBank:
    return FitBank(
        memory=memory,
        banks=bank.banks,
        bytes=bank.size_bytes,
        allocated=bank.allocated_bytes,
        free=bank.free_bytes,
        largest=bank.largest_bytes,
    )


def _pairs(l1: BankStatistics | None, small: int | None) -> tuple[RuntimePair, ...]:
    if l1 is None:
        return ()
    pairs = of_l1_bank(l1.total_bytes_per_bank)
    return pairs if small is None else tuple(pair for pair in pairs if pair.l1_small == small)


def _names(pairs: Sequence[RuntimePair], arch: Arch) -> tuple[str, ...]:
    return tuple(pair.name for pair in pairs if pair.arch is arch and pair.likely)


def _arch_of(chip: Chip | None, pairs: Sequence[RuntimePair]) -> Arch | None:
    """The chip's, unless no release gives such a bank on it; else what the bank tells."""
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


def _banks(l1: L1) -> str:
    return "unknown" if l1.banks is None else plural(l1.banks, "bank")
