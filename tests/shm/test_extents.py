"""Where the fields of a region stand, held against what is decoded from real ones."""

import pytest

from tests.shm.captures import captures
from ttinspect.model.region import Region
from ttinspect.shm.decode import decode
from ttinspect.shm.layout import LAYOUTS

FULL = {
    name: capture.data
    for name, capture in captures().items()
    if (found := decode(capture.data)).region is not None and len(found.region.occupied) > 1
}


def _region(data: bytes) -> Region:
    region = decode(data).region
    assert region is not None
    return region


def test_every_version_has_regions_with_several_processes() -> None:
    assert {_region(data).version for data in FULL.values()} == set(LAYOUTS)


@pytest.mark.parametrize("name", sorted(FULL))
def test_what_is_between_the_fields_means_nothing(name: str) -> None:
    data = FULL[name]
    noise = bytearray(b"\xaa" * len(data))
    for offset, size in LAYOUTS[_region(data).version].extents():
        if offset + size <= len(data):
            noise[offset : offset + size] = data[offset : offset + size]
    assert _region(bytes(noise)) == _region(data)


@pytest.mark.parametrize("name", sorted(FULL))
def test_a_name_that_is_written_where_names_stand_is_the_name_of_that_process(name: str) -> None:
    data = FULL[name]
    region = _region(data)
    for slot in region.occupied:
        renamed = bytearray(data)
        at = LAYOUTS[region.version].name_offset(slot.index)
        renamed[at : at + 8] = b"renamed\0"
        names = {each.index: each.name for each in _region(bytes(renamed)).occupied}
        assert names == {each.index: each.name for each in region.occupied} | {slot.index: "renamed"}
