"""``harvest`` as SVG: one NOC grid per group of equal chips, below one another."""

from xml.sax.saxutils import escape, quoteattr

from ttinspect.answers.harvest import HarvestAnswer
from ttinspect.model.arch import CoreType
from ttinspect.model.grid import CoreState
from ttinspect.model.picture import PictureGroup, PictureNode
from ttinspect.report.common import source_line
from ttinspect.report.picture import glyph, title

_CELL = 26
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
    "text{font-family:monospace;font-size:12px;text-anchor:middle;dominant-baseline:central;fill:#222}"
    ".name{text-anchor:start;font-weight:bold}.lost{fill:#fff;stroke:#b03030;stroke-dasharray:3 2}"
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
            body.append(_text(_LEFT + column * _CELL + _CELL // 2, y - 10, label))
        for line, (label, nodes) in enumerate(zip(picture.y_labels, picture.rows, strict=True)):
            top = y + line * _CELL
            body.append(_text(_LEFT - 16, top + _CELL // 2, label))
            body += [
                _node(node, _LEFT + column * _CELL, top)
                for column, node in enumerate(nodes)
                if node is not None
            ]
        width = max(width, _LEFT + len(picture.x_labels) * _CELL + _GAP)
        y += len(picture.rows) * _CELL + _TOP
    name = quoteattr(source_line(answer.source).plain)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'role="img" aria-label={name}>\n<style>{_STYLE}</style>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _text(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>' if text else ""


def _node(node: PictureNode, x: int, y: int) -> str:
    size = _CELL - 2
    if node.state is CoreState.LIVE:
        look = f'class="cell" fill="{_FILL[node.core_type]}"'
    else:
        look = 'class="lost"' if node.state is CoreState.HARVESTED else 'class="unknown"'
    name = f"{node.core_type.value}, {node.state.value}"
    return (
        f'<g><title>{name}</title><rect x="{x + 1}" y="{y + 1}" width="{size}" height="{size}" {look}/>'
        f"{_text(x + _CELL // 2, y + _CELL // 2, glyph(node))}</g>"
    )
