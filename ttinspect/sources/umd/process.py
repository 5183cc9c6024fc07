"""The child: a process in a session of its own that asks tt_umd, how it is started, read and ended.

Imports little, so that a child can be at work while everything else is imported.
"""

import atexit
import contextlib
import glob
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd import lateness
from ttinspect.sources.umd.request import CHIPS_PER_PROCESS, FOLDER_PREFIX, Request, scratch_folder

if TYPE_CHECKING:
    from ttinspect.sources.umd import wire

VISIBLE_DEVICES = "TT_VISIBLE_DEVICES"
Progress = Callable[[str], None]

HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child", "main.py")  # noqa: PTH100, PTH118, PTH120
_READ_BYTES = 1 << 20
_LINE_BYTES = 4096
_HEAD_BYTES, _TAIL_BYTES, _GAP = 1 << 18, 1 << 19, b"\n[the middle of this log is left out]\n"
"""Of a long log: how much of its start and of its end is kept at least, and what stands between."""
_LOWEST_PID = 2
"""Below, a number times CHIPS_PER_PROCESS could be that of a device of the host."""


class Child:
    """A child at work on a request. Everything that it prints goes into a log, its answers through a pipe of
    their own; when we die, so does it.

    Raises:
        InspectError: 5 when this system lets no process be started.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_done = self.has_ended = False
        """Whether it has said everything that it was asked; whether it has, or failed."""
        self._printed, self._buffer = bytearray(), b""
        self._lines: list[wire.Line] = []
        self._stage: wire.Stage | None = None
        self._late: lateness.Late | None = None
        self._death: str | None = None
        self._asked = self._stage_since = self._silent_since = self._ended = time.monotonic()
        with _signals_held_back():
            try:
                self._start()
            except OSError as error:
                raise InspectError(
                    "cannot start a process that asks tt_umd",
                    error.strerror or str(error),
                    "look at this user's limits (ulimit -a), and at free memory and temporary space",
                    ExitCode.UMD_FAILED,
                ) from None
            _alive.append(self)  # from here on finish clears it away, whatever comes

    def _start(self) -> None:
        # at least info: only the log tells what tt_umd waits for, and why a chip is unhealthy
        level = os.environ.get("TT_LOGGER_LEVEL")
        environment = {**os.environ, "TT_LOGGER_LEVEL": level if level in ("trace", "debug") else "info"}
        environment.pop("TT_LOGGER_FILE", None)
        if self.request.visible is not None:
            environment[VISIBLE_DEVICES] = ",".join(self.request.visible)
        search_path = os.pathsep.join(folder for folder in sys.path if folder)
        pipes = [os.pipe() for _ in range(3)]
        (self._wire, answers), (self._log, prints), (lifeline, self._lifeline) = pipes
        words = [str(answers), str(lifeline), search_path, self.request.encoded()]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", _CHILD, *words],
                stdin=subprocess.PIPE if self.request.task == "watch" else subprocess.DEVNULL,
                stdout=prints,
                stderr=prints,
                pass_fds=(answers, lifeline),
                env=environment,
                start_new_session=True,
            )
        except OSError:
            for end in (self._wire, self._log, self._lifeline):
                os.close(end)
            raise
        finally:
            for end in (answers, prints, lifeline):
                os.close(end)
        os.set_blocking(self._log, False)
        self._open_log: tuple[int, ...] = (self._log,)
        if self.request.library is not None:
            atexit.register(finish)
            _simulators.add(self._process.pid)

    def ask_again(self) -> None:
        """Ask a watching child for one more reading; the one before is forgotten."""
        from ttinspect.sources.umd import wire

        self._lines = [line for line in self._lines if not isinstance(line, wire.TelemetryFacts | wire.Done)]
        self.is_done = self.has_ended = False
        self._asked = self._stage_since = time.monotonic()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it is dead: reading finds out how
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()

    def read(self, limits: lateness.Limits, progress: Progress | None = None) -> None:
        """Read until it has said everything that it was asked, or failed, is dead, or late by the limits."""
        start = time.monotonic()
        while not self.has_ended:
            self._ended = now = time.monotonic()
            if progress is not None and now - start >= lateness.PROGRESS_SECONDS and self._stage is not None:
                progress(str(self._stage))
            verdict = lateness.judge(self._state(), limits, now)
            if self._is_readable(0 if isinstance(verdict, lateness.Late) else verdict):
                data = os.read(self._wire, _READ_BYTES)
                if not data or not self._take(data):
                    return
            elif self._process.poll() is not None and not self._is_readable(0):
                return  # what a simulator started may hold the pipe open
            elif isinstance(verdict, lateness.Late):
                self._late, self._ended = verdict, min(now, self._asked + limits.left_seconds)
                return

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
        self._printed += data
        if len(self._printed) > _HEAD_BYTES + 2 * _TAIL_BYTES:
            self._printed[_HEAD_BYTES:-_TAIL_BYTES] = _GAP
        self._silent_since = time.monotonic()
        if not data:
            self._open_log = ()
        return bool(data)

    def _take(self, data: bytes) -> bool:
        """Take the whole lines of an answer; False where it is none."""
        import msgspec

        from ttinspect.sources.umd import umdlog, wire

        *texts, self._buffer = (self._buffer + data).split(b"\n")
        try:
            for text in texts:
                line = wire.DECODER.decode(umdlog.plain(text, self._process.pid))
                if isinstance(line, wire.Stage):
                    self._stage = line
                    self._stage_since = self._silent_since = time.monotonic()
                else:
                    self._lines.append(line)
                    self.is_done |= isinstance(line, wire.Done)
                    self.has_ended |= isinstance(line, wire.Done | wire.Failed)
        except msgspec.MsgspecError:
            self._death = "something else wrote to where it answers"
            self._signal(signal.SIGKILL)
            return False
        return True

    def _state(self) -> lateness.State:
        from ttinspect.sources.umd import umdlog, wire

        last_line = bytes(self._printed[-_LINE_BYTES:]).rstrip().rpartition(b"\n")[2]
        stage = self._stage or wire.Stage(wire.Doing.STARTING)
        wait = umdlog.waiting(umdlog.plain(last_line, self._process.pid))
        several = wire.chips_seen(self._lines) > 1 or stage.via is not None
        return lateness.State(
            asked=self._asked,
            stage_since=self._stage_since,
            silent_since=self._silent_since,
            discovers=stage.kind is wire.Doing.DISCOVERING,
            waits_for=None if wait is None else wait.kind,
            reads_one_of_several=several and stage.chip is not None,
        )

    def stop(self) -> "wire.Session":
        """End the child, and give what it said. One that has said everything closes its devices while we go
        on, until the next one ends; any other is gone afterwards, and so is what a simulator started."""
        for child in tuple(_alive):
            if child.has_ended and child.request.task != "watch" and child._process.poll() is not None:
                child.clear_away()
        if self.request.task == "watch" or not self.has_ended:
            self.clear_away(lateness.GRACE_SECONDS if self.has_ended else 0.0)
        return self.session()

    def session(self) -> "wire.Session":
        """What it has said until now, without the readings of telemetry before the last."""
        from ttinspect.sources.umd import umdlog, wire

        while self._open_log and self._take_log():
            pass
        log, code = umdlog.plain(bytes(self._printed), self._process.pid), self._process.returncode
        wait, death = umdlog.last_wait(log), self._death
        if self._late is not None:
            waiting = f"; it was waiting for {wait.text}" if wait is not None else ""
            death = f"it did not answer within {self._ended - self._asked:.3g} s{waiting}"
        elif death is None and code is not None and not self.has_ended:
            words = umdlog.last_words(log)
            death = _death(code) + (f'; last it said "{words}"' if words else "")
        return wire.Session(
            request=self.request,
            lines=tuple(self._lines),
            stage=self._stage or wire.Stage(wire.Doing.STARTING),
            death=death,
            late=self._late,
            wait=wait,
            killed=code == -signal.SIGKILL and self._late is None and self._death is None,
            log=log,
        )

    def clear_away(self, seconds: float = 0.0) -> None:
        """Nothing of the child is left afterwards, nor of what a simulator started: its session was made for
        it alone. ``seconds`` are for one that is closing its devices."""
        if self not in _alive:
            return
        with _signals_held_back():
            if self._process.stdin is not None:  # what ends a watch
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            self._signal(signal.SIGKILL)
            self._process.wait()
            while self._open_log and self._take_log():
                pass
            self._open_log = ()
            for end in (self._wire, self._log, self._lifeline):
                os.close(end)
            _alive.remove(self)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _death(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code} before it was done"
    name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else str(-code)
    return f"it was killed by {name}"


_alive: list[Child] = []
"""All that were started and are not cleared away."""
_early: list[Child] = []
"""Those of them that were started before anybody asked for them."""
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
    """End what is still at work, wait for those that close their devices, and remove what simulators left."""
    with _signals_held_back():
        _early.clear()
        for child in tuple(_alive):
            child.clear_away(lateness.CLOSING_SECONDS if child.has_ended else 0.0)
        if _simulators:
            sweep()
            _simulators.clear()


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """What is done in here is not left half done: what a signal raises comes afterwards. A child that is
    started in here holds them back too, until it says otherwise."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sweep(memory: str = "/dev/shm", scratch: str | None = None) -> None:
    """Remove what children that are gone left: the locks that tt_umd makes for chips of a simulator, which
    nobody else can want, for their numbers are made of the process id; and the folders that simulators were
    linked into."""
    for path in glob.glob(f"{glob.escape(memory)}/TT_UMD_LOCK.*_*_*"):  # noqa: PTH207
        number = path.rsplit("_", 2)[1]
        pid = int(number) // CHIPS_PER_PROCESS if number.isdecimal() else 0
        if pid >= _LOWEST_PID and _is_gone(pid):
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
    for path in glob.glob(f"{glob.escape(scratch or scratch_folder())}/{FOLDER_PREFIX}*-*"):  # noqa: PTH207
        number = path.rpartition(FOLDER_PREFIX)[2].partition("-")[0]
        if number.isdecimal() and _is_gone(int(number)):
            import shutil

            shutil.rmtree(path, ignore_errors=True)  # a simulator may have written there


def _is_gone(pid: int) -> bool:
    """Whether there is no such process, or one that nobody waits for (a zombie)."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - pathlib is not worth its import
            return file.read().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True
