"""Readings that follow each other: whether heartbeats move, and what is shown when there is no reading."""

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.system import System, Trouble
from ttinspect.sources.umd.lateness import LONGEST_PERIOD_MS, still_seconds

_STILL_NS = round(still_seconds(LONGEST_PERIOD_MS) * 1e9)


class _Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A count of the firmware, since when it is seen, and whether that is long enough to know."""

    count: int
    since_ns: int
    moves: bool | None


class Pulse:
    """The heartbeats of chips, by chip id."""

    def __init__(self) -> None:
        self._beats: dict[int, _Beat] = {}

    def forget(self) -> None:
        """Chips may have other numbers from now on."""
        self._beats.clear()

    def with_heartbeat(self, chip: Chip, *, live: bool = True) -> Chip:
        """The chip with whether its heartbeat moves. Firmware writes its telemetry at least once a second: a
        count that is seen again sooner says nothing. A source that is not live never stands still."""
        now = chip.telemetry
        if now is None or now.heartbeat is None or now.time_ns is None:
            return chip
        beat = self._beats.get(chip.id)
        if beat is None or beat.count != now.heartbeat:
            moves = None if beat is None else True
            beat = _Beat(count=now.heartbeat, since_ns=now.time_ns, moves=moves)
        elif live and now.time_ns - beat.since_ns >= _STILL_NS:
            beat = msgspec.structs.replace(beat, moves=False)
        self._beats[chip.id] = beat
        reading = msgspec.structs.replace(now, heartbeat_moves=beat.moves)
        return msgspec.structs.replace(chip, telemetry=reading)


def silent(system: System, why: str) -> System:
    """The chips without a reading, and why."""
    chips = tuple(msgspec.structs.replace(chip, telemetry=None) for chip in system.chips)
    trouble = Trouble(chip=None, why=f"no chip could be read: {why}", readable=False)
    return msgspec.structs.replace(system, chips=chips, troubles=(*system.troubles, trouble))
