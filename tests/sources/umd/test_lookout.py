"""When a watch looks again for what is missing, and what it makes of that."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ttinspect.model.system import System, Trouble
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.opening import open_source
from ttinspect.sources.umd import lookout
from ttinspect.sources.umd.lookout import Lookout
from ttinspect.sources.umd.ways import Way

TIMEOUT = 60.0
WAY = Way(arguments=("reading",))


def system(answering: int, troubles: int = 0) -> System:
    """Two chips, some of which answer."""
    example = open_source("board:n300")
    reading = Telemetry(time_ns=1)
    chips = tuple(replace(chip, telemetry=reading if chip.id < answering else None) for chip in example.chips)
    lost = tuple(Trouble(chip=None, why="lost", readable=False) for _ in range(troubles))
    return replace(example, chips=chips, troubles=lost)


class Watch:
    """A watch with a clock of its own, in which ``seen`` is what a look finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.looks, self.seen = 1000.0, 0, system(1, 1)
        monkeypatch.setattr(lookout, "ask_persistently", self._look)
        monkeypatch.setattr(lookout, "time", SimpleNamespace(monotonic=lambda: self.now))
        target: Any = type(
            "Target", (), {"arguments": (), "socs": (), "system": staticmethod(lambda one: one)}
        )
        self._lookout = Lookout(target, LiveOptions(timeout_seconds=TIMEOUT))

    def _look(self, *_: object, **__: object) -> tuple[Any, Way]:
        self.looks += 1
        return self.seen, WAY

    def missing(self, seconds: float, reading: System | None = None) -> Any:
        """Readings in which something is missing, for so long; what was found."""
        end = self.now + seconds
        while self.now < end:
            if (found := self._lookout.found(reading or system(1, 1))) is not None:
                return found
            self.now += 1
            time.sleep(0.001)  # for the look, which is at work beside
        return None

    def whole(self, seconds: float) -> None:
        """Readings in which nothing is missing."""
        for _ in range(int(seconds)):
            self._lookout.rest()
            self.now += 1


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def test_it_looks_after_half_of_the_timeout_and_then_less_and_less_often(watch: Watch) -> None:
    looks = []
    for _ in range(10):
        watch.missing(60)
        looks.append(watch.looks)
    assert looks[0] == 1  # at 30 s
    assert looks[1] == 2  # at about 90 s
    assert looks[3] == 3  # at about 210 s
    assert looks[7] == 4  # at about 450 s
    assert looks[9] == 4


def test_a_look_that_finds_no_more_is_not_followed(watch: Watch) -> None:
    assert watch.missing(200) is None
    assert watch.looks == 2


@pytest.mark.parametrize(
    "more", [system(2), system(2, 3), system(1)], ids=["all", "a chip", "as many, no trouble"]
)
def test_one_that_finds_more_is(watch: Watch, more: System) -> None:
    watch.seen = more
    assert watch.missing(60) == (more, WAY)


def test_one_that_finds_less_is_not(watch: Watch) -> None:
    watch.seen = system(0)
    assert watch.missing(60) is None
    assert watch.looks == 1


def test_a_chip_that_comes_and_goes_is_looked_for_less_and_less_often_too(watch: Watch) -> None:
    watch.seen = system(2)
    assert watch.missing(40) is not None
    watch.whole(5)
    assert watch.missing(50) is None
    assert watch.missing(20) is not None
    assert watch.looks == 2


def test_after_a_long_time_without_anything_missing_it_looks_soon_again(watch: Watch) -> None:
    watch.seen = system(2)
    assert watch.missing(40) is not None
    watch.whole(200)
    assert watch.missing(40) is not None
