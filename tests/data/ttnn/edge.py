"""What made edge-BOARD.json.xz: where ttnn 0.81.1 begins to refuse tensors, and programs beside a tensor.

    python edge.py BOARD DISPATCH L1_SMALL OUTPUT.json

on a mocked board. For each family of tensors the largest that is allocated, for each operation the largest
filler of L1 (tiles of bfloat16 in every bank) beside which it runs; both found by bisection, and the error of
the next size. Captures are dry runs (RunMode.NO_DISPATCH) beside these two fillers: some operations (matmul,
layer_norm) choose their programs by what is free.
"""

import json
import sys
import types
from collections.abc import Callable
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
board, dispatch, l1_small = sys.argv[1], sys.argv[2], int(sys.argv[3])
device = ttnn.open_device(device_id=0, l1_small_size=l1_small)
grid = device.compute_with_storage_grid_size()
views = {name: ttnn.get_memory_view(device, getattr(ttnn.BufferType, name)) for name in ("L1", "DRAM")}
LAYOUTS = {"tile": ttnn.TILE_LAYOUT, "row_major": ttnn.ROW_MAJOR_LAYOUT}
MEMORIES = {"l1": ttnn.L1_MEMORY_CONFIG, "dram": ttnn.DRAM_MEMORY_CONFIG}


def first_line(error: Exception) -> str:
    """ttnn's sentence, without the places that it names."""
    lines = str(error).splitlines()
    return lines[lines.index("info:") + 1] if "info:" in lines else lines[0]


def bisect(works: Callable[[int], str | None], low: int, high: int) -> tuple[int, str | None]:
    """The largest number that works, and the error of the next."""
    why = None
    while high - low > 1:
        middle = (low + high) // 2
        error = works(middle)
        if error is None:
            low = middle
        else:
            high, why = middle, error
    return low, why


def allocate(spec: str) -> object:
    """A tensor as ttinspect spells it."""
    lengths, dtype, layout, memory, *shards = spec.split(",")
    shape = [int(length) for length in lengths.split("x")]
    config = MEMORIES[memory]
    if shards:
        strategy, cores, *orientation = shards[0].split(":")
        x, y = (int(number) for number in cores.split("x"))
        config = ttnn.create_sharded_memory_config(
            shape,
            core_grid=ttnn.CoreGrid(x=x, y=y),
            strategy=getattr(ttnn.ShardStrategy, strategy.upper()),
            orientation=getattr(ttnn.ShardOrientation, (orientation or ["row_major"])[0].upper()),
        )
    return ttnn.empty(shape, getattr(ttnn, dtype), LAYOUTS[layout], device, config)


def try_to_allocate(spec: str) -> str | None:
    """The error of an allocation, None where it was done; it is freed again."""
    try:
        tensor = allocate(spec)
    except RuntimeError as error:
        return first_line(error)
    del tensor
    return None


x, y, dram = grid.x, grid.y, views["DRAM"].num_banks
rows = 32 * x * y
FAMILIES = [
    *(
        f"1x1x{rows}xW,{dtype},tile,l1"
        for dtype in ("bfloat16", "float32", "bfloat8_b", "bfloat4_b", "uint8")
    ),
    *(f"1x1x{x * y * 7}xN,{dtype},row_major,l1" for dtype in ("bfloat16", "uint8", "int32")),
    f"1x1x{32 * dram}xW,bfloat16,tile,dram",
    f"1x1x{32 * dram}xW,bfloat4_b,tile,dram",
    f"1x1x{rows}xW,bfloat16,tile,l1,height:{x}x{y}",
    f"1x1x{rows // y}xW,float32,tile,l1,height:{x}x1:col_major",
    f"1x1x{32 * y}xB,bfloat16,tile,l1,block:{x}x{y}",
    f"1x1x32xB,bfloat8_b,tile,l1,width:{x}x1",
    f"1x1x{x * y}xN,uint16,row_major,l1,height:{x}x{y}",
    "3xW,uint32,tile,l1",
]


def spelled(family: str, k: int) -> str:
    """The tensor of a family that is so large."""
    return family.replace("xW", f"x{32 * k}").replace("xB", f"x{32 * x * k}").replace("xN", f"x{k}")


tensors = []
for family in FAMILIES:
    largest, error = bisect(lambda k, of=family: try_to_allocate(spelled(of, k)), 0, 20_000_000)  # type: ignore[misc]
    tensors.append(
        {"largest": spelled(family, largest), "next": spelled(family, largest + 1), "error": error}
    )


def square(size: int = 1024) -> Any:
    """An operand in DRAM: only the program and the filler are in L1."""
    return ttnn.empty([1, 1, size, size], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG)


a, b, wide = square(), square(), square(2048)
Operation = Callable[[], object]
OPERATIONS: dict[str, Operation] = {
    "add": lambda: ttnn.add(a, b),
    "multiply": lambda: ttnn.multiply(a, b),
    "gelu": lambda: ttnn.gelu(a),
    "softmax": lambda: ttnn.softmax(a, dim=-1),
    "softmax of 2048": lambda: ttnn.softmax(wide, dim=-1),
    "matmul": lambda: ttnn.matmul(a, b),
    "matmul of 2048": lambda: ttnn.matmul(wide, wide),
    "layer_norm": lambda: ttnn.layer_norm(a),
    "transpose": lambda: ttnn.transpose(a, -2, -1),
    "typecast": lambda: ttnn.typecast(a, ttnn.float32),
    "untilize": lambda: ttnn.untilize(a),
    "sum": lambda: ttnn.sum(a, dim=-1),
    "concat": lambda: ttnn.concat([a, b], dim=-1),
}


def run_beside(operation: Operation, tiles: int) -> str | None:
    """The error of an operation beside a filler of so many tiles in every L1 bank."""
    try:
        filler = allocate(f"1x1x{rows}x{32 * tiles},bfloat16,tile,l1") if tiles else None
        operation()
    except RuntimeError as error:
        return first_line(error)
    finally:
        filler = None  # noqa: F841
    return None


def dry_run(operation: Operation, tiles: int) -> list[dict[str, Any]] | None:
    """What an operation would hold beside a filler; None where it raises before that is known."""
    filler = allocate(f"1x1x{rows}x{32 * tiles},bfloat16,tile,l1") if tiles else None
    ttnn.graph.begin_graph_capture(ttnn.graph.RunMode.NO_DISPATCH)
    failed = False
    try:
        operation()
    except RuntimeError:
        failed = True
    nodes = ttnn.graph.end_graph_capture()
    filler = None  # noqa: F841
    kinds = ("circular_buffer", "dataflow_buffer", "scratchpad", "function_start", "capture_")
    return None if failed else [node for node in nodes if node["node_type"].startswith(kinds)]


programs = []
for name, operation in OPERATIONS.items():
    if run_beside(operation, 0) is not None:
        continue
    most = views["L1"].total_bytes_per_bank // 2048
    largest, error = bisect(lambda tiles, of=operation: run_beside(of, tiles), 0, most + 1)  # type: ignore[misc]
    captures = [dry_run(operation, tiles) for tiles in (largest, largest + 1)]
    programs.append({"operation": name, "largest": largest, "error": error, "captures": captures})

result = {
    "board": board, "dispatch": dispatch, "l1_small": l1_small, "grid": [x, y], "tensors": tensors,
    "programs": programs,
}  # fmt: skip
with open(sys.argv[4], "w") as file:  # noqa: PTH123
    json.dump(result, file)
