"""Where and when a source was read stands in every answer about it."""

import json
import platform
import time
from pathlib import Path

import msgspec
import pytest

from tests.snapshots import asked
from ttinspect.sources.opening import open_source

_TOLD = 1_795_361_366 * 10**9
_COMMANDS = ("list", "harvest", "capacity", "memory", "verify-shm", "topology", "telemetry", "check")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A System as somebody kept it."""
    system = json.loads(msgspec.json.encode(open_source("board:p150")))
    system["of_host"] = {"host": {"name": "bh-07"}, "time_ns": _TOLD}
    path = tmp_path / "system.json"
    path.write_text(json.dumps(system))
    return path


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_answer_names_the_host_and_the_time_that_its_source_tells(
    document: Path, tmp_path: Path, command: str
) -> None:
    more = () if command in ("harvest", "capacity") else ("--shm-dir", str(tmp_path))
    answer = asked(command, "--from", str(document), *more)[1]
    assert answer["host"] == {"name": "bh-07"}
    assert answer["time_ns"] == _TOLD or command == "memory"  # the regions are read now


def test_diff_names_the_host_and_the_time_of_what_is_new(document: Path, tmp_path: Path) -> None:
    older = json.loads(document.read_text())
    older["of_host"] = {"host": {"name": "bh-06"}, "time_ns": _TOLD - 1}
    (tmp_path / "older.json").write_text(json.dumps(older))
    answer = asked("diff", str(tmp_path / "older.json"), str(document))[1]
    assert (answer["host"], answer["time_ns"]) == ({"name": "bh-07"}, _TOLD)


def test_an_example_has_no_host_and_no_time() -> None:
    assert not {"host", "time_ns"} & asked("harvest", "--from", "board:p150")[1].keys()


def test_a_tt_smi_document_tells_both(tmp_path: Path) -> None:
    device = {"board_info": {"board_type": "p150b", "bus_id": "0000:01:00.0"}, "smbus_telem": None}
    text = {
        "time": "2026-11-30T23:30:01.5", "host_info": {"Hostname": "rack\u001b1"}, "device_info": [device],
    }  # fmt: skip
    path = tmp_path / "smi.json"
    path.write_text(json.dumps(text))
    answer = asked("harvest", "--from", str(path))[1]
    assert (answer["host"], answer["time_ns"]) == ({"name": r"rack\x1b1"}, 1_796_081_401 * 10**9)


def test_a_redacted_snapshot_tells_the_time_alone(document: Path, tmp_path: Path) -> None:
    path = tmp_path / "redacted.json"
    path.write_text(
        json.dumps(asked("snapshot", "--redact", "--shm-dir", str(tmp_path), "--from", str(document))[1])
    )
    assert "bh-07" not in path.read_text()
    answer = asked("harvest", "--from", str(path))[1]
    assert "host" not in answer
    assert answer["time_ns"] == _TOLD


def test_a_live_source_is_this_host_now() -> None:
    from ttinspect.model.system import Source, SourceKind, System
    from ttinspect.sources.live import read_here

    before = time.time_ns()
    source = Source(kind=SourceKind.SYSFS, detail="/", live=True, example=False)
    read_at = read_here(System(source=source, chips=())).read_at
    assert msgspec.to_builtins(read_at.host) == {"name": platform.node()}
    assert before <= msgspec.to_builtins(read_at.time_ns) <= time.time_ns()
