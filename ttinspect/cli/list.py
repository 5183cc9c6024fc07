"""``ttinspect list``, which ttinspect alone is too."""

from typing import Annotated

import msgspec
import typer

from ttinspect.answers.listing import ListAnswer, build_list, free_devices
from ttinspect.answers.memory import memory_exit_code
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
from ttinspect.cli.output import emit, exit_code, note, to_csv, to_table, write
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.errors import most_important
from ttinspect.gathering.regions import gather
from ttinspect.report.units import chips_named
from ttinspect.sources.live import Ask
from ttinspect.verify.case import Case
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
    free: Annotated[
        bool,
        typer.Option("--free", help="only the devices that nobody holds; reserves nothing, opens none"),
    ] = False,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(COMMON_FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """One row per chip: names, board, grid, L1 and DRAM used of all, temperature, who holds it.

    All is what a chip has; with --runtime, --dispatch, --l1-small, --trace-region or --allocator, which say
    how the workload opened it, it is what is allocatable. The line above the table says which.

    --free prints the devices that nobody holds as TT_VISIBLE_DEVICES takes them (numbers, or bus addresses
    where tt_umd numbers devices in another way than the driver), and reserves none of them: somebody else can
    take one a moment later. Exit code 0: there are some, 10: every device is held, 11: it is not known of
    some, and none is known to be free. Without --from it opens no device (host).

    \b
    Examples:
      ttinspect
      free=$(ttinspect list --free) && TT_VISIBLE_DEVICES=$free python3 train.py
      ttinspect list --from cluster_descriptor.yaml
      ttinspect list --json | jq '.devices[].unique_id'
    """
    common = Common.of(
        "list", COMMON_FORMATS, source, devices, format_, json, output, timeout, verbose, quiet, free=free
    )
    settings, statistics = opened(runtime, dispatch, l1_small, trace_region, allocator)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.READING, without_chips=False)
    case = gather(host, places, settings=settings, allocator=statistics, personal=True)
    verified = matched(case)
    answer = build_list(case, verified)
    if free:
        return _write_free(common, case, answer)
    note_unused(common, statistics, verified.unpaired)
    says_how_opened = (runtime, dispatch, l1_small, trace_region, allocator) != (None,) * 5

    def table() -> str:
        from ttinspect.report.list import list_table

        return to_table(list_table(answer, of_allocatable=says_how_opened), common)

    def csv() -> str:
        from ttinspect.report.list import list_csv

        return to_csv(*list_csv(answer))

    emit(common, answer, {"table": table, "csv": csv})
    return most_important(exit_code(host.system), memory_exit_code(case))


def _write_free(common: Common, case: Case, answer: ListAnswer) -> int:
    """The bare devices, one line; with JSON and others the whole answer."""
    free = free_devices(case, answer)
    if common.format == "table":
        write(f"{free.visible}\n" if free.numbers else "", common.output)
    else:

        def csv() -> str:
            return to_csv(("kmd_id", "pci_bdf"), zip(free.numbers, free.addresses, strict=True))

        whole = msgspec.structs.replace(answer, free=free.numbers, visible_devices=free.visible)
        emit(common, whole, {"csv": csv})
    if not free.numbers and free.undecided:
        note(common, f"no device is known to be free; {chips_named(free.undecided)}: {free.why}")
    elif not free.numbers:
        note(common, "every device is held; ttinspect list says by whom")
    if free.not_opened:
        note(common, f"this user may not open /dev/tenstorrent/{', '.join(map(str, free.not_opened))}")
    return free.exit_code
