"""How much a document can hold is bounded, and it is said when a bound bites."""

import json
from typing import Any

import msgspec
import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts import yamltree
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.sources import checking, jsontext
from ttinspect.sources.opening import open_source, read_content


def _system(**changes: Any) -> bytes:
    document = json.loads(msgspec.json.encode(open_source("board:n300")))
    return json.dumps({**document, **changes}).encode()


@pytest.mark.parametrize("what", ["warnings", "notes"])
def test_more_sentences_than_anybody_reads_are_left_out_and_told(what: str) -> None:
    sentences = [f"sentence {number}" for number in range(checking.MOST_SENTENCES + 7)]
    system = read_content(_system(**{what: sentences}), "s.json")
    shown = getattr(system, what)
    assert list(shown[: checking.MOST_SENTENCES]) == sentences[:-7]
    assert system.warnings[-1] == f"7 more {what} of this document are not shown"
    fewer = read_content(_system(**{what: sentences[:-7]}), "s.json")
    assert list(getattr(fewer, what)) == sentences[:-7]


def test_more_troubles_than_anybody_reads_are_left_out_and_told() -> None:
    trouble = {"chip": None, "why": "it is slow", "readable": True}
    system = read_content(_system(troubles=[trouble] * (checking.MOST_SENTENCES + 1)), "s.json")
    assert len(system.troubles) == checking.MOST_SENTENCES
    assert system.warnings == ("1 more troubles of this document are not shown",)


def test_more_reasons_of_one_chip_than_anybody_reads_are_left_out_and_told() -> None:
    document = json.loads(_system())
    document["chips"][1]["unknown"] = [{"path": "x", "why": "y"}] * (checking.MOST_SENTENCES + 1)
    system = read_content(json.dumps(document).encode(), "s.json")
    assert [len(chip.unknown) for chip in system.chips] == [0, checking.MOST_SENTENCES]
    assert "only the first 1,000 reasons" in system.warnings[0]


def test_more_links_than_chips_can_have_are_refused() -> None:
    link = {"a": {"chip": 0, "channel": 0}, "b": {"chip": 1, "channel": 0}}
    assert len(read_content(_system(links=[link] * 128), "s.json").links) == 128
    with pytest.raises(InspectError, match="links") as caught:
        read_content(_system(links=[link] * 129), "s.json")
    assert caught.value.why == "it lists 129 of them, 2 chips have at most 128"


@pytest.mark.parametrize(
    ("limit", "value", "more", "words"),
    [
        ("MAX_VALUES", 1000, b"[" + b",".join([b"[]"] * 1000) + b"]", "1,000 values"),
        ("MAX_KEYS", 400, b"[" + b",".join([b'{"a":1}'] * 500) + b"]", "400 keys"),
    ],
)
def test_a_document_with_more_than_any_of_ours_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, more: bytes, words: str
) -> None:
    whole = _system().replace(b'"kmd_version"', b'"unknown_key": ' + more + b', "kmd_version"')
    assert read_content(whole, "s.json").chips
    monkeypatch.setattr(jsontext, limit, value)
    with pytest.raises(InspectError) as caught:
        read_content(whole, "s.json")
    assert caught.value.exit_code is ExitCode.USAGE
    assert words in caught.value.why


def test_many_different_keys_are_refused_and_many_equal_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "_FEW_KEYS", 100)
    monkeypatch.setattr(jsontext, "MAX_DIFFERENT_KEYS", 300)
    equal = b"[" + b",".join([b'{"a":1}'] * 500) + b"]"
    different = b"{" + b",".join(b'"k%d":1' % number for number in range(500)) + b"}"
    for more, refused in ((equal, False), (different, True)):
        whole = _system().replace(b'"kmd_version"', b'"unknown_key": ' + more + b', "kmd_version"')
        if not refused:
            assert read_content(whole, "s.json").chips
            continue
        with pytest.raises(InspectError) as caught:
            read_content(whole, "s.json")
        assert "300 different keys" in caught.value.why


@pytest.mark.parametrize("content", [b"x:\n" + b"- []\n" * 60, b"x: [" + b"[]," * 60 + b"]", b"-\n" * 120])
def test_a_yaml_file_of_more_elements_than_any_of_ours_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    assert parse_yaml(content, "f.yaml")
    monkeypatch.setattr(yamltree, "MAX_ELEMENTS", 100)
    with pytest.raises(InspectError) as caught:
        parse_yaml(content, "f.yaml")
    assert "more than 100 lines and elements" in caught.value.why
