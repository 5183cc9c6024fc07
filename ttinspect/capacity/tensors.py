"""What a tensor takes of every bank, as ttnn computes it. Pure.

Checked against ttnn 0.81.1 (tests/data/tensors.json.xz): elements are padded to the layout, a page is a tile
or a row, pages are dealt to the banks in turn or lie in shards, one per core.
"""

import math

import msgspec

from ttinspect.model.arch import Arch, Coord
from ttinspect.model.tensor import (
    BufferType,
    Dtype,
    Layout,
    Orientation,
    Refused,
    Sharding,
    Strategy,
    TensorSize,
    TensorSpec,
    Unseen,
)

TILE = 32
TILE_BYTES_OF = {
    Dtype.BFLOAT16: 2048,
    Dtype.FLOAT32: 4096,
    Dtype.INT32: 4096,
    Dtype.UINT32: 4096,
    Dtype.UINT16: 2048,
    Dtype.UINT8: 1024,
    Dtype.BFLOAT8_B: 1088,
    Dtype.BFLOAT4_B: 576,
}
TILE_BYTES = frozenset(TILE_BYTES_OF.values())
"""Bytes that a tile can have."""

_BLOCK_FLOAT = (Dtype.BFLOAT8_B, Dtype.BFLOAT4_B)
_L1_PAGE_ALIGNMENT = 16
_ALLOCATION_ALIGNMENT = {Arch.WORMHOLE_B0: 32, Arch.BLACKHOLE: 64}
_SHARDED_RANK = 4
"""Sharded tensors of fewer dimensions were not measured."""


class Banks(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tensor goes: the architecture, how many banks its memory has, and the compute grid."""

    arch: Arch
    banks: int
    grid: Coord | None


def allocated(bytes_per_bank: int, arch: Arch) -> int | None:
    """What the allocator takes of a bank for so many bytes; None on an architecture not measured."""
    alignment = _ALLOCATION_ALIGNMENT.get(arch)
    return None if alignment is None else _up(bytes_per_bank, alignment)


def tensor_size(spec: TensorSpec, banks: Banks) -> TensorSize | Refused | Unseen:
    """What a tensor takes of these banks, whether it fits there or not; or ttnn's refusal."""
    if spec.memory is BufferType.L1_SMALL and spec.sharding is None:
        return Refused(why="L1_SMALL only supports sharded allocations, see validate_num_banks")
    unseen = _unseen(spec, banks)
    if unseen is not None:
        return Unseen(why=unseen)
    return _interleaved(spec, banks) if spec.sharding is None else _sharded(spec, spec.sharding, banks)


def _unseen(spec: TensorSpec, banks: Banks) -> str | None:
    """Why nothing is known of such a tensor, or None."""
    if banks.arch not in _ALLOCATION_ALIGNMENT:
        return f"ttnn was not measured on {banks.arch.value}"
    if spec.layout is Layout.ROW_MAJOR and spec.dtype in _BLOCK_FLOAT:
        return f"ttnn was not seen to make a row-major {spec.dtype.value} tensor"
    return None if spec.sharding is None else _unseen_sharding(spec, spec.sharding, banks)


def _unseen_sharding(spec: TensorSpec, sharding: Sharding, banks: Banks) -> str | None:
    if spec.memory is not BufferType.L1:
        return f"ttnn was not seen to shard a tensor in {spec.memory.value}"
    if len(spec.shape) < _SHARDED_RANK:
        return f"ttnn was not seen to shard a tensor of fewer than {_SHARDED_RANK} dimensions"
    columns, rows = sharding.grid
    if banks.grid is None:
        if columns * rows > banks.banks:
            return f"the grid {columns}x{rows} has more cores than there are banks ({banks.banks})"
    elif columns > banks.grid[0] or rows > banks.grid[1]:
        return f"the grid {columns}x{rows} is beyond the compute grid {banks.grid[0]}x{banks.grid[1]}"
    return None


def _up(number: int, alignment: int) -> int:
    return -(-number // alignment) * alignment


def _page_alignment(memory: BufferType, arch: Arch) -> int:
    return _ALLOCATION_ALIGNMENT[arch] if memory is BufferType.DRAM else _L1_PAGE_ALIGNMENT


def _outer(shape: tuple[int, ...]) -> int:
    """The product of all dimensions but the last two."""
    return math.prod(shape[:-2])


def _row_count(shape: tuple[int, ...]) -> int:
    """The product of all dimensions but the last: rank 1 is one row."""
    return math.prod(shape[:-1])


def _physical_height(shape: tuple[int, ...], layout: Layout) -> int:
    if layout is Layout.ROW_MAJOR:
        return _row_count(shape)
    return _outer(shape) * _up(shape[-2] if len(shape) > 1 else 1, TILE)


def _size(
    page_bytes: int, pages: int, pages_per_bank: int, banks: int, spec: TensorSpec, arch: Arch
) -> TensorSize:
    bytes_per_bank = pages_per_bank * _up(page_bytes, _page_alignment(spec.memory, arch))
    return TensorSize(
        buffer_bytes=pages * page_bytes,
        page_bytes=page_bytes,
        banks=banks,
        bytes_per_bank=bytes_per_bank,
        allocated_per_bank=_up(bytes_per_bank, _ALLOCATION_ALIGNMENT[arch]),
    )


def page_bytes(dtype: Dtype, layout: Layout, width: int) -> int | None:
    """A page, not aligned: a tile, or a row of so many elements; None for rows of a block format."""
    if layout is Layout.TILE:
        return TILE_BYTES_OF[dtype]
    return None if dtype in _BLOCK_FLOAT else _row_bytes(width, dtype)


def l1_page_bytes(page: int) -> int:
    """What a page takes in L1."""
    return _up(page, _L1_PAGE_ALIGNMENT)


def _row_bytes(width: int, dtype: Dtype) -> int:
    return width * (TILE_BYTES_OF[dtype] // (TILE * TILE))


def _interleaved(spec: TensorSpec, banks: Banks) -> TensorSize:
    height, width = _physical_height(spec.shape, spec.layout), spec.shape[-1]
    if spec.layout is Layout.TILE:
        page, pages = TILE_BYTES_OF[spec.dtype], (height // TILE) * (_up(width, TILE) // TILE)
    else:
        page, pages = _row_bytes(width, spec.dtype), height
    per_bank = -(-pages // banks.banks) if banks.banks else 0
    return _size(page, pages, per_bank, banks.banks, spec, banks.arch)


def _sharded(spec: TensorSpec, sharding: Sharding, banks: Banks) -> TensorSize | Refused:
    height, width = _row_count(spec.shape), spec.shape[-1]
    shard = _shard_shape(height, width, sharding)
    if shard is None:
        return Refused(why="Invalid sharding core_grid")
    a, b = shard
    if spec.layout is Layout.TILE and (a % TILE or b % TILE):
        return Refused(why=f"Physical shard shape ({a}, {b}) must be tile {{{TILE}, {TILE}}} sized!")
    physical = _physical_height(spec.shape, spec.layout)
    across = -(-(_up(width, TILE) if spec.layout is Layout.TILE else width) // b)
    down = -(-physical // a)
    refusal = _refusal(sharding, a, physical, down)
    if refusal is not None:
        return Refused(why=refusal)
    if spec.layout is Layout.TILE:
        page, pages = TILE_BYTES_OF[spec.dtype], (a // TILE) * (b // TILE)
    else:
        page, pages = _row_bytes(b, spec.dtype), a
    shards = down * across
    return _size(page, pages * shards, pages, shards, spec, banks.arch)


def _shard_shape(height: int, width: int, sharding: Sharding) -> tuple[int, int] | None:
    """Rows and columns of one shard; None where the grid does not divide the tensor."""
    columns, rows = sharding.grid
    cores = columns * rows
    if sharding.strategy is Strategy.HEIGHT:
        return None if height % cores else (height // cores, width)
    if sharding.strategy is Strategy.WIDTH:
        return None if width % cores else (height, width // cores)
    if sharding.orientation is Orientation.COL_MAJOR:
        columns, rows = rows, columns
    return None if height % rows or width % columns else (height // rows, width // columns)


def _refusal(sharding: Sharding, shard_height: int, physical: int, down: int) -> str | None:
    """ttnn's refusal of shards of the right size, or None."""
    columns, rows = sharding.grid
    cores = columns * rows
    if sharding.strategy is Strategy.WIDTH:
        if shard_height != physical:
            return f"Shard height {shard_height} must match physical height {physical} for width sharded"
        return None
    if sharding.strategy is Strategy.HEIGHT:
        if down > cores:
            return f"Number of shards along height {down} must not exceed number of cores {cores}"
        return None
    limit, lines, order = rows, "rows", "row"
    if sharding.orientation is Orientation.COL_MAJOR:
        limit, lines, order = columns, "columns", "column"
    if down > limit:
        return (
            f"Number of shards along height {down} must not exceed number of {lines} {limit} "
            f"for {order} major orientation!"
        )
    return None  # the width is divided by the grid, and so never in too many shards
