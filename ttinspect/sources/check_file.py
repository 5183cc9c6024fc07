"""Check files: YAML or JSON, typed; errors name the file, the line and the key path."""

import difflib
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import inspect

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import board_meant, board_names
from ttinspect.facts.firmware import firmware_order, firmware_version
from ttinspect.facts.mismatch import Mismatch, find_mismatch, in_words
from ttinspect.facts.node import kind_of_value, parse_unsigned, show
from ttinspect.facts.socs import arch_named, arch_names
from ttinspect.facts.yamltree import Lines, lines_of, parse_yaml
from ttinspect.model.check_file import CHIP_NAME, BoardWants, CheckFile, ChipWants, Range, VersionRange
from ttinspect.sources.telemetry_tags import ABSOLUTE_ZERO_CELSIUS

_HINT = "see ttinspect check --help, or the schema: ttinspect schema check-file"
EXPECT = "--expect"
T = TypeVar("T", bound=msgspec.Struct)
Path = tuple[str, ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A check file, and where its keys stand; ``name`` is the file, or --expect."""

    name: str
    file: CheckFile
    lines: Lines

    def where(self, *path: str) -> str:
        """ "site.yaml, line 4"."""
        line = self.lines.get(path)
        return self.name if line is None else f"{self.name}, line {line}"


def read_check_file(content: bytes, name: str) -> Wanted:
    """A check file.

    Raises:
        InspectError: 2 for what is no check file, or expects nothing; 7 for an unknown architecture.
    """
    document = parse_yaml(content, name)
    return read_check_document(document, name, lines_of(content))


def read_check_document(document: Any, name: str, lines: Lines) -> Wanted:
    """A check file that is parsed already, with the lines of its keys.

    Raises:
        InspectError: as read_check_file.
    """
    return _Reader(name, lines).read(document)


def read_expectations(pairs: list[str]) -> Wanted:
    """The KEY=VALUE of --expect: for every chip, but chips, their number, and regions. A number or version
    may be a range, LOW..HIGH, with one of them left out.

    Raises:
        InspectError: 2 for a pair that is none, is repeated, or has a wrong value; 7 for an unknown
            architecture.
    """
    each: dict[str, Any] = {}
    document: dict[str, Any] = {"each": each}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise InspectError(f"--expect {pair}", "it is not KEY=VALUE", "for instance --expect cores=120")
        target = document if key in ("chips", "regions") else each
        if key in target:
            raise InspectError(f"--expect {pair}", f"{key} is given twice", "give it once")
        target[key] = text if key in _TEXTS and ".." not in text else _value(text)
    if not each:
        del document["each"]
    return _Reader(EXPECT, {}).read(document)


def expectation_words() -> list[str]:
    """What --expect can be, for completion: ``KEY=``, or ``KEY=VALUE`` where there are few values."""
    closed: dict[str, list[str]] = {
        "arch": arch_names(),
        "board": board_names(),
        "iommu": ["off", "passthrough", "on"],
        "node_access": ["rw", "none"],
        "regions": ["clean", "pass"],
    }
    keys = (*ChipWants.__struct_fields__, "chips", "regions")
    return [f"{key}={value}" for key in keys for value in closed.get(key, [""])]


_TEXTS = ("driver", "kernel", "motherboard", "iommu", "node_access")
"""What is text also where it looks like a number."""


def _value(text: str) -> Any:
    low, dots, high = text.partition("..")
    if dots:
        return {key: _scalar(part) for key, part in (("min", low), ("max", high)) if part}
    return _scalar(text)


def _scalar(text: str) -> Any:
    number = parse_unsigned(text)
    if number is not None:
        return number
    try:
        return float(text) if text.count(".") == 1 and "x" not in text else text
    except ValueError:
        return text


_OF_A_SOURCE = {"schema", "device_info", "ethernet_connections", "chips_with_mmio", "arch_name"}
"""Keys of the documents that people have at hand: snapshots, tt-smi documents, descriptors."""

_NAMED = (("boards",), ("by_chip",))
_CHIP_NAME = re.compile(CHIP_NAME)
_PATTERNS = {
    "grid": "WIDTHxHEIGHT, such as 12x10",
    "firmware": "a version of three numbers, such as 19.5.0",
    "iommu": "off, passthrough or on",
    "node_access": "rw or none",
    "arch": f"one of {', '.join(arch_names())}",
}


class _Reader:
    """One document on its way to a CheckFile."""

    def __init__(self, name: str, lines: Lines) -> None:
        self._name = name
        self._lines = {_as_named(path): line for path, line in lines.items()}

    def read(self, document: Any) -> Wanted:
        """The typed file."""
        if not isinstance(document, dict):
            self._fail(
                (), f"found {kind_of_value(document)}, expected a check file: a mapping, with chips or each"
            )
        self._refuse_source(document)
        if any(isinstance(key, str) for key in document) and not any(
            _close(key, CheckFile.__struct_fields__) for key in document
        ):
            self._fail(
                (), f"none of its keys is one of a check file: {', '.join(CheckFile.__struct_fields__)}"
            )
        for key in document:
            if isinstance(key, str) and key.isprintable() and key not in CheckFile.__struct_fields__:
                self._fail((key,), _unknown_key(key, (), CheckFile))
        self._refuse_odd(document, ())
        self._name_chips(document.get("links"))
        boards = self._mapping(document, "boards")
        by_chip = self._mapping(document, "by_chip")
        rest = {key: value for key, value in document.items() if key not in ("boards", "by_chip")}
        file = msgspec.structs.replace(
            self._typed(rest, CheckFile, ()),
            boards={key: self._typed(value, BoardWants, ("boards", key)) for key, value in boards.items()},
            by_chip={key: self._typed(value, ChipWants, ("by_chip", key)) for key, value in by_chip.items()},
        )
        wants: list[tuple[Path, ChipWants]] = [] if file.each is None else [(("each",), file.each)]
        wants += [(("boards", key), want) for key, want in file.boards.items()]
        wants += [(("by_chip", key), want) for key, want in file.by_chip.items()]
        for path, want in wants:
            self._check(want, path)
        for key in by_chip:
            self._check_name(key, ("by_chip", key))
        for key in boards:
            if board_meant(key) is None and parse_unsigned(key) is None:
                self._fail(("boards", key), f"{key!r} is neither a board that UMD knows nor a board id")
        self._check_range(file.chips, ("chips",))
        if file == CheckFile():
            self._fail((), "it expects nothing, and would pass on any machine")
        return Wanted(name=self._name, file=file, lines=self._lines)

    def _refuse_source(self, document: dict[Any, Any]) -> None:
        if not _OF_A_SOURCE.isdisjoint(key for key in document if isinstance(key, str)):
            raise InspectError(
                self._name,
                "it is a source, or an answer, and not a check file",
                f"ttinspect check --from {self._name}",
            )

    def _refuse_odd(self, value: Any, path: Path) -> None:
        """A key without a value checks nothing, and must not look as if it did; keys are names, but for
        chip ids, and text has no control characters."""
        if path and (value is None or value == []):
            self._fail(path, "it has no value")
        if isinstance(value, str) and not value.isprintable():
            self._fail(path, f"found {show(value)}, expected text without control characters")
        if isinstance(value, dict):
            for key, entry in value.items():
                number = isinstance(key, int) and not isinstance(key, bool) and path in _NAMED
                if not isinstance(key, str) and not number:
                    self._fail((*path, str(key)), f"found {show(key)} as a key, expected text")
                if isinstance(key, str) and not key.isprintable():
                    self._fail(path, f"found {show(key)}, expected a name without control characters")
                self._refuse_odd(entry, (*path, _word(str(key))))
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                self._refuse_odd(entry, (*path, f"[{index}]"))

    def _mapping(self, document: dict[Any, Any], key: str) -> dict[str, Any]:
        value = document.get(key, {})
        if not isinstance(value, dict) or (key in document and not value):
            self._fail((key,), f"found {show(value)}, expected a mapping")
        entries: dict[str, Any] = {}
        for name, entry in value.items():
            word = _word(str(name))
            if word in entries:
                self._fail((key, word), f"{word} is there twice")
            entries[word] = entry
        return entries

    def _name_chips(self, links: Any) -> None:
        """The chips at both ends of links, as text."""
        for index, link in enumerate(links if isinstance(links, list) else ()):
            for end in (0, 2) if isinstance(link, list) and len(link) == 4 else ():
                name, path = link[end], ("links", f"[{index}]", f"[{end}]")
                if not isinstance(name, int | str) or isinstance(name, bool):
                    self._fail(path, f"found {show(name)}, expected a chip")
                link[end] = str(name)
                self._check_name(link[end], path)

    def _check_name(self, name: str, path: Path) -> None:
        if not _CHIP_NAME.fullmatch(name):
            self._fail(path, f"{name!r} is no chip id, PCI bus address, unique id or /dev/tenstorrent/N")

    def _typed(self, value: Any, kind: type[T], path: Path) -> T:
        if isinstance(value, dict):
            for holder, inside in ((value, ()), (value.get("each"), ("each",))):
                if isinstance(holder, dict) and isinstance(holder.get("arch"), str):
                    try:
                        holder["arch"] = arch_named(holder["arch"]).value
                    except InspectError as error:  # exit code 7
                        self._fail((*path, *inside, "arch"), f"{error.what}: {error.why}", error.exit_code)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self._refuse(value, kind, path)

    def _refuse(self, value: Any, kind: type[T], path: Path) -> NoReturn:
        wrong = find_mismatch(value, kind)
        if wrong is None:
            self._fail(path, "it is not what a check file holds there")
        where = (*path, *(f"[{part}]" if isinstance(part, int) else part for part in wrong.path))
        if wrong.key:
            more = ("chips", "regions") if self._name == EXPECT else ()
            self._fail(where, _unknown_key(str(wrong.found), where[:-1], kind, more))
        self._fail(where, self._in_our_words(wrong, where))

    def _in_our_words(self, wrong: Mismatch, path: Path) -> str:
        if wrong.choices:
            return f"found {show(wrong.found)}, expected {' or '.join(wrong.choices)}"
        kinds = [kind for kind in wrong.expected if not isinstance(kind, inspect.NoneType)]
        if any(isinstance(kind, inspect.FloatType) for kind in kinds):
            kinds = [kind for kind in kinds if not isinstance(kind, inspect.IntType)]
        words = " or ".join(dict.fromkeys(self._expected(kind, wrong.found, path) for kind in kinds))
        return f"found {show(wrong.found)}, expected {words}"

    def _expected(self, kind: inspect.Type, value: Any, path: Path) -> str:
        """What a type wants, as people write it in a check file."""
        if isinstance(kind, inspect.StrType):
            return next((words for key, words in _PATTERNS.items() if key in path), "text")
        if isinstance(kind, inspect.StructType):
            if path[-1:] and path[-1] in BoardWants.__struct_fields__:
                return "a range, LOW..HIGH" if self._name == EXPECT else "a mapping with min or max"
            return "a mapping, such as {cores: 120}"
        if isinstance(kind, inspect.TupleType):
            return "[chip, channel, chip, channel]"
        if isinstance(kind, inspect.IntType) and kind.le is not None:
            too_big = isinstance(value, int) and value > kind.le
            return "a smaller number" if too_big else "a whole number from 0 on"
        return in_words(kind)

    def _check(self, want: ChipWants, path: Path) -> None:
        """What types alone do not say."""
        if want in (type(want)(), BoardWants(chips=Range(min=0))):
            self._fail(path, "it expects nothing")
        if want.board is not None and board_meant(want.board) is None:
            self._fail((*path, "board"), f"UMD knows no board {want.board!r}")
        for name in want.__struct_fields__:
            self._check_range(getattr(want, name), (*path, name))

    def _check_range(self, value: Any, path: Path) -> None:
        if isinstance(value, Range | VersionRange) and value.min is None and value.max is None:
            self._fail(path, "a range needs min or max")
        if isinstance(value, Range):
            self._check_bounds(value, path)
        from_none = isinstance(value, VersionRange) and firmware_version(value.min or "") == (0, 0, 0)
        if from_none and value.max is None:
            self._fail(path, "every version is at least 0.0.0: this checks nothing")
        if not isinstance(value, Range | VersionRange) or value.min is None or value.max is None:
            return
        if _comparable(value.min) > _comparable(value.max):
            self._fail(path, f"min {value.min} is greater than max {value.max}")

    def _check_bounds(self, value: Range, path: Path) -> None:
        """A range that every number is in checks nothing; only temperatures can be below 0."""
        for name in ("min", "max"):
            bound = getattr(value, name)
            if bound is None:
                continue
            if not math.isfinite(bound):
                self._fail((*path, name), f"found {show(bound)}, expected a finite number")
            least = ABSOLUTE_ZERO_CELSIUS if path[-1].endswith("_celsius") else 0
            if bound < least:
                self._fail((*path, name), f"found {show(bound)}, expected a number from {least} on")
        if value.min == 0 and value.max is None and not path[-1].endswith("_celsius") and not _if_any(path):
            self._fail(path, "every number is at least 0: this checks nothing")

    def _fail(self, path: Path, why: str, code: ExitCode = ExitCode.USAGE) -> NoReturn:
        """Refuse what stands at a path, by the line of its innermost key that there is."""
        upwards = (path[:end] for end in range(len(path), 0, -1))
        line = next((self._lines[key] for key in upwards if key in self._lines), None)
        place = self._name if line is None else f"{self._name}, line {line}"
        if self._name == EXPECT and path[:1] == ("each",):
            path = path[1:]
        what = f"{place}: {'.'.join(path).replace('.[', '[')}" if path else place
        raise InspectError(what, why, _HINT, code)


def _if_any(path: Path) -> bool:
    """Whether it is the number of chips of a board: {min: 0} says that there need be none."""
    return path[0] == "boards" and path[-1] == "chips"


def _comparable(bound: float | str) -> tuple[float, ...]:
    return (firmware_order(bound) or ()) if isinstance(bound, str) else (bound,)


def _word(name: str) -> str:
    """A key of boards or by_chip: a number is the same however it is written."""
    number = parse_unsigned(name)
    return name if number is None else str(number)


def _as_named(path: Path) -> Path:
    return (path[0], _word(path[1]), *path[2:]) if path[:1] in _NAMED and len(path) > 1 else path


def _close(key: Any, known: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(key, known, n=1) if isinstance(key, str) else []


def _unknown_key(key: str, path: Path, kind: type[msgspec.Struct], more: Path = ()) -> str:
    of_chips = len(path) == 2 if path[:1] in _NAMED else path == ("each",)
    inner = (kind if path[:1] == ("boards",) else ChipWants) if of_chips else Range if path else kind
    known = (*inner.__struct_fields__, *more)
    close = _close(key, known)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return f"unknown key {key!r}; {hint}"
