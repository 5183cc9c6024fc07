"""Writing a recording: lines appended to a file, compressed or not, that a crash cuts by one line at most."""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from ttinspect.errors import ExitCode, InspectError, missing_extra
from ttinspect.model.chip import Chip
from ttinspect.model.region import RegionFile
from ttinspect.model.system import OfHost, System
from ttinspect.shm.published import LookedAt, Published
from ttinspect.sources.recording import (
    NOTHING_PUBLISHED,
    Beginning,
    ChipState,
    Moment,
    is_recording,
)
from ttinspect.sources.snapshot import Host, Versions

ZSTD_SUFFIXES = (".zst", ".zstd")
_SYNC_SECONDS = 1.0
_LEVEL = 3
_PIECE_BYTES = 1 << 20
_LAST_BLOCK = b"\x01\x00\x00"
"""Ends a frame without a checksum: a raw block of no bytes, marked as the last one (RFC 8878, 3.1.1.2)."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MODE = 0o600
"""A recording names processes: it is its owner's alone."""


class Recorder:
    """Turns readings into lines: what is as it was in the line before is left out."""

    def __init__(self, host: Host, versions: Versions) -> None:
        self._host, self._versions = host, versions
        self._begun: System | None = None
        self._published = NOTHING_PUBLISHED

    def begin_again(self) -> None:
        """The next line begins a recording: it goes to another file."""
        self._begun, self._published = None, NOTHING_PUBLISHED

    def lines(
        self, system: System, published: Published | None, states: tuple[ChipState, ...], time_ns: int
    ) -> Iterable[Beginning | Moment]:
        """The lines of one reading. ``published`` is None where nobody looked since the reading before."""
        bare = _without_readings(system)
        if self._begun is None or not _same_chips(self._begun, bare):
            self.begin_again()
            self._begun = bare
            yield Beginning(
                source=system.source,
                time_ns=time_ns,
                host=self._host,
                versions=self._versions,
                system=bare,
            )
        reasons = {chip.id: chip.unknown for chip in self._begun.chips}
        changed, unchanged = self._changes(published)
        yield Moment(
            time_ns=time_ns,
            chips=states,
            readings={chip.id: chip.telemetry for chip in system.chips if chip.telemetry is not None},
            unknown={chip.id: chip.unknown for chip in system.chips if chip.unknown != reasons[chip.id]},
            troubles=system.troubles,
            published=changed,
            unchanged=unchanged,
        )

    def _changes(self, published: Published | None) -> tuple[Published | None, tuple[str, ...]]:
        if published is None:
            return None, ()
        before = {region.looks.file.path: region for region in self._published.regions}
        changed, unchanged = [], []
        for region in published.regions:
            known = before.get(region.looks.file.path)
            if known is not None and _same_bytes(known, region):
                unchanged.append(region.looks.file.path)
            else:
                changed.append(_undecoded(region))
        self._published = published
        return msgspec.structs.replace(published, regions=tuple(changed)), tuple(unchanged)


def _without_readings(system: System) -> System:
    chips = tuple(msgspec.structs.replace(chip, telemetry=None) for chip in system.chips)
    return msgspec.structs.replace(system, chips=chips, troubles=(), of_host=OfHost())


def _same_chips(before: System, now: System) -> bool:
    """Whether two Systems without readings differ in reasons only, which a moment has."""
    if len(before.chips) != len(now.chips):
        return False
    same = all(
        a is b or _without_reasons(a) == _without_reasons(b)
        for a, b in zip(before.chips, now.chips, strict=True)
    )
    return same and msgspec.structs.replace(before, chips=()) == msgspec.structs.replace(now, chips=())


def _without_reasons(chip: Chip) -> Chip:
    return msgspec.structs.replace(chip, unknown=())


def _same_bytes(before: LookedAt, now: LookedAt) -> bool:
    return before.looks.file == now.looks.file and before.second == now.second and before.looks == now.looks


def _undecoded(region: LookedAt) -> LookedAt:
    """Without what was made of the bytes: a reader makes it again."""

    def bare(file: RegionFile) -> RegionFile:
        return msgspec.structs.replace(file, region=None)

    looks = msgspec.structs.replace(region.looks, file=bare(region.looks.file))
    return LookedAt(looks=looks, second=None if region.second is None else bare(region.second))


class RecordingFile:
    """A file that lines are appended to. Use as a context manager.

    Each line is written whole and at once; a compressed one ends its block, so that everything up to the last
    line can be read whatever happens. Once a second it is synced. Over ``max_bytes`` the file becomes FILE.1
    (the one before it is replaced) and a new one begins.

    Raises:
        InspectError: 2 for a file that holds something else, or that another recorder has open; 4 without the
            library of a compressed one; 6 without permission.
    """

    def __init__(self, path: str, max_bytes: int | None) -> None:
        self._path, self._max_bytes = Path(path), max_bytes
        self._compress = path.endswith(ZSTD_SUFFIXES)
        if self._compress:
            _zstandard(path)
        self.no_room: InspectError | None = None
        """Why the last line could not be written; None where it was."""
        self._file: BinaryIO
        self._compressor: Any = None
        self._frame_at, self._open_frame = 0, b""
        self._synced = time.monotonic()

    def __enter__(self) -> "RecordingFile":
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._finish()
        except OSError as problem:
            if kind is None:
                raise self._unwritable(problem) from None

    def append(self, line: Beginning | Moment) -> bool:
        """Write a line; False where there is no room for it: nothing of it is there then, and the next line
        must begin the recording again.

        Raises:
            InspectError: 2 or 6 when it cannot be written for another reason.
        """
        text = msgspec.json.encode(line) + b"\n"
        end = self._file.tell()
        try:
            if self._compressor is not None:
                text = self._open_frame + self._compressor.compress(text)
                text += self._compressor.flush(_zstandard("").COMPRESSOBJ_FLUSH_BLOCK)
            self._write(text)
            self._open_frame = b""
            if time.monotonic() - self._synced >= _SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise self._unwritable(error) from None
            self._take_back(end)
            self.no_room = self._unwritable(error)
            return False
        self.no_room = None
        return True

    def _take_back(self, end: int) -> None:
        """What was written of a line for which there was no room. The frame that it should have gone on is
        ended before the next line, in a frame of its own."""
        self._file.truncate(end)
        self._file.seek(end)
        if self._compressor is not None:
            if end > self._frame_at:
                self._open_frame = _LAST_BLOCK
            self._begin_frame(end + len(self._open_frame))

    def _begin_frame(self, at: int) -> None:
        self._frame_at = at
        self._compressor = _zstandard("").ZstdCompressor(level=_LEVEL).compressobj()

    def rotate_if_full(self) -> bool:
        """Begin a new file where this one is full; whether it did."""
        if self._max_bytes is None or self._file.tell() < self._max_bytes:
            return False
        full = self._file
        try:
            self._end_frame()
            os.fsync(full.fileno())
            beside = self._beside()
            try:
                os.link(self._path, beside)
            except OSError:  # a file system without links: for an instant the name is free
                self._path.replace(f"{self._path}.1")
                self._open()
            else:
                beside.replace(f"{self._path}.1")
                self._file = self._fresh_file()
                if self._compress:
                    self._begin_frame(0)
            full.close()  # until now it is locked
        except OSError as error:
            raise self._unwritable(error) from None
        return True

    def _fresh_file(self) -> BinaryIO:
        """An empty file that takes the name of the full one, and is locked before: at no time does another
        recorder find none of this name, and begin one."""
        beside = self._beside()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.fdopen(os.open(beside, flags, _MODE), "r+b", buffering=0)
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            beside.replace(self._path)
        except BaseException:
            file.close()
            beside.unlink(missing_ok=True)
            raise
        return file

    def _beside(self) -> Path:
        return self._path.with_name(f".{self._path.name}.{os.getpid()}")

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        if self._path.is_symlink():
            raise self._no_file("it is a symbolic link")
        try:
            self._file = os.fdopen(os.open(self._path, flags, _MODE), "r+b", buffering=0)
            try:
                if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                    raise self._no_file("it is no regular file")
                self._lock()
                if not self._has_its_name():
                    raise self._in_use()
                self._mend()
            except BaseException:
                self._file.close()
                raise
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise self._unwritable(error) from None
        if self._compress:
            self._begin_frame(self._file.tell())

    def _no_file(self, why: str) -> InspectError:
        return InspectError(
            f"cannot record into {self._path}",
            why,
            "name a regular file, or leave --output out: the lines go to standard output",
        )

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._in_use() from None

    def _has_its_name(self) -> bool:
        """Whether the file is not the full one of a recorder that began the next one since it was opened."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.lstat())
        except FileNotFoundError:
            return False

    def _in_use(self) -> InspectError:
        return InspectError(
            f"cannot record into {self._path}", "another recorder has it open", "name another file"
        )

    def _mend(self) -> None:
        """Of a recording that was cut, what is whole stays, so that it can go on behind that."""
        self._file.seek(0)
        head = self._file.read(256)
        if not head:
            return
        if not is_recording(head) or head.startswith(b"{") is self._compress:
            raise InspectError(
                f"cannot record into {self._path}",
                "it holds something else" if not is_recording(head) else "its suffix says another format",
                "name another file with --output",
            )
        if self._compress:
            self._mend_compressed()
        else:
            self._file.truncate(self._end_of_last_line())

    def _end_of_last_line(self) -> int:
        at = self._file.seek(0, os.SEEK_END)
        while at > 0:
            start = max(0, at - _PIECE_BYTES)
            self._file.seek(start)
            newline = self._file.read(at - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            at = start
        return 0

    def _mend_compressed(self) -> None:
        """A frame that was not ended swallows what comes behind it: what is in it is compressed anew."""
        zstandard = _zstandard("")
        fresh = self._beside()
        try:
            with fresh.open("xb") as copy:
                fresh.chmod(_MODE)
                self._file.seek(0)
                reader = zstandard.ZstdDecompressor().stream_reader(
                    self._file, read_across_frames=True, closefd=False
                )
                rest = b""
                with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(copy, closefd=False) as writer:
                    while piece := reader.read1(_PIECE_BYTES):
                        whole, newline, rest = (rest + piece).rpartition(b"\n")
                        writer.write(whole + newline)
                copy.flush()
                os.fsync(copy.fileno())
            fresh.replace(self._path)
        except zstandard.ZstdError as error:
            raise InspectError(
                f"cannot record into {self._path}", f"it is damaged: {error}", "name another file"
            ) from None
        finally:
            fresh.unlink(missing_ok=True)
        self._file.close()
        self._file = self._path.open("r+b", buffering=0)
        self._lock()

    def _end_frame(self) -> None:
        if self._compressor is not None:
            self._write(self._open_frame or self._compressor.flush())
            self._open_frame, self._compressor = b"", None

    def _finish(self) -> None:
        self._end_frame()
        os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[self._file.write(view) :]

    def _unwritable(self, error: OSError) -> InspectError:
        code = ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.USAGE
        return InspectError(
            f"cannot record into {self._path}",
            (error.strerror or str(error)).lower(),
            "name another file with --output",
            code,
        )


def _zstandard(path: str) -> Any:
    try:
        import zstandard
    except ModuleNotFoundError:
        raise missing_extra(f"recording into {path}", "zstandard", "fleet") from None
    return zstandard
