"""A child that goes on when it is only late: others look beside it for what keeps it, for a simulator can be
opened more than once; and it is believed when it answers after all."""

import time

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.log import FIRMWARE, lock_holder
from ttinspect.sources.umd.parent import NO_LIMITS, PATIENT, Limits, Progress, Running
from ttinspect.sources.umd.session import Session


class Child:
    """A child that is at work until it answers, dies or is ended. One that ``stays`` is asked more after its
    answer: see ``taken``."""

    def __init__(
        self,
        arguments: list[str],
        timeout_seconds: float,
        progress: Progress | None,
        *,
        visible: str | None = None,
        stays: bool = False,
    ) -> None:
        self._timeout_seconds, self._progress, self._stays = timeout_seconds, progress, stays
        self.started = time.monotonic()
        self._running: Running | None = Running(arguments, visible)
        self.session: Session = self._running.session
        self.answered_after_seconds: float | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether it has not answered, is not dead, and goes on."""
        return self._running is not None and not self.session.done

    @property
    def pid(self) -> int | None:
        """Its process id, as long as it is at work."""
        return self._running.pid if self._running is not None and self.is_at_work else None

    @property
    def is_well(self) -> bool:
        """Whether it saw chips, or that there are none."""
        return self.session.has_chips or self.session.is_empty

    @property
    def waits_for_lock(self) -> bool:
        """Whether it waits for a lock of tt_umd that another process holds."""
        return lock_holder(self.session.waiting_for) is not None

    @property
    def waits_for_firmware(self) -> bool:
        """Whether it says that it waits for the firmware of a chip."""
        return self.session.late and FIRMWARE in self.session.waiting_for

    def ask(self, seconds: float, limits: Limits = NO_LIMITS) -> Session:
        """What it says until it is late."""
        self._read(seconds, limits)
        return self.session

    def listen(self, seconds: float, limits: Limits = PATIENT) -> None:
        """What it says for so long, after it was late."""
        if self.is_at_work and self._running is not None:
            self._running.not_late()
            self._read(max(seconds, 0), limits)

    def listen_until(self, age_seconds: float, most_seconds: float, limits: Limits = PATIENT) -> None:
        """What it says until so long after its start."""
        self.listen(min(most_seconds, self.started + age_seconds - time.monotonic()), limits)

    def is_in_the_way_of(self, session: Session) -> bool:
        """Whether another child waited for a lock of tt_umd that this one holds."""
        return self.pid is not None and lock_holder(session.waiting_for) == self.pid

    def taken(self) -> Running:
        """The process of one that stays, which is somebody else's from now on.

        Raises:
            ValueError: There is none.
        """
        running, self._running = self._running, None
        if running is None:
            raise ValueError("the child is gone")
        return running

    def end(self) -> None:
        """The child is gone afterwards."""
        running, self._running = self._running, None
        if running is not None:
            running.session.late = not running.session.done
            running.stop(self._timeout_seconds, finished=running.session.done)

    def _read(self, seconds: float, limits: Limits) -> None:
        running = self._running
        if running is None:
            return
        try:
            answered = running.read_until(
                seconds, wire.Done, wire.Failed, progress=self._progress, limits=limits
            )
        except BaseException:  # interrupted: the child must not outlive us
            self.end()
            raise
        if answered:
            self.answered_after_seconds = time.monotonic() - self.started
            if self._stays and self.session.done:
                return
        elif self.session.late:
            running.so_far(self._timeout_seconds)
            return
        self._running = None
        running.stop(self._timeout_seconds, finished=answered)
