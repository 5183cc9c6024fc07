"""A process as procfs shows it."""

import msgspec


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the host's procfs.

    ``state`` is the letter of PID/stat (R, S, D, T, t, Z, ...). ``start_time_ns`` is realtime
    nanoseconds, None where procfs has no btime.
    """

    pid: int
    comm: str
    state: str
    start_time_ns: int | None
