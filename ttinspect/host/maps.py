"""Which files a process maps and shares with others: regions, and the windows of a device.

From Linux 6.11 on the kernel is asked for these mappings alone (PROCMAP_QUERY of linux/fs.h); before that,
and in a tree of files, the text of PROC/PID/maps tells. A region that is attached and a window of a device
are shared mappings always; what is mapped privately, as programs and libraries are, is left out.
"""

import ctypes
import errno
import fcntl
import os
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(rb"^\S+ ...s \S+ ([0-9a-f]+):([0-9a-f]+) ([0-9]+) +(\S.*)$")
_PIECE_BYTES = 1 << 16

_QUERY = struct.Struct("=9Q4I2Q")
"""struct procmap_query: size, query_flags, query_addr, vma_start, vma_end, vma_flags, vma_page_size,
vma_offset, inode; dev_major, dev_minor, vma_name_size, build_id_size; vma_name_addr, build_id_addr."""
_ADDRESS = struct.Struct("=Q")
_ADDRESS_AT = 16
_FOUND = struct.Struct("=Q24xQ3I")
"""vma_end, inode, dev_major, dev_minor, vma_name_size."""
_FOUND_AT = 32
_PROCMAP_QUERY = 3 << 30 | _QUERY.size << 16 | ord("f") << 8 | 17
_SHARED, _COVERING_OR_NEXT, _FILE_BACKED = 0x08, 0x10, 0x20
_FLAGS = _SHARED | _COVERING_OR_NEXT | _FILE_BACKED
_LONGEST_NAME = 4096
_NO_MORE = (errno.ENOENT, errno.ESRCH)
"""No such mapping behind the address; a process that has ended, or a thread of the kernel."""
_UNKNOWN_QUESTION = (errno.ENOTTY, errno.EINVAL, errno.ENOSYS)


class SharedFile(NamedTuple):
    """A file that a process maps: the number of its file system, its inode, and how it was called."""

    major: int
    minor: int
    inode: int
    name: bytes


class MapsReader:
    """Looks into one process after the other; ``asks``: of the kernel's own procfs, where it can be asked."""

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks
        self._name = ctypes.create_string_buffer(_LONGEST_NAME)
        address = ctypes.addressof(self._name)
        self._question = _QUERY.pack(_QUERY.size, _FLAGS, *[0] * 9, _LONGEST_NAME, 0, address, 0)
        self._answer = bytearray(_QUERY.size)

    def shared_files(self, path: bytes) -> list[SharedFile]:
        """What the process with these maps shares.

        Raises:
            OSError: as opening and reading the file.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if self._asks:
                try:
                    return self._asked(descriptor)
                except OSError as error:  # the text tells in any case
                    self._asks = error.errno not in _UNKNOWN_QUESTION
            return list(_read(descriptor))
        finally:
            os.close(descriptor)

    def _asked(self, descriptor: int) -> list[SharedFile]:
        files: list[SharedFile] = []
        answer = self._answer
        answer[:] = self._question
        try:
            while True:
                fcntl.ioctl(descriptor, _PROCMAP_QUERY, answer)
                end, inode, major, minor, name_bytes = _FOUND.unpack_from(answer, _FOUND_AT)
                name = ctypes.string_at(self._name, max(name_bytes - 1, 0))
                files.append(SharedFile(major, minor, inode, name))
                answer[:] = self._question
                _ADDRESS.pack_into(answer, _ADDRESS_AT, end)
        except OSError as error:
            if error.errno in _NO_MORE:
                return files
            raise


def _read(descriptor: int) -> Iterator[SharedFile]:
    pieces = [os.read(descriptor, _PIECE_BYTES)]
    while pieces[-1]:
        pieces.append(os.read(descriptor, _PIECE_BYTES))
    text = b"".join(pieces)
    for line in text.split(b"\n") if b"s " in text else ():
        if match := _LINE.match(line):
            yield SharedFile(int(match[1], 16), int(match[2], 16), int(match[3]), match[4])
