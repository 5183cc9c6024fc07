"""The reports of ``list``."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.listing import ListAnswer, ListDevice
from ttinspect.model.arch import Coord
from ttinspect.report.common import MOST_ALONE, CsvRows, findings_table, grouped, source_line
from ttinspect.report.memory import held_by, not_known_below
from ttinspect.report.screen import Fitting, add_row, columns, indented
from ttinspect.report.units import chips_named, grid, id_ranges, used_of

_DASH = "-"


class _Row(NamedTuple):
    """Chips that are alike but for their names and their temperature."""

    devices: list[ListDevice]
    cells: tuple[str, ...]


def list_table(answer: ListAnswer, *, of_allocatable: bool = False) -> list[RenderableType | Fitting]:
    """A row per chip, of many chips one for equal ones; unknown is "-". What is used is divided by what
    a chip has, or by what is allocatable, and a line says by which."""
    groups: dict[object, _Row] = {}
    for device in answer.devices:
        cells = _cells(device, of_allocatable)
        key = cells if len(answer.devices) > MOST_ALONE else device.id
        groups.setdefault(key, _Row([], cells)).devices.append(device)
    rows = list(groups.values())
    parts: list[RenderableType | Fitting] = [source_line(answer.source)]
    parts += [*_all_is(answer.devices, of_allocatable), Text(""), Fitting(((_wide(rows),), _narrow(rows)))]
    reasons = ((device.id, device.held_by, device.unknown) for device in answer.devices)
    parts += not_known_below(answer.source, reasons)
    return parts + findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )


def _all_is(devices: Iterable[ListDevice], of_allocatable: bool) -> Iterable[Text]:
    """By what the rows divide: for most of the chips, and for those that differ."""
    if not of_allocatable:
        yield Text("All: what a chip has (physical)")
        return
    by: dict[str, list[int]] = {}
    for device in devices:
        if device.allocatable_by is not None:
            by.setdefault(device.allocatable_by.words, []).append(device.id)
    common = max(by, key=lambda words: len(by[words]), default=None)
    yield Text(f"All: allocatable by {common}, L1_SMALL and trace included")
    yield from (
        Text(f"     of {chips_named(ids)} by {words}") for words, ids in by.items() if words != common
    )


def _cells(device: ListDevice, of_allocatable: bool) -> tuple[str, ...]:
    """Board, grid, L1, DRAM, who holds it, marks."""
    l1, dram = (
        (device.l1_allocatable, device.dram_allocatable)
        if of_allocatable
        else (device.l1_physical, device.dram_physical)
    )
    return (
        device.board.value if device.board else device.arch.value,
        _grid(device.tensix_grid),
        used_of(device.l1_used, l1),
        used_of(device.dram_used, dram),
        held_by(device.held_by),
        ", ".join(mark.value for mark in device.marks),
    )


def _names(listed: _Row) -> tuple[str, str, str, str, str]:
    """Chip ids, N of the nodes, PCI address, serial, temperature: of several the range, or how many."""
    devices = listed.devices
    numbers = [device.kmd_id for device in devices if device.kmd_id is not None]
    celsius = [device.asic_celsius for device in devices if device.asic_celsius is not None]
    low, high = min(celsius, default=None), max(celsius, default=None)
    heat = _DASH if low is None or high is None else f"{low:.1f}" if low == high else f"{low:.0f}-{high:.0f}"
    return (
        id_ranges([device.id for device in devices]),
        id_ranges(numbers) or _DASH,
        _same([device.pci_bdf for device in devices]),
        _same([_serial(device.board_id) for device in devices]),
        heat,
    )


def _serial(board_id: str | None) -> str | None:
    """Sixteen hex digits, as tt-smi and the driver print it."""
    return None if board_id is None else f"{int(board_id):016x}"


def _same(names: list[str | None]) -> str:
    different = dict.fromkeys(names)
    return names[0] or _DASH if len(different) == 1 else f"({len(different)})"


def _wide(rows: list[_Row]) -> RenderableType:
    table = columns(
        "> id", ">dev", "PCI", "serial", "board", "grid", ">L1 used/all", ">DRAM used/all", ">ASIC C",
        "held by", "marks",
    )  # fmt: skip
    for listed in rows:
        ids, nodes, pci, number, heat = _names(listed)
        board, tensix, l1, dram, held, marks = listed.cells
        add_row(table, ids, nodes, pci, number, board, tensix, l1, dram, heat, held or _DASH, marks)
    return table


def _narrow(rows: list[_Row]) -> tuple[RenderableType, ...]:
    """Who holds a chip and its marks stand below, equal ones together; so do the serials of one or two. Where
    chips share rows there is no PCI address."""
    alone = all(len(each.devices) == 1 for each in rows)
    names = ("PCI",) if alone else ()
    table = columns("> id", ">dev", *names, "board", "grid", ">L1 used/all", ">DRAM used/all", ">ASIC C")
    below: dict[str, list[int]] = {}
    for listed in rows:
        ids, nodes, pci, number, heat = _names(listed)
        board, tensix, l1, dram, held, marks = listed.cells
        nodes = "= id" if nodes == ids and not alone else nodes
        add_row(table, ids, nodes, *((pci,) if alone else ()), board, tensix, l1, dram, heat)
        words = [f"serial {number}"] if number != _DASH and len(rows) <= _FEW else []
        words += [held if held == "free" else f"held by {held}"] if held else []
        words += [marks] if marks else []
        if words:
            below.setdefault("; ".join(words), []).extend(device.id for device in listed.devices)
    return (table, *(indented(f" {id_ranges(ids)}: ", words) for words, ids in below.items()))


_FEW = 2


def _grid(value: Coord | None) -> str:
    return _DASH if value is None else grid(value)


def list_csv(answer: ListAnswer) -> CsvRows:
    """A row per chip, sizes in bytes."""
    header = (
        "id", "kmd_id", "pci_bdf", "unique_id", "board_id", "arch", "board", "tensix_grid_x", "tensix_grid_y",
        "l1_used", "l1_physical", "dram_used", "dram_physical", "asic_celsius",
        "held_by", "marks", "findings", "l1_allocatable", "dram_allocatable", "allocatable_by",
    )  # fmt: skip
    return header, (
        (
            device.id,
            device.kmd_id,
            device.pci_bdf,
            device.unique_id,
            device.board_id,
            device.arch.value,
            device.board.value if device.board else None,
            *(device.tensix_grid or (None, None)),
            device.l1_used,
            device.l1_physical,
            device.dram_used,
            device.dram_physical,
            device.asic_celsius,
            " ".join(str(process.pid) for process in device.held_by.processes),
            " ".join(mark.name.lower() for mark in device.marks),
            " ".join(finding.id for finding in device.findings),
            device.l1_allocatable,
            device.dram_allocatable,
            device.allocatable_by.words if device.allocatable_by else None,
        )
        for device in answer.devices
    )
