"""What made meshes.json.xz: reports of a mesh, and of submeshes in it, run by ttnn 0.81.1 on mocked boards, with
what the allocator of every mesh device holds of a bank after each call.

    python meshes.py ROWSxCOLS OUTPUT.json [SUBROWSxSUBCOLS]
"""

import json
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from typing import Any

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
L1, DRAM = ttnn.L1_MEMORY_CONFIG, ttnn.DRAM_MEMORY_CONFIG
rows, columns = (int(number) for number in sys.argv[1].split("x"))
mesh = ttnn.open_mesh_device(ttnn.MeshShape(rows, columns))
devices = [mesh]
if len(sys.argv) > 3:
    shape = ttnn.MeshShape(*(int(number) for number in sys.argv[3].split("x")))
    places = [(0, 0), (rows - shape[0], columns - shape[1])]
    devices += [mesh.create_submesh(shape, ttnn.MeshCoordinate(*place)) for place in places]


def made(device: Any, lengths: list[int], memory: Any) -> Any:
    """A tensor of which nobody knows what is in it."""
    return ttnn.empty(lengths, ttnn.bfloat16, ttnn.TILE_LAYOUT, device, memory)


def held() -> list[int]:
    """By every device's allocator, of a bank of L1."""
    views = [ttnn.get_memory_view(device, ttnn.BufferType.L1) for device in devices]
    return [view.total_bytes_allocated_per_bank for view in views]


def calls(a: Any, b: Any) -> Iterator[Any]:
    """Operations of several kinds: temporaries, views, shards, a cache hit."""
    sharded = ttnn.create_sharded_memory_config(
        (1, 1, 256, 512), ttnn.CoreGrid(y=4, x=4), ttnn.ShardStrategy.BLOCK
    )
    c = ttnn.add(a, a, memory_config=L1)
    yield c
    yield ttnn.add(a, a, memory_config=L1)
    yield ttnn.softmax(c, dim=-1, memory_config=L1)
    product = ttnn.matmul(a, b, memory_config=L1)
    yield product
    yield ttnn.deallocate(product)
    yield ttnn.sum(c, dim=-1, memory_config=L1)
    yield ttnn.untilize(c, memory_config=L1)
    yield ttnn.where(c, c, a, memory_config=L1)
    shards = ttnn.to_memory_config(c, sharded)
    yield shards
    yield ttnn.add(shards, shards, memory_config=sharded)


before = [(made(device, [1, 1, 256, 512], L1), made(device, [1, 1, 512, 512], DRAM)) for device in devices]
view = ttnn.get_memory_view(mesh, ttnn.BufferType.L1)
document: dict[str, Any] = {"bank": [view.num_banks, view.total_bytes_per_bank], "reports": {}}
for name in ("NO_DISPATCH", "NORMAL"):
    path = os.path.join(tempfile.mkdtemp(), "report.json")  # noqa: PTH118
    after, kept = [], []
    ttnn.graph.begin_graph_capture(getattr(ttnn.graph.RunMode, name))
    for a, b in before:
        for result in calls(a, b):
            kept.append(result)
            after.append(held())
    ttnn.graph.end_graph_capture_to_file(path)
    with open(path) as file:  # noqa: PTH123
        report = json.load(file)
    del report["cluster_descriptor"], kept, result
    document["reports"][name] = {"report": report, "held_after": after}
with open(sys.argv[2], "w") as file:  # noqa: PTH123
    json.dump(document, file)
