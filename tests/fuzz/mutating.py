"""Inputs from inputs: bytes changed anywhere, or values of a document changed for values that are odd."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import yaml

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 7, 255, 256, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40,
    0.0, -0.5, 1e308, "", " ", "0", "-1", "0x41", "0x" + "f" * 40, "1e999", "nan", "\x1b[31m", "\u202e", "\ud7ff",
    "=1+1", "a" * 5000, "\u0661", "../../etc/passwd", "${HOME}", [], {}, [[]], [None], {"": None}, {"a": {"b": []}},
)  # fmt: skip
_BYTES = (
    b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x1b[31m", b"\r\n", b"\t", b"- ", b": ", b"{", b"}", b"[", b"]", b'"',
    b"'", b",", b"=", b"..", b"0x", b"-", b"9" * 30, b"1e999", b"NaN", b"&a", b"*a", b"!!python/name:os.system ",
    b"<<: ", b"#", b"\n", b"\xe2\x80\xae", b"%s", b"null", b"\x85", b"\xe2\x80\xa8",
)  # fmt: skip
_BIGGEST_TREE = 60_000


def mutate(data: bytes, random: Random, most: int = 1 << 20) -> bytes:
    """Another input of this one; the same for the same random."""
    tree = _tree(data) if len(data) <= _BIGGEST_TREE and random.random() < 0.6 else None
    if tree is not None:
        document, dump = tree
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            document = _changed(document, random)
        changed: bytes = dump(document)
        return changed[:most]
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        data = _bytes_changed(data, random)
    return data[:most]


def _tree(data: bytes) -> tuple[Any, Any] | None:
    try:
        return json.loads(data), lambda found: json.dumps(found, default=str).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        pass
    try:
        found = yaml.load(data, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None
    if not isinstance(found, dict | list):
        return None
    return found, lambda found: yaml.safe_dump(found, allow_unicode=True, sort_keys=False).encode(
        "utf-8", "surrogatepass"
    )


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    stack = [document]
    while stack:
        at = stack.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        for key in keys:
            yield at, key
            stack.append(at[key])


def _changed(document: Any, random: Random) -> Any:
    places = list(_places(document))
    if not places:
        return random.choice(_ODD)
    at, key = random.choice(places)
    value = at[key]
    kind = random.randrange(6)
    if kind == 0:
        at[key] = copy.deepcopy(random.choice(_ODD))
    elif kind == 1:
        del at[key]
    elif kind == 2:
        other, elsewhere = random.choice(places)
        with_it = other[elsewhere] if elsewhere in other or isinstance(other, list) else None
        at[key] = copy.deepcopy(with_it)
    elif kind == 3 and isinstance(at, dict):
        at[random.choice(("", "0", "-1", f"{key}x", "device", "chips", "\x1b"))] = at.pop(key)
    elif isinstance(value, int) and not isinstance(value, bool):
        at[key] = random.choice(
            (value + 1, value - 1, -value, value << 32, value ^ (1 << random.randrange(70)))
        )
    elif isinstance(at, list) and kind == 4:
        at.extend(copy.deepcopy(value) for _ in range(random.choice((1, 2, 40))))
    else:
        at[key] = copy.deepcopy(random.choice(_ODD))
    return document


def _bytes_changed(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.choice((0, 1, 1, 2, 4, 16, 200)))
    kind = random.randrange(5)
    if kind == 0:
        return data[:start] + random.choice(_BYTES) + data[end:]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:start] + random.randbytes(end - start or 1) + data[end:]
    if kind == 3:
        return data[:end] + data[start:end] * random.choice((1, 2, 50)) + data[end:]
    return data[:start] if random.random() < 0.3 else data[:start] + data[start : start + 1] + data[start:]
