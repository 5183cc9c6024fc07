"""Recordings: telemetry, memory, holders and findings over time, one JSON line each; and reading one.

A line is a Beginning (what does not change: chips, versions, why something is unknown) or a Moment. Another
Beginning comes where the chips are others, or where a recording was continued. A file may be compressed
(zstd); its end may be cut.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from ttinspect.errors import InspectError, missing_extra
from ttinspect.facts.files import RECORDING, ZSTD, document_name, open_regular, os_error
from ttinspect.model.chip import Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.process import ProcessTable
from ttinspect.model.system import Source, SourceKind, System, Trouble
from ttinspect.model.telemetry import Telemetry
from ttinspect.model.tool import TOOL, Tool
from ttinspect.shm.published import Published
from ttinspect.sources.checking import checked
from ttinspect.sources.snapshot import Host, Snapshot, Versions, decoded

LONGEST_LINE_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 1 << 20
_LONGEST_PAUSE_SECONDS = 5.0
_HINT = "record it again, or name another file"


class Beginning(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.recording.v1"):
    """What the moments behind it have in common: the chips without their readings, where and when it began.
    Reasons why something is unknown stand here once."""

    tool: Tool = TOOL
    source: Source
    time_ns: int
    host: Host
    versions: Versions
    system: System


class ChipState(msgspec.Struct, frozen=True, kw_only=True):
    """What people look for in a moment, worked out: bytes in use (None: unknown), pids that hold the chip
    (None: not known), what was found about it. A replay reads none of it: it works it out anew."""

    id: int
    l1_used_bytes: int | None
    dram_used_bytes: int | None
    holders: tuple[int, ...] | None
    findings: tuple[Finding, ...]


class Moment(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.moment.v1"):
    """One reading. ``readings`` are by chip id; a chip that gave none is not among them. ``unknown`` are the
    reasons of chips where they are others than in the Beginning.

    ``published`` is what tt-metal published, with the regions' bytes (not decoded); of its regions only those
    that changed, and ``unchanged`` how the others are called. None: nobody looked again since the moment
    before.
    """

    time_ns: int
    chips: tuple[ChipState, ...] = ()
    readings: dict[int, Telemetry] = {}
    unknown: dict[int, tuple[Unknown, ...]] = {}
    troubles: tuple[Trouble, ...] = ()
    published: Published | None = None
    unchanged: tuple[str, ...] = ()


def first_bytes(path: str) -> bytes:
    """What a file begins with once it is unpacked.

    Raises:
        InspectError: 2 or 6 for a file that cannot be read, 4 for one in zstd without zstandard.
    """
    name = document_name(path)
    try:
        with open_regular(path) as file:
            return next(_pieces(file, file.read(len(ZSTD)), name), b"")
    except OSError as error:
        raise os_error(name, error) from None


def is_recording(head: bytes) -> bool:
    """Whether a document is a recording, by its first bytes."""
    return head.startswith((ZSTD, RECORDING))


NOTHING_PUBLISHED = Published(
    regions=(),
    processes=ProcessTable(found={}, unknowable=frozenset()),
    openers=None,
    now_realtime_ns=0,
    now_monotonic_ns=0,
)


class Replay:
    """Puts the moments of a recording together again, one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun: Beginning | None = None
        self._published = NOTHING_PUBLISHED

    def snapshot(self, line: bytes, number: int) -> Snapshot | None:
        """What a line says of the host at its time; None for a line with which a recording begins.

        Raises:
            InspectError: 2 for a line that is none of a recording.
        """
        where = f"{self._name}, line {number}"
        try:
            entry = msgspec.json.decode(line, type=Beginning | Moment)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise InspectError(where, "it is no line of a recording", _HINT) from None
        if isinstance(entry, Beginning):
            self._begun, self._published = entry, NOTHING_PUBLISHED
            checked(entry.system, where)
            return None
        if self._begun is None:
            raise InspectError(where, "a moment stands before the recording begins", _HINT)
        return self._at(self._begun, entry)

    def _at(self, begun: Beginning, moment: Moment) -> Snapshot:
        chips = tuple(
            msgspec.structs.replace(
                chip,
                telemetry=moment.readings.get(chip.id),
                unknown=moment.unknown.get(chip.id, chip.unknown),
            )
            for chip in begun.system.chips
        )
        if moment.published is not None:
            self._published = _completed(self._published, moment)
        published = msgspec.structs.replace(
            self._published,
            now_realtime_ns=moment.time_ns,
            now_monotonic_ns=self._published.now_monotonic_ns
            + (moment.time_ns - (self._published.now_realtime_ns or moment.time_ns)),
        )
        system = msgspec.structs.replace(begun.system, chips=chips, troubles=moment.troubles)
        return Snapshot(
            source=begun.source,
            time_ns=moment.time_ns,
            host=begun.host,
            versions=begun.versions,
            system=checked(system, self._name),
            published=published,
        )


def _completed(before: Published, moment: Moment) -> Published:
    """What was published, with the regions that did not change."""
    now = moment.published
    if now is None:
        return before
    known_regions = {region.looks.file.path: region for region in before.regions}
    regions = [known_regions[path] for path in moment.unchanged if path in known_regions]
    regions += [decoded(region) for region in now.regions]
    ordered = sorted(regions, key=lambda region: region.looks.file.name)
    return msgspec.structs.replace(now, regions=tuple(ordered))


def replay(path: str) -> Iterator[Snapshot]:
    """Every moment of a recording in order, as the snapshot that it stands for; ``-`` is standard input. A
    last line that was cut is left out.

    Raises:
        InspectError: 2 for a file that is no recording, 4 for a compressed one without the library, 6
            without permission.
    """
    name = document_name(path)
    replayed = Replay(name)
    with _open(path) as file:
        for number, line in enumerate(_lines(file, name), 1):
            snapshot = replayed.snapshot(line, number)
            if snapshot is not None:
                yield snapshot


def last_moment(path: str) -> Snapshot:
    """The last moment of a recording.

    Raises:
        InspectError: as replay; 2 too where it holds none.
    """
    snapshot = None
    for snapshot in replay(path):  # noqa: B007 - the last one counts
        pass
    if snapshot is None:
        raise InspectError(document_name(path), "the recording has no moment yet", _HINT)
    return snapshot


def pause_seconds(before: Snapshot, now: Snapshot) -> float:
    """How long two moments lie apart; a gap in which nothing was recorded is not waited for."""
    return min(max(0, now.time_ns - before.time_ns) / 1e9, _LONGEST_PAUSE_SECONDS)


def recorded_source(snapshot: Snapshot, name: str) -> System:
    """The System of a moment as a source of its own: recorded, not live."""
    system = snapshot.replayed(name)
    source = msgspec.structs.replace(system.source, kind=SourceKind.RECORDING)
    return msgspec.structs.replace(system, source=source)


def _open(path: str) -> BinaryIO:
    if path == "-":
        import sys

        return sys.stdin.buffer
    return open_regular(path)


def _lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines that are whole."""
    try:
        head = file.read(len(ZSTD))
        pieces = _pieces(file, head, name)
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            yield from (line for line in whole if line.strip())
            if len(rest) > LONGEST_LINE_BYTES:
                raise InspectError(name, f"a line is longer than {LONGEST_LINE_BYTES >> 20} MiB", _HINT)
    except OSError as error:
        raise os_error(name, error) from None


def _pieces(file: BinaryIO, head: bytes, name: str) -> Iterator[bytes]:
    """The content, piece by piece, of a compressed file too."""
    if head != ZSTD:
        yield head
        while piece := file.read(_PIECE_BYTES):
            yield piece
        return
    try:
        import zstandard
    except ModuleNotFoundError:
        raise missing_extra(name, "zstandard", "fleet") from None
    whole = io.BufferedReader(_Prefixed(head, file))
    reader = zstandard.ZstdDecompressor().stream_reader(whole, read_across_frames=True)
    try:
        while piece := reader.read1(_PIECE_BYTES):
            yield piece
    except zstandard.ZstdError as error:
        raise InspectError(name, f"it is damaged: {error}", _HINT) from None


class _Prefixed(io.RawIOBase):
    """A stream with the bytes before it that were read already."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head, self._file = head, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._head or self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        self._head = b""
        return len(piece)
