"""Every text of every source, one after the other, as somebody would write it who wants to move a cursor, set a
title, turn the order of letters round or start a program in a spreadsheet. Tables, CSV, JSON and the sentences of
errors stay harmless: ``Feeder`` refuses control characters, cells that are formulas, and documents that are none.
"""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz import feeding
from tests.fuzz.feeding import Feeder
from tests.fuzz.targets import TARGETS
from ttinspect.facts.yamltree import parse_yaml

CONTROL = "\x1b]0;x\x07\x9b31m\u202e\r\n"
FORMULAS = ("=cmd|'/c x'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1")
TEXTS = [name for name, target in TARGETS.items() if target.lines and name not in ("recording", "region")]
"""Those that are text: a recording holds what a snapshot does, and a region is in tests/test_security.py."""
_MOST = 120


@pytest.fixture(scope="module")
def feeder() -> Iterator[Feeder]:
    with feeding.feeder() as made:
        yield made


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts are, keys included: a path that ends with None is of the key before."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key, None)
            yield from _places(value, (*path, key))
    elif isinstance(document, list):
        for at, value in enumerate(document[:2]):
            yield from _places(value, (*path, at))
    elif isinstance(document, str):
        yield path


def _replaced(document: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    head, *rest = path
    if rest == [None]:
        return {text if key == head else key: value for key, value in document.items()}
    if isinstance(document, dict):
        return {**document, head: _replaced(document[head], tuple(rest), text)}
    return [_replaced(value, tuple(rest), text) if at == head else value for at, value in enumerate(document)]


def _document(seed: bytes) -> Any:
    try:
        return json.loads(seed)
    except ValueError:
        pass
    try:
        document = parse_yaml(seed, "seed")
    except Exception:  # noqa: BLE001 - text protobuf, CSV, plain text
        return None
    return document if isinstance(document, dict | list) else None


def _variants(seed: bytes, hostile: tuple[str, ...]) -> Iterator[bytes]:
    """The seed with one text after the other for one that is hostile, each of them in turn."""
    texts = itertools.cycle(hostile)
    document = _document(seed)
    if document is not None:
        for path in [*dict.fromkeys(_places(document))][:_MOST]:
            yield json.dumps(_replaced(document, path, next(texts))).encode()
        return
    seen = seed.decode("utf-8", "replace")
    for match in [*re.finditer(r'"[^"\n]*"', seen)][:_MOST]:  # a string of text protobuf
        text = "".join(rf"\{ord(char):03o}" if char < " " else char for char in next(texts))
        yield f'{seen[: match.start()]}"{text}"{seen[match.end() :]}'.encode()
    for match in [*re.finditer(r"[^,\s:\"]+", seen)][:_MOST]:  # a word, or a cell
        yield f"{seen[: match.start()]}{next(texts)}{seen[match.end() :]}".encode()


@pytest.mark.system
@pytest.mark.parametrize(
    ("hostile", "formats"),
    [((CONTROL,), ("table", "csv")), (FORMULAS, ("csv",))],
    ids=["control characters", "formulas"],
)
@pytest.mark.parametrize("target", TEXTS)
def test_no_text_of_a_source_does_anything(
    feeder: Feeder, target: str, hostile: tuple[str, ...], formats: tuple[str, ...]
) -> None:
    count = 0
    for seed in sorted(TARGETS[target].seeds(), key=len)[:2]:
        for data in _variants(seed, hostile):
            feeder.answer(target, data, formats)
            count += 1
    assert count


def test_what_is_refused_would_be_seen() -> None:
    rows = list(csv.reader(io.StringIO("a\r\n=1+1\r\n")))
    assert rows[1] == ["=1+1"]
    from tests.fuzz.feeding import Broken, _csv, _refuse_control_characters

    with pytest.raises(AssertionError):
        _csv("a\r\n=1+1\r\n", "list")
    with pytest.raises(Broken):
        _refuse_control_characters("here", "\x1b[31m")
