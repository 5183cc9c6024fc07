"""``capacity`` as CSV and Markdown."""

from collections.abc import Iterable, Iterator

import msgspec

from ttinspect.answers.capacity import CapacityAnswer, CapacityDevice
from ttinspect.report.capacity import RELEASE_COLUMNS, release_rows
from ttinspect.report.common import grouped, source_line
from ttinspect.report.markdown import escape, findings_markdown, markdown_table
from ttinspect.report.units import count, size

Rows = tuple[tuple[str, ...], Iterable[tuple[object, ...]]]

_HEADER = (
    "id", "arch", "board", "l1_per_core", "l1_cores", "l1_physical", "l1_naive_bytes", "compute_grid_x",
    "compute_grid_y", "l1_banks", "l1_bank_bytes", "l1_allocatable", "l1_reserved_per_core", "dispatch",
    "l1_small_banks", "l1_small_bank_bytes", "trace_banks", "trace_bank_bytes", "dram_banks",
    "dram_bank_bytes", "dram_physical", "dram_views", "dram_view_bytes", "dram_allocatable",
    "eth_l1_per_core", "eth_l1_cores", "eth_l1_physical", "findings",
)  # fmt: skip


def capacity_csv(answer: CapacityAnswer) -> Rows:
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
    parts = [escape(source_line(answer.source).plain), markdown_table(header, rows).rstrip("\n")]
    parts.append(f"Runtime: {escape(answer.runtime.name)}")
    if answer.releases is not msgspec.UNSET:
        parts.append(markdown_table(RELEASE_COLUMNS, release_rows(answer.releases)).rstrip("\n"))
    parts += findings_markdown(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    return "\n\n".join(parts) + "\n"
