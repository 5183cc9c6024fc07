"""Nothing that reads regions opens anything for writing, maps it, or changes a byte or a time of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shm.captures import captures

PROGRAM = """
import sys
from pathlib import Path

directory, procfs, hook = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "hook"

from ttinspect.host.procfs import device_openers, read_processes
from ttinspect.shm.reader import read_regions
from ttinspect.shm.sampler import Pace, sample

import os

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = {"os.remove", "os.rename", "os.truncate", "os.chmod", "os.chown", "os.utime", "os.link", "os.symlink",
            "os.mkdir", "os.rmdir", "mmap.__new__", "os.kill", "os.fork", "os.exec", "subprocess.Popen"}
opened = []

def audit(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if flags & WRITING:
            raise SystemExit(f"opened for writing: {path!r}")
        opened.append(path)
    elif event in CHANGING:
        raise SystemExit(f"{event}: {arguments!r}")

if hook:
    sys.addaudithook(audit)

files = read_regions(directory, named=True)
pids = {slot.pid for file in files if file.region for slot in file.region.slots}
read_processes(procfs, pids, named=True)
device_openers(procfs)
looks = sample(directory, files, lambda *_: True, Pace(samples=4, window_s=0.01))
assert max(one.looks for one in looks) == 4
regions = [path for path in opened if b"tt_device_" in os.fsencode(path)]
assert not hook or len(regions) > len(files), regions
print("read", len(files))
"""

ALL = sorted({capture.name: capture.data for capture in captures().values()}.items())


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    """All captures as files of one folder, and some that were never valid."""
    directory = tmp_path / "shm"
    directory.mkdir()
    for number, (_, content) in enumerate(ALL):
        (directory / f"tt_device_{number}_memory").write_bytes(content)
    (directory / "tt_device_link_memory").symlink_to(directory / "tt_device_0_memory")
    os.mkfifo(directory / "tt_device_fifo_memory")
    return directory


def _state(directory: Path) -> dict[str, tuple[bytes | None, int, int]]:
    states = {}
    for path in directory.iterdir():
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        states[path.name] = (content, status.st_mtime_ns, status.st_ctime_ns)
    return states


def test_no_open_for_writing_passes_an_audit_hook(regions: Path) -> None:
    before = _state(regions)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(regions), "/proc", "hook"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", f"read {len(ALL) + 2}\n")
    assert _state(regions) == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_strace_sees_only_read_only_opens(regions: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = (
        "open,openat,openat2,creat,mmap,write,pwrite64,truncate,ftruncate,unlink,rename,chmod,utimensat,kill"
    )
    done = subprocess.run(
        [
            *("strace", "-f", "-y", "-s", "200", "-e", f"trace={calls}", "-o", str(trace)),
            *(sys.executable, "-c", PROGRAM, str(regions), "/proc", "no hook"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this host does not allow tracing")
    assert done.returncode == 0, done.stderr
    lines = [line for line in trace.read_text(errors="replace").splitlines() if "tt_device_" in line]
    opens = [line for line in lines if re.search(r"\bopen(at|at2)?\(", line)]
    assert len(opens) >= len(ALL)
    assert [line for line in lines if line not in opens] == []
    for line in opens:
        assert re.search(r"O_RDONLY\|[A-Z_|]*\bO_NOFOLLOW", line), line
        assert "O_NONBLOCK" in line
        assert "O_CLOEXEC" in line
        assert not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line), line
