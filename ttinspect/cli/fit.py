"""``ttinspect fit``."""

from typing import TYPE_CHECKING, Annotated

import typer

from ttinspect.answers.fit import build_fit, fit_exit_code
from ttinspect.answers.fit_places import Place, place_of_allocator, places_of_system
from ttinspect.capacity.settings import make_settings
from ttinspect.capacity.tensor_specs import SPELLING, parse_tensor
from ttinspect.cli.opened import (
    AllocatorOption,
    DispatchOption,
    DramBaseOption,
    L1BaseOption,
    L1SmallOption,
    RuntimeOption,
    TraceRegionOption,
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
from ttinspect.errors import ExitCode, InspectError, most_important
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.model.allocator import DispatchMode
from ttinspect.model.capacity import Dispatch

if TYPE_CHECKING:
    from ttinspect.model.allocator import AllocatorStatistics

FORMATS = (*COMMON_FORMATS, "svg")


def run(
    *,
    tensor: Annotated[
        list[str] | None,
        typer.Option("--tensor", metavar="SPEC", help=f"{SPELLING}; repeatable", show_default=False),
    ] = None,
    graph: Annotated[
        list[str] | None,
        typer.Option(
            "--graph",
            metavar="FILE",
            help="capture or report of ttnn whose programs must fit too; a dry run beside what will be "
            "alive then says all",
            show_default=False,
        ),
    ] = None,
    allocator: AllocatorOption = None,
    runtime: RuntimeOption = None,
    dispatch: DispatchOption = None,
    l1_small: L1SmallOption = None,
    trace_region: TraceRegionOption = None,
    l1_base: L1BaseOption = None,
    dram_base: DramBaseOption = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Whether tensors and programs fit, and why not; with the map of one core.

    Each tensor alone, and all of them in their order, as ttnn sizes and places them: on an empty
    chip, or in what an allocator has left. Exit code 0: fits, 10: does not, 11: not known.

    \b
    Examples:
      ttinspect fit --from board:n150 --tensor 1x1x4096x4096,bfloat16,tile,l1
      ttinspect fit --from board:p150 --tensor 1x1x2048x2048,bfloat8_b,tile,l1,block:8x8 --graph dry.json
      ttinspect fit --allocator detailed_memory_usage.csv --tensor 1x1x512x512,float32,tile,l1
    """
    common = Common.of("fit", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    specs = [parse_tensor(text) for text in tensor or ()]
    if not (specs or graph or allocator):
        raise InspectError(
            "nothing to fit", "no tensor and no graph is named", f"name one: --tensor {SPELLING}"
        )
    captures = []
    if graph:
        from ttinspect.sources.graphs.opening import read_captures

        captures = [capture for file in graph for capture in read_captures(file)]
    statistics = None if allocator is None else _statistics(allocator, common)
    of_allocator = None if statistics is None else statistics.runtime
    slow = statistics is not None and statistics.dispatch is DispatchMode.SLOW
    known = {each.name for each in runtime_facts().runtimes}
    settings = make_settings(
        runtime=runtime or (of_allocator if of_allocator in known else None),
        dispatch=dispatch or (Dispatch.SLOW if slow else Dispatch.AUTO),
        l1_small=l1_small or 0,
        trace_region=trace_region or 0,
        l1_base=l1_base,
        dram_base=dram_base,
    )
    system = common.open() if statistics is None or common.source_given else None
    code = ExitCode.DONE if system is None else exit_code(system)
    if statistics is not None and allocator is not None:
        places: tuple[Place, ...] = (place_of_allocator(statistics, allocator, system, settings),)
    else:
        places = () if system is None else places_of_system(system, settings)
    answer = build_fit(places, specs, captures)
    code = most_important(code, fit_exit_code(answer))

    def table() -> str:
        from ttinspect.report.fit import fit_table

        return to_table(fit_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.fit import fit_csv

        return to_csv(*fit_csv(answer))

    def svg() -> str:
        from ttinspect.report.l1_map import l1_map_svg

        return l1_map_svg(answer.map, answer.target.arch.value)

    emit(common, answer, {"table": table, "csv": csv, "svg": svg})
    return code


def _statistics(path: str, common: Common) -> "AllocatorStatistics":
    """The one allocator that is meant, of those that a file tells of."""
    from ttinspect.sources.allocator import read_allocator

    all_statistics = read_allocator(path)
    chosen = [
        statistics
        for statistics in all_statistics
        if not common.devices or {*common.devices} & {*(statistics.devices or ())}
    ]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join("/".join(statistics.devices or ("unknown",)) for statistics in all_statistics)
    raise InspectError(
        f"{path} tells of {len(all_statistics)} allocators",
        f"they are of devices {names}",
        "choose one with --device",
    )
