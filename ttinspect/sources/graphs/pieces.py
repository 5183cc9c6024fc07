"""A JSON file of any size in pieces: the values of its top-level keys, one after the other.

ttnn writes reports with two blanks of indentation. A raw newline is never inside a JSON string, so a
newline, the indentation of the first key and a quote is the beginning of a top-level key and nothing else.
In a document on one line a quote is never bare inside a string: where a value closes as it opened, a comma
follows, and then one of the keys that a report has, the next value begins. What is laid out otherwise is for
the whole decoder (``OtherLayoutError``); so is whatever a typed decoder refuses.
"""

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO

PIECE_BYTES = 128 * 1024
"""Small enough for the processor's cache: decoding pieces of 1 MiB takes twice as long."""

_FIRST_KEY = re.compile(rb'\s*\{(\s*)"[^"\\]*"\s*:([ \t]?)')
_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*')
_LONGEST_NAME_BYTES = 64
"""With the colon behind it."""


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

    def members(self, names: Collection[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The top-level keys of an object, each with the pieces of its value; what the caller leaves of a
        value is passed over. On one line only keys with these names are seen as such.

        Raises:
            OtherLayoutError: the document is laid out otherwise.
        """
        first = _FIRST_KEY.match(self._ahead)
        if first is None:
            raise OtherLayoutError
        lines = b"\n" in first[1]
        lead = first[1] + b'"' if lines else b"," + first[2] + b'"'
        self._ahead = lead + self._ahead[first.end(1) + 1 :]
        while self._ahead.startswith(lead):
            while len(self._ahead) < PIECE_BYTES and (more := self._stream.read(PIECE_BYTES)):
                self._ahead += more
            key = _KEY.match(self._ahead, len(lead) - 1)
            if key is None:
                raise OtherLayoutError
            self._ahead = self._ahead[key.end() :]
            value = self._value(lead, b"", ()) if lines else self._value(lead, _closing(self._ahead), names)
            yield key[1].decode("utf-8", "replace"), value
            for _ in value:
                pass

    def _value(self, lead: bytes, closing: bytes, names: Collection[bytes]) -> Iterator[bytes]:
        """The pieces up to what stands before the next top-level key (any, without ``names``), or to the end
        of the document.

        Raises:
            OtherLayoutError: the document is cut off, or laid out otherwise.
        """
        marker = closing + lead
        overlap = len(marker) - 1 + (_LONGEST_NAME_BYTES if names else 0)
        while True:
            position = self._ahead.find(marker)
            while position >= 0 and names and not self._is_named(position + len(marker) - 1, names):
                position = self._ahead.find(marker, position + 1)
            if position >= 0:
                end = position + len(closing)
                piece, self._ahead = self._ahead[:end], self._ahead[end:]
                yield piece
                return
            more = self._stream.read(PIECE_BYTES)
            if not more:
                piece, self._ahead = self._ahead.rstrip(), b""
                if not piece.endswith((closing if names else b"\n") + b"}"):
                    raise OtherLayoutError  # cut off, or another layout
                yield piece.removesuffix(b"}")
                return
            piece, self._ahead = self._ahead[:-overlap], self._ahead[-overlap:] + more
            yield piece

    def _is_named(self, position: int, names: Collection[bytes]) -> bool:
        """Whether a key with one of these names stands there."""
        key = _KEY.match(self._ahead, position)
        return key is not None and key[1] in names


def _closing(value: bytes) -> bytes:
    """How a value ends that begins so, on one line."""
    if re.match(rb"\[\s*\{", value):
        return b"}]"
    return {b"[": b"]", b"{": b"}", b'"': b'"'}.get(value[:1], b"")


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
            marker, carried = first[1], carried[first.start(1) :]
            continue
        cut = piece.rfind(marker)
        comma = piece.rfind(b",", 0, cut) if cut > 0 else -1
        if comma < 0:
            carried += piece
            continue
        yield b"".join((b"[", carried, memoryview(piece)[:comma], b"]"))
        carried = piece[cut:]
    rest = carried.rstrip().removesuffix(b",").rstrip()
    yield b"[" + rest if marker else rest


def entries(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The keys of an object of lists with their values.

    Raises:
        OtherLayoutError: it is laid out otherwise.
    """
    carried, lead, marker_kept = b"", b"", 0
    for piece in pieces:
        carried += piece
        if not lead:
            first = _FIRST_KEY.match(carried)
            if first is None:
                continue
            lead, marker_kept = (first[1] + b'"', 0) if b"\n" in first[1] else (b"]," + first[2] + b'"', 1)
            carried = carried[first.end(1) :]
        start = 0
        while (following := carried.find(lead, start)) >= 0:
            yield _entry(carried[start : following + marker_kept])
            start = following + len(lead) - 1
        carried = carried[start:]
    rest = carried.rstrip().removesuffix(b",").rstrip()
    if lead:
        yield _entry(rest.removesuffix(b"}"))
    elif rest != b"{}":
        raise OtherLayoutError


def _entry(text: bytes) -> tuple[bytes, bytes]:
    key = _KEY.match(text)
    if key is None:
        raise OtherLayoutError
    return key[1], text[key.end() :].rstrip().removesuffix(b",")
