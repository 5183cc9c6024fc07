"""Which release, and how it was opened, the figures of a bank or of a program tell. Pure.

All l1_bases of one architecture differ modulo 1,024, and people ask for L1_SMALL and trace regions in
multiples of that: so a bank size nearly always tells the release, or the group of releases with equal bases.
"""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.capacity.chip import trace_per_view
from ttinspect.facts.runtimes import Runtime, runtime_facts, runtime_named
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.capacity import Dispatch
from ttinspect.model.memory_error import RuntimePair

_LIKELY = 1024
ARCHITECTURES = (Arch.WORMHOLE_B0, Arch.BLACKHOLE)
"""Those of which tt-metal's allocator was measured."""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A compute grid, with the harvested lines of the chip and the dispatch that give it."""

    grid: Coord
    harvested_lines: int
    dispatch: Dispatch


class NewestRelease(msgspec.Struct, frozen=True, kw_only=True):
    """The newest release, opened as an older one was; a size is None where that is not known."""

    name: str
    l1_base: int
    bank_bytes: int | None
    view_bytes: int | None


class L1Base(msgspec.Struct, frozen=True, kw_only=True):
    """Where program memory begins, and the releases of which that is so."""

    arch: Arch
    bytes: int
    runtimes: tuple[RuntimePair, ...]


def worker_l1_bytes(arch: Arch) -> int:
    """The L1 of one Tensix core."""
    return builtin_soc(arch).worker_l1_bytes


def arch_of_l1(size: int) -> Arch | None:
    """The architecture whose Tensix cores have so much L1."""
    return next((arch for arch in ARCHITECTURES if worker_l1_bytes(arch) == size), None)


def of_l1_bank(bank_bytes: int, arch: Arch | None = None) -> tuple[RuntimePair, ...]:
    """Every known release with which an L1 bank has this size, likely ones first; ``arch`` None: of any."""
    step = runtime_facts().l1_small_alignment_bytes
    pairs = []
    for candidate, runtime in _releases(arch):
        l1_small = worker_l1_bytes(candidate) - runtime.l1_base[candidate] - bank_bytes
        if l1_small >= 0 and l1_small % step == 0:
            pairs.append(_pair(runtime, candidate, l1_small=l1_small, likely=l1_small % _LIKELY == 0))
    return _likely_first(pairs)


def of_dram_view(view_bytes: int, arch: Arch | None = None) -> tuple[RuntimePair, ...]:
    """Every known release with which a DRAM view has this size, likely ones first; none with a trace region
    of more than half of the view."""
    facts = runtime_facts()
    pairs = []
    for candidate, runtime in _releases(arch):
        whole = facts.dram_views[candidate].view_bytes
        trace = whole - runtime.dram_base[candidate] - view_bytes
        divided = runtime.trace_in_every_view or trace % facts.trace_alignment_bytes == 0
        if trace >= 0 and trace * 2 <= whole and divided:
            pairs.append(_pair(runtime, candidate, trace_per_view=trace, likely=trace % _LIKELY == 0))
    return _likely_first(pairs)


def of_program_end(end: int, arch: Arch | None) -> L1Base | None:
    """Where a program began that ends there: the known l1_base from which its size is a multiple of 1,024, if
    there is exactly one."""
    runtime_pairs: dict[tuple[Arch, int], list[RuntimePair]] = {}
    for candidate, runtime in _releases(arch):
        base = runtime.l1_base[candidate]
        if end >= base and (end - base) % _LIKELY == 0:
            runtime_pairs.setdefault((candidate, base), []).append(_pair(runtime, candidate, likely=True))
    if len(runtime_pairs) != 1:
        return None
    ((candidate, base), pairs) = runtime_pairs.popitem()
    return L1Base(arch=candidate, bytes=base, runtimes=tuple(pairs))


def grids_of(arch: Arch, banks: int) -> tuple[Grid, ...]:
    """The compute grids of an architecture that have so many cores."""
    return tuple(
        Grid(grid=grid, harvested_lines=lines, dispatch=Dispatch(dispatch))
        for lines, modes in runtime_facts().compute_grids[arch].by_harvested.items()
        for dispatch, grid in modes.items()
        if grid is not None and grid[0] * grid[1] == banks
    )


def newest_like(likely: Sequence[RuntimePair], arch: Arch, views: int | None) -> NewestRelease | None:
    """The newest release for the same call; None where it is one of these, or they were opened
    differently."""
    newest = runtime_named(None)
    opened = {(pair.l1_small, pair.trace_per_view) for pair in likely}
    if len(opened) != 1 or any(pair.name == newest.name or pair.arch is not arch for pair in likely):
        return None
    ((l1_small, trace),) = opened
    facts = runtime_facts()
    bank = view = None
    if l1_small is not None:
        bank = worker_l1_bytes(arch) - newest.l1_base[arch] - l1_small
    if trace is not None and views in bank_counts(arch, dram=True):
        part = trace_per_view(trace, views or 1, facts.trace_alignment_bytes)
        view = facts.dram_views[arch].view_bytes - newest.dram_base[arch] - part
    return NewestRelease(name=newest.name, l1_base=newest.l1_base[arch], bank_bytes=bank, view_bytes=view)


def arch_of(pairs: tuple[RuntimePair, ...]) -> Arch | None:
    """The architecture that all likely pairs have in common."""
    architectures = {pair.arch for pair in pairs if pair.likely}
    return architectures.pop() if len(architectures) == 1 else None


def bank_counts(arch: Arch, *, dram: bool) -> frozenset[int]:
    """How many banks a chip of this architecture can have, of L1 or of DRAM views."""
    if dram:
        banks = len(builtin_soc(arch).dram)
        per_bank = runtime_facts().dram_views[arch].views_per_bank
        return frozenset({banks * per_bank} if arch is Arch.WORMHOLE_B0 else {banks, banks - 1})
    grids = runtime_facts().compute_grids[arch].by_harvested.values()
    return frozenset(grid[0] * grid[1] for modes in grids for grid in modes.values() if grid is not None)


def _releases(arch: Arch | None) -> Iterator[tuple[Arch, Runtime]]:
    for architecture in ARCHITECTURES:
        if arch in (None, architecture):
            for runtime in runtime_facts().runtimes:
                if architecture in runtime.l1_base and architecture in runtime.dram_base:
                    yield architecture, runtime


def _pair(
    runtime: Runtime,
    arch: Arch,
    *,
    likely: bool,
    l1_small: int | None = None,
    trace_per_view: int | None = None,
) -> RuntimePair:
    return RuntimePair(
        name=runtime.name, arch=arch, l1_small=l1_small, trace_per_view=trace_per_view, likely=likely
    )


def _likely_first(pairs: list[RuntimePair]) -> tuple[RuntimePair, ...]:
    return tuple(sorted(pairs, key=lambda pair: not pair.likely))
