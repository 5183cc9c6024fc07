"""``ttinspect memory``."""

from typing import Annotated

import typer

from ttinspect.answers.memory import build_memory, memory_exit_code
from ttinspect.cli.opened import (
    AllocatorOption,
    DispatchOption,
    L1SmallOption,
    RuntimeOption,
    TraceRegionOption,
    note_unused,
    opened,
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
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.cli.terminal import Watched
from ttinspect.cli.watching import CountOption, WatchOption, repeat
from ttinspect.errors import most_important
from ttinspect.gathering.regions import Scanner, gather
from ttinspect.verify.verify import matched


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    runtime: RuntimeOption = None,
    dispatch: DispatchOption = None,
    l1_small: L1SmallOption = None,
    trace_region: TraceRegionOption = None,
    allocator: AllocatorOption = None,
    watch: WatchOption = None,
    count: CountOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="the decoded regions, field by field")] = False,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(COMMON_FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Used of total L1 and DRAM per chip and process, from what tt-metal publishes.

    Nothing is judged: ttinspect verify-shm tells whether the figures can be believed. What is allocatable
    depends on how the workload opened the device: say it with --runtime, --dispatch, --l1-small and
    --trace-region, or let its allocator say it with --allocator; every line names by what it divides.

    \b
    Examples:
      ttinspect memory
      ttinspect memory --from cluster_descriptor.yaml --shm-dir /mnt/container/dev/shm
      ttinspect memory --dispatch slow --l1-small 32K
      ttinspect memory --watch 2
      ttinspect memory --raw --json | jq '.raw[].region.header'
    """
    common = Common.of(
        "memory", COMMON_FORMATS, source, devices, format_, json, output, timeout, verbose, quiet
    )
    settings, statistics = opened(runtime, dispatch, l1_small, trace_region, allocator)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places)
    scanner = Scanner(places)

    def once(screen: Watched | None) -> int:
        case = gather(host, places, settings=settings, allocator=statistics, personal=True, scanner=scanner)
        verified = matched(case)
        note_unused(common, statistics, verified.unpaired)
        answer = build_memory(case, verified, raw=raw)

        def table() -> str:
            from ttinspect.report.memory import memory_table

            return to_table(memory_table(answer), common)

        def csv() -> str:
            from ttinspect.report.memory import memory_csv

            return to_csv(*memory_csv(answer))

        emit(common, answer, {"table": table, "csv": csv}, screen=screen)
        return most_important(exit_code(host.system), memory_exit_code(case))

    return repeat(common, "memory", watch, count, once)
