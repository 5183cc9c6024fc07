"""Memory errors in what a user has: a log, standard input, a report of ttnn, its sidecar or its database.

Text is read in pieces, so that a log may be of any size.
"""

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO

from ttinspect.capacity.error_text import (
    ALONE_BYTES,
    REASON_BYTES,
    WINDOW_BYTES,
    anchors,
    error_at,
    errors_alone,
    find_errors,
)
from ttinspect.errors import InspectError
from ttinspect.facts.files import open_regular, os_error, readable
from ttinspect.model.memory_error import ErrorText

_PIECE_BYTES = 1024 * 1024
_PREFIX_BYTES = REASON_BYTES
"""Kept before a sentence: the prefix that its line has, and what says that an operation refuses."""

_SQLITE = b"SQLite format 3\0"
_SIDECAR = ".python_io.json"


def read_errors(path: str) -> Iterator[ErrorText]:
    """Every memory error of a file, a folder of a report, or standard input (-), in order. An interruption
    ends standard input, so that a log can be followed.

    Raises:
        InspectError: 2 or 6 when it cannot be read.
    """
    if path == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise InspectError("cannot read standard input", "it is closed", "pipe a log into ttinspect")
        yield from _errors_in(_until_interrupted(_pieces(sys.stdin.buffer, "standard input")))
    elif os.path.isdir(path):  # noqa: PTH112 - bytes that are no UTF-8
        yield from _errors_of_folder(path)
    else:
        yield from _errors_of_file(path)
        sidecar = f"{path.removesuffix('.json')}{_SIDECAR}"
        if not path.endswith(_SIDECAR) and os.path.isfile(sidecar):  # noqa: PTH113
            yield from _errors_of_file(sidecar)


def _errors_of_folder(folder: str) -> Iterator[ErrorText]:
    """Those of the sidecars in a report's folder; of its databases where there are none."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError as error:
        raise os_error(readable(folder), error) from None
    paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118
    files = [path for path in paths if os.path.isfile(path)]  # noqa: PTH113
    sidecars = [path for path in files if path.endswith(_SIDECAR)]
    for path in sidecars or files:
        yield from _errors_of_file(path)


def _errors_of_file(path: str) -> Iterator[ErrorText]:
    with open_regular(path) as stream:
        head = stream.read(len(_SQLITE))
        if head != _SQLITE:
            stream.seek(0)
            yield from _errors_in(_pieces(stream, readable(path)))
            return
    from ttinspect.sources.graphs.opening import read_captures

    for capture in read_captures(path):
        for raised in capture.errors:
            yield from find_errors(raised.text)


def _errors_in(pieces: Iterator[bytes]) -> Iterator[ErrorText]:
    """A sentence is read once all that can belong to it is there: what is left is kept for the next piece.
    Two pieces are held at most. A short text in which nothing is found is read as a sentence alone."""
    window, start, nothing, gone = b"", 0, True, 0
    ended = False
    while not ended:
        piece = next(pieces, b"")
        ended = not piece
        window += piece
        end = len(window) if ended else max(len(window) - WINDOW_BYTES, start)
        for position in anchors(window, start, end):
            error_text = error_at(window, position)
            if error_text is not None:
                nothing = False
                yield error_text
        if ended:
            break
        kept = 0 if nothing and gone + len(window) <= ALONE_BYTES else max(end - _PREFIX_BYTES, 0)
        gone += kept
        start, window = end - kept, window[kept:]
    if nothing and not gone:
        yield from errors_alone(window)


def _until_interrupted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    with contextlib.suppress(KeyboardInterrupt):
        yield from pieces


def _pieces(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """What a stream gives, as it comes: of UTF-16, which PowerShell writes, the same in UTF-8."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    while True:
        try:
            piece = (
                stream.read1(_PIECE_BYTES)
                if isinstance(stream, BufferedReader)
                else stream.read(_PIECE_BYTES)
            )
        except OSError as error:
            raise os_error(name, error) from None
        if first and _is_utf_16(piece):
            decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        first = False
        if not piece:
            return
        decoded = piece if decoder is None else decoder.decode(piece).encode("utf-8", "replace")
        if decoded:
            yield decoded


def _is_utf_16(piece: bytes) -> bool:
    """Whether a text begins with the mark of UTF-16, and letters of two bytes behind it."""
    for mark, high in ((codecs.BOM_UTF16_LE, 3), (codecs.BOM_UTF16_BE, 2)):
        if piece.startswith(mark):
            letters = piece[high:130:2]
            return letters.count(0) * 2 > len(letters)
    return False
