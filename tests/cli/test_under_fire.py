"""verify-shm on regions that real processes write at full speed: no false alarm, no missed fault."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.shm.fire import Fire, build_writer, burning, compiler

pytestmark = pytest.mark.system

RUNS_PER_CASE = 8
"""Times four cases: 32 healthy runs."""
DRIFT_BYTES = 64 << 20


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if compiler() is None:
        pytest.skip("there is no C compiler to build the writer with")
    yield build_writer(tmp_path_factory.mktemp("writer"))


def _verify(run: Run, fire: Fire, *more: str) -> Any:
    done = run("verify-shm", "--from", "masks:blackhole", "--shm-dir", str(fire.directory), "--json", *more)
    document = json.loads(done.stdout)
    assert done.returncode in (0, 10, 11), done.stderr
    return document


def _severities(document: Any) -> set[str]:
    findings = [finding for region in document["regions"] for finding in region["findings"]]
    return {finding["severity"] for finding in (*findings, *document["findings"])}


@pytest.mark.parametrize(("version", "workers"), [(3, 1), (3, 4), (4, 1), (4, 4)])
def test_a_healthy_region_under_fire_is_never_an_error(
    run: Run, writer: Path, version: int, workers: int
) -> None:
    undecided = 0
    with burning(writer, version, workers) as fire:
        for _ in range(RUNS_PER_CASE):
            document = _verify(run, fire)
            assert document["verdict"] != "fail", document
            undecided += any(
                finding["id"] == "TTS011" for region in document["regions"] for finding in region["findings"]
            )
    assert undecided <= 1


@pytest.mark.parametrize("version", [3, 4])
def test_a_drift_of_64_mib_under_fire_is_named(run: Run, writer: Path, version: int) -> None:
    with burning(writer, version, 4, "--keeper", "--drift", str(DRIFT_BYTES)) as fire:
        fire.wait_for("DRIFT")
        document = _verify(run, fire)
    assert document["verdict"] != "pass"
    findings = [finding for region in document["regions"] for finding in region["findings"]]
    assert "TTS020" in {finding["id"] for finding in findings}


@pytest.mark.parametrize("version", [3, 4])
def test_a_drift_of_4_kib_under_fire_is_never_a_pass(run: Run, writer: Path, version: int) -> None:
    with burning(writer, version, 4, "--keeper", "--drift", "4096") as fire:
        fire.wait_for("DRIFT")
        document = _verify(run, fire)
    assert document["verdict"] != "pass"


def test_ctrl_c_during_the_looks_ends_at_once_with_130(console_script: str, writer: Path) -> None:
    import subprocess

    with burning(writer, 4, 4, "--keeper", "--drift", str(DRIFT_BYTES)) as fire:
        fire.wait_for("DRIFT")
        arguments = [
            "verify-shm",
            "--from",
            "masks:wormhole_b0",
            "--shm-dir",
            str(fire.directory),
            "--window",
            "20",
        ]
        with subprocess.Popen(
            [console_script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"]},
        ) as process:  # fmt: skip
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout, stderr) == (130, "", "")
