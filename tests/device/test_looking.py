"""What looks for long at devices through tt_umd: top whose terminal goes, and a recording played back."""

import json
import os
import time
from pathlib import Path

import msgspec
import pytest

from tests.cli.test_watching import Terminal
from tests.device.conftest import Become
from tests.device.simulated import Chip, blackhole
from tests.processes import descendants
from ttinspect.answers.telemetry import build_telemetry
from ttinspect.gathering.recorder import Recorder, RecordingFile
from ttinspect.gathering.watching import watch
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.recording import recorded_source, replay
from ttinspect.sources.snapshot import Host, Versions


def test_top_whose_terminal_goes_leaves_no_child_and_no_folder(
    library: Path, become: Become, console_script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(blackhole(Chip(beating=True, varying=True), Chip(beating=True)))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    terminal = Terminal([console_script, "top", "--from", f"sim:{library}"], size=(30, 120))
    try:
        terminal.read(lambda output: b"p150" in output)
        children = descendants(terminal.process.pid)
        assert children
        assert any(scratch.iterdir())
        os.close(terminal.slave)
        os.close(terminal.screen)
        assert terminal.process.wait(15) == 143
    finally:
        terminal.close()
    until = time.monotonic() + 5
    while time.monotonic() < until and any(Path(f"/proc/{child}").exists() for child in children):
        time.sleep(0.05)
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
    assert not [*scratch.iterdir()]


def _seen(system: System) -> object:
    """What telemetry --json says, but for the source and the host, which are the recording's."""
    answer = json.loads(msgspec.json.encode(build_telemetry(system)))
    return {name: value for name, value in answer.items() if name not in ("source", "host", "time_ns")}


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.zst"])
def test_what_is_played_back_is_what_was_seen_live(
    library: Path, become: Become, tmp_path: Path, name: str
) -> None:
    become(blackhole(*[Chip(beating=True, varying=True) for _ in range(3)]))
    recorder, live = Recorder(Host(name="h"), Versions(tt_umd=None, driver=None)), []
    options = LiveOptions(timeout_seconds=30, ask=Ask.READING)
    with watch(f"sim:{library}", options) as read, RecordingFile(str(tmp_path / name), None) as file:
        for at in range(20):
            system = read()
            live.append(_seen(system))
            for line in recorder.lines(system, None, (), at):
                file.append(line)
    played = [_seen(recorded_source(moment, name)) for moment in replay(str(tmp_path / name))]
    assert played == live
    clocks = {json.dumps(answer["devices"][0]["aiclk_mhz"]) for answer in live}  # type: ignore[index]
    assert len(clocks) > 5  # they do vary
