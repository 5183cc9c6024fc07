"""``ttinspect top``."""

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec

from ttinspect.answers.top import JudgedRegions, TopView, build_top, judge_regions
from ttinspect.cli.following import Follower
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
)
from ttinspect.cli.output import to_json, write
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, places_of
from ttinspect.cli.snapshot import take
from ttinspect.cli.watching import IntervalOption
from ttinspect.errors import ExitCode, InspectError, missing_extra
from ttinspect.gathering.regions import Host, Places, gather_published
from ttinspect.gathering.watching import Looking, watch
from ttinspect.model.chip import Chip
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import begins_as_recording
from ttinspect.verify.findings.use import Uses, uses_of
from ttinspect.verify.naming import select_chips

SHORTEST_SECONDS, LONGEST_SECONDS = 0.1, 60.0
_INSTEAD = "ttinspect list shows a table"

FORMATS = ("screen",)


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    interval: IntervalOption = 1.0,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """The machine as it is now, full screen: chips, clocks, power, heat, memory, links, and who holds them.

    It opens no device unless --from umd says so. h shows the keys, q ends it. A recording is played.

    \b
    Examples:
      ttinspect top
      ttinspect top --interval 0.5 --device 0,1
      ttinspect top --from night.jsonl.zst
    """
    common = Common.of("top", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    if importlib.util.find_spec("textual") is None:
        raise missing_extra("top", "textual", "top")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InspectError("top needs a terminal", "its input or output is none", _INSTEAD)
    if os.environ.get("TERM") in (None, "", "dumb"):
        raise InspectError(
            "top needs a terminal that can place text",
            f"TERM is {os.environ.get('TERM') or 'not set'}",
            _INSTEAD,
        )
    if not SHORTEST_SECONDS <= interval <= LONGEST_SECONDS:
        raise InspectError(f"--interval {interval:g}", "it is not 0.1 to 60", "give a number of seconds")
    if begins_as_recording(common.source):
        moments = _played(common)
        return _show(Follower(lambda: next(moments, None), interval), recorded=True)
    options = LiveOptions(timeout_seconds=common.timeout_seconds, ask=Ask.READING)
    places = places_of(common, shm_dir, procfs)
    try:
        with watch(common.source, options, common.devices) as read:
            screen = _Screen(Looking(places, read, personal=True), places)
            return _show(Follower(screen.look, interval), save=screen.save)
    finally:
        common.show(options.log)


def _show(follower: Follower, *, save: Callable[[], str] | None = None, recorded: bool = False) -> int:
    """The screen, until it is left; the exit code.

    Raises:
        InspectError: nothing could be read from the beginning.
    """
    from ttinspect.cli.terminal import on_a_terminal_that_may_go
    from ttinspect.cli.top_app import TopApp

    if follower.refused is not None:  # before the screen is there
        raise follower.refused
    with on_a_terminal_that_may_go():
        app = TopApp(follower, save=save, recorded=recorded)
        code = app.run()
    if app.refused is not None:
        raise app.refused
    return code or app.return_code or ExitCode.DONE


def _played(common: Common) -> Iterator[TopView]:
    """The moments of a recording."""
    from ttinspect.sources.recording import recorded_source, replay

    uses: Uses = {}
    for moment in replay(common.source):
        system = recorded_source(moment, common.source)
        chosen = frozenset(chip.id for chip in select_chips(system, list(common.devices)).chips)
        case = gather_published(Host(system=system, chosen=chosen), moment.published)
        uses = uses_of(case, uses)
        yield build_top(case, uses)


class _Screen:
    """What the screen shows, and saves."""

    def __init__(self, looking: Looking, places: Places) -> None:
        self._looking, self._places = looking, places
        self._system: System | None = None
        self._judged: JudgedRegions | None = None
        self._chips: tuple[Chip, ...] = ()

    def look(self) -> TopView:
        """Read the next moment."""
        look = self._looking.look()
        self._system = look.system
        case, uses = self._looking.judged(look)
        chips = tuple(msgspec.structs.replace(chip, telemetry=None) for chip in case.shown)
        if look.is_fresh or self._judged is None or chips != self._chips:
            self._judged, self._chips = judge_regions(case), chips
        return build_top(case, uses, self._judged)

    def save(self) -> str:
        """Write a snapshot of what was read last into this folder; its name.

        Raises:
            InspectError: 2 or 6 when it cannot be written, 3 before the first reading.
        """
        if self._system is None:
            raise InspectError("no snapshot", "nothing was read yet", "wait for it", ExitCode.NO_DEVICES)
        name = time.strftime("ttinspect-%Y%m%d-%H%M%S.json")
        taken = take(Host(system=self._system, chosen=None), self._places, processes=False)
        write(to_json(taken), name, private=True)
        return name
