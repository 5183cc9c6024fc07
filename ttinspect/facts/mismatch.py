"""Where a document is not what a type says, found by walking both: nobody's error messages are read."""

import base64
import binascii
import functools
import math
import re
from typing import Any, NamedTuple

from msgspec import inspect

from ttinspect.facts.node import show


class Mismatch(NamedTuple):
    """The first place of a document that its type does not allow.

    ``path`` are keys and indices from the top. ``found`` is the value there; for a key that is not known, or
    that is missing, it is the key, and ``key`` says which of both. ``expected`` are the types that would do,
    as msgspec describes them (none for a key).
    """

    path: tuple[str | int, ...]
    found: Any
    expected: tuple[inspect.Type, ...] = ()
    key: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a closed set, where one was expected; empty for everything else."""
        return tuple(str(value) for kind in self.expected for value in _choices(kind))

    def where(self) -> str:
        """The path as jq writes it, from ``$``."""
        return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)

    def why(self) -> str:
        """What was found and what was expected, in a sentence for a message."""
        if self.key:
            return f"the key {show(self.found)} is {self.key}"
        if self.choices and isinstance(self.found, str):
            return f"found {show(self.found)}, which this version does not know"
        words = " or ".join(dict.fromkeys(in_words(kind) for kind in self.expected))
        return f"found {show(self.found)}, expected {words}"


def find_mismatch(value: Any, kind: Any) -> Mismatch | None:
    """The first place where a decoded document (JSON's types) is not of a type; None where it is of it
    everywhere, as far as JSON's types, bounds, patterns, closed sets and keys tell."""
    return _find(value, _type_info(kind), ())


_type_info = functools.cache(inspect.type_info)
"""A whole System takes msgspec 12 ms to describe: as long as the walk, and once is enough for a fleet."""


_NUMBERS = (inspect.IntType, inspect.FloatType)
_WORDS: dict[type[inspect.Type], str] = {
    inspect.NoneType: "nothing",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.StrType: "text",
    inspect.BytesType: "bytes in base64",
    inspect.EnumType: "text",
    inspect.LiteralType: "text",
    inspect.ListType: "a list",
    inspect.VarTupleType: "a list",
    inspect.TupleType: "a list",
    inspect.SetType: "a list",
    inspect.FrozenSetType: "a list",
    inspect.StructType: "a mapping",
    inspect.DictType: "a mapping",
}


def in_words(kind: inspect.Type) -> str:
    """A type for a message: "a whole number from 0 on", "a list of 4"."""
    word = _WORDS.get(type(kind), "something else")
    if isinstance(kind, _NUMBERS):
        low, high = kind.ge, kind.le
        if low is not None and high is not None:
            return f"{word} from {low} to {high}"
        return word if low is None else f"{word} from {low} on"
    if isinstance(kind, inspect.TupleType):
        return f"{word} of {len(kind.item_types)}"
    return word


def _find(value: Any, kind: inspect.Type, path: tuple[str | int, ...]) -> Mismatch | None:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    kinds = tuple(each.type if isinstance(each, inspect.Metadata) else each for each in kinds)
    fitting_kinds = [each for each in kinds if _shape(value, each)]
    if not fitting_kinds:
        return Mismatch(path, value, kinds)
    mismatches = [_inside(value, fitting, path) for fitting in fitting_kinds]
    return None if None in mismatches else mismatches[0]


_OF_JSON: dict[type[inspect.Type], Any] = {
    inspect.NoneType: type(None),
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: int | float,
    inspect.AnyType: object,
    inspect.RawType: object,
    **{kind: list for kind, word in _WORDS.items() if word == "a list"},
    **{kind: dict for kind, word in _WORDS.items() if word == "a mapping"},
}
"""What a type is written as; text where nothing else is said."""


def _shape(value: Any, kind: inspect.Type) -> bool:
    """Whether a value is of the JSON type that a type is written in."""
    if isinstance(kind, inspect.EnumType | inspect.LiteralType):
        return type(value) in {type(choice) for choice in _choices(kind)}
    if isinstance(value, bool) and isinstance(kind, _NUMBERS):
        return False
    return isinstance(value, _OF_JSON.get(type(kind), str))


def _choices(kind: inspect.Type) -> list[Any]:
    """The values of a closed set; empty for everything else."""
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    return [member.value for member in kind.cls] if isinstance(kind, inspect.EnumType) else []


def _inside(value: Any, kind: inspect.Type, path: tuple[str | int, ...]) -> Mismatch | None:
    """What is wrong within a value of the right JSON type."""
    wrong = Mismatch(path, value, (kind,))
    parts: list[Mismatch | None] = []
    if isinstance(kind, inspect.StructType):
        return _of_struct(value, kind, path)
    if isinstance(kind, inspect.DictType):
        parts = [_find(part, kind.value_type, (*path, str(key))) for key, part in value.items()]
    elif isinstance(kind, inspect.TupleType):
        if len(value) != len(kind.item_types):
            return wrong
        pairs = zip(value, kind.item_types, strict=True)
        parts = [_find(part, item, (*path, at)) for at, (part, item) in enumerate(pairs)]
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
        parts = [_find(part, kind.item_type, (*path, at)) for at, part in enumerate(value)]
    elif not _allowed(value, kind):
        return wrong
    return next((part for part in parts if part is not None), None)


def _allowed(value: Any, kind: inspect.Type) -> bool:
    """Whether a value that is no list and no mapping keeps to bounds, pattern and closed set."""
    if isinstance(kind, _NUMBERS):
        whole = isinstance(kind, inspect.IntType)
        low, high = kind.ge, kind.le
        return (
            (whole or math.isfinite(value))
            and (low is None or value >= low)
            and (high is None or value <= high)
        )
    if isinstance(kind, inspect.StrType):
        return kind.pattern is None or re.search(kind.pattern, value) is not None
    if isinstance(kind, inspect.BytesType):
        return _is_base64(value)
    if isinstance(kind, inspect.EnumType | inspect.LiteralType):
        return value in _choices(kind)
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _of_struct(
    value: dict[str, Any], kind: inspect.StructType, path: tuple[str | int, ...]
) -> Mismatch | None:
    if kind.tag_field in value and value[kind.tag_field] != kind.tag:  # one that is missing is taken as right
        tag = inspect.LiteralType((kind.tag,))
        return Mismatch((*path, kind.tag_field), value[kind.tag_field], (tag,))
    fields = {field.encode_name: field for field in kind.fields}
    for key, part in value.items():
        if key in fields:
            mismatch = _find(part, fields[key].type, (*path, key))
            if mismatch is not None:
                return mismatch
        elif kind.forbid_unknown_fields and key != kind.tag_field:
            return Mismatch((*path, key), key, key="not known")
    for name, field in fields.items():
        if field.required and name not in value:
            return Mismatch(path, name, key="missing")
    return None
