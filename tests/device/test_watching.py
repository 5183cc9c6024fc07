"""A watch takes chips back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.device.simulated import Chip, Device, blackhole, wormhole
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import lookout
from ttinspect.sources.umd.watching import Watcher

LONGEST_SECONDS = 30


@pytest.mark.parametrize(
    ("make", "bad"),
    [
        pytest.param(blackhole, {"chips": (Chip(), Chip(hung=True), Chip())}, id="hung"),
        pytest.param(blackhole, {"crash": ("exit", 300, 1)}, id="dies in discovery"),
        pytest.param(blackhole, {"crash": ("exit", 2000, 1)}, id="dies when it is read"),
        pytest.param(wormhole, {"crash": ("exit", 300, 1)}, id="wormhole"),
        pytest.param(wormhole, {"crash": ("hang", 300, 1)}, id="an endless loop"),
    ],
)
def test_a_chip_that_is_well_again_is_shown_again(
    make: Callable[..., Device],
    bad: dict[str, Any],
    library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def devices(chips: tuple[Chip, ...] = (Chip(), Chip(), Chip()), **more: Any) -> None:
        (name, script), *_ = make(*chips, **more).write(tmp_path / "script").items()
        monkeypatch.setenv(name, script)

    monkeypatch.setattr(lookout, "_FIRST_PAUSE", 0.01)
    devices(**bad)
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=6)) as watcher:

        def answering() -> list[int]:
            return [chip.id for chip in watcher.read().chips if chip.telemetry is not None]

        assert answering() == [0, 2]
        devices()
        late = time.monotonic() + LONGEST_SECONDS
        while (ids := answering()) != [0, 1, 2]:
            assert ids == [0, 2], "the others go on"
            assert time.monotonic() < late
            time.sleep(0.05)
        assert not watcher.read().troubles


def test_a_chip_that_is_gone_when_another_is_left_alone_is_told_to_be(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def devices(*chips: Chip, **more: Any) -> None:
        (name, script), *_ = blackhole(*chips, **more).write(tmp_path / "script").items()
        monkeypatch.setenv(name, script)

    devices(Chip(), Chip(), Chip(), crash=("abort", 2500, 1))
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=20)) as watcher:
        assert watcher.read().troubles == ()
        devices(Chip(), Chip())
        while not (reading := watcher.read()).troubles:
            pass  # until the device aborts
    lost = {trouble.chip: trouble.why for trouble in reading.troubles}
    (gone,) = {0, 1, 2}.difference(lost)
    assert gone == 0
    assert lost[2] == "it is not there any more"
    assert "SIGABRT" in lost[1]
