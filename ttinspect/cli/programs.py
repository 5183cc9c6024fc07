"""``ttinspect programs``."""

from typing import Annotated

import typer

from ttinspect.answers.programs import build_programs, programs_exit_code
from ttinspect.cli.options import Common, command, size_option
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.sources.graphs.opening import read_captures


@command("svg", source=False, devices=False)
def run(
    common: Common,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="graph captures, reports, databases (db.sqlite) of ttnn, folders of them, or -",
        ),
    ],
    *,
    dry: Annotated[
        list[str] | None,
        typer.Option(
            "--dry",
            metavar="FILE",
            help="the same script run in the other mode: joined, the two say everything",
            show_default=False,
        ),
    ] = None,
    min_headroom: Annotated[
        int | None,
        size_option("--min-headroom", "exit 10 when an operation has less, 11 when that is not known"),
    ] = None,
) -> int:
    """What tensors and programs hold of L1 over a model's operations, and how near they come.

    Programs hold circular buffers, dataflow buffers and scratchpads, from l1_base upward; tensors
    grow down from the top. A capture in RunMode.NORMAL leaves most program memory out, one in
    RunMode.NO_DISPATCH (a dry run) has no addresses: --dry joins the two.

    \b
    Examples:
      ttinspect programs report.json --dry dry-report.json
      ttinspect programs generated/ttnn/reports/1234/db.sqlite
      ttinspect programs report.json --min-headroom 64K --json
    """
    recorded = [capture for file in files for capture in read_captures(file)]
    others = [capture for file in dry or () for capture in read_captures(file)]
    answer = build_programs(recorded, others, min_headroom_bytes=min_headroom)
    code = programs_exit_code(answer)

    def table() -> str:
        from ttinspect.report.programs import programs_table

        return to_table(programs_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.programs_files import programs_csv

        return to_csv(*programs_csv(answer))

    def svg() -> str:
        from ttinspect.report.programs_files import programs_svg

        return programs_svg(answer)

    emit(common, answer, {"table": table, "csv": csv, "svg": svg})
    return code
