"""Readings of sysfs again and again."""

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.pulse import Pulse, silent
from ttinspect.sources.sysfs import read_sysfs


class SysfsWatcher:
    """Readings of the devices below a root."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._pulse = Pulse()
        self._system: System | None = None

    def read(self) -> System:
        """The next reading. Devices that are all gone, as in a reset, cost one reading: those that are known
        are shown without telemetry.

        Raises:
            InspectError: as read_sysfs, when no devices were ever seen.
        """
        try:
            system = read_sysfs(self._root, LiveOptions(ask=Ask.READING))
        except InspectError as error:
            if self._system is None or error.exit_code not in (ExitCode.NO_DEVICES, ExitCode.UMD_FAILED):
                raise
            self._pulse.forget()
            return silent(self._system, f"{error.what}: {error.why}")
        chips = tuple(self._pulse.felt(chip, live=system.source.live) for chip in system.chips)
        self._system = msgspec.structs.replace(system, chips=chips)
        return self._system
