"""A memory error in plain words: what happened, what would help, in order, and what the newest release
has."""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.capacity.banks import Blocks, what_to_free
from ttinspect.capacity.diagnosis import diagnose
from ttinspect.capacity.recognition import Grid, grids_of, newest_like, worker_l1_bytes
from ttinspect.capacity.tensors import TILE_BYTES_OF
from ttinspect.facts.wording import plural
from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.l1_map import Freeing, MapPart, Part
from ttinspect.model.memory_error import Advice, Cause, ErrorText, MemoryFault, RuntimePair
from ttinspect.model.tensor import BufferType, Dtype
from ttinspect.verify.words import exact, listed, size

_MOST_BLOCKS = 3


class Newest(msgspec.Struct, frozen=True, kw_only=True):
    """The same call with the newest release: what a bank has then, or where the program ends, and how much is
    still missing (0: nothing; None: not known)."""

    name: str
    bank_bytes: int | None
    program_end: int | None
    short_bytes: int | None


class ExplainedError(MemoryFault, frozen=True, kw_only=True):
    """A memory error, explained. ``times``: how often the text has it. ``meaning`` is one sentence, ``help``
    what to do, the best first. ``grids`` are the compute grids that have so many L1 banks, with the dispatch
    that gives them. ``map`` is a core's L1 as far as the error tells it: sums of what is free and held, not
    where it lies. ``freeing``: the allocation of the dump of --allocator that would make room."""

    times: int = 1
    meaning: str
    help: tuple[str, ...]
    grids: tuple[Grid, ...]
    newest: Newest | None
    map: tuple[MapPart, ...]
    freeing: Freeing | None


def explain_error(error: ErrorText, allocator: Sequence[AllocatorStatistics] = ()) -> ExplainedError:
    """One error, explained; with the block table of a dump that is of the same bank."""
    fault = diagnose(error)
    freeing = _freeing(fault, allocator)
    newest = _newest(fault)
    grids: tuple[Grid, ...] = ()
    if fault.memory is BufferType.L1 and fault.arch is not None and fault.banks is not None:
        grids = grids_of(fault.arch, fault.banks)
    facts = {name: getattr(fault, name) for name in MemoryFault.__struct_fields__}
    return ExplainedError(
        **facts,
        meaning=_meaning(fault),
        help=tuple(_help(fault, freeing)),
        grids=grids,
        newest=newest,
        map=_map(fault),
        freeing=freeing,
    )


def _meaning(fault: MemoryFault) -> str:
    if fault.cause is Cause.CLASH:
        needs = "" if fault.program_bytes is None else f"needs {_both(fault.program_bytes)} of a core and "
        return (
            f"A program and a tensor want the same L1: the program {needs}would end at "
            f"{_number(fault.program_end)}, the lowest L1 buffer lies at {_number(fault.lowest_buffer)}: "
            f"{exact(fault.short_bytes or 0)} too many."
        )
    if fault.cause is Cause.PROGRAM_TOO_BIG:
        room = (fault.worker_l1_bytes or 0) - (fault.program_end or 0) + (fault.program_bytes or 0)
        alone = (
            ""
            if fault.program_bytes is None
            else f"alone needs {_number(fault.program_bytes)} of {exact(room)}: it "
        )
        return (
            f"The program is too big for a core: freeing tensors cannot help. It {alone}would end at "
            f"{_number(fault.program_end)}, L1 ends at {_number(fault.worker_l1_bytes)}."
        )
    if fault.cause in _REFUSED:
        return _meaning_of_refusal(fault)
    return _meaning_of_allocation(fault)


_REFUSED = {
    Cause.OPERATION_TOO_BIG: "refuses before it runs: its program has no room in the L1 of a core",
    Cause.VIEW_TOO_BIG: (
        "A circular or dataflow buffer lies in a tensor and is larger than the tensor's part of a bank"
    ),
    Cause.KERNELS_TOO_BIG: (
        "The kernels of a program and their arguments are larger than the buffer for them, which lies below "
        "every tensor and program"
    ),
    Cause.TRACE_TOO_BIG: (
        "The trace region is too small for the traces captured so far and this one together"
    ),
    Cause.TRACE_CLASH: "There is no trace region, and the trace would lie where its own operations write",
    Cause.RESERVED_TOO_BIG: "The device does not open: more is set aside in L1 than there is",
}
"""What is refused beside the allocator, in the words for it."""


def _meaning_of_refusal(fault: MemoryFault) -> str:
    sentence = _REFUSED[fault.cause or Cause.OPERATION_TOO_BIG]
    if fault.cause is Cause.OPERATION_TOO_BIG:
        sentence = f"{fault.operation or 'An operation'} {sentence}"
    needed, available = fault.needed_bytes, fault.available_bytes
    if fault.short_bytes:
        short = f": {exact(fault.short_bytes)} too many"
        return f"{sentence}: {_both(needed or 0)} are needed, {_both(available or 0)} are there{short}."
    if needed is not None:
        return f"{sentence}: {_both(needed)} are needed."
    return f"{sentence}." if available is None else f"{sentence}: {_both(available)} are there."


def _meaning_of_allocation(fault: MemoryFault) -> str:
    needed = f"{_both(fault.needed_bytes or 0)} of every {fault.memory.value} bank are needed"
    if fault.cause is Cause.NEVER_FITS:
        return (
            f"It never fits: {needed}, and a bank has {_both(fault.bank_bytes or 0)}: "
            f"{exact(fault.short_bytes or 0)} too few, whatever is freed."
        )
    if fault.cause is Cause.FULL:
        return (
            f"It is full: {needed}, {_both(fault.free_bytes or 0)} are free: "
            f"{exact(fault.short_bytes or 0)} too few."
        )
    if fault.cause is Cause.FRAGMENTED:
        return (
            f"It is fragmented: {needed} in one piece; {_both(fault.free_bytes or 0)} are free, in pieces "
            f"of at most {_both(fault.largest_bytes or 0)}."
        )
    return f"There is no room: {needed}; the text does not tell how much is free, or in how large pieces."


def _help(fault: MemoryFault, freeing: Freeing | None) -> Iterator[str]:
    if fault.cause is Cause.CLASH:
        yield from _help_with_clash(fault)
    elif fault.cause is Cause.PROGRAM_TOO_BIG:
        yield from _help_with_program(fault)
    elif fault.cause in _REFUSED:
        yield from _help_with_refusal(fault)
    else:
        yield from _help_with_allocation(fault, freeing)


def _help_with_clash(fault: MemoryFault) -> Iterator[str]:
    end, short = fault.program_end or 0, fault.short_bytes or 0
    yield (
        f"Free or move to DRAM the L1 tensors that lie below {end:,}: the program has room when no buffer "
        f"is lower than that ({exact(short)} more than now)."
    )
    yield (
        "Shard the L1 tensors over more cores, or give them a smaller data type: bfloat8_b takes 1,088 "
        "bytes of a tile where bfloat16 takes 2,048."
    )
    yield (
        "Give the operation a program configuration with smaller blocks: its circular and dataflow buffers "
        "shrink."
    )
    yield (
        "ttinspect programs REPORT --dry REPORT shows how near every operation comes; ttinspect fit --graph "
        "tries it without a device."
    )


def _help_with_program(fault: MemoryFault) -> Iterator[str]:
    yield (
        f"Give the operation a program configuration with smaller blocks (fewer tiles per core, a smaller "
        f"in0_block_w): it must need {exact(fault.short_bytes or 0)} less on each core."
    )
    yield "Spread it over more cores, or cut its rows: what a core holds grows with its part of the tensor."
    yield "Use a smaller data type: bfloat8_b takes 1,088 bytes of a tile where bfloat16 takes 2,048."


_ADVICE = {
    Advice.ROWS: (
        "It holds whole rows of a row-major tensor: bring the tensor into tile layout before "
        "(ttnn.to_layout), or cut its rows, or work along another dimension."
    ),
    Advice.COLUMNS: (
        "It holds a row of tiles: make the rows shorter, shard the tensor over the width, or give it and its "
        "weights a smaller data type."
    ),
    Advice.BLOCKS: (
        "Give it a program configuration with smaller blocks (fewer tiles per core, a smaller in0_block_w), "
        "or more cores."
    ),
    Advice.CHUNKS: "Give it a program configuration with smaller chunks (q_chunk_size, k_chunk_size).",
    Advice.SLICES: (
        "Its input is cut into slices, and the smallest one has no room: cut along the other dimension, take "
        "a smaller kernel or a larger stride, or a smaller data type."
    ),
    Advice.FABRIC: "Give the operation fewer links or workers per link, or smaller buffers for a link.",
}
_REMEDIES = {
    Cause.VIEW_TOO_BIG: (
        "Give the tensor's shard specification a larger shard, or the same one that the operation's other "
        "tensors have: its part of a bank must hold what the operation keeps there.",
        "Leave out the sharded memory configuration of the output: ttnn then makes one that fits.",
    ),
    Cause.KERNELS_TOO_BIG: (
        "Build without what makes kernels larger: the watcher, LLK asserts, DPRINT and the profiler.",
        "Cut the operation in two, or give it fewer arguments: freeing tensors cannot help.",
    ),
    Cause.TRACE_CLASH: (
        "Open the device with a trace_region_size: the trace then lies apart from every tensor.",
        "Allocate the tensors that live across traces before the first capture, and free none inside it.",
    ),
    Cause.RESERVED_TOO_BIG: (
        "Open the device with a smaller l1_small_size or worker_l1_size: ttinspect capacity --l1-small SIZE "
        "says what is left of a bank.",
    ),
}


def _help_with_refusal(fault: MemoryFault) -> Iterator[str]:
    if fault.cause is Cause.TRACE_TOO_BIG:
        needs = (
            "larger trace_region_size"
            if fault.needed_bytes is None
            else f"trace_region_size of at least {fault.needed_bytes:,}"
        )
        yield f"Open the device with a {needs}: the region is taken from every DRAM view."
        yield "Release traces that are no longer executed (ttnn.release_trace) before the next capture."
        return
    if fault.freeing_helps:
        more = "" if fault.short_bytes is None else f" ({exact(fault.short_bytes)} more than now)"
        yield (
            "Free L1 tensors, or move them to DRAM, before this call: what it may use ends at the lowest L1 "
            f"buffer{more}."
        )
    if fault.advice is not None:
        yield _ADVICE[fault.advice]
    if fault.freeing_helps is False and fault.cause is Cause.OPERATION_TOO_BIG:
        yield "Freeing tensors cannot help: it is more than a core has."
    yield from _REMEDIES.get(fault.cause or Cause.OPERATION_TOO_BIG, ())


def _help_with_allocation(fault: MemoryFault, freeing: Freeing | None) -> Iterator[str]:
    memory = fault.memory.value
    if freeing is not None:
        yield (
            f"Free {_blocks(freeing)}: {exact(freeing.piece_bytes)} in one piece (addresses as in the dump)."
        )
    if fault.cause is Cause.FULL:
        yield (
            f"Free at least {_both(fault.short_bytes or 0)} of every {memory} bank: ttnn.deallocate what "
            "is no longer used."
        )
    if fault.cause is Cause.FRAGMENTED:
        yield (
            "Close the holes: ttnn.reallocate moves a tensor up against the next; or allocate this one "
            f"before those that cut {memory} into pieces, the longest-lived first."
        )
        if freeing is None:
            yield (
                "ttinspect.ttnn_stats.dump(device, path) before the call writes the block table; "
                "--allocator PATH then says which allocation, freed, makes room."
            )
    yield from _of_shards(fault)
    yield from _of_l1_small(fault)
    yield from _of_shape(fault)


def _of_l1_small(fault: MemoryFault) -> Iterator[str]:
    likely = {pair.l1_small for pair in fault.runtimes if pair.likely}
    if len(likely) != 1 or fault.bank_bytes is None:
        return
    (l1_small,) = likely
    if not l1_small:
        return
    if fault.short_bytes is not None and fault.short_bytes <= l1_small:
        yield (
            f"{size(l1_small)} of l1_small are set aside in every bank, and {exact(fault.short_bytes)} are "
            f"missing: open the device with less, if no operation needs it."
        )


def _of_shards(fault: MemoryFault) -> Iterator[str]:
    limit = _limit(fault)
    if fault.sharded and limit:
        cores = -(-(fault.buffer_bytes or 0) // limit)
        yield (
            f"It lies in shards, {exact(fault.needed_bytes or 0)} on each of {fault.banks} cores: over "
            f"{plural(cores, 'core')} or more it has room."
        )


def _limit(fault: MemoryFault) -> int | None:
    """The most that a bank had room for."""
    limits = {
        Cause.NEVER_FITS: fault.bank_bytes,
        Cause.FULL: fault.free_bytes,
        Cause.FRAGMENTED: fault.largest_bytes,
    }
    return limits.get(fault.cause) if fault.cause else None


def _of_shape(fault: MemoryFault) -> Iterator[str]:
    needed, limit = fault.needed_bytes or 0, _limit(fault)
    tile = TILE_BYTES_OF[Dtype.BFLOAT16]
    if needed and needed % tile == 0 and limit is not None:
        smaller = needed // tile * TILE_BYTES_OF[Dtype.BFLOAT8_B]
        effect = "which has room" if smaller <= limit else "which has no room either"
        yield f"If it is bfloat16: as bfloat8_b it takes {exact(smaller)} of every bank, {effect}."
    if fault.memory is BufferType.L1:
        yield "Put it into DRAM (ttnn.DRAM_MEMORY_CONFIG), or compute it in parts."
    elif fault.memory is BufferType.DRAM:
        yield (
            "Cut it over several chips (a mesh), or keep less at a time: weights in bfloat8_b, a shorter "
            "context."
        )
    elif fault.memory is BufferType.L1_SMALL:
        yield (
            f"Open the device with an l1_small_size of at least {needed + (fault.allocated_bytes or 0):,}: "
            "L1_SMALL takes it from every L1 bank."
        )
    else:
        yield (
            "Open the device with a larger trace_region_size: the trace region takes it from every DRAM view."
        )


def _freeing(fault: MemoryFault, allocator: Sequence[AllocatorStatistics]) -> Freeing | None:
    """What to free in a dump whose bank is the one of the error."""
    if fault.needed_bytes is None:
        return None
    for statistics in allocator:
        banks = getattr(statistics.memory_view, fault.memory.value.lower())
        if banks is not None and banks.blocks and banks.total_bytes_per_bank == fault.bank_bytes:
            blocks: Blocks = banks.blocks
            return what_to_free(blocks, fault.needed_bytes)
    return None


def _newest(fault: MemoryFault) -> Newest | None:
    """The same call with the newest release; None where it is that one, or none is known."""
    likely = [pair for pair in fault.runtimes if pair.likely]
    newest = None if fault.arch is None or not likely else newest_like(likely, fault.arch, fault.banks)
    if newest is None or fault.arch is None:
        return None
    if fault.program_bytes is not None:
        end = newest.l1_base + fault.program_bytes
        limit = fault.lowest_buffer if fault.lowest_buffer is not None else fault.worker_l1_bytes
        short = None if limit is None else max(end - limit, 0)
        return Newest(name=newest.name, bank_bytes=None, program_end=end, short_bytes=short)
    bank = newest.bank_bytes if fault.memory is BufferType.L1 else newest.view_bytes
    if bank is None or fault.bank_bytes is None:
        return None
    short = None
    if fault.short_bytes is not None:
        short = max(fault.short_bytes - (bank - fault.bank_bytes), 0)
    return Newest(name=newest.name, bank_bytes=bank, program_end=None, short_bytes=short)


def _map(fault: MemoryFault) -> tuple[MapPart, ...]:
    """A core's L1 as far as the error tells it; empty where it does not add up to a core."""
    if fault.memory is not BufferType.L1 or fault.arch is None:
        return ()
    whole = worker_l1_bytes(fault.arch)
    pieces: list[tuple[Part, int]] = []
    if fault.program_end is not None and fault.program_bytes is not None:
        base = fault.program_end - fault.program_bytes
        top = whole if fault.lowest_buffer is None else fault.lowest_buffer
        pieces = [(Part.FIRMWARE, base), (Part.PROGRAMS, top - base), (Part.BUFFERS, whole - top)]
    elif fault.bank_bytes is not None and fault.free_bytes is not None:
        pair = _only(fault.runtimes)
        small = None if pair is None else pair.l1_small
        if small is not None:
            pieces = [
                (Part.FIRMWARE, whole - fault.bank_bytes - small),
                (Part.FREE, fault.free_bytes),
                (Part.BUFFERS, fault.bank_bytes - fault.free_bytes),
                (Part.L1_SMALL, small),
            ]
    if any(part < 0 for _, part in pieces):
        return ()
    parts, start = [], 0
    for what, part in pieces:
        if part:
            parts.append(MapPart(what=what, start=start, end=start + part, size_bytes=part))
            start += part
    return tuple(parts)


def _only(runtimes: Sequence[RuntimePair]) -> RuntimePair | None:
    """The likely pair, where all likely ones were opened alike."""
    likely = [pair for pair in runtimes if pair.likely]
    alike = {(pair.arch, pair.l1_small) for pair in likely}
    return likely[0] if len(alike) == 1 else None


def _blocks(freeing: Freeing) -> str:
    named = [
        f"the {block.size_bytes:,} bytes at {block.address:,}" for block in freeing.blocks[:_MOST_BLOCKS]
    ]
    left = len(freeing.blocks) - len(named)
    return listed([*named, *([f"{left} more between them"] if left else [])])


def _both(count: int) -> str:
    """Bytes, and as a size where that is shorter: "608,256 bytes (594.0 KiB)"."""
    return exact(count) if count < 1024 else f"{exact(count)} ({size(count)})"


def _number(count: int | None) -> str:
    return "an unknown address" if count is None else f"{count:,}"
