"""A snapshot without names and serials: what identifies a chip, host or process is replaced by a pseudonym.

The same id has the same pseudonym everywhere and in every snapshot, so that regions still match chips and
two redacted snapshots still compare. They are hashes without a key: whoever already knows an id can recognise
it, and whoever tries all serials can find one. Board ids keep their product code. Numbers below 2^16 are no
serials but device ids, and stay. Sentences keep their words, without paths, names of processes and ids.
"""

import re
import struct

import msgspec

from ttinspect.answers.pseudonyms import FILES, REMOVED, Pseudonyms
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Evidence
from ttinspect.model.holder import Holders
from ttinspect.model.process import Process, ProcessTable
from ttinspect.model.pseudonyms import board_pseudonym, name_pseudonym
from ttinspect.model.region import RegionFile
from ttinspect.model.system import Recording, Source, System
from ttinspect.shm.decode import decoded_again
from ttinspect.shm.layout import NAME_BYTES, NamedBy, layout_of, slots_in
from ttinspect.shm.published import LookedAt, Published
from ttinspect.shm.reader import PREFIX, SUFFIX
from ttinspect.sources.snapshot import Host, Snapshot

_SOC_FILE = re.compile(r"\bsoc=.*")


def redacted(snapshot: Snapshot) -> Snapshot:
    """The same snapshot without host name, folders, process names, command lines, and real ids. One that is
    redacted already stays as it is."""
    if snapshot.redacted:
        return snapshot
    ids = Pseudonyms(snapshot)
    return msgspec.structs.replace(
        snapshot,
        source=_source(snapshot.source),
        host=Host(name=None, motherboard=snapshot.host.motherboard),
        redacted=True,
        system=_system(snapshot.system, ids),
        published=_published(snapshot.published, ids),
    )


def _source(source: Source) -> Source:
    recorded = source.recorded or None
    if recorded is None:
        return msgspec.structs.replace(source, detail=_detail(source))
    hidden = msgspec.structs.replace(recorded, detail=_detail(recorded), host=None)
    return msgspec.structs.replace(source, detail=_detail(source), recorded=hidden)


def _detail(source: Source | Recording) -> str:
    return "" if source.kind in FILES else _SOC_FILE.sub(f"soc={REMOVED}", source.detail)


def _system(system: System, ids: Pseudonyms) -> System:
    return msgspec.structs.replace(
        system,
        source=_source(system.source),
        of_host=msgspec.structs.replace(system.of_host, host=msgspec.UNSET),
        chips=tuple(_chip(chip, ids) for chip in system.chips),
        remote_links=tuple(
            msgspec.structs.replace(link, remote_unique_id=str(ids.unique(int(link.remote_unique_id))))
            for link in system.remote_links
        ),
        warnings=tuple(map(ids.sentence, system.warnings)),
        notes=tuple(map(ids.sentence, system.notes)),
        evidence={ids.sentence(text): _evidence(values, ids) for text, values in system.evidence.items()},
        troubles=tuple(
            msgspec.structs.replace(trouble, why=ids.sentence(trouble.why)) for trouble in system.troubles
        ),
    )


def _evidence(values: Evidence, ids: Pseudonyms) -> Evidence:
    """Ids are text; numbers count or name devices."""
    return {name: ids.sentence(value) if isinstance(value, str) else value for name, value in values.items()}


def _chip(chip: Chip, ids: Pseudonyms) -> Chip:
    return msgspec.structs.replace(
        chip,
        board_id=None if chip.board_id is None else str(board_pseudonym(int(chip.board_id))),
        unique_id=None if chip.unique_id is None else str(ids.unique(int(chip.unique_id))),
        board_name=None if chip.board_name is None else ids.sentence(chip.board_name),
        unknown=tuple(msgspec.structs.replace(fact, why=ids.sentence(fact.why)) for fact in chip.unknown),
    )


def _published(published: Published, ids: Pseudonyms) -> Published:
    return msgspec.structs.replace(
        published,
        regions=tuple(
            LookedAt(
                looks=msgspec.structs.replace(looked.looks, file=_file(looked.looks.file, ids)),
                second=None if looked.second is None else _file(looked.second, ids),
            )
            for looked in published.regions
        ),
        holders=_holders(published, ids),
        processes=ProcessTable(
            found={pid: _process(process) for pid, process in published.processes.found.items()},
            unknowable=published.processes.unknowable,
        ),
    )


def _holders(published: Published, ids: Pseudonyms) -> Holders | None:
    """The same holders of the files under their new names."""
    if published.holders is None:
        return None
    files = [region.looks.file for region in published.regions]
    renamed = {file.path: _file(file, ids).path for file in files}
    return msgspec.structs.replace(
        published.holders,
        holders=tuple(
            msgspec.structs.replace(
                holder,
                regions=tuple(renamed[path] for path in holder.regions),
                perhaps=tuple(renamed[path] for path in holder.perhaps),
            )
            for holder in published.holders.holders
        ),
    )


def _process(process: Process) -> Process:
    return msgspec.structs.replace(
        process, comm=name_pseudonym(process.comm), user=None, command_line=None, container=None
    )


def _file(file: RegionFile, ids: Pseudonyms) -> RegionFile:
    """A file of the same type, size and state, named after the pseudonym."""
    file_id = None if file.file_id is None else str(ids.file(int(file.file_id)))
    middle = name_pseudonym(file.name.decode("utf-8", "replace")) if file_id is None else file_id
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


def _data(file: RegionFile, ids: Pseudonyms) -> bytes:
    """The fields with pseudonyms in them, zeros between; of what is no region only the version."""
    content = file.data or b""
    region = file.region
    if region is None:
        return content[:4] + bytes(len(content) - len(content[:4]))
    layout = layout_of(region.version)
    patched = bytearray(len(content))
    for at, size in layout.extents():
        patched[at : at + size] = content[at : at + size]
    header = {field.name: field for field in layout.header}
    serial, asic_id = int(region.header.board_serial), int(region.header.asic_id)
    _put(patched, header["board_serial"].offset, board_pseudonym(serial))
    if layout.named_by is NamedBy.UNIQUE_ID:  # else it is the place of the chip on its board
        _put(patched, header["asic_id"].offset, ids.unique(asic_id))
    names = {slot.index: name_pseudonym(slot.name).encode() for slot in region.slots}
    for index in range(slots_in(layout, len(content)) or 0):
        at = layout.name_offset(index)
        patched[at : at + NAME_BYTES] = names.get(index, b"").ljust(NAME_BYTES, b"\0")
    return bytes(patched[: len(content)])


def _put(content: bytearray, offset: int, number: int) -> None:
    struct.pack_into("<Q", content, offset, number)
