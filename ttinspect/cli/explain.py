"""``ttinspect explain``."""

from typing import Annotated

import typer

from ttinspect.answers.explain import build_explain
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.errors import ExitCode


@command("markdown")
def run(
    common: Common,
    finding: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="a finding's id, TTH001 for instance", show_default=False),
    ] = None,
) -> int:
    """What a finding means, how it comes about, and what to do; without ID, all of them.

    \b
    Examples:
      ttinspect explain
      ttinspect explain TTH004
      ttinspect explain -o findings.md
    """
    answer = build_explain(finding)

    def table() -> str:
        from ttinspect.report.explain import explain_table

        return to_table(explain_table(answer), common)

    def csv() -> str:
        from ttinspect.report.explain import explain_csv

        return to_csv(*explain_csv(answer))

    def markdown() -> str:
        from ttinspect.report.explain import explain_markdown

        return explain_markdown(answer)

    emit(common, answer, {"table": table, "csv": csv, "markdown": markdown})
    return ExitCode.DONE
