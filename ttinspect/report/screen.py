"""The terminal: width, colour, and text that cannot do harm."""

import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import zip_longest

import msgspec
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

GLUE = "\u00a0"
"""A blank at which no line is broken; it leaves ``render`` as an ordinary one."""

_LEAST_FOLDED_WIDTH = 10
_HARMFUL_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where text goes: columns, and whether it may hold colour."""

    width: int
    color: bool


def harmless(text: str) -> str:
    """Text from outside with control and formatting characters as escapes (``\\x1b``)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if unicodedata.category(char) not in _HARMFUL_CATEGORIES
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def glued(text: str) -> str:
    """Text that stays on one line."""
    return text.replace(" ", GLUE)


def render(parts: Iterable[RenderableType], screen: Screen) -> str:
    """Renderables one below the other as text, without trailing blanks."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=screen.width,
        force_terminal=screen.color,
        color_system="standard" if screen.color else None,
        no_color=not screen.color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in buffer.getvalue().replace(GLUE, " ").split("\n"))


def columns(*specs: str, header: bool = True, widths: Sequence[int] = ()) -> Table:
    """A plain table. A spec is a heading, ">" before it aligns right, "~" lets it fold; widths are the
    least of the first columns, for tables that stand below one another."""
    table = Table(box=None, show_header=header, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
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


def row(table: Table, *cells: object) -> None:
    """Add a row of plain text; what comes from outside is made harmless."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(harmless(str(cell))) for cell in cells))
