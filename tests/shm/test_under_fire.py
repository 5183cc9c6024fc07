"""Regions that real processes write at full speed: the sampler names what is wrong, and nothing else.

These are few runs; `make bench` has the numbers.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.shm.fire import Fire, build_writer, burning, compiler
from ttinspect.model.region import Region
from ttinspect.shm.differences import Quantity
from ttinspect.shm.looks import Judged, Outcome
from ttinspect.shm.reader import read_regions
from ttinspect.shm.sampler import Looks, Pace, sample

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler for the writer")

DRAM = Quantity("TTS020", "dram")
ONE_LOOK = Pace(samples=1)


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled writer."""
    return build_writer(tmp_path_factory.mktemp("writer"))


def illegal(region: Region, quantity: Quantity, difference: int) -> bool:
    """Everything that the table of severities does not call info, for v3 and v4."""
    if quantity.rule == "TTS021":
        return difference < 0
    if region.version == 3 and quantity.rule == "TTS024":
        return difference < 0
    return region.version == 4 or quantity != ("TTS046", "cb")


def look(fire: Fire) -> Looks:
    (looks,) = sample(fire.directory, read_regions(fire.directory, named=True), illegal)
    return looks


def faults(looks: Looks) -> list[Judged]:
    return [one for one in looks.judged if one.outcome is Outcome.FAULT]


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_healthy_region_has_no_fault(writer: Path, version: int, workers: int) -> None:
    seen: Counter[int] = Counter()
    with burning(writer, version, workers) as fire:
        for _ in range(8):
            looks = look(fire)
            assert faults(looks) == []
            seen[looks.looks] += 1
    assert seen.total() == 8


@pytest.mark.parametrize("version", [3, 4])
def test_the_writer_is_caught_in_the_middle(writer: Path, version: int) -> None:
    """Otherwise the test above would prove nothing."""
    illegal_looks = looks_in_all = 0
    with burning(writer, version, 4) as fire:
        while illegal_looks < 10 and looks_in_all < 100_000:
            (file,) = read_regions(fire.directory, named=True)
            (looks,) = sample(fire.directory, [file], illegal, ONE_LOOK)
            illegal_looks += bool(looks.judged)
            looks_in_all += 1
    assert illegal_looks == 10


@pytest.mark.parametrize("version", [3, 4])
def test_a_drift_of_64_mib_is_named_with_its_size(writer: Path, version: int) -> None:
    drift = 64 << 20
    with burning(writer, version, 4, "--keeper", "--drift", str(drift)) as fire:
        fire.wait_for("DRIFT")
        (fault,) = (one for one in faults(look(fire)) if one.quantity == DRAM)
    # Other processes stand in the middle of updates of at most 8 MiB each.
    assert abs(fault.difference + drift) <= 4 * (8 << 20)


@pytest.mark.parametrize("version", [3, 4])
def test_a_drift_of_4_kib_is_never_legal(writer: Path, version: int) -> None:
    with burning(writer, version, 4, "--keeper", "--drift", "4096") as fire:
        fire.wait_for("DRIFT")
        outcomes = {one.quantity: one.outcome for one in look(fire).judged}
    assert outcomes[DRAM] in (Outcome.FAULT, Outcome.UNDECIDED)


@pytest.mark.parametrize("version", [3, 4])
def test_a_writer_stopped_in_the_middle_of_an_update_shows_its_difference(writer: Path, version: int) -> None:
    """Its difference cannot be told from a fault by the looks: that the process is stopped tells it."""
    with burning(writer, version, 2, "--stop-after-ms", "20") as fire:
        _, pid = fire.wait_for("STOPPED")
        looks = look(fire)
        stat = Path(f"/proc/{pid}/stat").read_text()
    assert stat.rpartition(")")[2].split()[0] == "T"
    outcomes = {one.outcome for one in looks.judged if one.quantity.rule == "TTS020"}
    assert outcomes - {Outcome.LEGAL}


@pytest.mark.parametrize("version", [3, 4])
def test_a_region_that_its_writers_left_adds_up(writer: Path, version: int, tmp_path: Path) -> None:
    with burning(writer, version, 4, directory=tmp_path):
        pass
    (file,) = read_regions(tmp_path, named=True)
    (looks,) = sample(tmp_path, [file], illegal)
    assert looks.judged == ()
    assert file.region is not None
    assert file.region.slots == ()
