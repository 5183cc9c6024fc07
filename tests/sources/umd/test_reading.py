"""Which message a host without usable devices gets."""

import os
from pathlib import Path

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import reading


def _refused(monkeypatch: pytest.MonkeyPatch, nodes: dict[int, Path] | None) -> InspectError:
    monkeypatch.setattr(reading, "device_nodes", lambda: nodes)
    with pytest.raises(InspectError) as caught:
        reading.read_live("umd", "", LiveOptions())
    return caught.value


def test_a_machine_without_devices_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused(monkeypatch, None).exit_code is ExitCode.NO_DEVICES


def test_nodes_that_may_not_be_opened_are_6(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "0"
    node.touch(mode=0)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    error = _refused(monkeypatch, {0: node})
    assert error.exit_code is ExitCode.PERMISSION
    assert str(node) in error.what
