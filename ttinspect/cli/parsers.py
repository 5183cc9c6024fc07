"""The parser of a command, as typer makes it from what ``run`` in the command's module declares."""

import importlib
from typing import Any

import typer

_HELP_NAMES = ["--help", "-h"]


def parser_of(command: str) -> Any:
    """The parser of a command; its module is imported."""
    module = importlib.import_module(f"ttinspect.cli.{command.replace('-', '_')}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(context_settings={"help_option_names": _HELP_NAMES, "max_content_width": 100})(module.run)
    return typer.main.get_command(app)
