"""``ttinspect programs``."""

from typing import Annotated

import typer

from ttinspect.answers.programs import build_programs, programs_exit_code
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    JsonOption,
    OutputOption,
    QuietOption,
    TimeoutOption,
    VerboseOption,
    format_option,
    size_option,
)
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.sources.graphs.opening import read_captures

FORMATS = (*COMMON_FORMATS, "svg")


def run(
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
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
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
    common = Common.of("programs", FORMATS, None, None, format_, json, output, timeout, verbose, quiet)
    recorded = [capture for file in files for capture in read_captures(file)]
    others = [capture for file in dry or () for capture in read_captures(file)]
    answer = build_programs(recorded, others, min_headroom_bytes=min_headroom)
    code = programs_exit_code(answer)

    def table() -> str:
        from ttinspect.report.programs import programs_table

        return to_table(programs_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.programs import programs_csv

        return to_csv(*programs_csv(answer))

    def svg() -> str:
        from ttinspect.report.programs import programs_svg

        return programs_svg(answer)

    emit(common, answer, {"table": table, "csv": csv, "svg": svg})
    return code
