"""A process as procfs shows it."""

import msgspec

GONE_STATES = frozenset({"Z", "X", "x"})
"""States of PID/stat in which a process no longer runs. A zombie has closed its files, unmapped its memory
and will never execute again; only its exit code waits. It can neither free its slot nor write to a region,
so for a region it is as dead as one that is not there."""

STOPPED_STATES = frozenset({"T", "t"})
"""Stopped or traced: may stand in the middle of an update for as long as somebody likes."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a procfs.

    ``comm`` is harmless to print, escaped exactly as the names in a region are. ``state`` is the letter of
    PID/stat (R, S, D, T, t, Z, ...). ``start_time_ns`` is realtime nanoseconds, None where procfs has no
    btime. ``uid`` is the effective one (what a file that it creates belongs to), None where procfs has no
    PID/status. ``own_pid`` is the pid in the process's own pid namespace, None where PID/status does not
    tell. What names a person or a workload is read on request: ``user``, ``command_line`` and ``container``
    (the first twelve digits of its id, or its name), each None where it is unknown, or has none; harmless to
    print.
    """

    pid: int
    comm: str
    state: str
    start_time_ns: int | None
    uid: int | None = None
    own_pid: int | None = None
    user: str | None = None
    command_line: str | None = None
    container: str | None = None

    @property
    def alive(self) -> bool:
        """Whether it can still run."""
        return self.state not in GONE_STATES

    @property
    def stopped(self) -> bool:
        """Whether it is stopped or traced."""
        return self.state in STOPPED_STATES


class ProcessTable(msgspec.Struct, frozen=True, kw_only=True):
    """What a procfs says about the pids that were asked for.

    ``found`` are those that it shows. ``unknowable`` are those about which it refuses an answer or may hide
    one (permissions, hidepid, no procfs at all): whether they are alive is not known. Any other pid that was
    asked for does not exist.
    """

    found: dict[int, Process]
    unknowable: frozenset[int]

    def alive(self, pid: int) -> bool | None:
        """Whether a process of this pid can still run; None where that is not known, and below 1."""
        if pid < 1 or pid in self.unknowable:
            return None
        process = self.found.get(pid)
        return process is not None and process.alive

    def with_stops_of(self, later: "ProcessTable") -> "ProcessTable":
        """This table, with the processes stopped that ``later`` shows as stopped.

        A process can stop between its own look-up and the looks at its region, and then stands in the middle
        of an update in all of them: states have to be read again after the looks.
        """
        stops = {
            pid: process
            for pid, process in later.found.items()
            if process.stopped and pid in self.found and not self.found[pid].stopped
        }
        if not stops:
            return self
        processes = {
            pid: msgspec.structs.replace(process, state=stops[pid].state) if pid in stops else process
            for pid, process in self.found.items()
        }
        return ProcessTable(found=processes, unknowable=self.unknowable)


class DeviceOpeners(msgspec.Struct, frozen=True, kw_only=True):
    """Who opened /dev/tenstorrent/``device``, by the driver: pids of the pid namespace that reads it, None if
    not readable; ``outside`` is how many descriptors somebody has who has no pid in it."""

    device: int
    pids: tuple[int, ...] | None
    outside: int = 0
