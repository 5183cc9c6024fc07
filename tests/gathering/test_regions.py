"""Regions are read once, kept once, and no more of them than is bearable; what is left out is told."""

from pathlib import Path

import msgspec
import pytest

from tests.verify.build import UNIQUE_ID
from tests.verify.host import p150_host, summary
from tests.verify.seeds import healthy
from ttinspect.answers.memory import build_memory, memory_exit_code
from ttinspect.answers.verify_shm import build_verify_shm, verify_shm_exit_code
from ttinspect.errors import ExitCode
from ttinspect.gathering import regions
from ttinspect.gathering.regions import Host, Places, gather
from ttinspect.report.memory import memory_table
from ttinspect.shm.reader import TEST_ID_BASE
from ttinspect.shm.sampler import Pace
from ttinspect.verify.case import Case
from ttinspect.verify.verify import matched, verify


def _gather(root: Path, *ids: int, pace: Pace = regions.ONE_LOOK) -> Case:
    host = p150_host(root)
    for file_id in ids:
        host.publish(healthy(host), file_id)
    places = Places(directory=host.shm, directory_named=True, procfs=host.proc, procfs_named=True)
    return gather(Host(system=host.system, chosen=None), places, pace=pace)


def test_of_a_region_that_is_looked_at_once_the_bytes_are_not_kept(tmp_path: Path) -> None:
    (looked,) = _gather(tmp_path, UNIQUE_ID).regions
    assert looked.looks.file.data is None
    assert looked.looks.file.region is not None
    assert looked.second is looked.looks.file


def test_what_the_looks_compare_are_the_bytes(tmp_path: Path) -> None:
    (looked,) = _gather(tmp_path, UNIQUE_ID, pace=Pace(samples=2, window_s=0.0)).regions
    assert looked.looks.file.data is not None


def test_files_that_are_too_many_are_told_and_never_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regions, "MOST_REGIONS", 1)
    left_behind = (TEST_ID_BASE + 17, TEST_ID_BASE + 4)
    case = _gather(tmp_path, *left_behind, UNIQUE_ID)
    assert [region.looks.file.file_id for region in case.regions] == [str(UNIQUE_ID)]
    answer = build_verify_shm(msgspec.structs.replace(case, limits={}))
    assert summary(answer.findings) == ["TTS011 inconclusive"]
    assert "2 more were left out" in answer.findings[0].message
    assert verify_shm_exit_code(answer) is ExitCode.INCONCLUSIVE
    memory = build_memory(case, verify(case))
    assert (memory.left_out, memory_exit_code(case)) == (2, ExitCode.INCONCLUSIVE)
    assert str(memory_table(memory)[-1]) == " 2 more files were too many to be read"


def test_memory_judges_nothing_and_needs_no_findings(tmp_path: Path) -> None:
    case = _gather(tmp_path, UNIQUE_ID, TEST_ID_BASE + 4)
    assert all(not region.findings for region in matched(case).regions)
    assert verify(case).all_findings
    without_time = [
        msgspec.structs.replace(build_memory(case, verified), time_ns=0)
        for verified in (verify(case), matched(case))
    ]
    assert without_time[0] == without_time[1]
