"""What does not add up in a region, as signed numbers."""

import pytest

from tests.shm.captures import Capture, captures, published
from ttinspect.model.region import (
    ChipEntry,
    Figures,
    Region,
    RegionHeader,
    RegionState,
    Slot,
)
from ttinspect.shm.decode import decode
from ttinspect.shm.differences import Quantity, differences, free_chip_entries

TYPES = ("dram", "l1", "l1_small", "trace", "cb")


def figures(**held: int | None) -> Figures:
    given = {name: held.get(name) or 0 for name in TYPES}
    return Figures(**given, kernel=held.get("kernel"))


def slot(index: int, pid: int, **held: int | None) -> Slot:
    return Slot(index=index, pid=pid, name="python3", last_update=1, figures=figures(**held))


def chip(index: int, chip_id: int, **held: int | None) -> ChipEntry:
    return ChipEntry(index=index, chip_id=chip_id, is_remote=0, figures=figures(**held))


def region(
    version: int = 4,
    *,
    totals: Figures | None = None,
    slots: tuple[Slot, ...] = (),
    chips: tuple[ChipEntry, ...] = (),
    active: int | None = None,
    references: int | None = None,
) -> Region:
    """A region whose counts are those of its slots, unless told otherwise."""
    occupied = sum(slot.pid != 0 for slot in slots)
    return Region(
        header=RegionHeader(
            version=version,
            num_active_processes=occupied if active is None else active,
            last_update=1,
            reference_count=occupied if references is None else references,
            board_serial="0",
            asic_id="1",
            device_id=0,
        ),
        totals=totals or figures(),
        chips=chips,
        chip_count=16,
        slots=slots,
        slot_count=64,
        init_state=None,
        state=RegionState.READY,
    )


def by_subject(sample: Region) -> dict[tuple[str, str], int]:
    return {(quantity.rule, quantity.subject): value for quantity, value in differences(sample).items()}


def test_a_region_that_adds_up_has_none() -> None:
    everything = figures(dram=10, l1=20, l1_small=30, trace=40, cb=50)
    sample, other = figures(dram=4, l1=20, cb=25), figures(dram=6, l1_small=30, trace=40, cb=25)
    healthy = region(
        totals=everything,
        slots=(
            Slot(index=0, pid=1, name="", last_update=1, figures=sample),
            Slot(index=9, pid=2, name="", last_update=1, figures=other),
        ),
        chips=(chip(0, 0, dram=10, l1=20, l1_small=30, trace=40, cb=50),),
    )
    assert differences(healthy) == {}


@pytest.mark.parametrize("name", TYPES)
def test_slots_against_totals_is_signed_and_by_buffer_type(name: str) -> None:
    more = region(totals=figures(**{name: 100}), slots=(slot(0, 1, **{name: 70}), slot(1, 2, **{name: 70})))
    less = region(totals=figures(**{name: 100}), slots=(slot(0, 1, **{name: 30}),))
    assert differences(more)[Quantity("TTS020", name)] == 40
    assert differences(less)[Quantity("TTS020", name)] == -70
    assert [quantity.subject for quantity in differences(more) if quantity.rule == "TTS020"] == [name]


def test_a_slot_that_is_being_released_still_counts_and_a_free_one_does_not() -> None:
    sample = region(totals=figures(dram=100), slots=(slot(0, -1, dram=100), slot(1, 0, dram=5)))
    assert by_subject(sample) == {
        ("TTS021", "dram"): -100,
        ("TTS025", "slot 0"): 1,
        ("TTS027", "slot 1"): 5,
    }


def test_chips_against_totals_is_signed() -> None:
    sample = region(
        totals=figures(dram=100, l1=100),
        slots=(slot(0, 1, dram=100, l1=100),),
        chips=(chip(0, 0, dram=60), chip(1, 1, dram=60, l1=60)),
    )
    assert by_subject(sample) == {("TTS021", "dram"): 20, ("TTS021", "l1"): -40}


def test_chips_may_miss_bytes_only_where_no_entry_is_free() -> None:
    full = tuple(chip(number, number, l1=10 if number else 0) for number in range(16))
    sample = region(totals=figures(dram=100), slots=(slot(0, 1, dram=100),), chips=full)
    assert free_chip_entries(sample) == 0
    assert by_subject(sample) == {("TTS021", "l1"): 150}


def test_an_entry_without_a_chip_is_free_whatever_it_holds() -> None:
    sample = region(chips=(chip(3, 0xFFFFFFFF, dram=100),))
    assert free_chip_entries(sample) == 16
    assert by_subject(sample) == {}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_cb_is_no_sum_before_v4(version: int) -> None:
    sample = region(version, totals=figures(cb=5), slots=(slot(0, 1, cb=5), slot(1, 2, cb=7)), chips=())
    assert by_subject(sample) == {("TTS046", "cb"): 2}


def test_a_process_over_the_total_is_the_largest_one() -> None:
    sample = region(3, totals=figures(l1=10), slots=(slot(0, 1, l1=12), slot(1, 2, l1=17)), chips=())
    assert differences(sample)[Quantity("TTS046", "l1")] == 7


@pytest.mark.parametrize(("active", "references", "expected"), [(3, 2, 1), (0, 2, -2)])
def test_num_active_against_occupied_slots(active: int, references: int, expected: int) -> None:
    sample = region(slots=(slot(0, 1), slot(1, -1)), active=active, references=references)
    assert by_subject(sample) == {("TTS023", "num_active_processes"): expected, ("TTS025", "slot 1"): 1}


@pytest.mark.parametrize(("references", "expected"), [(5, 4), (0, -1)])
def test_reference_count_against_occupied_slots(references: int, expected: int) -> None:
    sample = region(slots=(slot(0, 1),), references=references)
    assert by_subject(sample) == {("TTS024", "reference_count"): expected}


def test_a_pid_in_several_slots() -> None:
    sample = region(slots=(slot(0, 7), slot(1, 8), slot(2, 7), slot(3, 7)))
    assert by_subject(sample) == {("TTS026", "pid 7"): 2}


def test_several_slots_that_are_being_released_are_no_pid_twice() -> None:
    assert by_subject(region(slots=(slot(0, -1), slot(5, -1)))) == {
        ("TTS025", "slot 0"): 1,
        ("TTS025", "slot 5"): 1,
    }


def test_bytes_in_a_free_slot_include_kernel_bytes() -> None:
    sample = region(1, slots=(slot(3, 0, dram=1, l1=2, kernel=4),), chips=())
    assert by_subject(sample) == {("TTS027", "slot 3"): 7}


def test_a_chip_in_several_entries() -> None:
    sample = region(chips=(chip(0, 0), chip(1, 5), chip(2, 5), chip(3, 0), chip(4, 0)))
    assert by_subject(sample) == {("TTS028", "chip 0"): 2, ("TTS028", "chip 5"): 1}


def test_kernel_bytes_are_in_no_sum() -> None:
    sample = region(
        1, totals=figures(kernel=900), slots=(slot(0, 1, kernel=5),), chips=(chip(0, 0, kernel=7),)
    )
    assert by_subject(sample) == {}


def test_an_underflowed_counter_is_told_alone() -> None:
    """A total of 2^64 - 4096 is 4096 bytes below 0; a sum with it would be nonsense."""
    sample = region(3, totals=figures(dram=2**64 - 4096), slots=(slot(0, 1, dram=50),), chips=())
    assert by_subject(sample) == {("TTS022", "totals dram"): -4096}


@pytest.mark.parametrize(
    ("sample", "where"),
    [
        (region(totals=figures(dram=5), slots=(slot(3, 1, dram=2**63),), chips=()), "slot 3 dram"),
        (region(chips=(chip(7, 1, l1=2**63),)), "chip entry 7 l1"),
        (region(1, totals=figures(kernel=2**63)), "totals kernel"),
    ],
)
def test_where_a_counter_underflowed(sample: Region, where: str) -> None:
    underflows = {key: value for key, value in by_subject(sample).items() if key[0] == "TTS022"}
    assert underflows == {("TTS022", where): -(2**63)}
    assert ("TTS020", "dram") not in by_subject(sample)


def test_the_largest_figure_that_is_none() -> None:
    most = 2**63 - 1
    sample = region(totals=figures(dram=most), slots=(slot(0, 1, dram=most),), chips=(chip(0, 0, dram=most),))
    assert by_subject(sample) == {}


COUNTED = [sample for sample in published() if sample.truth["header"]["version"]]


@pytest.mark.parametrize("capture", COUNTED, ids=[sample.name for sample in COUNTED])
def test_captures_add_up_where_their_publisher_says_so(capture: Capture) -> None:
    """The capturing program compared the sums of what the publisher's own reader answered, cb included.

    Before v4 cb is no sum, and in v1 and v2 that reader hides chip 0.
    """
    decoded = decode(capture.data).region
    assert decoded is not None
    rules = {quantity.rule for quantity in differences(decoded)}
    slots_agree = capture.truth["sum_processes_equals_totals"]
    chips_agree = capture.truth["sum_chips_equals_totals"]
    if slots_agree or decoded.version >= 4:
        assert ("TTS020" in rules) != slots_agree
    if (chips_agree and decoded.version == 3) or decoded.version >= 4:
        assert ("TTS021" in rules) != chips_agree


def test_the_disabled_writer_moves_totals_without_a_slot() -> None:
    for version in (1, 2, 3, 4):
        decoded = decode(captures()[f"v{version}-disabled"].data).region
        assert decoded is not None
        shortfall = {q.subject: value for q, value in differences(decoded).items() if q.rule == "TTS020"}
        assert shortfall
        assert all(value < 0 for value in shortfall.values())
