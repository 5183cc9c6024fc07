"""Files of sysfs and procfs, small each, that may be missing, unreadable, or hold anything."""

import errno
import os
import re
import stat
from pathlib import Path

_PAGE_BYTES = 4096
"""The kernel gives an attribute one page."""
_MOST_BYTES = 1 << 20
_DECIMAL = re.compile(r"-?[0-9]{1,19}")
_HEXADECIMAL = re.compile(r"(?:0[xX])?[0-9a-fA-F]{1,16}")


def read_file(path: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    """The first ``most_bytes`` bytes of a regular file.

    Raises:
        OSError: as opening and reading it, and for what is no regular file, as a pipe in a copied tree.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        content = b""
        while len(content) < most_bytes and (piece := os.read(descriptor, most_bytes - len(content))):
            content += piece
        return content
    finally:
        os.close(descriptor)


def read_text(path: Path) -> str | None:
    """The text of an attribute without white space around it; None for a file that is not there, cannot be
    read (the driver answers an error while a device is being reset), is empty, or is no printable ASCII."""
    try:
        content = read_file(path, _PAGE_BYTES + 1)
    except OSError:
        return None
    text = content.decode("ascii", "replace").strip()
    return (
        text if text.isascii() and text.isprintable() and 0 < len(content) <= _PAGE_BYTES and text else None
    )


def read_decimal(path: Path) -> int | None:
    """A decimal number, with a sign or without; None as read_text, and for anything else."""
    text = read_text(path)
    return int(text) if text is not None and _DECIMAL.fullmatch(text) else None


def read_hexadecimal(path: Path) -> int | None:
    """A hexadecimal number of at most 64 bits, with 0x or without; None as read_text, and for anything
    else."""
    text = read_text(path)
    return int(text, 16) if text is not None and _HEXADECIMAL.fullmatch(text) else None
