"""The reports of ``harvest``: table, csv, Markdown; report/picture.py draws the grids."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.harvest import HarvestAnswer, HarvestDevice, ProductSummary
from ttinspect.facts.boards import with_article
from ttinspect.model.arch import Axis, CoreType
from ttinspect.model.grid import CoordAnswer, CoreAt, OtherCore, TypeCores
from ttinspect.model.picture import PictureGroup
from ttinspect.report.common import findings_table, grouped, shared_rows, source_line
from ttinspect.report.markdown import escape, findings_markdown, markdown_table
from ttinspect.report.picture import pictures
from ttinspect.report.screen import columns, row, rows
from ttinspect.report.units import UNKNOWN, chips_named, grid, of, reach

_MASKS = ("tensix", "dram", "eth", "pcie", "l2cpu")


def harvest_table(
    answer: HarvestAnswer, drawings: tuple[PictureGroup, ...], labels: str
) -> list[RenderableType]:
    """The answer for a terminal: a row per chip, pictures, findings, the summary last."""
    parts: list[RenderableType] = [source_line(answer.source), Text("")]
    table = columns(
        ">id", "board", "link", "tensix grid", "cores", "~harvested (NOC0)", "dram", "eth", "mask"
    )
    for cells in shared_rows([(device.id, summary_cells(device)[1:]) for device in answer.devices]):
        row(table, *cells)
    parts.append(table)
    if answer.common_grid is not None:
        parts.append(Text(f" common grid of the mesh: {grid(answer.common_grid)}"))
    assumed = assumed_words(answer)
    if assumed:
        parts.append(Text(f" assumed, because the source does not say: {assumed}"))
    if any(device.at is not msgspec.UNSET for device in answer.devices):
        parts += _cores_at_table(answer)
    if any(device.cores is not msgspec.UNSET for device in answer.devices):
        parts += _cores_table(answer)
    checked = [device.id for device in answer.devices if device.checked]
    if checked:
        which = "" if len(checked) == len(answer.devices) else f" of {chips_named(checked)}"
        parts.append(Text(f" grid and coordinates{which} checked against tt_umd's live SoC descriptor"))
    if drawings:
        parts += pictures(drawings, labels)
    parts += findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    if answer.products:
        parts.append(Text(""))
        parts += [Text(product_sentence(product)) for product in answer.products]
    return parts


SUMMARY = ("id", "board", "link", "tensix grid", "cores", "harvested (NOC0)", "dram", "eth", "mask")
_SPECS = {"id": ">id", "harvested (NOC0)": "~harvested (NOC0)"}


def summary_cells(device: HarvestDevice) -> tuple[object, ...]:
    """The row of a chip, under SUMMARY."""
    return (
        device.id,
        device.board.value if device.board else "-",
        reach(device.mmio, device.via),
        grid(device.tensix.grid),
        of(device.tensix.active, device.tensix.full_grid[0] * device.tensix.full_grid[1]),
        harvested_lines(device),
        of(device.dram.active, device.dram.banks),
        of(device.eth.active, device.eth.channels),
        mask(device.masks.tensix, device),
    )


def harvested_lines(device: HarvestDevice) -> str:
    """ "rows y=1, 8", "none" or "unknown"."""
    lines = device.tensix.harvested_noc0
    if lines is None:
        return UNKNOWN
    if not lines:
        return "none"
    word, letter = ("row", "y") if device.tensix.axis is Axis.ROW else ("column", "x")
    return f"{word}{'s' if len(lines) > 1 else ''} {letter}={', '.join(map(str, lines))}"


def mask(value: int | None, device: HarvestDevice) -> str:
    """A tensix mask with as many hex digits as its axis needs."""
    if value is None:
        return UNKNOWN
    width, height = device.tensix.full_grid
    digits = 3 if (height if device.tensix.axis is Axis.ROW else width) <= 12 else 4
    return f"0x{value:0{digits}x}"


def assumed_words(answer: HarvestAnswer) -> str:
    """What was assumed for any of the chips, with its value where all agree."""
    names = list(dict.fromkeys(name for device in answer.devices for name in device.assumed))
    words = []
    for name in names:
        values = {_assumed_value(device, name) for device in answer.devices if name in device.assumed}
        words.append(f"{name}={values.pop()}" if len(values) == 1 else name)
    return ", ".join(words)


def _assumed_value(device: HarvestDevice, name: str) -> str:
    if name in _MASKS:
        return f"{getattr(device.masks, name):#x}"
    if name == "noc_translation":
        return "on" if device.noc_translation else "off"
    return str(getattr(device, name))


def product_sentence(product: ProductSummary) -> str:
    """ "2 of 2 chips are what an n300 should be (2 rows harvested each)."; of those that can be judged."""
    what = f"what {with_article(product.board)} should be"
    if not product.judged:
        who = "the chip is" if product.chips == 1 else f"the {product.chips} chips are"
        return f"Whether {who} {what} cannot be told."
    one = product.as_expected == product.judged == 1
    noun, verb = ("chip", "is") if one else ("chips", "are")
    text = f"{product.as_expected} of {product.judged} {noun} {verb} {what}"
    more = f", {product.undecided} more cannot be told" if product.undecided else ""
    if product.differing:
        return f"{text}{more}: {_named(product)} (TTH001)."
    lines, before = product.harvested_tensix_lines, product.unharvested_before
    unit = f"{product.axis.value}{'' if lines == 1 else 's'}"
    each = "" if product.judged == 1 else " each"
    tolerated = "" if before is None else f", or none with firmware before {before}"
    return f"{text} ({lines} {unit} harvested{each}{tolerated}){more}."


def _named(product: ProductSummary) -> str:
    """ "tensix columns and DRAM banks differ"."""
    units = {
        "arch": "the architecture",
        "tensix": f"tensix {product.axis.value}s",
        "dram": "DRAM banks",
        "eth": "eth channels",
    }
    *most, last = (units[name] for name in product.differing)
    return f"{', '.join(most)}{' and ' if most else ''}{last} differ{'s' if last == units['arch'] else ''}"


def coordinate(answer: CoordAnswer) -> str:
    """A coordinate as "1-2", "TENSIX 1-2" where another type answers, "-" where there is none."""
    if answer is None:
        return "-"
    if isinstance(answer, OtherCore):
        return f"{answer.type} {answer.xy[0]}-{answer.xy[1]}"
    return f"{answer[0]}-{answer[1]}"


CORE_COLUMNS = ("id", "type", "state", "noc0", "noc1", "translated", "logical")


def core_rows(answer: HarvestAnswer) -> Iterator[tuple[str, ...]]:
    """One row per core of --cores: chip, type, state and every coordinate."""
    for device in answer.devices:
        if not isinstance(device.cores, dict):
            continue
        for core_type, cores in device.cores.items():
            if cores is None:
                yield (str(device.id), core_type, UNKNOWN, "-", "-", "-", "-")
                continue
            yield from _type_rows(str(device.id), core_type, cores)


def _type_rows(chip: str, core_type: str, cores: TypeCores) -> Iterator[tuple[str, ...]]:
    def cell(answers: tuple[CoordAnswer, ...] | None, index: int) -> str:
        return UNKNOWN if answers is None else coordinate(answers[index])

    for index, noc0 in enumerate(cores.noc0):
        yield (
            chip,
            core_type,
            "live",
            coordinate(noc0),
            cell(cores.noc1, index),
            cell(cores.translated, index),
            cell(cores.logical, index),
        )
    lost = cores.harvested
    for index, noc0 in enumerate(lost.noc0):
        translated = cell(lost.translated, index)
        yield (chip, core_type, "harvested", coordinate(noc0), cell(lost.noc1, index), translated, "-")


def _cores_table(answer: HarvestAnswer) -> list[RenderableType]:
    table = columns(*(f">{name}" if name == "id" else name for name in CORE_COLUMNS))
    rows(table, core_rows(answer))
    return [Text(""), table]


def _cores_at_table(answer: HarvestAnswer) -> list[RenderableType]:
    table = columns(">id", "type", "state", "noc0", "noc1", "translated", "logical")
    for device in answer.devices:
        for core in device.at or ():
            row(table, device.id, *_core_at_cells(core))
    return [Text(""), table]


def _core_at_cells(core: CoreAt) -> tuple[str, ...]:
    name = "router" if core.type is CoreType.ROUTER_ONLY else core.type.value
    return (
        name,
        core.state.value,
        *(coordinate(c) for c in (core.noc0, core.noc1, core.translated, core.logical)),
    )


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
