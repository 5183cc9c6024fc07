"""docs/safety.md: what the source ``host`` never does, as the kernel sees it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sources.fake_sysfs import host

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

COMMANDS = (
    ("memory",), ("list",), ("list", "--free"), ("harvest",), ("capacity",), ("topology",), ("telemetry",),
    ("check",), ("verify-shm", "--window", "0"), ("snapshot",),
)  # fmt: skip
_OPENS_A_NODE = re.compile(r'open(?:at|at2)?\(.*"[^"]*/dev/tenstorrent/[0-9]+"')
_STARTS = re.compile(r"\b(?:clone3?|v?fork)\(")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = host(tmp_path / "root", 2)
    (folder / "dev/shm").mkdir()
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_host_opens_no_node_and_starts_no_child(
    console_script: str, root: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    trace = tmp_path / "trace"
    calls = "trace=open,openat,openat2,execve,clone,clone3,fork,vfork"
    done = subprocess.run(
        ["strace", "-f", "-o", str(trace), "-e", calls, console_script, *command, "--from", f"host:{root}"],
        capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    lines = trace.read_text().splitlines()
    assert any("tt_serial" in line for line in lines), done.stderr  # it did look
    assert not [line for line in lines if _OPENS_A_NODE.search(line)]
    assert not [line for line in lines if _STARTS.search(line)]
    assert sum("execve(" in line and " = 0" in line for line in lines) == 1
    assert not [line for line in lines if "tt_umd" in line and "/_" in line and " = -1" not in line]
