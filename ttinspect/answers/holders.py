"""Who holds a chip, as the answers show it."""

import msgspec

from ttinspect.model.holder import Known
from ttinspect.verify.case import Case
from ttinspect.verify.holding import ChipHolder, ChipHolders, holders_by_chip


class HolderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds a chip; ``known_by`` says how that is known. ``pid`` is that of procfs,
    ``own_pid`` the one in the process's own pid namespace. What procfs does not tell is null; so is the
    ``container`` of a process outside of any, and of a snapshot what was not recorded (--processes)."""

    pid: int
    name: str | None
    known_by: tuple[Known, ...]
    own_pid: int | None
    uid: int | None
    user: str | None
    command: str | None
    container: str | None
    start_time_ns: int | None


class HeldBy(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a chip: which processes have its device open or map its region, without this process.
    ``held`` is null where nobody is known to hold it and not every process could be looked at. ``outside``
    counts descriptors of processes outside this pid namespace. ``openers_gone`` are pids that opened the
    device and have ended, while another process has their descriptor."""

    held: bool | None
    processes: tuple[HolderFacts, ...] = ()
    outside: int = 0
    openers_gone: tuple[int, ...] = ()


NOT_LOOKED = HeldBy(held=None)
"""Of a source that has no processes."""


def held_by_chip(case: Case) -> dict[int, HeldBy]:
    """Who holds each chip of a Case."""
    return {chip: _facts(by, case) for chip, by in holders_by_chip(case).items()}


def _facts(by: ChipHolders, case: Case) -> HeldBy:
    return HeldBy(
        held=by.held,
        processes=tuple(_holder(holder, case) for holder in by.holders),
        outside=by.outside,
        openers_gone=by.orphans,
    )


def _holder(chip_holder: ChipHolder, case: Case) -> HolderFacts:
    process = case.processes.found.get(chip_holder.holder.pid)
    return HolderFacts(
        pid=chip_holder.holder.pid,
        name=None if process is None else process.comm,
        known_by=chip_holder.known_by,
        own_pid=chip_holder.holder.own_pid,
        uid=None if process is None else process.uid,
        user=None if process is None else process.user,
        command=None if process is None else process.command_line,
        container=None if process is None else process.container,
        start_time_ns=None if process is None else process.start_time_ns,
    )


def why_not_known(case: Case | None, chip: int) -> str:
    """Why it is not known whether anybody holds a chip; without a Case nobody could look."""
    if case is None:
        return "the source has no processes"
    scan = case.holders
    if scan is None:
        return "nobody looked for processes"
    if case.system.device_of(chip) is None:
        return "the source does not tell which device it is"
    if scan.unread_descriptors:
        refused = "some processes may not be looked into (root may, with all capabilities)"
        return f"the driver does not tell, and {refused}"
    return "the driver does not tell, and not every process can be seen from here"
