"""``programs`` as CSV and SVG."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from ttinspect.answers.programs import Capture, ProgramsAnswer
from ttinspect.report.common import source_line
from ttinspect.report.programs_pictures import Column, shades, timeline
from ttinspect.report.screen import harmless
from ttinspect.report.units import count, size, steps

_LEFT, _GAP = 96, 46
_WIDTH, _HEIGHT = 720, 260
_CELL = 26
_MOST_COLUMNS = 360
_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222}.name{font-weight:bold}"
    ".axis{text-anchor:end}.frame{fill:#fff;stroke:#555}.tensors{fill:#8fb4d9}.programs{fill:#e79c7d}"
    ".unknown{fill:#ddd}.failed{fill:none;stroke:#b03030;stroke-width:2}.cell{stroke:#555}"
    ".mid{text-anchor:middle}"
)


def programs_csv(answer: ProgramsAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row for each operation, and for each program and device; one for a program that holds nothing."""
    header = (
        "what", "file", "rank", "index", "id", "name", "cache_hit", "complete", "device", "cores",
        "max_per_core", "total", "circular", "dataflow", "scratchpad", "l1_after_bytes", "l1_peak_bytes",
        "program_bytes", "headroom_bytes", "completed", "error",
    )  # fmt: skip
    return header, _csv_rows(answer)


def _csv_rows(answer: ProgramsAnswer) -> Iterator[tuple[object, ...]]:
    for capture in answer.captures:
        for each in capture.operations:
            yield (
                "operation", capture.file, capture.rank, each.index, each.id, each.name, *(None,) * 9,
                each.l1_after_bytes, each.l1_peak_bytes, each.program_bytes, each.headroom_bytes,
                each.completed, each.error,
            )  # fmt: skip
        for program in capture.programs:
            counts = program.records
            for chip in program.chips or (None,):
                held = (
                    (None,) * 4 if chip is None else (chip.device, chip.cores, chip.max_per_core, chip.total)
                )
                yield (
                    "program", capture.file, capture.rank, program.index, None, program.op,
                    program.cache_hit, program.complete, *held, counts.circular, counts.dataflow,
                    counts.scratchpad, *(None,) * 6,
                )  # fmt: skip


def programs_svg(answer: ProgramsAnswer) -> str:
    """A standalone SVG document: for each capture L1 over its operations, and the cores of the peak."""
    body: list[str] = []
    y = 0
    for capture in answer.captures:
        for draw in (_heading, _timeline, _cores):
            lines, height = draw(capture, y)
            body += lines
            y += height
    width = _LEFT + _WIDTH + 20
    name = quoteattr(source_line(answer.source).plain)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'role="img" aria-label={name}>\n<style>{_STYLE}</style>\n' + "\n".join(body) + "\n</svg>\n"
    )


Drawn = tuple[list[str], int]
"""Elements, and how high they are together."""


def _heading(capture: Capture, y: int) -> Drawn:
    joined = "" if capture.dry is None else f" with {capture.dry}"
    rank = "" if capture.rank is None else f", rank {capture.rank}"
    return [_text("name", 8, y + 22, f"{capture.file}{joined}{rank}")], 34


def _timeline(capture: Capture, y: int) -> Drawn:
    """Tensors from above and programs from below, to scale."""
    if capture.bank_bytes is None or capture.l1_base_bytes is None or not capture.operations:
        return [], 0
    drawn = timeline(capture.operations, _MOST_COLUMNS)
    top = y + 26
    lines = [
        _text(
            "", _LEFT, top - 8, "L1 of a bank over the operations: tensors from above, programs from below"
        ),
        f'<rect class="frame" x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}"/>',
        _text("axis", _LEFT - 6, top + 12, count(capture.l1_base_bytes + capture.bank_bytes)),
        _text("axis", _LEFT - 6, top + _HEIGHT, count(capture.l1_base_bytes)),
        _text("", _LEFT, top + _HEIGHT + 16, "operation 0"),
        _text("axis", _LEFT + _WIDTH, top + _HEIGHT + 16, f"{capture.operations[-1].index}"),
    ]
    for place, column in enumerate(drawn):
        left = _LEFT + place * _WIDTH // len(drawn)
        wide = _LEFT + (place + 1) * _WIDTH // len(drawn) - left
        lines.append(_column(capture, column, left, wide, top))
    return lines, 26 + _HEIGHT + _GAP


def _column(capture: Capture, column: Column, left: int, wide: int, top: int) -> str:
    whole = capture.bank_bytes or 0
    tensors = steps(column.tensors or 0, whole, _HEIGHT)
    programs = steps(column.programs or 0, whole, _HEIGHT)
    first, last = capture.operations[column.first], capture.operations[column.last]
    name = f"{first.index} {first.name}" + (f" to {last.index} {last.name}" if last is not first else "")
    held = size(column.programs) if column.runs else "none"
    title = escape(f"{name}: tensors {size(column.tensors)}, programs {held}")
    box = f'x="{left}" width="{max(wide - 1, 1)}"'
    parts = [
        f'<rect class="tensors" {box} y="{top}" height="{tensors}"/>',
        f'<rect class="programs" {box} y="{top + _HEIGHT - programs}" height="{programs}"/>',
    ]
    if column.runs and column.programs is None:
        parts.append(f'<rect class="unknown" {box} y="{top + _HEIGHT - 12}" height="12"/>')
    if column.failed:
        parts.append(f'<rect class="failed" {box} y="{top}" height="{_HEIGHT}"/>')
    return f"<g><title>{title}</title>{''.join(parts)}</g>"


def _cores(capture: Capture, y: int) -> Drawn:
    """The core grid of the program with the most on one core, darker for more."""
    if not capture.peak.cores or capture.peak.program is None:
        return [], 0
    top, most = y + 44, capture.peak.max_per_core or 0
    op = capture.programs[capture.peak.program].op or "-"
    lines = [_text("", 8, y + 16, f"program {capture.peak.program}, {op}: bytes on each logical core")]
    high = max(core.xy[1] for core in capture.peak.cores) + 1
    for x in range(max(core.xy[0] for core in capture.peak.cores) + 1):
        lines.append(_text("mid", _LEFT + x * _CELL + _CELL // 2, top - 6, f"{x}"))
    for row in range(high):
        lines.append(_text("axis", _LEFT - 6, top + row * _CELL + _CELL * 2 // 3, f"{row}"))
    for core in capture.peak.cores:
        x, row = core.xy
        shade = 250 - 17 * steps(core.bytes, most, 10)
        lines.append(
            f'<g><title>{x},{row}: {count(core.bytes)} bytes</title><rect class="cell" '
            f'x="{_LEFT + x * _CELL}" y="{top + row * _CELL}" width="{_CELL - 2}" height="{_CELL - 2}" '
            f'fill="rgb(231,{shade},{shade})"/></g>'
        )
    legend = "   ".join(
        f"{count(most)}" if least == most else f"{count(least)} to {count(most)}"
        for _, least, most in shades(capture.peak)
    )
    lines.append(_text("", _LEFT, top + high * _CELL + 16, f"bytes, the darkest first: {legend}"))
    return lines, 44 + high * _CELL + _GAP


def _text(look: str, x: int, y: int, text: str) -> str:
    named = f'class="{look}" ' if look else ""
    return f'<text {named}x="{x}" y="{y}">{escape(harmless(text))}</text>'
