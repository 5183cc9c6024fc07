"""``ttinspect list``, which ttinspect alone is too."""

from ttinspect.answers.listing import build_list
from ttinspect.answers.memory import memory_exit_code
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.cli.regions import Procfs, ShmDir, open_host, places_of
from ttinspect.errors import most_important
from ttinspect.gathering.regions import gather
from ttinspect.sources.live import Ask


@command()
def run(common: Common, *, shm_dir: ShmDir = None, procfs: Procfs = None) -> int:
    """One row per chip: names, board, grid, L1 and DRAM used of physical, temperature.

    \b
    Examples:
      ttinspect
      ttinspect list --from cluster_descriptor.yaml
      ttinspect list --json | jq '.devices[].unique_id'
    """
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.READING, without_chips=False)
    case = gather(host, places)
    answer = build_list(case)

    def table() -> str:
        from ttinspect.report.listing import list_table

        return to_table(list_table(answer), common)

    def csv() -> str:
        from ttinspect.report.listing import list_csv

        return to_csv(*list_csv(answer))

    emit(common, answer, {"table": table, "csv": csv})
    return most_important(exit_code(host.system), memory_exit_code(case))
