"""What tests of every room share."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.warm import Warm

hypothesis.settings.register_profile("of this project", deadline=None)  # others use the machine too
hypothesis.settings.load_profile("of this project")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure() -> None:
    """Ctrl-C is not ignored by what tests start, also where the tests themselves run in the background of a shell
    that ignores it for them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three more than there are processors: many tests wait, for a device or for a deadline."""
    return len(os.sched_getaffinity(0)) + 3


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked through for garbage again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; without it the tests that remake compact
    data from it have nothing to compare with."""
    folder = Path(os.environ.get("TTINSPECT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the reference data that tests/data was made from is not here")
    return folder


@pytest.fixture(scope="session")
def console_script() -> str:
    """The installed console script."""
    return str(Path(sys.executable).with_name("ttinspect"))


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A process that has imported ttinspect already."""
    process = Warm()
    yield process
    process.close()


@pytest.fixture
def run(warm: Warm, tmp_path: Path) -> Run:
    """Run a command line in an empty folder, 80 columns wide, without the user's environment; in a process
    that has imported everything before. What is promised to scripts is proved with ``cold_run``."""

    def call(*args: str, stdin: str | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
        return warm.run(args, stdin, _environment(tmp_path, env), str(tmp_path), 60)

    return call


def _environment(home: Path, more: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "80", **more}


@pytest.fixture
def cold_run(console_script: str, tmp_path: Path) -> Run:
    """The same with the installed console script, from its start."""

    def call(*args: str, stdin: str | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
        environment = _environment(tmp_path, env)
        return subprocess.run(
            [console_script, *args],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return call


_PR_CAPBSET_DROP = 24
_RIGHTS = (1, 2, 19, 21, 38)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN and CAP_PERFMON."""


def without_the_rights_of_root() -> None:
    """For a child process: file modes hold for root too, and processes that have more rights may not be looked
    into. Nothing for anybody else."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _RIGHTS:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")
