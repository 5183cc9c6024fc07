"""Why the AI clock of a Blackhole is what it is, and whether the chip works: telemetry words 65 to 69, tags
of Tenstorrent's firmware (the first four from bundle 19.5 on, the last from 19.6). A Wormhole has none."""

from ttinspect.model.telemetry import ClockReason, MaxArbiter, MinArbiter

_HALF = 0xFFFF
_MIN_ARBITERS = tuple(MinArbiter)
_MAX_ARBITERS = tuple(MaxArbiter)
_REASONS = tuple(ClockReason)
_BUSY = 1 << _MIN_ARBITERS.index(MinArbiter.BUSY)


def is_busy(enabled_minimum: int) -> bool:
    """Whether a runtime has told the chip that it works, by the word of the enabled minimum arbiters."""
    return bool(enabled_minimum & _BUSY)


def min_arbiter(word: int) -> MinArbiter | None:
    """What holds the clock up; None for a number that nobody knows."""
    number = word >> 16
    return _MIN_ARBITERS[number] if number < len(_MIN_ARBITERS) else None


def max_arbiter(word: int) -> MaxArbiter | None:
    """What holds the clock down; None for a number that nobody knows."""
    number = word >> 16
    return _MAX_ARBITERS[number] if number < len(_MAX_ARBITERS) else None


def max_now_mhz(word: int) -> int | None:
    """The highest clock that the arbiters allow now; 0 is what firmware says that knows none."""
    return word & _HALF or None


def clock_reason(word: int) -> ClockReason | None:
    """Which of the two sides decides about the clock; None for a number that nobody knows."""
    number = word >> 16
    return _REASONS[number] if number < len(_REASONS) else None
