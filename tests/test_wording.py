"""The law of counts in messages, which holds of every finding that a test of verify/ plants."""

import pytest

from tests.wording import assert_counts_agree, wrong_counts
from ttinspect.facts.wording import plural, verb
from ttinspect.verify.words import which


@pytest.mark.parametrize(
    "message",
    [
        "channels 3-3",
        "1 chips",
        "1 channels are up",
        "1 more files",
        "2 chip",
        "pid 7 occupies slots 4.",
        "1 link are",
    ],
)
def test_the_law_finds_what_does_not_agree(message: str) -> None:
    assert wrong_counts(message)


@pytest.mark.parametrize(
    "message",
    ["channel 3", "1 chip", "1 channel is up", "2 chips are", "pids 4 and 5", "chips 0-2", "the 1 that is", "v1 has", "rows y=1, 8",
     "1 process holds it", "12 channels", "1,000 chips", "0.1 s", "channels 2 with 5", "0 of 1 channel"],
)  # fmt: skip
def test_the_law_leaves_what_agrees(message: str) -> None:
    assert_counts_agree(message)


def test_counts() -> None:
    assert [plural(count, "slot") for count in (0, 1, 2, 1000)] == [
        "0 slots",
        "1 slot",
        "2 slots",
        "1,000 slots",
    ]
    assert [plural(count, "process", "processes") for count in (1, 2)] == ["1 process", "2 processes"]
    assert [verb(count, "is", "are") for count in (0, 1, 2)] == ["are", "is", "are"]
    assert [which("pid", pids) for pids in ([3], [3, 5], [3, 5, 9])] == [
        "pid 3",
        "pids 3 and 5",
        "pids 3, 5 and 9",
    ]
