"""The clocks of the writers. v3 and v4 write realtime; v1 and v2 monotonic, realtime after a CB update."""

REALTIME_FROM_NS = 10**18
"""A timestamp from here on (September 2001) is realtime: no host has been up for 31 years."""

FUTURE_NS = 5 * 10**9
"""So far a timestamp may be ahead before it is called wrong: clocks of a host are set now and then."""


def realtime_of(timestamp: int, version: int, now_realtime_ns: int, now_monotonic_ns: int) -> int | None:
    """A timestamp in realtime nanoseconds, None where its clock cannot be told (0, or before a reboot)."""
    if timestamp == 0:
        return None
    if version >= 3 or timestamp >= REALTIME_FROM_NS:
        return timestamp
    if timestamp > now_monotonic_ns:
        return None
    return now_realtime_ns - (now_monotonic_ns - timestamp)


def ahead_ns(timestamp: int, version: int, now_realtime_ns: int, now_monotonic_ns: int) -> int:
    """How far a timestamp is in the future, by the clock that fits it best; 0 if it is not."""
    ahead = timestamp - now_realtime_ns
    if version < 3:
        ahead = min(ahead, timestamp - now_monotonic_ns)
    return max(ahead, 0)
