"""What fails beside the input: outputs that take no more, and a clock that is set while a command runs."""

import itertools
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.commands import CHECKED, EVERY, prepare
from tests.device.simulated import compiler

pytestmark = pytest.mark.system


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A working folder with everything that the lines name."""
    prepare(tmp_path)
    return tmp_path


def _environment(made: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(made), "PYTHONDONTWRITEBYTECODE": "1", **more}


def _calm(done: "subprocess.CompletedProcess[str]") -> None:
    assert "Traceback" not in done.stderr, done.stderr
    assert "internal error" not in done.stderr, done.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("error", "word"), [("EDQUOT", "quota"), ("ENXIO", "no such device"), ("ENOSPC", "no space")]
)
@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("harvest", "fsync,fdatasync,rename"),
        ("snapshot", "fsync,fdatasync,rename"),
        ("metrics", "fsync,fdatasync,rename"),
        ("report", "fsync,fdatasync,rename"),
        ("record", "write"),
        ("standard output", "write"),
    ],
)
def test_an_output_that_takes_no_more_is_told_and_leaves_no_half_file(
    console_script: str, made: Path, command: str, calls: str, error: str, word: str
) -> None:
    """A file is written beside and renamed, a recording grows, and standard output is what the shell gave."""
    folder = made / "out"
    folder.mkdir()
    output = folder / {"report": "o.html", "metrics": "o.prom", "record": "o.jsonl"}.get(command, "o.json")
    shell = ["strace", "-f", "-o", str(made / "trace")]
    if calls == "write":
        shell += ["-P", str(output)]
    shell += [part for call in calls.split(",") for part in ("-e", f"inject={call}:error={error}")]
    line = EVERY.get(command, EVERY["harvest"]).split()
    if command == "standard output":
        with output.open("w") as stdout:
            done = subprocess.run(
                [*shell, console_script, *line, "--json"],
                cwd=made, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
                env=_environment(made),
            )  # fmt: skip
    else:
        done = subprocess.run(
            [*shell, console_script, *line, "--quiet", "-o", str(output)],
            cwd=made, capture_output=True, text=True, timeout=120, check=False, env=_environment(made),
        )  # fmt: skip
    if "PTRACE" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this host does not allow tracing")
    _calm(done)
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert word in done.stderr.lower()
    whole = [path.name for path in folder.iterdir() if path.stat().st_size]
    assert whole == []


@pytest.fixture
def jumping(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a host whose clock is set all the time."""
    path = compiler()
    if path is None:
        pytest.skip("there is no C compiler to build the clock with")
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).parent / "device" / "clock.c"
    subprocess.run([path, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return _environment(made, LD_PRELOAD=str(library))


PLACES = "--from c.yaml --shm-dir shm --procfs proc"


def test_this_clock_does_jump(jumping: dict[str, str]) -> None:
    code = "import time\nfor _ in range(12): print(int(time.time())); time.sleep(0.1)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=jumping, capture_output=True, text=True, check=True, timeout=30
    )
    numbers = [int(line) for line in done.stdout.split()]
    assert min(after - before for before, after in itertools.pairwise(numbers)) < -3600


@pytest.mark.parametrize(
    "line",
    [
        "telemetry --from c.yaml --watch 0.1 --count 12 --json",
        f"memory {PLACES} --watch 0.1 --count 12 --json",
        f"record {PLACES} --interval 0.1 --count 12",
        f"verify-shm {PLACES} --samples 8 --window 1 --json",
    ],
)
def test_a_clock_that_is_set_neither_stops_nor_hurries_a_watch(
    console_script: str, made: Path, jumping: dict[str, str], line: str
) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [console_script, *line.split()],
        cwd=made, env=jumping, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    took = time.monotonic() - began
    _calm(done)
    assert done.returncode in CHECKED
    moments = [json.loads(line) for line in done.stdout.splitlines()]
    if "--count" in line:
        assert len(moments) >= 12
        assert took > 1.1  # eleven pauses of 0.1 s by the clock that nobody sets
    assert took < 30


def test_a_clock_that_is_set_stops_no_exporter(
    console_script: str, made: Path, jumping: dict[str, str]
) -> None:
    serving = subprocess.Popen(
        [console_script, "serve", *PLACES.split(), "--listen", "127.0.0.1:0"],
        cwd=made, env=jumping, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stderr is not None
        url = ""
        while not url:
            line = serving.stderr.readline()
            assert line, "serve ended"
            address = re.search(r"http://[\d.]+:\d+", line)
            url = address[0] if address else ""
        for _ in range(8):
            with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
                assert b"ttinspect_" in answer.read()
            time.sleep(0.15)
    finally:
        serving.terminate()
        _, errors = serving.communicate(timeout=30)
    assert "Traceback" not in errors
    assert serving.returncode == 143


def test_a_clock_that_is_set_stops_no_screen(
    console_script: str, made: Path, jumping: dict[str, str]
) -> None:
    pytest.importorskip("textual")
    import fcntl
    import pty
    import struct
    import termios

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(made)
        os.execvpe(console_script, [console_script, "top", *PLACES.split()], {**jumping, "TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    seen = b""
    end, asked = time.monotonic() + 4, False
    last = time.monotonic() + 30
    while time.monotonic() < last:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        if time.monotonic() > end and not asked:
            os.write(terminal, b"q")
            asked = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"Traceback" not in seen
    assert b"p150" in seen
    assert os.waitstatus_to_exitcode(status) == 0
