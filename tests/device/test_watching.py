"""A watch of a host takes chips back, and goes on without those that are bad."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.device.conftest import Become
from tests.device.host import target_of
from tests.device.simulated import Chip, Device, blackhole, wormhole
from ttinspect.model.system import System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import watching
from ttinspect.sources.umd.watching import Watcher
from ttinspect.verify.naming import select_chips


class Watch:
    """A watch of a simulated host, with a clock that the test moves."""

    def __init__(
        self, library: Path, device: Device, monkeypatch: pytest.MonkeyPatch, chosen: list[str]
    ) -> None:
        self.now = 1000.0
        monkeypatch.setattr(watching, "target_of", lambda kind, path, task: target_of(library, device, task))
        monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.watcher = Watcher(
            "umd", "", LiveOptions(timeout_seconds=30), lambda system: select_chips(system, chosen)
        )

    def answering(self) -> list[int]:
        """The chips of the next reading that have one."""
        return _answering(self.watcher.read())


def _answering(system: System) -> list[int]:
    return [chip.id for chip in system.chips if chip.telemetry is not None]


@pytest.fixture
def watched(
    request: pytest.FixtureRequest, library: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Watch]]:
    """Watches that a test begins; they are ended after it."""
    begun: list[Watch] = []
    yield begun
    for watch in begun:
        with watch.watcher:
            pass


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(blackhole(Chip(), Chip(), Chip(hung=True)), id="hung"),
        pytest.param(blackhole(Chip(), Chip(), Chip(), crash=("exit", 300, 2)), id="dies in discovery"),
        pytest.param(blackhole(Chip(), Chip(), Chip(), crash=("exit", 2000, 2)), id="dies when it is read"),
        pytest.param(wormhole(Chip(), Chip(), Chip(), crash=("exit", 150, 2)), id="wormhole"),
    ],
)
def test_a_chip_that_is_well_again_is_shown_again_after_a_while(
    bad: Device, library: Path, become: Become, monkeypatch: pytest.MonkeyPatch, watched: list[Watch]
) -> None:
    become(bad)
    watch = Watch(library, bad, monkeypatch, [])
    watched.append(watch)
    assert watch.answering() == [0, 1]
    become(Device(bad.arch, [Chip(), Chip(), Chip()]))
    watch.now += 29
    assert watch.answering() == [0, 1], "the others go on"
    watch.now += 2
    assert watch.answering() == [0, 1, 2]
    assert not watch.watcher.read().troubles


def test_a_chip_that_stays_away_is_looked_for_less_and_less_often(
    library: Path, become: Become, monkeypatch: pytest.MonkeyPatch, watched: list[Watch]
) -> None:
    device = blackhole(Chip(), Chip(), crash=("exit", 300, 1))
    become(device)
    watch = Watch(library, device, monkeypatch, [])
    watched.append(watch)
    starts = []
    for _ in range(60):
        before = watch.watcher._child
        assert watch.answering() == [0]
        if watch.watcher._child is not before:
            starts.append(watch.now - 1000)
        watch.now += 10
    assert starts == [0, 30, 90, 210, 330, 450, 570]


@pytest.mark.parametrize(("chosen", "looked_for"), [("0", False), ("1", True)])
def test_nobody_is_looked_for_whom_nobody_asked_for(
    library: Path, become: Become, monkeypatch: pytest.MonkeyPatch, watched: list[Watch],
    chosen: str, looked_for: bool,
) -> None:  # fmt: skip
    """To look for a chip costs the others a little."""
    device = blackhole(Chip(), Chip(), crash=("exit", 300, 1))
    become(device)
    watch = Watch(library, device, monkeypatch, [chosen])
    watched.append(watch)
    watch.watcher.read()
    child = watch.watcher._child
    watch.now += 31
    watch.watcher.read()
    assert (watch.watcher._child is not child) == looked_for


def test_a_simulator_that_dies_in_a_watch_costs_readings_and_is_started_again(
    library: Path, become: Become
) -> None:
    become(blackhole(Chip(), Chip(), Chip(), crash=("abort", 2500, 1)))
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=20)) as watcher:
        assert watcher.read().troubles == ()
        while not (reading := watcher.read()).troubles:
            pass  # until the device aborts
        assert _answering(reading) == [0], "what it said before it died is kept"
        assert ["SIGABRT" in trouble.why for trouble in reading.troubles] == [True, True]
        become(blackhole(Chip(), Chip()))
        reading = watcher.read()
    assert _answering(reading) == [0, 1]
    assert {trouble.chip: trouble.why for trouble in reading.troubles} == {2: "it is not there any more"}
