"""Who wrote a slot: the process that maps the region with its pid, as far as procfs can tell."""

from collections.abc import Iterator
from enum import Enum

import msgspec

from ttinspect.facts.wording import plural
from ttinspect.model.holder import Holders, Maps
from ttinspect.model.process import Process, ProcessTable
from ttinspect.model.region import Slot

COMM_BYTES = 15
"""A process name is cut to this by the kernel."""

REUSE_NS = 2 * 10**9
"""A process must have started this long after a slot's last update before it is called another one:
procfs gives start times in ticks since a boot time in whole seconds."""


class Writer(str, Enum):
    """What is known about the process that wrote a slot."""

    ALIVE = "alive"
    DEAD = "dead"
    """No process maps the region with this pid; also where one of that pid runs another program now."""
    REUSED = "reused"
    """The pid belongs to a process that started after the slot's last update."""
    FOREIGN = "foreign"
    """The pid belongs to an older process of another name: probably another pid namespace. Only where the
    maps of processes are not known."""
    UNSEEN = "unseen"
    """No process that can be looked into maps the region with this pid, and not all can."""
    NOBODY = "nobody"
    """The slot has no pid of a process."""

    @property
    def alive(self) -> bool | None:
        """Whether the writer runs; None where that is not known, or there is none."""
        if self in (Writer.DEAD, Writer.REUSED):
            return False
        return True if self is Writer.ALIVE else None


class SlotWriter(msgspec.Struct, frozen=True, kw_only=True):
    """An occupied slot, what is known about its writer, and its process: the writer's own, else the one that
    has its pid now. ``why`` says why an unseen writer could not be looked for everywhere."""

    slot: Slot
    writer: Writer
    process: Process | None
    why: str | None = None

    @property
    def alive(self) -> bool | None:
        """Whether the writer runs; None where that is not known, and below pid 1."""
        return self.writer.alive

    @property
    def host_pid(self) -> int | None:
        """The pid of a live writer in the procfs that was read; None of any other."""
        return self.process.pid if self.alive and self.process is not None else None

    @property
    def stopped(self) -> bool:
        """Whether the process is stopped or traced, and so may stand in the middle of an update."""
        return self.process is not None and self.process.stopped


def writer_of(
    slot: Slot, updated_ns: int | None, processes: ProcessTable, holders: Holders | None, path: str
) -> SlotWriter:
    """Judge one slot of the region at ``path``. ``updated_ns`` is its last update in realtime, None if that
    cannot be told.

    A process that has attached maps the file until it exits or execs, and writes the pid that it has in its
    own pid namespace: who maps the region decides. Where no maps are told, the pid and the name have to do.
    """
    if slot.pid < 1:
        return SlotWriter(slot=slot, writer=Writer.NOBODY, process=None)
    process = processes.found.get(slot.pid)
    if holders is None or holders.maps is Maps.UNTOLD:
        return SlotWriter(slot=slot, writer=_by_pid(slot, updated_ns, processes), process=process)
    mapper = next(iter(mappers_of(slot.pid, path, processes, holders)), None)
    if mapper is not None:
        return SlotWriter(slot=slot, writer=Writer.ALIVE, process=mapper)
    if holders.maps is Maps.NOTHING and _by_pid(slot, updated_ns, processes) is Writer.ALIVE:
        return SlotWriter(slot=slot, writer=Writer.ALIVE, process=process)
    why = _why_unseen(slot.pid, path, holders)
    if why is not None:
        return SlotWriter(slot=slot, writer=Writer.UNSEEN, process=process, why=why)
    reused = process is not None and process.alive and _is_younger(process, updated_ns)
    return SlotWriter(slot=slot, writer=Writer.REUSED if reused else Writer.DEAD, process=process)


def mappers_of(pid: int, path: str, processes: ProcessTable, holders: Holders) -> Iterator[Process]:
    """The processes that map a region and have this pid in their own pid namespace."""
    for holder in holders.of_region(path):
        process = processes.found.get(holder.pid)
        if pid == holder.slot_pid and process is not None and process.alive:
            yield process


def _why_unseen(pid: int, path: str, holders: Holders) -> str | None:
    """Why there may be a process that maps the region and was not seen; None where there can be none."""
    if holders.maps is Maps.NOTHING:
        return "the procfs is not that of this host, or shows no process"
    if any(holder.own_pid == pid and path in holder.perhaps for holder in holders.holders):
        return "a process maps a file that may be this one, by another number of its file system"
    if pid in holders.later:
        return "it appeared since processes were looked through"
    if pid in holders.unread_pids:
        count = plural(holders.unread_maps, "process", "processes")
        return f"{count} may not be looked into (root may, with all capabilities)"
    return None if holders.maps is Maps.ALL else _why_not_all(holders)


def _why_not_all(holders: Holders) -> str:
    if holders.hidden:
        return "procfs hides the processes of other users (hidepid; run as root)"
    return "processes outside this pid namespace cannot be seen from here"


def _by_pid(slot: Slot, updated_ns: int | None, processes: ProcessTable) -> Writer:
    alive, process = processes.alive(slot.pid), processes.found.get(slot.pid)
    if alive is None:
        return Writer.UNSEEN
    if process is None or not process.alive:
        return Writer.DEAD
    if _is_younger(process, updated_ns):
        return Writer.REUSED
    # Without a start time, a name that differs is a reused pid or another namespace: not known which.
    if slot.name and updated_ns is not None and slot.name[:COMM_BYTES] != process.comm[:COMM_BYTES]:
        return Writer.FOREIGN
    return Writer.ALIVE


def _is_younger(process: Process, updated_ns: int | None) -> bool:
    """Whether it started after the slot's last update."""
    started_ns = process.start_time_ns
    return started_ns is not None and updated_ns is not None and started_ns >= updated_ns + REUSE_NS
