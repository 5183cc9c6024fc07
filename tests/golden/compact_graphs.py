"""Write tests/data/graphs.json.xz from the captures, reports and databases of the reference data.

Imports nothing from ttinspect. What no reader needs is left out: arguments of calls and pages; of databases
every table but those that are read. Run as ``python -m tests.golden.compact_graphs SHARED``.
"""

import contextlib
import json
import lzma
import sqlite3
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "graphs.json.xz"
TABLES = ("devices", "operations", "buffers", "captured_graph", "report_metadata", "errors", "buffer_chunks")


def compact(shared: Path) -> dict[str, Any]:
    """The captures, the reports, the databases as SQL, and the truth of each."""
    captures, reports = shared / "captures", shared / "reports"
    files = [path for path in sorted(captures.glob("*.json")) if path.name != "truth.json"]
    documents = [path for path in sorted(reports.glob("*.json")) if path.name != "truth.json"]
    return {
        "captures": {path.stem: _nodes(json.loads(path.read_text())) for path in files},
        "reports": {path.stem: compact_report(json.loads(path.read_text())) for path in documents},
        "databases": {path.stem: _sql(path) for path in sorted(reports.glob("*.sqlite"))},
        "capture_truth": json.loads((captures / "truth.json").read_text()),
        "report_truth": json.loads((reports / "truth.json").read_text()),
    }


def _nodes(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**node, "arguments": []} for node in nodes]


def compact_report(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what no reader needs."""
    compact = {**report, "graph": _nodes(report["graph"])}
    if "buffer_pages" in compact:
        compact |= {"buffer_pages": compact["buffer_pages"][:3], "buffer_pages_by_address": {}}
    return compact


def _sql(path: Path) -> list[str]:
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as source,
        contextlib.closing(sqlite3.connect(":memory:")) as target,
    ):
        for name, sql in source.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
            if name not in TABLES:
                continue
            target.execute(sql)
            limit = " LIMIT 1" if name == "buffer_chunks" else ""
            for row in source.execute(f"SELECT * FROM {name}{limit}"):
                cells = _compact_cells(row) if name == "captured_graph" else row
                target.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", cells)
        return list(target.iterdump())


def _compact_cells(row: tuple[Any, ...]) -> list[Any]:
    return [json.dumps(_nodes(json.loads(cell))) if str(cell)[:1] == "[" else cell for cell in row]


def packed(document: dict[str, Any]) -> bytes:
    """The document as it is kept."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    DATA.write_bytes(packed(compact(Path(sys.argv[1]))))
