"""What made random-tensors.json.xz: tensors of random shape, type, layout and sharding, each allocated by
ttnn 0.81.1 on a mocked board, with what its allocator then holds more in every bank, or ttnn's refusal.

    python random_tensors.py SEED COUNT L1_SMALL OUTPUT.json
"""

import json
import random
import sys
import types
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
seed, count, l1_small = (int(number) for number in sys.argv[1:4])
chosen = random.Random(seed)
device = ttnn.open_device(device_id=0, l1_small_size=l1_small)
grid = device.compute_with_storage_grid_size()
KINDS = {"l1": ttnn.BufferType.L1, "dram": ttnn.BufferType.DRAM}
LAYOUTS = {"tile": ttnn.TILE_LAYOUT, "row_major": ttnn.ROW_MAJOR_LAYOUT}
DTYPES = ["bfloat16", "float32", "uint32", "int32", "uint16", "bfloat8_b", "bfloat4_b", "uint8"]
LENGTHS = [
    1, 2, 3, 7, 16, 31, 32, 33, 64, 96, 100, 128, 160, 224, 255, 256, 320, 512, 640, 1000, 1024, 1600, 2048,
]  # fmt: skip


def interleaved_shape() -> list[int]:
    """One to six dimensions."""
    rank = chosen.choice([1, 2, 3, 4, 4, 4, 5, 6])
    return [chosen.choice(LENGTHS if at >= rank - 2 else [1, 1, 2, 3, 8]) for at in range(rank)]


def sharded_shape(layout: str, strategy: str, x: int, y: int, orientation: str) -> list[int]:
    """One that the grid divides, or nearly, or any."""
    unit = 32 if layout == "tile" else 1
    rows, columns = (y, x) if orientation == "row_major" else (x, y)
    height = {"height": x * y, "width": chosen.choice([1, 2, 3, 5]), "block": rows}[strategy]
    width = {"height": chosen.choice([1, 2, 3, 5]), "width": x * y, "block": columns}[strategy]
    height, width = (size * unit * chosen.choice([1, 1, 2, 3, 4, 5]) for size in (height, width))
    kind = chosen.random()
    if kind < 0.25:
        height += chosen.choice([1, 8, 16, 31, 32])
    elif kind < 0.4:
        width += chosen.choice([1, 8, 16, 32, 33])
    elif kind < 0.6:
        height, width = (chosen.choice(LENGTHS) * chosen.choice([1, 2, 4]) for _ in range(2))
    outer = chosen.choice([(1, 1), (1, 1), (1, 2), (2, 1), (2, 3), (3, 1)])
    if kind > 0.8 and height % (outer[0] * outer[1]) == 0:
        height //= outer[0] * outer[1]
    return [*outer, height, width]


def sentence(error: Exception) -> str:
    """ttnn's own, without the places that it names."""
    return str(error).split("info:\n")[-1].split("\n")[0]


def allocated(memory: str) -> int:
    """What the allocator holds of every bank."""
    return int(ttnn.get_memory_view(device, KINDS[memory]).total_bytes_allocated_per_bank)


def record() -> dict[str, Any]:
    """One tensor, freed again."""
    layout, memory = chosen.choice(["tile", "tile", "row_major"]), chosen.choice(["l1", "l1", "dram"])
    dtype = chosen.choice(DTYPES if layout == "tile" else [name for name in DTYPES if name[-2:] != "_b"])
    sharding, config = "", ttnn.L1_MEMORY_CONFIG if memory == "l1" else ttnn.DRAM_MEMORY_CONFIG
    shape = interleaved_shape()
    if chosen.random() < 0.6:
        memory, x, y = "l1", chosen.randint(1, grid.x), chosen.randint(1, grid.y)
        strategy = chosen.choice(["height", "width", "block"])
        orientation = chosen.choice(["row_major", "col_major"])
        shape = sharded_shape(layout, strategy, x, y, orientation)
        sharding = f",{strategy}:{x}x{y}" + (":col_major" if orientation == "col_major" else "")
    spec = f"{'x'.join(map(str, shape))},{dtype},{layout},{memory}{sharding}"
    before = allocated(memory)
    try:
        if sharding:
            config = ttnn.create_sharded_memory_config(
                shape,
                core_grid=ttnn.CoreGrid(x=x, y=y),
                strategy=getattr(ttnn.ShardStrategy, strategy.upper()),
                orientation=getattr(ttnn.ShardOrientation, orientation.upper()),
            )
        tensor = ttnn.empty(shape, getattr(ttnn, dtype), LAYOUTS[layout], device, config)
    except RuntimeError as error:
        return {"spec": spec, "refused": sentence(error)}
    taken = allocated(memory) - before
    del tensor
    return {"spec": spec, "allocated_per_bank": taken}


views = {name: ttnn.get_memory_view(device, kind) for name, kind in KINDS.items()}
document = {
    "l1_small": l1_small,
    "compute_grid": [grid.x, grid.y],
    **{name: [view.num_banks, view.total_bytes_per_bank] for name, view in views.items()},
    "records": [record() for _ in range(count)],
}
with open(sys.argv[4], "w") as file:  # noqa: PTH123
    json.dump(document, file)
