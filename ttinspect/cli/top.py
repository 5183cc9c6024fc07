"""``ttinspect top``."""

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from typing import Annotated

from ttinspect.answers.top import TopView, build_top
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
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import begins_as_recording
from ttinspect.verify.findings.use import Uses, uses_of
from ttinspect.verify.naming import select_chips
from ttinspect.verify.verify import Verified, verify

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
    from ttinspect.cli.terminal import on_a_terminal_that_may_go
    from ttinspect.cli.top_app import TopApp, pages_of

    if begins_as_recording(common.source):
        app = TopApp(pages_of(_played(common)), interval, recorded=True)
        with on_a_terminal_that_may_go():
            return app.run() or app.return_code or ExitCode.DONE
    options = LiveOptions(timeout_seconds=common.timeout_seconds, ask=Ask.READING)
    places = places_of(common, shm_dir, procfs)
    with watch(common.source, options, common.devices) as read, on_a_terminal_that_may_go():
        screen = _Screen(Looking(places, read, personal=True), places)
        app = TopApp(screen.look, interval, save=screen.save)
        code = app.run()
    common.show(options.log)
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
        self._verified: Verified | None = None
        self._chips: tuple[int, ...] = ()

    def look(self) -> TopView:
        """The next moment."""
        look = self._looking.look()
        self._system = look.system
        case, uses = self._looking.judged(look)
        chips = tuple(chip.id for chip in case.shown)
        if look.is_fresh or self._verified is None or chips != self._chips:
            # the regions are as they were until they are read again
            self._verified, self._chips = verify(case), chips
        return build_top(case, uses, self._verified)

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
