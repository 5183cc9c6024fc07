"""A simulator that is slow: nothing that is well is called bad, and one bad chip hides nothing."""

from pathlib import Path

import pytest

from tests.device.conftest import Answer, Become
from tests.device.simulated import Chip, blackhole, wormhole
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd.watching import Watcher

SECOND = 2500
"""Microseconds that an access takes where a Blackhole takes more than a second, with all that it says."""


def test_a_chip_that_is_only_slow_when_it_is_read_is_waited_for(answer: Answer) -> None:
    document = answer(blackhole(Chip(), Chip(), crash=("nap", 1290, 1)), "telemetry", "--timeout", "8")
    assert [chip["aiclk_mhz"] for chip in document["devices"]] == [1350, 1350]


@pytest.mark.parametrize("at", [40, 250])
def test_a_simulator_that_is_only_slow_is_waited_for(answer: Answer, at: int) -> None:
    """Meanwhile its chips are opened one by one, each as slowly, and nothing is made of that."""
    document = answer(wormhole(Chip(), Chip(), crash=("nap", at, 1)), "harvest", "--timeout", "8")
    assert [chip["tensix"]["active"] for chip in document["devices"]] == [80, 80]
    assert document["findings"] == []


@pytest.mark.parametrize(("at", "timeout"), [(1, "12"), (40, "8")])
def test_one_slow_chip_is_waited_for_whatever_it_is_slow_with(answer: Answer, at: int, timeout: str) -> None:
    """Its PCI id already can take its time: three seconds of each process that asks."""
    (chip,) = answer(blackhole(Chip(), crash=("nap", at, 0)), "harvest", "--timeout", timeout)["devices"]
    assert chip["tensix"]["active"] == 120


@pytest.mark.parametrize(
    ("crash", "timeout", "harvested"),
    [(("abort", 50, 0), "5", [None, 120, 120]), (("hang", 50, 1), "9", [120, None, 120])],
)
def test_a_bad_chip_among_slow_ones_hides_none(
    answer: Answer, crash: tuple[str, int, int], timeout: str, harvested: list[int | None]
) -> None:
    """All together may take as long as they do; tt_umd is silent meanwhile."""
    chips = [Chip(access_us=1000) for _ in harvested]
    document = answer(blackhole(*chips, crash=crash), "harvest", "--timeout", timeout, code=5)
    assert [chip["tensix"]["active"] for chip in document["devices"]] == harvested


def test_chips_that_answered_alone_are_shown_when_there_is_no_time_for_all_together(answer: Answer) -> None:
    chips = [Chip(access_us=SECOND) for _ in range(4)]
    document = answer(blackhole(*chips, crash=("abort", 50, 3)), "telemetry", "--timeout", "10", code=5)
    assert [chip["aiclk_mhz"] for chip in document["devices"]] == [1350, 1350, 1350, None]
    bad = {one["evidence"]["chip"] for one in document["findings"] if one["severity"] == "error"}
    assert bad - {None} == {3}, "whether links were read is a matter of time"


def test_a_chip_that_is_only_slow_is_not_called_bad_beside_one_that_is(answer: Answer) -> None:
    device = blackhole(Chip(access_us=4000), Chip(), Chip(), crash=("abort", 50, 2))
    document = answer(device, "harvest", "--timeout", "10", code=5)
    assert [chip["tensix"]["active"] for chip in document["devices"]] == [120, 120, None]
    assert {one["evidence"]["chip"] for one in document["findings"] if one["severity"] == "error"} == {2}


def test_several_bad_chips_hide_none_of_the_others(answer: Answer) -> None:
    """Each is waited for beside the others."""
    chips = [Chip(), Chip(hung=True), Chip(), Chip(hung=True)]
    document = answer(blackhole(*chips), "harvest", "--timeout", "5", code=5)
    well = [chip["id"] for chip in document["devices"] if chip["tensix"]["active"] == 120]
    assert well == [0, 2]


def test_a_watch_waits_for_a_slow_simulator(library: Path, become: Become) -> None:
    become(blackhole(*[Chip(access_us=1500) for _ in range(3)]))
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=8)) as watcher:
        system = watcher.read()
        assert [chip.telemetry is not None for chip in system.chips] == [True, True, True]
        assert system.troubles == ()
