"""What tt_umd's sentences tell (tt-umd 0.9.14)."""

import pytest

from ttinspect.sources.umd import umdlog
from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.wire import Wait

_CHATTER = (
    "2026-11-23 18:14:52.373 | debug    |             UMD | Configured TLB 0 (tt_sim_tlb_handle.cpp:83)"
)


@pytest.mark.parametrize(
    ("line", "wait"),
    [
        (
            "Still waiting on ARC firmware on device 1 to become ready (5000 ms elapsed, 1 ms left). (a.hpp:1)",
            Wait(WaitFor.FIRMWARE, "ARC firmware on device 1 to become ready", device=1),
        ),
        (
            "Waiting for lock 'ARC_MSG' held by process PID: 77",
            Wait(WaitFor.LOCK, "lock 'ARC_MSG' held by process PID: 77"),
        ),
        ("Waiting for ETH training for core 21, 25 on device 3 (a.cpp:2)",
         Wait(WaitFor.TRAINING, "ETH training for core 21, 25 on device 3", device=3)),
        (_CHATTER, None),
    ],
)  # fmt: skip
def test_what_it_waits_for(line: str, wait: Wait | None) -> None:
    assert umdlog.waiting(line) == wait


def test_the_last_thing_that_was_waited_for_counts() -> None:
    wait = umdlog.last_wait(
        "Waiting for lock A held by PID: 7\nWaiting for lock B held by PID: 8\nsomething\n"
    )
    assert wait is not None
    assert wait.text == "lock B held by PID: 8"
    assert umdlog.last_wait("nothing of it") is None


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ""),
        (_CHATTER, ""),
        (
            f"{_CHATTER}\nERROR: UnsupportedFunctionality: PCIE tile 1 access\n\n",
            "ERROR: UnsupportedFunctionality",
        ),
        (f"terminate called\n  what():  no such core\n{_CHATTER}", "what():  no such core"),
        ("x" * 1000, "x" * 200),
    ],
)
def test_the_last_words_are_not_those_of_the_logger(log: str, words: str) -> None:
    assert umdlog.last_words(log).startswith(words)
    assert bool(umdlog.last_words(log)) is bool(words)


def test_chips_of_a_simulator_have_their_own_numbers() -> None:
    assert umdlog.plain(b"firmware on device 225, over PCIe ID 226", 7) == "firmware on chip 1, over chip 2"
    assert umdlog.plain(b"firmware on device 5", 7) == "firmware on device 5"


def test_a_log_is_plain_text() -> None:
    assert umdlog.plain(b"\x1b[90m12:00\x1b[0m | info | \x1b[1;35mUMD\x1b[m a [0m \xff\n", 7) == (
        "12:00 | info | UMD a [0m \\xff\n"
    )
