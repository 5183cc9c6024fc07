"""What tt-metal's allocator says about a live device, as the file that ``verify-shm --allocator`` reads.

Called by a user, in the process that has the device open::

    import ttnn
    from ttinspect import ttnn_stats

    device = ttnn.open_device(device_id=0)
    ...
    ttnn_stats.dump(device, "allocator.json")      # then: ttinspect verify-shm --allocator allocator.json

Only this module ever touches ttnn, and only inside its functions: the rest of ttinspect must never start a
runtime. The interface is that of ttnn 0.81: ``ttnn.get_memory_view(device, ttnn.BufferType.X)`` with figures
per bank, and ``get_device_ids()`` of a mesh device, ``id()`` of a single one.
"""

import os
import time
from pathlib import Path
from typing import Any

import msgspec

BUFFER_TYPES = ("DRAM", "L1", "L1_SMALL", "TRACE")
FIGURES = (
    "num_banks",
    "total_bytes_per_bank",
    "total_bytes_allocated_per_bank",
    "total_bytes_free_per_bank",
    "largest_contiguous_bytes_free_per_bank",
)


def dump(device: Any, path: str | os.PathLike[str]) -> None:
    """Write the allocator's statistics of ``device`` to ``path``, in one step (a reader never sees half).

    Args:
        device: an open ttnn device or mesh device of this process. On a mesh every device has the same
            figures, and the file names all of them.
        path: the file to write.

    Raises:
        ImportError: ttnn is not installed here.
        OSError: the file cannot be written.
    """
    import ttnn  # type: ignore[import-not-found,unused-ignore]

    # Before the figures: whatever a slot publishes up to this moment is in them.
    realtime_ns, monotonic_ns = time.time_ns(), time.monotonic_ns()
    views = {name: ttnn.get_memory_view(device, getattr(ttnn.BufferType, name)) for name in BUFFER_TYPES}
    document = {
        "schema": "ttinspect.allocator.v1",
        "pid": os.getpid(),
        "device": _device_ids(device),
        "memory_view": {
            name: {
                **{figure: int(getattr(view, figure)) for figure in FIGURES},
                "block_table": [dict(block) for block in view.block_table],
            }
            for name, view in views.items()
        },
        "realtime_ns": realtime_ns,
        "monotonic_ns": monotonic_ns,
    }
    target = Path(path)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    partial.replace(target)


def _device_ids(device: Any) -> list[int]:
    if hasattr(device, "get_device_ids"):
        return [int(device_id) for device_id in device.get_device_ids()]
    return [int(device.id())]
