"""record from the command line, and recordings as a source."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.sources import fake_sysfs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return fake_sysfs.host(tmp_path / "host", 1)


def _record(run: Run, tree: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    shm = tree.parent / "shm"
    shm.mkdir(exist_ok=True)
    return run("record", "--from", f"sysfs:{tree}", "--shm-dir", str(shm), "--interval", "0.02", *args)


def test_lines_go_to_standard_output_without_a_file(cold_run: Run, tree: Path) -> None:
    done = _record(cold_run, tree, "--count", "5")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["schema"] == "ttinspect.recording.v1"
    assert len(lines) == 6
    assert lines[1]["readings"]["0"]["asic_celsius"] == 54.321
    assert lines[1]["chips"][0]["l1_used_bytes"] is None


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.zst"])
def test_a_recording_is_a_source(run: Run, tree: Path, tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    done = _record(run, tree, "--count", "5", "-o", path)
    assert done.returncode == 0
    assert done.stderr.endswith("moments\n")
    devices = json.loads(run("list", "--from", path, "--json").stdout)["devices"]
    assert devices[0]["asic_celsius"] == 54.321
    lines = run("telemetry", "--from", path, "--watch", "--json").stdout.splitlines()
    times = [json.loads(line)["devices"][0]["time_ns"] for line in lines]
    assert len(times) == 5
    assert times == sorted(times)
    assert "Source: recording" in run("telemetry", "--from", path).stdout


def test_a_second_run_goes_on_behind_the_first(run: Run, tree: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "r.jsonl.zst")
    for _ in range(2):
        assert _record(run, tree, "--count", "2", "-o", path).returncode == 0
    lines = run("telemetry", "--from", path, "--watch", "--json").stdout.splitlines()
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--interval", "0"), "it is not 0.01 to 86400"),
        (("--duration", "soon"), "it is no time"),
        (("--duration", "0"), "it is no time"),
        (("--max-size", "1M"), "there is no file to begin anew"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, tree: Path, args: tuple[str, ...], why: str) -> None:
    done = run("record", "--from", f"sysfs:{tree}", *args)
    assert done.returncode == 2
    assert why in done.stderr


def _wait_until_it_records(path: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and not (path.exists() and path.stat().st_size > 2_500):
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.system
@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.zst"])
def test_sigkill_loses_one_moment_at_most(console_script: str, tree: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with subprocess.Popen(
        [console_script, "record", "--from", f"sysfs:{tree}", "--interval", "0.05", "-o", path],
        stderr=subprocess.DEVNULL,
    ) as process:
        _wait_until_it_records(path)
        killed_ns = time.time_ns()
        os.kill(process.pid, signal.SIGKILL)
    lines = subprocess.run(
        [console_script, "telemetry", "--from", path, "--watch", "--json"],
        capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    last_ns = json.loads(lines[-1])["devices"][0]["time_ns"]
    assert killed_ns - last_ns < 1_000_000_000  # of two seconds; how much later depends on the machine


@pytest.mark.system
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_recording_that_is_ended_is_whole(
    console_script: str, tree: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = tmp_path / "r.jsonl.zst"
    with subprocess.Popen(
        [console_script, "record", "--from", f"sysfs:{tree}", "--interval", "0.05", "-o", path],
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        _wait_until_it_records(path)
        process.send_signal(number)
        process.communicate(timeout=10)
        assert process.returncode == code
    command = [console_script, "telemetry", "--from", str(path), "--watch", "--json"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def _busy(recording: Path, busy: bool) -> None:
    """Write a recording anew, as of a chip that tells that it is busy, or is not."""
    lines = [json.loads(line) for line in recording.read_text().splitlines()]
    moments = 0
    for line in lines:
        if line["schema"] == "ttinspect.moment.v1":
            line["readings"]["0"] |= {"busy": busy, "time_ns": 10**18 + moments * 60 * 10**9}
            moments += 1
    recording.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


@pytest.mark.parametrize(("busy", "pids", "finding_id"), [(True, "", "TTT031"), (False, "1", "TTT032")])
def test_a_recording_tells_how_its_chips_are_used(
    run: Run, tree: Path, tmp_path: Path, busy: bool, pids: str, finding_id: str
) -> None:
    for name in ("self", "1/stat"):
        fake_sysfs.write(tree / "proc" / name, "")
    fake_sysfs.write(tree / "proc/driver/tenstorrent/0/pids", pids)
    path = tmp_path / "r.jsonl"
    assert _record(run, tree, "--count", "11", "-o", str(path)).returncode == 0
    _busy(path, busy)
    done = run("telemetry", "--from", str(path), "--watch", "--json")
    ids_of_moments = [
        [finding["id"] for finding in json.loads(line)["devices"][0]["findings"]]
        for line in done.stdout.splitlines()
    ]
    assert (finding_id in ids_of_moments[0], finding_id in ids_of_moments[-1]) == (busy, True)
    assert finding_id in run("report", "--from", str(path)).stdout


def _without_its_time(line: str) -> dict[str, Any]:
    """An answer of telemetry but for what a recording cannot share: its source, and when it was read."""
    answer: dict[str, Any] = json.loads(line)
    for name in ("source", "time_ns", "host"):
        answer.pop(name, None)
    for device in answer["devices"]:
        device.pop("time_ns")
    return answer


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.zst"])
def test_what_is_played_are_the_lines_that_were_seen_live(
    run: Run, tree: Path, tmp_path: Path, name: str
) -> None:
    for at in ("self", "1/stat"):
        fake_sysfs.write(tree / "proc" / at, "")
    fake_sysfs.device(tree, 1, board_id=fake_sysfs.N150_BOARD_ID, pci_id=0x401E, card="n150")
    path = str(tmp_path / name)
    watched = ("--watch", "0.01", "--json", "--shm-dir", str(tree.parent / "shm"))
    assert _record(run, tree, "--count", "3", "-o", path).returncode == 0
    live = run("telemetry", "--from", f"sysfs:{tree}", "--count", "3", *watched)
    played = run("telemetry", "--from", path, "--watch", "--json")
    lines = [[_without_its_time(line) for line in done.stdout.splitlines()] for done in (live, played)]
    assert len(lines[0]) == 3
    assert lines[0] == lines[1]


@pytest.mark.system
@pytest.mark.parametrize("command", ["telemetry", "record"])
def test_a_device_that_is_gone_for_a_while_comes_back(
    console_script: str, tree: Path, tmp_path: Path, command: str
) -> None:
    fake_sysfs.device(tree, 1)
    device, away = tree / "sys/class/tenstorrent/tenstorrent!1", tmp_path / "away"
    more = ["--watch", "0.1", "--json"] if command == "telemetry" else ["--interval", "0.1"]
    arguments = [console_script, command, "--from", f"sysfs:{tree}", *more]

    def has_reading(line: dict[str, Any]) -> bool:
        if command == "record":
            return "1" in line.get("readings", {})
        return bool(line["devices"][1]["asic_celsius"])

    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            for move, is_present in ((None, True), ((device, away), False), ((away, device), True)):
                if move is not None:
                    move[0].rename(move[1])
                line = json.loads(process.stdout.readline())
                for _ in range(50):
                    if line["schema"] != "ttinspect.recording.v1" and has_reading(line) is is_present:
                        break
                    line = json.loads(process.stdout.readline())
                assert has_reading(line) is is_present
        finally:
            process.terminate()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_refused(run: Run, tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.touch(0o400)
    done = _record(run, tree, "--count", "1", "-o", str(path))
    assert done.returncode == 6
    assert "permission denied" in done.stderr
