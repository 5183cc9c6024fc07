"""What made refusals.json: what ttnn 0.81.1 refuses beside its allocator, on a mocked N150 in slow dispatch.

python refuse.py OUTPUT.json, without and with TT_METAL_ALLOCATOR_MODE_HYBRID=1 (the last one)
"""

import functools
import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
L1, DRAM = ttnn.L1_MEMORY_CONFIG, ttnn.DRAM_MEMORY_CONFIG
TILE, ROWS = ttnn.TILE_LAYOUT, ttnn.ROW_MAJOR_LAYOUT
records: list[dict[str, Any]] = []


def provoke(name: str, work: Callable[[], object]) -> None:
    """Do what is refused, and keep what was said."""
    try:
        work()
    except RuntimeError as error:
        records.append({"name": name, "message": str(error).split("\nbacktrace")[0]})


provoke("l1_small", functools.partial(ttnn.open_device, device_id=0, l1_small_size=2_000_000))
provoke("worker_l1", functools.partial(ttnn.open_device, device_id=0, worker_l1_size=2_000_000))
device = ttnn.open_device(device_id=0, l1_small_size=0)
grid = device.compute_with_storage_grid_size()
cores = grid.x * grid.y


def make(shape: list[int], layout: object = TILE, memory: object = DRAM) -> Any:
    """A tensor of bfloat16."""
    return ttnn.empty(shape, ttnn.bfloat16, layout, device, memory)


def pool(height: int, channels: int, kernel: int, stride: int, slices: object = None) -> object:
    """The largest in every window."""
    return ttnn.max_pool2d(
        input_tensor=make([1, 1, height * height, channels], ROWS),
        batch_size=1,
        input_h=height,
        input_w=height,
        channels=channels,
        kernel_size=[kernel, kernel],
        stride=[stride, stride],
        padding=[kernel // 2, kernel // 2],
        dilation=[1, 1],
        dram_slice_config=slices,
    )


if os.environ.get("TT_METAL_ALLOCATOR_MODE_HYBRID"):
    filler = make([1, 1, 32 * cores, 32 * 600], TILE, L1)
    provoke("dependencies", lambda: make([1, 1, 32 * cores, 32 * 100], TILE, L1))
else:
    provoke("concat", lambda: ttnn.concat([make([1, 1, 32, 400_000], ROWS) for _ in range(2)], dim=-1))
    provoke("pad", lambda: ttnn.pad(make([1, 1, 32, 400_000], ROWS), [(0, 0), (0, 0), (0, 0), (0, 32)], 0.0))
    provoke("nonzero", lambda: ttnn.nonzero(make([1, 1, 1, 100_000], ROWS)))
    filler = make([1, 1, 32 * cores, 32 * 600], TILE, L1)
    wide = make([1, 1, 32, 64_000])
    provoke("layer_norm", lambda: ttnn.layer_norm(wide, weight=wide, bias=wide))
    provoke("slice", lambda: ttnn.slice(make([1, 1, 32, 64_000], ROWS), [0, 0, 0, 1], [1, 1, 16, 63_998]))
    slices = ttnn.Conv2dSliceConfig(slice_type=ttnn.Conv2dDRAMSliceHeight, num_slices=64)
    provoke("pool", lambda: pool(256, 512, 13, 1, slices))
    provoke("slices", lambda: pool(256, 2048, 63, 1))
with open(sys.argv[1], "w") as file:  # noqa: PTH123
    json.dump(records, file, indent=1)
