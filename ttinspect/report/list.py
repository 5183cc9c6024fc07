"""The reports of ``list``."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.listing import ListAnswer
from ttinspect.model.arch import Coord
from ttinspect.report.common import findings_table, grouped, source_line
from ttinspect.report.screen import columns, row
from ttinspect.report.units import grid, used_of

_DASH = "-"


def list_table(answer: ListAnswer) -> list[RenderableType]:
    """A row per chip; unknown is "-"."""
    table = columns(">id", ">dev", "PCI", "board", "grid", ">L1 used/all", ">DRAM used/all", ">C")
    for device in answer.devices:
        row(
            table,
            device.id,
            _DASH if device.kmd_id is None else device.kmd_id,
            device.pci_bdf or _DASH,
            device.board.value if device.board else device.arch.value,
            _grid(device.tensix_grid),
            used_of(device.l1_used, device.l1_physical),
            used_of(device.dram_used, device.dram_physical),
            _DASH if device.asic_celsius is None else f"{device.asic_celsius:.1f}",
        )
    parts: list[RenderableType] = [source_line(answer.source), Text(""), table]
    return parts + findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )


def _grid(value: Coord | None) -> str:
    return _DASH if value is None else grid(value)


def list_csv(answer: ListAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per chip, sizes in bytes."""
    header = (
        "id", "kmd_id", "pci_bdf", "unique_id", "board_id", "arch", "board", "tensix_grid_x", "tensix_grid_y",
        "l1_used", "l1_physical", "dram_used", "dram_physical", "asic_celsius", "findings",
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
            " ".join(finding.id for finding in device.findings),
        )
        for device in answer.devices
    )
