#!/usr/bin/env bash
# Package:  ttnn 0.81.1 (Python wheel, Python 3.12; no device is opened)
# Guess:    extract_resource_usage_per_core() gives what the fullest core of a capture holds, and
#           extract_peak_L1_memory_usage() the same for a chip, or a core: one unit at any rate.
# Behaves:  records are added whichever cores and chips they are about: 4,096 bytes on core 0-0 and 8,192 on core 1-1 are
#           a peak of 12,288 "per core"; one program on both chips of an N300, which a capture lists once per chip, is
#           twice what each core has. The other function adds the bytes of a tensor on the whole chip to the bytes of a
#           circular buffer on each core, and counts a buffer that only borrows the tensor's bytes a second time.
# Matters:  programs are called too big that fit, and a "peak L1" of 135,168 is neither of a core nor of a chip.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3.12 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install ttnn==0.81.1
cd "$d" && HOME=$d "$d/v/bin/python" - 2>/dev/null <<'P'
import sys

import ttnn


def capture(*records):
    """The nodes of a capture, as ttnn writes them: one operation with these records in it."""
    rows = [("capture_start", {}, [1], 0), ("function_start", {"name": "ttnn.add", "inputs": "0"}, [2], 1)]
    rows += [(kind, params, [], 1) for kind, params in records]
    rows += [("function_end", {"name": "ttnn.add"}, [], 1), ("capture_end", {}, [], 0)]
    return [{"counter": n, "node_type": kind, "params": params, "connections": to, "stacking_level": level,
             "arguments": [], "input_tensors": []} for n, (kind, params, to, level) in enumerate(rows)]


def buffer(size, cores, chip=0, borrowed=False):
    return "circular_buffer_allocate", {"address": 105824, "size": size, "core_range_set": cores, "device_id": chip,
                                        "globally_allocated": "1" if borrowed else "0"}


PROGRAM = ("circular_buffer_deallocate_all", {"device_id": 1})
TENSOR = ("buffer_allocate", {"address": 1441792, "size": 131072, "max_size_per_bank": 2048, "page_size": 2048, "type": "L1",
                              "buffer_type": 1, "layout": "INTERLEAVED", "num_cores": 0, "device_id": 1})
CAPTURES = {
    "two cores": capture(PROGRAM, buffer(4096, "{[0-0 - 0-0]}"), buffer(8192, "{[1-1 - 1-1]}")),
    "two chips": capture(PROGRAM, buffer(4096, "{[0-0 - 7-7]}", 0), buffer(4096, "{[0-0 - 7-7]}", 1)),
    "tensor and buffer": capture(TENSOR, PROGRAM, buffer(4096, "{[0-0 - 7-7]}")),
    "borrowed": capture(PROGRAM, buffer(4096, "{[0-0 - 0-0]}", borrowed=True)),
}
seen = {}
for name, nodes in CAPTURES.items():
    core = ttnn.graph.extract_resource_usage_per_core(nodes)
    seen[name] = (core.peak_total, ttnn.graph.extract_peak_L1_memory_usage(nodes))
    print(f"{name}: per core {core.peak_total}, peak {seen[name][1]}")
if seen != {"two cores": (12288, 12288), "two chips": (8192, 8192), "tensor and buffer": (6144, 135168), "borrowed": (0, 4096)}:
    sys.exit("another behaviour than was seen")
P
# Seen: two cores: per core 12288, peak 12288
#       two chips: per core 8192, peak 8192
#       tensor and buffer: per core 6144, peak 135168
#       borrowed: per core 0, peak 4096
