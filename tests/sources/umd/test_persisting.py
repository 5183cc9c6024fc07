"""Bad chips do not hide those that are well: a child of our own plays a host with hung devices."""

import os
import re
import select
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import launch, parent, reading

_CHILD = '''
import json, os, sys, time

wire = os.fdopen(int(sys.argv[1]), "w", buffering=1)
bdfs = {number: f"0000:4{number + 1}:00.0" for number in range(int(os.environ["DEVICES"]))}
seen = os.environ.get("TT_VISIBLE_DEVICES", "").split(",")
visible = {number: bdf for number, bdf in bdfs.items() if seen == [""] or bdf in seen}
with open(os.environ["ASKED"], "a") as asked:
    asked.write(" ".join([*sys.argv[4:], *map(str, visible)]) + "\\n")

def say(**line):
    wire.write(json.dumps(line) + "\\n")

arch = os.environ["ARCH"]
say(type="host", kmd_version="2.8.0", kmd_devices=visible, kmd_archs={number: arch for number in visible})
say(type="stage", name="discovering chips")
if os.environ.get("REMOTE") and "without-remote" not in sys.argv:
    say(type="failure", stage="discovering chips", why="map::at", missing=False)
    sys.exit()
for number in map(int, os.environ["CRASHING"].split()):
    if number in visible:
        os.abort()
if len(visible) == len(bdfs) > 1 and os.environ.get("TOGETHER"):
    os.abort()
for number in map(int, os.environ["FAILING"].split()):
    if number in visible:
        say(type="failure", stage="discovering chips", why="no such telemetry", missing=False)
        sys.exit()
for number in map(int, os.environ["HUNG"].split()):
    if number in visible:
        print(f"Still waiting on ARC firmware on device {number} to become ready (5000 ms elapsed, 1 ms left). (a.hpp:1)",
              flush=True)
        while time.time() < float(os.environ.get("UNTIL", "inf")):
            time.sleep(0.02)
for chip, (number, bdf) in enumerate(visible.items()):
    say(type="chip", id=chip, arch=arch, board=None, board_id=0x40 << 36, unique_id=number, asic_location=0,
        mmio=True, via=None, pci_bdf=bdf, bus_id=1, pcie_lanes=16, kmd_id=number, error=None,
        masks={"tensix": 0, "dram": 0, "eth": 0x120, "pcie": 2, "l2cpu": 0}, noc_translation=True,
        tags={"tensix": 1, "dram": 1, "eth": 1, "pcie": 1, "l2cpu": 1}, firmware=None, cores=None)
say(type="done")
'''  # fmt: skip


class Host:
    """A host of three devices; ``read`` is what the source umd makes of it, ``asked`` what was asked of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        child, self._asked = folder / "child.py", folder / "asked"
        child.write_text(_CHILD)
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(launch, "_CHILD", str(child))
        monkeypatch.setattr(reading, "device_nodes", lambda: {0: Path("/dev/null")})
        monkeypatch.setenv("ASKED", str(self._asked))
        for name in ("HUNG", "FAILING", "CRASHING"):
            monkeypatch.setenv(name, "")
        monkeypatch.setenv("DEVICES", "3")
        monkeypatch.setenv("ARCH", "blackhole")
        monkeypatch.delenv("TT_VISIBLE_DEVICES", raising=False)

    def read(self, timeout_seconds: float, **environment: str) -> System:
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)
        return reading.read_live("umd", "", LiveOptions(timeout_seconds=timeout_seconds))

    @property
    def asked(self) -> list[str]:
        return re.sub(r"(?<=remote-singly)=[\d.]+", "", self._asked.read_text()).splitlines()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_host_that_is_well_is_asked_once(host: Host) -> None:
    system = host.read(10)
    assert [chip.kmd_id for chip in system.chips] == [0, 1, 2]
    assert system.troubles == ()
    assert host.asked == ["chips umd 0 1 2"]


def test_a_hung_device_is_left_out_and_has_a_row_that_says_so(host: Host) -> None:
    system = host.read(5, HUNG="1")
    assert [(chip.kmd_id, chip.masks.tensix) for chip in system.chips] == [(0, 0), (2, 0), (1, None)]
    lost = system.chips[2]
    assert (lost.pci_bdf, lost.board, lost.unique_id) == ("0000:42:00.0", None, None)
    assert "waiting for ARC firmware on device 1" in system.troubles[0].why
    assert system.troubles[0].chip == lost.id
    assert system.warnings == ()
    assert host.asked == ["chips umd 0 1 2", "chips umd 0 2"]


def test_on_wormhole_it_may_be_a_remote_chip_that_hangs(host: Host) -> None:
    system = host.read(5, HUNG="1", ARCH="wormhole_b0")
    assert [chip.kmd_id for chip in system.chips] == [0, 2, 1]
    assert host.asked == ["chips umd 0 1 2", "chips umd without-remote remote-singly 0 1 2", "chips umd 0 2"]


@pytest.mark.parametrize(
    ("how", "why"), [("FAILING", "no such telemetry"), ("CRASHING", "killed by SIGABRT")]
)
def test_the_devices_with_which_tt_umd_fails_or_dies_are_found(host: Host, how: str, why: str) -> None:
    system = host.read(20, **{how: "0 2"})
    assert [(chip.kmd_id, chip.masks.tensix) for chip in system.chips] == [(1, 0), (0, None), (2, None)]
    assert [why in trouble.why for trouble in system.troubles] == [True, True]
    assert host.asked[-1] == "chips umd 1"


def test_where_all_together_go_wrong_the_others_are_asked_without_one(host: Host) -> None:
    system = host.read(20, TOGETHER="1")
    assert [(chip.kmd_id, chip.masks.tensix) for chip in system.chips] == [(1, 0), (2, 0), (0, None)]
    (trouble,) = system.troubles
    assert trouble.chip == 2
    assert "it was killed by SIGABRT; without this chip it does not" in trouble.why
    assert host.asked[-1] == "chips umd 1 2"


def test_every_hung_device_is_left_out(host: Host) -> None:
    system = host.read(4, HUNG="2 0")
    assert [(chip.kmd_id, chip.masks.tensix) for chip in system.chips] == [(1, 0), (2, None), (0, None)]


def test_when_all_hang_it_is_5_after_the_deadline(host: Host) -> None:
    with pytest.raises(InspectError) as caught:
        host.read(3, DEVICES="2", HUNG="0 1")
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert "did not answer within 3 s; it was waiting for ARC firmware on device 0" in caught.value.why
    assert len(host.asked) >= 2


def test_a_device_that_comes_up_late_is_found_when_there_is_no_other(host: Host) -> None:
    system = host.read(5, DEVICES="1", HUNG="0", UNTIL=str(time.time() + 2))
    assert [chip.kmd_id for chip in system.chips] == [0]
    assert system.troubles == ()


def test_what_the_user_made_visible_stays_so(host: Host) -> None:
    with pytest.raises(InspectError) as caught:
        host.read(3, HUNG="1", TT_VISIBLE_DEVICES="0000:41:00.0,0000:42:00.0")
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert all(asked.endswith(" 0 1") for asked in host.asked)


def test_remote_chips_that_make_tt_umd_fail_are_left_out(host: Host) -> None:
    system = host.read(10, REMOTE="1", ARCH="wormhole_b0")
    assert [chip.kmd_id for chip in system.chips] == [0, 1, 2]
    (trouble,) = system.troubles
    assert trouble.why == (
        "chips that are reached over eth may be left out: eth links were not discovered, because tt_umd "
        "failed (map::at)"
    )
    assert not trouble.readable
    assert {unknown.path for chip in system.chips for unknown in chip.unknown} == {"links"}
    assert host.asked == ["chips umd 0 1 2", "chips umd without-remote remote-singly 0 1 2"]


def test_no_child_is_left_behind(host: Host) -> None:
    host.read(3, HUNG="1")
    launch.finish()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    for pid in children:
        assert str(launch._CHILD) not in Path(f"/proc/{pid}/cmdline").read_bytes().decode()


def test_a_system_that_starts_no_process_is_5(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(InspectError) as caught:
        host.read(3)
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert caught.value.why == "No such file or directory"


def test_what_a_child_said_last_is_read_although_it_is_gone_already(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can end between the look for something to read and the look whether it lives."""
    calls = []

    def look(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 1:
            return select.select(*arguments)
        time.sleep(1)  # it says everything, and ends
        return [], [], []

    monkeypatch.setattr(parent, "select", SimpleNamespace(select=look))
    system = host.read(10)
    assert [chip.kmd_id for chip in system.chips] == [0, 1, 2]
    assert system.troubles == ()
