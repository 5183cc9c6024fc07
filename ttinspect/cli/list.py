"""``ttinspect list``, which ttinspect alone is too."""

from ttinspect.answers.listing import build_list
from ttinspect.answers.memory import memory_exit_code
from ttinspect.cli.opened import (
    AllocatorOption,
    DispatchOption,
    L1SmallOption,
    RuntimeOption,
    TraceOption,
    opened,
)
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.cli.regions import Procfs, ShmDir, open_host, places_of
from ttinspect.errors import most_important
from ttinspect.gathering.regions import gather
from ttinspect.sources.live import Ask


@command()
def run(
    common: Common,
    *,
    shm_dir: ShmDir = None,
    procfs: Procfs = None,
    runtime: RuntimeOption = None,
    dispatch: DispatchOption = None,
    l1_small: L1SmallOption = None,
    trace_region: TraceOption = None,
    allocator: AllocatorOption = None,
) -> int:
    """One row per chip: names, board, grid, L1 and DRAM used of physical, temperature.

    \b
    Examples:
      ttinspect
      ttinspect list --from cluster_descriptor.yaml
      ttinspect list --json | jq '.devices[].unique_id'
    """
    settings, statistics = opened(runtime, dispatch, l1_small, trace_region, allocator)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.READING, without_chips=False)
    case = gather(host, places, settings=settings, allocator=statistics, personal=True)
    answer = build_list(case)

    def table() -> str:
        from ttinspect.report.list import list_table

        return to_table(list_table(answer), common)

    def csv() -> str:
        from ttinspect.report.list import list_csv

        return to_csv(*list_csv(answer))

    emit(common, answer, {"table": table, "csv": csv})
    return most_important(exit_code(host.system), memory_exit_code(case))
