"""What tt-metal's allocator says about a live device, and what the programs of a piece of a model hold.

Called by a user, in the process that has the device open::

    import ttnn
    from ttinspect import ttnn_stats

    device = ttnn.open_device(device_id=0)
    with ttnn_stats.programs() as held:            # a dry run: nothing is computed
        model(inputs)
    held.answer.captures[0].peak.max_per_core      # the answer of ``ttinspect programs``
    ttnn_stats.dump(device, "allocator.json", programs=held)
    # then: ttinspect verify-shm --allocator allocator.json, or ttinspect fit --allocator allocator.json

Only this module ever touches ttnn, and only inside its functions: the rest of ttinspect must never start a
runtime. The interface is that of ttnn 0.81: ``ttnn.get_memory_view(device, ttnn.BufferType.X)`` with figures
per bank, ``get_device_ids()`` of a mesh device, ``id()`` of a single one, and ``ttnn.graph``. What another
release does not have of the rest is left out of the file.
"""

import contextlib
import importlib.metadata
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from ttinspect.answers.programs import ProgramsAnswer

BUFFER_TYPES = ("DRAM", "L1", "L1_SMALL", "TRACE")
FIGURES = (
    "num_banks",
    "total_bytes_per_bank",
    "total_bytes_allocated_per_bank",
    "total_bytes_free_per_bank",
    "largest_contiguous_bytes_free_per_bank",
)


ENVIRONMENT = ("TT_METAL_", "TT_MESH_", "TT_VISIBLE_DEVICES", "TTNN_")
"""What the names of variables begin with that change how a device is opened, or what the allocator does:
TT_METAL_SLOW_DISPATCH_MODE, TT_METAL_ALLOCATOR_MODE_HYBRID, TTNN_CONFIG_OVERRIDES, ..."""

_SLOW_DISPATCH = "TT_METAL_SLOW_DISPATCH_MODE"


class PhantomBuffersWarning(UserWarning):
    """Tensors of a dry run still live: nothing was computed into them, and tt-metal's region counts them."""


class Held:
    """What ``programs`` found; ``answer`` is there when its block is over."""

    def __init__(self) -> None:
        self._answer: ProgramsAnswer | None = None

    @property
    def answer(self) -> "ProgramsAnswer":
        """The answer of ``ttinspect programs`` for the block.

        Raises:
            RuntimeError: the block is not over.
        """
        if self._answer is None:
            raise RuntimeError("the block of ttnn_stats.programs() is not over")
        return self._answer


@contextlib.contextmanager
def programs(*, run: bool = False) -> Iterator[Held]:
    """Capture what runs inside, in this thread, and tell what its programs and tensors hold of L1.

    By default it is a dry run (RunMode.NO_DISPATCH): nothing is computed, and everything that programs hold
    is recorded. With ``run`` the programs run as always (RunMode.NORMAL), and most of what they hold is not
    recorded: the answer says ``complete: false``. An exception ends the capture and goes on.

    Warns:
        PhantomBuffersWarning: tensors of a dry run outlive the block.

    Raises:
        ImportError: ttnn is not installed here.
    """
    import ttnn  # type: ignore[import-not-found,unused-ignore]

    from ttinspect.answers.programs import build_programs
    from ttinspect.model.graph import RunMode
    from ttinspect.sources.graphs.opening import read_captures

    held = Held()
    ttnn.graph.begin_graph_capture(ttnn.graph.RunMode.NORMAL if run else ttnn.graph.RunMode.NO_DISPATCH)
    try:
        yield held
    finally:
        with tempfile.TemporaryDirectory(prefix="ttinspect-") as folder:
            path = str(Path(folder, "programs.json"))
            ttnn.graph.end_graph_capture_to_file(path)
            recorded = [
                msgspec.structs.replace(each, file="ttnn_stats.programs()") for each in read_captures(path)
            ]
        held._answer = build_programs(recorded)
    graph = recorded[0].graph
    alive = sum(1 for life in graph.buffers if life.born is not None and life.died is None)
    if graph.mode is RunMode.NO_DISPATCH and alive:
        warnings.warn(
            f"{alive} L1 buffers of this dry run still live: nothing was computed into them, and the shared "
            "memory region counts them until their tensors are deleted",
            PhantomBuffersWarning,
            stacklevel=3,
        )


def dump(device: Any, path: str | os.PathLike[str], *, programs: Held | None = None) -> None:
    """Write what the allocator says of ``device``, how it was opened, and, with ``programs``, the most that
    these hold, to ``path``, in one step (a reader never sees half).

    Args:
        device: an open ttnn device or mesh device of this process. On a mesh every device has the same
            figures, and the file names all of them.
        path: the file to write.
        programs: what ``ttnn_stats.programs()`` gave.

    Raises:
        ImportError: ttnn is not installed here.
        OSError: the file cannot be written.
    """
    import ttnn

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
        "l1_small_bytes": int(views["L1_SMALL"].total_bytes_per_bank),
        "trace_bytes_per_view": int(views["TRACE"].total_bytes_per_bank),
        "dispatch": "slow" if os.environ.get(_SLOW_DISPATCH) else "fast",
        "environment": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(ENVIRONMENT)
        },
        **_opened_as(ttnn, device),
    }
    if programs is not None:
        from ttinspect.answers.programs import peak_for_dump

        document["programs"] = peak_for_dump(programs.answer)
    target = Path(path)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    partial.replace(target)


def _opened_as(ttnn: Any, device: Any) -> dict[str, Any]:
    """What this release tells of how the device was opened; None where it does not."""
    grid = getattr(device, "compute_with_storage_grid_size", lambda: None)()
    arch = getattr(device, "arch", lambda: None)()
    base = getattr(getattr(getattr(ttnn, "_ttnn", None), "device", None), "GetAllocatorBaseAddress", None)
    try:
        version: str | None = importlib.metadata.version("ttnn")
    except importlib.metadata.PackageNotFoundError:  # a build of one's own
        version = getattr(ttnn, "__version__", None)
    return {
        "runtime": None if version is None else f"ttnn-{version}",
        "arch": None if arch is None else str(arch).rpartition(".")[2].lower(),
        "compute_grid": None if grid is None else [int(grid.x), int(grid.y)],
        "l1_base_bytes": None if base is None else int(base(device, ttnn.BufferType.L1)),
    }


def _device_ids(device: Any) -> list[int]:
    if hasattr(device, "get_device_ids"):
        return [int(device_id) for device_id in device.get_device_ids()]
    return [int(device.id())]
