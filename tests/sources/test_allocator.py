"""The file of allocator statistics: what is accepted, and how it is refused."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.allocator import BankStatistics
from ttinspect.sources.allocator import decode_allocator, read_allocator

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
    assert [
        (statistics.pid, statistics.devices) for statistics in decode_allocator(_encode(documents), "a.json")
    ] == [
        (7, ("0", "1")),
        (8, ("0", "1")),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
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
def test_what_is_wrong_is_refused_with_its_place(content: bytes, why: str) -> None:
    with pytest.raises(InspectError) as refused:
        decode_allocator(content, "a.json")
    assert refused.value.exit_code is ExitCode.USAGE
    assert why in refused.value.why
    assert "a.json" in refused.value.what


DUMPS = Path(__file__).resolve().parent.parent / "data" / "dumps"


def _figures(banks: BankStatistics | None) -> dict[str, int | None] | None:
    if banks is None:
        return None
    return {
        "banks": banks.num_banks,
        "bank_bytes": banks.total_bytes_per_bank,
        "allocated": banks.total_bytes_allocated_per_bank,
        "free": banks.total_bytes_free_per_bank,
        "largest": banks.largest_contiguous_bytes_free_per_bank,
    }


def _equals_truth(folder: Path, prefix: str) -> None:
    truth = json.loads((folder / f"{prefix}-truth.json").read_text())
    (detailed,) = read_allocator(str(folder / f"{prefix}-detailed_memory_usage.csv"))
    (summary,) = read_allocator(str(folder / f"{prefix}-memory_usage_summary.csv"))
    assert detailed.memory_view.trace is None  # tt-metal leaves it out
    for kind in ("DRAM", "L1", "L1_SMALL"):
        assert _figures(getattr(detailed.memory_view, kind.lower())) == truth[kind]
        assert _figures(getattr(summary.memory_view, kind.lower())) == {**truth[kind], "banks": None}


def test_what_tt_metal_writes_is_what_its_allocator_said() -> None:
    _equals_truth(DUMPS, "n150")


def test_every_dump_equals_its_truth(shared: Path) -> None:
    prefixes = [path.name.removesuffix("-truth.json") for path in (shared / "dumps").glob("*-truth.json")]
    assert prefixes
    for prefix in prefixes:
        _equals_truth(shared / "dumps", prefix)


def test_the_block_table_is_the_bank_from_its_start_to_its_end() -> None:
    (statistics,) = read_allocator(str(DUMPS / "n150-detailed_memory_usage.csv"))
    l1 = statistics.memory_view.l1
    assert l1 is not None
    assert l1.blocks is not None
    assert [(block.address, block.size_bytes, block.allocated) for block in l1.blocks[-3:]] == [
        (1_327_776, 24_576, True),
        (1_352_352, 16_384, False),
        (1_368_736, 8_192, True),
    ]


def test_the_summary_of_l1_alone_has_no_bank_size() -> None:
    with pytest.raises(InspectError) as refused:
        read_allocator(str(DUMPS / "n150-l1_usage_summary.csv"))
    assert "neither the size of a bank" in refused.value.why


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "       24576            3            1          yes",
            "       24577            3            1          yes",
            "multiple",
        ),
        ("     1327776  ", "     1327777  ", "two blocks"),
        (",Total free (B):,79734784\n", "", "totals"),
        (",Total allocated (B):,8388608", ",Total allocated (B):,8388609", "multiple"),
    ],
)
def test_a_block_table_that_contradicts_itself_is_refused(old: str, new: str, why: str) -> None:
    text = (DUMPS / "n150-detailed_memory_usage.csv").read_text()
    assert old in text
    with pytest.raises(InspectError) as refused:
        decode_allocator(text.replace(old, new).encode(), "a.csv")
    assert refused.value.exit_code is ExitCode.USAGE
    assert why in refused.value.why


BLOCK_TABLE = [  # as ttnn 0.81.1 gives it: text throughout, from the top
    {"allocated": "yes", "nextID": "18446744073709551615", "prevID": "1", "size": "30720", "address": "1329824", "blockID": "0"},
    {"allocated": "no", "nextID": "0", "prevID": "2", "size": "59392", "address": "1270432", "blockID": "1"},
    {"allocated": "yes", "nextID": "1", "prevID": "3", "size": "30720", "address": "1239712", "blockID": "2"},
    {"allocated": "no", "nextID": "2", "prevID": "18446744073709551615", "size": "1239712", "address": "0", "blockID": "3"},
]  # fmt: skip
L1 = {
    "num_banks": 72,
    "total_bytes_per_bank": 1_360_544,
    "total_bytes_allocated_per_bank": 61_440,
    "total_bytes_free_per_bank": 1_299_104,
    "largest_contiguous_bytes_free_per_bank": 1_239_712,
    "block_table": BLOCK_TABLE,
}


def test_the_block_table_of_a_memory_view_is_read() -> None:
    (statistics,) = decode_allocator(_encode({"memory_view": {"L1": L1}}), "a.json")
    l1 = statistics.memory_view.l1
    assert l1 is not None
    assert l1.blocks is not None
    assert [block.address for block in l1.blocks] == [0, 1_239_712, 1_270_432, 1_329_824]
    assert _figures(l1) == {
        "banks": 72, "bank_bytes": 1_360_544, "allocated": 61_440, "free": 1_299_104, "largest": 1_239_712,
    }  # fmt: skip


def _ttrt(allocated: int) -> dict[str, object]:
    return {
        "loc": f"op {allocated}",
        "debug_str": "%1 = ttnn.add",
        "l1": {
            **L1,
            "block_table": [],
            "total_bytes_allocated_per_bank": allocated,
            "largest_contiguous_bytes_free_per_bank": 0,
        },
    }


@pytest.mark.parametrize(
    ("document", "devices"),
    [
        ({"0": _ttrt(5), "1": _ttrt(7)}, [(None, "op 7", 7)]),
        ([_ttrt(5), _ttrt(7)], [(None, "op 7", 7)]),
        ({"device_0": {"0": _ttrt(5), "1": _ttrt(7)}, "device_1": {"0": _ttrt(3)}}, [(("0",), "op 7", 7), (("1",), "op 3", 3)]),
        ({"0": {"device_0": _ttrt(5)}, "1": {"device_0": _ttrt(7), "device_1": _ttrt(3)}}, [(("0",), "op 7", 7), (("1",), "op 3", 3)]),
        ({"0": {"loc": "op 7", "l1": {"device_0": _ttrt(7)["l1"]}}}, [(("0",), "op 7", 7)]),
    ],
)  # fmt: skip
def test_ttrt_tells_an_operation_at_a_time_and_the_last_one_counts(
    document: object, devices: list[tuple[object, str, int]]
) -> None:
    text = json.dumps(document).replace('"block_table": []', '"block_table": null')
    read = decode_allocator(text.encode(), "memory_results.json")
    operations = [
        (
            statistics.devices,
            statistics.operation,
            statistics.memory_view.l1 and statistics.memory_view.l1.total_bytes_allocated_per_bank,
        )
        for statistics in read
    ]
    assert operations == devices


def test_names_that_ttrt_was_not_seen_to_use_are_unknown_not_wrong() -> None:
    document = {"0": {"loc": "a", "dram": {"bytes_allocatable_per_bank": 5}, "l1": L1}}
    (statistics,) = decode_allocator(_encode(document), "memory_results.json")
    assert statistics.memory_view.dram is None
    assert statistics.memory_view.l1 is not None


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_are_more_than_refused(content: bytes) -> None:
    with contextlib.suppress(InspectError):
        decode_allocator(content, "a")
