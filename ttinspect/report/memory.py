"""The reports of ``memory``."""

from collections.abc import Iterator

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.memory import MemoryAnswer, RawRegion
from ttinspect.answers.shm import RegionFacts
from ttinspect.model.region import Figures
from ttinspect.report.common import source_line
from ttinspect.report.screen import columns, harmless, row
from ttinspect.report.shm_usage import basis_line, common_basis, more, no_region, usage_block
from ttinspect.report.units import count
from ttinspect.shm.layout import BUFFER_TYPES

_HEADER = (
    "device", "arch", "board", "path", "file_id", "version", "state", "l1_used", "l1_physical",
    "l1_allocatable", "dram_used", "dram_physical", "dram_allocatable", "cb_is_counted", "dram", "l1",
    "l1_small", "trace", "cb", "kernel", "processes",
)  # fmt: skip
_MOST_REGIONS = 64
_TYPES = tuple(one.name for one in BUFFER_TYPES)


def memory_table(answer: MemoryAnswer) -> list[RenderableType]:
    """A block for each chip, regions of no chip last; with --raw every field of every region."""
    basis = common_basis(device.capacity for device in answer.devices)
    parts: list[RenderableType] = [source_line(answer.source), *basis_line(basis)]
    for device in answer.devices:
        parts.append(Text(""))
        if not device.regions:
            parts.append(no_region(f"Device {device.id}"))
        for region in device.regions:
            parts += usage_block(region, basis)
    for region in answer.unmatched[:_MOST_REGIONS]:
        parts += [Text(""), *usage_block(region, basis)]
    parts += more(answer.unmatched, _MOST_REGIONS, "regions of no chip")
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
