"""A machine without /proc, as a jail or a mount that failed leaves it: every command answers or says what is
unknown; none of them calls that an error of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import EVERY, prepare
from tests.conftest import Run
from tests.verify.build import RegionSpec, SlotSpec

pytestmark = pytest.mark.system

_HIDDEN = 'mount -t tmpfs none /proc && exec "$0" "$@"'


def _can_hide() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        return False
    return (
        subprocess.run(
            [unshare, "-m", "sh", "-c", "mount -t tmpfs none /proc"], capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.skipif(not _can_hide(), reason="hiding /proc needs root and a mount namespace")
@pytest.mark.parametrize("command", sorted(EVERY))
def test_every_command_without_procfs(console_script: str, tmp_path: Path, command: str) -> None:
    prepare(tmp_path)
    arguments = EVERY[command].replace("--procfs proc", "").split()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", _HIDDEN, console_script, *arguments],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=tmp_path, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode in (0, 2, 10, 11), done.stderr
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not _can_hide(), reason="hiding /proc needs root and a mount namespace")
def test_who_lives_is_not_known_without_procfs(console_script: str, tmp_path: Path) -> None:
    """A slot is no ghost because nobody can be seen: of a process that has gone too it is not known."""
    prepare(tmp_path)
    gone = subprocess.Popen(["true"])
    gone.wait()
    region = RegionSpec(version=3, slots=[SlotSpec(pid=os.getpid()), SlotSpec(pid=gone.pid)], asic_id=7)
    (tmp_path / "shm/tt_device_7_memory").write_bytes(region.encode())
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", _HIDDEN, console_script, "verify-shm", "--from", "c.yaml", "--shm-dir", "shm", "--json"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=tmp_path, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    answer = json.loads(done.stdout)
    slots = [slot for region in answer["regions"] for slot in region["processes"]]
    assert slots
    assert {slot["alive"] for slot in slots} == {None}
    ids = {finding["id"] for region in answer["regions"] for finding in region["findings"]}
    assert not ids & {"TTS050", "TTS051", "TTS052"}


def test_a_cell_that_is_a_formula_is_none_through_the_console_script(cold_run: Run, tmp_path: Path) -> None:
    prepare(tmp_path)
    report = tmp_path / "report.json"
    report.write_text(report.read_text().replace("ttnn.untilize", "=cmd|'/c x'!A1"))
    for locale in ("C", "C.UTF-8"):
        done = cold_run("programs", "report.json", "--format", "csv", LC_ALL=locale)
        assert done.returncode == 0
        assert "'=cmd|'/c x'!A1" in done.stdout
        assert ",=cmd" not in done.stdout
        assert "\n=cmd" not in done.stdout
