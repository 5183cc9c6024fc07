"""The clocks of the writers (Layout.clock): realtime, or monotonic and realtime after a CB update."""

from ttinspect.shm.layout import Clock, Layout

REALTIME_FROM_NS = 10**18
"""A timestamp from here on (September 2001) is realtime: no host has been up for 31 years."""

FUTURE_NS = 5 * 10**9
"""So far a timestamp may be ahead before it is called wrong: clocks of a host are set now and then."""


def realtime_of(timestamp: int, layout: Layout, now_realtime_ns: int, now_monotonic_ns: int) -> int | None:
    """A timestamp in realtime nanoseconds, None where its clock cannot be told (0, or before a reboot)."""
    if timestamp == 0:
        return None
    if layout.clock is Clock.REALTIME or timestamp >= REALTIME_FROM_NS:
        return timestamp
    if timestamp > now_monotonic_ns:
        return None
    return now_realtime_ns - (now_monotonic_ns - timestamp)


def ahead_ns(timestamp: int, layout: Layout, now_realtime_ns: int, now_monotonic_ns: int) -> int:
    """How far a timestamp is in the future, by the clock that fits it best; 0 if it is not."""
    ahead = timestamp - now_realtime_ns
    if layout.clock is Clock.MONOTONIC:
        ahead = min(ahead, timestamp - now_monotonic_ns)
    return max(ahead, 0)
