"""Strict, typed access to a parsed document; every error names file, key path, found and expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ttinspect.errors import InspectError

U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1
_HEX = frozenset("0123456789abcdefABCDEF")
_NAME = r"[A-Za-z0-9_.-]{1,40}"
_TRUE = {"true", "yes", "on", "y"}
_FALSE = {"false", "no", "off", "n"}


def parse_unsigned(text: str) -> int | None:
    """A decimal or 0x number without sign; None for anything else (also for 010, which some
    readers take as octal)."""
    if text[:2] in ("0x", "0X"):
        if len(text) == len("0x") or not _HEX.issuperset(text[2:]):
            return None
    elif not (text.isascii() and text.isdigit()) or (text[0] == "0" and len(text) > 1):
        return None
    if len(text) > 40:  # no number of ours is that long, and int() is quadratic
        return U64_MAX + 1
    return int(text, 0)


def show(value: object, limit: int = 60) -> str:
    """A value of a document for a message: short, on one line, in quotes when it is text."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def kind_of_value(value: object) -> str:
    """What kind of value it is, for a message about a file that may not be ours: its content is not shown."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else show(value)


def key_name(key: object) -> str:
    """A key for a message: in quotes where it is a plain name, else without its content."""
    return repr(key) if isinstance(key, str) and re.fullmatch(_NAME, key) else "of this line"


class Node:
    """One value of a document, with where it stands.

    Accessors check the type and raise InspectError (exit 2) naming file, key path, what was found
    and what was expected.
    """

    __slots__ = ("file", "path", "value")

    def __init__(self, value: Any, file: str, path: str = "") -> None:
        self.value = value
        self.file = file
        self.path = path

    def fail(self, expected: str, instead: str | None = None) -> NoReturn:
        """Raise the error of this place."""
        where = f"{self.file}: {self.path}" if self.path else self.file
        raise InspectError(
            where,
            f"found {instead or show(self.value)}, expected {expected}",
            "correct the file, or write it anew with the tool that made it",
        )

    def refuse(self, why: str) -> NoReturn:
        """Raise an error of this place with a reason of its own."""
        where = f"{self.file}: {self.path}" if self.path else self.file
        raise InspectError(where, why, "correct the file, or write it anew with the tool that made it")

    def __bool__(self) -> bool:
        return self.value is not None

    def mapping(self) -> dict[Any, Any]:
        """This value as a mapping."""
        if not isinstance(self.value, dict):
            self.fail("a mapping")
        return self.value

    def child(self, key: object) -> Node:
        """The value under a key of this mapping; a missing key is a Node of None."""
        path = f"{self.path}.{key}" if self.path else str(key)
        return Node(self.mapping().get(key), self.file, path)

    def require(self, key: object, expected: str) -> Node:
        """Like child, but the key must be there and hold something."""
        node = self.child(key)
        if node.value is None:
            node.fail(expected)
        return node

    def entries(self) -> Iterator[tuple[Any, Node]]:
        """Keys and values of this mapping."""
        prefix = f"{self.path}." if self.path else ""
        for key, value in self.mapping().items():
            yield key, Node(value, self.file, f"{prefix}{key}")

    def sequence(self, expected: str = "a list") -> list[Node]:
        """The elements of this list."""
        if not isinstance(self.value, list):
            self.fail(expected)
        return [Node(value, self.file, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def unsigned(self, maximum: int = U32_MAX, expected: str | None = None) -> int:
        """A whole number from 0 to maximum, decimal or 0x, also when quoted."""
        value = self.value
        if isinstance(value, str):
            value = parse_unsigned(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
            self.fail(expected or f"a whole number from 0 to {maximum}")
        return value

    def boolean(self) -> bool:
        """A truth value as yaml-cpp reads it."""
        if isinstance(self.value, bool):
            return self.value
        word = self.value.lower() if isinstance(self.value, str) else None
        if word not in _TRUE | _FALSE:
            self.fail("true or false")
        return word in _TRUE

    def text(self, choices: Sequence[str] = ()) -> str:
        """A string, one of choices if there are any."""
        if not isinstance(self.value, str):
            self.fail("one of " + ", ".join(choices) if choices else "text")
        if choices and self.value not in choices:
            self.fail("one of " + ", ".join(choices))
        return self.value


def key_unsigned(node: Node, key: object, maximum: int) -> int:
    """A key of a mapping as a whole number."""
    value = parse_unsigned(key) if isinstance(key, str) else key
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
        node.fail("chip ids as keys", f"the key {show(key)}")
    return value
