"""Readings of ``top``, one after the other, in a thread of their own: a device that hangs stops no key."""

import threading
import time
from collections.abc import Callable

from ttinspect.answers.top import TopView

Moment = TopView | Exception | None
"""What a reading came to, or what it raised; None: there are no more (the end of a recording)."""


class Follower:
    """Reads every ``interval_seconds``, from now on: the first moment is read while what shows it is still
    being imported. Each moment goes to whom ``deliver_to`` names, and is waited for there, so that no two
    wait in line."""

    def __init__(self, read: Callable[[], TopView | None], interval_seconds: float) -> None:
        self._read, self.interval_seconds = read, interval_seconds
        self.paused, self._ended, self._wanted = threading.Event(), threading.Event(), threading.Event()
        self.refused: Exception | None = None
        """Why the first reading failed, once it is known."""
        self._receive: Callable[[Moment], None]
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def deliver_to(self, receive: Callable[[Moment], None]) -> None:
        """Who takes the moments, in the thread that reads."""
        self._receive = receive
        self._wanted.set()

    def end(self) -> None:
        """No reading is waited for any more."""
        self._ended.set()
        self._wanted.set()

    def _follow(self) -> None:
        due, first = time.monotonic(), True
        while not self._ended.is_set():
            if not self.paused.is_set():
                moment = self._next()
                if first and isinstance(moment, Exception):
                    self.refused = moment
                first = False
                self._wanted.wait()
                if self._ended.is_set():
                    return
                self._receive(moment)
                if moment is None:
                    return
            due = max(due + self.interval_seconds, time.monotonic())
            self._ended.wait(max(0.0, due - time.monotonic()))

    def _next(self) -> Moment:
        try:
            return self._read()
        except Exception as error:  # noqa: BLE001 - raised again in the main thread, if it is no InspectError
            return error
