"""Asking again without what keeps tt_umd from discovering anything.

tt-umd 0.9.14 discovers all chips or none. Although it is told to ignore every failure, one remote chip
that does not start makes it raise, and for a chip whose firmware hangs it waits 300 s. Both hide the
chips that are well; so they are discovered without the bad one, which is named.
"""

import os
import re
import time

import msgspec

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.log import FIRMWARE
from ttinspect.sources.umd.parent import DISCOVERING, Progress, Session, ask

WITHOUT_REMOTE = "without-remote"
_FIRMWARE_WAIT_SECONDS = 300.0
_LEAST_SECONDS = 0.5
_DEVICE = re.compile(r"ARC firmware on device (\d+)")


class Way(msgspec.Struct, frozen=True):
    """How the chips that are well can be asked: the child's arguments, and the devices that tt_umd may see
    (TT_VISIBLE_DEVICES), if not all."""

    arguments: tuple[str, ...]
    visible: str | None = None


def ask_persistently(
    arguments: list[str], timeout_seconds: float, progress: Progress | None = None
) -> tuple[Session, Way]:
    """What ``ask`` says, or what it says without bad chips when those would hide the others; and how to
    ask like that again. All attempts together take no longer than the timeout."""
    search = _Search(arguments, timeout_seconds, progress)
    first = search.first
    way: Way | None = search.whole
    while way is not None and hides_others(search.last) and search.seconds_left() > _LEAST_SECONDS:
        way = search.next_way()
        if way is not None:
            search.attempt(way)
        elif search.last.late:  # nothing is to be seen without the bad chips: give them all the time
            search.lost.clear()
            search.attempt(search.whole, patient=True)
    return search.outcome(first)


def patience_seconds(timeout_seconds: float) -> float | None:
    """How long to wait for the firmware of one chip; None where tt_umd gives up by itself in time."""
    return timeout_seconds / 5 if timeout_seconds < _FIRMWARE_WAIT_SECONDS else None


class _Search:
    """Attempts, until one is not kept from seeing chips. ``lost`` are devices to do without, and why."""

    def __init__(self, arguments: list[str], timeout_seconds: float, progress: Progress | None) -> None:
        self.whole = Way(arguments=tuple(arguments))
        self.lost: dict[int, str] = {}
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        self._progress = progress
        self._sessions: list[Session] = []
        self.first = self.attempt(self.whole)

    def attempt(self, way: Way, *, patient: bool = False) -> Session:
        """Ask this way; the session is the last one from now on."""
        patience = None if patient else patience_seconds(self._timeout_seconds)
        session = ask(
            list(way.arguments),
            self.seconds_left(),
            self._progress,
            patience_seconds=patience,
            visible=way.visible,
        )
        self.way, self.last = way, session
        self._sessions.append(session)
        return session

    def seconds_left(self) -> float:
        """Until the deadline of all attempts together."""
        return max(self._deadline - time.monotonic(), 0.0)

    def next_way(self) -> Way | None:
        """Without remote chips, where there can be any; else without the devices that are to blame, and
        with remote chips again. Which devices tt_umd sees can be chosen on a host only, and not where the
        user has chosen them."""
        if WITHOUT_REMOTE not in self.way.arguments and self._remote_chips_are_possible():
            return Way(arguments=(*self.whole.arguments, WITHOUT_REMOTE), visible=self.way.visible)
        if os.environ.get(VISIBLE_DEVICES) or not self._blame():
            return None
        visible = ",".join(
            bdf for number, bdf in _host(self.first).kmd_devices.items() if number not in self.lost
        )
        return Way(arguments=self.whole.arguments, visible=visible) if visible else None

    def _remote_chips_are_possible(self) -> bool:
        archs = _host(self.first).kmd_archs.values()
        return not archs or "wormhole_b0" in archs

    def _blame(self) -> bool:
        """Add to ``lost``: the device that tt_umd waits for, or those that fail when they are alone."""
        devices = {n: bdf for n, bdf in _host(self.first).kmd_devices.items() if n not in self.lost}
        waited = _DEVICE.search(self.last.death or "")
        if waited is not None:
            guilty = {int(waited[1]): self.last.death or ""}
        elif len(devices) > 1:
            guilty = {number: why for number, bdf in devices.items() if (why := self._why_alone(bdf))}
        else:
            guilty = {}
        found = {number: why for number, why in guilty.items() if number in devices}
        self.lost.update(found)
        return bool(found)

    def _why_alone(self, bdf: str) -> str | None:
        if self.seconds_left() <= _LEAST_SECONDS:
            return None
        alone = self.attempt(Way(arguments=(*self.whole.arguments, WITHOUT_REMOTE), visible=bdf))
        return None if _has_chips(alone) else _why(alone)

    def outcome(self, first: Session) -> tuple[Session, Way]:
        """The last session, if it saw chips, with what was left out; else the first."""
        last, before = self.last, self._sessions[:-1]
        if not before:
            return first, self.whole
        if hides_others(last) or not _has_chips(last):
            first.log += "".join(session.log for session in self._sessions[1:])
            if first.late:
                first.late_after(self._timeout_seconds)
            return first, self.whole
        last.earlier_log = "".join(session.log for session in before)
        last.lines = [*_as_before(first, last), *_left_out(first, last, self.lost)]
        if WITHOUT_REMOTE in self.way.arguments:
            last.trouble = f"any that are reached over eth are left out, because {_why(first)}"
        return last, self.way


def hides_others(session: Session) -> bool:
    """Whether one chip may have kept tt_umd from discovering the others. A crash counts on a host of
    several devices only, where it can be found out which one makes tt_umd crash."""
    if session.stage() != DISCOVERING:
        return False
    if any(isinstance(line, wire.Failed) for line in session.lines):
        return True
    if session.death is None:
        return False
    return FIRMWARE in session.death if session.late else len(_host(session).kmd_devices) > 1


def _has_chips(session: Session) -> bool:
    return any(isinstance(line, wire.ChipFacts) for line in session.lines)


def _why(session: Session) -> str:
    failed = next((line.why for line in session.lines if isinstance(line, wire.Failed)), None)
    if failed:
        return f"tt_umd failed ({failed})"
    return f"tt_umd {'hung' if session.late else 'died'}: {session.death}"


def _host(session: Session) -> wire.HostFacts:
    nothing = wire.HostFacts(kmd_version=None, kmd_devices={})
    return next((line for line in session.lines if isinstance(line, wire.HostFacts)), nothing)


def _as_before(first: Session, last: Session) -> list[wire.Line]:
    """Everything last said, with the kernel driver's devices as they were before some were hidden."""
    host = [line for line in first.lines if isinstance(line, wire.HostFacts)]
    return [*host, *(line for line in last.lines if not isinstance(line, wire.HostFacts))]


def _left_out(first: Session, last: Session, lost: dict[int, str]) -> list[wire.Line]:
    """A chip of which nothing is known but where it is, for each device that was left out."""
    known = [line.id for line in last.lines if isinstance(line, wire.ChipFacts)]
    host = _host(first)
    return [
        wire.ChipFacts(
            id=max(known) + at, arch=host.kmd_archs.get(number), kmd_id=number, error=why,
            pci_bdf=host.kmd_devices[number], mmio=True, via=None, bus_id=None, pcie_lanes=None,
            board=None, board_id=None, unique_id=None, asic_location=None,
            masks=None, noc_translation=None, tags={}, firmware=None, cores=None,
        )
        for at, (number, why) in enumerate(lost.items(), 1)
    ]  # fmt: skip
