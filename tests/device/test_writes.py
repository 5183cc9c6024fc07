"""The device records every write: ttinspect makes none that bare discovery does not make."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.conftest import Answer
from tests.device.simulated import Chip, Device, blackhole, wormhole
from tests.device.test_topology import n300s
from ttinspect.facts.files import data_directory

_BARE = """
import sys, tt_umd
options, simulation = tt_umd.TopologyDiscoveryOptions(), tt_umd.SimulationDiscoveryOptions()
simulation.simulator_path = sys.argv[1]
options.simulation = simulation
tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, sys.argv[2])
"""
_HOSTS = {
    "wormhole": wormhole(Chip(harvested_rows=3), Chip()),
    "blackhole": blackhole(Chip(), Chip(), links=[((0, 1), (1, 2))]),
    "n300": n300s(1),
}
_WINDOWS = range(0x1FC00000, 0x1FD00000)
"""Where BAR0 has the windows onto the NOC: pointing one somewhere is how tt_umd reads."""
_REMOTE_REQUESTS = range(0x11080, 0x11300)
"""Where an eth core of a Wormhole takes requests: asking there is how tt_umd reads a remote chip."""


@pytest.mark.parametrize("name", _HOSTS)
@pytest.mark.parametrize("command", ["harvest", "capacity", "topology"])
def test_facts_cost_exactly_the_writes_of_bare_discovery(
    library: Path, answer: Answer, tmp_path: Path, name: str, command: str
) -> None:
    bare = _bare(library, _HOSTS[name], tmp_path)
    assert bare
    assert _ours(answer, _HOSTS[name], tmp_path, command) == bare


@pytest.mark.parametrize("name", ["wormhole", "blackhole"])
@pytest.mark.parametrize("command", ["telemetry", "list"])
def test_telemetry_adds_nothing_but_windows_to_read_through(
    library: Path, answer: Answer, tmp_path: Path, name: str, command: str
) -> None:
    bare = _bare(library, _HOSTS[name], tmp_path)
    ours = _ours(answer, _HOSTS[name], tmp_path, command)
    assert ours[: len(bare)] == bare
    assert {space for space, *_ in ours[len(bare) :]} <= {"bar"}
    assert all(address in _WINDOWS for _, _, _, address, *_ in ours[len(bare) :])


def test_telemetry_of_a_remote_chip_adds_nothing_but_requests_to_read(
    library: Path, answer: Answer, tmp_path: Path
) -> None:
    bare = _bare(library, _HOSTS["n300"], tmp_path)
    ours = _ours(answer, _HOSTS["n300"], tmp_path, "telemetry")
    assert ours[: len(bare)] == bare
    added = ours[len(bare) :]
    assert {space for space, *_ in added} == {"bar", "tile"}  # "remote" would be a write to the chip itself
    assert all(address in _WINDOWS for space, _, _, address, *_ in added if space == "bar")
    assert all(address in _REMOTE_REQUESTS for space, _, _, address, *_ in added if space == "tile")


Write = tuple[str, int, str, int, int, int]
"""Space, chip, tile, address, size, first word."""


def _ours(answer: Answer, device: Device, folder: Path, command: str) -> list[Write]:
    answer(replace(device, write_log=folder / "ours.log"), command)
    return _writes(folder / "ours.log")


def _bare(library: Path, device: Device, folder: Path) -> list[Write]:
    log, beside = folder / "bare.log", folder / "libttsim.so"
    beside.symlink_to(library)
    soc = folder / "soc_descriptor.yaml"
    arch = "blackhole" if device.arch == "blackhole" else "wormhole_b0"
    soc.write_bytes((data_directory() / f"{arch}.yaml").read_bytes())
    script = replace(device, write_log=log).write(folder / "bare-script")
    subprocess.run(
        [sys.executable, "-c", _BARE, str(beside), str(soc)],
        check=True, capture_output=True, timeout=60, env={**os.environ, "TT_LOGGER_LEVEL": "off", **script},
    )  # fmt: skip
    return _writes(log)


def _writes(log: Path) -> list[Write]:
    writes = []
    for line in log.read_text().splitlines():
        space, chip, tile, address, size, word = line.split()
        writes.append((space, int(chip), tile, int(address, 16), int(size), int(word, 16)))
    return writes
