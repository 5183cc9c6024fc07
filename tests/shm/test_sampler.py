"""When the sampler looks again, at what, and when it stops: on files that the test changes between looks."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shm.captures import captures
from ttinspect.model.region import Region, RegionFile
from ttinspect.shm.differences import Quantity
from ttinspect.shm.looks import Outcome
from ttinspect.shm.reader import read_regions
from ttinspect.shm.sampler import Looks, Pace, sample

HEALTHY = captures()["v4-two"].data
TOTAL_DRAM = 48


def drifted(by: int, content: bytes = HEALTHY) -> bytes:
    """The region with ``by`` bytes more in the dram total, and a header time of its own."""
    changed = bytearray(content)
    (total,) = struct.unpack_from("<Q", content, TOTAL_DRAM)
    struct.pack_into("<Q", changed, TOTAL_DRAM, total + by)
    return bytes(changed)


def moving(content: bytes, number: int) -> bytes:
    """The same figures, written at another time."""
    changed = bytearray(content)
    struct.pack_into("<Q", changed, 8, 1_795_360_671_500_000_000 + number)
    return bytes(changed)


class Clock:
    """Time that passes only while somebody sleeps; ``at_look(n)`` is called before the n-th further look."""

    def __init__(self, at_look: Callable[[int], None] = lambda number: None) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.at_look = at_look

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds
        self.at_look(len(self.sleeps))


def slots_differ(region: Region, quantity: Quantity, difference: int) -> bool:
    return quantity.rule == "TTS020"


def run(
    directory: Path, clock: Clock, samples: int = 32, window_s: float = 1.0, jitter: float = 0.5
) -> tuple[Looks, ...]:
    """``jitter`` 0.5 is none."""
    pace = Pace(
        samples=samples, window_s=window_s, clock=clock.read, sleep=clock.sleep, jitter=lambda: jitter
    )
    return sample(directory, read_regions(directory, named=True), slots_differ, pace)


def write(directory: Path, content: bytes, file_id: int = 1) -> None:
    (directory / f"tt_device_{file_id}_memory").write_bytes(content)


def outcomes(looks: Looks) -> list[Outcome]:
    return [judged.outcome for judged in looks.judged]


def test_a_region_that_adds_up_is_looked_at_once(tmp_path: Path) -> None:
    write(tmp_path, HEALTHY)
    clock = Clock()
    (looks,) = run(tmp_path, clock)
    assert (looks.looks, looks.stable, looks.judged) == (1, None, ())
    assert clock.sleeps == []


def test_a_resting_fault_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock()
    (looks,) = run(tmp_path, clock, samples=5, window_s=2.0)
    assert (looks.looks, looks.stable, outcomes(looks)) == (5, True, [Outcome.FAULT])
    assert looks.judged[0].quantity == Quantity("TTS020", "dram")
    assert looks.judged[0].difference == -4096
    assert looks.judged[0].resting
    assert clock.now == 1002.0


def test_with_one_sample_a_difference_is_undecided(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock()
    (looks,) = run(tmp_path, clock, samples=1)
    assert (looks.looks, looks.stable, outcomes(looks)) == (1, None, [Outcome.UNDECIDED])
    assert clock.sleeps == []


def test_a_race_ends_the_watching_early(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock(lambda number: write(tmp_path, HEALTHY))
    (looks,) = run(tmp_path, clock)
    assert (looks.looks, looks.stable, outcomes(looks)) == (4, False, [Outcome.LEGAL])


@pytest.mark.parametrize(("samples", "expected"), [(15, Outcome.UNDECIDED), (16, Outcome.FAULT)])
def test_a_constant_difference_in_a_moving_region(tmp_path: Path, samples: int, expected: Outcome) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock(lambda number: write(tmp_path, moving(drifted(4096), number)))
    (looks,) = run(tmp_path, clock, samples=samples)
    assert (looks.looks, looks.stable, outcomes(looks)) == (samples, False, [expected])


def test_what_is_wrong_only_later_is_not_judged(tmp_path: Path) -> None:
    """Wrong in the first look: l1. Later dram as well."""
    wrong = bytearray(HEALTHY)
    struct.pack_into("<Q", wrong, 56, 1 << 30)
    write(tmp_path, bytes(wrong))
    clock = Clock(lambda number: write(tmp_path, drifted(4096, bytes(wrong))))
    (looks,) = run(tmp_path, clock, samples=4)
    assert [judged.quantity.subject for judged in looks.judged] == ["l1"]


def test_all_regions_are_looked_at_in_one_loop(tmp_path: Path) -> None:
    for file_id in range(1, 5):
        write(tmp_path, drifted(4096) if file_id % 2 else HEALTHY, file_id)
    clock = Clock()
    results = run(tmp_path, clock, samples=8)
    assert [looks.looks for looks in results] == [8, 1, 8, 1]
    assert [looks.file.file_id for looks in results] == ["1", "2", "3", "4"]
    assert len(clock.sleeps) == 7


def test_a_decided_region_is_left_alone_while_others_are_watched(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096), 1)
    write(tmp_path, drifted(4096), 2)
    clock = Clock(lambda number: write(tmp_path, HEALTHY, 1))
    first, second = run(tmp_path, clock, samples=8)
    assert (first.looks, outcomes(first)) == (4, [Outcome.LEGAL])
    assert (second.looks, outcomes(second)) == (8, [Outcome.FAULT])


@pytest.mark.parametrize(("jitter", "moved"), [(0.0, -0.3), (0.5, 0.0), (1.0, 0.3)])
def test_looks_are_spread_over_the_window_and_moved_by_up_to_30_percent(
    tmp_path: Path, jitter: float, moved: float
) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock()
    instants: list[float] = []
    clock.at_look = lambda number: instants.append(clock.now - 1000.0)
    run(tmp_path, clock, samples=5, window_s=2.0, jitter=jitter)
    assert instants == pytest.approx([0.5 * (number + moved) for number in (1, 2, 3, 4)])


def test_looks_that_take_longer_than_the_interval_follow_each_other(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096))
    clock = Clock()

    def slow(number: int) -> None:
        clock.now += 10

    clock.at_look = slow
    (looks,) = run(tmp_path, clock, samples=4)
    assert looks.looks == 4
    assert clock.sleeps[1:] == [0.0, 0.0]


@pytest.mark.parametrize("left", [None, b"", b"\x05\0\0\0" + bytes(8572), captures()["v3-two"].data])
def test_a_file_that_vanishes_or_is_replaced_decides_nothing(tmp_path: Path, left: bytes | None) -> None:
    write(tmp_path, drifted(4096))
    path = tmp_path / "tt_device_1_memory"

    def replace(number: int) -> None:
        path.unlink(missing_ok=True)
        if left is not None:
            path.write_bytes(left)

    (looks,) = run(tmp_path, Clock(replace))
    assert (looks.looks, looks.stable, outcomes(looks)) == (32, False, [Outcome.UNDECIDED])
    assert looks.judged[0].looks == 1


def test_files_without_a_region_are_looked_at_once(tmp_path: Path) -> None:
    write(tmp_path, b"")
    (tmp_path / "tt_device_2_memory").mkdir()
    results = run(tmp_path, Clock())
    assert [(looks.looks, looks.stable, looks.judged) for looks in results] == [(1, None, ())] * 2


def test_the_first_look_is_the_one_that_is_reported(tmp_path: Path) -> None:
    write(tmp_path, drifted(4096))
    files: tuple[RegionFile, ...] = read_regions(tmp_path, named=True)
    clock = Clock(lambda number: write(tmp_path, HEALTHY))
    pace = Pace(clock=clock.read, sleep=clock.sleep)
    (looks,) = sample(tmp_path, files, slots_differ, pace)
    assert looks.file is files[0]
