"""``ttinspect verify-shm``."""

from typing import Annotated

import typer

from ttinspect.answers.verify_shm import build_verify_shm, ignored_ids, region_rule_ids, verify_shm_exit_code
from ttinspect.cli.opened import (
    AllocatorOption,
    DispatchOption,
    L1SmallOption,
    RuntimeOption,
    TraceRegionOption,
    opened,
)
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    DevicesOption,
    JsonOption,
    OnelineOption,
    OutputOption,
    QuietOption,
    SourceOption,
    StrictOption,
    TimeoutOption,
    VerboseOption,
    format_option,
    refuse_oneline,
)
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of, refuse_forgotten_example
from ttinspect.errors import InspectError, most_important
from ttinspect.gathering.regions import gather
from ttinspect.shm.sampler import DEFAULT_SAMPLES, DEFAULT_WINDOW_S, Pace

LONGEST_WINDOW_S = 3600.0
MOST_SAMPLES = 100_000

FORMATS = (*COMMON_FORMATS, "junit")


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    runtime: RuntimeOption = None,
    dispatch: DispatchOption = None,
    l1_small: L1SmallOption = None,
    trace_region: TraceRegionOption = None,
    allocator: AllocatorOption = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", help="looks at what does not add up")
    ] = DEFAULT_SAMPLES,
    window: Annotated[
        float, typer.Option("--window", metavar="SECONDS", help="time that the looks are spread over")
    ] = DEFAULT_WINDOW_S,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="ID",
            help="findings that do not count; repeatable",
            autocompletion=region_rule_ids,
        ),
    ] = None,
    strict: StrictOption = False,
    oneline: OnelineOption = False,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Are the memory statistics true that tt-metal publishes in /dev/shm?

    Every region is held against itself, the chip it belongs to, the processes in it and, with
    --allocator, the allocator's own statistics. Nothing is ever written. Exit code 0: passed
    (warnings allowed), 10: failed, 11: could not be decided, 6: no region may be read.

    \b
    Examples:
      ttinspect verify-shm
      ttinspect verify-shm --from cluster_descriptor.yaml --strict --json
      ttinspect verify-shm --runtime 0.78 --dispatch slow --l1-small 32K
      ttinspect verify-shm --allocator allocator.json
      why=$(ttinspect verify-shm --oneline) || scontrol update node=$HOST state=drain reason="$why"
      ttinspect verify-shm --shm-dir /proc/4711/root/dev/shm --procfs /proc/4711/root/proc
    """
    common = Common.of("verify-shm", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    refuse_oneline(common, oneline)
    ignored = ignored_ids(ignore or [])
    pace = _pace(samples, window)
    settings, statistics = opened(runtime, dispatch, l1_small, trace_region, allocator)
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places)
    refuse_forgotten_example(common, "verify-shm", host.system)
    case = gather(host, places, pace=pace, settings=settings, allocator=statistics)
    answer = build_verify_shm(case, ignored)
    code = most_important(exit_code(host.system), verify_shm_exit_code(answer, strict=strict))

    def table() -> str:
        if oneline:
            from ttinspect.report.verify_shm import verify_shm_oneline

            return verify_shm_oneline(answer)
        from ttinspect.report.verify_shm import verify_shm_table

        return to_table(verify_shm_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.verify_shm import verify_shm_csv

        return to_csv(*verify_shm_csv(answer))

    def junit() -> str:
        from ttinspect.report.verify_shm import verify_shm_junit

        return verify_shm_junit(answer)

    emit(common, answer, {"table": table, "csv": csv, "junit": junit})
    return code


def _pace(samples: int, window: float) -> Pace:
    if not 1 <= samples <= MOST_SAMPLES:
        raise InspectError(f"--samples {samples}", f"it is not 1 to {MOST_SAMPLES}", "give a number of looks")
    if not 0 <= window <= LONGEST_WINDOW_S:
        raise InspectError(f"--window {window}", f"it is not 0 to {LONGEST_WINDOW_S:g}", "give seconds")
    return Pace(samples=samples, window_s=window)
