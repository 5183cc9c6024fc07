"""Reads region files, and never touches them: opened read-only, read once, never mapped, never written.

mmap would end in SIGBUS where a writer shrinks the file or has not sized it yet. lstat comes before open,
because opening a device node can already have an effect; the flags cover what changes between the two.
"""

import os
import stat
from pathlib import Path

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.region import FileType, RegionFile, RegionState
from ttinspect.shm.decode import Decoded, decode
from ttinspect.shm.layout import sizes
from ttinspect.shm.names import harmless

DEFAULT_DIRECTORY = Path("/dev/shm")

PREFIX, SUFFIX = b"tt_device_", b"_memory"

TEST_ID_BASE = 0x77 << 56

PID_LIMIT = 1 << 22
"""Linux gives no pid from here on (PID_MAX_LIMIT)."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_TYPES = {
    stat.S_IFREG: FileType.REGULAR,
    stat.S_IFLNK: FileType.LINK,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFSOCK: FileType.SOCKET,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
}

_UNREADABLE = Decoded(None, RegionState.UNREADABLE, None)


def read_regions(directory: Path, *, named: bool) -> tuple[RegionFile, ...]:
    """One look at every candidate in ``directory``, whatever its type, in the order of their ids.

    ``named``: the user named the directory. A default one that does not exist holds no regions.

    Raises:
        InspectError: the directory cannot be listed (6 permission, 2 it does not exist or is none).
    """
    return tuple(look_at(directory, name) for name in list_candidates(directory, named=named))


def list_candidates(directory: Path, *, named: bool) -> tuple[bytes, ...]:
    """The names ``tt_device_*_memory`` in ``directory``: by id, then those without one by their bytes.

    Raises:
        InspectError: as read_regions.
    """
    try:
        with os.scandir(os.fsencode(directory)) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError as error:
        if not named:
            return ()
        raise _refused(directory, "it does not exist") from error
    except NotADirectoryError as error:
        raise _refused(directory, "it is not a directory") from error
    except PermissionError as error:
        raise InspectError(
            f"cannot list {harmless(os.fsencode(directory))}",
            "permission denied",
            "run as a user who may read the directory, or name another one with --shm-dir",
            ExitCode.PERMISSION,
        ) from error
    except OSError as error:
        raise _refused(directory, os.strerror(error.errno) if error.errno else str(error)) from error
    return tuple(sorted(filter(_is_candidate, names), key=_by_id))


def look_at(directory: Path, name: bytes, before: RegionFile | None = None) -> RegionFile:
    """One look at one candidate. What goes wrong with a file is in RegionFile.errno, and is never raised.
    Bytes that equal those of the look before are not decoded again."""
    raw_path = os.path.join(os.fsencode(directory), name)  # noqa: PTH118 (a name of any bytes)
    status, error, content = None, None, None
    try:
        status = os.lstat(raw_path)
        if stat.S_ISREG(status.st_mode):
            status, content = _read(raw_path)
    except OSError as failure:
        error = failure.errno
    if before is not None and before.data is not None and before.data == content:
        decoded = Decoded(before.version, before.state, before.region)
    else:
        decoded = decode(content) if content is not None else _UNREADABLE
    size = None if status is None else status.st_size
    if content is not None:
        # What was read is the newer truth about a file that grows or shrinks meanwhile.
        size = len(content) if len(content) < _read_bytes() else max(len(content), size or 0)
    return RegionFile(
        name=name,
        path=harmless(raw_path),
        file_id=file_id_of(name),
        file_type=None if status is None else _TYPES.get(stat.S_IFMT(status.st_mode), FileType.UNKNOWN),
        size=size,
        mode=None if status is None else stat.S_IMODE(status.st_mode),
        uid=None if status is None else status.st_uid,
        mtime_ns=None if status is None else status.st_mtime_ns,
        errno=error,
        data=content,
        version=decoded.version,
        state=decoded.state,
        region=decoded.region,
        device=None if status is None else status.st_dev,
        inode=None if status is None else status.st_ino,
    )


def file_id_of(name: bytes) -> str | None:
    """The id in a candidate's name as a decimal string; None if it is no number, or not below 2^64."""
    digits = name[len(PREFIX) : -len(SUFFIX)]
    if not digits.isdigit():
        return None
    number = int(digits)
    return str(number) if number < 1 << 64 else None


def _read(raw_path: bytes) -> tuple[os.stat_result, bytes | None]:
    """The status of the open file, and its bytes if it still is a regular one."""
    descriptor = os.open(raw_path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return status, None
        # One call: the kernel copies the whole region with as little in between as can be had.
        return status, os.read(descriptor, _read_bytes())
    finally:
        os.close(descriptor)


def _read_bytes() -> int:
    """How many bytes to read: one more than the largest layout has, which shows that a file is longer."""
    return max(sizes()) + 1


def _is_candidate(name: bytes) -> bool:
    return name.startswith(PREFIX) and name.endswith(SUFFIX) and len(name) >= len(PREFIX) + len(SUFFIX)


def is_test_leftover(file_id: int | None) -> bool:
    """Whether tt-metal's own tests wrote a file of this id: they publish under 0x77 << 56 plus their pid."""
    return file_id is not None and 0 < file_id - TEST_ID_BASE < PID_LIMIT


def _by_id(name: bytes) -> tuple[bool, bool, int, bytes]:
    """The key to sort candidates by: their ids, then files that tt-metal's own tests left behind, then those
    without an id."""
    file_id = file_id_of(name)
    number = None if file_id is None else int(file_id)
    return (number is None, is_test_leftover(number), number or 0, name)


def _refused(directory: Path, why: str) -> InspectError:
    return InspectError(
        f"cannot list {harmless(os.fsencode(directory))}",
        why,
        "name the directory that holds the tt_device_*_memory files with --shm-dir",
        ExitCode.USAGE,
    )
