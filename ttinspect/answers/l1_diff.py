"""What grew in L1 between two captures, reports or databases of ttnn, or between two dumps of an allocator:
which program, which operation, which buffers, per bank."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ttinspect.answers.diff import DiffAnswer
from ttinspect.answers.programs import build_programs
from ttinspect.capacity.headroom import memory_of
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics
from ttinspect.model.graph import Recorded
from ttinspect.model.system import Source, SourceKind
from ttinspect.verify.compare.changes import Change, Value

Facts = dict[str, Value]
"""Figures by path; sizes are bytes, of every bank where the path says so."""

_COUNTED = re.compile(r"(?:.*: )?(?:live_at_end\..*|blocks\..*|.*\.count)")
"""Counts of what is there: where there is none, that is known."""


def build_capture_diff(old: Sequence[Recorded], new: Sequence[Recorded]) -> DiffAnswer:
    """What differs between two captures of the same model, of one rank or several."""
    before, after = (
        _source(SourceKind(side[0].kind.value), [capture.file for capture in side]) for side in (old, new)
    )
    # which operation allocated what is left is in no table of a database
    owned = all(reading.rows is None for reading in (*old, *new))
    return _answer(before, after, _of_ranks(old, owned=owned), _of_ranks(new, owned=owned))


def build_dump_diff(
    old: Sequence[AllocatorStatistics], new: Sequence[AllocatorStatistics], names: tuple[str, str]
) -> DiffAnswer:
    """What differs between what two dumps say of an allocator."""
    before, after = (_source(SourceKind.ALLOCATOR, [name]) for name in names)
    return _answer(before, after, _of_processes(old), _of_processes(new))


def _of_processes(side: Sequence[AllocatorStatistics]) -> Facts:
    return {
        f"{f'process {place}: ' if len(side) > 1 else ''}{path}": value
        for place, capture in enumerate(side)
        for path, value in _of_dump(capture)
    }


def _source(kind: SourceKind, names: Sequence[str]) -> Source:
    return Source(kind=kind, detail=", ".join(dict.fromkeys(names)), live=False, example=False)


def _answer(old: Source, new: Source, before: Facts, after: Facts) -> DiffAnswer:
    changes = _changes(before, after)
    return DiffAnswer(
        source=new,
        old=old,
        new=new,
        same=not changes,
        chips=0,
        unreadable=(),
        appeared=(),
        vanished=(),
        moved=(),
        changed=changes,
        consequences=(),
        l1=True,
    )


def _changes(before: Facts, after: Facts) -> tuple[Change, ...]:
    """All facts that differ, those that grew the most first."""
    changes = []
    for path in {**before, **after}:
        absent = 0 if _COUNTED.fullmatch(path) else None
        old, new = before.get(path, absent), after.get(path, absent)
        if old != new:
            changes.append(Change(chip=None, path=path, old=old, new=new))
    return tuple(sorted(changes, key=lambda change: -_growth(change)))


def _growth(change: Change) -> float:
    return (
        float(change.new - change.old)
        if isinstance(change.new, int) and isinstance(change.old, int)
        else float("-inf")
    )


def _of_ranks(side: Sequence[Recorded], *, owned: bool) -> Facts:
    return {
        f"{f'rank {capture.rank}: ' if len(side) > 1 else ''}{path}": value
        for capture in side
        for path, value in (*_of_capture(capture).items(), *(_live_at_end(capture).items() if owned else ()))
    }


def _of_capture(recorded: Recorded) -> Facts:
    (capture,) = build_programs([recorded]).captures
    facts: Facts = {
        "runtime": capture.runtime,
        "mode": None if capture.mode is None else capture.mode.value,
        "banks": capture.banks,
        "bank_bytes": capture.bank_bytes,
        "l1_base_bytes": capture.l1_base_bytes,
        "l1_small_bytes": capture.l1_small_bytes,
        "peak.max_per_core_bytes": capture.peak.max_per_core,
        "peak.total_bytes": capture.peak.total,
        "highest_end": capture.highest_end,
    }
    if capture.operations:
        facts["l1_at_end_bytes"] = capture.operations[-1].l1_after_bytes
    counts: Counter[str] = Counter()
    for program in capture.programs:
        name = f"programs.{program.op or '-'}"
        counts[f"{name}.count"] += 1
        for chip in program.chips:
            _keep(facts, f"{name}.max_per_core_bytes", chip.max_per_core)
    for operation in capture.operations:
        name = f"operations.{operation.name}"
        counts[f"{name}.count"] += 1
        _keep(facts, f"{name}.l1_peak_bytes", operation.l1_peak_bytes)
        _keep(facts, f"{name}.least_headroom_bytes", operation.headroom_bytes, least=True)
    return facts | dict(counts)


def _keep(facts: Facts, path: str, value: int | None, *, least: bool = False) -> None:
    """Keep the largest value of those that are known, or the smallest."""
    if value is not None:
        known = facts.get(path)
        choose = min if least else max
        facts[path] = choose(known, value) if isinstance(known, int) else value


def _live_at_end(recorded: Recorded) -> Mapping[str, int]:
    """Buffers that are still allocated at the end of the capture, with the bytes that they take of a bank, by
    the operation that allocated them: a leak makes these grow."""
    counts: Counter[str] = Counter()
    for life in memory_of(recorded).lives:
        if life.died is None:
            spans = recorded.graph.operations
            owner = next((span.name for span in spans if span.start <= life.born <= span.end), "before")
            counts[f"live_at_end.{owner}.{'?' if life.bytes is None else life.bytes}_bytes_per_bank"] += 1
    return counts


def _of_dump(statistics: AllocatorStatistics) -> Iterator[tuple[str, Value]]:
    for name in ("dram", "l1", "l1_small", "trace"):
        banks: BankStatistics | None = getattr(statistics.memory_view, name)
        if banks is None:
            continue
        upper = name.upper()
        yield f"{upper}.banks", banks.num_banks
        yield f"{upper}.bank_bytes", banks.total_bytes_per_bank
        yield f"{upper}.allocated_per_bank_bytes", banks.total_bytes_allocated_per_bank
        yield f"{upper}.largest_free_per_bank_bytes", banks.largest_contiguous_bytes_free_per_bank
        sizes = Counter(block.size_bytes for block in banks.blocks or () if block.allocated)
        for size, count in sizes.items():
            yield f"blocks.{upper}.{size}_bytes_per_bank", count
    grid = statistics.compute_grid
    yield "runtime", statistics.runtime
    yield "compute_grid", None if grid is None else f"{grid[0]}x{grid[1]}"
    yield "dispatch", None if statistics.dispatch is None else statistics.dispatch.value
    yield "l1_base_bytes", statistics.l1_base_bytes
    for variable, value in statistics.environment.items():
        yield f"environment.{variable}", value
    if statistics.programs is not None:
        yield "programs.max_per_core_bytes", statistics.programs.max_per_core
        yield "programs.total_bytes", statistics.programs.total
