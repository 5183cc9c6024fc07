"""Pictures of NOC grids: as text, two side by side where they fit, and as SVG."""

from xml.sax.saxutils import escape, quoteattr

from rich.columns import Columns
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.harvest import HarvestAnswer
from ttinspect.model.arch import CoreType
from ttinspect.model.grid import CoreState
from ttinspect.model.picture import Picture, PictureGroup, PictureNode
from ttinspect.report.common import source_line
from ttinspect.report.screen import glued
from ttinspect.report.units import chips_named

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
_CELL = 3
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
    return [Text(""), Columns(drawn, padding=(0, 3)), _legend(groups)]


def title(group: PictureGroup) -> str:
    """Which chips a picture is of."""
    return chips_named(group.chips)


def _drawing(group: PictureGroup, labels: str) -> Text:
    picture = group.picture
    text = Text(f" {title(group)}   {labels} x\n", no_wrap=True, end="")
    text.append("  y  " + "".join(label.rjust(_CELL - 1) + " " for label in picture.x_labels))
    for label, nodes in zip(picture.y_labels, picture.rows, strict=True):
        text.append(f"\n{label.rjust(3)}  ")
        for node in nodes:
            text.append(glyph(node).rjust(_CELL - 1) + " ", style=_STYLES[node.state] if node else "")
    text.append("\n")
    return text


def _legend(groups: tuple[PictureGroup, ...]) -> Text:
    return Text(" " + " ".join(glued(f"{glyph(node)} {_meaning(node)} ") for node in _kinds(groups)))


def _kinds(groups: tuple[PictureGroup, ...]) -> list[PictureNode]:
    """One node of each kind in the pictures, in a fixed order."""
    picture_nodes: dict[str, PictureNode] = {}
    for group in groups:
        for node in _nodes(group.picture):
            picture_nodes.setdefault(glyph(node), node)
    return [
        picture_nodes[sign]
        for sign in (*_LIVE.values(), *_HARVESTED.values(), _UNKNOWN)
        if sign in picture_nodes
    ]


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
        body.append(f'<text class="name" x="8" y="{y - 26}">{escape(f"{title(group)}   {labels} x")}</text>')
        picture = group.picture
        for column, label in enumerate(picture.x_labels):
            body.append(_text(_LEFT + column * _CELL_PIXELS + _CELL_PIXELS // 2, y - 10, label))
        for line, (label, nodes) in enumerate(zip(picture.y_labels, picture.rows, strict=True)):
            top = y + line * _CELL_PIXELS
            body.append(_text(_LEFT - 16, top + _CELL_PIXELS // 2, label))
            body += [
                _node(node, _LEFT + column * _CELL_PIXELS, top)
                for column, node in enumerate(nodes)
                if node is not None
            ]
        width = max(width, _LEFT + len(picture.x_labels) * _CELL_PIXELS + _GAP)
        y += len(picture.rows) * _CELL_PIXELS + _TOP
    where = source_line(answer.source).plain
    name = quoteattr(where)
    y -= _TOP - _GAP
    for node in _kinds(drawings):
        body.append(_node(node, _GAP, y))
        body.append(f'<text class="foot" x="{_GAP + 34}" y="{y + 17}">{_meaning(node)}</text>')
        y += _CELL_PIXELS
    y += _LINE_PIXELS
    words = f"{_boards(answer, drawings)}{where}"
    body.append(f'<text class="foot" x="8" y="{y}">{escape(words)}</text>')
    width, y = max(width, 16 + len(words) * _LETTER_PIXELS), y + _LINE_PIXELS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'role="img" aria-label={name}>\n<style>{_STYLE}</style>\n' + "\n".join(body) + "\n</svg>\n"
    )


_LETTER_PIXELS, _LINE_PIXELS = 7, 16


def _boards(answer: HarvestAnswer, groups: tuple[PictureGroup, ...]) -> str:
    """ "n300, board id 0100014411703043. " where all shown chips are of one board."""
    shown = {chip for group in groups for chip in group.chips}
    devices = [device for device in answer.devices if device.id in shown]
    boards = {device.board.value if device.board else device.arch.value for device in devices}
    serials = {device.serial for device in devices if device.serial is not None}
    text = ", ".join(sorted(boards))
    return f"{text}, serial {serials.pop()}. " if len(serials) == 1 else f"{text}. "


def _text(x: int, y: int, text: str) -> str:
    """A text with its middle at a point: by dy, since librsvg knows no baselines."""
    return f'<text x="{x}" y="{y}" dy=".35em">{escape(text)}</text>' if text else ""


def _node(node: PictureNode, x: int, y: int) -> str:
    size = _CELL_PIXELS - 2
    if node.state is CoreState.LIVE:
        look = f'class="cell" fill="{_FILL[node.core_type]}"'
    else:
        look = 'class="lost"' if node.state is CoreState.HARVESTED else 'class="unknown"'
    name = f"{node.core_type.value}, {node.state.value}"
    letter = glyph(node).strip(_LIVE[CoreType.TENSIX])  # the fill says it, a hundred dots would be noise
    return (
        f'<g><title>{name}</title><rect x="{x + 1}" y="{y + 1}" width="{size}" height="{size}" {look}/>'
        f"{_text(x + _CELL_PIXELS // 2, y + _CELL_PIXELS // 2, letter)}</g>"
    )
