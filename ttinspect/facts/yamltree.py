"""YAML to plain values, strictly, in one pass over libyaml's events.

PyYAML's own loaders are not used on what users hand us: they read `0000:41:00.0` as a base-60
number and `010` as octal, keep the last of repeated keys in silence, follow alias bombs, and
CSafeLoader crashes the process on deep nesting. Building from events bounds all of that.
"""

import re
from typing import Any

from ttinspect.errors import InspectError
from ttinspect.facts.node import key_name, parse_unsigned

MAX_DEPTH = 64
MAX_ELEMENTS = 600_000
"""Lines, and elements of flow style: a cluster descriptor of 10,000 chips has 150,000."""
_HINT = "correct the file, or write it anew with the tool that made it"
_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?"
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


def _scalar(text: str) -> Any:
    """A plain scalar: null, true, false, whole number (decimal or 0x), decimal fraction, else text."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first in "0123456789-+.":
        number = parse_unsigned(text[1:] if first in "-+" else text)
        if number is not None:
            return -number if first == "-" else number
        if re.fullmatch(_FLOAT, text):
            return float(text)
    return text


class _Tree:
    """The document as it grows: the open containers, and the key that waits for its value."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Any = None
        self._container: Any = None
        self._key: Any = None
        self._has_key = False
        self._stack: list[Any] = []

    def refuse(self, event: Any, why: str) -> InspectError:
        return InspectError(f"{self.name}, line {event.start_mark.line + 1}", why, _HINT)

    def scalar(self, event: Any) -> None:
        self._check_tag(event)
        value = _scalar(event.value) if event.implicit[0] else event.value
        container = self._container
        if container.__class__ is dict and not self._has_key:
            if value in container:
                raise self.refuse(event, f"the key {key_name(event.value)} is repeated")
            self._key, self._has_key = value, True
        else:
            self._put(value)

    def open(self, event: Any, value: Any) -> None:
        self._check_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            raise self.refuse(event, f"it nests deeper than {MAX_DEPTH} levels")
        if self._container.__class__ is dict and not self._has_key:
            raise self.refuse(event, "found a collection as a key, expected a plain key")
        self._put(value)
        self._stack.append(self._container)
        self._container = value

    def close(self) -> None:
        self._container = self._stack.pop()

    def _put(self, value: Any) -> None:
        container = self._container
        if container is None:
            self.root = value
        elif container.__class__ is list:
            container.append(value)
        else:
            container[self._key] = value
            self._has_key = False

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            raise self.refuse(event, "found a tag, expected a plain value")


def parse_yaml(content: bytes, name: str) -> Any:
    """The document as dicts, lists and scalars.

    Raises:
        InspectError: 2 when it is no YAML, has more than one document, nests deeper than 64 levels,
            or holds an alias, a tag, a repeated key, or more elements than any file that we read; the
            message names the line.
    """
    import yaml

    elements = sum(content.count(sign) for sign in (b"\n", b",", b"[", b"{"))
    if elements > MAX_ELEMENTS:
        why = f"it has more than {MAX_ELEMENTS:,} lines and elements, and no file of ours has so many"
        raise InspectError(name, why, _HINT)
    tree = _Tree(name)
    documents = 0
    event: Any
    try:
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                tree.scalar(event)
            elif kind is yaml.MappingStartEvent:
                tree.open(event, {})
            elif kind is yaml.SequenceStartEvent:
                tree.open(event, [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                tree.close()
            elif kind is yaml.AliasEvent:
                raise tree.refuse(event, "found an alias; aliases are not accepted")
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise tree.refuse(event, "found a second document, expected one")
    except yaml.YAMLError as error:
        raise _syntax_error(error, content, name) from None
    except UnicodeDecodeError:
        raise InspectError(name, "it is not UTF-8 text", _HINT) from None
    return tree.root


Lines = dict[tuple[str, ...], int]
"""Where keys stand: the line of each, from 1 on, by the path of keys that leads to it."""


def lines_of(content: bytes) -> Lines:
    """The lines of all keys of a document that parse_yaml has accepted (what it refuses could crash the
    composer); elements of lists are in their path as "[0]"."""
    import yaml

    lines: Lines = {}
    pending: list[tuple[tuple[str, ...], Any]] = [((), yaml.compose(content, Loader=yaml.CSafeLoader))]
    while pending:
        path, node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = _scalar(key.value) if not key.style else key.value
                place = (*path, str(name))
                lines[place] = key.start_mark.line + 1
                pending.append((place, value))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                place = (*path, f"[{index}]")
                lines[place] = value.start_mark.line + 1
                pending.append((place, value))
    return lines


def _syntax_error(error: Any, content: bytes, name: str) -> InspectError:
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line = None if position is None else content[:position].count(b"\n")  # a character that none may be
    line = line if mark is None else mark.line
    where = name if line is None else f"{name}, line {line + 1}"
    before = content[: 0 if mark is None else mark.index]
    opened = sum(before.count(sign) for sign in (b"[", b"{")) - before.count(b"]") - before.count(b"}")
    if opened > MAX_DEPTH:  # libyaml has a limit of its own, and reads ahead of our count
        return InspectError(where, f"it nests deeper than {MAX_DEPTH} levels", _HINT)
    return InspectError(where, f"it is not valid YAML: {' '.join(str(problem).split())}", _HINT)
