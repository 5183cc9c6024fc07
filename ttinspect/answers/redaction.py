"""A snapshot without names and serials: what identifies a chip, host or process is replaced by a pseudonym.

The same id has the same pseudonym everywhere and in every snapshot, so that regions still match chips and
two redacted snapshots still compare. A pseudonym cannot be turned back, but whoever already knows an id can
recognise it. Board ids keep their product code. Numbers below 2^16 are no serials but device ids, and stay.
"""

import hashlib
import struct

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.process import Process, ProcessTable
from ttinspect.model.region import RegionFile
from ttinspect.model.system import Source, System
from ttinspect.shm.decode import decoded_again
from ttinspect.shm.layout import LAYOUTS, NAME_BYTES, Layout, slots_in
from ttinspect.shm.published import LookedAt, Published
from ttinspect.shm.reader import PREFIX, SUFFIX
from ttinspect.sources.snapshot import Host, Snapshot
from ttinspect.verify.matching import is_test_leftover

_LEAST_SERIAL = 1 << 16
_SERIAL_BITS = 36
"""Below the product code of a board id."""

_COMM_BYTES = 15
"""So much of a process name the kernel keeps: names that agree so far must still agree."""

_UNIQUE_ID = 1 << 62


def redacted(snapshot: Snapshot) -> Snapshot:
    """The same snapshot without host name, folders, process names, command lines, and real ids. One that is
    redacted already stays as it is."""
    if snapshot.redacted:
        return snapshot
    ids = _Ids(snapshot)
    return msgspec.structs.replace(
        snapshot,
        source=_source(snapshot.source),
        host=Host(name=None),
        redacted=True,
        system=_system(snapshot.system, ids),
        published=_published(snapshot.published, ids),
    )


class _Ids:
    """The ids of a snapshot, and their pseudonyms."""

    def __init__(self, snapshot: Snapshot) -> None:
        chips = snapshot.system.chips
        self._boards = {int(chip.board_id) for chip in chips if chip.board_id is not None}
        self._uniques = {int(chip.unique_id) for chip in chips if chip.unique_id is not None}
        self._uniques |= {int(link.remote_unique_id) for link in snapshot.system.remote_links}
        for looked in snapshot.published.regions:
            region = looked.looks.file.region
            if region is not None:
                self._boards.add(int(region.header.board_serial))
                if region.version > 1:
                    self._uniques.add(int(region.header.asic_id))

    def board(self, number: int) -> int:
        """A board id: the product code above, a pseudonym below."""
        if number < _LEAST_SERIAL:
            return number
        product = number >> _SERIAL_BITS << _SERIAL_BITS
        return product | _hashed(b"board", str(number)) & (1 << _SERIAL_BITS) - 1 | _LEAST_SERIAL

    def unique(self, number: int) -> int:
        """A unique id."""
        if number < _LEAST_SERIAL or is_test_leftover(number):
            return number
        return _UNIQUE_ID | _hashed(b"unique", str(number)) & _UNIQUE_ID - 1

    def file(self, number: int) -> int:
        """The id in a file's name: a unique id, or in v1 a board id with the place of the chip on it."""
        if number >> 8 in self._boards:
            return self.board(number >> 8) << 8 | number & 0xFF
        return self.unique(number)

    def sentence(self, text: str) -> str:
        """A sentence with the pseudonyms of all ids in it."""
        for numbers, pseudonym in ((self._uniques, self.unique), (self._boards, self.board)):
            for number in numbers:
                if number >= _LEAST_SERIAL:
                    hidden = pseudonym(number)
                    text = text.replace(str(number), str(hidden)).replace(f"{number:x}", f"{hidden:x}")
        return text


def _hashed(kind: bytes, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=kind).digest(), "big")


def _name(text: str) -> str:
    """The pseudonym of a process name; none where there is no name."""
    return f"process-{_hashed(b'name', text[:_COMM_BYTES]) & 0xFFFFFF:06x}" if text else ""


def _source(source: Source) -> Source:
    return msgspec.structs.replace(source, detail=source.detail.rpartition("/")[2])


def _system(system: System, ids: _Ids) -> System:
    return msgspec.structs.replace(
        system,
        source=_source(system.source),
        chips=tuple(_chip(chip, ids) for chip in system.chips),
        remote_links=tuple(
            msgspec.structs.replace(link, remote_unique_id=str(ids.unique(int(link.remote_unique_id))))
            for link in system.remote_links
        ),
        warnings=tuple(map(ids.sentence, system.warnings)),
        troubles=tuple(
            msgspec.structs.replace(trouble, why=ids.sentence(trouble.why)) for trouble in system.troubles
        ),
    )


def _chip(chip: Chip, ids: _Ids) -> Chip:
    return msgspec.structs.replace(
        chip,
        board_id=None if chip.board_id is None else str(ids.board(int(chip.board_id))),
        unique_id=None if chip.unique_id is None else str(ids.unique(int(chip.unique_id))),
        unknown=tuple(msgspec.structs.replace(one, why=ids.sentence(one.why)) for one in chip.unknown),
    )


def _published(published: Published, ids: _Ids) -> Published:
    return msgspec.structs.replace(
        published,
        regions=tuple(
            LookedAt(
                looks=msgspec.structs.replace(looked.looks, file=_file(looked.looks.file, ids)),
                second=None if looked.second is None else _file(looked.second, ids),
            )
            for looked in published.regions
        ),
        processes=ProcessTable(
            found={pid: _process(process) for pid, process in published.processes.found.items()},
            unknowable=published.processes.unknowable,
        ),
    )


def _process(process: Process) -> Process:
    return msgspec.structs.replace(process, comm=_name(process.comm), command_line=None)


def _file(file: RegionFile, ids: _Ids) -> RegionFile:
    """A file of the same type, size and state, named after the pseudonym."""
    file_id = None if file.file_id is None else str(ids.file(int(file.file_id)))
    middle = _name(file.name.decode("utf-8", "replace")) if file_id is None else file_id
    name = PREFIX + middle.encode() + SUFFIX
    return decoded_again(
        msgspec.structs.replace(
            file,
            name=name,
            path=name.decode(),
            file_id=file_id,
            data=None if file.data is None else _data(file, ids),
        )
    )


def _data(file: RegionFile, ids: _Ids) -> bytes:
    """The bytes with pseudonyms in them; of what is no region only the version."""
    data = file.data or b""
    region = file.region
    if region is None:
        return data[:4] + bytes(len(data) - len(data[:4]))
    layout = LAYOUTS[region.version]
    patched = bytearray(data[: layout.size]) + bytes(max(len(data) - layout.size, 0))
    header = {field.name: field for field in layout.header}
    serial, asic_id = int(region.header.board_serial), int(region.header.asic_id)
    _put(patched, header["board_serial"].offset, ids.board(serial))
    # in v1 it is the place of the chip on its board
    _put(patched, header["asic_id"].offset, asic_id if region.version == 1 else ids.unique(asic_id))
    names = {slot.index: _name(slot.name).encode() for slot in region.slots}
    for index in range(slots_in(layout, len(data)) or 0):
        at = _name_offset(layout, index)
        patched[at : at + NAME_BYTES] = names.get(index, b"").ljust(NAME_BYTES, b"\0")
    return bytes(patched[: len(data)])


def _put(data: bytearray, offset: int, number: int) -> None:
    struct.pack_into("<Q", data, offset, number)


def _name_offset(layout: Layout, index: int) -> int:
    (name,) = (field for field in layout.slots.fields if field.name == "name")
    return layout.slots.offset + index * layout.slots.stride + name.offset
