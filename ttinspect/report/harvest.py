"""The reports of ``harvest``: table with pictures of the NOC grids, csv, svg, Markdown."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.columns import Columns
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from ttinspect.answers.harvest import HarvestAnswer, HarvestDevice, ProductSummary
from ttinspect.facts.boards import with_article
from ttinspect.model.arch import Axis, CoreType
from ttinspect.model.chip import MASK_NAMES
from ttinspect.model.grid import CoordAnswer, CoreAt, CoreState, OtherCore, TypeCores
from ttinspect.model.picture import Picture, PictureGroup, PictureNode
from ttinspect.report.common import (
    CsvRows,
    findings_markdown,
    findings_table,
    grouped,
    markdown_table,
    markdown_text,
    shared_rows,
    source_line,
    svg,
    xml_text,
)
from ttinspect.report.screen import add_row, add_rows, columns, glued
from ttinspect.report.units import UNKNOWN, chips_named, grid, of, reach


def harvest_table(
    answer: HarvestAnswer, drawings: tuple[PictureGroup, ...], labels: str
) -> list[RenderableType]:
    """The answer for a terminal: a row per chip, pictures, findings, the summary last."""
    parts: list[RenderableType] = [source_line(answer.source), Text("")]
    table = columns(*(_COLUMN_SPECS.get(name, name) for name in SUMMARY), widths=(_ID_WIDTH,))
    for cells in shared_rows([(device.id, summary_cells(device)[1:]) for device in answer.devices]):
        add_row(table, *cells)
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
_COLUMN_SPECS = {"id": ">id", "harvested (NOC0)": "~harvested (NOC0)"}
_ID_WIDTH = 3
"""Of the ids in the first column, with a blank before those of one digit, as in other tables."""


def summary_cells(device: HarvestDevice) -> tuple[object, ...]:
    """The row of a chip, under SUMMARY."""
    return (
        device.id,
        device.board.value if device.board else "-",
        reach(device.mmio, device.via),
        *(
            _short(cell)
            for cell in (
                grid(device.tensix.grid),
                of(device.tensix.active, device.tensix.full_grid[0] * device.tensix.full_grid[1]),
            )
        ),
        harvested_lines(device),
        *(
            _short(cell)
            for cell in (
                of(device.dram.active, device.dram.banks),
                of(device.eth.active, device.eth.channels),
                mask(device.masks.tensix, device),
            )
        ),
    )


def _short(cell: str) -> str:
    """Six times "unknown" is wider than a terminal: one of them says it."""
    return "-" if cell == UNKNOWN else cell


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
    if name in MASK_NAMES:
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
    alone = product.as_expected == product.judged == 1
    noun, verb = ("chip", "is") if alone else ("chips", "are")
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
    add_rows(table, core_rows(answer))
    return [Text(""), table]


def _cores_at_table(answer: HarvestAnswer) -> list[RenderableType]:
    table = columns(*(f">{name}" if name == "id" else name for name in CORE_COLUMNS))
    for device in answer.devices:
        for core in device.at or ():
            add_row(table, device.id, *_core_at_cells(core))
    return [Text(""), table]


def _core_at_cells(core: CoreAt) -> tuple[str, ...]:
    name = "router" if core.type is CoreType.ROUTER_ONLY else core.type.value
    return (
        name,
        core.state.value,
        *(coordinate(c) for c in (core.noc0, core.noc1, core.translated, core.logical)),
    )


_HEADER = (
    "id", "arch", "board", "board_id", "unique_id", "asic_location", "noc_translation",
    "tensix_mask", "dram_mask", "eth_mask", "pcie_mask", "l2cpu_mask", "assumed",
    "tensix_grid_x", "tensix_grid_y", "tensix_active", "tensix_total", "harvested_axis", "harvested_lines",
    "harvested_noc0", "dram_active", "dram_total", "eth_active", "eth_total", "pcie_active", "pcie_total",
    "l2cpu_active", "l2cpu_total", "checked", "findings",
)  # fmt: skip


def harvest_csv(answer: HarvestAnswer) -> CsvRows:
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
    parts = [markdown_text(source_line(answer.source).plain), markdown_table(SUMMARY, rows).rstrip("\n")]
    if answer.common_grid is not None:
        parts.append(f"Common grid of the mesh: {grid(answer.common_grid)}")
    parts += findings_markdown(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )
    parts += [product_sentence(product) for product in answer.products]
    return "\n\n".join(parts) + "\n"


_LIVE = {
    CoreType.TENSIX: ".",
    CoreType.DRAM: "D",
    CoreType.ETH: "E",
    CoreType.PCIE: "P",
    CoreType.L2CPU: "L",
    CoreType.ARC: "A",
    CoreType.ROUTER_ONLY: "r",
    CoreType.SECURITY: "S",
    CoreType.DISPATCH: "X",
}
_HARVESTED = {
    CoreType.TENSIX: "-",
    CoreType.DRAM: "d",
    CoreType.ETH: "e",
    CoreType.PCIE: "p",
    CoreType.L2CPU: "l",
}
_UNKNOWN = "?"
_NAMES = {CoreType.ROUTER_ONLY: "router"}
_STYLES = {CoreState.LIVE: "", CoreState.HARVESTED: "red", CoreState.UNKNOWN: "yellow"}
_CELL_LETTERS = 3
_MARGIN = 5


def glyph(node: PictureNode | None) -> str:
    """The character of a node."""
    if node is None:
        return " "
    if node.state is CoreState.UNKNOWN:
        return _UNKNOWN
    return _HARVESTED[node.core_type] if node.state is CoreState.HARVESTED else _LIVE[node.core_type]


def pictures(groups: tuple[PictureGroup, ...], labels: str) -> list[RenderableType]:
    """All pictures, with one legend below them."""
    drawn = [_drawing(group, labels) for group in groups]
    return [Columns(drawn, padding=(0, 3)), _legend(groups)]


def title(group: PictureGroup) -> str:
    """Which chips a picture is of."""
    return chips_named(group.chips)


def _drawing(group: PictureGroup, labels: str) -> Text:
    picture = group.picture
    text = Text(f"\n {title(group)}   {labels} x\n", no_wrap=True, end="")
    text.append("  y  " + "".join(label.rjust(_CELL_LETTERS - 1) + " " for label in picture.x_labels))
    for label, nodes in zip(picture.y_labels, picture.rows, strict=True):
        text.append(f"\n{label.rjust(3)}  ")
        for node in nodes:
            text.append(glyph(node).rjust(_CELL_LETTERS - 1) + " ", style=_STYLES[node.state] if node else "")
    return text


def _legend(groups: tuple[PictureGroup, ...]) -> Padding:
    words = Text(" ".join(glued(f"{glyph(node)} {_meaning(node)} ") for node in _kinds(groups)))
    return Padding(words, (0, 0, 0, 1))


def _kinds(groups: tuple[PictureGroup, ...]) -> list[PictureNode]:
    """One node of each kind in the pictures, in a fixed order: what is harvested behind what is live."""
    picture_nodes: dict[str, PictureNode] = {}
    for group in groups:
        for node in _nodes(group.picture):
            picture_nodes.setdefault(glyph(node), node)
    signs = [sign for core_type in _LIVE for sign in (_LIVE[core_type], _HARVESTED.get(core_type, ""))]
    return [picture_nodes[sign] for sign in (*signs, _UNKNOWN) if sign in picture_nodes]


def _meaning(node: PictureNode) -> str:
    """What the letter of a node stands for."""
    name = _NAMES.get(node.core_type, node.core_type.value)
    if node.state is CoreState.UNKNOWN:
        return "live or harvested: unknown"
    return f"harvested {name}" if node.state is CoreState.HARVESTED else name


def _nodes(picture: Picture) -> list[PictureNode]:
    return [node for nodes in picture.rows for node in nodes if node is not None]


_CELL_PIXELS = 26
_LEFT = 44
_TOP = 44
_GAP = 16
_FILL = {
    CoreType.TENSIX: "#7fb8a4",
    CoreType.DRAM: "#8fb4d9",
    CoreType.ETH: "#e8c77d",
    CoreType.PCIE: "#d59bc0",
    CoreType.L2CPU: "#c4b1e0",
    CoreType.ARC: "#e79c7d",
    CoreType.ROUTER_ONLY: "#dddddd",
    CoreType.SECURITY: "#b8b894",
    CoreType.DISPATCH: "#9fcbd6",
}
_STYLE = (
    "text{font-family:monospace;font-size:12px;text-anchor:middle;fill:#222}"
    ".name{text-anchor:start;font-weight:bold}.foot{text-anchor:start;font-size:11px}"
    ".lost{fill:#fff;stroke:#b03030;stroke-dasharray:3 2}"
    ".cell{stroke:#555}.unknown{fill:#fff;stroke:#555;stroke-dasharray:1 2}"
)


def harvest_svg(answer: HarvestAnswer, drawings: tuple[PictureGroup, ...], labels: str) -> str:
    """A standalone SVG document."""
    body: list[str] = []
    width, y = 0, _TOP
    for group in drawings:
        body.append(
            f'<text class="name" x="8" y="{y - 26}">{xml_text(f"{title(group)}   {labels} x")}</text>'
        )
        picture = group.picture
        for column, label in enumerate(picture.x_labels):
            body.append(_svg_text(_LEFT + column * _CELL_PIXELS + _CELL_PIXELS // 2, y - 10, label))
        for line, (label, nodes) in enumerate(zip(picture.y_labels, picture.rows, strict=True)):
            top = y + line * _CELL_PIXELS
            body.append(_svg_text(_LEFT - 16, top + _CELL_PIXELS // 2, label))
            body += [
                _svg_node(node, _LEFT + column * _CELL_PIXELS, top)
                for column, node in enumerate(nodes)
                if node is not None
            ]
        width = max(width, _LEFT + len(picture.x_labels) * _CELL_PIXELS + _GAP)
        y += len(picture.rows) * _CELL_PIXELS + _TOP
    where = source_line(answer.source).plain
    y -= _TOP - _GAP
    for node in _kinds(drawings):
        body.append(_svg_node(node, _GAP, y))
        body.append(f'<text class="foot" x="{_GAP + 34}" y="{y + 17}">{_meaning(node)}</text>')
        y += _CELL_PIXELS
    y += _LINE_PIXELS
    words = f"{_boards(answer, drawings)}{where}"
    body.append(f'<text class="foot" x="8" y="{y}">{xml_text(words)}</text>')
    width, y = max(width, 16 + len(words) * _LETTER_PIXELS), y + _LINE_PIXELS
    return svg(width, y, where, _STYLE, body)


_LETTER_PIXELS, _LINE_PIXELS = 7, 16


def _boards(answer: HarvestAnswer, groups: tuple[PictureGroup, ...]) -> str:
    """ "n300, board id 0100014411703043. " where all shown chips are of one board."""
    shown = {chip for group in groups for chip in group.chips}
    devices = [device for device in answer.devices if device.id in shown]
    boards = {device.board.value if device.board else device.arch.value for device in devices}
    serials = {device.serial for device in devices if device.serial is not None}
    text = ", ".join(sorted(boards))
    return f"{text}, serial {serials.pop()}. " if len(serials) == 1 else f"{text}. "


def _svg_text(x: int, y: int, text: str) -> str:
    """A text with its middle at a point: by dy, since librsvg knows no baselines."""
    return f'<text x="{x}" y="{y}" dy=".35em">{xml_text(text)}</text>' if text else ""


def _svg_node(node: PictureNode, x: int, y: int) -> str:
    size = _CELL_PIXELS - 2
    if node.state is CoreState.LIVE:
        look = f'class="cell" fill="{_FILL[node.core_type]}"'
    else:
        look = 'class="lost"' if node.state is CoreState.HARVESTED else 'class="unknown"'
    name = f"{node.core_type.value}, {node.state.value}"
    letter = glyph(node).strip(_LIVE[CoreType.TENSIX])  # the fill says it, a hundred dots would be noise
    return (
        f'<g><title>{name}</title><rect x="{x + 1}" y="{y + 1}" width="{size}" height="{size}" {look}/>'
        f"{_svg_text(x + _CELL_PIXELS // 2, y + _CELL_PIXELS // 2, letter)}</g>"
    )
