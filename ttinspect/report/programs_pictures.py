"""The pictures of ``programs`` as text: L1 over the operations, and the cores of the peak program."""

from collections.abc import Iterator

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.programs import Capture, Operation, Peak
from ttinspect.report.units import count, steps

MOST_COLUMNS = 60
_ROWS = 12
_WIDEST_COLUMN = 4
_SHADES = "#=+-."
"""The most first; what holds nothing is a blank."""


class Column(msgspec.Struct, frozen=True):
    """One operation, or several beside each other that are drawn as one: the most that tensors and
    programs hold. None where that is not known of any of them."""

    first: int
    last: int
    tensors: int | None
    programs: int | None
    runs: bool
    failed: bool


def timeline(operations: tuple[Operation, ...], most: int) -> list[Column]:
    """The operations in at most so many columns."""
    each = -(-len(operations) // most) if operations else 1
    groups = [operations[start : start + each] for start in range(0, len(operations), each)]
    return [_column(group) for group in groups]


def _column(group: tuple[Operation, ...]) -> Column:
    running = [one for one in group if one.programs]
    tensors = [one.l1_peak_bytes for one in group if one.l1_peak_bytes is not None]
    programs = [operation.program_bytes for operation in running if operation.program_bytes is not None]
    return Column(
        first=group[0].index,
        last=group[-1].index,
        tensors=max(tensors) if len(tensors) == len(group) else None,
        programs=max(programs, default=0) if len(programs) == len(running) else None,
        runs=bool(running),
        failed=any(one.error is not None or not one.completed for one in group),
    )


def timeline_picture(capture: Capture) -> Iterator[RenderableType]:
    """Tensors from above, programs from below, a column or more for each operation."""
    if capture.bank_bytes is None or capture.l1_base_bytes is None or not capture.operations:
        return
    drawn = timeline(capture.operations, MOST_COLUMNS)
    width = max(1, min(_WIDEST_COLUMN, MOST_COLUMNS // len(drawn)))
    lines = [[" "] * len(drawn) for _ in range(_ROWS)]
    for place, column in enumerate(drawn):
        _fill(lines, place, column, capture.bank_bytes)
    top, base = count(capture.l1_base_bytes + capture.bank_bytes), count(capture.l1_base_bytes)
    margin = max(len(top), len(base))
    labels = {0: top, _ROWS - 1: base}
    picture = Text("\n", no_wrap=True, end="")
    for number, line in enumerate(lines):
        label = labels.get(number, "").rjust(margin)
        picture.append(f" {label} |{''.join(sign * width for sign in line)}|\n")
    last = f"{capture.operations[-1].index}"
    ruler = "0" + last.rjust(len(drawn) * width - 1) if len(drawn) * width > len(last) else "0"
    picture.append(f" {' ' * margin}  {ruler}\n")
    yield picture
    yield Text(" T tensors, from above   P programs, from l1_base   ? not known   X failed")


def _fill(lines: list[list[str]], place: int, column: Column, bank_bytes: int) -> None:
    if column.programs is None and column.runs:
        lines[_ROWS - 1][place] = "?"
    for step in range(steps(column.programs or 0, bank_bytes, _ROWS)):
        lines[_ROWS - 1 - step][place] = "P"
    if column.tensors is None:
        lines[0][place] = "?"
    for step in range(steps(column.tensors or 0, bank_bytes, _ROWS)):
        lines[step][place] = "T"
    if column.failed:
        lines[_ROWS // 2][place] = "X"


def shades(peak: Peak) -> list[tuple[str, int, int]]:
    """Each shade with the bytes that it stands for, from and to: one for each amount where there are few."""
    amounts = sorted({core.bytes for core in peak.cores}, reverse=True)
    each = -(-len(amounts) // len(_SHADES)) if amounts else 1
    groups = [amounts[start : start + each] for start in range(0, len(amounts), each)]
    return [(sign, group[-1], group[0]) for sign, group in zip(_SHADES, groups, strict=False)]


def core_picture(capture: Capture) -> Iterator[RenderableType]:
    """The cores of the program with the most on one core, shaded by what it holds on them."""
    cores = capture.peak.cores
    if not cores or capture.peak.program is None:
        return
    legend = shades(capture.peak)
    signs = {
        core.xy: next(sign for sign, least, most in legend if least <= core.bytes <= most) for core in cores
    }
    wide, high = max(x for x, _ in signs) + 1, max(y for _, y in signs) + 1
    picture = Text(f"\n program {capture.peak.program} on logical cores, x\n", no_wrap=True, end="")
    picture.append("  y  " + "".join(f"{x:>2} " for x in range(wide)))
    for y in range(high):
        cells = "".join(f"{signs.get((x, y), ' '):>2} " for x in range(wide))
        picture.append(f"\n{y:>3}  {cells}".rstrip())
    picture.append("\n")
    yield picture
    text = "   ".join(
        f"{sign} {count(most)}" if least == most else f"{sign} {count(least)} to {count(most)}"
        for sign, least, most in legend
    )
    yield Text(f" bytes: {text}")
