"""The compact golden data, as the records that they were."""

import functools
import json
import lzma
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data"


def unpack(name: str) -> Any:
    """A compressed document of tests/data."""
    return json.loads(lzma.decompress((DATA / name).read_bytes()))


@functools.cache
def golden() -> Any:
    """The golden document with its shared lists put back."""
    document = unpack("golden.json.xz")
    lists = document["lists"]

    def restore(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"list"}:
                return lists[value["list"]]
            return {key: restore(entry) for key, entry in value.items()}
        return value

    document["records"] = [restore(record) for record in document["records"]]
    return document


@functools.cache
def runtime_records() -> list[dict[str, Any]]:
    """The allocators of all public ttnn releases from 0.66 on, record by record."""
    records: list[dict[str, Any]] = unpack("runtimes.json.xz")["records"]
    return records


@functools.cache
def tt_smi_documents() -> dict[str, Any]:
    """tt-smi -s documents that were read wrongly once, rebuilt from public reports."""
    documents: dict[str, Any] = unpack("tt_smi.json.xz")
    return documents


@functools.cache
def allocator_records() -> list[dict[str, Any]]:
    """ttnn 0.81.1's allocator, record by record."""
    records: list[dict[str, Any]] = unpack("allocator.json.xz")["records"]
    return records
