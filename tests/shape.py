"""make shape: how the house is built, in figures. tests/test_shape.py holds the limits.

A change that needs more raises a limit in its own commit, with the reason beside the number.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "ttinspect"

MODULES = {
    "sources/umd": 14,
    "verify": 32,
    # 20 for the first release; programs, fit, fleet, metrics, collect, top and report have a module since, and so
    # have completion and the man pages, which are made of declarations and not of an answer
    "report": 25,
}
"""The most modules of a room, without ``__init__``."""

LINES = {"sources/umd": 2_356}
"""The most lines of a room, without ``__init__``; 2,100 are aimed at."""

LONGEST_FUNCTION = 90
"""Without its docstring; the longest declare the options of a command."""
VERSION_COMPARISONS = 0
OWN_TEXT_REGEXES = 0

_READS_TEXT = {"match", "fullmatch", "search", "findall", "finditer"}
_OWN_TEXT = re.compile(r"\b(why|message|what|next_step|finding\.message|error\.what|str\(error\))$")


class Room(NamedTuple):
    """A folder of the package, with all that is below it."""

    name: str
    modules: int
    lines: int


def modules(room: str = "") -> list[Path]:
    """The modules of a room, without ``__init__``."""
    return sorted(path for path in (PACKAGE / room).rglob("*.py") if path.name != "__init__.py")


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that a module is made of."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def rooms() -> Iterator[Room]:
    """Every room, and sources/umd, which is a house of its own."""
    names = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py")))
    for name in sorted([*names, "sources/umd"]):
        paths = modules(name)
        yield Room(name, len(paths), sum(len(path.read_text().splitlines()) for path in paths))


def functions() -> Iterator[tuple[int, str]]:
    """Every function with its lines, without its docstring."""
    for path in modules():
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                spoken = (first.end_lineno or 0) - first.lineno + 1 if docstring else 0
                where = f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
                yield (node.end_lineno or 0) - node.lineno + 1 - spoken, where


def version_comparisons() -> Iterator[str]:
    """Where code outside shm/layout.py compares the version of a region with a number."""
    for path in modules():
        if path.relative_to(PACKAGE).as_posix() == "shm/layout.py":
            continue
        for node in nodes(path):
            if not isinstance(node, ast.Compare):
                continue
            sides = [node.left, *node.comparators]
            named = any(isinstance(side, ast.Attribute) and side.attr == "version" for side in sides)
            numbers = any(
                isinstance(part, ast.Constant) and isinstance(part.value, int)
                for side in sides
                for part in ast.walk(side)
            )
            if named and numbers:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}"


def own_text_regexes() -> Iterator[str]:
    """Where a regular expression, or a search for words, reads a sentence that our own code wrote."""
    for path in modules():
        for node in nodes(path):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            reads = node.func.attr in _READS_TEXT and any(
                _OWN_TEXT.search(ast.unparse(arg)) for arg in node.args
            )
            splits = node.func.attr in {"partition", "rpartition", "startswith", "removeprefix"} and (
                _OWN_TEXT.search(ast.unparse(node.func.value))
            )
            if reads or splits:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)[:80]}"


def main() -> None:
    """Print all of it, with the limits."""
    print(f"{'room':<14} {'modules':>8} {'lines':>7}")
    for room in rooms():
        most = [f"at most {MODULES[room.name]} modules"] if room.name in MODULES else []
        most += [f"{LINES[room.name]:,} lines"] if room.name in LINES else []
        print(f"{room.name:<14} {room.modules:>8} {room.lines:>7,}  {', '.join(most)}".rstrip())
    print(f"\nlongest functions (at most {LONGEST_FUNCTION} lines)")
    for length, where in sorted(functions(), reverse=True)[:5]:
        print(f"{length:>5}  {where}")
    for name, places, allowed in (
        (
            "comparisons of SHM versions outside shm/layout.py",
            list(version_comparisons()),
            VERSION_COMPARISONS,
        ),
        ("searches in our own sentences", list(own_text_regexes()), OWN_TEXT_REGEXES),
    ):
        print(f"\n{name}: {len(places)} (at most {allowed})")
        print("".join(f"  {where}\n" for where in places), end="")


if __name__ == "__main__":
    main()
