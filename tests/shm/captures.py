"""The captured regions of tests/data: bytes that real writers left, and what is known about each."""

import base64
import functools
import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "regions" / "captures.json.xz"


@dataclass(frozen=True)
class Capture:
    """One captured file. ``truth`` is the JSON of its capture, which may tell about several files."""

    name: str
    data: bytes
    file_name: str
    """As in /dev/shm."""
    truth: dict[str, Any]

    @property
    def file_id(self) -> str:
        """The id in the file's name."""
        return self.file_name.removeprefix("tt_device_").removesuffix("_memory")


@functools.cache
def captures() -> dict[str, Capture]:
    """All captures by the name of their .bin file without the suffix."""
    document = json.loads(lzma.decompress(DATA.read_bytes()))
    by_name = {}
    for truth in document["truth"].values():
        for file in truth.get("regions", [truth]):
            name = file.get("bin", file.get("file"))
            by_name[name.removesuffix(".bin")] = Capture(
                name=name.removesuffix(".bin"),
                data=base64.b64decode(document["files"][name]),
                file_name=Path(file["shm_file"]).name,
                truth=truth,
            )
    return by_name


def published() -> list[Capture]:
    """The captures with the publisher's own answers beside them."""
    return [capture for capture in captures().values() if "get_device_stats" in capture.truth]
