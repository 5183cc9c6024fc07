"""The file that ``--allocator FILE`` reads: what tt-metal's own allocator says about its banks.

Written by ``ttinspect.ttnn_stats.dump`` in the process that owns the device. One document per process, or a
JSON list of them::

    {"pid": 17706, "device": 0, "realtime_ns": 1795361366510464666,
     "memory_view": {"DRAM": {"num_banks": 12, "total_bytes_per_bank": 1072603072,
                              "total_bytes_allocated_per_bank": 193600}, "L1": {...}}}

``device`` is the runtime's device id, or UMD's unique id as a decimal string, or a list of them for a mesh. A
bare ``memory_view`` is accepted too. Other keys are ignored: a document may carry more than ttinspect needs.
"""

import msgspec

from ttinspect.errors import InspectError
from ttinspect.model.allocator import AllocatorStatistics, MemoryView


def decode_allocator(data: bytes, name: str) -> tuple[AllocatorStatistics, ...]:
    """Read an allocator file's bytes; ``name`` is what errors call it.

    Raises:
        InspectError: not JSON, another shape, figures that contradict themselves (exit code 2).
    """
    try:
        top = msgspec.json.decode(data, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        parts = top if isinstance(top, list) else [msgspec.Raw(data)]
        statistics = tuple(_document(part) for part in parts)
    except msgspec.DecodeError as error:
        raise _refused(name, str(error)) from error
    if not statistics:
        raise _refused(name, "the list is empty")
    for one in statistics:
        _contradictions(one, name)
    return statistics


def _document(data: msgspec.Raw) -> AllocatorStatistics:
    keys = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    if "memory_view" not in keys and keys.keys() & {"DRAM", "L1"}:
        return AllocatorStatistics(memory_view=msgspec.json.decode(data, type=MemoryView))
    return msgspec.json.decode(data, type=AllocatorStatistics)


def _contradictions(statistics: AllocatorStatistics, name: str) -> None:
    view = statistics.memory_view
    if view == MemoryView():
        raise _refused(name, "memory_view has none of DRAM, L1, L1_SMALL, TRACE")
    for buffer_type, banks in msgspec.structs.asdict(view).items():
        if banks is not None and banks.total_bytes_allocated_per_bank > banks.total_bytes_per_bank:
            why = (
                f"{buffer_type.upper()}: {banks.total_bytes_allocated_per_bank} bytes allocated in a bank of "
                f"{banks.total_bytes_per_bank}"
            )
            raise _refused(name, why)


def _refused(name: str, why: str) -> InspectError:
    return InspectError(
        what=f"{name} is not a file of allocator statistics",
        why=why,
        next_step="write it with ttinspect.ttnn_stats.dump(device, path) in the process that owns the device",
    )
