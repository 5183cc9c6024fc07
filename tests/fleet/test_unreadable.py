"""A document that cannot be read is named once, with the place in it that is wrong."""

from pathlib import Path

import pytest

from ttinspect.model.fleet import Unreadable
from ttinspect.sources.fleet import read_fleet

BROKEN = {
    "cut.yaml": ("arch: {0: blackhole", ", line "),
    "unknown.yaml": ("arch: {0: no_such_arch}", ""),
    "cut.json": ('{"schema": ', ""),
    "other.json": ("[1, 2]", ""),
    "snapshot.json": ('{"schema": "ttinspect.snapshot.v1", "source": 3}', ": $."),
    "smi.json": ('{"device_info": [{"board_info": 3}]}', ": device_info[0]"),
    "fsd.textproto": ("hosts { hostname: 'a' }", ""),
    "empty.yaml": ("", ""),
    "lines.jsonl": ('{"schema": \n{"schema": \n', ", line 2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_document_that_cannot_be_read_is_named_once_with_the_place_in_it(name: str, tmp_path: Path) -> None:
    text, place = BROKEN[name]
    path = tmp_path / name
    path.write_text(text)
    entries = [*read_fleet([str(path)])]
    assert entries
    for entry in entries:
        assert isinstance(entry, Unreadable)
        assert entry.place.startswith(str(path))
        assert str(path) not in entry.place.removeprefix(str(path)) + entry.why
    first = entries[0]
    assert isinstance(first, Unreadable)
    assert first.place.removeprefix(str(path)).startswith(place)
