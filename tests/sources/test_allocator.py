"""The file of allocator statistics: what is accepted, and how it is refused."""

import json

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.allocator import decode_allocator

DRAM = {"num_banks": 12, "total_bytes_per_bank": 1_072_603_072, "total_bytes_allocated_per_bank": 193_600}


def _encode(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_document_names_its_process_device_and_time() -> None:
    document = {"pid": 17706, "device": 0, "realtime_ns": 5, "memory_view": {"DRAM": DRAM}}
    (statistics,) = decode_allocator(_encode(document), "allocator.json")
    assert (statistics.pid, statistics.devices, statistics.realtime_ns) == (17706, ("0",), 5)
    assert statistics.memory_view.dram is not None
    assert statistics.memory_view.dram.reserved_bytes == 2_323_200
    assert statistics.memory_view.dram.capacity_bytes == 12_871_236_864
    assert statistics.memory_view.l1 is None


def test_keys_that_ttinspect_does_not_need_are_ignored() -> None:
    banks = {**DRAM, "largest_contiguous_bytes_free_per_bank": 1}
    (statistics,) = decode_allocator(_encode({"memory_view": {"DRAM": banks}, "step": "idle"}), "a.json")
    assert (statistics.pid, statistics.devices) == (None, None)


def test_a_bare_memory_view_is_accepted() -> None:
    (statistics,) = decode_allocator(_encode({"DRAM": DRAM}), "a.json")
    assert statistics.memory_view.dram is not None


def test_a_list_holds_several_processes() -> None:
    documents = [{"pid": pid, "device": [0, 1], "memory_view": {"DRAM": DRAM}} for pid in (7, 8)]
    assert [(one.pid, one.devices) for one in decode_allocator(_encode(documents), "a.json")] == [
        (7, ("0", "1")),
        (8, ("0", "1")),
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"3", "object"),
        (b"[]", "empty"),
        (b"{}", "memory_view"),
        (_encode({"memory_view": {}}), "none of DRAM"),
        (_encode({"memory_view": {"DRAM": {}}}), "num_banks"),
        (_encode({"memory_view": {"DRAM": {**DRAM, "num_banks": "12"}}}), "$.memory_view.DRAM.num_banks"),
        (_encode({"memory_view": {"DRAM": {**DRAM, "num_banks": -1}}}), "num_banks"),
        (_encode({"memory_view": {"DRAM": {**DRAM, "num_banks": 2**63}}}), "num_banks"),
        (_encode({"memory_view": {"DRAM": {**DRAM, "total_bytes_per_bank": 5}}}), "allocated in a bank of 5"),
        (_encode({"pid": 0, "memory_view": {"DRAM": DRAM}}), "$.pid"),
        (_encode({"device": "zero", "memory_view": {"DRAM": DRAM}}), "device"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(data: bytes, why: str) -> None:
    with pytest.raises(InspectError) as refused:
        decode_allocator(data, "a.json")
    assert refused.value.exit_code is ExitCode.USAGE
    assert why in refused.value.why
    assert "a.json" in refused.value.what
