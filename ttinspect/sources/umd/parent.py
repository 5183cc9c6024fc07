"""Starts the child that asks tt_umd, and reads what it says until it is done, dead or late."""

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Collection

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import launch
from ttinspect.sources.umd.log import FIRMWARE, TRAINING, last_words, opened_devices, waited_for
from ttinspect.sources.umd.numbering import MOST_CHIPS, REMOTE_ARCH, WITHOUT_REMOTE, hidden_chips, number_of

DEFAULT_TIMEOUT_SECONDS = 60.0
DISCOVERING = "discovering chips"
"""The child's stage in which all chips are brought up."""

_TAIL_BYTES = 4096
_GRACE_SECONDS = 2.0
_LEAST_STAGE_SECONDS = 2.0
_SILENT_SECONDS = 6.5
"""tt_umd says after 5 s what it waits for."""
_SILENT_SHARE, _STAGE_SHARE = 1 / 2, 1 / 5
"""Of the timeout: how long a simulator may say nothing while it discovers chips, and one chip may take."""
_PROGRESS_SECONDS = 0.5
_NOISY_SECONDS = 0.02
"""How soon to look again at a child that prints very much."""
_READ_BYTES = 1 << 20
_READING = re.compile(r"reading (?:telemetry of )?chip (\d+)(, behind chip \d+)?$")
_DEVICE = re.compile(r"device (\d+)")
_HUNG_HINT = "reset the device (tt-smi -r), or give it more time with --timeout 330"
_LOCK_HINT = "end the process that holds the lock, or wait until it is done"
_CRASH_HINT = "look at its log with --verbose; if it happens again, report it to tt-umd"

Progress = Callable[[str], None]


class Session(msgspec.Struct):
    """Everything a child said, how it ended, and its log."""

    lines: list[wire.Line]
    doing: str = "starting"
    """What the child was doing last."""
    death: str | None = None
    late: bool = False
    several: bool = False
    """Of one that was late: whether a simulator has more chips than one, or may have one behind it."""
    log: str = ""
    earlier_log: str = ""
    """Of children before this one, that did not get as far."""
    waiting_for: str = ""
    left_out: list[wire.ChipFacts] = msgspec.field(default_factory=list)
    """Chips that would have kept tt_umd from discovering the others."""
    untrained: str | None = None
    """What tt_umd was not made to wait for, if anything: eth links that train and do not come up."""
    linkless: str | None = None
    """Why nothing was discovered over eth, although the child finished."""

    def chip_being_read(self) -> int | None:
        """The chip that the child was reading when it died or hung; None where there is no other to be read
        without it, or it ended otherwise."""
        found = _READING.match(self.doing) if self.death is not None else None
        return int(found[1]) if found and (self.found > 1 or found[2]) else None

    @property
    def found(self) -> int:
        """How many chips were discovered."""
        return next((line.chips for line in self.lines if isinstance(line, wire.LinkFacts)), 0)

    def late_after(self, seconds: float) -> None:
        """Say how long it was waited for."""
        self.death = f"it did not answer within {seconds:.3g} s{self.waiting_for}"


class Running:
    """A child at work. It gets descriptors of its own for everything it prints."""

    def __init__(self, arguments: list[str], visible: str | None = None, archs: Collection[str] = ()) -> None:
        """``archs``: the architectures that the chips may have."""
        launched = launch(arguments, visible)
        self._archs = archs
        self._behind = WITHOUT_REMOTE not in arguments
        self._launched = launched
        self._log, self._process, self._wire = launched.log, launched.process, launched.wire
        self._simulated = "sim" in arguments
        self._hidden = hidden_chips(arguments)
        self._buffer = b""
        self._waited_seconds = 0.0
        self._stage_since = time.monotonic()
        self._log_bytes = 0
        self.session = Session(lines=[])

    def ask(self) -> None:
        """Ask a watching child for a round of readings."""
        self._stage_since = time.monotonic()
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
        patience_seconds: float | None = None,
        others_wait: bool = False,
        patient: bool = False,
    ) -> bool:
        """Read until a line of one of these types; False when the child is dead or late: after the timeout,
        as soon as it has waited for the firmware of a chip until its patience ended, or half of the timeout
        for a link, or when one of several chips takes too long; ``patient``: after the timeout only."""
        start = time.monotonic()
        patience = timeout_seconds if patience_seconds is None else patience_seconds
        while True:
            passed = time.monotonic() - start
            pause = _NOISY_SECONDS if self._log.trim() else _PROGRESS_SECONDS
            left = [timeout_seconds - passed, patience - passed, pause]
            ready, _, _ = select.select([self._wire], [], [], min(each for each in left if each > 0))
            passed = time.monotonic() - start
            if progress is not None and passed >= _PROGRESS_SECONDS:
                progress(self.session.doing)
            if not ready and self._process.poll() is not None:
                # it may have said its last since; what a simulator started may hold the wire open
                ready, _, _ = select.select([self._wire], [], [], 0)
                if not ready:
                    return False
            if not ready:
                waits = self._waits_in_vain(passed >= patience, passed >= timeout_seconds / 2)
                stuck = waits or self._is_stuck(timeout_seconds, others_wait)
                if passed < timeout_seconds and (patient or not stuck):
                    continue
                self.session.late = True
                self._waited_seconds = passed
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
                if isinstance(line, wire.ArchFound) and line.arch is not None:
                    self._archs = [line.arch]
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
            session.several = self._has_several(session.log)
            session.waiting_for = self._culprit(waited_for(session.log))
            session.late_after(min(self._waited_seconds or timeout_seconds, timeout_seconds))
        elif not finished:
            session.death = session.death or _death(code) + last_words(session.log)
        return session

    def _culprit(self, cause: str) -> str:
        """tt-umd 0.9.14 numbers the chips of a simulator from 32 times its process id on."""
        found = _DEVICE.search(cause) if self._simulated else None
        if found is None:
            return cause
        chip = int(found[1]) - 32 * self._process.pid
        if not 0 <= chip < MOST_CHIPS:
            return cause
        return _DEVICE.sub(f"chip {number_of(chip, self._hidden)}", cause)

    def _waits_in_vain(self, firmware: bool, training: bool) -> bool:
        """Whether the last thing it says is that it waits for firmware, or for a link, where that was long
        enough: one that waited a while and went on says something else."""
        if not (firmware or training):
            return False
        last = waited_for(self._log.tail(_TAIL_BYTES).rstrip().rpartition("\n")[2])
        return (firmware and FIRMWARE in last) or (training and TRAINING in last)

    def _is_stuck(self, timeout_seconds: float, others_wait: bool) -> bool:
        """Whether it does one thing to one of several chips for so long that the others would be lost: reads
        it for a fifth of the timeout, or, in a simulator, says nothing for half of it in discovery."""
        now = time.monotonic()
        if self.session.doing == DISCOVERING:
            size = self._log.size()
            if size != self._log_bytes:
                self._log_bytes, self._stage_since = size, now
            several = self._has_several(self._log.tail(_TAIL_BYTES))
            silent = timeout_seconds * _SILENT_SHARE
            least = _SILENT_SECONDS if others_wait else max(silent, _SILENT_SECONDS)
        else:
            reading = _READING.match(self.session.doing)
            remote = reading is not None and bool(reading[2])  # the child itself gives it some seconds
            several = remote or (reading is not None and self.session.found > 1)
            least = _SILENT_SECONDS if remote else min(_LEAST_STAGE_SECONDS, timeout_seconds / 2)
        return (several or others_wait) and now - self._stage_since >= max(
            timeout_seconds * _STAGE_SHARE, least
        )

    def _has_several(self, log: str) -> bool:
        if not self._simulated:
            return False
        return opened_devices(log) > 1 or (self._behind and REMOTE_ARCH in self._archs)

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


def _death(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else str(-code)
        return f"it was killed by {name}"
    return f"it ended with exit code {code} before it was done"


def ask(
    arguments: list[str],
    timeout_seconds: float,
    progress: Progress | None = None,
    *,
    patience_seconds: float | None = None,
    visible: str | None = None,
    archs: Collection[str] = (),
    others_wait: bool = False,
    patient: bool = False,
) -> Session:
    """Run a child to its end: done, dead or late. ``progress`` is told the stage from 0.5 s on; ``visible``
    are the devices that tt_umd may see (TT_VISIBLE_DEVICES), if not all, ``archs`` the architectures that
    the chips may have. ``others_wait``: it has to do with
    one of several chips; ``patient``: nothing but the timeout ends it."""
    running = Running(arguments, visible, archs)
    finished = False
    try:
        finished = running.read_until(
            timeout_seconds,
            wire.Done,
            wire.Failed,
            progress=progress,
            patience_seconds=patience_seconds,
            others_wait=others_wait,
            patient=patient,
        )
    except BaseException:
        running.session.late = True  # interrupted: the child must not outlive us
        raise
    finally:
        session = running.stop(timeout_seconds, finished=finished)
    return session


def failure(session: Session, what: str) -> InspectError | None:
    """Why a session is no use at all, if it is none."""
    for line in session.lines:
        if isinstance(line, wire.Failed) and line.missing:
            return InspectError(
                f"{what}: tt_umd is not installed",
                "it has wheels for Linux and Python up to 3.13",
                "pip install tt-umd, or use a source that needs no device, such as sysfs or a file",
                ExitCode.NO_UMD,
            )
        if isinstance(line, wire.Failed):
            return InspectError(
                f"{what}: tt_umd failed while {line.stage}", line.why, _CRASH_HINT, ExitCode.UMD_FAILED
            )
    if session.death is not None:
        return InspectError(
            f"{what}: tt_umd {'hung' if session.late else 'died'} while {session.doing}",
            session.death,
            _next_step(session.death),
            ExitCode.UMD_FAILED,
        )
    return None


def _next_step(death: str) -> str:
    if "waiting for lock" in death:
        return _LOCK_HINT
    return _HUNG_HINT if FIRMWARE in death else _CRASH_HINT
