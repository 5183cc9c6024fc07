"""What a memory error means: its cause, what is missing, and what its figures tell of the runtime. Pure."""

from ttinspect.capacity.recognition import (
    ARCHITECTURES,
    arch_of,
    arch_of_l1,
    bank_counts,
    of_dram_view,
    of_l1_bank,
    of_program_end,
    worker_l1_bytes,
)
from ttinspect.capacity.tensors import TILE_BYTES
from ttinspect.model.arch import Arch
from ttinspect.model.memory_error import (
    Cause,
    Clash,
    CoreRange,
    ErrorText,
    MemoryFault,
    OutOfMemory,
    ProgramTooBig,
    Refusal,
    RuntimePair,
)
from ttinspect.model.tensor import BufferType

_WIDEST_WORMHOLE_X = 7
"""The last column of a Wormhole's logical grid."""


def diagnose(error: ErrorText) -> MemoryFault:
    """A memory error, understood; what its text does not tell is None."""
    if isinstance(error, OutOfMemory):
        return _out_of_memory(error)
    if isinstance(error, Refusal):
        return _refused(error)
    return _clash(error) if isinstance(error, Clash) else _too_big(error)


def _out_of_memory(error: OutOfMemory) -> MemoryFault:
    cause, short = _cause(error)
    runtimes: tuple[RuntimePair, ...] = ()
    if error.bank_bytes is not None and error.memory is BufferType.L1:
        runtimes = of_l1_bank(error.bank_bytes)
    elif error.bank_bytes is not None and error.memory is BufferType.DRAM:
        runtimes = of_dram_view(error.bank_bytes)
    arch = arch_of(runtimes)
    return MemoryFault(
        cause=cause,
        memory=error.memory,
        buffer_bytes=error.buffer_bytes,
        needed_bytes=error.needed_bytes,
        bank_bytes=error.bank_bytes,
        allocated_bytes=error.allocated_bytes,
        free_bytes=error.free_bytes,
        largest_bytes=error.largest_bytes,
        short_bytes=short,
        banks=error.banks,
        sharded=_is_sharded(error, arch),
        arch=arch,
        runtimes=runtimes,
        freeing_helps=None if cause is None else cause is not Cause.NEVER_FITS,
        text=error.text,
    )


def _cause(error: OutOfMemory) -> tuple[Cause | None, int | None]:
    """The cause, and the bytes that a bank is short of."""
    needed = error.needed_bytes
    if error.bank_bytes is not None and needed > error.bank_bytes:
        return Cause.NEVER_FITS, needed - error.bank_bytes
    if error.free_bytes is None or error.largest_bytes is None:
        return None, None
    if needed > error.free_bytes:
        return Cause.FULL, needed - error.free_bytes
    largest = error.largest_bytes
    if error.largest_placeable_bytes is not None:
        largest = min(largest, error.largest_placeable_bytes)
    return Cause.FRAGMENTED, max(needed - largest, 0)


def _is_sharded(error: OutOfMemory, arch: Arch | None) -> bool | None:
    """Whether the buffer lies in shards: surely where it uses fewer cores than any chip has banks."""
    dram = error.memory in (BufferType.DRAM, BufferType.TRACE)
    counts = {
        banks
        for architecture in ARCHITECTURES
        if arch in (None, architecture)
        for banks in bank_counts(architecture, dram=dram)
    }
    if error.banks not in counts:
        return True
    if error.buffer_bytes < error.banks * error.needed_bytes:
        return False if any(error.needed_bytes % tile == 0 for tile in TILE_BYTES) else None
    return None


def _clash(error: Clash) -> MemoryFault:
    arch = _wide(error.core_range)
    if error.lowest_buffer > worker_l1_bytes(Arch.WORMHOLE_B0):
        arch = Arch.BLACKHOLE
    base = of_program_end(error.program_end, arch)
    return MemoryFault(
        cause=Cause.CLASH,
        memory=BufferType.L1,
        short_bytes=error.program_end - error.lowest_buffer,
        arch=arch if base is None else base.arch,
        runtimes=() if base is None else base.runtimes,
        core_range=error.core_range,
        program_bytes=None if base is None else error.program_end - base.bytes,
        program_end=error.program_end,
        lowest_buffer=error.lowest_buffer,
        freeing_helps=True,
        text=error.text,
    )


def _too_big(error: ProgramTooBig) -> MemoryFault:
    arch = arch_of_l1(error.worker_l1_bytes) or _wide(error.core_range)
    base = None if arch is None else of_program_end(error.program_end, arch)
    return MemoryFault(
        cause=Cause.PROGRAM_TOO_BIG,
        memory=BufferType.L1,
        short_bytes=error.program_end - error.worker_l1_bytes,
        arch=arch,
        runtimes=() if base is None else base.runtimes,
        core_range=error.core_range,
        program_bytes=None if base is None else error.program_end - base.bytes,
        program_end=error.program_end,
        worker_l1_bytes=error.worker_l1_bytes,
        freeing_helps=False,
        text=error.text,
    )


_WHATEVER_IS_FREED = frozenset({Cause.VIEW_TOO_BIG, Cause.KERNELS_TOO_BIG, Cause.RESERVED_TOO_BIG})


def _refused(error: Refusal) -> MemoryFault:
    needed, available = error.needed_bytes, error.available_bytes
    return MemoryFault(
        cause=error.cause,
        memory=error.memory,
        needed_bytes=needed,
        available_bytes=available,
        short_bytes=None if needed is None or available is None else max(needed - available, 0),
        arch=arch_of_l1(available or 0),
        operation=error.operation,
        advice=error.advice,
        freeing_helps=False if error.cause in _WHATEVER_IS_FREED else error.freeing_helps,
        text=error.text,
    )


def _wide(core_range: CoreRange) -> Arch | None:
    """Blackhole where a column is named that no Wormhole has."""
    return Arch.BLACKHOLE if max(x for x, _ in core_range) > _WIDEST_WORMHOLE_X else None
