"""What made provoked-BOARD.json: memory errors of ttnn 0.81.1 on mocked boards, with what the allocator said then.

python provoke.py BOARD L1_SMALL OUTPUT.json
"""

import json
import sys
import types
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
board, l1_small = sys.argv[1], int(sys.argv[2])
device = ttnn.open_device(device_id=0, l1_small_size=l1_small)
grid = device.compute_with_storage_grid_size()
records: list[dict[str, Any]] = []


def make(memory: str, tiles: int, banks: int) -> object:
    """A tensor of so many tiles of bfloat16 in every bank."""
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, getattr(ttnn.BufferType, memory))
    return ttnn.empty([1, 1, 32 * banks, 32 * tiles], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, config)


def shards(memory: str, tiles: int, columns: int) -> object:
    """A tensor in shards of so many tiles."""
    cores = ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(0, 0), ttnn.CoreCoord(columns - 1, 0))})
    spec = ttnn.ShardSpec(cores, [32, 32 * tiles], ttnn.ShardOrientation.ROW_MAJOR)
    kind = getattr(ttnn.BufferType, memory)
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.HEIGHT_SHARDED, kind, spec)
    shape = [1, 1, 32 * columns, 32 * tiles]
    return ttnn.empty(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, device, config)


def provoke(cause: str, memory: str, work: Any, *arguments: Any) -> None:
    """Do what fails, and keep what was said."""
    view = ttnn.get_memory_view(device, getattr(ttnn.BufferType, memory))
    try:
        work(*arguments)
    except RuntimeError as error:
        records.append(
            {
                "cause": cause,
                "board": board,
                "l1_small": l1_small,
                "memory": memory,
                "view": [
                    view.num_banks,
                    view.total_bytes_per_bank,
                    view.total_bytes_allocated_per_bank,
                    view.largest_contiguous_bytes_free_per_bank,
                ],
                "sharded": work is shards,
                "message": str(error).split("\nbacktrace")[0],
            }
        )


for memory in ("L1", "DRAM"):
    view = ttnn.get_memory_view(device, getattr(ttnn.BufferType, memory))
    banks, whole = view.num_banks, view.total_bytes_per_bank // 2048
    provoke("never_fits", memory, make, memory, whole + 1, banks)
    pieces = [make(memory, whole // 8, banks) for _ in range(7)]
    provoke("full", memory, make, memory, whole // 4, banks)
    del pieces[1::2]
    provoke("fragmented", memory, make, memory, whole // 3, banks)
    if memory == "L1":
        provoke("fragmented", memory, shards, memory, whole // 3, 5)
    pieces.clear()
provoke("never_fits", "L1_SMALL", shards, "L1_SMALL", l1_small // 2048 + 1, 4)
provoke("never_fits", "TRACE", make, "TRACE", 1, 12)
with open(sys.argv[3], "w") as file:  # noqa: PTH123
    json.dump(records, file, indent=1)
