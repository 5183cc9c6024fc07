"""What is wrong with a document is found by us, and it is what msgspec refuses."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttinspect
from tests.snapshots import paths_in
from ttinspect.facts.mismatch import find_mismatch
from ttinspect.model.check_file import CheckFile
from ttinspect.model.system import System

VALUES: tuple[Any, ...] = (
    None, -1, 0, 1, 2**62 + 1, 1.5, "", "x", "0", "p900", "1-2", [], {}, [1], [[1, 2]], True, "up", {"min": 3}, {"a": 1}
)  # fmt: skip
SYSTEM = json.loads(msgspec.json.encode(ttinspect.open_source("board:n300")))
CHECK = {
    "chips": 8,
    "regions": "clean",
    "each": {
        "arch": "blackhole",
        "cores": {"min": 1, "max": 2},
        "firmware": {"min": "19.5.0"},
        "grid": "8x8",
    },
    "boards": {"n300": {"chips": 2}},
    "links": [["0", 1, "1", 1]],
}


def _refused(document: Any, kind: Any) -> bool:
    try:
        msgspec.convert(document, kind)
    except msgspec.ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    ("document", "kind"), [(SYSTEM, System), (CHECK, CheckFile)], ids=["system", "check file"]
)
@given(data=st.data())
@settings(deadline=None)
def test_it_finds_a_place_exactly_where_the_document_is_refused(
    data: st.DataObject, document: Any, kind: Any
) -> None:
    changed = json.loads(json.dumps(document))
    *parents, last = data.draw(st.sampled_from(list(paths_in(document))))
    holder = changed
    for key in parents:
        holder = holder[key]
    action = data.draw(st.sampled_from(["set", "delete", "add"]))
    if action == "delete":
        del holder[last]
    elif action == "add" and isinstance(holder, dict):
        holder["what is this"] = data.draw(st.sampled_from(VALUES))
    else:
        holder[last] = data.draw(st.sampled_from(VALUES))
    wrong = find_mismatch(changed, kind)
    assert (wrong is not None) is _refused(changed, kind)
    if wrong is not None and action == "set" and not wrong.key:
        place = (*tuple(parents), last)
        assert wrong.path[: len(place)] == place or place[: len(wrong.path)] == wrong.path


@pytest.mark.parametrize(
    ("document", "kind", "where", "why"),
    [
        ({"a": 1}, dict[str, str], "$.a", "found 1, expected text"),
        ([1, "x"], list[int], "$[1]", "found 'x', expected a whole number"),
        ({"chips": {"min": []}}, CheckFile, "$.chips.min", "found a list of 0, expected"),
        ({"regions": "dirty"}, CheckFile, "$.regions", "found 'dirty', which this version does not know"),
        ({"chps": 1}, CheckFile, "$.chps", "the key 'chps' is not known"),
        ({}, System, "$", "the key 'source' is missing"),
        (
            {"data": "AAA"},
            dict[str, bytes | None],
            "$.data",
            "found 'AAA', expected bytes in base64",
        ),
        ({"data": "A\u00b5=="}, dict[str, bytes], "$.data", "found 'A\u00b5==', expected bytes in base64"),
        ([True], list[int | None], "$[0]", "found True, expected a whole number or nothing"),
    ],
)
def test_the_place_and_the_reason_are_told_in_our_words(
    document: Any, kind: Any, where: str, why: str
) -> None:
    wrong = find_mismatch(document, kind)
    assert wrong is not None
    assert (wrong.where(), wrong.why()[: len(why)]) == (where, why)
