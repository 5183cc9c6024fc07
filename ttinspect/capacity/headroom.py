"""How near programs and tensors come to each other, operation by operation. Pure.

NORMAL: lowest live address - highest end of a program's circular buffers. NO_DISPATCH: bank - live - held
(there are no addresses, so fragmentation is not seen). Both runs of one script: lowest address of the first,
and as end the larger of l1_base + held of the second and the first's own. Checked against where ttnn 0.81.1
refuses to run a program.
"""

from collections.abc import Iterable, Sequence

import msgspec

from ttinspect.capacity.pages import reserved, stored_per_bank
from ttinspect.capacity.timeline import BEFORE, Level, Life, Lowest, levels, live_at, lowest_at
from ttinspect.errors import InspectError
from ttinspect.facts.wording import plural
from ttinspect.model.graph import (
    BufferLife,
    DeviceFacts,
    Earlier,
    OperationRows,
    OperationSpan,
    ProgramHeld,
    Recorded,
    RunMode,
)


class OperationMemory(msgspec.Struct, frozen=True):
    """One operation: bytes of every bank that tensors hold after it and at most inside it; the most that one
    of its programs holds on a core; the least between a program and the tensors. None is unknown, or none."""

    l1_after: int | None
    l1_peak: int | None
    program: int | None
    headroom: int | None


class Placed(msgspec.Struct, frozen=True):
    """A program among the tensors that live when it runs: live bytes per bank, and the lowest address."""

    program: ProgramHeld
    live: int | None
    lowest: Lowest


class Memory(msgspec.Struct, frozen=True):
    """A capture's operations with what they hold, their programs placed, and how much was known of earlier
    buffers. ``placed`` is by operation; ``lives`` are all L1 buffers (none of a database, which has no more
    than what lives after each operation)."""

    earlier: Earlier
    operations: tuple[OperationMemory, ...]
    placed: tuple[tuple[Placed, ...], ...]
    lives: tuple[Life, ...] = ()


def memory_of(recorded: Recorded) -> Memory:
    """What every operation of a capture holds."""
    if recorded.rows is not None:
        return _of_database(recorded, recorded.rows)
    earlier = Earlier.ALL if recorded.snapshot is not None else Earlier.SEEN
    graph = recorded.graph
    lives = _lives(recorded)
    placed = _placed(graph.operations, graph.programs, lives)
    levels_of_operations = _levels(graph.operations, lives)
    return Memory(earlier, _operations(recorded, levels_of_operations, placed), placed, tuple(lives))


def _operations(
    recorded: Recorded, levels_of_operations: Sequence[Level], placed: Sequence[tuple[Placed, ...]]
) -> tuple[OperationMemory, ...]:
    mode, device = recorded.graph.mode, recorded.device
    return tuple(
        OperationMemory(
            level.after, level.peak, _program_bytes(programs, mode), _headroom(programs, mode, device)
        )
        for level, programs in zip(levels_of_operations, placed, strict=True)
    )


def _program_bytes(programs: tuple[Placed, ...], mode: RunMode | None) -> int | None:
    if not _all_known(programs, mode):
        return None
    return max(placed.program.max_per_core for placed in programs)


def _all_known(programs: tuple[Placed, ...], mode: RunMode | None) -> bool:
    """Whether it is known what every program holds: a NORMAL capture leaves dataflow buffers, scratchpads
    and everything of a cached program out, so that one without records may hold anything."""
    if not programs:
        return False
    return mode is RunMode.NO_DISPATCH or all(placed.program.chips for placed in programs)


def _headroom(programs: tuple[Placed, ...], mode: RunMode | None, device: DeviceFacts | None) -> int | None:
    if not _all_known(programs, mode):
        return None
    gap = _dry_gap if mode is RunMode.NO_DISPATCH else _gap
    return _least(gap(placed, device) for placed in programs)


def _if_all_known(figures: Iterable[int | None]) -> list[int] | None:
    """The figures; None where one of them is not known."""
    listed = list(figures)
    known = [figure for figure in listed if figure is not None]
    return known if len(known) == len(listed) else None


def _least(figures: Iterable[int | None]) -> int | None:
    return min(_if_all_known(figures) or (), default=None)


def _most(figures: Iterable[int | None]) -> int | None:
    return max(_if_all_known(figures) or (), default=None)


def _dry_gap(placed: Placed, device: DeviceFacts | None) -> int | None:
    if device is None or placed.live is None:
        return None
    return device.bank_bytes - placed.live - placed.program.max_per_core


def _gap(placed: Placed, device: DeviceFacts | None) -> int | None:
    top = lowest_or_top(placed.lowest, device)
    return None if top is None or placed.program.end is None else top - placed.program.end


def lowest_or_top(lowest: Lowest, device: DeviceFacts | None) -> int | None:
    """The lowest live address; where nothing lives, the end of the bank."""
    if not lowest.known:
        return None
    if lowest.address is not None:
        return lowest.address
    return None if device is None else device.l1_base_bytes + device.bank_bytes


def _lives(recorded: Recorded) -> list[Life]:
    """The L1 buffers of a capture: what it allocates, and what is known to be from before it."""
    device = recorded.device
    snapshot = recorded.snapshot
    buffers = list(recorded.graph.buffers)
    if snapshot is not None:
        seen_at = _end_of(recorded.graph.operations, snapshot.counter)
        ours = {
            life.address
            for life in buffers
            if life.born is not None and life.born <= seen_at and (life.died is None or life.died > seen_at)
        }
        freed = {
            life.address: life.died for life in buffers if life.born is None and (life.died or 0) > seen_at
        }
        before = [
            msgspec.structs.replace(life, died=freed.get(life.address))
            for life in snapshot.buffers
            if life.address not in ours
        ]
        buffers = [
            life
            for life in buffers
            if life.born is not None or (life.died is not None and life.died <= seen_at)
        ] + before
    return [_life(buffer, device) for buffer in buffers]


def _end_of(operations: Sequence[OperationSpan], start: int) -> int:
    return next((operation.end for operation in operations if operation.start == start), start)


def _life(buffer: BufferLife, device: DeviceFacts | None) -> Life:
    banks, arch = (None, None) if device is None else (device.banks, device.arch)
    bank_bytes = buffer.bank_bytes
    stored = stored_per_bank(buffer.size, buffer.spec, banks) if bank_bytes is None else bank_bytes
    born = BEFORE if buffer.born is None else buffer.born
    return Life(buffer.mesh, born, buffer.died, reserved(stored, arch), buffer.address)


def _allocators(meshes: set[int]) -> list[int | None]:
    """The mesh devices that have buffers; None stands for all, where there is one or none.

    Every mesh device has an allocator of its own, a mesh and its submeshes too: they give the same addresses
    of the same chips to different tensors (ttnn 0.66 to 0.81.1, measured)."""
    return [*sorted(meshes)] if len(meshes) > 1 else [None]


def _in_allocator(lives: Sequence[Life], mesh: int | None) -> Sequence[Life]:
    """The buffers of an allocator; one of an unknown device counts everywhere."""
    return lives if mesh is None else [life for life in lives if life.mesh in (None, mesh)]


def _meshes(lives: Sequence[Life]) -> set[int]:
    return {life.mesh for life in lives if life.mesh is not None}


def _levels(operations: Sequence[OperationSpan], lives: Sequence[Life]) -> list[Level]:
    """Levels in the allocator with the most."""
    by_allocator = [levels(operations, _in_allocator(lives, mesh)) for mesh in _allocators(_meshes(lives))]
    if len(by_allocator) == 1:
        return by_allocator[0]
    return [
        Level(_most(level.after for level in of_operation), _most(level.peak for level in of_operation))
        for of_operation in zip(*by_allocator, strict=True)
    ]


def _placed(
    operations: Sequence[OperationSpan],
    programs: Sequence[ProgramHeld],
    lives: Sequence[Life],
) -> tuple[tuple[Placed, ...], ...]:
    """The programs of each operation among the tensors of the mesh device that they run on."""
    instants = [program.counter for program in programs]
    meshes = _meshes(lives)
    views = [
        (mesh, live_at(instants, _in_allocator(lives, mesh)), lowest_at(instants, _in_allocator(lives, mesh)))
        for mesh in _allocators(meshes)
    ]
    placed = [
        Placed(
            program,
            _most(live[index] for _, live, _ in own),
            _lowest(lowest[index] for _, _, lowest in own),
        )
        if len(own := _views_of(program, views, meshes)) > 1
        else Placed(program, own[0][1][index], own[0][2][index])
        for index, program in enumerate(programs)
    ]
    by_operation: list[tuple[Placed, ...]] = []
    at = 0
    for operation in operations:
        while at < len(placed) and placed[at].program.counter < operation.start:
            at += 1
        first = at
        while at < len(placed) and placed[at].program.counter <= operation.end:
            at += 1
        by_operation.append(tuple(placed[first:at]))
    return tuple(by_operation)


def _of_database(recorded: Recorded, rows: tuple[OperationRows, ...]) -> Memory:
    """What a database's buffers table says after every operation. With snapshots it holds everything that
    lives, and with the operation's own graph also what lived inside it; without, no more than a sum of rows
    is known."""
    graph = recorded.graph
    bare = _placed(graph.operations, graph.programs, ())
    if not recorded.snapshots:
        after = [None if row.l1_rows is None else _sum_of(row.l1_rows, recorded) for row in rows]
        operations = [
            OperationMemory(l1_after, None, _program_bytes(programs, graph.mode), None)
            for l1_after, programs in zip(after, bare, strict=True)
        ]
        return Memory(Earlier.UNKNOWN, tuple(operations), bare)
    operation_memories, placed = [], []
    for row, span, programs in zip(rows, graph.operations, bare, strict=True):
        if row.l1_rows is None:
            operation_memories.append(OperationMemory(None, None, _program_bytes(programs, graph.mode), None))
            placed.append(programs)
            continue
        lives = [_life(buffer, recorded.device) for buffer in _inside(row.l1_rows, graph.buffers, span)]
        own = _placed([span], [placed.program for placed in programs], lives)
        operation_memories += _operations(recorded, _levels([span], lives), own)
        placed += own
    return Memory(Earlier.ALL, tuple(operation_memories), tuple(placed))


def _sum_of(buffers: Sequence[BufferLife], recorded: Recorded) -> int | None:
    lives = [_life(buffer, recorded.device) for buffer in buffers]
    instant = OperationSpan(name="", start=0, end=0, completed=True)
    return _levels([instant], lives)[0].after


def _inside(
    after: Sequence[BufferLife], buffers: Sequence[BufferLife], span: OperationSpan
) -> list[BufferLife]:
    """The lives inside an operation: what is there after it, and what it freed."""
    freed = [life for life in buffers if life.died is not None and span.start <= life.died <= span.end]
    born = {
        (life.mesh, life.address): life.born
        for life in buffers
        if life.born is not None and span.start <= life.born <= span.end < (life.died or span.end + 1)
    }
    remaining = [msgspec.structs.replace(life, born=born.get((life.mesh, life.address))) for life in after]
    return remaining + freed


View = tuple[int | None, list[int | None], list[Lowest]]
"""A mesh device, with what lives in its allocator, and the lowest address, at the instant of each program."""


def _views_of(program: ProgramHeld, views: list[View], meshes: set[int]) -> list[View]:
    """The allocator of the mesh device that a program runs on; all of them where that is not known."""
    if len(views) == 1 or program.mesh not in meshes:
        return views
    return [view for view in views if view[0] == program.mesh]


def _lowest(parts: Iterable[Lowest]) -> Lowest:
    lowest = list(parts)
    known = [place.address for place in lowest if place.address is not None]
    return Lowest(min(known, default=None), all(place.known for place in lowest))


Pair = tuple[Recorded, Memory]


def joined(normal: Pair, dry: Pair) -> Memory:
    """The two runs of one script as one: what programs hold from the dry one, where tensors lie from the
    other.

    Raises:
        InspectError: 2 where they are no two runs of one script: other modes, operations or programs.
    """
    (first, memory), (second, dry_memory) = normal, dry
    _refuse_unlike(first, memory, second, dry_memory)
    operations = []
    for own, placed, dry_placed in zip(memory.operations, memory.placed, dry_memory.placed, strict=True):
        pairs = list(zip(placed, dry_placed, strict=True))
        program = max((_joined_held(a.program, b.program) for a, b in pairs), default=None)
        headroom = _least(_joined_gap(a, b, first.device or second.device) for a, b in pairs)
        operations.append(OperationMemory(own.l1_after, own.l1_peak, program, headroom))
    return Memory(memory.earlier, tuple(operations), memory.placed, memory.lives)


def _joined_gap(normal: Placed, dry: Placed, device: DeviceFacts | None) -> int | None:
    top = lowest_or_top(normal.lowest, device)
    if top is None or device is None:
        return None
    end = device.l1_base_bytes + _joined_held(normal.program, dry.program)
    return top - max(end, normal.program.end or 0)


def _joined_held(normal: ProgramHeld, dry: ProgramHeld) -> int:
    """What a program holds, from both runs. Some operations choose smaller buffers where less L1 is free, and
    in a dry run nothing is taken: where circular buffers are all that it has, those that ran count."""
    circular_alone = not dry.records.dataflow and not dry.records.scratchpad
    if normal.chips and circular_alone:
        return normal.max_per_core
    return max(normal.max_per_core, dry.max_per_core)


def _refuse_unlike(first: Recorded, memory: Memory, second: Recorded, dry_memory: Memory) -> None:
    names = [[span.name for span in recorded.graph.operations] for recorded in (first, second)]
    both = f"{first.file} and {second.file}"
    for place, (a, b) in enumerate(zip(*names, strict=False)):
        if a != b:
            raise _unlike(both, f"operation {place} is {a} in the one and {b} in the other")
    if len(names[0]) != len(names[1]):
        raise _unlike(both, f"one has {plural(len(names[0]), 'operation')}, the other {len(names[1])}")
    pairs = zip(names[0], memory.placed, dry_memory.placed, strict=True)
    for place, (name, programs, others) in enumerate(pairs):
        if len(programs) != len(others):
            counts = f"{plural(len(programs), 'program')} in the one and {len(others)} in the other"
            raise _unlike(both, f"operation {place}, {name}, has {counts}")


def _unlike(both: str, why: str) -> InspectError:
    return InspectError(
        f"{both} are no two runs of one script",
        why,
        "run the same script once in each mode, from a fresh start",
    )


def in_the_way(memory: Memory, place: int, most: int) -> list[Life]:
    """The buffers that live while the programs of an operation run, at most so many: the lowest first, where
    their addresses are known (freeing those above it makes no room), else the largest first."""
    instants = [placed.program.counter for placed in memory.placed[place]]
    if not instants:
        return []
    live = [
        life
        for life in memory.lives
        if any(life.born <= instant and (life.died is None or life.died > instant) for instant in instants)
    ]
    if all(life.address for life in live):
        return sorted(live, key=lambda life: life.address or 0)[:most]
    return sorted(live, key=lambda life: -(life.bytes or 0))[:most]
