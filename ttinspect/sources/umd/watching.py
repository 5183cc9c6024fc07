"""Telemetry again and again over one child that stays open; one that dies is replaced, and so is one that
misses a chip, after a while."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from ttinspect.errors import InspectError
from ttinspect.model.system import System
from ttinspect.sources.live import LiveOptions, read_here
from ttinspect.sources.pulse import Pulse, silent
from ttinspect.sources.roster import Roster
from ttinspect.sources.umd.lateness import Limits, watch_pause_seconds
from ttinspect.sources.umd.process import Child
from ttinspect.sources.umd.search import Outcome
from ttinspect.sources.umd.target import target_of
from ttinspect.sources.umd.wire import Session

_MOST_LOGS = 100
"""Of children that ended in a watch; the last ones are kept."""


class Watcher:
    """Readings of the chips of a live source, of those that ``choose`` takes. Use as a context manager."""

    def __init__(
        self,
        kind: str,
        path: str,
        options: LiveOptions,
        choose: Callable[[System], System] = lambda system: system,
    ) -> None:
        self._options, self._choose = options, choose
        self._target = target_of(kind, path, "watch")
        self._child: Child | None = None
        """The one to ask again; without one all are discovered anew."""
        self._outcome: Outcome | None = None
        self._system: System | None = None
        self._pulse = Pulse()
        self._roster = Roster(numbered=self._target.host is None)
        self._look_at: float | None = None
        """When all are discovered anew, because a chip is missing."""
        self._looks = 0

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._end(self._child)

    def read(self) -> System:
        """The next reading. A child that died or did not answer in time costs a reading of the chips that it
        did not get to, and the next one discovers all anew. So does one of a watch that has missed a chip for
        a while.

        Raises:
            InspectError: as reading the source once, when there are no chips to show at all; and as choosing
                some of them.
        """
        if self._child is not None and self._look_at is not None and time.monotonic() >= self._look_at:
            self._end(self._child)
        chosen = self._choose(self._roster.settled(self._read()))
        del self._options.log[:-_MOST_LOGS]
        self._note_missing(any(not trouble.readable for trouble in chosen.troubles))
        return read_here(chosen)

    def _note_missing(self, missing: bool) -> None:
        """Less and less often is looked for a chip that is missing, also for one that comes and goes."""
        now = time.monotonic()
        if not missing:
            self._look_at = None
        elif self._look_at is None or now >= self._look_at:
            self._look_at = now + watch_pause_seconds(self._looks)
            self._looks += 1

    def _read(self) -> System:
        child, outcome = self._child, self._outcome
        if child is None or outcome is None:
            outcome = self._target.ask(self._options)
            self._child = outcome.child
            self._pulse.forget()
        else:
            timeout = self._options.timeout_seconds
            child.ask_again()
            child.read(Limits(timeout, timeout, others=self._target.host is not None))
            session = child.session() if child.is_done else self._end(child)
            outcome = replace(outcome, best=replace(outcome.best, session=session))
        self._outcome = outcome
        try:
            system = self._target.system(outcome)
        except InspectError as error:
            if self._system is None:
                raise
            return silent(self._system, error.why)
        self._system = system
        reasons = [facts.error for facts in outcome.best.session.readings]
        if self._child is not None and reasons and all(reasons):
            self._end(self._child)
        return replace(system, chips=tuple(map(self._pulse.with_heartbeat, system.chips)))

    def _end(self, child: Child) -> Session:
        self._child = None
        session = child.stop()
        self._options.log.append(session.log)
        return session
