"""Which devices a simulator has, asked by a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.device.simulated import Chip, Device, blackhole, wormhole

_ASK = """
import sys
from ttinspect.sources.umd.probe import Probe, arch_found, device_numbers
print(arch_found(sys.argv[1], Probe(sys.argv[1])), device_numbers(sys.argv[1]))
"""
THREE = (Chip(), Chip(), Chip())


@pytest.mark.parametrize(
    ("device", "told"),
    [
        (blackhole(*THREE), "('blackhole', True) [0, 1, 2]"),
        (wormhole(*THREE, spread=(3, 14)), "('wormhole_b0', True) [3, 17, 31]"),
        (Device("blackhole", []), "(None, False) []"),
        (blackhole(*THREE, crash=("exit", 1, 0)), "('blackhole', True) [0, 1, 2]"),
        (blackhole(*THREE, crash=("segfault", 1, 2), spread=(2, 2)), "('blackhole', True) [2, 4, 6]"),
        (blackhole(*THREE, crash=("hang", 1, 0)), "('blackhole', True) [0, 1, 2]"),
    ],
    ids=["side by side", "far apart", "none", "the first dies", "the last dies", "the first does not answer"],
)
def test_a_device_that_dies_or_does_not_answer_is_one_too(
    library: Path, tmp_path: Path, device: Device, told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(library)],
        env={**os.environ, **device.write(tmp_path / "script")},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == told
