"""Readings of sysfs again and again."""

import msgspec

from ttinspect.errors import InspectError
from ttinspect.model.system import System
from ttinspect.sources.host import read_host
from ttinspect.sources.live import Ask, LiveOptions, read_here
from ttinspect.sources.pulse import Pulse, silent
from ttinspect.sources.roster import Roster
from ttinspect.sources.sysfs import read_sysfs


class SysfsWatcher:
    """Readings of the devices below a root; of the source ``host`` with what is remembered of them."""

    def __init__(self, root: str, *, host: bool = False) -> None:
        self._root = root
        self._read = read_host if host else read_sysfs
        self._pulse = Pulse()
        self._roster = Roster(numbered=False)
        self._system: System | None = None

    def read(self) -> System:
        """The next reading. A device that is gone, as in a reset, is shown without telemetry; so are all
        where nothing can be read.

        Raises:
            InspectError: as read_sysfs, when no devices were ever seen.
        """
        try:
            system = self._read(self._root, LiveOptions(ask=Ask.READING))
        except InspectError as error:
            if self._system is None:
                raise
            self._pulse.forget()
            return silent(read_here(self._system), f"{error.what}: {error.why}")
        settled = self._roster.settled(system)
        chips = tuple(self._pulse.with_heartbeat(chip, live=system.source.live) for chip in settled.chips)
        self._system = read_here(msgspec.structs.replace(settled, chips=chips))
        return self._system
