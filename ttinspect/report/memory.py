"""The reports of ``memory``."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.memory import MemoryAnswer, RawRegion
from ttinspect.answers.shm import ProcessSlot, RegionFacts, ShmCapacity
from ttinspect.facts.wording import plural, verb
from ttinspect.model.region import Figures
from ttinspect.report.common import source_line
from ttinspect.report.memory_rows import NOT_READY, memory_rows
from ttinspect.report.screen import Fitting, columns, glued, harmless, row
from ttinspect.report.units import UNKNOWN, count, percent, size, used_of
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


def memory_csv(answer: MemoryAnswer) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
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
        row(fields, f"  {name}", value)
    row(fields, "  init_state", "-" if region.init_state is None else f"{region.init_state:#x}")
    table = columns("  entry", "~name", *(f">{name}" for name in region.totals))
    row(table, "  totals", "", *_figures(region.totals))
    for entry in region.chips:
        where = f"chip_id {entry.chip_id}{' remote' if entry.is_remote else ''}"
        row(table, f"  chip {entry.index}", where, *_figures(entry.figures))
    for slot in region.slots:
        row(table, f"  slot {slot.index}", f"{slot.pid} {slot.name}", *_figures(slot.figures))
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
        row(table, name, kind, size(bytes_used), total, _share(bytes_used, kind.lower(), capacity, basis))
    if used.cb_is_counted:
        row(table, "", "CB", size(region.totals["cb"]), "", "counted in L1")
    elif region.totals["cb"]:
        why = f"not added: v{region.version} keeps the most of all cached programs, of the last writer"
        row(table, "", "CB", size(region.totals["cb"]), "", why)
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
        row(
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
