"""Starts the child that asks tt_umd, and reads what it says until it is done, dead or late."""

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable

import msgspec

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import launch
from ttinspect.sources.umd.log import FIRMWARE, TRAINING, last_words, lock_holder, waited_for
from ttinspect.sources.umd.numbering import MOST_CHIPS, first_number, hidden_chips, number_of
from ttinspect.sources.umd.session import READING, Session

DEFAULT_TIMEOUT_SECONDS = 60.0

_TAIL_BYTES = 4096
_GRACE_SECONDS = 0.5
_LEAST_STAGE_SECONDS = 2.0
_SILENT_SECONDS = 6.5
"""tt_umd says after 5 s what it waits for."""
_LOCK_SECONDS = 1.2
"""Until then it has said that it waits for a lock, if it does (after 1 s)."""
_SILENT_SHARE, _STAGE_SHARE, _TRAINING_SHARE, _NEXT_SHARE = 1 / 4, 1 / 5, 1 / 2, 1 / 20
"""Of the timeout: how long nothing may be said, where others wait; one chip may take; a link may; and how
long to wait at least before the next chip is asked."""
_PROGRESS_SECONDS = 0.5
_LOOK_SHARE = 1 / 40
"""Of the timeout: how often to look whether it is late with something."""
_NOISY_SECONDS = 0.02
"""How soon to look again at a child that prints very much."""
_READ_BYTES = 1 << 20
_DEVICE = re.compile(r"device (\d+)")

Progress = Callable[[str], None]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """When a child is late before its time is over: as soon as it has waited for the firmware of a chip
    until its patience ended, or half of the time for a link, when it says nothing for so long before it
    reads chips (``alone``: and while it reads the only one), or when it reads one of several for too long;
    ``patient``: never. Who waits for a lock of tt_umd is not to blame, but for one that
    ``rival_pid`` holds it is not worth waiting, nor when another was faster (``overtaken``)."""

    patience_seconds: float | None = None
    silent_seconds: float | None = None
    rival_pid: int | None = None
    overtaken: Callable[[], bool] | None = None
    alone: bool = False
    patient: bool = False


NO_LIMITS = Limits()
PATIENT = Limits(patient=True)


class Running:
    """A child at work. It gets descriptors of its own for everything it prints."""

    def __init__(self, arguments: list[str], visible: str | None = None) -> None:
        launched = launch(arguments, visible)
        self._launched = launched
        self._log, self._process, self._wire = launched.log, launched.process, launched.wire
        self._simulated = "sim" in arguments
        self._hidden = hidden_chips(arguments)
        self._buffer = b""
        self._waited_seconds = 0.0
        self._asked_since = self._stage_since = time.monotonic()
        self._log_bytes = 0
        self.session = Session(lines=[])

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self) -> None:
        """Ask a watching child for a round of readings."""
        self._asked_since = self._stage_since = time.monotonic()
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it is dead; reading finds out how
                stdin.write(b"\n")
                stdin.flush()

    def read_until(
        self,
        timeout_seconds: float,
        *ends: type[wire.Line],
        progress: Progress | None = None,
        limits: Limits = NO_LIMITS,
    ) -> bool:
        """Read until a line of one of these types; False when the child is dead or late: after the timeout,
        or as soon as the limits say so."""
        start = time.monotonic()
        patience = timeout_seconds if limits.patience_seconds is None else limits.patience_seconds
        most = min(_PROGRESS_SECONDS, timeout_seconds * _LOOK_SHARE)
        while True:
            passed = time.monotonic() - start
            pause = _NOISY_SECONDS if self._log.trim() else most
            ready, _, _ = select.select([self._wire], [], [], max(min(pause, timeout_seconds - passed), 0))
            passed = time.monotonic() - start
            if progress is not None and passed >= _PROGRESS_SECONDS:
                progress(self.session.doing)
            if not ready and self._process.poll() is not None:
                # it may have said its last since; what a simulator started may hold the wire open
                ready, _, _ = select.select([self._wire], [], [], 0)
                if not ready:
                    return False
            if not ready:
                waits = self._waits_in_vain(passed >= patience, passed >= timeout_seconds * _TRAINING_SHARE)
                stuck = waits or self._is_stuck(timeout_seconds, limits)
                overtaken = limits.overtaken is not None and limits.overtaken()
                if passed < timeout_seconds and (limits.patient or not stuck) and not overtaken:
                    continue
                self.session.late = True
                self._waited_seconds = time.monotonic() - self._asked_since
                return False
            data = os.read(self._wire, _READ_BYTES)
            if not data:
                return False
            *whole, self._buffer = (self._buffer + data).split(b"\n")
            try:
                lines = [wire.DECODER.decode(text) for text in whole]
            except msgspec.MsgspecError:
                self.session.death = "something else wrote to where it answers"
                self._signal(signal.SIGKILL)
                return False
            for line in lines:
                if isinstance(line, wire.Stage):
                    self.session.doing = line.name
                    self._stage_since = time.monotonic()
            self.session.lines += [line for line in lines if not isinstance(line, wire.Stage)]
            if any(isinstance(line, ends) for line in lines):
                return True

    def stop(self, timeout_seconds: float, *, finished: bool) -> Session:
        """End the child, which is gone afterwards, and say how it ended."""
        session = self.session
        if session.late:
            self._signal(signal.SIGTERM)
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
        if finished:
            code = 0
            self._launched.leave()
        else:
            code = self._ended()
            self._launched.end()
        os.close(self._wire)
        session.log = self._log.text()
        self._log.close()
        session.lines = [
            msgspec.structs.replace(line, why=self._culprit(line.why))
            if isinstance(line, wire.Failed)
            else line
            for line in session.lines
        ]
        if session.late:
            self._explain_lateness(timeout_seconds)
        elif not finished:
            session.death = session.death or _death(code) + last_words(session.log)
        return session

    def so_far(self, timeout_seconds: float) -> None:
        """Take down what a child that is late has printed, and what it waits for. It goes on."""
        self.session.log = self._log.text()
        self._explain_lateness(timeout_seconds)

    def not_late(self) -> None:
        """Take back that it is late: it is listened to again."""
        self.session.late, self.session.death, self.session.waiting_for = False, None, ""

    def _explain_lateness(self, timeout_seconds: float) -> None:
        self.session.waiting_for = self._culprit(waited_for(self.session.log))
        self.session.late_after(min(self._waited_seconds or timeout_seconds, timeout_seconds))

    def _culprit(self, cause: str) -> str:
        """With the chips of a simulator by their number."""
        found = _DEVICE.search(cause) if self._simulated else None
        if found is None:
            return cause
        chip = int(found[1]) - first_number(self._process.pid)
        if not 0 <= chip < MOST_CHIPS:
            return cause
        return _DEVICE.sub(f"chip {number_of(chip, self._hidden)}", cause)

    def _waits_in_vain(self, firmware: bool, training: bool) -> bool:
        """Whether the last thing it says is that it waits for firmware, or for a link, where that was long
        enough: one that waited a while and went on says something else."""
        if not (firmware or training):
            return False
        last = waited_for(self._last_line())
        return (firmware and FIRMWARE in last) or (training and TRAINING in last)

    def _is_stuck(self, timeout_seconds: float, limits: Limits) -> bool:
        """Whether it does one thing for so long that other chips would be lost."""
        now = time.monotonic()
        holder = lock_holder(self._last_line())
        if holder is not None:
            return holder == limits.rival_pid
        reading = READING.match(self.session.doing)
        if reading is None or limits.alone:
            size = self._log.size()
            if size != self._log_bytes:
                self._log_bytes, self._stage_since = size, now
            silent = limits.silent_seconds
            return silent is not None and now - self._stage_since >= silent
        if reading[2]:  # the child itself gives it some seconds
            most = min(timeout_seconds / 2, _SILENT_SECONDS)
        elif self.session.found > 1:
            most = max(timeout_seconds * _STAGE_SHARE, min(_LEAST_STAGE_SECONDS, timeout_seconds / 2))
        else:
            return False
        return now - self._stage_since >= most

    def _last_line(self) -> str:
        return self._log.tail(_TAIL_BYTES).rstrip().rpartition("\n")[2]

    def _ended(self) -> int:
        try:
            return self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            return self._process.wait()
        except BaseException:  # interrupted once more
            self._signal(signal.SIGKILL)
            raise

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def first_seconds(timeout_seconds: float) -> float:
    """How long a simulator may say nothing before others are asked beside it."""
    return min(timeout_seconds * _SILENT_SHARE, _SILENT_SECONDS)


def one_chips_seconds(timeout_seconds: float) -> float:
    """How long one chip may say nothing when it is opened by itself."""
    return max(timeout_seconds * _STAGE_SHARE, first_seconds(timeout_seconds), _LOCK_SECONDS)


def next_seconds(timeout_seconds: float, at_work: int) -> float:
    """How long to listen to one chip alone before the next is asked beside it, when so many go on already."""
    most = max(timeout_seconds * _NEXT_SHARE, _LOCK_SECONDS) * (1 + at_work // 2)
    return min(most, one_chips_seconds(timeout_seconds))


def _death(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else str(-code)
        return f"it was killed by {name}"
    return f"it ended with exit code {code} before it was done"
