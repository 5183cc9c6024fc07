"""The map of one core, to scale: as lines, and as a picture."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.model.l1_map import MapPart, Part
from ttinspect.report.common import svg, xml_text
from ttinspect.report.screen import add_row, columns
from ttinspect.report.units import count, shares, size

_NAMES = {
    Part.FIRMWARE: "firmware, config",
    Part.PROGRAMS: "programs",
    Part.FREE: "free",
    Part.BUFFERS: "buffers",
    Part.L1_SMALL: "L1_SMALL",
}
_SIGNS = {Part.FIRMWARE: "x", Part.PROGRAMS: "P", Part.FREE: ".", Part.BUFFERS: "B", Part.L1_SMALL: "s"}
_FILL = {
    Part.FIRMWARE: "#b8b8b8",
    Part.PROGRAMS: "#e8c77d",
    Part.FREE: "#ffffff",
    Part.BUFFERS: "#8fb4d9",
    Part.L1_SMALL: "#c4b1e0",
}
_STYLE = "text{font-family:monospace;font-size:12px;fill:#222;white-space:pre}"
_COLUMNS = 72
_MOST_LINES = 24
_WIDTH, _LEFT, _BAR, _LINE = 760, 20, 46, 20


def l1_map(parts: Sequence[MapPart]) -> list[RenderableType]:
    """One line to scale, and below it each part with its addresses; a bank of many holes has its largest
    parts only."""
    if not parts:
        return []
    bar = "".join(
        _SIGNS[part.what] * width
        for part, width in zip(parts, shares([part.size_bytes for part in parts], _COLUMNS), strict=True)
    )
    table = columns("", ">from", ">to", ">bytes", ">")
    shown = _largest(parts)
    for part in shown:
        add_row(
            table,
            f" {_SIGNS[part.what]} {_NAMES[part.what]}",
            count(part.start),
            count(part.end),
            count(part.size_bytes),
            size(part.size_bytes),
        )
    more = len(parts) - len(shown)
    note = [Text(f" ... and {more} smaller parts (--json has all)")] if more else []
    heading = f"one core, {count(parts[-1].end)} bytes of L1"
    return [Text(""), Text(heading), Text(f" [{bar}]"), table, *note]


def _largest(parts: Sequence[MapPart]) -> list[MapPart]:
    if len(parts) <= _MOST_LINES:
        return list(parts)
    sizes = sorted((part.size_bytes for part in parts), reverse=True)
    return [part for part in parts if part.size_bytes > sizes[_MOST_LINES]]


def l1_map_svg(parts: Sequence[MapPart], title: str) -> str:
    """A standalone SVG document: one bar to scale, a legend with bytes and addresses."""
    widths = shares([part.size_bytes for part in parts], _WIDTH)
    body, x = [], _LEFT
    for part, width in zip(parts, widths, strict=True):
        name = (
            f"{_NAMES[part.what]}: {count(part.size_bytes)} bytes, {count(part.start)} to {count(part.end)}"
        )
        body.append(
            f'<g><title>{xml_text(name)}</title><rect x="{x}" y="40" width="{width}" height="{_BAR}" '
            f'fill="{_FILL[part.what]}" stroke="#555"/></g>'
        )
        x += width
    y = 40 + _BAR + _LINE + 4
    shown = _largest(parts)
    for part in shown:
        text = (
            f"{_NAMES[part.what]:<17}{count(part.start):>10} to {count(part.end):>10}"
            f"{count(part.size_bytes):>12} bytes  {size(part.size_bytes)}"
        )
        body.append(
            f'<rect x="{_LEFT}" y="{y - 10}" width="12" height="12" fill="{_FILL[part.what]}" stroke="#555"/>'
            f'<text x="{_LEFT + 20}" y="{y}">{xml_text(text)}</text>'
        )
        y += _LINE
    if len(shown) < len(parts):
        body.append(f'<text x="{_LEFT}" y="{y}">and {len(parts) - len(shown)} smaller parts</text>')
        y += _LINE
    label = f"L1 of one {title} core" if parts else "the map of a core is not known"
    width = _WIDTH + 2 * _LEFT
    heading = f'<text x="{_LEFT}" y="24">{xml_text(label)}</text>'
    return svg(width, y, label, _STYLE, [heading, *body])
