"""Beside a watch: whether chips that it goes without are back."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from ttinspect.errors import InspectError
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.umd.persisting import ask_persistently
from ttinspect.sources.umd.reading import Target
from ttinspect.sources.umd.session import Session
from ttinspect.sources.umd.ways import Way

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
"""Between two looks, in timeouts: a chip that hangs costs its host a little each time."""


class _EndedError(Exception):
    """The watch is over."""


class Lookout:
    """Discovers everything anew now and then, with a child of its own, while the watch goes on."""

    def __init__(self, target: Target, options: LiveOptions) -> None:
        self._target = target
        self._timeout_seconds = options.timeout_seconds
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lookout")
        self._look: Future[tuple[Session, Way]] | None = None
        self._pause_seconds = _FIRST_PAUSE * self._timeout_seconds
        self._due: float | None = None
        self._whole_since: float | None = None

    def rest(self) -> None:
        """Nothing is missing. When it stays so for as long as the last pause, the next one is short again: a
        chip that comes and goes costs all others a little each time."""
        now = time.monotonic()
        self._whole_since = self._whole_since or now
        if now - self._whole_since > self._pause_seconds:
            self._pause_seconds = _FIRST_PAUSE * self._timeout_seconds
        self._due = None
        if self._look is not None and self._look.done():
            self._look = None

    def found(self, reading: System) -> tuple[Session, Way] | None:
        """Call it with every reading in which something is missing: what a look found when less was missing
        there, and how to ask like that."""
        self._whole_since = None
        if self._look is None:
            now = time.monotonic()
            if self._due is None:
                self._due = now + self._pause_seconds
            if now >= self._due:
                self._look = self._thread.submit(self._ask)
            return None
        if not self._look.done():
            return None
        look, self._look = self._look, None
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE * self._timeout_seconds)
        self._due = None
        try:
            session, way = look.result()
            seen = self._target.system(session)
        except InspectError:
            return None
        return (session, way) if _completeness(seen) > _completeness(reading) else None

    def end(self) -> None:
        """Stop looking; the child is gone afterwards."""
        self._ended.set()
        self._thread.shutdown()

    def _ask(self) -> tuple[Session, Way]:
        arguments = [Ask.READING.value, *self._target.arguments]
        return ask_persistently(
            arguments, self._timeout_seconds, self._go_on, archs=self._target.socs, before=self._go_on
        )

    def _go_on(self, *_: str) -> None:
        if self._ended.is_set():
            raise _EndedError


def _completeness(system: System) -> tuple[int, int]:
    """How many chips there is a reading of; of as many, the one with less that could not be read."""
    answering = sum(chip.telemetry is not None for chip in system.chips)
    return answering, -sum(not trouble.readable for trouble in system.troubles)
