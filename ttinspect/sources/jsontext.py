"""JSON that a user handed us: typed, and without what JSON readers pass over in silence."""

import json
from typing import Any, TypeVar

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.socs import arch_named

T = TypeVar("T")
_ENUM = "Invalid enum value"
_SCHEMA = "Invalid value "
"""What msgspec says of the tag of a Struct."""

_NEWER = "update ttinspect, or correct the file"
_HINT = "write the file anew with the tool that made it"


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
            unsupported architecture; the message names the key path.
    """
    try:
        text = content.decode("utf-8-sig")
        _CHECKER.decode(text.strip(" \t\r\n"))
        return msgspec.json.decode(text, type=kind)
    except _RepeatedKeyError as error:
        raise InspectError(name, f"the key {error.args[0]!r} is repeated", _HINT) from None
    except UnicodeDecodeError:
        raise InspectError(name, "it is not UTF-8 text", _HINT) from None
    except RecursionError:
        raise InspectError(name, "it nests too deep", _HINT) from None
    except msgspec.ValidationError as error:
        message, _, path = str(error).replace("`", "").partition(" - at ")
        where = f"{name}: {path}" if path else name
        if message.startswith(_ENUM):
            value = message.removeprefix(_ENUM).strip(" '")
            if path.endswith(".arch"):
                _refuse_arch(value, where)
            why = f"found {value!r}, which this version does not know"
            raise InspectError(where, why, _NEWER) from None
        if message.startswith(_SCHEMA):
            why = f"found {message.removeprefix(_SCHEMA)}, which this version does not know"
            raise InspectError(where, why, _NEWER) from None
        raise InspectError(where, _plain(message), _HINT) from None
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: also a number of 5,000 digits
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InspectError(f"{name}{line}", "it is not valid JSON", _HINT) from None


def _refuse_arch(value: str, where: str) -> None:
    """An architecture that ttinspect does not know has an exit code of its own, wherever it stands."""
    try:
        arch_named(value)
    except InspectError as error:
        raise InspectError(f"{where}: {error.what}", error.why, error.next_step, error.exit_code) from None


def _plain(message: str) -> str:
    """msgspec's "Expected `int`, got `str`" in the words of our other messages."""
    expected, got, found = message.partition(", got ")
    if got and expected.startswith("Expected "):
        return f"found {found}, expected {expected.removeprefix('Expected ')}"
    return message
