"""JSON that a user handed us: typed, and without what JSON readers pass over in silence."""

import json
import re
from typing import Any, TypeVar

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.node import key_name
from ttinspect.facts.socs import arch_named

T = TypeVar("T")
_NEWER = "update ttinspect, or correct the file"
_HINT = "write the file anew with the tool that made it"


MAX_VALUES = 4_000_000
"""A snapshot of 1,000 chips has 700,000; so many take 350 MB."""
MAX_KEYS = 2_000_000
MAX_DIFFERENT_KEYS = 50_000
"""A document of ours has a few hundred, beside ids of processes: the reader keeps each one."""
_FEW_KEYS = 100_000
_KEY = re.compile(rb'"((?:[^"\\]|\\.){0,200})"\s*:')


class _RepeatedKeyError(ValueError):
    pass


def _no_repeated_key(pairs: list[tuple[str, Any]]) -> None:
    keys = set()
    for key, _ in pairs:
        if key in keys:
            raise _RepeatedKeyError(key)
        keys.add(key)


_CHECKER = json.JSONDecoder(object_pairs_hook=_no_repeated_key)


def decode_json(content: bytes, kind: type[T], name: str) -> T:
    """A JSON document as a typed Struct; fields that the Struct does not have are ignored.

    Raises:
        InspectError: 2 for what is no JSON, repeats a key, nests too deep or has a wrong type, 7 for an
            unsupported architecture, or has more values or keys than any document that we read; the
            message names the key path.
    """
    try:
        text = content.decode("utf-8-sig")
        _refuse_too_many(content, name)
        _CHECKER.decode(text.strip(" \t\r\n"))
        return msgspec.json.decode(text, type=kind)
    except _RepeatedKeyError as error:
        raise InspectError(name, f"the key {key_name(error.args[0])} is repeated", _HINT) from None
    except UnicodeDecodeError:
        raise InspectError(name, "it is not UTF-8 text", _HINT) from None
    except RecursionError:
        raise InspectError(name, "it nests too deep", _HINT) from None
    except msgspec.ValidationError:
        raise _refused(json.loads(text), kind, name) from None
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: also a number of 5,000 digits
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InspectError(f"{name}{line}", "it is not valid JSON", _HINT) from None


def _refuse_too_many(content: bytes, name: str) -> None:
    """Readers keep what nobody asked for until they are done: how much that can be is bounded first."""
    values = content.count(b",") + content.count(b"[") + content.count(b"{")
    if values > MAX_VALUES:
        raise _too_many(name, f"{MAX_VALUES:,} values")
    keys = content.count(b'":') + content.count(b'" :')
    if keys > MAX_KEYS:
        raise _too_many(name, f"{MAX_KEYS:,} keys")
    if keys <= _FEW_KEYS:
        return
    different: set[bytes] = set()
    for match in _KEY.finditer(content):
        different.add(match[1])
        if len(different) > MAX_DIFFERENT_KEYS:
            raise _too_many(name, f"{MAX_DIFFERENT_KEYS:,} different keys")


def _too_many(name: str, what: str) -> InspectError:
    return InspectError(
        name, f"it has more than {what}, and no document that ttinspect reads has so many", _HINT
    )


def _refused(document: Any, kind: Any, name: str) -> InspectError:
    """The error of a document that is JSON, and not what it should be."""
    from ttinspect.facts.mismatch import find_mismatch

    wrong = find_mismatch(document, kind)
    if wrong is None:
        return InspectError(name, "it is not the document that it says it is", _HINT)
    where = f"{name}: {wrong.where()}" if wrong.path else name
    if wrong.choices and isinstance(wrong.found, str):
        if wrong.path[-1] == "arch":
            return _arch_error(wrong.found, where)
        return InspectError(where, wrong.why(), _NEWER)
    return InspectError(where, wrong.why(), _HINT)


def _arch_error(value: str, where: str) -> InspectError:
    """An architecture that ttinspect does not know has an exit code of its own, wherever it stands."""
    try:
        arch = arch_named(value)
    except InspectError as error:
        return InspectError(f"{where}: {error.what}", error.why, error.next_step, error.exit_code)
    return InspectError(where, f"found {value!r}, expected {arch.value}", _HINT)
