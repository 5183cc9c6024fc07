"""The reports of ``capacity``: table, csv, Markdown."""

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.capacity import CapacityAnswer, CapacityDevice
from ttinspect.capacity.releases import Release, same_figures
from ttinspect.report.common import (
    CsvRows,
    findings_markdown,
    findings_table,
    grouped,
    markdown_table,
    markdown_text,
    source_line,
)
from ttinspect.report.l1_map import l1_map
from ttinspect.report.screen import add_row, columns, glued
from ttinspect.report.units import UNKNOWN, chips_named, count, grid, size


def capacity_table(answer: CapacityAnswer) -> list[RenderableType]:
    """The answer for a terminal: a block for each group of equal chips, totals, findings."""
    parts: list[RenderableType] = [source_line(answer.source)]
    runtime = answer.runtime
    known = "measured" if runtime.measured else "not measured"
    parts.append(
        Text(
            f"Runtime: {runtime.name} ({known}): l1_base {count(runtime.l1_base)}, "
            f"dram_base {count(runtime.dram_base)} bytes"
        )
    )
    for devices in equal_devices(answer):
        parts += _block(devices)
        if devices[0].map is not msgspec.UNSET:
            parts += l1_map(devices[0].map)
    if len(answer.devices) > 1:
        parts += _totals(answer)
    if answer.releases is not msgspec.UNSET:
        parts += [
            Text(""),
            Text("bytes that every release hands out, all chips together"),
            _releases(answer.releases),
        ]
    if answer.constants is not msgspec.UNSET:
        table = columns("constant", ">bytes", "~how it is known")
        for constant in answer.constants:
            add_row(table, constant.name, constant.value, constant.how_known)
        parts += [Text(""), table]
    parts += findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    return parts


def equal_devices(answer: CapacityAnswer) -> list[list[CapacityDevice]]:
    """Devices that differ in nothing but their id, together."""
    groups: dict[object, list[CapacityDevice]] = {}
    for device in answer.devices:
        key = msgspec.json.encode(msgspec.structs.replace(device, id=0))
        groups.setdefault(key, []).append(device)
    return list(groups.values())


def _heading(devices: list[CapacityDevice]) -> str:
    first = devices[0]
    ids = [device.id for device in devices]
    chips = chips_named(ids) + (", each" if len(ids) > 1 else "")
    what = " ".join(filter(None, (chips, first.board and first.board.value, first.arch.value)))
    full = first.full_tensix_grid[0] * first.full_tensix_grid[1]
    live = f"{grid(first.tensix_grid)} = {count(first.l1.cores)} of {full} tensix live"
    return f"{what}   {live}   {glued(f'compute grid {grid(first.l1.compute_grid)}')}"


def _block(devices: list[CapacityDevice]) -> list[RenderableType]:
    device = devices[0]
    l1, dram, eth = device.l1, device.dram, device.eth_l1
    table = columns("", ">count x bytes each", ">bytes", ">", "")

    def line(
        memory: str,
        kind: str,
        units: int | None,
        noun: str,
        each: int | None,
        total: int | None,
        note: str = "",
    ) -> None:
        add_row(
            table,
            f" {memory:<7}{kind}",
            _product(units, noun, each),
            count(total),
            size(total),
            note,
        )

    line("L1", "physical", l1.cores, "cores", l1.per_core, l1.physical)
    line("", "allocatable", l1.banks, "banks", l1.bank_bytes, l1.allocatable)
    line("", "naive", l1.noc_nodes, "nodes", l1.per_core, l1.naive_bytes, "wrong")
    if device.l1_small.banks:
        line(
            "", "L1_SMALL", device.l1_small.banks, "banks", device.l1_small.bank_bytes, device.l1_small.bytes
        )
    line("DRAM", "physical", dram.banks, "banks", dram.bank_bytes, dram.physical)
    line("", "allocatable", dram.views, "views", dram.view_bytes, dram.allocatable)
    if device.trace.bank_bytes:
        line("", "trace", device.trace.banks, "views", device.trace.bank_bytes, device.trace.bytes)
    line("eth L1", "physical", eth.cores, "cores", eth.per_core, eth.physical)
    return [Text(""), Text(_heading(devices)), table, Text(_not_allocatable(device))]


def _product(units: int | None, noun: str, each: int | None) -> str:
    """ "64 cores x     1,499,136"; unknown where either is."""
    if units is None or each is None:
        return UNKNOWN
    return f"{count(units)} {noun} x {count(each):>13}"


def _not_allocatable(device: CapacityDevice) -> str:
    l1 = device.l1
    if l1.banks is None:
        return f" L1 not allocatable   {UNKNOWN}"
    parts = []
    if l1.dispatch_cores:
        noun = "core" if l1.dispatch_cores == 1 else "cores"
        what = f"dispatch {noun}" if l1.grid_override is msgspec.UNSET else f"{noun} outside the compute grid"
        parts.append(f"{l1.dispatch_cores} {what} {size(l1.dispatch_bytes)}")
    parts.append(f"below l1_base {size(l1.reserved_bytes)}")
    if device.l1_small.banks:
        parts.append(f"L1_SMALL {size(device.l1_small.bytes)}")
    return f" L1 not allocatable   {', '.join(parts)}  ({l1.dispatch.value} dispatch)"


def _releases(releases: Sequence[Release]) -> RenderableType:
    """A row for each run of releases that give the same."""
    first, *others = RELEASE_COLUMNS
    table = columns(first, *(f">{header}" for header in others))
    for cells in release_rows(releases):
        add_row(table, *cells)
    return table


RELEASE_COLUMNS = ("ttnn", "L1 bank", "L1", "DRAM view", "DRAM", "trace")


def release_rows(releases: Sequence[Release]) -> Iterator[tuple[str, ...]]:
    """The cells of RELEASE_COLUMNS; releases that follow each other and give the same are one row."""
    runs: list[list[Release]] = []
    for release in releases:
        if runs and same_figures(runs[-1][0], release):
            runs[-1].append(release)
        else:
            runs.append([release])
    for run in runs:
        first = run[0]
        newest, oldest = (_minor(each.name) for each in (first, run[-1]))
        names = newest if len(run) == 1 else f"{oldest}-{newest}"
        figures = (
            first.l1_bank_bytes, first.l1_allocatable, first.dram_view_bytes, first.dram_allocatable,
            first.trace,
        )  # fmt: skip
        yield names, *("does not fit" if first.refused else count(figure) for figure in figures)


def _minor(name: str) -> str:
    """ "0.76" of ttnn-0.76.0, as --runtime takes it too."""
    version = name.removeprefix("ttnn-")
    return version.rpartition(".")[0] if version.count(".") == 2 else version


def _totals(answer: CapacityAnswer) -> list[RenderableType]:
    totals, mesh = answer.totals, answer.mesh
    table = columns("", ">bytes", ">")
    for memory, kind, total in (
        ("L1", "physical", totals.l1_physical),
        ("", "allocatable", totals.l1_allocatable),
        ("DRAM", "physical", totals.dram_physical),
        ("", "allocatable", totals.dram_allocatable),
        ("eth L1", "physical", totals.eth_l1_physical),
    ):
        add_row(table, f" {memory:<7}{kind}", count(total), size(total))
    return [
        Text(""),
        Text("both chips" if len(answer.devices) == 2 else f"all {len(answer.devices)} chips"),
        table,
        Text(
            f" as one mesh   compute grid {grid(mesh.compute_grid)} on every chip: "
            f"{count(mesh.banks)} banks, {size(mesh.allocatable)} of L1 each"
        ),
    ]


_HEADER = (
    "id", "arch", "board", "l1_per_core", "l1_cores", "l1_physical", "l1_naive_bytes", "compute_grid_x",
    "compute_grid_y", "l1_banks", "l1_bank_bytes", "l1_allocatable", "l1_reserved_per_core", "dispatch",
    "l1_small_banks", "l1_small_bank_bytes", "trace_banks", "trace_bank_bytes", "dram_banks",
    "dram_bank_bytes", "dram_physical", "dram_views", "dram_view_bytes", "dram_allocatable",
    "eth_l1_per_core", "eth_l1_cores", "eth_l1_physical", "findings",
)  # fmt: skip


def capacity_csv(answer: CapacityAnswer) -> CsvRows:
    """A row per device, sizes in bytes."""
    return _HEADER, (_cells(device) for device in answer.devices)


def _cells(device: CapacityDevice) -> tuple[object, ...]:
    l1, dram, eth = device.l1, device.dram, device.eth_l1
    x, y = l1.compute_grid if l1.compute_grid is not None else (None, None)
    return (
        device.id,
        device.arch.value,
        device.board.value if device.board else None,
        l1.per_core,
        l1.cores,
        l1.physical,
        l1.naive_bytes,
        x,
        y,
        l1.banks,
        l1.bank_bytes,
        l1.allocatable,
        l1.reserved_per_core,
        l1.dispatch.value,
        device.l1_small.banks,
        device.l1_small.bank_bytes,
        device.trace.banks,
        device.trace.bank_bytes,
        dram.banks,
        dram.bank_bytes,
        dram.physical,
        dram.views,
        dram.view_bytes,
        dram.allocatable,
        eth.per_core,
        eth.cores,
        eth.physical,
        " ".join(finding.id for finding in device.findings),
    )


def _markdown_rows(device: CapacityDevice) -> Iterator[tuple[object, ...]]:
    l1, dram, eth = device.l1, device.dram, device.eth_l1
    for memory, units, each, total in (
        ("L1 physical", l1.cores, l1.per_core, l1.physical),
        ("L1 allocatable", l1.banks, l1.bank_bytes, l1.allocatable),
        ("L1 naive (wrong)", l1.noc_nodes, l1.per_core, l1.naive_bytes),
        ("DRAM physical", dram.banks, dram.bank_bytes, dram.physical),
        ("DRAM allocatable", dram.views, dram.view_bytes, dram.allocatable),
        ("eth L1 physical", eth.cores, eth.per_core, eth.physical),
    ):
        yield device.id, memory, count(units), count(each), count(total), size(total)


def capacity_markdown(answer: CapacityAnswer) -> str:
    """A table of all devices, and the findings as a list."""
    header = ("id", "memory", "count", "bytes each", "bytes", "size")
    rows = (cells for device in answer.devices for cells in _markdown_rows(device))
    parts = [markdown_text(source_line(answer.source).plain), markdown_table(header, rows).rstrip("\n")]
    parts.append(f"Runtime: {markdown_text(answer.runtime.name)}")
    if answer.releases is not msgspec.UNSET:
        parts.append(markdown_table(RELEASE_COLUMNS, release_rows(answer.releases)).rstrip("\n"))
    parts += findings_markdown(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    return "\n\n".join(parts) + "\n"
