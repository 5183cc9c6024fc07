"""What the log of a child tells of its end."""

import pytest

from ttinspect.sources.umd.log import last_words, waited_for

_CHATTER = (
    "2026-11-23 18:14:52.373 | debug    |             UMD | Configured TLB 0 (tt_sim_tlb_handle.cpp:83)"
)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ""),
        (_CHATTER, ""),
        (
            f"{_CHATTER}\nERROR: UnsupportedFunctionality: PCIE tile 1 access\n\n",
            "ERROR: UnsupportedFunctionality",
        ),
        (f"terminate called\n  what():  no such core\n{_CHATTER}", '"what():  no such core"'),
        (f"{_CHATTER}\n2026-11-23 18:14:52.373 | critical |    UMD | Hung", "critical"),
        ("x" * 1000, "x" * 200 + '"'),
    ],
)
def test_the_last_words_are_not_those_of_the_logger(log: str, words: str) -> None:
    assert words in last_words(log)
    assert bool(last_words(log)) is bool(words)
    assert "debug" not in last_words(log)


def test_what_was_waited_for_is_said_last() -> None:
    log = "Waiting for lock A held by 7\nsomething else\n"
    assert waited_for(log) == "; it was waiting for lock A held by 7"
    assert waited_for("nothing of it") == ""
