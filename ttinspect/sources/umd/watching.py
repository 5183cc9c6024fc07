"""Telemetry again and again over one child that stays open; a dead or silent one is replaced."""

import contextlib
from collections.abc import Callable

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import System, Trouble
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.pulse import Pulse, silent
from ttinspect.sources.roster import GONE, Roster
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.attempts import limits_of_first, patience_seconds
from ttinspect.sources.umd.beside import Child
from ttinspect.sources.umd.lookout import Lookout
from ttinspect.sources.umd.numbering import skipped_chips, without_reading
from ttinspect.sources.umd.parent import Limits, Running
from ttinspect.sources.umd.persisting import ask_persistently
from ttinspect.sources.umd.reading import Target, target_of
from ttinspect.sources.umd.readings import why_silent
from ttinspect.sources.umd.session import Session, failure
from ttinspect.sources.umd.system import silent_chips, with_telemetry
from ttinspect.sources.umd.ways import Way

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
        self._stack = contextlib.ExitStack()
        self._target: Target = self._stack.enter_context(target_of(kind, path, options))
        self._way = Way(arguments=("watch", *self._target.arguments))
        self._running: Running | None = None
        self._system: System | None = None
        self._pulse = Pulse()
        self._roster = Roster(numbered=self._target.simulated)
        self._lookout = Lookout(self._target, options)
        self._stack.callback(self._lookout.end)

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._end(late=True)
        self._stack.close()

    def read(self) -> System:
        """The next reading. A child that died or did not answer in time costs one reading: the chips
        that are known are shown without telemetry, and the next reading starts a new child, which
        discovers the devices anew. A chip that is left out or does not answer is taken back when it is
        well again.

        Raises:
            InspectError: as reading the source once, when there are no chips to show at all; and as choosing
                some of them.
        """
        system = self._roster.settled(self._read())
        chosen = self._choose(system)
        del self._options.log[:-_MOST_LOGS]
        if all(trouble.readable for trouble in chosen.troubles):
            self._lookout.rest()
        elif (found := self._lookout.found(system)) is not None:
            session, way = found
            self._end(late=False)
            self._options.log += [session.earlier_log, session.log]
            if self._knows(session):
                self._begin_as(way)
        return chosen

    def _read(self) -> System:
        failed = self._start() if self._running is None else None
        running, system = self._running, self._system
        if system is None:
            raise InspectError("no devices", "none were found", "check the source", ExitCode.NO_DEVICES)
        if running is None:
            self._forget_skipped()
            return silent(system, _why(failed))
        before = len(running.session.lines)
        running.ask()
        if running.read_until(self._options.timeout_seconds, wire.Tick):
            lines = running.session.lines[before:]
            del running.session.lines[before:]
            reasons = [why_silent(line) for line in lines if isinstance(line, wire.TelemetryFacts)]
            if all(reasons):
                self._end(late=False)
                self._forget_skipped()
                return silent(system, "; ".join(dict.fromkeys(filter(None, reasons))) or _NOBODY)
            chips = tuple(map(self._pulse.felt, with_telemetry(system.chips, lines)))
            self._system = msgspec.structs.replace(system, chips=chips)
            silent_ones = silent_chips(lines, system.troubles)
            troubles = (*system.troubles, *silent_ones, *_unheard(system, lines))
            return msgspec.structs.replace(self._system, troubles=troubles)
        session = self._end(late=False)
        if session is not None and self._leave_alone(session):
            return self._read()
        self._forget_skipped()
        return silent(system, _why(session))

    def _leave_alone(self, session: Session) -> bool:
        """Ask the others without the chip that was being read when the child hung or died; False where there
        is none. It is asked again when all are discovered anew."""
        chip, system = session.chip_being_read(), self._system
        if chip is None or system is None:
            return False
        before = skipped_chips(self._way.arguments)
        skipped = {*before, chip}
        if chip in before or len(system.chips) <= len(skipped):
            return False
        arguments = without_reading(self._way.arguments, skipped)
        self._way = msgspec.structs.replace(self._way, arguments=arguments)
        trouble = Trouble(chip=chip, why=session.why_ended(), readable=False)
        self._system = msgspec.structs.replace(system, troubles=(*system.troubles, trouble))
        return True

    def _forget_skipped(self) -> None:
        """Chips may come back, with other numbers too."""
        skipped = skipped_chips(self._way.arguments)
        system = self._system
        if skipped and system is not None:
            self._way = msgspec.structs.replace(self._way, arguments=without_reading(self._way.arguments, ()))
            troubles = tuple(one for one in system.troubles if one.chip not in skipped)
            self._system = msgspec.structs.replace(system, troubles=troubles)

    def _start(self) -> Session | None:
        """Start a child; what the one said that failed, if none is at work then.

        Raises:
            InspectError: as reading the source once, when no chips were ever seen.
        """
        timeout = self._options.timeout_seconds
        child = self._begin(limits_of_first(timeout, self._way.arguments))
        session = child.session
        if session.hides_others(simulated=self._target.simulated) or session.chip_being_read() is not None:
            # what can be read without the bad chip is read from now on; the rows are of this session
            arguments = ["chips", *self._target.arguments]
            session, way = ask_persistently(
                arguments, timeout, self._options.progress, archs=self._target.socs, first=child
            )
            if session is not child.session:
                self._options.log += [session.earlier_log, session.log]
                return self._begin_as(way) if self._knows(session) else session
        kept = self._stay_with(child)
        if kept is not None and self._system is None:
            self._system = self._target.system(kept)
        return kept

    def _begin_as(self, way: Way) -> Session | None:
        """Start a child the way in which others were asked, and stay with it."""
        self._way = msgspec.structs.replace(way, arguments=("watch", *way.arguments[1:]))
        patience = patience_seconds(self._options.timeout_seconds, self._way.arguments)
        return self._stay_with(self._begin(Limits(patience_seconds=patience)))

    def _begin(self, limits: Limits) -> Child:
        """Start a child the way that is known."""
        timeout, progress = self._options.timeout_seconds, self._options.progress
        child = Child([*self._way.arguments], timeout, progress, visible=self._way.visible, stays=True)
        child.ask(timeout, limits)
        return child

    def _stay_with(self, child: Child) -> Session | None:
        """Read from this child from now on; what it said if it is dead, late, failed, or sees nothing."""
        kept = self._system is not None and bool(self._system.troubles)  # rows of chips that are left out
        try:
            well = child.session.done and (kept or self._knows(child.session))
        except InspectError:
            child.end()
            self._options.log.append(child.session.log)
            raise
        if not well:
            child.end()
            self._options.log.append(child.session.log)
            return child.session
        self._running = child.taken()
        self._pulse.forget()
        return None

    def _knows(self, session: Session) -> bool:
        """Take the chips of a session; False where it has none, and others are known."""
        try:
            self._system = self._target.system(session)
        except InspectError:
            if self._system is None:
                raise
            return False
        return True

    def _end(self, *, late: bool) -> Session | None:
        running, self._running = self._running, None
        if running is None:
            return None
        running.session.late = running.session.late or late
        session = running.stop(self._options.timeout_seconds, finished=False)
        self._options.log.append(session.log)
        return session


def _unheard(system: System, lines: list[wire.Line]) -> list[Trouble]:
    """The chips that a child before this one knew, and this one does not."""
    heard = {line.chip for line in lines if isinstance(line, wire.TelemetryFacts)}
    heard |= {trouble.chip for trouble in system.troubles if trouble.chip is not None}
    return [Trouble(chip=one.id, why=GONE, readable=False) for one in system.chips if one.id not in heard]


def _why(session: Session | None) -> str:
    error = failure(session, "telemetry") if session is not None else None
    return error.why if error is not None else _NOBODY
