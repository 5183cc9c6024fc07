"""Why the AI clock of a Blackhole is what it is, and whether the chip works: telemetry words 65 to 69, tags
of Tenstorrent's firmware (the first four from bundle 19.5 on, the last from 19.6). A Wormhole has none."""

from collections.abc import Mapping

from ttinspect.model.telemetry import ClockReason, MaxArbiter, MinArbiter

ARB_MIN, ARB_MAX, ENABLED_MIN, REASON = 65, 66, 67, 69
_HALF = 0xFFFF
_ALL_ONES = 0xFFFFFFFF
_MIN_ARBITERS = tuple(MinArbiter)
_MAX_ARBITERS = tuple(MaxArbiter)
_REASONS = tuple(ClockReason)
_BUSY = 1 << _MIN_ARBITERS.index(MinArbiter.BUSY)


def _word(tags: Mapping[int, int | None], tag: int) -> int | None:
    value = tags.get(tag)
    return None if value == _ALL_ONES else value


def is_busy(tags: Mapping[int, int | None]) -> bool | None:
    """Whether a runtime has told the chip that it works."""
    enabled = _word(tags, ENABLED_MIN)
    return None if enabled is None else bool(enabled & _BUSY)


def min_arbiter(tags: Mapping[int, int | None]) -> MinArbiter | None:
    """What holds the clock up."""
    word = _word(tags, ARB_MIN)
    number = None if word is None else word >> 16
    return _MIN_ARBITERS[number] if number is not None and number < len(_MIN_ARBITERS) else None


def max_arbiter(tags: Mapping[int, int | None]) -> MaxArbiter | None:
    """What holds the clock down."""
    word = _word(tags, ARB_MAX)
    number = None if word is None else word >> 16
    return _MAX_ARBITERS[number] if number is not None and number < len(_MAX_ARBITERS) else None


def max_now_mhz(tags: Mapping[int, int | None]) -> int | None:
    """The highest clock that the arbiters allow now; 0 is what firmware says that knows none."""
    return (_word(tags, ARB_MAX) or 0) & _HALF or None


def clock_reason(tags: Mapping[int, int | None]) -> ClockReason | None:
    """Which of the two sides decides about the clock."""
    word = _word(tags, REASON)
    number = None if word is None else word >> 16
    return _REASONS[number] if number is not None and number < len(_REASONS) else None
