"""--watch on a terminal: the screen, the clock, q, and what is left of it; in a pty, and in a real tmux."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources import fake_sysfs
from tests.sources.clusters import galaxy

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
pytestmark = pytest.mark.system


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return fake_sysfs.host(tmp_path / "host", 1)


class Terminal:
    """A process on a pseudo terminal of its own, and what it wrote there."""

    def __init__(self, command: list[str], term: str = "xterm-256color", size: tuple[int, int] = (24, 80)):
        self.screen, self.slave = pty.openpty()
        self.resize(*size)
        self.modes = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": term}
        environment.pop("COLUMNS", None)
        environment.pop("LINES", None)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environment,
        )
        self.output = b""

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, until: Callable[[bytes], bool], seconds: float = 30) -> bytes:
        """What was written, as soon as it is what is waited for."""
        end = time.monotonic() + seconds
        while not until(self.output):
            assert time.monotonic() < end, self.output[-2000:]
            if select.select([self.screen], [], [], 0.1)[0]:
                self.output += os.read(self.screen, 65536)
        return self.output

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def end(self) -> int:
        """The exit code, when it has ended."""
        until = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < until, self.output[-2000:]
            if select.select([self.screen], [], [], 0.05)[0]:
                self.output += os.read(self.screen, 65536)
        while select.select([self.screen], [], [], 0.2)[0]:
            self.output += os.read(self.screen, 65536)
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for descriptor in (self.screen, self.slave):
            try:
                os.close(descriptor)
            except OSError:
                continue  # closed by the test


Start = Callable[..., Terminal]


@pytest.fixture
def start(console_script: str) -> Iterator[Start]:
    begun: list[Terminal] = []

    def run(*args: str, term: str = "xterm-256color", size: tuple[int, int] = (24, 80)) -> Terminal:
        begun.append(Terminal([console_script, *args], term, size))
        return begun[-1]

    yield run
    for watched in begun:
        watched.close()


def _drawn(times: int) -> Callable[[bytes], bool]:
    return lambda output: output.count(b"\x1b[H\x1b[J") >= times and output.rstrip().endswith(b"heartbeat")


def _shown(output: bytes) -> bool:
    return ENTER in output and b"p150" in output


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda watched: watched.press(b"q"), 0),
        (lambda watched: watched.press(b"\x03"), 130),
        (lambda watched: watched.process.send_signal(signal.SIGTERM), 143),
    ],
    ids=["q", "Ctrl-C", "SIGTERM"],
)
@pytest.mark.parametrize("command", ["telemetry", "memory"])
def test_the_screen_is_given_back_and_the_last_answer_stays(
    start: Start, tree: Path, tmp_path: Path, end: Callable[[Terminal], None], code: int, command: str
) -> None:
    shm = tmp_path / "shm"
    shm.mkdir()
    terminal = start(command, "--from", f"sysfs:{tree}", "--shm-dir", str(shm), "--watch", "0.2")
    terminal.read(_shown if command == "telemetry" else lambda output: output.count(b"Source") > 2)
    end(terminal)
    assert terminal.end() == code
    before, _, after = terminal.output.partition(LEAVE)
    assert before.count(ENTER) == 1
    assert before.startswith(ENTER)
    assert re.search(rb"every 0.2 s   q ends +\d\d:\d\d:\d\d", before)
    assert b"Source: sysfs" in after
    assert b"\x1b[?25h" in before[-10:]
    assert termios.tcgetattr(terminal.slave) == terminal.modes


def test_an_error_gives_the_screen_back_before_it_is_told(start: Start, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text(galaxy(32))
    terminal = start("telemetry", "--from", str(cluster), "--watch", "0.2")
    terminal.read(lambda output: output.count(b"Source") > 1)
    cluster.unlink()
    assert terminal.end() == 2
    after = terminal.output.partition(LEAVE)[2]
    assert after.index(b"Source") < after.index(b"cluster.yaml: no such file")
    assert termios.tcgetattr(terminal.slave) == terminal.modes


def test_the_last_answer_is_whole_where_the_screen_had_no_room(start: Start, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text(galaxy(32))
    terminal = start("telemetry", "--from", str(cluster), "--watch", "0.2", size=(12, 80))
    terminal.read(lambda output: b"more lines" in output)
    terminal.press(b"q")
    assert terminal.end() == 0
    after = terminal.output.partition(LEAVE)[2]
    assert b"more lines" not in after
    assert b"chips 0-31" in after


def test_a_number_of_answers_ends_as_q_does(start: Start, tree: Path) -> None:
    terminal = start("telemetry", "--from", f"sysfs:{tree}", "--watch", "0.2", "--count", "3")
    assert terminal.end() == 0
    assert b"Source: sysfs" in terminal.output.partition(LEAVE)[2]


def test_one_answer_needs_no_screen(start: Start, tree: Path) -> None:
    terminal = start("telemetry", "--from", f"sysfs:{tree}", "--count", "1")
    assert terminal.end() == 0
    assert b"\x1b[?" not in terminal.output


def test_a_terminal_that_places_no_text_gets_one_answer_after_the_other(start: Start, tree: Path) -> None:
    terminal = start("telemetry", "--from", f"sysfs:{tree}", "--watch", "0.1", "--count", "3", term="dumb")
    assert terminal.end() == 0
    assert b"\x1b" not in terminal.output
    assert terminal.output.count(b"Source") == 3


def test_another_size_is_drawn_at_once(start: Start, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text(galaxy(32))
    terminal = start("telemetry", "--from", str(cluster), "--watch", "60", size=(12, 80))
    terminal.read(lambda output: b"more lines" in output)
    terminal.output = b""
    terminal.resize(60, 120)
    assert b"more lines" not in terminal.read(lambda output: b"Source" in output and output.endswith(b"\n"))


def test_the_clock_goes_on_between_two_answers(start: Start, tree: Path) -> None:
    terminal = start("telemetry", "--from", f"sysfs:{tree}", "--watch", "60")
    terminal.read(lambda output: b" 3 s ago " in output)
    terminal.press(b"q")
    assert terminal.end() == 0


def test_a_terminal_that_is_gone_leaves_no_process(start: Start, tree: Path) -> None:
    terminal = start("telemetry", "--from", f"sysfs:{tree}", "--watch", "0.2")
    terminal.read(_shown)
    os.close(terminal.slave)
    os.close(terminal.screen)
    assert terminal.process.wait(15) == 143


def test_a_recording_is_played_on_the_screen(
    start: Start, console_script: str, tree: Path, tmp_path: Path
) -> None:
    path = str(tmp_path / "r.jsonl")
    subprocess.run(
        [console_script, "record", "--from", f"sysfs:{tree}", "--interval", "0.5", "--count", "4", "-o", path],
        check=True, capture_output=True,
    )  # fmt: skip
    terminal = start("telemetry", "--from", path, "--watch", "0.3")
    assert terminal.end() == 0
    before, _, after = terminal.output.partition(LEAVE)
    assert before.count(b"Source") == 4
    assert b"Source: recording" in after


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., str]]:
    program, socket = shutil.which("tmux") or "tmux", f"ttinspect-watch-{os.getpid()}"

    def call(*args: str) -> str:
        return subprocess.run(
            [program, "-L", socket, *args], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout

    call("-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "24", "env PS1='$ ' bash --norc")
    yield call
    call("kill-server")


def _until(read: Callable[[], str], test: Callable[[str], bool]) -> str:
    end, text = time.monotonic() + 30, ""
    while time.monotonic() < end:
        text = read()
        if test(text):
            return text
        time.sleep(0.1)
    raise AssertionError(text)


def test_in_tmux_it_is_stopped_and_goes_on_and_leaves_what_was_there(
    tmux: Callable[..., str], console_script: str, tree: Path
) -> None:
    def screen() -> str:
        return tmux("capture-pane", "-p")

    def alternate(on: str) -> None:
        _until(lambda: tmux("display-message", "-p", "#{alternate_on}"), lambda text: text.strip() == on)

    tmux("send-keys", "echo before-it", "Enter")
    tmux("send-keys", f"{console_script} telemetry --from sysfs:{tree} --watch 0.5", "Enter")
    _until(screen, lambda text: "q ends" in text and "p150" in text)
    alternate("1")
    assert "before-it" not in screen()
    tmux("send-keys", "C-z")
    _until(screen, lambda text: "Stopped" in text and "before-it" in text)
    alternate("0")
    tmux("send-keys", "echo visible-again", "Enter")
    _until(screen, lambda text: text.count("visible-again") == 2)
    tmux("send-keys", "fg", "Enter")
    _until(screen, lambda text: "q ends" in text and "before-it" not in text)
    tmux("resize-window", "-x", "60", "-y", "30")
    _until(screen, lambda text: "q ends" in text and max(map(len, text.splitlines())) <= 60)
    tmux("send-keys", "q")
    alternate("0")
    left = _until(screen, lambda text: text.rstrip().endswith("$"))
    assert "before-it" in tmux("capture-pane", "-p", "-S", "-")
    assert "q ends" not in left
    assert "Source: sysfs" in left
    tmux("send-keys", "echo typed-$((40+2))", "Enter")
    _until(screen, lambda text: "typed-42" in text and "echo typed" in text)
