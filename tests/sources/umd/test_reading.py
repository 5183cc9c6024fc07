"""Which message a host without usable devices gets."""

import os
from pathlib import Path

import pytest

from tests.sources.umd.test_system import CHIP
from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import reading, wire
from ttinspect.sources.umd.parent import Session


def _refused(monkeypatch: pytest.MonkeyPatch, nodes: dict[int, Path] | None) -> InspectError:
    monkeypatch.setattr(reading, "device_nodes", lambda: nodes)
    with pytest.raises(InspectError) as caught:
        reading.read_live("umd", "", LiveOptions())
    return caught.value


def test_a_missing_driver_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused(monkeypatch, None).exit_code is ExitCode.NO_DEVICES


def test_nodes_that_may_not_be_opened_are_6(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "0"
    node.touch(mode=0)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    error = _refused(monkeypatch, {0: node})
    assert error.exit_code is ExitCode.PERMISSION
    assert str(node) in error.what


def test_a_hung_device_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The child of the first round hangs on device 1; the second one may not see it."""
    host = wire.HostFacts(kmd_version="2.8.0", kmd_devices={0: "0000:41:00.0", 1: "0000:42:00.0"})
    hung = Session(stages=["discovering chips"], lines=[host], late=True)
    hung.death = "it did not answer within 60 s; it was waiting for ARC firmware on device 1 to become ready"
    asked: list[str | None] = []

    def ask(_arguments: object, _timeout: object, _progress: object, visible: str | None = None) -> Session:
        asked.append(visible)
        return hung if visible is None else Session(stages=[], lines=[host, CHIP, wire.Done()])

    monkeypatch.setattr(reading, "ask", ask)
    monkeypatch.setattr(reading, "device_nodes", lambda: {0: Path("/dev/null"), 1: Path("/dev/null")})
    system = reading.read_live("umd", "", LiveOptions())
    assert asked == [None, "0000:41:00.0"]
    assert [chip.id for chip in system.chips] == [0]
    (trouble,) = system.troubles
    assert "/dev/tenstorrent/1 (0000:42:00.0)" in trouble.why
    assert not trouble.readable


def test_the_only_device_that_hangs_is_5(monkeypatch: pytest.MonkeyPatch) -> None:
    host = wire.HostFacts(kmd_version="2.8.0", kmd_devices={0: "0000:41:00.0"})
    hung = Session(stages=["discovering chips"], lines=[host], late=True)
    hung.death = "it did not answer within 60 s; it was waiting for ARC firmware on device 0 to become ready"
    monkeypatch.setattr(reading, "ask", lambda *_: hung)
    assert _refused(monkeypatch, {0: Path("/dev/null")}).exit_code is ExitCode.UMD_FAILED
