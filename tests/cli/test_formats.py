"""Every format that a command declares has a writer."""

import re
from pathlib import Path

import pytest

from tests.conftest import Run
from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.scanner import format_named

_WITHOUT_FORMATS = {"serve", "record", "top", "collect", "schema", "completion"}
"""They run until they are told to stop, or write one thing only."""
_ARGUMENTS = {
    "diff": ("snapshot.json", "snapshot.json"),
    "fit": ("--tensor", "1x1x64x64,bfloat16,tile,l1", "--from", "board:n150"),
    "programs": ("capture.json",),
    "fleet": ("snapshot.json",),
    "explain": ("TTS050",),
    "soc": ("--arch", "blackhole"),
}
CAPTURE = """[{"counter": 0, "node_type": "capture_start", "params": null, "connections": [1], "arguments": [],
"input_tensors": [], "stacking_level": 0}, {"counter": 1, "node_type": "capture_end", "params": null,
"connections": [], "arguments": [], "input_tensors": [], "stacking_level": 0}]"""


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - _WITHOUT_FORMATS))
def test_a_format_that_is_declared_is_written(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    (tmp_path / "capture.json").write_text(CAPTURE)
    assert run("snapshot", "--from", "board:n300", "-o", "snapshot.json").returncode == 0
    arguments = _ARGUMENTS.get(command, ("--from", "board:n300"))
    places = ("--shm-dir", "shm") if command in ("list", "memory", "verify-shm", "check", "metrics") else ()
    declared = re.search(r"writes (.*)", run(command, *arguments, *places, "--format", "none").stderr)
    assert declared is not None
    for name in declared[1].split(", "):
        assert format_named(name.strip()) == name.strip()  # so that it is refused as the name of a file
        done = run(command, *arguments, *places, "--format", name.strip())
        assert done.returncode in (0, 10, 11), (name, done.stderr)
        assert done.stdout
