"""``ttinspect capacity``."""

from typing import Annotated

import typer

from ttinspect.answers.capacity import build_capacity
from ttinspect.capacity.settings import make_settings, parse_grid
from ttinspect.cli.opened import runtimes
from ttinspect.cli.options import Common, command, size_option
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.model.capacity import Dispatch

_ALL = "all"


@command("markdown")
def run(
    common: Common,
    *,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime",
            metavar="NAME",
            help="tt-metal version (0.76), or all, which compares them [default: the newest measured one]",
            autocompletion=lambda: [*runtimes(), _ALL],
        ),
    ] = None,
    dispatch: Annotated[
        Dispatch, typer.Option("--dispatch", help="cores that tt-metal dispatches from")
    ] = Dispatch.AUTO,
    l1_small: Annotated[int, size_option("--l1-small", "L1_SMALL per bank, a multiple of 64 bytes")] = 0,
    trace_region: Annotated[int, size_option("--trace-region", "size of the whole trace region")] = 0,
    l1_base: Annotated[int | None, size_option("--l1-base", "instead of the runtime's")] = None,
    dram_base: Annotated[int | None, size_option("--dram-base", "instead of the runtime's")] = None,
    core_grid: Annotated[
        str | None,
        typer.Option(
            "--core-grid",
            metavar="COLSxROWS",
            help="compute grid that TT_METAL_CORE_GRID_OVERRIDE_TODEPRECATE leaves (7,6 there is 8x7)",
            show_default=False,
        ),
    ] = None,
    show_map: Annotated[bool, typer.Option("--map", help="the map of one core's L1")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="where each constant comes from")] = False,
) -> int:
    """Physical and allocatable L1, DRAM and eth L1, per chip and in total.

    Physical is what the live cores and banks have; allocatable is what tt-metal's allocator
    hands out. The naive number counts every node of the NOC grid and is wrong.

    \b
    Examples:
      ttinspect capacity --from board:n300 --device 0
      ttinspect capacity --from board:p150 --l1-small 32K --trace-region 50000000
      ttinspect capacity --from board:n150 --trace-region 23M --runtime all
      ttinspect capacity --from board:n150 --l1-small 32K --map
      ttinspect capacity --from cluster_descriptor.yaml --json | jq .totals
    """
    settings = make_settings(
        runtime=None if runtime == _ALL else runtime,
        dispatch=dispatch,
        l1_small=l1_small,
        trace_region=trace_region,
        l1_base=l1_base,
        dram_base=dram_base,
        core_grid=None if core_grid is None else parse_grid(core_grid, "--core-grid"),
    )
    system = common.open()
    answer = build_capacity(system, settings, sources=sources, compared=runtime == _ALL, maps=show_map)

    def table() -> str:
        from ttinspect.report.capacity import capacity_table

        return to_table(capacity_table(answer), common)

    def csv() -> str:
        from ttinspect.report.capacity import capacity_csv

        return to_csv(*capacity_csv(answer))

    def markdown() -> str:
        from ttinspect.report.capacity import capacity_markdown

        return capacity_markdown(answer)

    emit(common, answer, {"table": table, "csv": csv, "markdown": markdown})
    return exit_code(system)
