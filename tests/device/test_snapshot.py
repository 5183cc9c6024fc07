"""What was recorded from a device is what the device answered."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.device.conftest import RunOn
from tests.device.simulated import Chip, Device, blackhole, wormhole
from tests.device.test_topology import n300s
from tests.snapshots import COMMANDS, timeless


@pytest.mark.parametrize(
    "device",
    [
        blackhole(Chip(beating=True), Chip(), links=[((0, 1), (1, 2))]),
        wormhole(Chip(harvested_rows=3)),
        n300s(1),
    ],
    ids=["blackhole", "wormhole", "n300"],
)
def test_a_device_is_the_same_from_a_snapshot(
    run_on: RunOn, run: Run, tmp_path: Path, device: Device
) -> None:
    assert run_on(device, "snapshot", "-o", str(tmp_path / "s.json")).returncode == 0
    for command in COMMANDS:
        there = run_on(device, *command, "--json")
        here = run(*command, "--from", "s.json", "--json")
        assert here.returncode == there.returncode, there.stderr
        assert timeless(json.loads(here.stdout)) == timeless(json.loads(there.stdout)), command
