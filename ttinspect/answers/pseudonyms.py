"""Pseudonyms for what identifies a chip, a process or a person: the same everywhere and in every snapshot."""

import re

from ttinspect.model.pseudonyms import LEAST_SERIAL, board_pseudonym, unique_pseudonym
from ttinspect.model.system import SourceKind
from ttinspect.shm.layout import NamedBy, layout_of
from ttinspect.shm.reader import is_test_leftover
from ttinspect.sources.snapshot import Snapshot

REMOVED = "(removed)"
FILES = (
    SourceKind.CLUSTER,
    SourceKind.REPORT,
    SourceKind.TT_SMI,
    SourceKind.SNAPSHOT,
    SourceKind.RECORDING,
    SourceKind.SIM,
    SourceKind.SYSFS,
    SourceKind.HOST,
)
"""Sources whose detail is a path."""

_LEAST_UNKNOWN = 1 << 32
"""From here on a number in a sentence that is no id of the snapshot is taken for one."""

_PATH = re.compile(
    r"(?<![\w/.~])(?:~\w*|\.{1,2})?/(?!dev/tenstorrent(?:/[0-9]+)?(?![\w/]|\.\w))[^\s:,;'\"()]+"
)
_PROCESS = re.compile(r"\b(pid|PID)([ :=]+[0-9]+) ?\([^)]*\)")
_PROCESS_BEFORE = re.compile(r"\bprocess (?:(?!\((?:pid|PID)\b).)+ \((?=(?:pid|PID)\b)")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]{5,20}|(?<![0-9a-zA-Z])[0-9a-fA-F]{5,20}(?![0-9a-zA-Z])|(?<![0-9])[0-9]{5,20}(?![0-9])"
)


class Pseudonyms:
    """The ids of a snapshot, and their pseudonyms."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._names = _names(snapshot)
        chips = snapshot.system.chips
        self._boards = {int(chip.board_id) for chip in chips if chip.board_id is not None}
        self._uniques = {int(chip.unique_id) for chip in chips if chip.unique_id is not None}
        self._uniques |= {int(link.remote_unique_id) for link in snapshot.system.remote_links}
        for looked in snapshot.published.regions:
            region = looked.looks.file.region
            if region is not None:
                self._boards.add(int(region.header.board_serial))
                if layout_of(region.version).named_by is NamedBy.UNIQUE_ID:
                    self._uniques.add(int(region.header.asic_id))

    def unique(self, number: int) -> int:
        """A unique id; those that tt-metal's own tests make up stay."""
        return number if is_test_leftover(number) else unique_pseudonym(number)

    def file(self, number: int) -> int:
        """The id in a file's name: a unique id, or in v1 a board id with the place of the chip on it."""
        if number >> 8 in self._boards:
            return board_pseudonym(number >> 8) << 8 | number & 0xFF
        return self.unique(number)

    def sentence(self, text: str) -> str:
        """A sentence with the pseudonyms of all ids in it, and without what names a file or a process."""
        for name in self._names:
            text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", REMOVED, text, flags=re.IGNORECASE)
        text = _PROCESS.sub(r"\1\2", _PATH.sub(REMOVED, text))
        text = _PROCESS_BEFORE.sub(f"process {REMOVED} (", text)
        return _NUMBER.sub(lambda match: self._hidden(match[0]), text)

    def _hidden(self, word: str) -> str:
        """The pseudonym of a number in its own notation; any other number as it is, unless it is so large
        that only an id can be: tt_umd names a board id that it does not know."""
        for base, style in ((10, "d"), (16, "x")):
            number = _number(word, base)
            known = number is not None and number >= LEAST_SERIAL
            if known and (number in self._uniques or number in self._boards):
                hidden = self.unique(number) if number in self._uniques else board_pseudonym(number)
                return word[:2] + format(hidden, style) if word[1:2] in "xX" else format(hidden, style)
        number = _number(word, 10)
        number = _number(word, 16) if number is None else number
        return word if number is None or number < _LEAST_UNKNOWN else REMOVED


def _names(snapshot: Snapshot) -> list[str]:
    """What the host and the files of a snapshot are called, the longest first: of a copy also those of the
    snapshot that it was made of."""
    files, hosts = [], [snapshot.host.name]
    for source in (snapshot.source, snapshot.system.source):
        for named in (source, source.recorded or None):
            if named is not None and named.kind in FILES:
                files.append(named.detail)
        hosts.append(source.recorded.host if source.recorded else None)
    names = {name for name in (*files, *hosts) if name is not None and len(name) > 1}
    return sorted(names, key=len, reverse=True)


def _number(word: str, base: int) -> int | None:
    try:
        return int(word, base)
    except ValueError:
        return None
