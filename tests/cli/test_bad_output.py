"""Standard output that is full or closed, and signals: an exit code and two lines, never a traceback."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

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
