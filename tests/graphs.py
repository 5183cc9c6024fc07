"""Captures, reports and databases of the real ttnn with their truth, and captures made by hand."""

import functools
import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.golden.reading import unpack

Nodes = list[dict[str, Any]]


@functools.cache
def graphs() -> Any:
    """What tests/golden/compact_graphs.py kept."""
    return unpack("graphs.json.xz")


def write_report(folder: Path, name: str, *, indent: int | None = 2) -> str:
    """A report as ttnn lays it out, or otherwise; its path."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(graphs()["reports"][name], indent=indent, sort_keys=True))
    return str(path)


def write_database(folder: Path, name: str) -> str:
    """A database; its path."""
    path = folder / f"{name}.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("\n".join(graphs()["databases"][name]))
    connection.close()
    return str(path)


class Made:
    """A capture, node by node."""

    def __init__(self) -> None:
        self.nodes: Nodes = []
        self.add("capture_start", level=0)

    def add(self, node_type: str, level: int = 1, connections: tuple[int, ...] = (), **params: Any) -> int:
        """Add a node; its counter."""
        counter = len(self.nodes)
        self.nodes.append(
            {
                "arguments": [],
                "connections": list(connections),
                "counter": counter,
                "input_tensors": [],
                "node_type": node_type,
                "params": params or None,
                "stacking_level": level,
            }
        )
        return counter

    def start(self, name: str, level: int = 1, **params: Any) -> int:
        """Begin a call."""
        return self.add("function_start", level, name=name, **params)

    def end(self, name: str, level: int = 1, **params: Any) -> int:
        """End a call."""
        return self.add("function_end", level, name=name, **params)

    def program(self, mesh: int = 1) -> int:
        """Begin a program."""
        return self.add("circular_buffer_deallocate_all", 2, device_id=mesh)

    def circular(self, cores: str, size: int, address: int = 0, device: int = 1, view: bool = False) -> int:
        """A circular buffer; ``view``: on a tensor's memory."""
        return self.add(
            "circular_buffer_allocate", 2, address=address, size=size, core_range_set=cores,
            globally_allocated="1" if view else "0", device_id=device,
        )  # fmt: skip

    def allocate(self, size: int, address: int, mesh: int = 1) -> int:
        """An L1 buffer and its allocation; the counter of the buffer."""
        params: dict[str, Any] = {
            "size": size,
            "type": "L1",
            "layout": "INTERLEAVED",
            "device_id": mesh,
            "buffer_type": 1,
        }
        buffer = self.add("buffer", 2, **params)
        self.add("buffer_allocate", 2, (buffer,), **params, address=address, max_size_per_bank=size)
        return buffer

    def free(self, buffer: int, size: int, address: int, mesh: int = 1) -> int:
        """The deallocation of an L1 buffer."""
        return self.add(
            "buffer_deallocate", 2, (buffer,), size=size, type="L1", device_id=mesh, address=address,
            max_size_per_bank=size,
        )  # fmt: skip

    def write(self, path: Path) -> str:
        """Write it as json.dump does; its path."""
        path.write_text(json.dumps([*self.nodes, {**self.nodes[0], "node_type": "capture_end"}]))
        return str(path)
