"""A tensor as ttnn is asked for it, and what it takes of the banks. Bytes."""

from enum import Enum

import msgspec

from ttinspect.model.arch import Coord


class Dtype(str, Enum):
    """Data types of ttnn, as ttnn names them."""

    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"
    INT32 = "int32"
    UINT32 = "uint32"
    UINT16 = "uint16"
    UINT8 = "uint8"
    BFLOAT8_B = "bfloat8_b"
    BFLOAT4_B = "bfloat4_b"


class Layout(str, Enum):
    """How the elements lie in pages: a tile of 32x32, or a row."""

    TILE = "tile"
    ROW_MAJOR = "row_major"


class BufferType(str, Enum):
    """The memories that tt-metal's allocator manages, as its errors name them."""

    DRAM = "DRAM"
    L1 = "L1"
    L1_SMALL = "L1_SMALL"
    TRACE = "TRACE"


class Strategy(str, Enum):
    """How a tensor is cut into shards."""

    HEIGHT = "height"
    WIDTH = "width"
    BLOCK = "block"


class Orientation(str, Enum):
    """In which order the cores of a grid get their shards."""

    ROW_MAJOR = "row_major"
    COL_MAJOR = "col_major"


class Sharding(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ttnn.create_sharded_memory_config`` is given: strategy, core grid as (columns, rows), and
    the orientation; the shard's shape follows from the tensor's."""

    strategy: Strategy
    grid: Coord
    orientation: Orientation = Orientation.ROW_MAJOR


class TensorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor: shape, data type, layout, memory, and how it is sharded (None: interleaved over all
    banks)."""

    shape: tuple[int, ...]
    dtype: Dtype
    layout: Layout
    memory: BufferType
    sharding: Sharding | None = None


class TensorSize(msgspec.Struct, frozen=True, kw_only=True):
    """What a tensor takes. ``buffer_bytes`` counts unaligned pages, ``bytes_per_bank`` aligned ones;
    ``allocated_per_bank`` is what the allocator takes of each of the ``banks`` that hold a part of it."""

    buffer_bytes: int
    page_bytes: int
    banks: int
    bytes_per_bank: int
    allocated_per_bank: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """ttnn makes no such tensor; ``why`` is its own sentence."""

    why: str


class Unseen(msgspec.Struct, frozen=True, kw_only=True):
    """ttnn was not seen to make such a tensor, or to refuse it."""

    why: str
