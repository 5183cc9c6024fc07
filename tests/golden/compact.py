"""Make tests/data/golden.json.xz, allocator.json.xz, runtimes.json.xz, tensors.json.xz and tt_smi.json.xz from tt-umd's and ttnn's own outputs.

    python tests/golden/compact.py GOLDEN_FOLDER OUTPUT_FOLDER

Imports nothing from ttinspect: what the tests expect must not come from the code under test.
Nothing is computed but the compression: coordinate lists that a record shares with an earlier one
are stored once.
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any

RECORD_FILES = (
    "wormhole_tensix",
    "blackhole_tensix",
    "blackhole_other",
    "quasar",
    "edge_cases",
    "soc_descs",
)


def golden_bytes(folder: Path) -> bytes:
    """All records of SocDescriptor, the shuffles, and the figures of the cluster files."""
    lists: dict[str, int] = {}

    def intern(value: Any) -> Any:
        if isinstance(value, list) and len(json.dumps(value)) > 60:
            return {"list": lists.setdefault(json.dumps(value), len(lists))}
        if isinstance(value, dict):
            return {key: intern(entry) for key, entry in value.items()}
        return value

    records = [
        {"file": name, **intern(record)}
        for name in RECORD_FILES
        for record in json.loads((folder / f"{name}.json").read_text())
    ]
    document = {
        "lists": [json.loads(text) for text in lists],
        "records": records,
        "shuffle": json.loads((folder / "shuffle.json").read_text()),
    }
    return lzma.compress(json.dumps(document, separators=(",", ":")).encode(), preset=9)


def allocator_bytes(folder: Path) -> bytes:
    """The answers of the allocator of ttnn 0.81.1."""
    return _compressed(folder / "allocator.json")


def runtimes_bytes(folder: Path) -> bytes:
    """The answers of the allocators of all public releases from 0.66 on."""
    return _compressed(folder / "runtimes.json")


def tensors_bytes(folder: Path) -> bytes:
    """The sizes and refusals of tensors, by the board and the dispatch they were made on; ``folder`` is that of
    the tensors."""
    documents = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return lzma.compress(json.dumps(documents, separators=(",", ":")).encode(), preset=9)


def tt_smi_bytes(folder: Path) -> bytes:
    """The tt-smi -s documents that were read wrongly, by name; ``folder`` is that of the cases."""
    documents = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return lzma.compress(json.dumps(documents, separators=(",", ":")).encode(), preset=9)


def _compressed(path: Path) -> bytes:
    document = json.loads(path.read_text())
    return lzma.compress(json.dumps(document, separators=(",", ":")).encode(), preset=9)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    (target / "golden.json.xz").write_bytes(golden_bytes(source))
    (target / "allocator.json.xz").write_bytes(allocator_bytes(source))
    (target / "runtimes.json.xz").write_bytes(runtimes_bytes(source))
    (target / "tensors.json.xz").write_bytes(tensors_bytes(source.parent / "tensors"))
    (target / "tt_smi.json.xz").write_bytes(tt_smi_bytes(source.parent / "cases" / "tt-smi"))


if __name__ == "__main__":
    main()
