"""``ttinspect record``."""

import re
import time
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from ttinspect.answers.recording import chip_states
from ttinspect.cli.options import (
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
    size_option,
)
from ttinspect.cli.output import note
from ttinspect.cli.regions import ProcessesOption, ProcfsOption, ShmDirOption, places_of
from ttinspect.cli.streams import write_out
from ttinspect.cli.watching import CountOption, IntervalOption, turns
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.wording import plural
from ttinspect.gathering.recorder import Recorder, RecordingFile
from ttinspect.gathering.watching import Looking, watch
from ttinspect.host.driver import driver_version
from ttinspect.host.identity import host_name, tt_umd_version
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.recording import Beginning, ChipState, Moment
from ttinspect.sources.snapshot import Host as HostName
from ttinspect.sources.snapshot import Versions

SHORTEST_SECONDS, LONGEST_SECONDS = 0.01, 86_400.0
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

FORMATS = ("json",)


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    interval: IntervalOption = 1.0,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration",
            metavar="TIME",
            help="stop after 90, 90s, 10m, 2h, 1d [default: Ctrl-C]",
            show_default=False,
        ),
    ] = None,
    count: CountOption = None,
    processes: ProcessesOption = False,
    max_size: Annotated[
        int | None,
        size_option("--max-size", "begin a new file when this one is larger; the old one is FILE.1"),
    ] = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Telemetry, memory, holders and findings over time, as JSON lines.

    -o FILE is appended to, synced once a second, and compressed where it ends in .zst; a crash costs the last
    line at most. A recording is a source: --from FILE is its last moment, telemetry --watch plays all of it.
    It opens no device by default, and names users and command lines only with --processes.

    \b
    Examples:
      ttinspect record -o night.jsonl.zst --interval 5 --duration 8h
      ttinspect record --interval 0.1 --duration 10s | jq .readings
      ttinspect telemetry --from night.jsonl.zst --watch --json
    """
    common = Common.of("record", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    seconds = None if duration is None else _seconds(duration)
    if not SHORTEST_SECONDS <= interval <= LONGEST_SECONDS:
        raise InspectError(f"--interval {interval:g}", "it is not 0.01 to 86400", "give a number of seconds")
    if max_size is not None and common.output is None:
        raise InspectError(
            "--max-size without --output", "there is no file to begin anew", "name one with -o"
        )
    places = places_of(common, shm_dir, procfs)
    options = LiveOptions(timeout_seconds=common.timeout_seconds, ask=Ask.READING)
    live = common.source.partition(":")[0] in ("umd", "sim", "sysfs", "host")
    recorder = Recorder(
        HostName(name=host_name() if live else None),
        Versions(tt_umd=tt_umd_version() if live else None, driver=driver_version() if live else None),
    )
    if count is not None and count < 1:
        raise InspectError(f"--count {count}", "it is less than 1", "give a number of readings")
    recorded = 0
    try:
        with watch(common.source, options, common.devices) as read:
            looking = Looking(places, read, personal=processes, keep_bytes=True)
            if common.output is None:
                recorded = _pace(interval, seconds, count, lambda: _write(recorder, looking))
            else:
                with RecordingFile(common.output, max_size) as file:
                    lost = _Lost(common)
                    recorded = _pace(interval, seconds, count, lambda: _append(file, recorder, looking, lost))
                    recorded -= lost.moments
                    if file.no_room is not None:  # nobody would know that the end is missing
                        raise file.no_room
    finally:
        common.show(options.log)
    note(common, plural(recorded, "moment"))
    return ExitCode.DONE


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if match is None or seconds <= 0:
        raise InspectError(f"--duration {text}", "it is no time", "for instance 90, 90s, 10m, 2h or 1d")
    return seconds


def _write(recorder: Recorder, looking: Looking) -> None:
    for line in _lines(recorder, looking):
        write_out(f"{msgspec.json.encode(line).decode()}\n", machine=True)


class _Lost:
    """How many moments were lost because there was no room for them."""

    def __init__(self, common: Common) -> None:
        self._common, self._now, self.moments = common, False, 0

    def count(self, *, lost: bool) -> None:
        """One more moment, lost or not, with a note when that changes."""
        self.moments += lost
        if lost is not self._now:
            words = "no room: moments are lost until there is" if lost else "there is room again"
            note(self._common, f"{self._common.output}: {words}")
        self._now = lost


def _append(file: RecordingFile, recorder: Recorder, looking: Looking, lost: _Lost) -> None:
    if file.rotate_if_full():
        recorder.begin_again()
    whole = all(file.append(line) for line in _lines(recorder, looking))
    if not whole:
        recorder.begin_again()
    lost.count(lost=not whole)


def _lines(recorder: Recorder, looking: Looking) -> list[Beginning | Moment]:
    """One reading as lines of the recording; with the regions where they were read again for it."""
    look = looking.look()
    states: tuple[ChipState, ...] = ()
    if look.is_fresh:
        states = chip_states(*looking.judged(look))
    read_ns = look.system.of_host.time_ns
    time_ns = time.time_ns() if read_ns is msgspec.UNSET else read_ns
    return list(recorder.lines(look.system, look.published if look.is_fresh else None, states, time_ns))


def _pace(interval: float, seconds: float | None, most: int | None, step: Callable[[], None]) -> int:
    """Call ``step`` every ``interval`` seconds until the time is over, it was called ``most`` times, or the
    user interrupts. How many calls came to their end."""
    called = 0
    try:
        for number in turns(interval, most, seconds):
            step()
            called = number
    except KeyboardInterrupt:
        pass
    return called
