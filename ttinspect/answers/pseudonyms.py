"""Pseudonyms for what identifies a chip, a process or a person: the same everywhere and in every snapshot."""

import hashlib
import re

from ttinspect.sources.snapshot import Snapshot
from ttinspect.verify.matching import is_test_leftover

REMOVED = "(removed)"
_LEAST_SERIAL = 1 << 16
_SERIAL_BITS = 36
"""Below the product code of a board id."""

_COMM_BYTES = 15
"""So much of a process name the kernel keeps: names that agree so far must still agree."""

_UNIQUE_ID = 1 << 62
_PATH = re.compile(r"(?<![\w/.])/(?!dev/tenstorrent)[^\s:,;'\"()]+")
_PROCESS = re.compile(r"\b(pid|PID)([ :=]+[0-9]+) ?\([^)]*\)")
_NUMBER = re.compile(r"\b(?:0[xX])?[0-9a-fA-F]{5,20}\b")


class Pseudonyms:
    """The ids of a snapshot, and their pseudonyms."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._detail = snapshot.source.detail
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
        """A sentence with the pseudonyms of all ids in it, and without what names a file or a process."""
        if self._detail:
            text = text.replace(self._detail, REMOVED)
        text = _PROCESS.sub(r"\1\2", _PATH.sub(REMOVED, text))
        return _NUMBER.sub(lambda found: self._hidden(found[0]), text)

    def _hidden(self, word: str) -> str:
        """The pseudonym of a number in its own notation; any other number as it is."""
        for base, style in ((10, "d"), (16, "x")):
            number = _number(word, base)
            known = number is not None and number >= _LEAST_SERIAL
            if known and (number in self._uniques or number in self._boards):
                hidden = self.unique(number) if number in self._uniques else self.board(number)
                return word[:2] + format(hidden, style) if word[1:2] in "xX" else format(hidden, style)
        return word


def _hashed(kind: bytes, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=kind).digest(), "big")


def name_pseudonym(text: str) -> str:
    """The pseudonym of a process name; none where there is no name."""
    return f"process-{_hashed(b'name', text[:_COMM_BYTES]) & 0xFFFFFF:06x}" if text else ""


def _number(word: str, base: int) -> int | None:
    try:
        return int(word, base)
    except ValueError:
        return None
