"""Processes, and who has which device open, from a procfs anywhere in the file system.

Nothing is asked of the kernel but files below the given root (no kill(2)): the same code reads a host's
procfs mounted into a container, a saved tree, or a test. PID/stat and PID/comm are enough; start times also
need PROCFS/stat, owners PID/status. Who holds a device or a region: holders.py.
"""

import os
import pwd
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.host.attributes import read_file
from ttinspect.model.process import DeviceOpeners, Process, ProcessTable
from ttinspect.shm.names import harmless

DEFAULT_PROCFS = Path("/proc")

_STAT_START_TIME = 19
"""Index of starttime (proc(5), field 22) among the fields behind the command name."""

_MOST_DIGITS = 18
_DEVICE = re.compile(r"0|[1-9][0-9]{0,5}")
_HIDDEN = ("hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable")

_GONE = (FileNotFoundError, ProcessLookupError, NotADirectoryError)
"""What reading PID/stat raises for a process that is not there, or no longer."""


def read_processes(procfs: Path, pids: Iterable[int], *, named: bool, personal: bool = False) -> ProcessTable:
    """Look up processes. ``named``: the user named the procfs; a default one that is missing knows nothing.
    ``personal``: also the user, the command line and the container of each.

    A thread has no process of its own: /proc/TID exists for one, but only processes are listed.

    Raises:
        InspectError: a named procfs cannot be listed (6 permission, 2 it does not exist or is none).
    """
    wanted = sorted({pid for pid in pids if pid >= 1})
    listed = listed_names(procfs, named)
    if listed is None:
        return ProcessTable(found={}, unknowable=frozenset(wanted))
    boot_time_ns = _boot_time_ns(procfs) if wanted else None
    processes, missing, unknowable = {}, [], []
    for pid in wanted:
        if str(pid) not in listed:
            missing.append(pid)
            continue
        try:
            process = _process(procfs, pid, boot_time_ns)
            if process is not None and personal:
                process = _with_person(procfs, process)
        except _GONE:
            missing.append(pid)
        except OSError:
            unknowable.append(pid)
        else:
            if process is None:
                unknowable.append(pid)
            else:
                processes[pid] = process
    if missing and hides_processes(procfs):
        unknowable += missing
    return ProcessTable(found=processes, unknowable=frozenset(unknowable))


def device_openers(procfs: Path) -> tuple[DeviceOpeners, ...] | None:
    """Who has which device open, in the order of the devices; None where no driver tells.

    Source: the kernel driver's PROCFS/driver/tenstorrent/N/pids, one pid of the host per line.
    """
    root = procfs / "driver" / "tenstorrent"
    try:
        devices = sorted(int(name) for name in os.listdir(root) if _DEVICE.fullmatch(name))  # noqa: PTH208
    except OSError:
        return None
    return tuple(_openers(device, root / str(device) / "pids") for device in devices)


def _openers(device: int, path: Path) -> DeviceOpeners:
    """One line per descriptor: the pid of who opened it, 0 for one outside the reader's pid namespace."""
    try:
        pids = [_number(word) for word in read_file(path).split()]
    except OSError:
        pids = [None]
    known = [pid for pid in pids if pid is not None]
    if len(known) < len(pids):
        return DeviceOpeners(device=device, pids=None)
    return DeviceOpeners(device=device, pids=tuple(sorted({*known} - {0})), outside=known.count(0))


def _number(word: bytes) -> int | None:
    """A decimal number of at most 18 digits, which the kernel never exceeds; None for anything else."""
    return int(word) if word.isdigit() and len(word) <= _MOST_DIGITS else None


def listed_names(procfs: Path, named: bool) -> frozenset[str] | None:
    """Everything that a procfs lists; None for a default one that cannot be listed.

    Raises:
        InspectError: as read_processes.
    """
    what = f"cannot read processes from {harmless(os.fsencode(procfs))}"
    try:
        return frozenset(os.listdir(procfs))  # noqa: PTH208
    except OSError as error:
        if not named:
            return None
        denied = isinstance(error, PermissionError)
        raise InspectError(
            what,
            os.strerror(error.errno).lower() if error.errno else str(error),
            "name a directory that holds PID/stat and PID/comm with --procfs",
            ExitCode.PERMISSION if denied else ExitCode.USAGE,
        ) from error


def _process(procfs: Path, pid: int, boot_time_ns: int | None) -> Process | None:
    """One process, None if its stat is not what proc(5) says."""
    stat = read_file(procfs / str(pid) / "stat")
    # The name stands in parentheses and may hold more of them, spaces and newlines; nothing behind it does.
    opened, closed = stat.find(b"("), stat.rfind(b")")
    fields = stat[closed + 1 :].split()
    if opened < 0 or closed < opened or not fields:
        return None
    try:
        comm = read_file(procfs / str(pid) / "comm").removesuffix(b"\n")
    except OSError:
        comm = stat[opened + 1 : closed]
    status = _status(procfs / str(pid) / "status")
    return Process(
        pid=pid,
        comm=harmless(comm),
        state=harmless(fields[0]),
        start_time_ns=_start_time_ns(fields, boot_time_ns),
        uid=_nth_number(status, b"Uid", 1),
        own_pid=_nth_number(status, b"NSpid", -1),
    )


def own_pid_of(procfs: Path, pid: int) -> int | None:
    """The pid of a process in its own pid namespace: the last one of NSpid in PID/status; None without that
    line."""
    return _nth_number(_status(procfs / str(pid) / "status"), b"NSpid", -1)


def _with_person(procfs: Path, process: Process) -> Process:
    """User names are those of this host, and mean nothing for the processes of a copied tree."""
    return msgspec.structs.replace(
        process,
        user=user_name(process.uid) if is_procfs(procfs) else None,
        command_line=_command_line(procfs, process.pid),
        container=_container(procfs, process.pid),
    )


def is_procfs(procfs: Path) -> bool:
    """Whether this folder is a procfs of the kernel, and no copied tree: links in a procfs have size 0."""
    try:
        return os.lstat(procfs / "self").st_size == 0
    except OSError:
        return False


def user_name(uid: int | None) -> str | None:
    """The name of a user of this host; None where it has none."""
    if uid is None:
        return None
    try:
        return harmless(os.fsencode(pwd.getpwuid(uid).pw_name))
    except (KeyError, OverflowError):
        return None


_CONTAINER = re.compile(
    rb"(?:docker|libpod|crio|cri-containerd|containerd|kubepods|lxc|machine)[^\n]*?[/:.-]"
    rb"([0-9a-f]{64})(?=[./\n]|$)|/(?:lxc(?:\.payload)?|machine\.slice/machine)[./-]([A-Za-z0-9][\w.-]{0,62})"
)
"""How runtimes name the control groups of a container: by its id of 64 digits, or (LXC, systemd-nspawn) by
its name."""
_BARE_ID = re.compile(rb"/([0-9a-f]{64})(?=[./\n]|$)")
_SHORT_ID = 12
"""As many digits of an id as docker ps shows."""


def _container(procfs: Path, pid: int) -> str | None:
    """The container that a process runs in, by the path of its control group; None where it runs in none, or
    that is not known."""
    try:
        groups = read_file(procfs / str(pid) / "cgroup")
    except OSError:
        return None
    match = _CONTAINER.search(groups) or _BARE_ID.search(groups)
    if match is None:
        return None
    if match[1] is not None:
        return match[1][:_SHORT_ID].decode()
    return harmless(match[2].removesuffix(b".scope"))


def _command_line(procfs: Path, pid: int) -> str | None:
    """Its words with blanks between them; None where it has none, or may not be read."""
    try:
        words = read_file(procfs / str(pid) / "cmdline").rstrip(b"\0")
    except OSError:
        return None
    return harmless(words.replace(b"\0", b" ")) or None


def _status(path: Path) -> bytes:
    try:
        return b"\n" + read_file(path)
    except OSError:
        return b""


def _nth_number(status: bytes, name: bytes, index: int) -> int | None:
    """One of the numbers behind a name in PID/status. The owner of the folder PID will not do for Uid: a
    process that may not be dumped shows as root's."""
    _, _, rest = status.partition(b"\n" + name + b":")
    words = rest.partition(b"\n")[0].split()
    return _number(words[index]) if len(words) > max(index, 0) else None


def _start_time_ns(fields: list[bytes], boot_time_ns: int | None) -> int | None:
    ticks = _number(fields[_STAT_START_TIME]) if len(fields) > _STAT_START_TIME else None
    if boot_time_ns is None or ticks is None:
        return None
    return boot_time_ns + ticks * 10**9 // os.sysconf("SC_CLK_TCK")


def _boot_time_ns(procfs: Path) -> int | None:
    """Boot time in realtime nanoseconds (whole seconds), None where PROCFS/stat does not tell."""
    try:
        lines = read_file(procfs / "stat").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(b" ")
        if name == b"btime" and (seconds := _number(value.strip())) is not None:
            return seconds * 10**9
    return None


def hides_processes(procfs: Path) -> bool:
    """Whether this procfs may leave out processes of other users (mount option hidepid)."""
    if os.geteuid() == 0:
        return False
    try:
        mounts = read_file(procfs / "self" / "mounts").decode("utf-8", "replace").splitlines()
    except OSError:
        return False
    fields = (line.split() for line in mounts)
    of_proc = (options for _, _, kind, options, *_ in filter(_is_whole, fields) if kind == "proc")
    return any(option in _HIDDEN for options in of_proc for option in options.split(","))


def _is_whole(fields: list[str]) -> bool:
    return len(fields) >= 4
