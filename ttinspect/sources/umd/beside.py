"""The first child of a simulator. One that is only late goes on while others look beside it for what keeps
it, for a simulator can be opened more than once; and it is believed when it answers after all."""

import time

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.log import lock_holder
from ttinspect.sources.umd.parent import Progress, Running, first_seconds
from ttinspect.sources.umd.session import Session


class FirstChild:
    """The child that was asked first, which is at work until it answers, dies or is ended."""

    def __init__(
        self,
        arguments: list[str],
        timeout_seconds: float,
        progress: Progress | None,
        patience_seconds: float | None,
    ) -> None:
        self._timeout_seconds, self._progress = timeout_seconds, progress
        self._start = time.monotonic()
        self._running: Running | None = Running(arguments)
        self.session: Session = self._running.session
        self._read(timeout_seconds, patience_seconds, first_seconds(timeout_seconds), patient=False)

    @property
    def is_at_work(self) -> bool:
        """Whether it is late, and goes on."""
        return self._running is not None

    @property
    def pid(self) -> int | None:
        """Its process id, as long as it is at work."""
        return self._running.pid if self._running is not None else None

    def listen(self, seconds: float) -> None:
        """What it says for so long."""
        if self._running is not None:
            self._running.not_late()
            self._read(max(seconds, 0), None, None, patient=True)

    def listen_until(self, age_seconds: float, most_seconds: float) -> None:
        """What it says until so long after its start."""
        self.listen(min(most_seconds, self._start + age_seconds - time.monotonic()))

    def is_in_the_way_of(self, session: Session) -> bool:
        """Whether another child waited for a lock of tt_umd that this one holds."""
        return self.pid is not None and lock_holder(session.waiting_for) == self.pid

    def end(self) -> None:
        """The child is gone afterwards."""
        running, self._running = self._running, None
        if running is not None:
            running.session.late = True
            running.stop(self._timeout_seconds, finished=False)

    def _read(
        self, seconds: float, patience_seconds: float | None, silent_seconds: float | None, *, patient: bool
    ) -> None:
        running = self._running
        if running is None:
            return
        try:
            answered = running.read_until(
                seconds,
                wire.Done,
                wire.Failed,
                progress=self._progress,
                patience_seconds=patience_seconds,
                silent_seconds=silent_seconds,
                patient=patient,
            )
        except BaseException:  # interrupted: the child must not outlive us
            self.end()
            raise
        if not answered and running.session.late:
            running.so_far(self._timeout_seconds)
            return
        self._running = None
        running.stop(self._timeout_seconds, finished=answered)
