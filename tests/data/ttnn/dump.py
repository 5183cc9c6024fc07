"""What made dumps/BOARD-ttnn.json and its truth: the dump of a live device of ttnn 0.81.1 on a mocked board, what
the allocator itself said at the same instant, and what it then did with tensors at the edge.

python dump.py BOARD DEVICES L1_SMALL TRACE FOLDER      with ttinspect and what it needs in PYTHONPATH

Paths in the environment, and the pid, are replaced.
"""

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

from ttinspect import ttnn_stats

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
board, devices, l1_small, trace, folder = sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5])
opened = {"l1_small_size": l1_small, "trace_region_size": trace}
device = (
    ttnn.open_device(device_id=0, **opened)
    if devices == 1
    else ttnn.open_mesh_device(ttnn.MeshShape(1, devices), **opened)
)
grid = device.compute_with_storage_grid_size()
cores = grid.x * grid.y
TYPES = ("DRAM", "L1", "L1_SMALL", "TRACE")


def tensor(memory: str, tiles: int) -> Any:
    """A tensor of bfloat16 with so many tiles in every bank."""
    kind = getattr(ttnn.BufferType, memory)
    banks = ttnn.get_memory_view(device, kind).num_banks
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, kind)
    return ttnn.empty([1, 1, 32 * banks, 32 * tiles], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, config)


def shards(memory: str, columns: int) -> Any:
    """A tensor with a tile on each of so many cores."""
    ranges = ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(0, 0), ttnn.CoreCoord(columns - 1, 0))})
    spec = ttnn.ShardSpec(ranges, [32, 32], ttnn.ShardOrientation.ROW_MAJOR)
    kind = getattr(ttnn.BufferType, memory)
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.HEIGHT_SHARDED, kind, spec)
    return ttnn.empty([1, 1, 32 * columns, 32], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, config)


def fits(memory: str, tiles: int) -> bool:
    """Whether the allocator has room for it, now."""
    try:
        ttnn.deallocate(tensor(memory, tiles))
    except RuntimeError:
        return False
    return True


a = ttnn.empty([1, 1, 1024, 1024], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)
with ttnn_stats.programs() as held:
    softmax = ttnn.softmax(a, dim=-1)
    added = ttnn.add(a, a)
    del softmax, added
pieces = [tensor("L1", tiles) for tiles in (20, 100, 7, 60)]
kept = [shards("L1", 5), tensor("DRAM", 300)]
if l1_small:
    kept.append(shards("L1_SMALL", 3))
del pieces[1]
ttnn_stats.dump(device, folder / f"{board}-ttnn.json", programs=held)
views = {name: ttnn.get_memory_view(device, getattr(ttnn.BufferType, name)) for name in TYPES}
truth: dict[str, Any] = {
    "views": {name: {key: getattr(view, key) for key in ttnn_stats.FIGURES} for name, view in views.items()},
    "grid": [grid.x, grid.y],
    "edges": [],
}
for memory in ("L1", "DRAM"):
    largest = views[memory].largest_contiguous_bytes_free_per_bank // 2048
    for tiles in (1, 99, 100, 101, largest - 1, largest, largest + 1):
        truth["edges"].append(
            {
                "spec": f"1x1x{32 * views[memory].num_banks}x{32 * tiles},bfloat16,tile,{memory.lower()}",
                "fits": fits(memory, tiles),
            }
        )
(folder / f"{board}-ttnn.truth.json").write_text(json.dumps(truth, indent=1))
document = json.loads((folder / f"{board}-ttnn.json").read_text())
document["pid"] = 4711
document["environment"] = {
    name: f"/home/user/{Path(value).name}" if os.sep in value else value
    for name, value in document["environment"].items()
}
(folder / f"{board}-ttnn.json").write_text(json.dumps(document, indent=1))
