"""At the edge: beside a filler of exactly the headroom that ``ttinspect programs NORMAL --dry DRY`` tells,
every operation runs; beside one tile more it clashes, or chooses another program, which fits again.

    python programs-edge.py PATH_OF_TTINSPECT NAME_OF_THE_BOARD      with ttnn, on a device that is free

docs/programs-edge.txt is what it printed with ttnn 0.81.1 on a mocked N150 and P150.
"""

import json
import subprocess
import sys
import types

import ttnn

torch = types.ModuleType("torch")
torch.Tensor = type("Tensor", (), {})
sys.modules.setdefault("torch", torch)
L1, DRAM = ttnn.L1_MEMORY_CONFIG, ttnn.DRAM_MEMORY_CONFIG
TILE_BYTES = 2048
OPERATIONS = {
    "add, L1": (lambda a, b: ttnn.add(a, a, memory_config=L1), [1, 1, 256, 512], L1),
    "add, DRAM": (lambda a, b: ttnn.add(a, a), [1, 1, 1024, 1024], DRAM),
    "softmax, DRAM": (lambda a, b: ttnn.softmax(a, dim=-1), [1, 1, 1024, 1024], DRAM),
    "softmax, L1": (lambda a, b: ttnn.softmax(a, dim=-1, memory_config=L1), [1, 1, 256, 512], L1),
    "layer_norm, L1": (lambda a, b: ttnn.layer_norm(a, memory_config=L1), [1, 1, 256, 512], L1),
    "layer_norm, DRAM": (lambda a, b: ttnn.layer_norm(a), [1, 1, 1024, 1024], DRAM),
    "matmul, L1": (lambda a, b: ttnn.matmul(a, b, memory_config=L1), [1, 1, 512, 512], L1),
    "matmul, DRAM": (ttnn.matmul, [1, 1, 1024, 1024], DRAM),
    "transpose, L1": (lambda a, b: ttnn.transpose(a, -2, -1, memory_config=L1), [1, 1, 256, 512], L1),
    "untilize, L1": (lambda a, b: ttnn.untilize(a, memory_config=L1), [1, 1, 256, 512], L1),
    "typecast, L1": (lambda a, b: ttnn.typecast(a, ttnn.float32, memory_config=L1), [1, 1, 256, 512], L1),
    "mean, L1": (lambda a, b: ttnn.mean(a, dim=-1, memory_config=L1), [1, 1, 256, 512], L1),
}


def tensor(device, shape, memory):
    return ttnn.empty(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, device, memory)


def filler(device, tiles):
    """An L1 tensor of so many tiles in every bank."""
    banks = ttnn.get_memory_view(device, ttnn.BufferType.L1).num_banks
    return tensor(device, [1, 1, 32, 32 * banks * tiles], L1)


def told(device, ttinspect, call, a, b):
    """Headroom of a call, and what its programs hold, as ``programs`` tells them."""
    files = []
    for mode in (ttnn.graph.RunMode.NORMAL, ttnn.graph.RunMode.NO_DISPATCH):
        device.clear_program_cache()
        files.append(f"/tmp/edge-{len(files)}.json")
        ttnn.graph.begin_graph_capture(mode)
        out = call(a, b)
        ttnn.graph.end_graph_capture_to_file(files[-1])
        del out
    command = [ttinspect, "programs", files[0], "--dry", files[1], "--json"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    operation = answer["captures"][0]["operations"][0]
    return operation["headroom_bytes"], operation["program_bytes"]


def tried(device, call, a, b, tiles):
    """What the runtime does beside a filler."""
    device.clear_program_cache()
    beside = filler(device, tiles)
    try:
        call(a, b)
    except RuntimeError as error:
        return "clash" if "clash with L1" in str(error) else str(error)[:80]
    finally:
        ttnn.deallocate(beside)
    return "runs"


def main():
    ttinspect, board = sys.argv[1:]
    device = ttnn.open_device(device_id=0, l1_small_size=16384)
    right = 0
    for name, (call, shape, memory) in OPERATIONS.items():
        a, b = tensor(device, shape, memory), tensor(device, shape, DRAM)
        headroom, held = told(device, ttinspect, call, a, b)
        tiles = headroom // TILE_BYTES
        at, over = (tried(device, call, a, b, tiles + more) for more in (0, 1))
        ok = at == "runs" and over in ("runs", "clash")
        if over == "runs":
            beside = filler(device, tiles + 1)
            left, less = told(device, ttinspect, call, a, b)
            if memory is DRAM:  # no tensor of the capture lies below the filler, which it cannot know
                left -= (tiles + 1) * TILE_BYTES
            over = f"runs with {less:,} instead of {held:,}, headroom {left:,}"
            ok = ok and left >= 0
            ttnn.deallocate(beside)
        right += ok
        print(
            f"{board} {name:17} headroom {headroom:>9,}: {tiles * TILE_BYTES:>9,} {at}, one tile more {over}"
        )
        ttnn.deallocate(a)
        ttnn.deallocate(b)
    print(f"{board}: {right} of {len(OPERATIONS)} as told")


if __name__ == "__main__":
    main()
