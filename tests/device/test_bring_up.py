"""The bring-up script on a device that the real tt_umd brings up: nothing is unknown there."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.device.simulated import TENSIX_COL, Chip, Device, blackhole
from tests.test_docs import SCRIPT


@pytest.mark.parametrize(
    ("device", "code", "verdict"),
    [
        (blackhole(Chip(beating=True)), 0, "FIT"),
        (blackhole(Chip(beating=True, tags={TENSIX_COL: 0x3FFE})), 1, "NOT FIT"),
        (
            blackhole(Chip(beating=True, tags={TENSIX_COL: 0xFFFFFFFF})),
            2,
            "NOT CHECKED: some facts are unknown",
        ),
    ],
    ids=["good", "harvested wrongly", "unknown"],
)
def test_the_script_tells_fit_from_not_fit_and_not_checked(
    library: Path, console_script: str, tmp_path: Path, device: Device, code: int, verdict: str
) -> None:
    (tmp_path / "shm").mkdir()
    environment = {
        "PATH": f"{Path(console_script).parent}:{os.environ['PATH']}",
        "BRING_UP_DIR": str(tmp_path),
        "TTINSPECT_ARGS": f"--from sim:{library} --shm-dir {tmp_path / 'shm'}",
        **device.write(tmp_path / "script"),
    }
    done = subprocess.run(
        [str(SCRIPT)], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, f"bring-up: {verdict}"), done.stdout
