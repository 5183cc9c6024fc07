"""Reading a file that a user named: regular, bounded in size, never blocking."""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from ttinspect.errors import ExitCode, InspectError

YAML_LIMIT_BYTES = 16 * 1024 * 1024
JSON_LIMIT_BYTES = 64 * 1024 * 1024
_MIB = 1024 * 1024


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


def spoken(path: str) -> str:
    """What a document is called in a sentence."""
    return "standard input" if path == "-" else path


def open_regular(path: str) -> BinaryIO:
    """A regular file, open for reading; nothing else is waited for.

    Raises:
        InspectError: 2 for a missing file or anything but a regular file, 6 for one that may not be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            raise os_error(path, error) from None
        raise InspectError("cannot read a file", "its name holds a NUL byte", "check the path") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        what = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
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
    with open_regular(path) as file:
        try:
            head = file.read(65536)
            limit = JSON_LIMIT_BYTES if looks_like_json(head) else YAML_LIMIT_BYTES
            if os.fstat(file.fileno()).st_size > limit:
                raise _too_large(path, limit)
            content = head + file.read(limit + 1 - len(head))
        except OSError as error:
            raise os_error(path, error) from None
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def _read_stdin() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise InspectError("cannot read standard input", "it is closed", "pipe a document into ttinspect")
    stream = sys.stdin.buffer
    try:
        head = stream.read(65536)
        limit = JSON_LIMIT_BYTES if looks_like_json(head) else YAML_LIMIT_BYTES
        content = head + stream.read(limit + 1 - len(head))
    except OSError as error:
        raise os_error("standard input", error) from None
    if len(content) > limit:
        raise _too_large("standard input", limit)
    return content
