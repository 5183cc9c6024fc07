"""``ttinspect telemetry``."""

import sys
import time
from collections.abc import Callable
from typing import Annotated

from ttinspect.answers.telemetry import TelemetryAnswer, build_telemetry
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
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, places_of, processes_of
from ttinspect.cli.streams import write_out
from ttinspect.cli.terminal import Watched, watched_on
from ttinspect.cli.watching import CountOption, WatchOption, in_place, repeat
from ttinspect.errors import ExitCode, InspectError, most_important
from ttinspect.gathering.regions import Places, Scanner
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import Opened, begins_as_recording, kind_of
from ttinspect.verify.findings.use import Uses, uses_of
from ttinspect.verify.naming import select_chips


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    seconds: WatchOption = None,
    count: CountOption = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(COMMON_FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Clocks, power, temperatures, firmware, DRAM training, eth links; null where a tag is missing.

    Whether an eth link is up is told by firmware from 20.0 on; topology shows the links that discovery found
    with any. Watched, a heartbeat is called still when it did not move for 1.5 seconds, and a chip that does
    not answer is looked for again after 30 seconds, then 60, then every 120.

    \b
    Examples:
      ttinspect telemetry
      ttinspect telemetry --watch 0.5 --count 20 --json
      tt-smi -s | ttinspect telemetry --from -
    """
    common = Common.of(
        "telemetry", COMMON_FORMATS, source, devices, format_, json, output, timeout, verbose, quiet
    )
    places = places_of(common, shm_dir, procfs)
    if seconds is None and count is None:
        opened = common.open_all(ask=Ask.TELEMETRY)
        system = select_chips(opened.system, list(common.devices))
        _write(common, build_telemetry(system, processes_of(opened, places)))
        return exit_code(system)
    kind = kind_of(common.source)
    if kind in ("umd", "sim"):
        return _watch_live(common, places, kind, seconds, count)
    if begins_as_recording(common.source):
        return _replay(common, places, seconds, count)
    if common.source == "-" and count != 1:
        raise InspectError("--watch with --from -", "standard input holds one document", "name a file")
    if kind in ("sysfs", "host"):
        from ttinspect.sources.sysfs_watching import SysfsWatcher

        watcher = SysfsWatcher(common.source.partition(":")[2], host=kind == "host")
        return _repeat(
            common, places, seconds, count, lambda: select_chips(watcher.read(), list(common.devices))
        )
    return _repeat(common, places, seconds, count, lambda: common.open(ask=Ask.READING))


def _replay(common: Common, places: Places, seconds: float | None, count: int | None) -> int:
    """All moments of a recording, one after the other; on a terminal at their own pace, or --watch's."""
    from ttinspect.sources.recording import pause_seconds, recorded_source, replay

    code, before, scanner = ExitCode.DONE, None, Scanner(places)
    uses: Uses = {}
    paced = common.format == "table" and sys.stdout.isatty()
    with watched_on(in_place(common, seconds, count), "telemetry of a recording") as screen:
        for number, moment in enumerate(replay(common.source), 1):
            if before is not None and paced:
                time.sleep(pause_seconds(before, moment) if seconds is None else seconds)
            before = moment
            system = select_chips(recorded_source(moment, common.source), list(common.devices))
            case = processes_of(Opened(system=system, snapshot=moment), places, scanner)
            if common.format == "yaml":
                write_out("---\n", machine=True)
            uses = {} if case is None else uses_of(case, uses)
            _write(common, build_telemetry(system, case, uses), first=number == 1, screen=screen)
            code = most_important(code, exit_code(system))
            if number == count:
                break
    return code


def _write(
    common: Common, answer: TelemetryAnswer, *, first: bool = True, screen: Watched | None = None
) -> None:
    writers = {"table": lambda: _table(answer, common), "csv": lambda: _csv(answer, first)}
    emit(common, answer, writers, screen=screen)


def _table(answer: TelemetryAnswer, common: Common) -> str:
    from ttinspect.report.telemetry import telemetry_table

    return to_table(telemetry_table(answer), common)


def _csv(answer: TelemetryAnswer, first: bool) -> str:
    from ttinspect.report.telemetry import telemetry_csv

    text = to_csv(*telemetry_csv(answer))
    return text if first else text.partition("\n")[2]


def _watch_live(common: Common, places: Places, kind: str, seconds: float | None, count: int | None) -> int:
    """Readings of live devices, through one child that stays open."""
    from ttinspect.sources.umd.watching import Watcher

    options = LiveOptions(timeout_seconds=common.timeout_seconds)

    def choose(system: System) -> System:
        return select_chips(system, list(common.devices))

    try:
        with Watcher(kind, common.source.partition(":")[2], options, choose) as watcher:
            placed, begun = in_place(common, seconds, count), False

            def read() -> System:
                nonlocal begun
                if placed and begun:
                    options.progress = None  # the screen has a clock, and no room for it
                    return watcher.read()
                with common.telling() as options.progress:
                    system = watcher.read()
                begun = True
                return system

            return _repeat(common, places, seconds, count, read)
    finally:
        common.show(options.log)


def _repeat(
    common: Common, places: Places, seconds: float | None, count: int | None, read: Callable[[], System]
) -> int:
    """Write readings one after the other. The exit code is the worst of all; the header of CSV is written
    once."""
    worst: ExitCode | None = None
    scanner = Scanner(places)
    uses: Uses = {}

    def once(screen: Watched | None) -> int:
        nonlocal worst, uses
        system = read()
        code, first = exit_code(system), worst is None
        worst = code if worst is None else most_important(worst, code)
        case = processes_of(Opened(system=system), places, scanner)
        uses = {} if case is None else uses_of(case, uses)
        _write(common, build_telemetry(system, case, uses), first=first, screen=screen)
        return worst

    return repeat(common, "telemetry", seconds, count, once)
