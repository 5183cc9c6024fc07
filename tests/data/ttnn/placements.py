"""What made placements.json: allocations and deallocations of ttnn 0.81.1 on a mocked N150 (slow dispatch).

python placements.py SEED OUTPUT.json
"""

import contextlib
import json
import random
import sys
import types

import ttnn  # type: ignore[import-not-found,unused-ignore]

sys.modules["torch"] = types.ModuleType("torch")
vars(sys.modules["torch"])["Tensor"] = type("Tensor", (), {})
device = ttnn.open_device(device_id=0)
recorded = {}
for memory, banks, sizes in (
    ("L1", 72, [1, 2, 3, 5, 8, 13, 40, 100, 200, 300, 450]),
    ("DRAM", 12, [1, 3, 50, 1000, 20_000, 60_000]),
):
    random.seed(int(sys.argv[1]))
    kind = getattr(ttnn.BufferType, memory)
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, kind)
    live: dict[int, object] = {}
    steps: list[dict[str, object]] = []

    def blocks(kind: object = kind) -> list[list[object]]:
        """The block table of a bank, lowest address first."""
        table = ttnn.get_memory_view(device, kind).block_table
        rows = [(int(row["address"]), int(row["size"]), row["allocated"] == "yes") for row in table]
        return [list(row) for row in sorted(rows)]

    bank_bytes = ttnn.get_memory_view(device, kind).total_bytes_per_bank
    number = 0
    for _ in range(160):
        if live and random.random() < 0.42:
            gone = random.choice(sorted(live))
            del live[gone]
            steps.append({"free": gone, "blocks": blocks()})
            continue
        tiles = random.choice(sizes)
        shape = [1, 1, 32 * banks, 32 * tiles]
        with contextlib.suppress(RuntimeError):  # it has no room
            live[number] = ttnn.empty(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, device, config)
        done = number in live
        steps.append({"allocate": number, "bytes": tiles * 2048, "done": done, "blocks": blocks()})
        number += 1
    recorded[memory] = {"bank_bytes": bank_bytes, "steps": steps}
    live.clear()
with open(sys.argv[2], "w") as file:  # noqa: PTH123
    json.dump(recorded, file)
