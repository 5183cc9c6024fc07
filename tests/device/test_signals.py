"""A signal at any line of starting, ending and clearing away the process that asks a simulator."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.device.simulated import Chip, Device
from tests.processes import with_variable

_EVERY = 9
_SIGNALLED = """
import os, sys
line, number, sys.argv[1:] = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
OURS = {"__init__", "_start", "stop", "session", "clear_away", "finish", "start_early", "started",
        "_signals_held_back", "sweep"}
seen = 0

def within(frame, event, _):
    global seen
    if event == "line":
        seen += 1
        if seen == line:
            print(f"{frame.f_code.co_name}:{frame.f_lineno}", file=sys.stderr)
            os.kill(os.getpid(), number)
    return within

def trace(frame, *_):
    code = frame.f_code
    return within if code.co_filename.endswith("umd/process.py") and code.co_name in OURS else None

sys.settrace(trace)
from ttinspect.cli.start import main
sys.exit(main())
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_wherever_it_comes_nothing_is_left(library: Path, tmp_path: Path, number: int, code: int) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    device = Device("blackhole", [Chip()])
    environment = {**os.environ, **device.write(tmp_path / "script"), "TMPDIR": str(scratch)}
    line, places = 1, []
    while True:
        words = [sys.executable, "-c", _SIGNALLED, str(line), str(int(number))]
        done = subprocess.run(
            [*words, "harvest", "--json", "--from", f"sim:{library}"],
            env=environment, capture_output=True, check=False, timeout=60, text=True,
        )  # fmt: skip
        where = done.stderr
        if not where:
            break
        places.append(where)
        assert where.count("\n") == 1, where
        document = json.loads(done.stdout)
        if document["schema"] == "ttinspect.error.v1":
            assert (done.returncode, document["error"]["exit_code"]) == (code, code), where
        assert done.returncode in {code, 0}, where
        assert not list(scratch.iterdir()), where
        assert not with_variable("TMPDIR", scratch), where
        line += _EVERY
    assert len(places) > 8
    assert done.returncode == 0
