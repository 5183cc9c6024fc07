"""The terminal while something is watched: the alternate screen, a clock, and q; and one that goes away."""

import atexit
import contextlib
import io
import os
import select
import shutil
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any

from ttinspect.cli.streams import write_out
from ttinspect.errors import InspectError
from ttinspect.report.screen import frame

_DEFAULT_SIZE = (80, 24)
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_TICK_SECONDS = 1.0
_PATIENCE_SECONDS = 1.0
"""With a terminal that takes nothing (Ctrl-S) when the watch ends."""
_LEFT = signal.SIGUSR1
"""How the thread that reads the keys tells the main one, which may wait for a device, that q was pressed."""
_HELD_BACK = {
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGCONT, signal.SIGTTOU,
    signal.SIGWINCH, _LEFT,
}  # fmt: skip


_REFUSED = (OSError, InspectError)
"""What write_out raises."""


class LeftError(BaseException):
    """Raised when q was pressed. It is no Exception, so that no ``except Exception`` swallows it."""


def can_place_text() -> bool:
    """Whether standard output is a terminal where text can be placed."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb")


class Watched:
    """The alternate screen, from the first answer on; a context manager, for the main thread.

    A thread of its own redraws once a second, so that the clock goes on while a device is waited for, and
    reads the keys: q raises LeftError in the main thread. However it is left, the screen is as it was before
    and the last answer is written below it, whole. While the process is stopped (Ctrl-Z), or is in the
    background, the terminal is the shell's.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._lock = threading.RLock()
        self._render: Callable[[], str] | None = None
        self._read_at = 0.0
        self._placed, self._ended = False, False
        self._modes: list[Any] | None = None
        self._keys = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self._before: dict[int, Any] = {}
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "Watched":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True  # from here on q raises nothing
        # a second Ctrl-C must not leave half of it
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        try:
            if self._render is not None:
                self._nudge()
                self._thread.join(_PATIENCE_SECONDS)
                self._give_back()
                for number, handler in self._before.items():
                    signal.signal(number, handler)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if self._render is not None and self._takes_text():
            gone = contextlib.suppress(*_REFUSED) if kind is not None else contextlib.nullcontext()
            with gone:  # what made it end is told, not that the terminal is gone too
                write_out(self._render(), machine=False)

    def show(self, render: Callable[[], str]) -> None:
        """Show an answer instead of the one before it; ``render`` is called again when the size changes."""
        text = render()  # what it raises is the caller's, and what it imports is there for the thread
        with self._lock:
            first, self._render, self._read_at = self._render is None, render, time.time()
            if first:
                self._begin()
            self._draw(text)

    def _begin(self) -> None:
        handlers = {
            signal.SIGTSTP: self._stop,
            signal.SIGCONT: self._go_on,
            signal.SIGWINCH: self._go_on,
            _LEFT: self._leave,
        }
        for number, handler in handlers.items():
            self._before[number] = signal.signal(number, handler)
        atexit.register(self._give_back)  # where a signal comes as the block is left
        self._take()
        self._thread.start()

    def _take(self) -> None:
        """Take over the terminal, unless another process has it by now."""
        if self._placed or not self._in_foreground():
            return
        if self._keys is not None:
            with contextlib.suppress(termios.error):
                self._modes = termios.tcgetattr(self._keys)
                raw = termios.tcgetattr(self._keys)
                raw[3] &= ~(termios.ICANON | termios.ECHO)
                raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
                termios.tcsetattr(self._keys, termios.TCSANOW, raw)
        self._placed = True
        write_out(_ENTER, machine=False)

    def _give_back(self) -> None:
        if not self._placed:
            return
        self._placed = False
        with contextlib.suppress(OSError):  # it is gone
            if self._takes_text():
                os.write(sys.stdout.fileno(), _LEAVE.encode())
        if self._keys is not None and self._modes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._keys, termios.TCSANOW, self._modes)

    @staticmethod
    def _takes_text() -> bool:
        return bool(select.select([], [sys.stdout.fileno()], [], _PATIENCE_SECONDS)[1])

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(sys.stdout.fileno()) == os.getpgrp()
        except OSError:  # not our controlling terminal: nobody else's job control
            return True

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        with self._lock:
            self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here it stands until SIGCONT
        signal.signal(number, self._stop)

    def _go_on(self, _number: int, _frame: FrameType | None) -> None:
        self._nudge()

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        if not self._ended:
            raise LeftError

    def _nudge(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b".")

    def _follow(self) -> None:
        """The thread: read keys, and redraw the clock."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        watched = [self._woken] if self._keys is None else [self._woken, self._keys]
        size = self._size()
        while True:
            ready, _, _ = select.select(watched, [], [], _TICK_SECONDS - time.time() % _TICK_SECONDS)
            if self._woken in ready:
                os.read(self._woken, 512)
            if self._keys in ready and not self._heard():
                watched.remove(self._keys)
            if self._ended:
                return
            with self._lock, contextlib.suppress(*_REFUSED):  # the main thread meets the same, and tells it
                taken = self._placed
                self._take()
                now = self._size()
                if self._render is not None and (now != size or not taken or self._woken in ready):
                    self._draw(self._render())
                elif self._placed:
                    self._tick()
                size = now

    def _heard(self) -> bool:
        """Read the keys that were pressed. False when there can be no more."""
        if not self._placed:
            return True
        try:
            keys = os.read(self._keys or 0, 64)
        except OSError:
            return False
        if b"q" in keys.lower():
            signal.pthread_kill(threading.main_thread().ident or 0, _LEFT)
        return bool(keys)

    def _draw(self, text: str) -> None:
        if self._placed:
            columns, lines = self._size()
            write_out(frame(f"{self._head(columns)}\n\n{text}", lines), machine=False)

    def _tick(self) -> None:
        """Redraw the first line."""
        write_out(f"\x1b7\x1b[H{self._head(self._size()[0])}\x1b[K\x1b8", machine=False)

    def _head(self, columns: int) -> str:
        """ "telemetry every 9 s   q ends     4 s ago  12:34:56"."""
        now = time.time()
        age = int(now - self._read_at)
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        right = f"{age} s ago  {clock}" if age >= 2 else clock
        left = f"{self._title}   q ends"
        if len(left) + len(right) + 3 > columns:
            left = "q ends"
        return f"{left}{right.rjust(max(len(right) + 1, columns - len(left)))}"[:columns]

    @staticmethod
    def _size() -> tuple[int, int]:
        return shutil.get_terminal_size(_DEFAULT_SIZE)


class _Output(io.FileIO):
    """Standard error, where Textual draws; that the terminal is gone is no error there. Textual's thread that
    writes would end of it, and all others wait for that thread for ever (Textual 8.2.8)."""

    def write(self, data: Any) -> int:
        """Write, and ignore a terminal that is gone."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


@contextlib.contextmanager
def on_a_terminal_that_may_go() -> Iterator[None]:
    """For the time that an application of Textual runs, which looks for sys.__stderr__."""
    name, before = "__stderr__", sys.__stderr__
    output = io.BufferedWriter(_Output(2, "w", closefd=False))
    setattr(sys, name, io.TextIOWrapper(output, encoding="utf-8", write_through=False))
    try:
        yield
    finally:
        setattr(sys, name, before)


@contextlib.contextmanager
def watched_on(placed: bool, title: str) -> "Iterator[Watched | None]":
    """The alternate screen where ``placed``, else None; q ends the block."""
    if not placed:
        yield None
        return
    with contextlib.suppress(LeftError), Watched(title) as screen:
        yield screen
