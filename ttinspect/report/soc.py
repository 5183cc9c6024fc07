"""The reports of ``soc``."""

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.soc import SocAnswer
from ttinspect.facts.wording import plural
from ttinspect.report.common import CsvRows, source_line
from ttinspect.report.screen import add_row, columns
from ttinspect.report.units import count, grid, size


def soc_table(answer: SocAnswer) -> list[RenderableType]:
    """Sizes and counts, then the cores of every type."""
    table = columns("", "", header=False)
    tensix, dram, eth = answer.tensix, answer.dram, answer.eth
    add_row(table, " architecture", answer.arch.value)
    add_row(table, " NOC grid", f"{grid(answer.noc_grid)} nodes, never harvested")
    cores, banks, ports = plural(tensix.cores, "core"), plural(dram.banks, "bank"), plural(dram.ports, "port")
    add_row(table, " tensix", f"{grid(tensix.grid)} = {cores}, L1 {_bytes(tensix.l1_bytes)} each")
    add_row(table, " DRAM", f"{banks} of {_bytes(dram.bank_bytes)}, {ports} each")
    add_row(table, " eth", f"{plural(eth.channels, 'channel')}, L1 {_bytes(eth.l1_bytes)} each")
    types = columns("type", ">cores", "~NOC0")
    for core_type, coords in answer.cores.items():
        if coords:
            add_row(types, f" {core_type}", len(coords), " ".join(f"{x}-{y}" for x, y in coords))
    return [source_line(answer.source), Text(""), table, Text(""), types]


def _bytes(number: int) -> str:
    return f"{count(number)} bytes ({size(number)})"


def soc_csv(answer: SocAnswer) -> CsvRows:
    """A row per core: type, index in descriptor order, NOC0 x and y."""
    rows = (
        (core_type, index, x, y)
        for core_type, coords in answer.cores.items()
        for index, (x, y) in enumerate(coords)
    )
    return ("type", "index", "noc0_x", "noc0_y"), rows
