"""Regions that real processes write at full speed: what is wrong is named, and nothing else.

With the sampler alone, and with everything that verify-shm judges (files, real procfs, second reads). These
are few runs; `make bench` has the numbers.
"""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.shm.fire import Fire, build_writer, burning, compiler
from ttinspect.host.procfs import DEFAULT_PROCFS, read_processes
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.region import Region
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.shm.differences import Quantity
from ttinspect.shm.looks import Judged, Outcome
from ttinspect.shm.published import LookedAt
from ttinspect.shm.reader import look_at, read_regions
from ttinspect.shm.sampler import Looks, Pace, sample
from ttinspect.verify.case import Case
from ttinspect.verify.verify import is_illegal, verdict_of, verify

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(compiler() is None, reason="no C compiler for the writer"),
]

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


def verified(fire: Fire) -> list[Finding]:
    """What verify-shm finds about the files and processes, without chips to hold them against.

    The same steps as the command: first reads, processes, second reads, looks, stopped processes.
    """
    files = read_regions(fire.directory, named=True)
    pids = {slot.pid for file in files if file.region for slot in file.region.occupied}
    processes = read_processes(DEFAULT_PROCFS, pids, named=False)
    seconds = [look_at(fire.directory, file.name) for file in files]
    now_realtime_ns, now_monotonic_ns = time.time_ns(), time.monotonic_ns()
    looks = sample(fire.directory, files, is_illegal)
    processes = processes.with_stops_of(read_processes(DEFAULT_PROCFS, pids, named=False))
    source = Source(kind=SourceKind.CLUSTER, detail="a test", live=False, example=False)
    case = Case(
        system=System(source=source, chips=()),
        grids={},
        regions=tuple(
            LookedAt(looks=look, second=second) for look, second in zip(looks, seconds, strict=True)
        ),
        processes=processes,
        now_realtime_ns=now_realtime_ns,
        now_monotonic_ns=now_monotonic_ns,
    )
    return [finding for region in verify(case).regions for finding in region.findings]


def faults(looks: Looks) -> list[Judged]:
    return [judged for judged in looks.judged if judged.outcome is Outcome.FAULT]


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_healthy_region_has_no_error(writer: Path, version: int, workers: int) -> None:
    verdicts: Counter[str] = Counter()
    with burning(writer, version, workers) as fire:
        for _ in range(8):
            findings = verified(fire)
            assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
            verdicts[verdict_of(findings).value] += 1
    assert verdicts["pass"] >= 1


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
        (fault,) = (judged for judged in faults(look(fire)) if judged.quantity == DRAM)
    # Other processes stand in the middle of updates of at most 8 MiB each.
    assert abs(fault.difference + drift) <= 4 * (8 << 20)


@pytest.mark.parametrize("version", [3, 4])
def test_a_drift_of_4_kib_is_never_legal(writer: Path, version: int) -> None:
    with burning(writer, version, 4, "--keeper", "--drift", "4096") as fire:
        fire.wait_for("DRIFT")
        outcomes = {judged.quantity: judged.outcome for judged in look(fire).judged}
    assert outcomes[DRAM] in (Outcome.FAULT, Outcome.UNDECIDED)


@pytest.mark.parametrize("version", [3, 4])
def test_a_writer_stopped_in_the_middle_of_an_update_is_no_error(writer: Path, version: int) -> None:
    """It has raised the total and not yet its chip entry: TTS021 would be an error in both versions."""
    with burning(writer, version, 1, "--stop-after-ms", "20") as fire:
        fire.wait_for("STOPPED")
        findings = verified(fire)
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    undecided = [finding.evidence["rule"] for finding in findings if finding.id == "TTS011"]
    assert "TTS021" in undecided


@pytest.mark.parametrize("version", [3, 4])
def test_a_writer_stopped_in_the_middle_of_an_update_shows_its_difference(writer: Path, version: int) -> None:
    """Its difference cannot be told from a fault by the looks: that the process is stopped tells it."""
    with burning(writer, version, 2, "--stop-after-ms", "20") as fire:
        _, pid = fire.wait_for("STOPPED")
        looks = look(fire)
        stat = Path(f"/proc/{pid}/stat").read_text()
    assert stat.rpartition(")")[2].split()[0] == "T"
    outcomes = {judged.outcome for judged in looks.judged if judged.quantity.rule == "TTS020"}
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
