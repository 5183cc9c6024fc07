"""``ttinspect capacity``."""

from typing import Annotated

import typer

from ttinspect.answers.capacity import build_capacity
from ttinspect.capacity.settings import make_settings, parse_grid
from ttinspect.cli.opened import (
    DispatchOption,
    DramBaseOption,
    L1BaseOption,
    L1SmallOption,
    TraceRegionOption,
    runtime_option,
)
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.model.capacity import Dispatch

_ALL = "all"

FORMATS = (*COMMON_FORMATS, "markdown")


def run(
    *,
    runtime: Annotated[str | None, runtime_option(f" (0.76), or {_ALL}, which compares them", _ALL)] = None,
    dispatch: DispatchOption = None,
    l1_small: L1SmallOption = None,
    trace_region: TraceRegionOption = None,
    l1_base: L1BaseOption = None,
    dram_base: DramBaseOption = None,
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
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
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
    common = Common.of("capacity", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    settings = make_settings(
        runtime=None if runtime == _ALL else runtime,
        dispatch=dispatch or Dispatch.AUTO,
        l1_small=l1_small or 0,
        trace_region=trace_region or 0,
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
