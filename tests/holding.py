"""Real processes that hold what tests make: they map a region file, open a device node, rename themselves,
fork, exec, live in a pid namespace of their own, or belong to another user."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can make pid namespaces and processes of other users"
)
sees_the_machine = pytest.mark.skipif(
    not Path("/proc/2/comm").exists() or Path("/proc/2/comm").read_text() != "kthreadd\n",
    reason="in a container it is never known that no process outside maps a file",
)

_SCRIPT = """
import ctypes, mmap, os, signal, sys

region, node, namespace, name, uid = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
if namespace and libc.unshare(0x20000000):  # CLONE_NEWPID
    sys.exit("unshare")
here, there = os.pipe()
child = os.fork()
if child:
    os.close(there)
    own = os.read(here, 20)
    print(child, own.decode(), flush=True)
    _, status = os.waitpid(child, 0)
    sys.exit(0)
libc.prctl(1, signal.SIGKILL)
if node:
    held = os.open(node, os.O_RDWR)
    os.set_inheritable(held, True)
if region:
    with open(region, "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
if uid:
    os.setgid(int(uid))
    os.setuid(int(uid))
if name:
    libc.prctl(15, name.encode())
libc.prctl(1, signal.SIGKILL)
os.write(there, str(os.getpid()).encode())
for line in sys.stdin:
    if line == "exec\\n":
        os.execvp("sleep", ["sleep", "600"])
    if line == "close\\n":
        mapped.close()
        os.close(held)
    if line == "fork\\n" and os.fork() == 0:
        print(os.getpid(), flush=True)
        signal.pause()
"""


class Holding:
    """A process that holds something. ``pid`` is that of the machine, ``own_pid`` what it takes itself for."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert process.stdout is not None
        self.pid, self.own_pid = map(int, process.stdout.readline().split())

    def exec(self) -> None:
        """Run another program under the same pid."""
        self._tell("exec")
        comm = Path(f"/proc/{self.pid}/comm")
        while comm.read_text() != "sleep\n":
            os.sched_yield()

    def fork(self) -> int:
        """The pid of a child that inherits everything."""
        self._tell("fork")
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it without a word."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait(10)

    def _tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()


@contextmanager
def nodes_alone() -> Iterator[None]:
    """Nodes are told by how they are called: no two tests that hold one at a time on a machine."""
    with (Path(tempfile.gettempdir()) / "ttinspect-tests-nodes.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def holding(
    region: Path | None = None,
    node: Path | None = None,
    *,
    namespace: bool = False,
    name: str = "",
    uid: int | None = None,
) -> Iterator[Holding]:
    """A process that maps ``region`` and has ``node`` open; in a new pid ``namespace``, called ``name``, of
    the user ``uid`` (all of this after it has opened what it holds)."""
    words = (region or "", node or "", "new" if namespace else "", name, "" if uid is None else uid)
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Holding(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
