"""The answer of ``programs``: what tensors and programs hold of L1, operation by operation."""

from collections.abc import Sequence

import msgspec

from ttinspect.capacity.error_text import find_errors
from ttinspect.capacity.headroom import Memory, in_the_way, joined, memory_of
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.wording import plural
from ttinspect.model.allocator import ProgramsPeak
from ttinspect.model.arch import Arch
from ttinspect.model.graph import (
    CaptureKind,
    ChipHeld,
    CoreHeld,
    Earlier,
    ProgramHeld,
    RecordCounts,
    Recorded,
    RunMode,
)
from ttinspect.model.system import Source, SourceKind
from ttinspect.model.tool import TOOL, Tool

_MOST_IN_THE_WAY = 3


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program, in the order of execution. ``complete`` is False where the mode of the capture leaves
    program memory out: NORMAL records no dataflow buffers, no scratchpads, and nothing of a cached program.
    ``chips`` is empty for one that holds nothing of its own, as far as is recorded."""

    index: int
    op: str | None
    cache_hit: bool | None
    complete: bool
    chips: tuple[ChipHeld, ...]
    records: RecordCounts


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """The most that programs hold: on one core, by ``program``, and on one chip, by any. None where no
    record says anything. ``cores`` is what ``program`` holds on each core of the chip with the most."""

    program: int | None
    max_per_core: int | None
    total: int | None
    cores: tuple[CoreHeld, ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the model. Bytes are of every bank, as the allocator reserves them: what tensors hold after
    it, and at most inside it; the most that one of its ``programs`` holds on a core; the least distance
    between a program and the tensors. None is unknown, or without ``programs`` none. ``error`` is ttnn's
    text where it raised; ``completed`` is False where it did not end by itself."""

    index: int
    id: int
    name: str
    programs: int
    l1_after_bytes: int | None
    l1_peak_bytes: int | None
    program_bytes: int | None
    headroom_bytes: int | None
    completed: bool
    error: str | None


class LiveBuffer(msgspec.Struct, frozen=True, kw_only=True):
    """An L1 buffer that lives while the tightest operation runs. ``operation`` is the index of the one that
    allocated it, None where it was there before the capture, or between two."""

    operation: int | None
    bytes: int | None
    address: int | None


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """One capture. ``dry`` is the file of the other run of the script, if it was joined: programs are of
    that one then, and headroom is of both. ``tightest`` is the index of the operation with the least
    headroom, ``in_the_way`` the buffers nearest to its programs."""

    file: str
    dry: str | None
    mode: RunMode | None
    programs: tuple[Program, ...]
    peak: Peak
    highest_end: int | None
    source: CaptureKind
    runtime: str | None
    arch: Arch | None
    banks: int | None
    bank_bytes: int | None
    l1_base_bytes: int | None
    l1_small_bytes: int | None
    rank: int | None
    snapshots: bool
    earlier: Earlier
    operations: tuple[Operation, ...]
    tightest: int | None
    in_the_way: tuple[LiveBuffer, ...]


class OfOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of one of the captures."""

    capture: int
    operation: int


class HeadroomCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What --min-headroom found: operations with less, those that failed for want of memory included, and
    operations of which it is not known."""

    min_bytes: int
    below: tuple[OfOperation, ...]
    unknown: tuple[OfOperation, ...]


class ProgramsAnswer(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.programs.v1"
):
    """What ``programs`` says. ``headroom`` is there with --min-headroom."""

    tool: Tool = TOOL
    source: Source
    captures: tuple[Capture, ...]
    headroom: HeadroomCheck | msgspec.UnsetType = msgspec.UNSET


def build_programs(
    recorded: Sequence[Recorded], dry: Sequence[Recorded] = (), *, min_headroom_bytes: int | None = None
) -> ProgramsAnswer:
    """The answer for captures; ``dry`` are the other runs of the same scripts, one for each, in this order.

    Raises:
        InspectError: 2 where these are no two runs of one script.
    """
    if dry:
        captures = tuple(_joined(a, b) for a, b in _pairs(recorded, dry))
    else:
        captures = tuple(_capture(capture, memory_of(capture)) for capture in recorded)
    files = dict.fromkeys(
        name for capture in captures for name in (capture.file, capture.dry) if name is not None
    )
    return ProgramsAnswer(
        source=Source(
            kind=SourceKind(captures[0].source.value), detail=", ".join(files), live=False, example=False
        ),
        captures=captures,
        headroom=msgspec.UNSET if min_headroom_bytes is None else _checked(captures, min_headroom_bytes),
    )


def programs_exit_code(answer: ProgramsAnswer) -> ExitCode:
    """10 where an operation has less than the headroom that was asked for, 11 where that is not known."""
    if isinstance(answer.headroom, HeadroomCheck):
        if answer.headroom.below:
            return ExitCode.CHECK_FAILED
        if answer.headroom.unknown:
            return ExitCode.INCONCLUSIVE
    return ExitCode.DONE


def peak_for_dump(answer: ProgramsAnswer) -> ProgramsPeak | None:
    """The peak of the captures as an allocator dump keeps it; None where no record says anything."""
    known = [capture for capture in answer.captures if capture.peak.max_per_core is not None]
    if not known:
        return None
    most = max(known, key=lambda value: value.peak.max_per_core or 0)
    ends = [value.highest_end for value in known if value.highest_end is not None]
    return ProgramsPeak(
        op=None if most.peak.program is None else most.programs[most.peak.program].op,
        max_per_core=most.peak.max_per_core or 0,
        total=max(value.peak.total or 0 for value in known),
        highest_end=max(ends, default=None),
        complete=all(program.complete for capture in answer.captures for program in capture.programs),
    )


def _pairs(
    recorded: Sequence[Recorded], dry: Sequence[Recorded]
) -> list[tuple[tuple[Recorded, Memory], tuple[Recorded, Memory]]]:
    """Two runs each, the NORMAL one first."""
    if len(recorded) != len(dry):
        raise InspectError(
            "--dry",
            f"it names {plural(len(dry), 'capture')}, where {len(recorded)} should be",
            "name one dry run for each capture: a file with a file, a folder of ranks with another",
        )
    pairs = []
    for capture, other in zip(recorded, dry, strict=True):
        first, second = (other, capture) if capture.graph.mode is RunMode.NO_DISPATCH else (capture, other)
        if first.graph.mode is not RunMode.NORMAL or second.graph.mode is not RunMode.NO_DISPATCH:
            raise InspectError(
                f"{capture.file} and {other.file}",
                f"they are {_mode_words(capture.graph.mode)} and {_mode_words(other.graph.mode)}",
                "give one run in RunMode.NORMAL and one in RunMode.NO_DISPATCH of the same script",
            )
        pairs.append(((first, memory_of(first)), (second, memory_of(second))))
    return pairs


def _mode_words(mode: RunMode | None) -> str:
    return "a capture of unknown mode" if mode is None else mode.name


def _joined(normal: tuple[Recorded, Memory], dry: tuple[Recorded, Memory]) -> Capture:
    capture = _capture(normal[0], joined(normal, dry))
    dry_capture = _capture(*dry)
    return msgspec.structs.replace(
        capture,
        dry=dry_capture.file,
        programs=dry_capture.programs,
        peak=dry_capture.peak,
        arch=capture.arch or dry_capture.arch,
        runtime=capture.runtime or dry_capture.runtime,
    )


def _capture(recorded: Recorded, memory: Memory) -> Capture:
    graph, device = recorded.graph, recorded.device
    errors = {error.operation: error.text for error in recorded.errors}
    operations = tuple(
        Operation(
            index=index,
            id=span.start if recorded.rows is None else recorded.rows[index].id,
            name=span.name,
            programs=len(placed),
            l1_after_bytes=held.l1_after,
            l1_peak_bytes=held.l1_peak,
            program_bytes=held.program,
            headroom_bytes=held.headroom,
            completed=span.completed and index not in errors,
            error=errors.get(index),
        )
        for index, (span, held, placed) in enumerate(
            zip(graph.operations, memory.operations, memory.placed, strict=True)
        )
    )
    known = [each for each in operations if each.headroom_bytes is not None]
    tightest = min(known, key=lambda each: each.headroom_bytes or 0).index if known else None
    return Capture(
        file=recorded.file,
        dry=None,
        mode=graph.mode,
        programs=tuple(_program(index, program, graph.mode) for index, program in enumerate(graph.programs)),
        peak=_peak(recorded),
        highest_end=max((program.end for program in graph.programs if program.end is not None), default=None),
        source=recorded.kind,
        runtime=recorded.runtime,
        arch=None if device is None else device.arch,
        banks=None if device is None else device.banks,
        bank_bytes=None if device is None else device.bank_bytes,
        l1_base_bytes=None if device is None else device.l1_base_bytes,
        l1_small_bytes=None if device is None else device.l1_small_bytes,
        rank=recorded.rank,
        snapshots=recorded.snapshots,
        earlier=memory.earlier,
        operations=operations,
        tightest=tightest,
        in_the_way=() if tightest is None else _in_the_way(recorded, memory, tightest),
    )


def _program(index: int, held: ProgramHeld, mode: RunMode | None) -> Program:
    return Program(
        index=index,
        op=held.op,
        cache_hit=held.cache_hit,
        complete=mode is RunMode.NO_DISPATCH,
        chips=held.chips,
        records=held.records,
    )


def _peak(recorded: Recorded) -> Peak:
    graph = recorded.graph
    if graph.peak is None:
        nothing = 0 if graph.mode is RunMode.NO_DISPATCH and graph.programs else None
        return Peak(program=None, max_per_core=nothing, total=nothing, cores=())
    return Peak(
        program=graph.peak,
        max_per_core=graph.programs[graph.peak].max_per_core,
        total=max(program.total for program in graph.programs),
        cores=graph.peak_cores,
    )


def _in_the_way(recorded: Recorded, memory: Memory, tightest: int) -> tuple[LiveBuffer, ...]:
    spans = recorded.graph.operations
    return tuple(
        LiveBuffer(
            operation=next((i for i, span in enumerate(spans) if span.start <= life.born <= span.end), None),
            bytes=life.bytes,
            address=life.address or None,
        )
        for life in in_the_way(memory, tightest, _MOST_IN_THE_WAY)
    )


def _checked(captures: Sequence[Capture], min_bytes: int) -> HeadroomCheck:
    below: list[OfOperation] = []
    unknown: list[OfOperation] = []
    for number, capture in enumerate(captures):
        for each in capture.operations:
            place = OfOperation(capture=number, operation=each.index)
            if each.headroom_bytes is not None and each.headroom_bytes < min_bytes:
                below.append(place)
            elif each.error is not None or not each.completed:
                refused = next(find_errors(each.error or ""), None) is not None
                (below if refused else unknown).append(place)
            elif each.programs and each.headroom_bytes is None:
                unknown.append(place)
    return HeadroomCheck(min_bytes=min_bytes, below=tuple(below), unknown=tuple(unknown))
