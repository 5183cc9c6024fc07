"""The file that ``--allocator FILE`` reads: what tt-metal's own allocator says about its banks.

The content decides what it is: the dump of ``ttinspect.ttnn_stats``, tt-metal's ``detailed_memory_usage.csv``
and ``memory_usage_summary.csv`` (sources/allocator_csv.py), or ttrt's ``memory_results.json``
(sources/allocator_ttrt.py). A dump is one document per process, or a JSON list of them::

    {"pid": 17706, "device": 0, "realtime_ns": 1795361366510464666,
     "memory_view": {"DRAM": {"num_banks": 12, "total_bytes_per_bank": 1072603072,
                              "total_bytes_allocated_per_bank": 193600}, "L1": {...}}}

``device`` is the runtime's device id, or UMD's unique id as a decimal string, or a list of them for a mesh. A
bare ``memory_view`` is accepted too. Other keys are ignored: a document may carry more than ttinspect needs.
"""

import os

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.files import open_regular, read_document
from ttinspect.facts.wording import plural
from ttinspect.model.allocator import (
    AllocatorStatistics,
    BankStatistics,
    Block,
    Count,
    DeviceId,
    DispatchMode,
    MemoryView,
    Pid,
    ProgramsPeak,
    UniqueId,
)
from ttinspect.sources.allocator_csv import decode_csv, is_csv, refused
from ttinspect.sources.allocator_ttrt import decode_block_table, decode_ttrt

_HEAD_BYTES = 4096


def read_allocator(path: str) -> tuple[AllocatorStatistics, ...]:
    """The allocators that a file tells of, one per process and device; of ttrt's file after its last
    operation.

    Raises:
        InspectError: 2 or 6 when the file cannot be read, 2 when it is none of these files.
    """
    return decode_allocator(read_document(path), path)


def holds_allocator(path: str) -> bool:
    """Whether a file is one of these, by its first bytes."""
    if not os.path.isfile(path):  # noqa: PTH113 - bytes that are no UTF-8
        return False
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD_BYTES)
    except (InspectError, OSError):
        return False
    return is_csv(head) or b"total_bytes_per_bank" in head


def decode_allocator(content: bytes, name: str) -> tuple[AllocatorStatistics, ...]:
    """The same from a file's bytes; ``name`` is what errors call it.

    Raises:
        InspectError: another file, another shape, figures that contradict themselves (exit code 2).
    """
    statistics = _decode(content, name)
    if not statistics:
        raise refused(name, "the list is empty")
    for allocator in statistics:
        _refuse_contradictions(allocator, name)
    return statistics


def _decode(content: bytes, name: str) -> tuple[AllocatorStatistics, ...]:
    if is_csv(content):
        return (decode_csv(content, name),)
    try:
        top = msgspec.json.decode(content, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        parts = top if isinstance(top, list) else [msgspec.Raw(content)]
        if b'"memory_view"' not in content and (isinstance(top, list) or not top.keys() & _KEYS):
            statistics = decode_ttrt(msgspec.json.decode(content))
            if statistics:
                return statistics
        return tuple(_document(part) for part in parts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(name, str(error)) from error


_KEYS = {"DRAM", "L1"}
"""What a bare memory view has, one of them at least; ttrt writes them small."""


class _Banks(msgspec.Struct, frozen=True, kw_only=True):
    num_banks: Count
    total_bytes_per_bank: Count
    total_bytes_allocated_per_bank: Count
    largest_contiguous_bytes_free_per_bank: Count | None = None
    block_table: list[dict[str, str]] | None = None


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    dram: _Banks | None = None
    l1: _Banks | None = None
    l1_small: _Banks | None = None
    trace: _Banks | None = None


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    memory_view: _View
    pid: Pid | None = None
    device: DeviceId | UniqueId | tuple[DeviceId | UniqueId, ...] | None = None
    realtime_ns: Count | None = None
    monotonic_ns: Count | None = None
    runtime: str | None = None
    arch: str | None = None
    compute_grid: tuple[Count, Count] | None = None
    dispatch: DispatchMode | None = None
    l1_base_bytes: Count | None = None
    l1_small_bytes: Count | None = None
    trace_bytes_per_view: Count | None = None
    environment: dict[str, str] = {}
    programs: ProgramsPeak | None = None


def _document(content: msgspec.Raw) -> AllocatorStatistics:
    keys = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    if "memory_view" not in keys and keys.keys() & {"DRAM", "L1"}:
        return AllocatorStatistics(memory_view=_memory_view(msgspec.json.decode(content, type=_View)))
    document = msgspec.json.decode(content, type=_Document)
    fields = {name: getattr(document, name) for name in _Document.__struct_fields__}
    return AllocatorStatistics(**{**fields, "memory_view": _memory_view(document.memory_view)})


def _memory_view(view: _View) -> MemoryView:
    return MemoryView(
        dram=_banks(view.dram), l1=_banks(view.l1), l1_small=_banks(view.l1_small), trace=_banks(view.trace)
    )


def _banks(banks: _Banks | None) -> BankStatistics | None:
    if banks is None:
        return None
    return BankStatistics(
        num_banks=banks.num_banks,
        total_bytes_per_bank=banks.total_bytes_per_bank,
        total_bytes_allocated_per_bank=banks.total_bytes_allocated_per_bank,
        largest_contiguous_bytes_free_per_bank=banks.largest_contiguous_bytes_free_per_bank,
        blocks=decode_block_table(banks.block_table) if banks.block_table else None,
    )


def _refuse_contradictions(statistics: AllocatorStatistics, name: str) -> None:
    view = statistics.memory_view
    if view == MemoryView() and statistics.operation is None:
        raise refused(name, "memory_view has none of DRAM, L1, L1_SMALL, TRACE")
    for buffer_type in MemoryView.__struct_fields__:
        banks: BankStatistics | None = getattr(view, buffer_type)
        why = None if banks is None else _contradiction(banks)
        if why is not None:
            raise refused(name, f"{buffer_type.upper()}: {why}")


def _contradiction(banks: BankStatistics) -> str | None:
    """What of a bank's figures cannot be, or None."""
    total, allocated = banks.total_bytes_per_bank, banks.total_bytes_allocated_per_bank
    largest = banks.largest_contiguous_bytes_free_per_bank
    if allocated > total:
        return f"{plural(allocated, 'byte')} allocated in a bank of {total:,}"
    if largest is not None and largest > total - allocated:
        return f"a free block of {plural(largest, 'byte')} where {total - allocated:,} are free"
    return None if banks.blocks is None else _contradiction_of_blocks(banks.blocks, total, allocated)


def _contradiction_of_blocks(blocks: tuple[Block, ...], total: int, allocated: int) -> str | None:
    end = 0
    for block in blocks:
        if block.address != end:
            return f"the block table has nothing, or two blocks, at {min(end, block.address)}"
        end = block.end
    if end != total:
        return f"the blocks of a bank add up to {plural(end, 'byte')} of {total:,}"
    held = sum(block.size_bytes for block in blocks if block.allocated)
    return (
        None if held == allocated else f"the blocks of a bank hold {plural(held, 'byte')}, not {allocated:,}"
    )
