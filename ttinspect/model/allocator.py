"""What tt-metal's allocator says of a device that a process has open, and how it was opened."""

from enum import Enum
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Pid = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
DeviceId = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
UniqueId = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,19})$")]


class DispatchMode(str, Enum):
    """Whether commands go through dispatch cores. Which cores these are, a runtime does not tell."""

    FAST = "fast"
    SLOW = "slow"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a bank, handed out or free. ``address`` is its offset in the bank: in L1 the absolute
    address is l1_base + offset."""

    address: Count
    size_bytes: Count
    allocated: bool

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.address + self.size_bytes


class BankStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One buffer type as ``ttnn.get_memory_view`` reports it: every bank has the same figures, in bytes.

    ``blocks`` is the block table of a bank, lowest address first, without gaps; None where it was not
    written down. ``num_banks`` is None in tt-metal's summaries alone.
    """

    num_banks: Count | None
    total_bytes_per_bank: Count
    total_bytes_allocated_per_bank: Count
    largest_contiguous_bytes_free_per_bank: Count | None = None
    blocks: tuple[Block, ...] | None = None

    @property
    def total_bytes_free_per_bank(self) -> int:
        """What of a bank is not handed out, in however many pieces."""
        return self.total_bytes_per_bank - self.total_bytes_allocated_per_bank

    @property
    def capacity_bytes(self) -> int | None:
        """What the allocator could hand out of this type, over all banks."""
        return None if self.num_banks is None else self.num_banks * self.total_bytes_per_bank

    @property
    def reserved_bytes(self) -> int | None:
        """What the allocator has handed out of this type, over all banks."""
        return None if self.num_banks is None else self.num_banks * self.total_bytes_allocated_per_bank


class MemoryView(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """The buffer types that tt-metal's allocator manages. None: the file does not say."""

    dram: BankStatistics | None = None
    l1: BankStatistics | None = None
    l1_small: BankStatistics | None = None
    trace: BankStatistics | None = None


class ProgramsPeak(msgspec.Struct, frozen=True, kw_only=True):
    """The most that the programs of a capture hold: bytes on one core, bytes on one chip, the operation with
    the most on a core, and the highest end of a circular buffer (an address; None without addresses).
    ``complete`` is False where the capture's mode leaves program memory out."""

    op: str | None
    max_per_core: Count
    total: Count
    highest_end: Count | None
    complete: bool


class AllocatorStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One process's allocator on one device, or on all devices of a mesh.

    ``pid`` is as the process sees itself. ``realtime_ns`` and ``monotonic_ns`` say when the figures were
    taken; without them the figures count as taken together with the region. How the device was opened is
    None, and ``environment`` empty, where the file does not say: ``runtime`` is as in runtimes.yaml
    ("ttnn-0.81.1"), ``l1_base_bytes`` where program memory begins, ``l1_small_bytes`` per L1 bank,
    ``trace_bytes_per_view`` what the trace region takes of every DRAM view. ``operation`` is the one after
    which ttrt took the figures.
    """

    memory_view: MemoryView
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
    operation: str | None = None

    @property
    def devices(self) -> tuple[str, ...] | None:
        """The devices that these figures hold for, each by its device id or its unique id in decimal; None
        if the file does not say."""
        if self.device is None:
            return None
        devices = self.device if isinstance(self.device, tuple) else (self.device,)
        return tuple(str(device) for device in devices)
