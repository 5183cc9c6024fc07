"""Firmware bundle versions."""

import itertools
from collections.abc import Sequence

import pytest

from ttinspect.facts.firmware import bundle_text, firmware_order, firmware_version, is_before


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("19.5.0", (19, 5, 0)),
        ("18.12.0.3", (18, 12, 0)),
        ("18.2.0-rc.1", (18, 2, 0)),
        ("19.5", None),
        ("a.b.c", None),
        ("", None),
        ("19.5.0 ", None),
        ("9" * 5000 + ".0.0", None),
    ],
)
def test_firmware_versions(text: str, version: tuple[int, int, int] | None) -> None:
    assert firmware_version(text) == version
    assert (firmware_order(text) is None) == (version is None)


IN_ORDER = (
    "80.9.0",
    "80.18.3",
    "81.0.0",
    "18.2.0-rc.1",
    "18.2.0-rc.2",
    "18.2.0",
    "18.12.0",
    "19.5.0.1",
    "19.5.0",
)


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return list(itertools.combinations(texts, 2))


@pytest.mark.parametrize(("old", "new"), _pairs(IN_ORDER))
def test_candidates_are_before_their_release_and_bundles_from_80_on_before_all_others(
    old: str, new: str
) -> None:
    before, after = firmware_order(old), firmware_order(new)
    assert before is not None
    assert after is not None
    assert before < after


def test_a_zero_as_fourth_number_says_nothing() -> None:
    assert firmware_order("19.5.0.0") == firmware_order("19.5.0")


def test_a_fourth_number_is_a_candidate() -> None:
    assert firmware_order("19.5.0.2") == firmware_order("19.5.0-rc.2")


def test_versions_as_numbers_are_in_the_same_order() -> None:
    assert is_before((80, 18, 0), (19, 5, 0))
    assert is_before((19, 4, 9), (19, 5, 0))
    assert not is_before((19, 5, 0), (19, 5, 0))
    assert not is_before((19, 5, 0), (80, 18, 0))


@pytest.mark.parametrize(
    ("word", "text"),
    [(0x12080200, "18.8.2"), (0x12080201, "18.8.2-rc.1"), (0x50120000, "80.18.0"), (0, None), (None, None)],
)
def test_the_word_of_the_bundle(word: int | None, text: str | None) -> None:
    assert bundle_text(word) == text


WORDS = (0x50090000, 0x50120300, 0x12020001, 0x12020002, 0x12020000, 0x120C0000, 0x13050001, 0x13050000)


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(WORDS, 2)))
def test_tt_umd_says_the_same(old: int, new: int) -> None:
    tt_umd = pytest.importorskip("tt_umd", reason="tt_umd has no wheel for this Python or platform")
    theirs = [tt_umd.FirmwareBundleVersion.from_firmware_bundle_tag(word) for word in (old, new)]
    texts = [bundle_text(old) or "", bundle_text(new) or ""]
    assert [str(version) for version in theirs] == texts
    before, after = (firmware_version(text) for text in texts)
    assert before is not None
    assert after is not None
    assert is_before(before, after) == (theirs[0] < theirs[1])
