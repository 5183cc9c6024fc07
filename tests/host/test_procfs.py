"""Processes and device openers from a procfs tree that the test makes."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.host import attributes
from ttinspect.host import procfs as procfs_module
from ttinspect.host.procfs import device_openers, read_processes
from ttinspect.model.process import Process

BOOT = 1_795_000_000
TICKS = os.sysconf("SC_CLK_TCK")


def put(
    procfs: Path, pid: int, comm: bytes = b"python3", state: bytes = b"S", start_ticks: int | None = None
) -> None:
    """One process, as proc(5) shows it; stat ends behind the state unless a start time is given."""
    folder = procfs / str(pid)
    folder.mkdir(parents=True)
    behind = b"" if start_ticks is None else b" 0" * 18 + b" %d" % start_ticks + b" 0" * 30
    (folder / "stat").write_bytes(b"%d (%s) %s%s\n" % (pid, comm, state, behind))
    (folder / "comm").write_bytes(comm + b"\n")


def only(procfs: Path, pid: int = 7) -> Process:
    table = read_processes(procfs, [pid], named=True)
    assert set(table.found) == {pid}
    return table.found[pid]


def test_stat_and_comm_are_enough(tmp_path: Path) -> None:
    put(tmp_path, 7, b"vllm::worker", b"R")
    assert only(tmp_path) == Process(pid=7, comm="vllm::worker", state="R", start_time_ns=None, uid=None)


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        (b"a (b) c)", "a (b) c)"),
        (b") R 1 (", ") R 1 ("),
        (b"two\nlines", r"two\x0alines"),
        (b"ends\n", r"ends\x0a"),
        (b"\x1b[31m", r"\x1b[31m"),
        (b"\xff", r"\xff"),
        (b"", ""),
        ("é".encode(), "é"),
    ],
)
def test_names_of_any_bytes(tmp_path: Path, comm: bytes, shown: str) -> None:
    put(tmp_path, 7, comm, b"D")
    process = only(tmp_path)
    assert (process.comm, process.state) == (shown, "D")


def test_the_start_time_is_boot_time_and_ticks(tmp_path: Path) -> None:
    put(tmp_path, 7, b"a b) c", start_ticks=250 * TICKS + TICKS // 2)
    (tmp_path / "stat").write_bytes(b"cpu  1 2 3\nbtime %d\nprocesses 5\n" % BOOT)
    assert only(tmp_path).start_time_ns == (BOOT + 250) * 10**9 + 5 * 10**8


@pytest.mark.parametrize("stat", [None, b"cpu  1 2 3\n", b"btime soon\n", b""])
def test_without_a_boot_time_start_times_are_unknown(tmp_path: Path, stat: bytes | None) -> None:
    put(tmp_path, 7, start_ticks=100)
    if stat is not None:
        (tmp_path / "stat").write_bytes(stat)
    assert only(tmp_path).start_time_ns is None


def test_a_short_stat_has_no_start_time(tmp_path: Path) -> None:
    put(tmp_path, 7)
    (tmp_path / "stat").write_bytes(b"btime 1\n")
    assert only(tmp_path).start_time_ns is None


def test_the_owner_is_the_effective_user_of_status(tmp_path: Path) -> None:
    put(tmp_path, 7)
    (tmp_path / "7" / "status").write_bytes(
        b"Name:\tUid: 9\nUmask:\t0022\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\n"
    )
    assert only(tmp_path).uid == 1001


def test_a_pid_that_is_not_there_is_dead(tmp_path: Path) -> None:
    put(tmp_path, 7)
    table = read_processes(tmp_path, [7, 8], named=True)
    assert (table.alive(7), table.alive(8)) == (True, False)
    assert table.unknowable == frozenset()


@pytest.mark.parametrize("pid", [0, -1, -4711])
def test_what_is_no_pid_of_a_process_is_neither_alive_nor_dead(tmp_path: Path, pid: int) -> None:
    table = read_processes(tmp_path, [pid], named=True)
    assert (table.found, table.alive(pid)) == ({}, None)


@pytest.mark.parametrize(
    ("state", "alive", "stopped"),
    [
        (b"R", True, False),
        (b"D", True, False),
        (b"I", True, False),
        (b"T", True, True),
        (b"t", True, True),
        (b"Z", False, False),
        (b"X", False, False),
    ],
)
def test_states(tmp_path: Path, state: bytes, alive: bool, stopped: bool) -> None:
    put(tmp_path, 7, state=state)
    table = read_processes(tmp_path, [7], named=True)
    assert (table.alive(7), table.found[7].stopped) == (alive, stopped)


def test_a_process_that_stopped_since_is_stopped_and_otherwise_the_same(tmp_path: Path) -> None:
    for pid, state in ((7, b"R"), (8, b"S"), (9, b"T")):
        put(tmp_path / "first", pid, b"python3", state)
    for pid, state in ((7, b"T"), (9, b"R"), (10, b"T")):
        put(tmp_path / "later", pid, b"python3", state)
    first = read_processes(tmp_path / "first", range(7, 11), named=True)
    merged = first.with_stops_of(read_processes(tmp_path / "later", range(7, 11), named=True))
    assert {pid: process.state for pid, process in merged.found.items()} == {7: "T", 8: "S", 9: "T"}
    assert first.with_stops_of(first) == first


@pytest.mark.parametrize("stat", [b"", b"7 python3 S", b"7 (python3)", b")(", b"\0" * 50])
def test_a_stat_that_is_none_tells_nothing(tmp_path: Path, stat: bytes) -> None:
    put(tmp_path, 7)
    (tmp_path / "7" / "stat").write_bytes(stat)
    table = read_processes(tmp_path, [7], named=True)
    assert (table.found, table.alive(7)) == ({}, None)


def test_a_process_that_ends_while_it_is_read_is_dead(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    assert read_processes(tmp_path, [7], named=True).alive(7) is False


def test_a_process_that_may_not_be_read_is_neither_alive_nor_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 7)
    real = attributes.read_file

    def denied(path: Path) -> bytes:
        if path.name == "stat" and path.parent.name == "7":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(procfs_module, "read_file", denied)
    assert read_processes(tmp_path, [7], named=True).alive(7) is None


@pytest.mark.parametrize(
    ("options", "euid", "alive"),
    [
        ("rw,nosuid", 1000, False),
        ("rw,hidepid=0", 1000, False),
        ("rw,hidepid=1", 1000, False),
        ("rw,hidepid=2", 1000, None),
        ("rw,hidepid=invisible", 1000, None),
        ("rw,gid=5,hidepid=ptraceable", 1000, None),
        ("rw,hidepid=2", 0, False),
    ],
)
def test_a_procfs_that_hides_processes_does_not_make_them_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, euid: int, alive: bool | None
) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mounts").write_text(
        f"tmpfs /tmp tmpfs rw 0 0\nshort\nproc /proc proc {options} 0 0\n"
    )
    monkeypatch.setattr(os, "geteuid", lambda: euid)
    assert read_processes(tmp_path, [7], named=True).alive(7) is alive


def test_a_named_procfs_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InspectError) as refused:
        read_processes(tmp_path / "proc", [7], named=True)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_named_procfs_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "proc").touch()
    with pytest.raises(InspectError) as refused:
        read_processes(tmp_path / "proc", [], named=True)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_named_procfs_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    with pytest.raises(InspectError) as refused:
        read_processes(tmp_path, [7], named=True)
    assert refused.value.exit_code is ExitCode.PERMISSION


def test_without_a_default_procfs_nothing_is_known(tmp_path: Path) -> None:
    table = read_processes(tmp_path / "proc", [7, -1], named=False)
    assert table.found == {}
    assert table.unknowable == frozenset({7})
    assert table.alive(7) is None


def test_a_thread_is_no_process() -> None:
    """/proc/TID can be opened, but is not listed: a slot's pid that became a thread's id is dead."""
    program = "import threading,sys; e=threading.Event(); t=threading.Thread(target=e.wait); t.start()"
    program += "\nprint(t.native_id, flush=True); sys.stdin.read(); e.set()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        thread = int(child.stdout.readline())
        assert Path(f"/proc/{thread}/stat").exists()
        table = read_processes(Path("/proc"), [thread, child.pid], named=True)
        child.communicate()
    assert thread != child.pid
    assert table.alive(child.pid) is True
    assert table.alive(thread) is False


def test_this_process_in_the_hosts_own_procfs() -> None:
    process = read_processes(Path("/proc"), [os.getpid()], named=True).found[os.getpid()]
    assert process.uid == os.geteuid()
    assert process.alive
    assert not process.stopped
    assert process.start_time_ns is not None
    assert process.start_time_ns <= time.time_ns() + 10**9


def test_no_process_is_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*arguments: int) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(os, "kill", killed)
    assert read_processes(Path("/proc"), [os.getpid()], named=True).alive(os.getpid()) is True


def test_openers_by_device(tmp_path: Path) -> None:
    root = tmp_path / "driver" / "tenstorrent"
    for device, pids in ((10, "17\n5\n17\n"), (2, "")):
        (root / str(device)).mkdir(parents=True)
        (root / str(device) / "pids").write_text(pids)
    (root / "3").mkdir()
    (root / "version").touch()
    openers = device_openers(tmp_path)
    assert openers is not None
    assert [(opener.device, opener.pids) for opener in openers] == [(2, ()), (3, None), (10, (5, 17))]


@pytest.mark.parametrize("text", ["17\nsomebody\n", "9" * 5000, None], ids=["a name", "no pid", "a pipe"])
def test_openers_that_are_no_pids_are_unknown(tmp_path: Path, text: str | None) -> None:
    root = tmp_path / "driver" / "tenstorrent" / "0"
    root.mkdir(parents=True)
    if text is None:
        os.mkfifo(root / "pids")
    else:
        (root / "pids").write_text(text)
    openers = device_openers(tmp_path)
    assert openers is not None
    assert openers[0].pids is None


def test_without_a_driver_openers_are_unknown(tmp_path: Path) -> None:
    assert device_openers(tmp_path) is None
