"""A graph capture of ttnn: its nodes as they are recorded, and what follows from them.

Addresses and sizes are bytes. A "mesh" is the id of a mesh device; programs of a NORMAL capture name chips
instead, so the two are never compared.
"""

from enum import Enum

import msgspec

from ttinspect.model.arch import Arch, Coord


class RunMode(str, Enum):
    """How a capture was run: NORMAL runs every program, NO_DISPATCH none (a dry run)."""

    NORMAL = "normal"
    NO_DISPATCH = "no_dispatch"


class Earlier(str, Enum):
    """How much is known of the buffers from before a capture: all of them (snapshots), those that the
    capture touches, or none."""

    ALL = "all"
    SEEN = "seen"
    UNKNOWN = "unknown"


class Params(msgspec.Struct, gc=False):
    """The params of a node that matter here; which of them are there depends on the type of the node. They
    stand in the order in which ttnn writes them, that of the alphabet: decoding is faster so."""

    aborted: bool | None = None
    address: int | None = None
    borrows_memory: bool = False
    core_range_set: str | None = None
    device_id: int | None = None
    device_tensors: str | None = None
    dtype: str | None = None
    globally_allocated: bool = False
    layout: str | None = None
    max_size_per_bank: int | None = None
    memory_config: str | None = None
    name: str | None = None
    program_cache_hit: bool | None = None
    program_factory_type: str | None = None
    shape: str | None = None
    size: int | None = None
    type: str | None = None


class Node(msgspec.Struct, gc=False, kw_only=True):
    """One node of a capture, in the order of execution."""

    connections: tuple[int, ...] = ()
    counter: int
    node_type: str
    params: Params | None = None
    stacking_level: int = 0


class CoreHeld(msgspec.Struct, frozen=True, kw_only=True):
    """What a program holds on one core; logical coordinate."""

    xy: Coord
    bytes: int


class ChipHeld(msgspec.Struct, frozen=True, kw_only=True):
    """What a program holds on one device, as the capture numbers it: a chip in NORMAL, a mesh in
    NO_DISPATCH (``total`` is of one chip then too). Cores that hold nothing are not counted."""

    device: int | None
    cores: int
    max_per_core: int
    total: int


class RecordCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a program by kind, views on tensors included."""

    circular: int
    dataflow: int
    scratchpad: int


class ProgramHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A program: from one circular_buffer_deallocate_all to the next. ``counter`` is that of this node,
    ``mesh`` the device that it names, ``end`` the highest address + size of a circular buffer of its own,
    None where no record has an address."""

    op: str | None
    cache_hit: bool | None
    counter: int
    mesh: int | None
    chips: tuple[ChipHeld, ...]
    records: RecordCounts
    end: int | None

    @property
    def max_per_core(self) -> int:
        """The most on one core, over all devices."""
        return max([chip.max_per_core for chip in self.chips], default=0)

    @property
    def total(self) -> int:
        """The most on one chip."""
        return max((chip.total for chip in self.chips), default=0)


class RecordedTensor(msgspec.Struct, frozen=True):
    """How a tensor lies in its buffer, in ttnn's words."""

    dtype: str | None
    layout: str | None
    shape: str | None
    memory_config: str | None


class BufferLife(msgspec.Struct, frozen=True, kw_only=True):
    """An L1 buffer, from the counter of its allocation to that of its deallocation. ``born`` is None for one
    from before the capture, ``died`` for one that outlives it. ``bank_bytes`` is max_size_per_bank, not yet
    rounded; None where only ``size`` (of the whole buffer) and the ``spec`` of a tensor in it are
    recorded."""

    mesh: int | None
    born: int | None
    died: int | None
    address: int | None
    bank_bytes: int | None
    size: int | None = None
    spec: RecordedTensor | None = None


class OperationSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A call at stacking level 1, from the counter of its function_start to that of its function_end, or to
    where the next begins. ``completed`` is False where ttnn closed one of its scopes after an exception."""

    name: str
    start: int
    end: int
    completed: bool


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Every L1 buffer that was live after the operation that began at ``counter``."""

    counter: int
    buffers: tuple[BufferLife, ...]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the nodes of one capture. ``mode`` is None where nothing tells it: no
    execution, no allocation, no record. ``peak`` is the index of the program with the most on one core,
    ``peak_cores`` what it holds on each core of the device with the most."""

    mode: RunMode | None
    programs: tuple[ProgramHeld, ...]
    operations: tuple[OperationSpan, ...]
    buffers: tuple[BufferLife, ...]
    peak: int | None
    peak_cores: tuple[CoreHeld, ...]


class DeviceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of the device that it was run on. Bytes are per bank, or per core."""

    arch: Arch | None
    banks: int
    bank_bytes: int
    l1_base_bytes: int
    worker_l1_bytes: int

    @property
    def l1_small_bytes(self) -> int:
        """What L1_SMALL takes of every bank."""
        return self.worker_l1_bytes - self.l1_base_bytes - self.bank_bytes


class CaptureKind(str, Enum):
    """The kinds of file that hold a capture."""

    CAPTURE = "capture"
    REPORT = "report"
    DATABASE = "database"


class OperationRows(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of a database, and the L1 rows of its buffers table after it; None where these are not
    usable."""

    id: int
    name: str
    l1_rows: tuple[BufferLife, ...] | None


class RaisedError(msgspec.Struct, frozen=True, kw_only=True):
    """An exception of a Python call: its operation's place among those of the same capture, and its text."""

    operation: int
    text: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One capture, whatever kind of file it came from. ``rows`` are there for a database, one for each
    operation; ``snapshot`` is the first of a report that has them."""

    file: str
    kind: CaptureKind
    graph: Graph
    device: DeviceFacts | None = None
    runtime: str | None = None
    rank: int | None = None
    snapshot: Snapshot | None = None
    snapshots: bool = False
    rows: tuple[OperationRows, ...] | None = None
    errors: tuple[RaisedError, ...] = ()
