"""A memory error of tt-metal: what its text says, and what follows from it. Bytes; None: it does not
tell."""

from enum import Enum

import msgspec

from ttinspect.model.arch import Arch, Coord
from ttinspect.model.tensor import BufferType

CoreRange = tuple[Coord, Coord]
"""The first and the last core, logical, both included."""


class Cause(str, Enum):
    """Why an allocation or a program was refused.

    ``never_fits``: a bank is smaller than what is asked of it. ``full``: less is free. ``fragmented``:
    enough is free, but not in one piece. ``clash``: a program would reach into the lowest buffer.
    ``program_too_big``: a program would reach past the end of L1.

    What is refused before the allocator or a program is asked: ``operation_too_big``: an operation reckons
    that its program has no room. ``view_too_big``: a circular or dataflow buffer that lies in a tensor is
    larger than the tensor's part of a bank. ``kernels_too_big``: the kernels of a program and their arguments
    exceed the buffer for them. ``trace_too_big``: traces exceed the trace region. ``trace_clash``: without a
    trace region, a trace would lie where its own operations write. ``reserved_too_big``: a device is opened
    with more L1_SMALL, or more L1, than there is.
    """

    NEVER_FITS = "never_fits"
    FULL = "full"
    FRAGMENTED = "fragmented"
    CLASH = "clash"
    PROGRAM_TOO_BIG = "program_too_big"
    OPERATION_TOO_BIG = "operation_too_big"
    VIEW_TOO_BIG = "view_too_big"
    KERNELS_TOO_BIG = "kernels_too_big"
    TRACE_TOO_BIG = "trace_too_big"
    TRACE_CLASH = "trace_clash"
    RESERVED_TOO_BIG = "reserved_too_big"


class Advice(str, Enum):
    """What makes the program of an operation smaller.

    ``rows``: it holds whole rows of a row-major tensor. ``columns``: it holds a row of tiles. ``blocks``: its
    program configuration has smaller blocks. ``chunks``: it works in chunks that can be smaller.
    ``slices``: it cuts its input into slices. ``fabric``: it keeps buffers for links.
    """

    ROWS = "rows"
    COLUMNS = "columns"
    BLOCKS = "blocks"
    CHUNKS = "chunks"
    SLICES = "slices"
    FABRIC = "fabric"


class OutOfMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What "Not enough space" says. ``banks`` are those that the buffer uses. Older releases leave figures of
    the bank out. With allocators that share banks, ``placeable_bytes`` of what is free is in no other's way,
    the largest piece of it ``largest_placeable_bytes``."""

    buffer_bytes: int
    memory: BufferType
    banks: int
    needed_bytes: int
    bank_bytes: int | None = None
    allocated_bytes: int | None = None
    free_bytes: int | None = None
    largest_bytes: int | None = None
    placeable_bytes: int | None = None
    largest_placeable_bytes: int | None = None
    text: str


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """What "clash with L1 buffers" says: absolute L1 addresses."""

    program: int
    core_range: CoreRange
    lowest_buffer: int
    program_end: int
    text: str


class ProgramTooBig(msgspec.Struct, frozen=True, kw_only=True):
    """What "beyond max L1 size" says: absolute L1 addresses."""

    core_range: CoreRange
    program_end: int
    worker_l1_bytes: int
    text: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation, or tt-metal beside its allocator, says by itself. ``needed_bytes`` and
    ``available_bytes`` are of one core, of a trace of the whole region; None: the sentence does not tell.
    ``freeing_helps``: what is available is what is free now."""

    cause: Cause
    memory: BufferType = BufferType.L1
    operation: str | None = None
    advice: Advice | None = None
    freeing_helps: bool | None = None
    needed_bytes: int | None = None
    available_bytes: int | None = None
    text: str


ErrorText = OutOfMemory | Clash | ProgramTooBig | Refusal


class RuntimePair(msgspec.Struct, frozen=True, kw_only=True):
    """A release that gives this bank, if opened so: ``l1_small`` of an L1 bank, ``trace_per_view`` of a DRAM
    view; of a program's end neither is known. ``likely``: the size that it takes is a multiple of 1,024."""

    name: str
    arch: Arch
    l1_small: int | None
    trace_per_view: int | None
    likely: bool


class MemoryFault(msgspec.Struct, frozen=True, kw_only=True):
    """A memory error, understood.

    ``needed_bytes``, ``bank_bytes``, ``allocated_bytes``, ``free_bytes`` and ``largest_bytes`` are per bank;
    ``short_bytes`` is what is missing there. ``banks``: those that the buffer uses. ``program_bytes`` is
    what the program needs on a core, ``program_end`` and ``lowest_buffer`` are absolute L1 addresses.
    ``operation`` refuses by itself, with ``available_bytes`` as its limit; ``freeing_helps``: whether freeing
    tensors changes that limit.
    ``runtimes``: every known release that gives such a bank, likely ones first. ``text`` is the sentence
    itself.
    """

    cause: Cause | None
    memory: BufferType
    buffer_bytes: int | None = None
    needed_bytes: int | None = None
    bank_bytes: int | None = None
    allocated_bytes: int | None = None
    free_bytes: int | None = None
    largest_bytes: int | None = None
    short_bytes: int | None = None
    banks: int | None = None
    sharded: bool | None = None
    arch: Arch | None = None
    runtimes: tuple[RuntimePair, ...] = ()
    core_range: CoreRange | None = None
    program_bytes: int | None = None
    program_end: int | None = None
    worker_l1_bytes: int | None = None
    lowest_buffer: int | None = None
    operation: str | None = None
    advice: Advice | None = None
    available_bytes: int | None = None
    freeing_helps: bool | None = None
    text: str
