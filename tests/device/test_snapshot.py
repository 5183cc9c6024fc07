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
        live = run_on(device, *command, "--json")
        recorded = run(*command, "--from", "s.json", "--json")
        assert recorded.returncode == live.returncode, live.stderr
        assert timeless(json.loads(recorded.stdout)) == timeless(json.loads(live.stdout)), command


def test_a_chip_that_cannot_be_read_is_no_difference_to_itself_and_5_only_while_it_is_asked(
    run_on: RunOn, run: Run, library: Path, tmp_path: Path
) -> None:
    device = wormhole(Chip(), Chip(off_bus=True))
    places = ("--shm-dir", str(tmp_path))
    assert run_on(device, "snapshot", "-o", "s.json", *places).returncode == 5
    same = run("diff", "s.json", "s.json")
    assert same.returncode == 0
    assert same.stdout.splitlines()[-1] == "SAME  2 chips, unreadable then and now: 1  (exit 0)"
    script = device.write(tmp_path / "script")
    now = run("diff", "s.json", f"sim:{library}", **script)
    assert now.returncode == 5, now.stdout
    assert run("diff", "s.json", "s.json", "--json").stdout.count('"unreadable":[1]') == 1
