"""Options: a command shows its own where it is defined, and each is declared in one place."""

import ast
import importlib
import inspect
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.options import Common
from ttinspect.cli.parsers import parser_of

CLI = Path(__file__).resolve().parents[2] / "ttinspect" / "cli"

MEAN_DIFFERENT_THINGS = {
    "--output": 3,  # a file for an answer with formats, a file for one text, the folder of collect
    "--json": 2,  # schema writes nothing else
}
"""How often options are declared that go by one name and are not the same."""

GIVEN = {
    "--from": "board:p150",
    "--device": "0",
    "--json": None,
    "--output": "/nowhere/answer",
    "--timeout": "7",
    "--verbose": None,
    "--quiet": None,
}
MEANT = {
    "source": "board:p150",
    "devices": ["0"],
    "json": True,
    "output": "/nowhere/answer",
    "timeout": 7.0,
    "verbose": True,
    "quiet": True,
}
ARGUMENTS = {
    "diff": ["old", "new"],
    "fleet": ["folder"],
    "programs": ["report"],
    "collect": ["--hosts", "glx"],
}
WITHOUT_COMMON_OPTIONS = {"schema", "completion"}


class Parsed(BaseException):
    """What a command made of its command line, before it acts on it."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.arguments = arguments


def module_of(command: str) -> Any:
    return importlib.import_module(f"ttinspect.cli.{command.replace('-', '_')}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_the_options_that_its_function_spells_out(command: str) -> None:
    code = module_of(command).run.__code__
    spelled = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    assert [parameter.name for parameter in parser_of(command).params] == [*spelled]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in WITHOUT_COMMON_OPTIONS])
def test_a_command_hands_on_each_common_option_as_what_it_is(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(*values: Any, **named: Any) -> Common:
        raise Parsed(dict(inspect.signature(Common.of).bind(*values, **named).arguments))

    parser = parser_of(command)
    declared = {name for parameter in parser.params for name in getattr(parameter, "opts", ())}
    given = {name: value for name, value in GIVEN.items() if name in declared}
    words = [word for name, value in given.items() for word in (name, value) if word is not None]
    monkeypatch.setattr(module_of(command), "Common", type("Recorder", (), {"of": staticmethod(of)}))
    with pytest.raises(Parsed) as caught:
        parser.main([*ARGUMENTS.get(command, []), *words], standalone_mode=False)
    arguments = caught.value.arguments
    assert arguments.pop("command") == command
    assert arguments.pop("format_") is None
    formats = arguments.pop("formats")
    free = arguments.pop("free", False)
    assert free is False
    meant = {name: MEANT[name] for name in MEANT if f"--{name}" in given}
    meant["source"] = MEANT["source"] if "--from" in given else None
    meant["devices"] = MEANT["devices"] if "--device" in given else None
    if command == "collect":
        meant["output"] = None  # its --output is a folder of its own
    assert arguments == meant
    (option,) = (parameter for parameter in parser.params if parameter.name == "format_")
    assert option.help == ", ".join(formats), "what --help lists is what is written"


def test_no_option_is_declared_twice() -> None:
    declared: Counter[str] = Counter()
    for path in CLI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called, first = ast.unparse(node.func), node.args[0]
            if called in ("typer.Option", "size_option") and isinstance(first, ast.Constant):
                declared[str(first.value)] += 1
    assert {name: number for name, number in declared.items() if number > 1} == MEAN_DIFFERENT_THINGS
