"""Decoding: what the publisher's own reader answered about the captures, and files that nobody published."""

import re
import struct
from typing import Any

import pytest

from tests.shm.captures import Capture, captures, published
from ttinspect.model.region import Figures, Region, RegionState
from ttinspect.shm.decode import decode

EVERY = list(captures().values())


def _names(of: list[Capture]) -> list[str]:
    return [capture.name for capture in of]


def _decoded(name: str) -> Region:
    region = decode(captures()[name].data).region
    assert region is not None
    return region


def _figures(stats: dict[str, Any]) -> Figures:
    return Figures(
        dram=stats["dram"],
        l1=stats["l1"],
        l1_small=stats["l1_small"],
        trace=stats["trace"],
        cb=stats["cb"],
        kernel=stats.get("kernel"),
    )


WITH_REGION = [capture for capture in published() if capture.truth["header"]["version"]]


@pytest.mark.parametrize("capture", WITH_REGION, ids=_names(WITH_REGION))
def test_header_is_what_the_publisher_had(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    truth = capture.truth["header"]
    header = region.header
    assert header.version == region.version == truth["version"]
    assert header.num_active_processes == truth["num_active_processes"]
    assert header.last_update == truth["last_update_timestamp"]
    assert header.reference_count == truth["reference_count"]
    assert header.board_serial == truth["board_serial"]
    assert header.asic_id == truth["asic_id"]
    assert header.device_id == truth["device_id"]
    assert region.init_state == (truth["init_state"] if region.version == 4 else None)
    assert region.slot_count == 64
    assert region.chip_count == 16


@pytest.mark.parametrize("capture", WITH_REGION, ids=_names(WITH_REGION))
def test_totals_are_what_the_publisher_reads(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    assert region.totals == _figures(capture.truth["get_device_stats"])


@pytest.mark.parametrize("capture", WITH_REGION, ids=_names(WITH_REGION))
def test_slots_are_what_the_publisher_reads(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    truth = capture.truth
    assert {str(slot.index): slot.pid for slot in region.slots} == truth["raw_slot_pids"]
    stats = truth["get_process_stats"]
    assert [(slot.pid, slot.last_update, slot.figures) for slot in region.occupied] == [
        (stats_of_slot["pid"], stats_of_slot["timestamp"], _figures(stats_of_slot)) for stats_of_slot in stats
    ]
    # The names of the truth are bytes read as latin-1; ESC is the only control character among them.
    names = [
        stats_of_slot["process_name"].encode("latin-1").decode().replace("\x1b", r"\x1b")
        for stats_of_slot in stats
    ]
    assert [slot.name for slot in region.occupied] == names


@pytest.mark.parametrize("capture", WITH_REGION, ids=_names(WITH_REGION))
def test_chips_are_what_the_publisher_reads(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    truth = capture.truth
    # A v1 or v2 publisher's own reader leaves chip 0 out.
    shown = [entry for entry in region.chips if region.version >= 3 or entry.chip_id]
    assert [(entry.chip_id, bool(entry.is_remote), entry.figures) for entry in shown] == [
        (stats_of_chip["chip_id"], stats_of_chip["is_remote"], _figures(stats_of_chip))
        for stats_of_chip in truth["get_chip_stats"]
    ]
    assert [entry.chip_id for entry in shown] == [truth["raw_chip_slots"][entry.index] for entry in shown]


@pytest.mark.parametrize("name", ["v1-two", "v1-single", "v2-two", "v2-single"])
def test_chip_0_of_early_versions_is_an_entry_with_bytes(name: str) -> None:
    region = _decoded(name)
    everything = _figures(captures()[name].truth["get_device_stats"])
    assert [(entry.index, entry.chip_id, entry.figures) for entry in region.chips] == [(0, 0, everything)]


@pytest.mark.parametrize("name", ["v1-idle", "v2-idle", "v1-midinit", "v2-midinit"])
def test_chip_0_without_bytes_is_an_empty_entry_in_early_versions(name: str) -> None:
    assert _decoded(name).chips == ()


def test_phantom_chips_of_a_killed_v3_writer_stay_visible() -> None:
    assert [entry.chip_id for entry in _decoded("v3-midinit").chips] == [0] * 16


BUFFERS = {"DRAM": "dram", "L1": "l1", "L1_SMALL": "l1_small", "TRACE": "trace"}

REAL = [capture for capture in EVERY if capture.name.startswith("real-")]


@pytest.mark.parametrize("capture", REAL, ids=_names(REAL))
def test_a_real_runtimes_region_names_its_writers(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    assert region.version == 3
    assert region.state is RegionState.READY
    assert region.header.asic_id == capture.file_id
    truth = capture.truth
    writers = {*truth.get("live_pids", []), *truth.get("dead_pids", []), truth.get("pid")}
    assert {slot.pid for slot in region.occupied} <= writers
    assert bool(region.occupied) == any(region.totals[name] for name in BUFFERS.values())
    if "comm" in truth:
        assert {slot.name for slot in region.occupied} <= {truth["comm"]}


@pytest.mark.parametrize(
    "capture",
    (with_view := [capture for capture in REAL if "memory_view" in capture.truth and capture.truth["pid"]]),
    ids=_names(with_view),
)
def test_a_real_runtime_publishes_no_more_than_its_allocator_reserved(capture: Capture) -> None:
    region = decode(capture.data).region
    assert region is not None
    for kind, name in BUFFERS.items():
        view = capture.truth["memory_view"][kind]
        reserved = view["num_banks"] * view["total_bytes_allocated_per_bank"]
        assert (region.totals[name] or 0) <= reserved
        assert ((region.totals[name] or 0) > 0) == (reserved > 0)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("v1-uninit-empty", RegionState.EMPTY),
        ("v4-uninit-empty", RegionState.EMPTY),
        ("v1-uninit-zero", RegionState.UNINITIALIZED),
        ("v3-uninit-zero", RegionState.UNINITIALIZED),
        ("v4-inprogress-zero", RegionState.UNINITIALIZED),
    ],
)
def test_files_without_a_version_have_no_figures(name: str, state: RegionState) -> None:
    decoded = decode(captures()[name].data)
    assert (decoded.state, decoded.region) == (state, None)
    assert decoded.version == (None if state is RegionState.EMPTY else 0)


@pytest.mark.parametrize("name", ["v1-midinit", "v2-midinit", "v3-midinit", "v4-midinit"])
def test_a_writer_killed_in_its_initialisation_leaves_it_initializing(name: str) -> None:
    assert _decoded(name).state is RegionState.INITIALIZING


def _v4(init_state: int) -> bytes:
    content = bytearray(captures()["v4-two"].data)
    struct.pack_into("<I", content, 8536, init_state)
    return bytes(content)


@pytest.mark.parametrize(
    ("init_state", "state"),
    [
        (0, RegionState.UNINITIALIZED),
        (1, RegionState.INITIALIZING),
        (0x52454459, RegionState.READY),
        (2, RegionState.UNKNOWN),
    ],
)
def test_init_state_of_v4(init_state: int, state: RegionState) -> None:
    region = decode(_v4(init_state)).region
    assert region is not None
    assert (region.state, region.init_state) == (state, init_state)


def test_init_state_is_padding_before_v4() -> None:
    content = bytearray(_v4(1))
    struct.pack_into("<I", content, 0, 3)
    region = decode(bytes(content)).region
    assert region is not None
    assert (region.state, region.init_state) == (RegionState.READY, None)


def test_a_shrunk_v1_file_keeps_its_first_59_slots() -> None:
    content = captures()["v1-full64"].data[:8576]
    region = decode(content).region
    assert region is not None
    assert region.slot_count == 59
    assert [slot.index for slot in region.slots] == list(range(59))
    whole = _decoded("v1-full64")
    assert region.slots == whole.slots[:59]
    assert (region.totals, region.chips) == (whole.totals, whole.chips)


def test_a_version_above_4_is_not_decoded() -> None:
    content = struct.pack("<I", 5) + captures()["v4-two"].data[4:]
    decoded = decode(content)
    assert (decoded.version, decoded.state, decoded.region) == (5, RegionState.UNKNOWN, None)


@pytest.mark.parametrize("size", [4, 100, 8575])
def test_a_file_that_is_too_short_is_not_decoded(size: int) -> None:
    decoded = decode(captures()["v4-two"].data[:size])
    assert (decoded.version, decoded.state, decoded.region) == (4, RegionState.UNKNOWN, None)


def test_less_than_a_version() -> None:
    decoded = decode(b"\x04\0\0")
    assert (decoded.version, decoded.state, decoded.region) == (None, RegionState.UNKNOWN, None)


def test_a_file_that_is_too_long_is_decoded_by_its_layout() -> None:
    assert decode(captures()["v3-two"].data + b"\xff").region == _decoded("v3-two")


def test_every_field_of_every_entry_is_read_from_its_own_place() -> None:
    """Each byte of a v1 file is set apart from its neighbours, and the fields are read by hand."""
    content = bytearray(index * 37 % 251 + 1 for index in range(9280))
    struct.pack_into("<I", content, 0, 1)
    region = decode(bytes(content)).region
    assert region is not None
    assert len(region.slots) == 64
    assert len(region.chips) == 16

    def word(offset: int) -> int:
        return int.from_bytes(content[offset : offset + 8], "little")

    for index, slot in enumerate(region.slots):
        at = 992 + 128 * index
        assert slot.pid == int.from_bytes(content[at : at + 4], "little", signed=True)
        assert (*slot.figures.values(), slot.last_update) == tuple(
            word(at + 8 * number) for number in range(1, 8)
        )
    for index, entry in enumerate(region.chips):
        at = 96 + 56 * index
        assert entry.chip_id | entry.is_remote << 32 == word(at)
        assert tuple(entry.figures.values()) == tuple(word(at + 8 * number) for number in range(1, 7))


def _with_slot(index: int, pid: int, dram: int, name: bytes) -> Region:
    content = bytearray(captures()["v4-clean-exit"].data)
    struct.pack_into("<i4xQ40x64s", content, 856 + 120 * index, pid, dram, name)
    region = decode(bytes(content)).region
    assert region is not None
    return region


def test_a_free_slot_is_left_out_whatever_its_name() -> None:
    assert _with_slot(5, 0, 0, b"python3").slots == ()


def test_bytes_in_a_free_slot_stay_visible() -> None:
    region = _with_slot(63, 0, 4096, b"python3")
    assert [(slot.index, slot.pid, slot.figures["dram"]) for slot in region.slots] == [(63, 0, 4096)]
    assert region.occupied == ()


def test_a_slot_that_is_being_released_is_occupied() -> None:
    assert [slot.pid for slot in _with_slot(0, -1, 0, b"").occupied] == [-1]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"python3\0\0garbage", "python3"),
        (b"", ""),
        (b"x" * 64, "x" * 64),
        (b"\x1b[31mred", r"\x1b[31mred"),
        (b"a\nb\tc\x7f", r"a\x0ab\x09c\x7f"),
        (b"caf\xc3\xa9", "café"),
        (b"cut \xc3", r"cut \xc3"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("\x9b31m".encode(), r"\xc2\x9b31m"),
        ("a\u202eb".encode(), r"a\xe2\x80\xaeb"),
        ("a\u2028b\u2029c".encode(), r"a\xe2\x80\xa8b\xe2\x80\xa9c"),
        ("zero\u200bwidth".encode(), r"zero\xe2\x80\x8bwidth"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b'[bold]"q"<b>', '[bold]"q"<b>'),
    ],
)
def test_names_are_harmless_to_print(raw: bytes, shown: str) -> None:
    name = _with_slot(0, 4711, 0, raw).slots[0].name
    assert name == shown
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", name)
