"""Standard output that is full or closed, and signals: an exit code and two lines, never a traceback."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands import ANSWERED, EVERY, prepare
from tests.shm.captures import captures

COMMANDS = (
    "harvest --from board:n150", "harvest --from board:n150 -j", "harvest --from board:nope -j", "--help",
    "harvest --help", "--version", "snapshot --from board:n150",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("where", [">/dev/full", ">&-", ">&- 2>&-"])
def test_an_answer_that_cannot_be_written_is_2(console_script: str, command: str, where: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{console_script} {command} {where}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    if "2>" not in where:
        assert len(done.stderr.splitlines()) == 2
        if "nope" not in command:
            assert ("it is closed" in done.stderr) is ("&-" in where)


@pytest.mark.parametrize(
    "command",
    ["harvest --from board:n150", "record --from board:n150 --count 1", "telemetry --from nowhere -w"],
)
@pytest.mark.parametrize("where", [">/dev/full 2>/dev/full", ">&- 2>/dev/full", ">/dev/full 2>&-"])
def test_where_nobody_can_be_told_the_exit_code_still_tells(
    console_script: str, tmp_path: Path, command: str, where: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", f"{console_script} {command} {where}"],
        timeout=60, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2


@pytest.mark.system
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("command", ANSWERED)
def test_where_every_write_fails_it_is_2(console_script: str, tmp_path: Path, command: str) -> None:
    """/dev/null too, which is written to where nobody listens."""
    prepare(tmp_path)
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", "trace=write", "-e", "inject=write:error=EIO",
         console_script, *EVERY[command].split()],
        capture_output=True, timeout=120, check=False, cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if b"PTRACE" in done.stderr or b"Operation not permitted" in done.stderr:
        pytest.skip("this host does not allow tracing")
    assert done.returncode == 2


@pytest.mark.system
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_json_is_one_document_also_when_it_is_interrupted(
    console_script: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    capture = captures()["v3-midinit"]
    (tmp_path / capture.file_name).write_bytes(capture.data)
    command = ["verify-shm", "--json", "--from", "board:n150", "--shm-dir", str(tmp_path), "--window", "50"]
    process = subprocess.Popen(
        [console_script, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1.5)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert json.loads(output)["error"]["exit_code"] == code
    assert "Traceback" not in errors
