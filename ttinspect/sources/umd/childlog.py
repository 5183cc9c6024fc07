"""What a child prints: a file in memory of which the start and the end are kept, however much it is.

It is plain text: where the environment has CI, tt-umd 0.9.14 colours its log also in a file.
"""

import os
import re
import sys
import tempfile
from typing import IO

_HEAD_BYTES = 1 << 18
_TAIL_BYTES = 1 << 19
_LIMIT_BYTES = 2 << 20
"""From so many bytes on what is between is let go."""
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class ChildLog:
    """The log of one child, which writes to ``file``."""

    def __init__(self) -> None:
        self.file: IO[bytes] = _memory() if sys.platform == "linux" else tempfile.TemporaryFile()  # noqa: SIM115
        self._head = b""
        self._tail = b""
        self._left_out_bytes = 0
        self._start = 0
        """Where that begins in the file which was not let go."""

    def size(self) -> int:
        """How many bytes were printed."""
        return os.fstat(self.file.fileno()).st_size

    def tail(self, most_bytes: int) -> str:
        """The end of it."""
        size = self.size()
        start = max(size - most_bytes, self._start)
        kept = self._tail + os.pread(self.file.fileno(), size - start, start)
        return _COLOUR.sub(b"", kept[-most_bytes:]).decode("utf-8", "replace")

    def trim(self) -> bool:
        """Let go of what is between start and end, if it is much; whether it was. The child goes on writing
        where it was."""
        size = self.size()
        if size - self._start < _LIMIT_BYTES or sys.platform != "linux":
            return False
        if not self._start:
            self._head = os.pread(self.file.fileno(), _HEAD_BYTES, 0)
        kept = max(self._start, size - _TAIL_BYTES)
        self._tail = os.pread(self.file.fileno(), size - kept, kept)
        self._left_out_bytes = kept - len(self._head)
        _punch(self.file.fileno(), size)
        self._start = size
        return True

    def text(self) -> str:
        """All of it that is kept, with how much is not."""
        self.trim()
        rest = os.pread(self.file.fileno(), max(self.size() - self._start, 0), self._start)
        gap = b"\n[%d bytes left out]\n" % self._left_out_bytes if self._left_out_bytes else b""
        whole = b"".join((self._head, gap, self._tail, rest))
        return _COLOUR.sub(b"", whole).decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Nothing is read from it afterwards."""
        self.file.close()


def _punch(descriptor: int, size_bytes: int) -> None:
    """Free the memory of the start of a file, which stays as long as it is (fallocate(2))."""
    import ctypes

    keep_size, punch_hole = 1, 2
    offset, length = ctypes.c_int64(0), ctypes.c_int64(size_bytes)
    ctypes.CDLL(None).fallocate(ctypes.c_int(descriptor), keep_size | punch_hole, offset, length)


def _memory() -> IO[bytes]:
    """A file for as long as it is open, on a system of which nothing can be written."""
    return os.fdopen(os.memfd_create("ttinspect-log"), "w+b")
