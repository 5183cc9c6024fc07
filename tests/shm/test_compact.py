"""The captures that tests need everywhere are the captured files."""

import lzma
from pathlib import Path

from tests.shm import compact
from tests.shm.captures import DATA, captures


def test_compact_captures_are_remade_from_the_captured_files(shared: Path) -> None:
    remade = compact.captures_bytes(shared / "regions")
    assert lzma.decompress(remade) == lzma.decompress(DATA.read_bytes())


def test_restored_bytes_are_those_of_the_captured_files(shared: Path) -> None:
    files = {path.stem: path.read_bytes() for path in (shared / "regions").glob("*.bin")}
    assert {capture.name: capture.data for capture in captures().values()} == files
