"""A watch takes chips back."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.device.conftest import Become
from tests.device.simulated import ASIC_ID_HIGH, Chip, Device, blackhole, wormhole
from ttinspect.errors import InspectError
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import lookout
from ttinspect.sources.umd.watching import Watcher
from ttinspect.verify.naming import select_chips

LONGEST_SECONDS = 30


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(blackhole(Chip(), Chip(hung=True), Chip()), id="hung"),
        pytest.param(blackhole(Chip(), Chip(), Chip(), crash=("exit", 300, 1)), id="dies in discovery"),
        pytest.param(blackhole(Chip(), Chip(), Chip(), crash=("exit", 2000, 1)), id="dies when it is read"),
        pytest.param(wormhole(Chip(), Chip(), Chip(), crash=("exit", 300, 1)), id="wormhole"),
        pytest.param(wormhole(Chip(), Chip(), Chip(), crash=("hang", 100, 1)), id="an endless loop"),
    ],
)
def test_a_chip_that_is_well_again_is_shown_again(
    bad: Device, library: Path, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_FIRST_PAUSE", 0.01)
    become(bad)
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=6)) as watcher:

        def answering() -> list[int]:
            return [chip.id for chip in watcher.read().chips if chip.telemetry is not None]

        assert answering() == [0, 2]
        become(Device(bad.arch, [Chip(), Chip(), Chip()]))
        late = time.monotonic() + LONGEST_SECONDS
        while (ids := answering()) != [0, 1, 2]:
            assert ids == [0, 2], "the others go on"
            assert time.monotonic() < late
            time.sleep(0.05)
        assert not watcher.read().troubles


@pytest.mark.parametrize(("chosen", "asked_again"), [(0, False), (1, True)])
def test_nobody_is_looked_for_whom_nobody_asked_for(
    library: Path, become: Become, monkeypatch: pytest.MonkeyPatch, chosen: int, asked_again: bool
) -> None:
    """To look for a chip costs the others a little."""
    become(blackhole(Chip(), Chip(tags={ASIC_ID_HIGH: None})))
    monkeypatch.setattr(lookout, "_FIRST_PAUSE", 0.0)
    looks = []

    def look(*arguments: Any, **_: Any) -> Any:
        looks.append(arguments)
        raise InspectError("nothing", "nobody looked", "look")

    monkeypatch.setattr(lookout, "ask_persistently", look)
    options = LiveOptions(timeout_seconds=20)
    with Watcher("sim", str(library), options, lambda system: select_chips(system, [str(chosen)])) as watcher:
        for _ in range(4):
            assert [chip.id for chip in watcher.read().chips] == [chosen]
    assert bool(looks) == asked_again


def test_a_chip_that_is_gone_when_another_is_left_alone_is_told_to_be(library: Path, become: Become) -> None:
    become(blackhole(Chip(), Chip(), Chip(), crash=("abort", 2500, 1)))
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=20)) as watcher:
        assert watcher.read().troubles == ()
        become(blackhole(Chip(), Chip()))
        while not (reading := watcher.read()).troubles:
            pass  # until the device aborts
    lost = {trouble.chip: trouble.why for trouble in reading.troubles}
    (gone,) = {0, 1, 2}.difference(lost)
    assert gone == 0
    assert lost[2] == "it is not there any more"
    assert "SIGABRT" in lost[1]
