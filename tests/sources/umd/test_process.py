"""How a child is started, and what is left of it."""

import os
import sys
from pathlib import Path

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import process, target
from ttinspect.sources.umd.lateness import Limits
from ttinspect.sources.umd.process import Child
from ttinspect.sources.umd.request import FOLDER_PREFIX, Request, decoded

LIMITS = Limits(timeout_seconds=20.0, left_seconds=20.0)
GONE = 2**22 - 5
"""No process has this number: it is past what the kernel gives out by default."""


def test_a_request_survives_its_way_to_the_child() -> None:
    request = Request("watch", library="a.so", visible=("0000:41:00.0",), skipped=(1, 2), over_eth=False)
    assert decoded(request.encoded()) == request


def _child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Child:
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(process, "_CHILD", str(tmp_path / "child.py"))
    return Child(Request("chips"))


def test_of_a_long_log_start_and_end_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import os, sys
for number in range(60_000): print("line %07d of a library that prints very much, and nobody asked it to" % number)
sys.stdout.flush()
os.write(int(sys.argv[1]), b'{"type":"done"}\\n')
"""
    child = _child(tmp_path, monkeypatch, program)
    child.read(LIMITS)
    assert child.is_done
    log = child.stop().log
    process.finish()
    assert len(log) < 2_000_000
    assert log.startswith("line 0000000")
    assert log.count("the middle of this log is left out") == 1
    assert log.splitlines()[-1].startswith("line 0059999")


def test_what_a_child_said_last_is_read_although_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = _child(
        tmp_path, monkeypatch, 'import os, sys; os.write(int(sys.argv[1]), b\'{"type":"done"}\\n\')'
    )
    child._process.wait(20)
    child.read(LIMITS)
    assert child.stop().is_done
    process.finish()


def test_of_children_that_have_closed_their_devices_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that reads devices again and again would run out of file descriptors."""
    open_files = []
    for _ in range(3):
        child = _child(
            tmp_path, monkeypatch, 'import os, sys; os.write(int(sys.argv[1]), b\'{"type":"done"}\\n\')'
        )
        child.read(LIMITS)
        child._process.wait(20)
        assert child.stop().is_done
        open_files.append(len([*Path("/proc/self/fd").iterdir()]))
    assert len({*open_files}) == 1
    process.finish()


def test_what_is_no_answer_ends_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os, sys, time; os.write(int(sys.argv[1]), b'hello\\n'); time.sleep(60)"
    child = _child(tmp_path, monkeypatch, program)
    child.read(LIMITS)
    assert not child.is_done
    assert child.stop().death == "something else wrote to where it answers"


def test_a_system_that_starts_no_process_is_5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(InspectError) as caught:
        Child(Request("chips"))
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert caught.value.why == "No such file or directory"
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_folders_and_locks_of_children_that_were_killed_are_swept(tmp_path: Path) -> None:
    for name in (f"{FOLDER_PREFIX}{GONE}-1", f"{FOLDER_PREFIX}{os.getpid()}-1", "ttinspect-else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "libttsim.so").symlink_to("/dev/null")
    locks = [f"TT_UMD_LOCK.{word}" for word in (
        f"ARC_MSG_{32 * GONE + 1}_PCIe", f"NON_MMIO_{32 * GONE}_Undefined", f"ARC_MSG_{32 * os.getpid()}_PCIe",
        "ARC_MSG_3_PCIe", "ARC_MSG_²_PCIe", "ARC_MSG",
    )]  # fmt: skip
    for name in locks:
        (tmp_path / name).touch()
    process.sweep(str(tmp_path), str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"{FOLDER_PREFIX}{os.getpid()}-1", "ttinspect-else", *locks[2:]]
    )


def _refused(monkeypatch: pytest.MonkeyPatch, nodes: dict[int, Path] | None) -> InspectError:
    monkeypatch.setattr(target, "device_nodes", lambda: nodes)
    with pytest.raises(InspectError) as caught:
        target.read_live("umd", "", LiveOptions())
    return caught.value


def test_a_machine_without_devices_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused(monkeypatch, None).exit_code is ExitCode.NO_DEVICES


def test_nodes_that_may_not_be_opened_are_6(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "0"
    node.touch(mode=0)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    error = _refused(monkeypatch, {0: node})
    assert error.exit_code is ExitCode.PERMISSION
    assert str(node) in error.what
