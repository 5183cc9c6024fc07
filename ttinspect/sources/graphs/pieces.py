"""A JSON file of any size in pieces: the values of its top-level keys, one after the other.

ttnn writes reports with two blanks of indentation. A raw newline is never inside a JSON string, so a
newline, the indentation of the first key and a quote is the beginning of a top-level key and nothing else.
What is laid out otherwise is for the whole decoder (``OtherLayoutError``); so is whatever a typed decoder
refuses.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

PIECE_BYTES = 128 * 1024
"""Small enough for the processor's cache: decoding pieces of 1 MiB takes twice as long."""

_FIRST_KEY = re.compile(rb'\s*\{(\n[ \t]*)"')
_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*')


class OtherLayoutError(Exception):
    """The document is not laid out as ttnn does; it may be good JSON all the same."""


class Pieces:
    """A document that is read from its beginning to its end, once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ahead = stream.read(PIECE_BYTES).removeprefix(b"\xef\xbb\xbf")

    @property
    def head(self) -> bytes:
        """The next bytes, without taking them."""
        return self._ahead

    def rest(self) -> Iterator[bytes]:
        """Everything up to the end."""
        while self._ahead:
            piece, self._ahead = self._ahead, b""
            yield piece
            self._ahead = self._stream.read(PIECE_BYTES)

    def members(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The top-level keys of an object, each with the pieces of its value; what the caller leaves of a
        value is passed over.

        Raises:
            OtherLayoutError: the document is not laid out as ttnn does.
        """
        first = _FIRST_KEY.match(self._ahead)
        if first is None:
            raise OtherLayoutError
        lead = first[1] + b'"'
        self._ahead = self._ahead[first.end() - len(lead) :]
        while self._ahead.startswith(lead):
            while len(self._ahead) < PIECE_BYTES and (more := self._stream.read(PIECE_BYTES)):
                self._ahead += more
            key = _KEY.match(self._ahead, len(lead) - 1)
            if key is None:
                raise OtherLayoutError
            self._ahead = self._ahead[key.end() :]
            value = self._value(lead)
            yield key[1].decode("utf-8", "replace"), value
            for _ in value:
                pass

    def _value(self, lead: bytes) -> Iterator[bytes]:
        """The pieces up to the next top-level key or the end of the document."""
        overlap = len(lead) - 1
        while True:
            found = self._ahead.find(lead)
            if found >= 0:
                piece, self._ahead = self._ahead[:found], self._ahead[found:]
                yield piece
                return
            more = self._stream.read(PIECE_BYTES)
            if not more:
                piece, self._ahead = self._ahead, b""
                yield piece.rstrip().removesuffix(b"}")
                return
            piece, self._ahead = self._ahead[:-overlap], self._ahead[-overlap:] + more
            yield piece


def whole(pieces: Iterator[bytes]) -> bytes:
    """A value in one, without the comma after it."""
    return b"".join(pieces).rstrip().removesuffix(b",")


def elements(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A list of objects as a few shorter lists of the same objects: cut where another object begins with the
    same key as the first.

    Raises:
        OtherLayoutError: it is no list of objects.
    """
    marker, carried = b"", b""
    for piece in pieces:
        if not marker:
            carried += piece
            first = re.match(rb'\s*\[\s*(\{\s*"[^"\\]*")', carried)
            if first is None:
                continue
            marker, carried, piece = first[1], b"", carried[first.start(1) :]
        cut = piece.rfind(marker)
        comma = piece.rfind(b",", 0, cut) if cut > 0 else -1
        if comma < 0:
            carried += piece
            continue
        yield b"".join((b"[", carried, memoryview(piece)[:comma], b"]"))
        carried = piece[cut:]
    rest = carried.rstrip().removesuffix(b",").rstrip()
    yield b"[" + rest if marker else rest


def entries(pieces: Iterator[bytes], lead: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys of an object one level down with their values; ``lead`` is what stands before each key, the
    quote included.

    Raises:
        OtherLayoutError: it is laid out otherwise.
    """
    carried = b""
    for piece in pieces:
        carried += piece
        start = carried.find(lead)
        if start < 0:
            continue
        while (following := carried.find(lead, start + 1)) >= 0:
            yield _entry(carried[start:following], lead)
            start = following
        carried = carried[start:]
    rest = carried.rstrip().removesuffix(b",").rstrip()
    if carried.startswith(lead):
        yield _entry(rest.removesuffix(b"}"), lead)
    elif rest != b"{}":
        raise OtherLayoutError


def _entry(text: bytes, lead: bytes) -> tuple[bytes, bytes]:
    key = _KEY.match(text, len(lead) - 1)
    if key is None:
        raise OtherLayoutError
    return key[1], text[key.end() :].rstrip().removesuffix(b",")
