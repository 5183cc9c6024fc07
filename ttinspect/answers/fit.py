"""The answer of ``fit``: whether tensors and programs fit, and why not."""

from collections.abc import Sequence
from enum import Enum

import msgspec

from ttinspect.answers.fit_places import FitTarget, Place
from ttinspect.capacity.fitting import Bank, Fit, ProgramMemory, TensorFit, fit
from ttinspect.capacity.tensor_specs import spelled
from ttinspect.errors import ExitCode
from ttinspect.model.finding import Finding
from ttinspect.model.graph import Recorded, RunMode
from ttinspect.model.l1_map import Freeing, MapPart
from ttinspect.model.memory_error import Cause
from ttinspect.model.system import HostName, Source
from ttinspect.model.tensor import BufferType, TensorSpec
from ttinspect.model.tool import TOOL, Tool


class FitVerdict(str, Enum):
    """Whether everything fits together."""

    FITS = "fits"
    DOES_NOT_FIT = "does_not_fit"
    UNKNOWN = "unknown"


_GRAVEST = (FitVerdict.DOES_NOT_FIT, FitVerdict.UNKNOWN, FitVerdict.FITS)


class FitTensor(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor, alone in the memory that is free now. ``refused`` is ttnn's own reason against it. ``fits``
    is None where it cannot be told, and ``unknown`` then says why. Where it does not fit, ``short_bytes``
    bytes are missing in every bank because of ``cause``, and freeing ``freeing`` would make room."""

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
    """What the programs of the captures need on a core, in bytes; of a dump, the largest program alone.
    ``end`` is the absolute address behind the highest of them. ``complete`` is False where a capture does not
    record all program memory: the programs need at least the bytes that stand here."""

    files: tuple[str, ...]
    programs: int
    extent_bytes: int
    end: int | None
    complete: bool
    short_bytes: int | None


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


def build_fit(
    places: Sequence[Place], specs: Sequence[TensorSpec], captures: Sequence[Recorded]
) -> FitAnswer:
    """The answer for tensors, in this order, and the programs of these captures; without one, of the dump."""
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
    fitted = fit(place.target, specs, memory)
    asked = {spec.memory for spec in specs} | (set() if programs is None else {BufferType.L1})
    banks = tuple(
        _shown(memory, bank) for memory, bank in place.target.memories.items() if not asked or memory in asked
    )
    return FitGroup(
        target=place.shown,
        verdict=_verdict(fitted),
        tensors=tuple(map(_tensor, fitted.tensors)),
        bank=_deciding(fitted, specs, banks),
        banks=banks,
        programs=None
        if programs is None
        else msgspec.structs.replace(programs, short_bytes=fitted.program_short_bytes),
        map=fitted.map,
        first_short=fitted.first_short,
        cause=fitted.cause,
        short_bytes=fitted.short_bytes,
        lowest_buffer=fitted.lowest_l1,
    )


def fit_exit_code(answer: FitAnswer) -> ExitCode:
    """0 fits, 10 does not fit, 11 unknown."""
    return {
        FitVerdict.FITS: ExitCode.DONE,
        FitVerdict.DOES_NOT_FIT: ExitCode.CHECK_FAILED,
        FitVerdict.UNKNOWN: ExitCode.INCONCLUSIVE,
    }[answer.verdict]


def _verdict(fitted: Fit) -> FitVerdict:
    if fitted.together is None:
        return FitVerdict.UNKNOWN
    return FitVerdict.FITS if fitted.together else FitVerdict.DOES_NOT_FIT


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


def _deciding(fitted: Fit, specs: Sequence[TensorSpec], banks: Sequence[FitBank]) -> FitBank | None:
    by_memory = {bank.memory: bank for bank in banks}
    if fitted.first_short is not None:
        return by_memory.get(specs[fitted.first_short].memory)
    return by_memory.get(BufferType.L1) or by_memory.get(BufferType.DRAM)


def _programs(place: Place, captures: Sequence[Recorded]) -> FitPrograms | None:
    programs = [program for capture in captures for program in capture.graph.programs]
    base = place.shown.l1_base
    if not captures:
        return _of_dump(place, base)
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


def _of_dump(place: Place, base: int | None) -> FitPrograms | None:
    peak = place.programs
    if peak is None or place.shown.allocator is None:
        return None
    extent = peak.max_per_core
    if peak.highest_end is not None and base is not None:
        extent = max(extent, peak.highest_end - base)
    return FitPrograms(
        files=(place.shown.allocator,),
        programs=1 if peak.max_per_core or not peak.complete else 0,
        extent_bytes=extent,
        end=None if base is None else base + extent,
        complete=peak.complete,
        short_bytes=None,
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
