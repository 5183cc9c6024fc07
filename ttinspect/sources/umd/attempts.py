"""All that is asked of tt_umd within one timeout: by the first child, and by others after or beside it."""

import re
import time
from collections.abc import Callable, Collection

import msgspec

from ttinspect.sources.umd.beside import Child
from ttinspect.sources.umd.parent import Limits, Progress, first_seconds, next_seconds
from ttinspect.sources.umd.session import Session
from ttinspect.sources.umd.ways import Way

_FIRMWARE_WAIT_SECONDS = 300.0
_SIMULATOR_SECONDS = 5.0
_TOLD_SECONDS = 5.5
"""Until then tt_umd has said what it waits for, if it waits."""
_LEAST_SECONDS = 0.5
CHIP = re.compile(r"on chip (\d+)")
"""How a chip of a simulator is named in what a child waits for."""


def patience_seconds(timeout_seconds: float, arguments: Collection[str]) -> float | None:
    """How long to wait for the firmware of one chip, which a simulator has at once or never; None where
    tt_umd gives up by itself in time."""
    if timeout_seconds >= _FIRMWARE_WAIT_SECONDS:
        return None
    return min(timeout_seconds / 5, _SIMULATOR_SECONDS if "sim" in arguments else timeout_seconds)


def limits_of_first(timeout_seconds: float, arguments: Collection[str]) -> Limits:
    """When the first child is late: of a simulator, also when it says nothing for a while."""
    return Limits(
        patience_seconds=patience_seconds(timeout_seconds, arguments),
        silent_seconds=first_seconds(timeout_seconds) if "sim" in arguments else None,
    )


class Attempts:
    """``sessions`` are all that were held, the first one first. That of a simulator goes on when it is only
    late, and when it answers after all, no other is needed. ``before`` is called before each attempt."""

    def __init__(
        self,
        way: Way,
        timeout_seconds: float,
        progress: Progress | None,
        before: Callable[[], None],
        first: Child | None,
    ) -> None:
        self._timeout_seconds, self._progress, self._before = timeout_seconds, progress, before
        self._simulated = "sim" in way.arguments
        if first is None:
            before()
            first = Child([*way.arguments], timeout_seconds, progress)
            first.ask(timeout_seconds, limits_of_first(timeout_seconds, way.arguments))
        if not self._simulated:
            first.end()  # a device is for one process at a time
        self._child = first
        self._deadline = first.started + timeout_seconds
        self.first = first.session
        self.sessions = [first.session]

    def seconds_left(self) -> float:
        """Until the deadline of all attempts together."""
        return max(self._deadline - time.monotonic(), 0.0)

    def seconds_to_listen(self) -> float:
        """Until there is no time for anything else."""
        return self.seconds_left() - _LEAST_SECONDS

    def may_go_on(self) -> bool:
        """Whether there is time, and the first child has not answered after all."""
        return not self.is_overtaken() and self.seconds_to_listen() > 0

    def is_overtaken(self) -> bool:
        """Whether the first child has answered after all."""
        self._child.listen(0)
        return self.first.done

    def ask(self, way: Way, silent_seconds: float | None, *, patient: bool = False) -> Session:
        """Ask this way; a simulator may say nothing for so long."""
        limits = msgspec.structs.replace(self._limits(way, silent_seconds), patient=patient)
        return self._asked(way, limits, goes_on=False).session

    def ask_beside(self, way: Way, at_work: int) -> Child:
        """The same with a child that goes on when it is late, beside so many others; not on a host."""
        limits = self._limits(way, next_seconds(self._timeout_seconds, at_work))
        limits = msgspec.structs.replace(limits, alone=self._simulated)
        return self._asked(way, limits, goes_on=self._simulated)

    def _asked(self, way: Way, limits: Limits, *, goes_on: bool) -> Child:
        """A first child that holds a lock which is waited for is ended."""
        child = self._child_of(way, limits)
        if self._child.is_in_the_way_of(child.session):
            self._child.end()
            child.end()
            child = self._child_of(way, limits)
        if not goes_on:
            child.end()
        self.sessions.append(child.session)
        return child

    def _child_of(self, way: Way, limits: Limits) -> Child:
        self._before()
        child = Child([*way.arguments], self._timeout_seconds, self._progress, visible=way.visible)
        child.ask(self.seconds_left(), limits)
        return child

    def _limits(self, way: Way, silent_seconds: float | None) -> Limits:
        return Limits(
            patience_seconds=patience_seconds(self._timeout_seconds, way.arguments),
            silent_seconds=silent_seconds if self._simulated else None,
            rival_pid=self._child.pid,
            overtaken=self.is_overtaken,
        )

    @property
    def first_is_at_work(self) -> bool:
        """Whether the first child is late, and goes on."""
        return self._child.is_at_work

    def listen_to_first(self) -> None:
        """What the first child says until the deadline."""
        self._child.listen(self.seconds_left())

    def listen_to_first_until(self, age_seconds: float) -> None:
        """What it says until so long after its start."""
        self._child.listen_until(age_seconds, self.seconds_to_listen())

    def why_first_waits(self, seconds: float) -> tuple[int, str] | None:
        """The chip for which the first child says that it waits, and why; it has so long to say it."""
        self._child.listen_until(_TOLD_SECONDS, min(seconds, self.seconds_to_listen()))
        found = CHIP.search(self.first.waiting_for)
        return (int(found[1]), self.first.death or "") if found else None

    def end(self) -> None:
        """The first child is gone afterwards, unless it has answered and stays."""
        if self._child.is_at_work:
            self._child.end()
