"""An SHM region as tt-metal published it: one look at its file, and what the bytes say."""

from enum import Enum

import msgspec

EMPTY_CHIP_ID = 0xFFFFFFFF
"""chip_id of a free chip_stats entry from v3 on (and of some v2 writers)."""

FREE_PID = 0
RELEASING_PID = -1
"""A slot that is being released: occupied, and nobody's."""


class RegionState(str, Enum):
    """How far a region is initialised, as far as its own bytes tell.

    ``empty``: the file has 0 bytes. ``uninitialized``: version 0, or an init_state of 0. ``initializing``:
    an init_state of 1, or timestamp 0 before v4, which has none. ``ready``: neither. ``unknown``: a version
    without a Layout, too few bytes for the version, or an init_state that is none of the three.
    ``unreadable``: not a regular file, or it could not be opened or read.
    """

    EMPTY = "empty"
    UNINITIALIZED = "uninitialized"
    INITIALIZING = "initializing"
    READY = "ready"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


Figures = dict[str, int | None]
"""Published bytes by the name of the counter, raw u64 (2^63 and above is an underflow): those of the region's
version, a new one under its own name. None: a counter that other versions have (``kernel`` is v1's alone)."""


class ChipEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of chip_stats that is not empty, with its index in the table of 16."""

    index: int
    chip_id: int
    is_remote: int
    figures: Figures


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the process table that is occupied or holds bytes, with its index in the table of 64.

    ``pid`` 0 is a free slot (here only because bytes are left in it), -1 one being released, any other
    value its owner in the writer's pid namespace. ``name`` is harmless to print (shm/names.py).
    ``last_update`` is the raw u64 timestamp, its clock depends on the version.
    """

    index: int
    pid: int
    name: str
    last_update: int
    figures: Figures


class RegionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header fields, raw. ``board_serial`` and ``asic_id`` are decimal strings."""

    version: int
    num_active_processes: int
    last_update: int
    reference_count: int
    board_serial: str
    asic_id: str
    device_id: int


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """One region decoded, of a version that has a Layout.

    ``slots`` are those that are occupied or hold bytes, ``slot_count`` how many the file has (64; 59 where a
    newer runtime shrank a v1 file). ``chips`` are the entries that are not empty, of ``chip_count`` (16):
    empty is, without bytes, chip_id 0xFFFFFFFF, and before v3 also chip_id 0. ``init_state`` is None before
    v4. Both tables are in the order of their index.
    """

    header: RegionHeader
    totals: Figures
    chips: tuple[ChipEntry, ...]
    chip_count: int
    slots: tuple[Slot, ...]
    slot_count: int
    init_state: int | None
    state: RegionState

    @property
    def version(self) -> int:
        """The version of its layout."""
        return self.header.version

    @property
    def occupied(self) -> tuple[Slot, ...]:
        """The slots that count as processes: any pid but 0."""
        return tuple(slot for slot in self.slots if slot.pid != FREE_PID)


class FileType(str, Enum):
    """What lstat says about a candidate."""

    REGULAR = "regular file"
    LINK = "symbolic link"
    DIRECTORY = "directory"
    FIFO = "FIFO"
    SOCKET = "socket"
    CHARACTER_DEVICE = "character device"
    BLOCK_DEVICE = "block device"
    UNKNOWN = "file of unknown type"


class RegionFile(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a candidate file, ``tt_device_*_memory`` in the SHM directory.

    ``name`` is the file's name in the bytes of its directory, ``path`` the whole path harmless to print,
    ``file_id`` the id in the name (decimal string, leading zeros kept out; None if it is no number below
    2^64). ``file_type``, ``size`` (bytes), ``mode`` (permission bits), ``uid`` and ``mtime_ns`` are None
    where not even lstat answered. ``errno`` says why a regular file gave no bytes; ENOENT: it vanished since
    the listing. ``data`` is what was read, at most a little more than the largest layout, and None if nothing
    was; ``size`` is that of the file at the same moment, ``device`` the number of its file system and
    ``inode`` its number there, by which a process that maps it is known. ``version`` is the first word of the
    bytes, None where there are fewer than 4. ``region`` is None where there is nothing to decode; ``state``
    says why.
    """

    name: bytes
    path: str
    file_id: str | None
    file_type: FileType | None
    size: int | None
    mode: int | None
    uid: int | None
    mtime_ns: int | None
    errno: int | None
    data: bytes | None
    version: int | None
    state: RegionState
    region: Region | None
    device: int | None = None
    inode: int | None = None
