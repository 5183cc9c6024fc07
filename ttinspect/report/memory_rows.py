"""The table of ``memory``: a row per chip that is used or held, equal idle chips in one line, ghosts too."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.holders import HeldBy, HolderFacts
from ttinspect.answers.memory import Ghosts, MemoryAnswer, MemoryDevice, SlotUse
from ttinspect.answers.shm import RegionFacts
from ttinspect.model.holder import Known
from ttinspect.model.region import RegionState
from ttinspect.report.screen import Fitting, columns, glued, harmless, row
from ttinspect.report.units import chips_named, id_ranges, share_of, size

NOT_READY = {
    RegionState.EMPTY: "no bytes yet",
    RegionState.UNINITIALIZED: "not initialised",
    RegionState.INITIALIZING: "initialisation not finished",
    RegionState.READY: "not decoded",
    RegionState.UNKNOWN: "unknown layout",
    RegionState.UNREADABLE: "not readable",
}

_MOST_LINES, _LEAST_LINES = 8, 2
"""Lines about the holders of one chip, and where there are many chips; --json has all of them."""
_MANY_CHIPS = 32


class _Row(msgspec.Struct, frozen=True):
    """A chip, what is used of it, and who holds it, a line each."""

    id: int
    l1: str
    dram: str
    held: tuple[str, ...]


def memory_rows(answer: MemoryAnswer, basis: str | None) -> list[RenderableType | Fitting]:
    """The chips of the answer; one whose allocatable figures are known by something else than ``basis`` says
    so."""
    idle: dict[str, list[int]] = {}
    rows = []
    for device in answer.devices:
        why = _idle(device)
        if why is not None:
            idle.setdefault(why, []).append(device.id)
        else:
            rows.append(_row(device, _LEAST_LINES if len(answer.devices) > _MANY_CHIPS else _MOST_LINES))
    parts: list[RenderableType | Fitting] = []
    if rows:
        parts.append(Fitting(((_table(rows, "held by"),), (_table(rows, "~held by"),))))
    parts += [Text(f" {id_ranges(ids)}  {why}") for why, ids in idle.items()]
    parts += [Text(f" {line}") for line in _left_out(answer.devices, basis)]
    return parts + [Text(f" {line}") for line in _ghost_lines(answer.ghosts)]


def _idle(device: MemoryDevice) -> str | None:
    """What is said of a chip of which there is nothing to show; None of any other."""
    if device.held_by.held or any(_anything(region) for region in device.regions):
        return None
    published = "nothing allocated" if device.regions else "nothing published"
    if device.held_by.held is False:
        return f"idle: no process, {published}"
    return f"{published}; whether a process holds {'it' if device.regions else 'them'} is not known"


def _anything(region: RegionFacts) -> bool:
    used = region.used
    return used is None or bool(region.processes) or used.l1 != 0 or used.dram != 0


def _row(device: MemoryDevice, most_lines: int) -> _Row:
    used = device.regions[0].used if len(device.regions) == 1 else None
    capacity = device.capacity
    return _Row(
        id=device.id,
        l1=glued(share_of(None if used is None else used.l1, capacity.l1_allocatable)),
        dram=glued(share_of(None if used is None else used.dram, capacity.dram_allocatable)),
        held=tuple(_few(list(_held(device)), most_lines)) or ("-",),
    )


def _few(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return lines if more <= 1 else [*lines[:most], f"and {more} more"]


def _held(device: MemoryDevice) -> Iterator[str]:
    """The slots with their holders, then who has the device open without one, then who cannot be seen."""
    holders = {process.pid: process for process in device.held_by.processes}
    for slot in device.slots:
        yield _slot(slot, holders.get(slot.host_pid or slot.pid), alone=len(device.slots) == 1)
    known = {slot.host_pid or slot.pid for slot in device.slots if slot.alive}
    for holder in device.held_by.processes:
        if holder.pid not in known:
            yield f"{who(holder)}: {glued(_without_slot(holder))}"
    yield from _unseen(device.held_by)
    if len(device.regions) > 1:
        yield f"{len(device.regions)} regions: see verify-shm"
    for region in device.regions:
        if region.used is None:
            yield f"its region: {glued(NOT_READY[region.state])}"


def _slot(slot: SlotUse, holder: HolderFacts | None, *, alone: bool) -> str:
    held = glued(f"{size(slot.l1)} + {size(slot.dram)}")
    name = slot.name or "(no name)"
    if slot.pid < 1:
        return f"a slot being released, {held}"
    if slot.alive is False:
        return f"{slot.pid} {name} DEAD, {held}{glued(' stuck')}"
    if slot.alive is None or holder is None:
        return f"{slot.pid} {name}" + ("" if slot.alive else f", {glued('may be dead')}")
    return who(holder) if alone else f"{who(holder)}, {held}"


def who(holder: HolderFacts) -> str:
    """ "17706 python3 (uid 1000)", "17706 python3 (uid 1000, in 5f3a9c0b1d2e)"."""
    facts = [] if holder.uid is None else [f"uid {holder.uid}"]
    if holder.container is not None:
        facts.append(f"in {holder.container}")
    name = f" {holder.name}" if holder.name else ""
    return glued(f"{holder.pid}{name}") + (f" {glued('(' + ', '.join(facts) + ')')}" if facts else "")


_MOST_HOLDERS = 2


def held_by(held: HeldBy) -> str:
    """Who holds a chip, in a cell: "4242 vllm (uid 1001), and more"; "free" where nobody does, nothing where
    that is not known."""
    if held.held is False:
        return "free"
    words = [who(process) for process in held.processes[:_MOST_HOLDERS]]
    if len(held.processes) > _MOST_HOLDERS:
        words.append("and more")
    if held.held and not held.processes:
        words.append(glued("a process that cannot be seen"))
    return ", ".join(words)


def held_below(chips: Iterable[tuple[int, HeldBy]]) -> list[RenderableType]:
    """The same below a table, equal ones together: " 3: held by 4242 vllm (uid 1001)", " 1, 2: free"."""
    groups: dict[str, list[int]] = {}
    for chip, held in chips:
        words = held_by(held)
        if words:
            groups.setdefault(words if held.held is False else f"held by {words}", []).append(chip)
    return [Text(harmless(f" {id_ranges(ids)}: {words}")) for words, ids in groups.items()]


def _without_slot(holder: HolderFacts) -> str:
    return "has allocated nothing" if Known.REGION in holder.known_by else "publishes nothing"


def _unseen(held_by: HeldBy) -> Iterator[str]:
    if held_by.outside:
        yield f"a process {glued('outside this pid namespace')}"
    if held_by.openers_gone and not held_by.processes:
        pids = ", ".join(map(str, held_by.openers_gone))
        yield f"opened by {pids}, which has it no longer: {glued('somebody else has')}"


def _table(rows: Sequence[_Row], held_by: str) -> RenderableType:
    table = columns("> id", ">L1 used/allocatable", ">DRAM used/allocatable", held_by)
    for one in rows:
        for number, line in enumerate(one.held):
            row(table, *((one.id, one.l1, one.dram) if number == 0 else ("", "", "")), line)
    return table


def _left_out(devices: Sequence[MemoryDevice], basis: str | None) -> Iterator[str]:
    """Which chips divide by something else; and that circular buffers are no part of the figures where their
    counter is no sum over processes."""
    for device in devices:
        words = None if device.capacity.basis is None else device.capacity.basis.words
        if words not in (None, basis):
            yield f"chip {device.id} is of allocatable by {words}"
    chips = [device.id for device in devices if any(map(_leaves_out, device.regions))]
    if chips:
        yield f"circular buffers are not added ({chips_named(chips)}): their counter is no sum before v4"


def _leaves_out(region: RegionFacts) -> bool:
    used, totals = region.used, region.totals
    return used is not None and not used.cb_is_counted and totals is not None and bool(totals["cb"])


def _ghost_lines(ghosts: Sequence[Ghosts]) -> Iterator[str]:
    """ "1 ghost (TTS050): totals of chip 0 too high by 128.0 KiB L1, 512.0 MiB DRAM"."""
    for ghost in ghosts:
        what = "1 ghost" if ghost.slots == 1 else f"{ghost.slots} ghosts"
        whose = ghost.path.rpartition("/")[2] if ghost.device is None else f"chip {ghost.device}"
        yield f"{what} (TTS050): totals of {whose} too high by {size(ghost.l1)} L1, {size(ghost.dram)} DRAM"
