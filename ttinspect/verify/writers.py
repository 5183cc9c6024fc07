"""Who wrote a slot: the process behind its pid, as far as procfs can tell."""

from enum import Enum

import msgspec

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
    REUSED = "reused"
    """The pid belongs to a process that started after the slot's last update."""
    FOREIGN = "foreign"
    """The pid belongs to an older process of another name: probably another pid namespace."""
    HIDDEN = "hidden"
    """procfs does not tell whether the process is alive."""
    NOBODY = "nobody"
    """The slot has no pid of a process."""


class SlotWriter(msgspec.Struct, frozen=True, kw_only=True):
    """An occupied slot, what is known about its writer, and the process that has its pid now.

    ``alive`` is whether that pid runs; None where procfs does not tell, and below 1.
    """

    slot: Slot
    writer: Writer
    process: Process | None
    alive: bool | None

    @property
    def stopped(self) -> bool:
        """Whether the process is stopped or traced, and so may stand in the middle of an update."""
        return self.process is not None and self.process.stopped


def writer_of(slot: Slot, updated_ns: int | None, processes: ProcessTable) -> SlotWriter:
    """Judge one slot. ``updated_ns`` is its last update in realtime, None if that cannot be told."""
    process, alive = processes.found.get(slot.pid), processes.alive(slot.pid)
    if alive is None:
        writer = Writer.NOBODY if slot.pid < 1 else Writer.HIDDEN
    else:
        writer = _judge(slot, updated_ns, process)
    return SlotWriter(slot=slot, writer=writer, process=process, alive=alive)


def _judge(slot: Slot, updated_ns: int | None, process: Process | None) -> Writer:
    if process is None or not process.alive:
        return Writer.DEAD
    started_ns = process.start_time_ns
    if started_ns is not None and updated_ns is not None and started_ns >= updated_ns + REUSE_NS:
        return Writer.REUSED
    # Without a start time, a name that differs is a reused pid or another namespace: not known which.
    if slot.name and updated_ns is not None and slot.name[:COMM_BYTES] != process.comm[:COMM_BYTES]:
        return Writer.FOREIGN
    return Writer.ALIVE
