"""The child: a process in a session of its own that asks tt_umd, how it is started, read and ended.

Imports little, so that a child can be at work while everything else is imported.
"""

import atexit
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd import lateness
from ttinspect.sources.umd.request import CHIPS_PER_PROCESS, FOLDER_PREFIX, Request, scratch_folder

if TYPE_CHECKING:
    from ttinspect.sources.umd import wire

VISIBLE_DEVICES = "TT_VISIBLE_DEVICES"
Progress = Callable[[str], None]

_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child", "main.py")  # noqa: PTH100, PTH118, PTH120
_READ_BYTES = 1 << 20
_LOWEST_PID = 2
_LINE_BYTES = 4096
_HEAD_BYTES, _TAIL_BYTES = 1 << 18, 1 << 19
"""Of a log: how much of its start and of its end is kept at least."""


class _Log:
    """What a child prints: its start and its end, however much it is."""

    def __init__(self) -> None:
        self._head, self._tail, self._lost_bytes = b"", b"", 0

    def add(self, data: bytes) -> None:
        """Take more of it."""
        room = _HEAD_BYTES - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * _TAIL_BYTES:
            self._lost_bytes += len(self._tail) - _TAIL_BYTES
            self._tail = self._tail[-_TAIL_BYTES:]

    def last_line(self) -> bytes:
        """The line that was printed last."""
        return (self._tail or self._head)[-_LINE_BYTES:].rstrip().rpartition(b"\n")[2]

    def text(self) -> bytes:
        """All that was kept, and how much was not."""
        gap = b"\n[%d bytes left out]\n" % self._lost_bytes if self._lost_bytes else b""
        return self._head + gap + self._tail


class Child:
    """A child at work on a request. Everything that it prints goes into a log, its answers through a pipe of
    their own; when we die, so does it.

    Raises:
        InspectError: 5 when this system lets no process be started.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self._printed, self._buffer = _Log(), b""
        self._lines: list[wire.Line] = []
        self._stage: wire.Stage | None = None
        self._several = self._gone = False
        self._late: lateness.Late | None = None
        self._death: str | None = None
        self._asked = self._stage_since = self._silent_since = self._ended = time.monotonic()
        with contextlib.ExitStack() as undo:
            try:
                self._start(undo)
            except OSError as error:
                raise InspectError(
                    "cannot start a process that asks tt_umd",
                    error.strerror or str(error),
                    "look at this user's limits (ulimit -a), and at free memory and temporary space",
                    ExitCode.UMD_FAILED,
                ) from None
            undo.pop_all()

    def _start(self, undo: contextlib.ExitStack) -> None:
        self._wire, answers = _pipe(undo)
        self._log, prints = _pipe(undo)
        lifeline, self._lifeline = _pipe(undo)  # ours stays open as long as the child may live
        os.set_blocking(self._log, False)
        self._open_log: tuple[int, ...] = (self._log,)
        environment = {**os.environ, "TT_LOGGER_LEVEL": _level(os.environ.get("TT_LOGGER_LEVEL"))}
        environment.pop("TT_LOGGER_FILE", None)
        if self.request.visible is not None:
            environment[VISIBLE_DEVICES] = ",".join(self.request.visible)
        search_path = os.pathsep.join(folder for folder in sys.path if folder)
        words = [str(answers), str(lifeline), search_path, self.request.encoded()]
        self._process = subprocess.Popen(
            [sys.executable, "-I", _CHILD, *words],
            stdin=subprocess.PIPE if self.request.task == "watch" else subprocess.DEVNULL,
            stdout=prints,
            stderr=prints,
            pass_fds=(answers, lifeline),
            env=environment,
            start_new_session=True,
        )
        for end in (answers, prints, lifeline):
            os.close(end)
        if self.request.library is not None:
            atexit.register(finish)
            _simulators.add(self._process.pid)

    def ask_again(self) -> None:
        """Ask a watching child for a round of readings; what it said before is forgotten."""
        self._lines.clear()
        self._asked = self._stage_since = time.monotonic()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it is dead: reading finds out how
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()

    def read(
        self, is_end: "Callable[[wire.Line], bool]", limits: lateness.Limits, progress: Progress | None = None
    ) -> bool:
        """Read until a line that ends it; False when the child is dead, or late by the limits."""
        start = time.monotonic()
        while True:
            self._ended = now = time.monotonic()
            if progress is not None and now - start >= lateness.PROGRESS_SECONDS and self._stage is not None:
                progress(str(self._stage))
            verdict = lateness.judge(self._state(), limits, now)
            if self._is_readable(0 if isinstance(verdict, lateness.Late) else verdict):
                data = os.read(self._wire, _READ_BYTES)
                new = self._take(data) if data else None
                if new is None or any(map(is_end, new)):
                    return new is not None
            elif self._process.poll() is not None and not self._is_readable(0):
                return False  # what a simulator started may hold the pipe open
            elif isinstance(verdict, lateness.Late):
                self._late, self._ended = verdict, min(now, self._asked + limits.left_seconds)
                return False

    def _is_readable(self, seconds: float) -> bool:
        """Whether there is an answer to read. What was printed is taken, which may end the wait sooner."""
        ready, _, _ = select.select([self._wire, *self._open_log], [], [], seconds)
        if self._log in ready:
            self._take_log()
        return self._wire in ready

    def _take_log(self) -> bool:
        """Take what was printed; whether there may be more at once."""
        try:
            data = os.read(self._log, _READ_BYTES)
        except BlockingIOError:
            return False
        self._printed.add(data)
        self._silent_since = time.monotonic()
        if not data:
            self._open_log = ()
        return bool(data)

    def _take(self, data: bytes) -> "list[wire.Line] | None":
        """The whole lines of an answer; None where it is none."""
        import msgspec

        from ttinspect.sources.umd import wire

        *whole, self._buffer = (self._buffer + data).split(b"\n")
        try:
            lines = [wire.DECODER.decode(text) for text in whole]
        except msgspec.MsgspecError:
            self._death = "something else wrote to where it answers"
            self._signal(signal.SIGKILL)
            return None
        for line in lines:
            if isinstance(line, wire.Stage):
                self._stage = line
                self._stage_since = self._silent_since = time.monotonic()
            else:
                self._lines.append(line)
                self._several |= isinstance(line, wire.LinkFacts) and line.chips > 1
        return lines

    def _state(self) -> lateness.State:
        from ttinspect.sources.umd import umdlog, wire

        stage = self._stage
        reads = stage is not None and stage.kind in (wire.Doing.CHIP, wire.Doing.TELEMETRY)
        wait = umdlog.waiting(umdlog.plain(self._printed.last_line()))
        return lateness.State(
            asked=self._asked,
            stage_since=self._stage_since,
            silent_since=self._silent_since,
            discovers=stage is not None and stage.kind is wire.Doing.DISCOVERING,
            waits_for=None if wait is None else wait.kind,
            reads_one_of_several=reads and self._several,
            opens_remote=stage is not None and stage.via is not None,
        )

    @property
    def lines(self) -> "tuple[wire.Line, ...]":
        """What it has said since it was asked."""
        return tuple(self._lines)

    def has_said(self, *kinds: "type[wire.Line]") -> bool:
        """Whether a line of one of these types is among those since it was asked."""
        return any(isinstance(line, kinds) for line in self._lines)

    def stop(self) -> "wire.Session":
        """End the child, and give what it said. One that has said everything closes its devices while we go
        on; any other is gone afterwards, and so is what a simulator started."""
        from ttinspect.sources.umd import wire

        if self.request.task != "watch" and self.has_said(wire.Done, wire.Failed):
            for other in [child for child in _closing if child._process.poll() is not None]:
                _closing.remove(other)
                other.clear_away()
            _closing.append(self)
            return self.session()
        if self._late is not None or self.request.task != "watch":
            self._signal(signal.SIGTERM)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        code = self._wait(lateness.GRACE_SECONDS)
        self.clear_away()
        return self.session(code)

    def session(self, code: int | None = None) -> "wire.Session":
        """What it has said since it was asked; ``code`` is its exit code, None while it is at work."""
        from ttinspect.sources.umd import umdlog, wire

        self._drain()
        log = umdlog.plain(self._printed.text())
        wait, death, lines = umdlog.last_wait(log), self._death, tuple(self._lines)
        if self.request.library is not None:  # tt_umd has numbers of its own for its chips
            wait = wait and wire.Wait(
                wait.kind, umdlog.with_chips(wait.text, self._process.pid), wait.device, wait.pid
            )
            lines = tuple(
                wire.Failed(umdlog.with_chips(line.why, self._process.pid), line.missing)
                if isinstance(line, wire.Failed)
                else line
                for line in lines
            )
        if self._late is not None:
            waiting = f"; it was waiting for {wait.text}" if wait is not None else ""
            death = f"it did not answer within {self._ended - self._asked:.3g} s{waiting}"
        elif death is None and code is not None and not self.has_said(wire.Done, wire.Failed):
            words = umdlog.last_words(log)
            death = _death(code) + (f'; last it said "{words}"' if words else "")
        return wire.Session(
            request=self.request,
            lines=lines,
            stage=self._stage or wire.Stage(wire.Doing.STARTING),
            death=death,
            late=self._late,
            wait=wait,
            killed=code == -signal.SIGKILL and self._late is None and self._death is None,
            log=log,
        )

    def _drain(self) -> None:
        while self._open_log and self._take_log():
            pass

    def _wait(self, seconds: float) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            return self._process.wait()
        except BaseException:  # interrupted once more
            self._signal(signal.SIGKILL)
            raise

    def clear_away(self, seconds: float = 0.0) -> None:
        """Nothing of the child is left afterwards, nor of what a simulator started: its session was made for
        it alone. ``seconds`` are for one that is closing its devices."""
        if self._gone:
            return
        self._gone = True
        if self._process.poll() is None:
            self._wait(seconds)
        self._signal(signal.SIGKILL)
        self._drain()
        self._open_log = ()
        for end in (self._wire, self._log, self._lifeline):
            os.close(end)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _pipe(undo: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        undo.callback(os.close, end)
    return ends


def _level(wanted: str | None) -> str:
    """tt_umd's log at info at least: it alone tells what tt_umd waits for, and why a chip is unhealthy."""
    return wanted if wanted in ("trace", "debug") else "info"


def _death(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else str(-code)
        return f"it was killed by {name}"
    return f"it ended with exit code {code} before it was done"


_early: list[Child] = []
_closing: list[Child] = []
_simulators: set[int] = set()
"""Process ids of the children that opened a simulator."""


def start_early(request: Request) -> None:
    """Start the child that will probably be asked for."""
    _early.append(Child(request))


def started(request: Request) -> Child:
    """A child at work on a request: the one that was started early, if it is that one."""
    for child in _early:
        if child.request == request:
            _early.remove(child)
            return child
    return Child(request)


def finish() -> None:
    """End what was started early and never asked for, wait for those that close their devices, and remove
    what simulators left. Signals wait until that is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        while _early:
            _early.pop().clear_away()
        while _closing:
            _closing.pop().clear_away(lateness.CLOSING_SECONDS)
        if _simulators:
            sweep_locks()
            sweep_folders(scratch_folder())
            _simulators.clear()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sweep_locks(memory: str = "/dev/shm") -> None:
    """Remove the locks that tt_umd made for the chips of a simulator in a process that is gone. It leaves
    them there, and nobody else can want them: their numbers are made of the process id. A device of the host
    has a lower number."""
    for name in _names(memory):
        words = name.split("_")
        if name.startswith("TT_UMD_LOCK.") and words[-2].isdigit():
            pid = int(words[-2]) // CHIPS_PER_PROCESS
            if pid >= _LOWEST_PID and _is_left(f"{memory}/{name}", pid):
                with contextlib.suppress(OSError):
                    os.unlink(f"{memory}/{name}")  # noqa: PTH108


def sweep_folders(scratch: str) -> None:
    """Remove the folders that children linked simulators into, and that were killed before they could be
    removed."""
    for name in _names(scratch):
        pid = name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if name.startswith(FOLDER_PREFIX) and pid.isdigit() and _is_left(f"{scratch}/{name}", int(pid)):
            import shutil

            shutil.rmtree(f"{scratch}/{name}", ignore_errors=True)  # a simulator may have written there


def _names(folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(folder)  # noqa: PTH208
    return []


def _is_left(path: str, pid: int) -> bool:
    """Whether it is ours, and of a process that is gone, or that nobody waits for (a zombie)."""
    try:
        if os.lstat(path).st_uid != os.geteuid():
            return False
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - pathlib is not worth its import
            return file.read().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False
