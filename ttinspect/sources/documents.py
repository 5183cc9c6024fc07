"""Documents of many hosts, from folders, files, JSON lines and archives, one after the other.

Documents are read one after the other and none is kept: ten thousand hosts fit. Archives are bounded in the
size of a member, of the whole, and in the number of members; nothing of them is written anywhere.
"""

import io
import itertools
import lzma
import os
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, cast

import msgspec

from ttinspect.errors import ExitCode, InspectError, missing_extra
from ttinspect.facts.files import (
    BZIP2,
    JSON_LIMIT_BYTES,
    PACKED,
    XZ,
    ZSTD,
    os_error,
    read_document,
    readable,
)

SUFFIXES = (".json", ".yaml", ".yml", ".jsonl", ".ndjson")
"""Documents in a folder or an archive; everything else there is passed over."""

MOST_MEMBERS = 200_000
MOST_BYTES = 16 * 1024**3
"""Of one archive, unpacked."""

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
_TAR_MAGIC = slice(257, 262)

Progress = Callable[[int, int | None], None]
"""Told how many documents were read, and how many there are if that is known."""


class Document(msgspec.Struct, frozen=True):
    """One document: what it is called, what stands for its host's name, its bytes, or why there are none.
    ``beside``: it was found in a folder or archive, beside others."""

    file: str
    stem: str
    content: bytes
    why: str | None = None
    beside: bool = False


def documents(paths: Sequence[str], progress: Progress | None = None) -> Iterator[Document]:
    """Every document of what the user named, in the order of names within a folder.

    Raises:
        InspectError: 2 or 6 for a path that is not there or may not be read, 2 for an archive beyond the
            bounds, 4 for a zstd file without zstandard.
    """
    if list(paths).count("-") > 1:
        raise InspectError("fleet - -", "there is one standard input", "name it once")
    files_of_paths = [(path, _files(path)) for path in paths]
    listed = [(path, file, len(files) > 1) for path, files in files_of_paths for file in files]
    total = len(listed) if not any(_is_archive(file) or file == "-" for _, file, _ in listed) else None
    count = 0
    for path, file, beside in listed:
        for document in _documents(file, path, beside):
            yield document
            count += 1
            if progress is not None:
                progress(count, total)


def is_fleet(path: str) -> bool:
    """Whether a path is a folder or an archive, and so of many hosts."""
    return os.path.isdir(path) or _is_archive(path)  # noqa: PTH112 - a NUL byte is no crash here


def _files(path: str) -> list[str]:
    """The documents below a path, or the path itself.

    Raises:
        InspectError: 2 for a path that is not there, or a folder without documents.
    """
    if path == "-" or not os.path.isdir(path):  # noqa: PTH112 - a NUL byte is no crash here
        return [path]
    files = []
    for folder, folders, names in os.walk(path, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            str(Path(folder, name))
            for name in sorted(names)
            if not name.startswith(".") and (_plain_name(name).endswith(SUFFIXES) or _is_archive(name))
        ]
    if not files:
        raise InspectError(
            f"no host in {readable(path)}",
            f"it has no {', '.join(SUFFIXES)} and no archive",
            "name a folder of snapshots, cluster descriptors or tt-smi documents",
            ExitCode.NO_DEVICES,
        )
    return files


def _refuse(error: OSError) -> None:
    raise os_error(readable(str(error.filename)), error) from None


def _plain_name(name: str) -> str:
    return name.lower().removesuffix(".zst").removesuffix(".gz")


def _is_archive(name: str) -> bool:
    return name.lower().endswith(_ARCHIVES)


def _documents(file: str, base: str, beside: bool) -> Iterator[Document]:
    name = readable(file)
    if file == "-":
        yield from _of_stream(sys.stdin.buffer, "standard input", beside)
        return
    if _is_archive(file) or file.lower().endswith((".zst", ".gz")):
        try:
            with open(file, "rb") as stream:  # noqa: PTH123 - a NUL byte is no crash here
                yield from _of_stream(stream, name, beside)
        except OSError as error:
            raise os_error(name, error) from None
        return
    try:
        content = read_document(file)
    except InspectError as error:
        if not os.path.exists(file):  # noqa: PTH110
            raise
        yield Document(name, _stem(file, base), b"", error.why, beside)
        return
    if _is_packed(content):
        yield from _of_stream(io.BytesIO(content), name, beside)
        return
    yield from _lines_or_one(content, name, _stem(file, base), beside)


def _stem(file: str, base: str) -> str:
    """The name of a file without suffixes; of a file that is called the same for every host, its folder."""
    path = PurePosixPath(readable(file))
    stem = path.name
    for suffix in (".zst", ".gz", *SUFFIXES):
        stem = stem.removesuffix(suffix)
    if stem in _SAME_EVERYWHERE and path.parent.name and file != base:
        return path.parent.name
    return stem


_SAME_EVERYWHERE = ("snapshot", "cluster_descriptor", "cluster_desc", "tt-smi", "tt_smi", "today")


def _is_packed(content: bytes) -> bool:
    return content.startswith(PACKED) or content[_TAR_MAGIC] == b"ustar"


def _of_stream(stream: IO[bytes], name: str, beside: bool) -> Iterator[Document]:
    """What a stream holds: an archive, one packed document, JSON lines, or one document."""
    source = _Bounded(stream, name)
    if source.head(len(XZ)).startswith(PACKED):
        source = _Bounded(_opened(source, name), name)
    if source.head(512)[_TAR_MAGIC] == b"ustar":
        yield from _members(source, name)
        return
    yield from _lines(source, name, beside)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream whose first bytes can be looked at, and which gives no more than an archive may hold."""

    def __init__(self, stream: _Readable, name: str) -> None:
        self._stream, self._name = stream, name
        self._ahead = b""
        self._given = 0

    def readable(self) -> bool:
        return True

    def head(self, count: int) -> bytes:
        """The first bytes, which are read again."""
        while len(self._ahead) < count:
            more = self._take(count - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:count]

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; fewer at the end."""
        if size < 0:
            size = JSON_LIMIT_BYTES + 1
        parts, wanted = [self._ahead[:size]], size - len(self._ahead[:size])
        self._ahead = self._ahead[size:]
        while wanted > 0:
            more = self._take(wanted)
            if not more:
                break
            parts.append(more)
            wanted -= len(more)
        return b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        """For readers of lines."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> bytes:
        try:
            more = self._stream.read(size)
        except _BROKEN as error:
            raise InspectError(self._name, f"it cannot be unpacked: {error}", "pack it again") from None
        self._given += len(more)
        if self._given > MOST_BYTES:
            raise InspectError(
                self._name, f"it holds more than {MOST_BYTES // 1024**3} GiB", "name its parts one by one"
            )
        return more


def _unpacked(stream: Any, name: str) -> _Readable:
    try:
        import zstandard
    except ModuleNotFoundError:
        raise missing_extra(f"{name}, which is packed with zstd,", "zstandard", "fleet") from None

    class Reader:
        """zstandard's own errors are none of the system's."""

        def __init__(self) -> None:
            self._inner = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)

        def read(self, size: int) -> bytes:
            try:
                return bytes(self._inner.read(size))
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from None

    return Reader()


def unpacked_document(content: bytes, name: str) -> bytes:
    """The one document in bytes that are packed.

    Raises:
        InspectError: 2 for several of them, or what cannot be unpacked; 4 for zstd without zstandard.
    """
    inside = list(itertools.islice(_of_stream(io.BytesIO(content), name, beside=False), 2))
    if len(inside) > 1:
        raise InspectError(name, "it holds several documents", f"unpack one, or ttinspect fleet {name}")
    if not inside or not (inside[0].content or inside[0].why):
        raise InspectError(name, "no document can be unpacked from it", "pack it again")
    if inside[0].why is not None:
        raise InspectError(
            name, inside[0].why, "name a cluster descriptor, a tt-smi -s document or a snapshot"
        )
    return inside[0].content


def _members(stream: _Bounded, name: str) -> Iterator[Document]:
    count = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                count += 1
                if count > MOST_MEMBERS:
                    raise InspectError(name, f"it has more than {MOST_MEMBERS:,} members", "name its parts")
                path = PurePosixPath(member.name)
                if (
                    not member.isfile()
                    or path.name.startswith(".")
                    or not _plain_name(path.name).endswith(SUFFIXES)
                ):
                    continue
                yield from _member(archive, member, name)
    except tarfile.TarError as error:
        raise InspectError(name, f"it is no whole tar archive: {error}", "pack it again") from None


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> Iterator[Document]:
    inside = readable(f"{name}:{member.name}")
    stem = _stem(member.name, "")
    if member.name.startswith("/") or ".." in PurePosixPath(member.name).parts:
        yield Document(inside, stem, b"", "its path leads out of the archive", True)
        return
    if member.size > JSON_LIMIT_BYTES:
        yield Document(inside, stem, b"", f"it is larger than {JSON_LIMIT_BYTES // 1024**2} MiB", True)
        return
    file = archive.extractfile(member)
    content = b"" if file is None else file.read()
    if content.startswith(PACKED):
        packed = _Bounded(io.BytesIO(content), inside)
        yield from _lines(_Bounded(_opened(packed, inside), inside), inside, True, stem)
        return
    yield from _lines_or_one(content, inside, stem, True)


def _opened(packed: _Bounded, name: str) -> _Readable:
    """What is packed in a stream, by its first bytes."""
    head = packed.head(len(XZ))
    if head.startswith(ZSTD):
        return _unpacked(packed, name)
    if head.startswith(XZ):
        return lzma.LZMAFile(cast("IO[bytes]", packed))
    if head.startswith(BZIP2):
        import bz2

        return bz2.BZ2File(packed)
    import gzip

    return gzip.GzipFile(fileobj=packed)


def _lines(stream: _Bounded, name: str, beside: bool, stem: str | None = None) -> Iterator[Document]:
    """JSON lines as they come, or one document."""
    stem = stem or _stem(name, name)
    buffered = io.BufferedReader(stream, 1024 * 1024)
    first = buffered.readline(JSON_LIMIT_BYTES + 1)
    if not _is_whole_object(first):
        content = first + buffered.read(JSON_LIMIT_BYTES + 1 - len(first))
        yield _bounded(content, name, stem, beside)
        return
    number, line = 1, first
    second = buffered.readline(JSON_LIMIT_BYTES + 1)
    if not second.strip():
        yield _bounded(first, name, stem, beside)
        return
    while line:
        if line.strip():
            yield _bounded(line, f"{name}, line {number}", f"{stem} line {number}", beside)
        line, second = second, buffered.readline(JSON_LIMIT_BYTES + 1)
        number += 1


def _bounded(content: bytes, name: str, stem: str, beside: bool) -> Document:
    if len(content) > JSON_LIMIT_BYTES:
        return Document(name, stem, b"", f"it is larger than {JSON_LIMIT_BYTES // 1024**2} MiB", beside)
    return Document(name, stem, content, None, beside)


def _is_whole_object(line: bytes) -> bool:
    text = line.strip()
    return text.startswith(b"{") and text.endswith(b"}") and b'"' in text


def _lines_or_one(content: bytes, name: str, stem: str, beside: bool) -> Iterator[Document]:
    head, newline, rest = content.partition(b"\n")
    if newline and _is_whole_object(head) and rest.strip():
        for number, line in enumerate(content.split(b"\n"), 1):
            if line.strip():
                yield Document(f"{name}, line {number}", f"{stem} line {number}", line, None, beside)
        return
    yield Document(name, stem, content, None, beside)
