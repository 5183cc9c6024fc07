"""``ttinspect schema``."""

from typing import Annotated

import typer

from ttinspect.answers.schemas import schema_names, schema_of
from ttinspect.cli.options import TextOutputOption, refuse_format_name
from ttinspect.cli.output import write
from ttinspect.errors import ExitCode


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="COMMAND",
            help="a command, error, system or check-file",
            show_default=False,
            autocompletion=schema_names,
        ),
    ],
    output: TextOutputOption = None,
    json: Annotated[bool, typer.Option("--json", "-j", help="always so; accepted for uniformity")] = False,
) -> int:
    """The JSON Schema of a command's output, of a failure (error), the System, or a check file (check-file).

    \b
    Examples:
      ttinspect schema harvest
      ttinspect schema system -o system.schema.json
    """
    import json as text

    del json
    if output is not None:
        refuse_format_name(output)
    write(text.dumps(schema_of(name), indent=2) + "\n", output)
    return ExitCode.DONE
