"""``harvest`` as CSV and Markdown."""

from collections.abc import Iterable

import msgspec

from ttinspect.answers.harvest import HarvestAnswer, HarvestDevice
from ttinspect.report.common import grouped, source_line
from ttinspect.report.harvest import CORE_COLUMNS, SUMMARY, core_rows, product_sentence, summary_cells
from ttinspect.report.markdown import escape, findings_markdown, markdown_table
from ttinspect.report.units import UNKNOWN, grid

Rows = tuple[tuple[str, ...], Iterable[tuple[object, ...]]]

_HEADER = (
    "id", "arch", "board", "board_id", "unique_id", "asic_location", "noc_translation",
    "tensix_mask", "dram_mask", "eth_mask", "pcie_mask", "l2cpu_mask", "assumed",
    "tensix_grid_x", "tensix_grid_y", "tensix_active", "tensix_total", "harvested_axis", "harvested_lines",
    "harvested_noc0", "dram_active", "dram_total", "eth_active", "eth_total", "pcie_active", "pcie_total",
    "l2cpu_active", "l2cpu_total", "checked", "findings",
)  # fmt: skip


def harvest_csv(answer: HarvestAnswer) -> Rows:
    """A row per device; with --cores a row per core."""
    if any(device.cores is not msgspec.UNSET for device in answer.devices):
        empty = ("-", UNKNOWN)
        return CORE_COLUMNS, (
            tuple(None if cell in empty else cell for cell in cells) for cells in core_rows(answer)
        )
    return _HEADER, (_cells(device) for device in answer.devices)


def _numbers(values: Iterable[int] | None) -> str | None:
    return None if values is None else " ".join(map(str, values))


def _cells(device: HarvestDevice) -> tuple[object, ...]:
    tensix = device.tensix
    x, y = tensix.grid if tensix.grid is not None else (None, None)
    return (
        device.id,
        device.arch.value,
        device.board.value if device.board else None,
        device.board_id,
        device.unique_id,
        device.asic_location,
        None if device.noc_translation is None else str(device.noc_translation).lower(),
        device.masks.tensix,
        device.masks.dram,
        device.masks.eth,
        device.masks.pcie,
        device.masks.l2cpu,
        " ".join(device.assumed),
        x,
        y,
        tensix.active,
        tensix.full_grid[0] * tensix.full_grid[1],
        tensix.axis.value,
        _numbers(tensix.harvested_lines),
        _numbers(tensix.harvested_noc0),
        device.dram.active,
        device.dram.banks,
        device.eth.active,
        device.eth.channels,
        device.pcie.active,
        device.pcie.cores,
        device.l2cpu.active,
        device.l2cpu.cores,
        device.checked,
        " ".join(finding.id for finding in device.findings),
    )


def harvest_markdown(answer: HarvestAnswer) -> str:
    """A table of the devices, findings as a list, the summary last."""
    rows = (summary_cells(device) for device in answer.devices)
    parts = [escape(source_line(answer.source).plain), markdown_table(SUMMARY, rows).rstrip("\n")]
    if answer.common_grid is not None:
        parts.append(f"Common grid of the mesh: {grid(answer.common_grid)}")
    parts += findings_markdown(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    parts += [product_sentence(product) for product in answer.products]
    return "\n\n".join(parts) + "\n"
