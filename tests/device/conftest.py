"""The compiled device, and commands run on it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.device.simulated import Device, build, compiler
from ttinspect.cli.main import main
from ttinspect.sources.umd import parent

RunOn = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The device as a shared library."""
    pytest.importorskip("tt_umd", reason="tt_umd has no wheel for this Python or platform")
    if compiler() is None:
        pytest.skip("there is no C compiler to build the test device with")
    return build(tmp_path_factory.mktemp("device"))


@pytest.fixture
def run_on(run: Run, library: Path, tmp_path: Path) -> RunOn:
    """Run a command of the console script on a simulated device."""

    def call(device: Device, command: str, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        script = device.write(tmp_path / "script")
        return run(command, "--from", f"sim:{library}", *args, **script, **env)

    return call


@pytest.fixture
def hurried(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """The JSON answer of a command run in this process, where a chip is taken for stuck much sooner."""

    def call(device: Device, command: str, *args: str, code: int) -> Any:
        for name, value in device.write(tmp_path / "script").items():
            monkeypatch.setenv(name, value)
        sooner = {
            "_SILENT_SECONDS": 0.65,
            "_PROGRESS_SECONDS": 0.05,
            "_SILENT_SHARE": 0.1,
            "_STAGE_SHARE": 0.08,
        }
        for constant, seconds in sooner.items():
            assert getattr(parent, constant) > seconds
            monkeypatch.setattr(parent, constant, seconds)
        assert main([command, "--from", f"sim:{library}", *args, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def answer(run_on: RunOn) -> Callable[..., Any]:
    """The JSON answer of a command on a simulated device."""

    def call(device: Device, command: str, *args: str, code: int | None = 0, **env: str) -> Any:
        done = run_on(device, command, *args, "--json", **env)
        assert code in (None, done.returncode), done.stderr
        return json.loads(done.stdout)

    return call
