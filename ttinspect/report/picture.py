"""Pictures of NOC grids, as text: readable in black and white, two side by side where they fit."""

from rich.columns import Columns
from rich.console import RenderableType
from rich.text import Text

from ttinspect.model.arch import CoreType
from ttinspect.model.grid import CoreState
from ttinspect.model.picture import Picture, PictureGroup, PictureNode
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
    seen: dict[str, str] = {}
    for group in groups:
        for node in _nodes(group.picture):
            name = _NAMES.get(node.core_type, node.core_type.value)
            if node.state is CoreState.UNKNOWN:
                name = "live or harvested: unknown"
            elif node.state is CoreState.HARVESTED:
                name = f"harvested {name}"
            seen.setdefault(glyph(node), name)
    order = [*_LIVE.values(), *_HARVESTED.values(), _UNKNOWN]
    return Text(" " + " ".join(glued(f"{sign} {seen[sign]} ") for sign in order if sign in seen))


def _nodes(picture: Picture) -> list[PictureNode]:
    return [node for nodes in picture.rows for node in nodes if node is not None]
