"""The rooms of the package, and who may import whom."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import ttinspect

PACKAGE = Path(ttinspect.__file__).parent
ROOMS = (
    "errors", "model", "facts", "harvesting", "capacity", "shm", "host", "sources", "verify", "fleet", "gathering",
    "answers", "report", "cli",
)  # fmt: skip
"""Each room may import those before it, never those after."""
EXCEPTIONS = {("model/arch.py", "facts")}
"""The Board type is made from boards.yaml, which facts/ reads."""
ROOMS_WITH_IO = {"facts", "shm", "host", "sources", "gathering", "cli"}
OUTSIDE = {"__init__", "__main__", "reasons", "ttnn_stats"}
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
LONGEST_FILE = 600


def _room(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


@functools.cache
def _nodes(module: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse((PACKAGE / module).read_text())))


@functools.cache
def _imports(module: Path) -> set[str]:
    imported = set()
    for node in _nodes(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    return imported


def test_a_room_imports_only_those_above_it() -> None:
    astray = {}
    for module in MODULES:
        if (room := _room(module)) in OUTSIDE:
            continue
        allowed = {*ROOMS[: ROOMS.index(room) + 1], "__version__"}
        allowed |= {lower for name, lower in EXCEPTIONS if name == module.as_posix()}
        ours = {name.split(".")[1] for name in _imports(module) if name.startswith("ttinspect.")}
        astray[str(module)] = ours - allowed
    assert [module for module, rooms in astray.items() if rooms] == [], astray


_DOES_IO = {"os", "pathlib", "subprocess", "socket", "shutil", "tempfile", "psutil", "mmap"}


def test_io_happens_at_the_edge_only() -> None:
    does_io = []
    for module in MODULES:
        if _room(module) in ROOMS_WITH_IO | OUTSIDE:
            continue
        calls = {
            node.func.id
            for node in _nodes(module)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        imported = {name.split(".")[0] for name in _imports(module)}
        does_io += [
            f"{module}: {name}"
            for name in sorted(imported & _DOES_IO | calls & {"open", "print", "input", "exec", "eval"})
        ]
    assert does_io == []


def test_no_arithmetic_in_cli_and_report_but_in_units() -> None:
    divisions = [
        f"{module}:{node.lineno}"
        for module in MODULES
        if _room(module) in ("cli", "report") and module.name != "units.py"
        for node in _nodes(module)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if not (isinstance(node.left, ast.Name | ast.Call) and "path" in ast.dump(node.left).lower())
    ]
    assert divisions == []


def test_what_a_version_of_a_region_means_is_said_by_its_layout_alone() -> None:
    compared = [
        f"{module}:{node.lineno}"
        for module in MODULES
        if _room(module) not in {"shm", "sources", "facts", "host"} | OUTSIDE
        for node in _nodes(module)
        if isinstance(node, ast.Compare)
        if any(ast.unparse(side).split(".")[-1] == "version" for side in (node.left, *node.comparators))
        if any(isinstance(side, ast.Constant) and side.value for side in (node.left, *node.comparators))
    ]
    assert compared == []


def test_modules_are_small() -> None:
    lengths = {str(module): len((PACKAGE / module).read_text().splitlines()) for module in MODULES}
    assert {module: lines for module, lines in lengths.items() if lines > LONGEST_FILE} == {}


_HEAVY = ("rich", "psutil", "tt_umd", "numpy", "asyncio", "pydantic")


def _imported_by(arguments: list[str]) -> set[str]:
    script = (
        "import sys; from ttinspect.cli.main import main; code = main(sys.argv[1:]);"
        "print('\\n'.join(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in done.stderr.splitlines()}


def test_version_imports_the_cli_library_alone() -> None:
    assert not _imported_by(["--version"]) & {*_HEAVY, "yaml", "msgspec"}


@pytest.mark.parametrize("command", ["harvest", "capacity"])
def test_json_from_an_offline_source_imports_neither_rich_nor_tt_umd(command: str) -> None:
    assert not _imported_by([command, "--from", "board:n300", "--json"]) & set(_HEAVY)


def test_tables_do_not_import_tt_umd() -> None:
    assert "tt_umd" not in _imported_by(["harvest", "--from", "board:n300"])


def test_the_scanner_knows_the_options_of_every_command() -> None:
    """It comes before the CLI library: what it believes of an option, every command must have declared."""
    import importlib

    import typer

    from ttinspect.cli import scanner
    from ttinspect.cli.commands import COMMANDS

    takes, repeatable, short = set(), set(), {"h": "--help", "V": "--version"}
    switches = {"--help", "--version"}
    for command in COMMANDS:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command()(importlib.import_module(f"ttinspect.cli.{command.replace('-', '_')}").run)
        for option in typer.main.get_command(app).params:
            if option.param_type_name != "option":
                continue
            names = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
            short |= {name[1:]: names[0] for name in option.opts if not name.startswith("--")}
            if getattr(option, "is_flag", False):
                switches |= set(names)
            else:
                takes |= set(names)
                repeatable |= set(names) if option.multiple else set()
    assert takes == scanner.VALUE_OPTIONS | {scanner.WATCH}
    assert repeatable == scanner.REPEATABLE
    assert short == scanner.SHORT_OPTIONS
    assert not takes & switches, "an option takes a value in every command that has it, or in none"
