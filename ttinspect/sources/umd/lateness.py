"""When a child is late. All times of a live read stand here, and one pure function that judges by them.

Imports next to nothing: the child needs it too.
"""

from enum import Enum
from typing import NamedTuple

# Shares are of the time that the user gives to the whole (--timeout).
FIRMWARE_SHARE = 1 / 5
"""For the firmware of one device, where others can be read without it."""
FIRMWARE_GIVEN_UP_SECONDS = 300.0
"""When tt-umd 0.9.14 gives up by itself; with a timeout of at least that, it is left to do so."""
TRAINING_SHARE = 1 / 2
"""For an eth link that trains; tt-umd 0.9.14 waits up to 900 s."""
SILENT_SHARE, LEAST_SILENT_SECONDS = 1 / 4, 6.5
"""For discovery without a word in the log; tt_umd says after 5 s what it waits for."""
CHIP_SHARE, LEAST_CHIP_SECONDS = 1 / 5, 2.0
"""For opening and reading one of several chips."""
REMOTE_FIRMWARE_SHARE = 1 / 2
"""Of that: for the firmware of a remote chip that is opened singly."""
LEAST_ATTEMPT_SECONDS = 0.5
"""With less time left nothing more is asked."""
LOOK_SECONDS = 0.25
"""How often to look whether a child is late, at least."""
PROGRESS_SECONDS = 0.5
"""From then on the user is told what is being done."""
GRACE_SECONDS = 0.5
"""For a child that was told to end."""
CLOSING_SECONDS = 2.0
"""For a child that has said everything, and closes its devices."""
WATCH_PAUSES_SECONDS = (30.0, 60.0, 120.0)
"""While a chip is missing in a watch, all are discovered anew after these, the last one again and again."""
STILL_SECONDS, STILL_PERIODS, LONGEST_PERIOD_MS = 0.5, 1.5, 1000
"""A heartbeat that has not moved for so long stands still: at least half a second, and one and a half of the
periods in which the firmware writes its telemetry, which is set to at most a second."""


class WaitFor(Enum):
    """What tt_umd says in its log that it waits for."""

    FIRMWARE = "firmware"
    TRAINING = "training"
    LOCK = "lock"
    OTHER = "other"


class Late(Enum):
    """Why a child is late."""

    TIMEOUT = "timeout"
    FIRMWARE = "firmware"
    TRAINING = "training"
    SILENT = "silent"
    CHIP = "chip"


class Limits(NamedTuple):
    """How long a child may take. ``timeout_seconds`` is for everything that is asked, ``left_seconds`` for
    this child; ``others``: something could be read without what it waits for."""

    timeout_seconds: float
    left_seconds: float
    others: bool = False


class State(NamedTuple):
    """What a child is at: when it was asked, since when it is at its stage, and silent (monotonic seconds);
    what it waits for; whether it discovers chips, or reads one of several."""

    asked: float
    stage_since: float
    silent_since: float
    waits_for: WaitFor | None = None
    discovers: bool = False
    reads_one_of_several: bool = False


def judge(state: State, limits: Limits, now: float) -> float | Late:
    """How many seconds to wait before it is judged again, or that it is late. Whoever waits for a lock is not
    to blame: that has all the time."""
    passed, timeout = now - state.asked, limits.timeout_seconds
    if passed >= limits.left_seconds:
        return Late.TIMEOUT
    if limits.others and state.waits_for is not WaitFor.LOCK:
        gives_up = timeout >= FIRMWARE_GIVEN_UP_SECONDS
        if state.waits_for is WaitFor.FIRMWARE and passed >= timeout * FIRMWARE_SHARE and not gives_up:
            return Late.FIRMWARE
        if state.waits_for is WaitFor.TRAINING and passed >= timeout * TRAINING_SHARE:
            return Late.TRAINING
        silent = max(timeout * SILENT_SHARE, LEAST_SILENT_SECONDS)
        if state.discovers and now - state.silent_since >= silent:
            return Late.SILENT
        if state.reads_one_of_several and now - state.stage_since >= chip_seconds(timeout):
            return Late.CHIP
    return min(LOOK_SECONDS, limits.left_seconds - passed)


def chip_seconds(timeout_seconds: float) -> float:
    """How long opening and reading one of several chips may take."""
    return max(timeout_seconds * CHIP_SHARE, min(LEAST_CHIP_SECONDS, timeout_seconds / 2))


def watch_pause_seconds(looks: int) -> float:
    """How long to wait in a watch with a missing chip, after so many looks for it."""
    return WATCH_PAUSES_SECONDS[min(looks, len(WATCH_PAUSES_SECONDS) - 1)]


def still_seconds(period_ms: int | None) -> float:
    """How long a heartbeat may stay as it is, with firmware that writes its telemetry in this period."""
    return max(STILL_SECONDS, STILL_PERIODS * min(period_ms or 0, LONGEST_PERIOD_MS) / 1000)
