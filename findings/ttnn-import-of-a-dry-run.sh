#!/usr/bin/env bash
# Package:  ttnn 0.81.1 (Python wheel, Python 3.12; no device is opened)
# Guess:    the importer that makes the database for ttnn-visualizer follows each buffer of a report from its allocation
#           to its deallocation, which name each other in the report.
# Behaves:  it follows addresses. In a dry run (RunMode.NO_DISPATCH) every address is 0, so the first tensor that is freed
#           frees all: of three buffers in L1, one of them freed, the database has none, and no warning. With addresses
#           it has the two that are left.
# Matters:  a memory profile that was made without a device, which is what dry runs are for, shows an L1 that is empty.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3.12 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install ttnn==0.81.1
cd "$d" && HOME=$d "$d/v/bin/python" - 2>/dev/null <<'P'
import json, sqlite3, sys

import ttnn

L1 = {"size": 131072, "max_size_per_bank": 2048, "page_size": 2048, "type": "L1", "buffer_type": 1, "layout": "INTERLEAVED",
      "num_cores": 0, "device_id": 0}
DEVICE = {"address_at_first_l1_bank": 0, "address_at_first_l1_cb_buffer": 105824, "arch": "WORMHOLE_B0", "cb_limit": 1393312,
          "device_id": 0, "dram_size_per_channel": 1073741824, "l1_bank_size": 1393312, "l1_num_banks": 64,
          "num_banks_per_storage_core": 1, "num_compute_cores": 64, "num_dram_channels": 12, "num_storage_cores": 0,
          "num_x_compute_cores": 8, "num_x_cores": 8, "num_y_compute_cores": 8, "num_y_cores": 9, "worker_l1_size": 1499136,
          "total_l1_for_interleaved_buffers": 0, "total_l1_for_sharded_buffers": 0, "total_l1_for_tensors": 0,
          "total_l1_memory": 0}


def live_buffers(addresses):
    """The L1 buffers in the database after three tensors were made and the second one was freed."""
    nodes = [{"node_type": "capture_start", "params": None, "connections": [], "stacking_level": 0}]

    def add(kind, params, connections=(), level=1):
        nodes.append({"node_type": kind, "params": params, "connections": list(connections), "stacking_level": level})
        return len(nodes) - 1

    buffers = []
    for address in addresses:
        add("function_start", {"name": "ttnn.add", "inputs": "0"})
        buffers.append(add("buffer", {"device_id": 0, "layout": "INTERLEAVED", "size": 131072, "type": "L1", "buffer_type": 1}))
        add("buffer_allocate", {**L1, "address": address}, [buffers[-1]], 2)
        add("function_end", {"name": "ttnn.add"})
    add("function_start", {"name": "ttnn.deallocate", "inputs": "1"})
    add("buffer_deallocate", {**L1, "address": addresses[1]}, [buffers[1]], 2)
    add("function_end", {"name": "ttnn.deallocate"})
    add("function_start", {"name": "ttnn.relu", "inputs": "1"})
    add("function_end", {"name": "ttnn.relu"})
    add("capture_end", None, level=0)
    graph = [{**node, "counter": n, "arguments": [], "input_tensors": []} for n, node in enumerate(nodes)]
    report = {"version": 1, "graph": graph, "devices": [DEVICE], "metadata": {"version": "0.81.1", "rank": 0, "world_size": 1}}
    with open(f"{addresses[0]}.json", "w") as file:
        json.dump(report, file)
    database = sqlite3.connect(ttnn.graph.import_report(f"{addresses[0]}.json", f"{addresses[0]}"))
    last = database.execute("select max(operation_id) from operations").fetchone()[0]
    return database.execute("select count(*) from buffers where operation_id = ? and buffer_type = 1", (last,)).fetchone()[0]


seen = {"with addresses": live_buffers([1390000, 1380000, 1370000]), "dry": live_buffers([0, 0, 0])}
print(seen)
if seen != {"with addresses": 2, "dry": 0}:
    sys.exit("another behaviour than was seen")
P
# Seen: {'with addresses': 2, 'dry': 0}
