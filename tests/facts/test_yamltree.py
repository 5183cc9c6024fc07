"""YAML as tt-umd's tools write it, without what YAML readers do in silence."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ttinspect.errors import InspectError
from ttinspect.facts.yamltree import parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0000:01:00.0", "0000:01:00.0"),
        ("0000:41:00.0", "0000:41:00.0"),
        ("0000:c1:00.0", "0000:c1:00.0"),
        ("010", "010"),
        ("on", "on"),
        ("2026-11-23", "2026-11-23"),
        ("0x1F", 31),
        ("-5", -5),
        ("1.5", 1.5),
        ("14251245764", 14251245764),
        ("17716556166399396846", 17716556166399396846),
        ("true", True),
        ("~", None),
        ("'12'", "12"),
    ],
)
def test_scalars_mean_what_they_say(text: str, value: Any) -> None:
    scalar = parse_yaml(f"key: {text}".encode(), "f")["key"]
    assert scalar == value
    assert type(scalar) is type(value)


_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.text(max_size=20)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers() | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_TREES)
@settings(deadline=None)
def test_what_a_yaml_library_writes_is_read_back(tree: Any) -> None:
    assert parse_yaml(yaml.safe_dump(tree).encode(), "f") == tree


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' is repeated"),
        ("1: x\n0x1: y\n", 2, "the key '0x1' is repeated"),
        ("a: &x 1\nb: *x\n", 2, "alias"),
        ("a: !!python/object:os.system x\n", 1, "tag"),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("[" * 200_000, 1, "deeper than 64"),
        ("{a: " * 200_000, 1, "deeper than 64"),
        ("? [1]\n: 2\n", 1, "collection as a key"),
    ],
    ids=["repeated", "repeated-other-spelling", "alias", "tag", "truncated", "two", "lists", "maps", "key"],
)
def test_refusals_name_the_line(text: str, line: int, words: str) -> None:
    with pytest.raises(InspectError) as caught:
        parse_yaml(text.encode(), "f")
    assert caught.value.what == f"f, line {line}"
    assert words in caught.value.why


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"\xff\xfe\xfa", b"\x80abc: 1", b"a: \x07"])
def test_binary_is_refused(content: bytes) -> None:
    with pytest.raises(InspectError):
        parse_yaml(content, "f")


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_give_a_value_or_our_error(content: bytes) -> None:
    try:
        parse_yaml(content, "f")
    except InspectError as error:
        assert error.what.startswith("f")
