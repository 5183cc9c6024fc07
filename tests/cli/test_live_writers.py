"""Who is alive behind a slot is decided by who maps the region: real processes, in real pid namespaces."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, without_the_rights_of_root
from tests.holding import holding, needs_root, sees_the_machine
from tests.verify.build import MIB, UNIQUE_ID, Bytes, RegionSpec, SlotSpec

pytestmark = [needs_root, sees_the_machine]
HELD = Bytes(l1=MIB, dram=4 * MIB)


def publish(folder: Path, *slots: tuple[int, bytes], mode: int = 0o600) -> Path:
    """A region with these slots, pid and name; written into the file that is there, if one is."""
    now = time.time_ns()
    spec = RegionSpec(
        version=3,
        slots=[SlotSpec(pid=pid, held=HELD, name=name, updated=now) for pid, name in slots],
        updated=now,
    )
    path = folder / f"tt_device_{UNIQUE_ID}_memory"
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(spec.encode())
    path.chmod(mode)
    return path


def verified(run: Run, folder: Path, *more: str) -> tuple[dict[int, Any], list[Any]]:
    """The slots by pid, and the findings about processes."""
    done = run("verify-shm", "--from", "board:p150", "--shm-dir", str(folder), "--json", *more)
    (region,) = json.loads(done.stdout)["regions"]
    slots = {slot["pid"]: slot for slot in region["processes"]}
    return slots, [
        finding for finding in region["findings"] if finding["id"] in ("TTS050", "TTS051", "TTS052", "TTS053")
    ]


def ids(findings: Sequence[Any]) -> list[str]:
    return [finding["id"] for finding in findings]


def test_a_writer_in_another_pid_namespace_is_alive(run: Run, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path, namespace=True) as writer:
        assert writer.own_pid != writer.pid
        publish(tmp_path, (writer.own_pid, b"vllm"))
        slots, findings = verified(run, tmp_path)
    assert findings == []
    assert (slots[writer.own_pid]["alive"], slots[writer.own_pid]["host_pid"]) == (True, writer.pid)


def test_a_writer_that_renamed_itself_is_alive(run: Run, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path, name="ray::Worker") as writer:
        publish(tmp_path, (writer.pid, b"python3"))
        slots, findings = verified(run, tmp_path)
    assert findings == []
    assert slots[writer.pid]["alive"] is True


def test_a_writer_that_runs_another_program_now_has_left_a_ghost(run: Run, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path) as writer:
        writer.exec()
        publish(tmp_path, (writer.pid, b"python3"))
        slots, findings = verified(run, tmp_path)
    assert ids(findings) == ["TTS050"]
    assert f"pid {writer.pid} runs sleep, and does not map this region" in findings[0]["message"]
    assert slots[writer.pid]["alive"] is False


def test_a_writer_that_was_killed_is_gone_and_its_forked_child_is_not(run: Run, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path) as writer:
        child = writer.fork()
        publish(tmp_path, (writer.pid, b"python3"), (child, b"python3"))
        assert verified(run, tmp_path)[1] == []
    with holding(path) as writer:
        writer.kill()
        publish(tmp_path, (writer.pid, b"python3"))
        slots, findings = verified(run, tmp_path)
    assert ids(findings) == ["TTS050"]
    assert slots[writer.pid]["alive"] is False


def test_a_process_with_the_pid_that_maps_another_file_is_not_the_writer(run: Run, tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / "other").mkdir()
    with holding(publish(tmp_path / "other")) as stranger:
        publish(tmp_path, (stranger.pid, b"python3"))
        slots, findings = verified(run, tmp_path)
    assert ids(findings) == ["TTS050"]
    assert slots[stranger.pid]["alive"] is False


@pytest.mark.parametrize("tree", ["empty", "of others"])
def test_a_procfs_that_does_not_know_us_knows_of_nobody_that_he_is_gone(
    run: Run, tmp_path: Path, tree: str
) -> None:
    procfs = tmp_path / "proc"
    procfs.mkdir()
    if tree == "of others":
        (procfs / "31").mkdir()
        (procfs / "31" / "stat").write_text("31 (init) S 0 0\n")
        (procfs / "31" / "comm").write_text("init\n")
    path = publish(tmp_path)
    with holding(path) as writer:
        publish(tmp_path, (writer.pid, b"python3"))
        slots, findings = verified(run, tmp_path, "--procfs", str(procfs))
    assert ids(findings) == ["TTS053"]
    assert "the procfs is not that of this host" in findings[0]["message"]
    assert slots[writer.pid]["alive"] is None


def test_from_inside_a_container_nobody_outside_is_called_gone(console_script: str, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path) as writer:
        publish(tmp_path, (writer.pid, b"python3"))
        done = subprocess.run(
            ["unshare", "--pid", "--fork", "--mount-proc", console_script, "verify-shm", "--from",
             "board:p150", "--shm-dir", str(tmp_path), "--json"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    (region,) = json.loads(done.stdout)["regions"]
    (finding,) = [finding for finding in region["findings"] if finding["id"].startswith("TTS05")]
    assert (finding["id"], finding["severity"]) == ("TTS053", "inconclusive")
    assert "outside this pid namespace" in finding["message"]


def test_a_writer_that_may_not_be_looked_into_is_not_called_gone(console_script: str, tmp_path: Path) -> None:
    path = publish(tmp_path)
    with holding(path, namespace=True) as writer:
        publish(tmp_path, (writer.own_pid, b"python3"), (4_000_000, b"killed-proc"))
        findings = _without_rights(console_script, tmp_path)
    assert ids(findings) == ["TTS050", "TTS053"]
    assert findings[0]["evidence"]["pid"] == 4_000_000  # no process has this pid in any namespace
    assert findings[1]["evidence"]["pids"] == [writer.own_pid]
    assert "may not be looked into (root may, with all capabilities)" in findings[1]["message"]


def _without_rights(console_script: str, folder: Path) -> list[Any]:
    done = subprocess.run(
        [console_script, "verify-shm", "--from", "board:p150", "--shm-dir", str(folder), "--json"],
        capture_output=True, text=True, check=False, timeout=60, preexec_fn=without_the_rights_of_root,
    )  # fmt: skip
    (region,) = json.loads(done.stdout)["regions"]
    return sorted(
        (finding for finding in region["findings"] if finding["id"].startswith("TTS05")),
        key=lambda finding: str(finding["id"]),
    )
