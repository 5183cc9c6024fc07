"""What programs and tensors hold, against ttnn's own captures and reports, and where naive sums go wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs import Made, graphs, write_database, write_report
from ttinspect.answers.programs import Capture, build_programs
from ttinspect.capacity.cores import chips_held, cores_in
from ttinspect.errors import InspectError
from ttinspect.sources.graphs.opening import read_captures

CAPTURES = sorted(graphs()["capture_truth"])
JOINED = [name for name in graphs()["report_truth"] if " with " in name]
REPORTS = [name for name in graphs()["report_truth"] if " with " not in name]


def read(path: str, dry: str | None = None) -> Capture:
    others = [] if dry is None else read_captures(dry)
    (capture,) = build_programs(read_captures(path), others).captures
    return capture


def capture_named(name: str, folder: Path) -> Capture:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(graphs()["captures"][name]))
    return read(str(path))


def operations_of(capture: Capture) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "l1_after_bytes": each.l1_after_bytes,
            "l1_peak_bytes": each.l1_peak_bytes,
            "program_bytes": each.program_bytes,
            "headroom_bytes": each.headroom_bytes,
        }
        for each in capture.operations
    ]


@pytest.mark.parametrize("name", CAPTURES)
def test_every_program_of_the_captures_is_as_in_its_truth(name: str, tmp_path: Path) -> None:
    truth = graphs()["capture_truth"][name]
    capture = capture_named(name, tmp_path)
    held = [
        {
            str(chip.device): {
                "cores": chip.cores,
                "max_per_core": chip.max_per_core,
                "device": chip.total,
            }
            for chip in program.chips
        }
        for program in capture.programs
    ]
    assert held == truth["programs"]
    assert capture.highest_end == truth["highest_cb_end"]


@pytest.mark.parametrize("name", REPORTS)
def test_every_operation_of_the_reports_is_as_in_its_truth(name: str, tmp_path: Path) -> None:
    truth = graphs()["report_truth"][name]
    capture = read(write_report(tmp_path, name))
    assert operations_of(capture) == truth["operations"]
    assert capture.runtime == f"ttnn-{truth['runtime']}"
    assert capture.arch is not None
    assert capture.mode is not None
    computed = {
        "arch": capture.arch.value,
        "mode": capture.mode.value,
        "banks": capture.banks,
        "bank_bytes": capture.bank_bytes,
        "l1_base_bytes": capture.l1_base_bytes,
        "l1_small_bytes": capture.l1_small_bytes,
        "snapshots": capture.snapshots,
    }
    assert computed == {key: truth[key] for key in computed}
    assert capture.earlier.value == ("all" if truth["snapshots"] else "seen")


@pytest.mark.parametrize("pair", JOINED)
@pytest.mark.parametrize("swapped", [False, True])
def test_both_runs_together_give_what_neither_has(pair: str, swapped: bool, tmp_path: Path) -> None:
    first, second = (write_report(tmp_path, name) for name in pair.split(" with "))
    capture = read(second, first) if swapped else read(first, second)
    truth = graphs()["report_truth"][pair]["operations"]
    assert [
        {key: operation[key] for key in ("name", "program_bytes", "headroom_bytes")}
        for operation in operations_of(capture)
    ] == truth
    assert all(program.complete for program in capture.programs)


def test_a_database_with_snapshots_says_what_its_report_says(tmp_path: Path) -> None:
    capture = read(write_database(tmp_path, "n150-detail"))
    assert operations_of(capture) == graphs()["report_truth"]["n150-detail"]["operations"]
    assert (capture.earlier.value, capture.snapshots) == ("all", True)
    assert [each.id for each in capture.operations] == list(range(1, 13))


def test_a_database_without_snapshots_knows_its_rows_alone(tmp_path: Path) -> None:
    capture = read(write_database(tmp_path, "n150-normal"))
    truth = graphs()["report_truth"]["n150-normal"]["operations"]
    operations = operations_of(capture)
    # the tensor from before the capture takes 4,096 bytes, and is in no row
    assert [each["l1_after_bytes"] for each in operations] == [
        each["l1_after_bytes"] - 4096 for each in truth
    ]
    assert [each["program_bytes"] for each in operations] == [each["program_bytes"] for each in truth]
    assert (
        {each["l1_peak_bytes"] for each in operations}
        == {each["headroom_bytes"] for each in operations}
        == {None}
    )
    assert capture.earlier.value == "unknown"


def test_of_a_dry_database_no_sum_is_believed(tmp_path: Path) -> None:
    """ttnn's importer frees every buffer of address 0 at the first deallocation: 12,288 bytes become 0."""
    capture = read(write_database(tmp_path, "n150-dry"))
    operations = operations_of(capture)
    assert (
        {each["l1_after_bytes"] for each in operations}
        == {each["headroom_bytes"] for each in operations}
        == {None}
    )
    truth = graphs()["report_truth"]["n150-dry"]["operations"]
    assert [each["program_bytes"] for each in operations] == [each["program_bytes"] for each in truth]


def _records(name: str) -> list[dict[str, Any]]:
    return [
        node["params"]
        for node in graphs()["captures"][name]
        if node["node_type"] in ("circular_buffer_allocate", "dataflow_buffer_allocate")
    ]


def test_a_size_is_of_each_core_and_not_of_the_chip(tmp_path: Path) -> None:
    (chip,) = capture_named("op-add-NORMAL-0", tmp_path).programs[0].chips
    assert sum(record["size"] for record in _records("op-add-NORMAL-0")) == 12_288  # the naive sum
    assert (chip.max_per_core, chip.cores, chip.total) == (12_288, 72, 884_736)


def test_records_of_disjoint_cores_are_not_added(tmp_path: Path) -> None:
    (chip,) = capture_named("gen-disjoint", tmp_path).programs[0].chips
    assert sum(record["size"] for record in _records("gen-disjoint")) == 12_288
    assert chip.max_per_core == 8_192


def test_overlapping_ranges_of_one_record_count_a_core_once(tmp_path: Path) -> None:
    (chip,) = capture_named("gen-overlap2ranges", tmp_path).programs[0].chips
    assert (chip.cores, chip.max_per_core, chip.total) == (8, 8_192, 40_960)


def test_a_staircase_ends_higher_than_it_holds(tmp_path: Path) -> None:
    capture = capture_named("gen-staircase", tmp_path)
    (chip,) = capture.programs[0].chips
    assert chip.max_per_core == 12_288
    assert capture.highest_end == 118_112  # on core (3, 0) only 4,096 of these 12,288 bytes are held


def test_a_view_on_a_tensor_has_no_bytes_of_its_own(tmp_path: Path) -> None:
    assert sum(record["size"] for record in _records("op-add_sharded-NO_DISPATCH-0")) > 0
    (program,) = capture_named("op-add_sharded-NO_DISPATCH-0", tmp_path).programs
    assert (program.chips, program.complete) == ((), True)


def test_a_normal_capture_of_a_metal_2_program_is_unknown_and_not_0(tmp_path: Path) -> None:
    normal = capture_named("op-softmax-NORMAL-0", tmp_path)
    assert normal.programs[0].complete is False
    assert (normal.peak.max_per_core, normal.operations[0].program_bytes) == (None, None)
    dry = capture_named("op-softmax-NO_DISPATCH-0", tmp_path)
    assert (dry.peak.max_per_core, dry.peak.total) == (161_792, 5_177_344)


def test_on_a_mesh_chips_are_not_added(tmp_path: Path) -> None:
    """ttnn's own figure per core is the sum over both chips: 24,576."""
    first = read(write_report(tmp_path, "n300-mesh-normal")).programs[0]
    assert [(chip.device, chip.max_per_core) for chip in first.chips] == [(0, 12_288), (1, 12_288)]


def test_peaks_are_of_one_program_at_a_time(tmp_path: Path) -> None:
    made = Made()
    for cores, size in (("{[0-0 - 0-0]}", 9_000), ("{[0-0 - 7-7]}", 1_000)):
        made.start("ttnn.op")
        made.program()
        made.circular(cores, size)
        made.end("ttnn.op")
    capture = read(made.write(tmp_path / "made.json"))
    assert (capture.peak.max_per_core, capture.peak.program, capture.peak.total) == (9_000, 0, 64_000)


def test_buffers_are_replayed_by_node_and_not_by_address(tmp_path: Path) -> None:
    """In a dry run every address is 0: a replay by address frees the wrong one."""
    made = Made()
    made.start("ttnn.a")
    first = made.allocate(4_096, 0)
    made.allocate(8_192, 0)
    made.end("ttnn.a")
    made.start("ttnn.b")
    made.free(first, 4_096, 0)
    made.end("ttnn.b")
    capture = read(made.write(tmp_path / "made.json"))
    assert [each.l1_after_bytes for each in capture.operations] == [12_288, 8_192]


def test_temporaries_are_in_the_peak_alone(tmp_path: Path) -> None:
    made = Made()
    made.start("ttnn.mean")
    temporary = made.allocate(64_000, 1_000_000)
    made.allocate(6_400, 900_000)
    made.free(temporary, 64_000, 1_000_000)
    made.end("ttnn.mean")
    (operation,) = read(made.write(tmp_path / "made.json")).operations
    assert (operation.l1_after_bytes, operation.l1_peak_bytes) == (6_400, 70_400)


def test_an_earlier_buffer_counts_from_the_start_until_it_is_freed(tmp_path: Path) -> None:
    made = Made()
    made.start("ttnn.a")
    made.allocate(64, 1_000_000)
    made.end("ttnn.a")
    made.start("ttnn.b")
    made.free(made.add("buffer", 2, size=1_280, type="L1", device_id=1), 1_280, 1_200_000)
    made.end("ttnn.b")
    capture = read(made.write(tmp_path / "made.json"))
    assert [each.l1_after_bytes for each in capture.operations] == [1_344, 64]
    assert [each.l1_peak_bytes for each in capture.operations] == [1_344, 1_344]


def test_every_mesh_device_has_an_allocator_of_its_own(tmp_path: Path) -> None:
    """Two devices, and a mesh and its submesh too: ttnn gives the same address of the same chip to both."""
    made = Made()
    made.start("ttnn.a")
    made.allocate(6_400, 1_000_000, 1)
    made.allocate(12_800, 1_000_000, 2)
    made.end("ttnn.a")
    assert read(made.write(tmp_path / "made.json")).operations[0].l1_after_bytes == 12_800


def test_the_rounding_of_an_unknown_architecture_is_not_guessed(tmp_path: Path) -> None:
    """A bank gives multiples of 32 bytes on Wormhole and of 64 on Blackhole; a bare capture tells neither."""
    made = Made()
    made.start("ttnn.a")
    made.allocate(96, 1_000_000)
    made.end("ttnn.a")
    (operation,) = read(made.write(tmp_path / "made.json")).operations
    assert operation.l1_after_bytes is None


def test_other_operations_are_no_second_run_of_the_script(tmp_path: Path) -> None:
    made = Made()
    made.start("ttnn.other")
    made.program()
    made.circular("{[0-0 - 0-0]}", 64)
    made.end("ttnn.other")
    other = made.write(tmp_path / "made.json")
    with pytest.raises(
        InspectError, match=r"operation 0 is ttnn\.add in the one and ttnn\.other in the other"
    ):
        read(write_report(tmp_path, "n150-normal"), other)
    with pytest.raises(InspectError, match="NORMAL and NORMAL"):
        read(write_report(tmp_path, "n150-normal"), write_report(tmp_path, "n150-detail"))


CORE = st.tuples(st.integers(0, 11), st.integers(0, 9))
RANGES = st.tuples(CORE, CORE).map(
    lambda ends: (
        f"{{[{min(ends[0][0], ends[1][0])}-{min(ends[0][1], ends[1][1])} - "
        f"{max(ends[0][0], ends[1][0])}-{max(ends[0][1], ends[1][1])}]}}"
    )
)
HELD = st.dictionaries(
    st.tuples(st.sampled_from([None, 0, 1]), RANGES), st.integers(0, 2**20), min_size=1, max_size=6
)


@settings(deadline=None)
@given(HELD)
def test_what_a_chip_holds_is_the_sum_over_its_cores(held: dict[tuple[int | None, str], int]) -> None:
    for chip in chips_held(held):
        each = {
            core: sum(
                size
                for (device, ranges), size in held.items()
                if device == chip.device and core in cores_in(ranges)
            )
            for core in ((x, y) for x in range(12) for y in range(10))
        }
        assert chip.max_per_core == max(each.values())
        assert chip.total == sum(each.values())
        assert chip.cores == sum(1 for size in each.values() if size)


@settings(deadline=None)
@given(st.lists(st.tuples(RANGES, st.integers(1, 2**16)), min_size=1, max_size=6))
def test_held_is_at_most_the_extent(records: list[tuple[str, int]]) -> None:
    """Records are placed one above the other where their cores meet: what a core holds ends no higher."""
    base, tops, end = 105_824, dict[tuple[int, int], int](), 0
    held: dict[tuple[int | None, str], int] = {}
    for ranges, size in records:
        address = max((tops.get(core, base) for core in cores_in(ranges)), default=base)
        tops |= dict.fromkeys(cores_in(ranges), address + size)
        end = max(end, address + size)
        held[None, ranges] = held.get((None, ranges), 0) + size
    assert max(chip.max_per_core for chip in chips_held(held)) <= end - base


@pytest.mark.parametrize("text", ["{[0-0 - 7-7]", "{[0-0 - 9999-9999]}", "everything", "{[1-1]}"])
def test_a_set_of_cores_is_one_or_is_refused(text: str) -> None:
    if text.count("[0-0 - 7-7]"):
        assert len(cores_in(text)) == 64
        return
    with pytest.raises(InspectError):
        cores_in(text)


def test_older_releases_write_cores_in_another_way() -> None:
    assert cores_in("{[(x=0,y=0) - (x=7,y=8)]}") == cores_in("{[0-0 - 7-8]}")


def test_circular_buffers_that_ran_count_and_not_those_that_a_dry_run_would_choose(tmp_path: Path) -> None:
    """untilize on an N150 with little L1 left: a dry run takes nothing, sees more free and doubles a buffer;
    headroom by it would be -1,376 for a program that ran."""
    paths = []
    for mode, second in (("normal", 4_096), ("dry", 8_192)):
        made, dry = Made(), mode == "dry"
        made.start("ttnn.untilize")
        made.allocate(4_096, 0 if dry else 120_832)
        made.program()
        made.circular("{[0-0 - 7-7]}", 8_192, 0 if dry else 105_824, 1 if dry else 0)
        made.circular("{[0-0 - 7-7]}", second, 0 if dry else 114_016, 1 if dry else 0)
        made.end("ttnn.untilize")
        report = {**graphs()["reports"][f"n150-{mode}"], "graph": made.nodes}
        (tmp_path / f"{mode}.json").write_text(json.dumps(report))
        paths.append(str(tmp_path / f"{mode}.json"))
    (operation,) = read(*paths).operations
    assert (operation.program_bytes, operation.headroom_bytes) == (12_288, 2_720)
