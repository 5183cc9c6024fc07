"""The file that ``--allocator FILE`` reads: what tt-metal's own allocator says about its banks.

Written by ``ttinspect.ttnn_stats.dump`` in the process that owns the device. One document per process, or a
JSON list of them::

    {"pid": 17706, "device": 0, "realtime_ns": 1795361366510464666,
     "memory_view": {"DRAM": {"num_banks": 12, "total_bytes_per_bank": 1072603072,
                              "total_bytes_allocated_per_bank": 193600}, "L1": {...}}}

``device`` is the runtime's device id, or UMD's unique id as a decimal string, or a list of them for a mesh. A
bare ``memory_view`` is accepted too. Other keys are ignored: a document may carry more than ttinspect needs.
"""

from typing import Annotated

import msgspec

from ttinspect.errors import InspectError

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Pid = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
DeviceId = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
UniqueId = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,19})$")]


class BankStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One buffer type as ``ttnn.get_memory_view`` reports it: every bank has the same figures, in bytes."""

    num_banks: Count
    total_bytes_per_bank: Count
    total_bytes_allocated_per_bank: Count

    @property
    def capacity_bytes(self) -> int:
        """What the allocator could hand out of this type, over all banks."""
        return self.num_banks * self.total_bytes_per_bank

    @property
    def reserved_bytes(self) -> int:
        """What the allocator has handed out of this type, over all banks."""
        return self.num_banks * self.total_bytes_allocated_per_bank


class MemoryView(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """The buffer types that tt-metal's allocator manages. None: the file does not say."""

    dram: BankStatistics | None = None
    l1: BankStatistics | None = None
    l1_small: BankStatistics | None = None
    trace: BankStatistics | None = None


class AllocatorStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One process's allocator on one device, or on all devices of a mesh.

    ``pid`` is as the process sees itself. ``realtime_ns`` and ``monotonic_ns`` say when the figures were
    taken; without them the figures count as taken together with the region.
    """

    memory_view: MemoryView
    pid: Pid | None = None
    device: DeviceId | UniqueId | tuple[DeviceId | UniqueId, ...] | None = None
    realtime_ns: Count | None = None
    monotonic_ns: Count | None = None

    @property
    def devices(self) -> tuple[str, ...] | None:
        """The devices that these figures hold for, each by its device id or its unique id in decimal; None
        if the file does not say."""
        if self.device is None:
            return None
        devices = self.device if isinstance(self.device, tuple) else (self.device,)
        return tuple(str(device) for device in devices)


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
