"""The compiled device, and commands run on it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.device.simulated import Device, build, compiler

Answer = Callable[..., Any]
Become = Callable[[Device], None]
RunOn = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a device that is compiled, and most wait for one that is late."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.system)


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
def answer(run_on: RunOn) -> Callable[..., Any]:
    """The JSON answer of a command on a simulated device."""

    def call(device: Device, command: str, *args: str, code: int | None = 0, **env: str) -> Any:
        done = run_on(device, command, *args, "--json", **env)
        assert code in (None, done.returncode), done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture
def become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Become:
    """What the simulated host is from now on, for every child that looks."""

    def change(host: Device) -> None:
        for name, script in host.write(tmp_path / "script").items():
            monkeypatch.setenv(name, script)

    return change
