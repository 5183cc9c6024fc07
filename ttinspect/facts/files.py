"""Reading a file that a user named: regular, bounded in size, never blocking."""

import contextlib
import errno
import os
import select
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from ttinspect.errors import ExitCode, InspectError

YAML_LIMIT_BYTES = 16 * 1024 * 1024
JSON_LIMIT_BYTES = 64 * 1024 * 1024
_MIB = 1024 * 1024
_HEAD_BYTES = 65_536
_READ_BYTES = 1 << 20

ZSTD = b"\x28\xb5\x2f\xfd"
"""What a zstd frame begins with (RFC 8878, 3.1.1)."""
GZIP, XZ, BZIP2 = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh"
PACKED = (ZSTD, GZIP, XZ, BZIP2)
"""What files that are packed begin with."""
RECORDING = b'{"schema":"ttinspect.recording.v1"'
"""What a recording that is not compressed begins with."""


def data_directory() -> Path:
    """The folder soc_descriptors/: beside the package in a checkout or an editable install, inside
    it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "soc_descriptors"
    return inside if inside.is_dir() else package.parent / "soc_descriptors"


def looks_like_json(head: bytes) -> bool:
    """Whether a document is JSON by its first bytes; lines such as tt-smi's "Gathering ..." may
    stand before the opening brace."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith((b"{", b"[")) or b"\n{" in head


def _too_large(name: str, limit: int) -> InspectError:
    kind = "JSON" if limit == JSON_LIMIT_BYTES else "YAML"
    return InspectError(
        f"cannot read {name}",
        f"it is larger than {limit // _MIB} MiB, the limit for {kind}",
        "name a cluster descriptor, a tt-smi -s document or a snapshot",
    )


def os_error(name: str, error: OSError) -> InspectError:
    """The InspectError of a file that the system would not give us."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return InspectError(
            f"cannot read {name}", "permission denied", "run as a user who may read it", ExitCode.PERMISSION
        )
    reason = (error.strerror or str(error)).lower()
    return InspectError(f"cannot read {name}", reason, "check the path")


def readable(path: str) -> str:
    r"""A path as text that can be written anywhere: bytes that are no UTF-8 as ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def document_name(path: str) -> str:
    """What a document is called in a sentence."""
    return "standard input" if path == "-" else path


def open_regular(path: str) -> BinaryIO:
    """A regular file, open for reading; nothing else is waited for.

    Raises:
        InspectError: 2 for a missing file or anything but a regular file, 6 for one that may not be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        mode = os.fstat(fd).st_mode
    except ValueError:
        raise InspectError("cannot read a file", "its name holds a NUL byte", "check the path") from None
    except OSError as error:
        raise os_error(path, error) from None
    if not stat.S_ISREG(mode):
        os.close(fd)
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise InspectError(f"cannot read {path}", f"it is {what}", "name a file, or - to read standard input")
    return os.fdopen(fd, "rb")


def read_document(path: str) -> bytes:
    """The bytes of a regular file, or of standard input for "-".

    Raises:
        InspectError: 2 for a missing file, anything but a regular file, or one over the size limit
            of its kind (decided by its first bytes and refused before the rest is read); 6 for a
            file that may not be read.
    """
    if path == "-":
        return _read_stdin()
    file = open_regular(path)
    try:
        return _read_bounded(file.fileno(), path, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise os_error(path, error) from None
    finally:
        with contextlib.suppress(OSError):  # what was read is whole, whatever a file system says afterwards
            file.close()


def _read_stdin() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise InspectError("cannot read standard input", "it is closed", "pipe a document into ttinspect")
    try:
        return _read_bounded(sys.stdin.fileno(), "standard input", 0)
    except OSError as error:
        raise os_error("standard input", error) from None


def _read_bounded(fd: int, name: str, size: int) -> bytes:
    """All that a descriptor gives, up to the limit of its kind; one that would block is waited for."""
    parts: list[bytes] = []
    count, limit = 0, None
    while True:
        try:
            piece = os.read(fd, _READ_BYTES)
        except BlockingIOError:
            select.select([fd], [], [])
            continue
        parts.append(piece)
        count += len(piece)
        if limit is None and (count >= _HEAD_BYTES or not piece):
            parts = [b"".join(parts)]
            limit = JSON_LIMIT_BYTES if looks_like_json(parts[0][:_HEAD_BYTES]) else YAML_LIMIT_BYTES
        if limit is not None and max(count, size) > limit:
            raise _too_large(name, limit)
        if not piece:
            return b"".join(parts)
