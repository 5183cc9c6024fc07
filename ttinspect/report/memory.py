"""The reports of ``memory``: chips that are used or held, regions of no chip, all fields; csv."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.holders import HeldBy, HolderFacts
from ttinspect.answers.memory import Ghosts, MemoryAnswer, MemoryDevice, RawRegion, SlotUse
from ttinspect.answers.shm import ProcessSlot, RegionFacts, ShmCapacity
from ttinspect.facts.wording import plural, verb
from ttinspect.model.chip import Unknown
from ttinspect.model.holder import Known
from ttinspect.model.region import Figures, RegionState
from ttinspect.model.system import Source
from ttinspect.report.common import CsvRows, source_line
from ttinspect.report.screen import Fitting, add_row, columns, glued, harmless, indented
from ttinspect.report.units import UNKNOWN, chips_named, count, id_ranges, percent, share_of, size, used_of
from ttinspect.shm.layout import BUFFER_TYPES

_HEADER = (
    "device", "arch", "board", "path", "file_id", "version", "state", "l1_used", "l1_physical",
    "l1_allocatable", "dram_used", "dram_physical", "dram_allocatable", "cb_is_counted", "dram", "l1",
    "l1_small", "trace", "cb", "kernel", "processes",
)  # fmt: skip
_MOST_BLOCKS = 64
"""So many regions are shown in full, with a row for each process; of the others there is a line."""
_MOST_REGIONS = 64
"""So many regions of no chip are shown at all."""
_TYPES = tuple(each.name for each in BUFFER_TYPES)


def memory_table(answer: MemoryAnswer) -> list[RenderableType | Fitting]:
    """A row for each chip, regions of no chip last: the first ones in full, of the others a line. With --raw
    every field of every region."""
    basis = common_basis(device.capacity for device in answer.devices)
    parts: list[RenderableType | Fitting] = [source_line(answer.source, answer.time_ns), *basis_line(basis)]
    if answer.devices:
        parts += [Text(""), *memory_rows(answer, basis)]
    for number, region in enumerate(answer.unmatched[:_MOST_REGIONS]):
        parts += [Text(""), *usage_block(region, basis)] if number < _MOST_BLOCKS else [usage_line(region)]
    parts += more(answer.unmatched, _MOST_REGIONS, "regions of no chip")
    if answer.left_out:
        files = plural(answer.left_out, "more file")
        parts.append(Text(f" {files} {verb(answer.left_out, 'was', 'were')} too many to be read"))
    if answer.raw is not msgspec.UNSET:
        for raw in answer.raw:
            parts += _raw(raw)
    return parts


def memory_csv(answer: MemoryAnswer) -> CsvRows:
    """A row per region, and one per chip without any; sizes in bytes."""
    return _HEADER, _rows(answer)


def _rows(answer: MemoryAnswer) -> Iterator[tuple[object, ...]]:
    for device in answer.devices:
        head = (device.id, device.arch.value, device.board.value if device.board else None)
        for region in device.regions:
            yield (*head, *_cells(region))
        if not device.regions:
            capacity = device.capacity
            yield (
                *head,
                *(None,) * 5,
                capacity.l1_physical,
                capacity.l1_allocatable,
                None,
                capacity.dram_physical,
                capacity.dram_allocatable,
                *(None,) * 8,
            )
    for region in answer.unmatched:
        yield (None, None, None, *_cells(region))


def _cells(region: RegionFacts) -> tuple[object, ...]:
    capacity, used, totals = region.capacity, region.used, region.totals
    return (
        region.path,
        region.file_id,
        region.version,
        region.state.value,
        used.l1 if used else None,
        capacity.l1_physical,
        capacity.l1_allocatable,
        used.dram if used else None,
        capacity.dram_physical,
        capacity.dram_allocatable,
        used.cb_is_counted if used else None,
        *(totals.get(name) if totals else None for name in _TYPES),
        len(region.processes) if totals else None,
    )


def _raw(raw: RawRegion) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(""), Text(f" {harmless(raw.path)}")]
    region = raw.region
    if region is None:
        return [*parts, Text("  nothing decoded")]
    fields = columns("", "~", header=False)
    for name, value in msgspec.structs.asdict(region.header).items():
        add_row(fields, f"  {name}", value)
    add_row(fields, "  init_state", "-" if region.init_state is None else f"{region.init_state:#x}")
    table = columns("  entry", "~name", *(f">{name}" for name in region.totals))
    add_row(table, "  totals", "", *_figures(region.totals))
    for entry in region.chips:
        where = f"chip_id {entry.chip_id}{' remote' if entry.is_remote else ''}"
        add_row(table, f"  chip {entry.index}", where, *_figures(entry.figures))
    for slot in region.slots:
        add_row(table, f"  slot {slot.index}", f"{slot.pid} {slot.name}", *_figures(slot.figures))
    return [*parts, fields, table]


def _figures(figures: Figures) -> Iterator[str]:
    return ("-" if value is None else count(value) for value in figures.values())


def region_label(region: RegionFacts) -> str:
    """ "Device 0", or the file's name where it belongs to no chip."""
    return harmless(region.path.rpartition("/")[2]) if region.device is None else f"Device {region.device}"


def common_basis(capacities: Iterable[ShmCapacity]) -> str | None:
    """By what the allocatable figures are known, if that is the same for most of them; None without any."""
    words = Counter(capacity.basis.words for capacity in capacities if capacity.basis is not None)
    return words.most_common(1)[0][0] if words else None


def basis_line(basis: str | None) -> list[RenderableType]:
    """What the percentages of a table divide by, once for all lines that do not say otherwise."""
    return [] if basis is None else [Text(f"Allocatable: {basis}, L1_SMALL and trace included")]


def usage_block(region: RegionFacts, basis: str | None) -> list[RenderableType]:
    """Used and physical bytes of one region, and its processes; a line that divides by something else than
    ``basis`` says so."""
    if region.totals is None or region.used is None:
        return [Text(f" {region_label(region)}   {NOT_READY[region.state]}: what is used is unknown")]
    table = columns("", "", ">", ">", "~", header=False)
    capacity, used = region.capacity, region.used
    label = region_label(region)
    if region.device is None:
        label = "no chip"
    for name, kind, bytes_used, physical in (
        (f" {label}", "L1", used.l1, capacity.l1_physical),
        ("", "DRAM", used.dram, capacity.dram_physical),
    ):
        total = glued(f"/ {size(physical):>9}")
        add_row(table, name, kind, size(bytes_used), total, _share(bytes_used, kind.lower(), capacity, basis))
    if used.cb_is_counted:
        add_row(table, "", "CB", size(region.totals["cb"]), "", "counted in L1")
    elif region.totals["cb"]:
        why = f"not added: v{region.version} keeps the most of all cached programs, of the last writer"
        add_row(table, "", "CB", size(region.totals["cb"]), "", why)
    parts: list[RenderableType] = [table]
    if region.device is None:
        parts.insert(0, Text(f" {region_label(region)}"))
    return parts + _processes(region.processes)


def usage_line(region: RegionFacts) -> Text:
    """The same in one line, without its processes."""
    used, capacity = region.used, region.capacity
    if used is None:
        return Text(f" {region_label(region)}   {NOT_READY[region.state]}: what is used is unknown")
    l1, dram = used_of(used.l1, capacity.l1_physical), used_of(used.dram, capacity.dram_physical)
    slots = len(region.processes)
    processes = f"{count(slots)} process{'' if slots == 1 else 'es'}"
    return Text(f" {region_label(region)}   L1 {l1}   DRAM {dram}   {processes}")


def more(everything: Sequence[object], shown: int, noun: str) -> list[RenderableType]:
    """A line about what a table leaves out, if it does."""
    left = len(everything) - shown
    return [] if left <= 0 else [Text(f" and {count(left)} more {noun}: --json has all of them")]


def _processes(slots: tuple[ProcessSlot, ...]) -> list[RenderableType]:
    if not slots:
        return []
    table = columns(">   pid", "~process", "state", ">L1", ">L1_SMALL", ">DRAM", ">trace", ">CB")
    for slot in slots:
        add_row(
            table,
            slot["pid"],
            slot["name"] or "-",
            _state(slot),
            size(slot["l1"]),
            size(slot["l1_small"]),
            size(slot["dram"]),
            size(slot["trace"]),
            size(slot["cb"]),
        )
    return [table]


def _state(slot: ProcessSlot) -> str:
    if slot["pid"] < 1:
        return "releasing"
    if slot["alive"] is None:
        return UNKNOWN
    return "alive" if slot["alive"] else "DEAD"


def _share(used: int | None, kind: str, capacity: ShmCapacity, basis: str | None) -> str:
    allocatable: int | None = getattr(capacity, f"{kind}_allocatable")
    if used is None or allocatable is None:
        return ""
    words = None if capacity.basis is None else capacity.basis.words
    by = "" if words in (None, basis) else f" ({words})"
    return f"{percent(used, allocatable)} of {size(allocatable)} allocatable{by}"


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
        why = _idle(device, of_host=answer.source.kind.has_processes)
        if why is not None:
            idle.setdefault(why, []).append(device.id)
        else:
            rows.append(_row(device, _LEAST_LINES if len(answer.devices) > _MANY_CHIPS else _MOST_LINES))
    parts: list[RenderableType | Fitting] = []
    if rows:
        parts.append(Fitting(((_table(rows, "held by"),), (_table(rows, "~held by"),))))
    parts += [indented(f" {id_ranges(ids)}  ", why) for why, ids in idle.items()]
    parts += [Text(f" {line}") for line in _left_out(answer.devices, basis)]
    return parts + [Text(f" {line}") for line in _ghost_lines(answer.ghosts)]


def _idle(device: MemoryDevice, *, of_host: bool) -> str | None:
    """The words for a chip that is not used; None for one that is, or may be. ``of_host``: processes can be
    looked for."""
    if device.held_by.held or any(_anything(region) for region in device.regions):
        return None
    published = "nothing allocated" if device.regions else "nothing published"
    if device.held_by.held is False:
        return f"idle: no process, {published}"
    why = next((f": {fact.why}" for fact in device.unknown if fact.path == HELD and of_host), "")
    return f"{published}; who holds it is not known{why}"


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
    return [indented(f" {id_ranges(ids)}: ", words) for words, ids in groups.items()]


HELD = "held_by.held"
Reasons = Iterable[tuple[int, HeldBy, Iterable[Unknown]]]
"""A chip, who holds it, and why facts of it are unknown."""


def not_known_below(source: Source, chips: Reasons) -> list[RenderableType]:
    """Of a host, once for the chips of one reason: why it is not known who holds them."""
    groups: dict[str, list[int]] = {}
    for chip, held, unknown in chips if source.kind.has_processes else ():
        if held.held is None:
            groups.setdefault(next((fact.why for fact in unknown if fact.path == HELD), ""), []).append(chip)
    return [
        indented(f" {id_ranges(ids)}: ", f"who holds {verb(len(ids), 'it', 'them')} is not known: {why}")
        for why, ids in groups.items()
    ]


def _without_slot(holder: HolderFacts) -> str:
    return "has allocated nothing" if Known.REGION in holder.known_by else "publishes nothing"


def _unseen(held_by: HeldBy) -> Iterator[str]:
    if held_by.outside:
        yield f"a process {glued('outside this pid namespace')}"
    if held_by.openers_gone and not held_by.processes:
        pids = ", ".join(map(str, held_by.openers_gone))
        yield f"somebody who has it from {pids}, which no longer has it"


def _table(rows: Sequence[_Row], held_by: str) -> RenderableType:
    table = columns("> id", ">L1 used/allocatable", ">DRAM used/allocatable", held_by)
    for chip in rows:
        for number, line in enumerate(chip.held):
            add_row(table, *((chip.id, chip.l1, chip.dram) if number == 0 else ("", "", "")), line)
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
        name = ghost.path.rpartition("/")[2] if ghost.device is None else f"chip {ghost.device}"
        yield f"{what} (TTS050): totals of {name} too high by {size(ghost.l1)} L1, {size(ghost.dram)} DRAM"
