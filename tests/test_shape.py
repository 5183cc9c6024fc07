"""The limits of make shape hold."""

import pytest

from tests import shape


@pytest.mark.parametrize("room", shape.MODULES)
def test_a_room_has_no_more_modules_than_agreed(room: str) -> None:
    assert len(shape.modules(room)) <= shape.MODULES[room]


@pytest.mark.parametrize("room", shape.LINES)
def test_a_room_has_no_more_lines_than_agreed(room: str) -> None:
    assert sum(len(path.read_text().splitlines()) for path in shape.modules(room)) <= shape.LINES[room]


def test_no_function_is_longer_than_agreed() -> None:
    lines, where = max(shape.functions())
    assert lines <= shape.LONGEST_FUNCTION, where


def test_only_layouts_know_what_a_version_means() -> None:
    assert len([*shape.version_comparisons()]) <= shape.VERSION_COMPARISONS


def test_no_code_reads_our_own_sentences() -> None:
    assert len([*shape.own_text_regexes()]) <= shape.OWN_TEXT_REGEXES


def test_every_room_is_measured() -> None:
    assert {"cli", "report", "sources/umd", "verify"} <= {room.name for room in shape.rooms()}
