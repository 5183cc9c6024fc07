"""``ttinspect memory``."""

from typing import Annotated

import typer

from ttinspect.answers.memory import build_memory, memory_exit_code
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.cli.regions import Procfs, ShmDir, open_host, places_of
from ttinspect.cli.watching import Count, Watch, in_place, repeat
from ttinspect.errors import most_important
from ttinspect.gathering.regions import gather


@command()
def run(
    common: Common,
    *,
    shm_dir: ShmDir = None,
    procfs: Procfs = None,
    watch: Watch = None,
    count: Count = None,
    raw: Annotated[bool, typer.Option("--raw", help="the decoded regions, field by field")] = False,
) -> int:
    """Used of total L1 and DRAM per chip and process, from what tt-metal publishes.

    Nothing is judged: ttinspect verify-shm tells whether the figures can be believed.

    \b
    Examples:
      ttinspect memory
      ttinspect memory --from cluster_descriptor.yaml --shm-dir /mnt/container/dev/shm
      ttinspect memory --watch 2
      ttinspect memory --raw --json | jq '.raw[].region.header'
    """
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places)

    def once() -> int:
        case = gather(host, places)
        answer = build_memory(case, raw=raw)

        def table() -> str:
            from ttinspect.report.memory import memory_table

            return to_table(memory_table(answer), common)

        def csv() -> str:
            from ttinspect.report.memory import memory_csv

            return to_csv(*memory_csv(answer))

        watched = not (watch is None and count is None)
        emit(common, answer, {"table": table, "csv": csv}, in_place=watched and in_place(common))
        return most_important(exit_code(host.system), memory_exit_code(case))

    return repeat(common, watch, count, once)
