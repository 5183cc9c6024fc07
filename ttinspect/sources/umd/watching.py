"""Telemetry again and again over one child that stays open; one that dies is replaced, and so is one that
misses a chip, after a while."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from ttinspect.errors import InspectError
from ttinspect.model.system import System, Trouble
from ttinspect.sources.live import LiveOptions, read_here
from ttinspect.sources.pulse import Pulse, silent
from ttinspect.sources.roster import GONE, Roster
from ttinspect.sources.umd import process, wire
from ttinspect.sources.umd.lateness import Late, Limits, watch_pause_seconds
from ttinspect.sources.umd.readings import why_silent
from ttinspect.sources.umd.system import failure, silent_chips, with_telemetry
from ttinspect.sources.umd.target import target_of

_MOST_LOGS = 100
"""Of children that ended in a watch; the last ones are kept."""
_NOBODY = "none answers"


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
        self._child: process.Child | None = None
        self._system: System | None = None
        self._skipped: dict[int, str] = {}
        """Chips that are left alone until all are discovered anew, and why."""
        self._pulse = Pulse()
        self._roster = Roster(numbered=self._target.hardware is None)
        self._missing_since: float | None = None
        self._looks = 0

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self) -> System:
        """The next reading. A child that died or did not answer in time costs one reading: the chips that
        are known are shown without telemetry, and the next reading discovers all anew. So does one of a watch
        that has missed a chip for a while.

        Raises:
            InspectError: as reading the source once, when there are no chips to show at all; and as choosing
                some of them.
        """
        if self._is_time_to_look():
            self._end()
            self._skipped.clear()
        chosen = self._choose(self._roster.settled(self._read()))
        del self._options.log[:-_MOST_LOGS]
        self._note_missing(any(not trouble.readable for trouble in chosen.troubles))
        return read_here(chosen)

    def _is_time_to_look(self) -> bool:
        since = self._missing_since
        return since is not None and time.monotonic() - since >= watch_pause_seconds(self._looks)

    def _note_missing(self, missing: bool) -> None:
        """Less and less often is looked for a chip that is missing, also for one that comes and goes."""
        if not missing:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = time.monotonic()
        elif self._is_time_to_look():
            self._missing_since = time.monotonic()
            self._looks += 1

    def _read(self) -> System:
        why = self._start() if self._child is None else None
        child, system = self._child, self._system
        if system is None:
            raise AssertionError("a watch begins with chips, or raises")
        if why is not None:
            return silent(system, why)
        if child is None:  # chips are known, and not one of them can be read
            return system
        child.ask_again()
        timeout = self._options.timeout_seconds
        limits = Limits(timeout, timeout, others=self._target.hardware is not None)
        if child.read(lambda line: isinstance(line, wire.Tick), limits):
            return self._reading(system, child.lines)
        session = self._end()
        if session is not None and self._leave_alone(session, len(system.chips)):
            return self._read()
        return silent(system, _why(session))

    def _reading(self, system: System, lines: tuple[wire.Line, ...]) -> System:
        reasons = [why_silent(line) for line in lines if isinstance(line, wire.TelemetryFacts)]
        if not reasons:  # nobody was asked: a Quasar has no telemetry
            return system
        if all(reasons):
            self._end()
            return silent(system, "; ".join(dict.fromkeys(filter(None, reasons))) or _NOBODY)
        chips = tuple(map(self._pulse.with_heartbeat, with_telemetry(system.chips, lines)))
        self._system = replace(system, chips=chips)
        more = (*silent_chips(lines, system.troubles), *_unheard(system, lines))
        return replace(self._system, troubles=(*system.troubles, *more))

    def _start(self) -> str | None:
        """Start a child; why there is none to read from, if so.

        Raises:
            InspectError: as reading the source once, when no chips were ever seen.
        """
        outcome = self._target.ask(self._options, skipped=self._skipped)
        try:
            self._system = self._target.system(outcome)
        except InspectError as error:
            if outcome.child is not None:
                outcome.child.stop()
            if self._system is None:
                raise
            return error.why
        self._child = outcome.child
        self._pulse.forget()
        return None

    def _leave_alone(self, session: wire.Session, chips: int) -> bool:
        """Whether the others can be asked without the chip that was being read when the child hung or died:
        on a host, where that is the first time."""
        chip = session.stage.chip
        others = chips > len(self._skipped) + 1 and session.late is not Late.TIMEOUT
        if self._target.hardware is None or chip is None or chip in self._skipped or not others:
            return False
        self._skipped[chip] = session.why_ended()
        return True

    def _end(self) -> wire.Session | None:
        child, self._child = self._child, None
        if child is None:
            return None
        session = child.stop()
        self._options.log.append(session.log)
        return session


def _unheard(system: System, lines: tuple[wire.Line, ...]) -> list[Trouble]:
    """The chips that a child before this one knew, and this one does not."""
    heard = {line.chip for line in lines if isinstance(line, wire.TelemetryFacts)}
    heard |= {trouble.chip for trouble in system.troubles if trouble.chip is not None}
    return [Trouble(chip=chip.id, why=GONE, readable=False) for chip in system.chips if chip.id not in heard]


def _why(session: wire.Session | None) -> str:
    error = failure(session, "telemetry") if session is not None else None
    return error.why if error is not None else _NOBODY
