"""The terminal: width, colour, and text that cannot do harm."""

import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import chain, zip_longest
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

GLUE = "\ue000"
"""A blank at which no line is broken; it leaves ``render`` as an ordinary one. A private character:
names from outside that hold it show a blank."""

_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_LEAST_FOLDED_WIDTH = 10
_GAP = 2
_HARMFUL_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where text goes: columns, and whether it may hold colour."""

    width: int
    color: bool


class Fitting(msgspec.Struct, frozen=True):
    """The same content laid out in several ways, the widest first: the first that fits is shown. Each is what
    stands below one another."""

    layouts: tuple[tuple[Any, ...], ...]

    def chosen(self, width: int) -> tuple[RenderableType, ...]:
        """The widest that fits, else the narrowest."""
        fitting = (layout for layout in self.layouts if max(map(_least_width, layout), default=0) <= width)
        return next(fitting, self.layouts[-1])


def harmless(text: str) -> str:
    """Text from outside with control and formatting characters as escapes (``\\x1b``)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char == GLUE or unicodedata.category(char) not in _HARMFUL_CATEGORIES
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def glued(text: str) -> str:
    """Text that stays on one line."""
    return text.replace(" ", GLUE)


def render(parts: "Iterable[RenderableType | Fitting]", screen: Screen) -> str:
    """Renderables one below the other as text, without trailing blanks."""
    buffer = StringIO()
    chosen = (each.chosen(screen.width) if isinstance(each, Fitting) else (each,) for each in parts)
    for part in chain.from_iterable(chosen):
        Console(
            file=buffer,
            width=max(screen.width, _least_width(part)),
            force_terminal=screen.color,
            color_system="standard" if screen.color else None,
            no_color=not screen.color,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        ).print(part)
    return "\n".join(line.rstrip() for line in buffer.getvalue().replace(GLUE, " ").split("\n"))


def frame(text: str, height: int) -> str:
    """Text that stands where the one before it stood, no higher than the terminal; in one piece with what
    clears that one, so that an interrupt leaves one of them whole."""
    lines = text.splitlines()
    most = height - 1
    if len(lines) > most:
        hidden = len(lines) - most + 1
        lines[most - 1 :] = [f" ... {hidden} more lines: enlarge the window, or choose with --device"]
    return _HOME_AND_CLEAR + "\n".join(lines) + "\n"


def _least_width(part: RenderableType) -> int:
    """The columns that a table needs to show every figure whole: a line that is too long for the
    terminal wraps there, a figure that was cut would be another figure."""
    if not isinstance(part, Table):
        return 0
    widths = []
    for column in part.columns:
        cells = [column.header, *column.cells] if part.show_header else [*column.cells]
        lines = (line for cell in cells if isinstance(cell, Text) for line in cell.plain.split("\n"))
        longest = max(map(cell_len, lines), default=0)
        widths.append(max(longest if column.no_wrap else 0, column.min_width or 0) + _GAP)
    return sum(widths) - _GAP


def columns(*specs: str, header: bool = True, widths: Sequence[int] = ()) -> Table:
    """A plain table. A spec is a heading, ">" before it aligns right, "~" lets it fold; widths are the
    least of the first columns, for tables that stand below one another."""
    table = Table(box=None, show_header=header, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for spec, width in zip_longest(specs, widths):
        name = spec.lstrip(">~")
        flags = spec[: len(spec) - len(name)]
        table.add_column(
            Text(name),
            justify="right" if ">" in flags else "left",
            no_wrap="~" not in flags,
            overflow="fold",
            min_width=min(len(name), _LEAST_FOLDED_WIDTH) if "~" in flags else width,
        )
    return table


def indented(first: str, words: str) -> Table:
    """A sentence whose further lines stand below its first word, and not below what leads to it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 0, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    add_row(table, first, words)
    return table


def add_row(table: Table, *cells: object) -> None:
    """Add a row of plain text; what comes from outside is made harmless."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(harmless(str(cell))) for cell in cells))


def add_rows(table: Table, lines: Iterable[Sequence[str]]) -> None:
    """Add rows of plain text, at least one, none of which folds, as one row with a line for each: rich lays
    thousands of them out in a third of the time."""
    cells = zip(*lines, strict=True)
    table.add_row(*(Text("\n".join(map(harmless, cell))) for cell in cells))
