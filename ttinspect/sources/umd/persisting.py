"""Asking again without what keeps tt_umd from discovering anything.

tt-umd 0.9.14 discovers all chips or none. Although it is told to ignore every failure, one remote chip
that does not start makes it raise, and for a chip whose firmware hangs it waits 300 s. Both hide the
chips that are well; so they are discovered without the bad one, which is named: on a host by
TT_VISIBLE_DEVICES, of a simulator by hiding.py.
"""

import os
import re
import time
from collections.abc import Callable, Collection

import msgspec

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.log import FIRMWARE, TRAINING, unhealthy_remote
from ttinspect.sources.umd.numbering import (
    MOST_CHIPS,
    REMOTE_ARCH,
    SINGLY,
    UNTRAINED,
    WITHOUT_REMOTE,
    hidden_argument,
    without_reading,
)
from ttinspect.sources.umd.parent import DISCOVERING, Progress, Session, ask

_FIRMWARE_WAIT_SECONDS = 300.0
_SIMULATOR_SECONDS = 5.0
_LEAST_SECONDS = 0.5
_DEVICE = re.compile(r"ARC firmware on device (\d+)")
_CHIP = re.compile(r"on chip (\d+)")


class Way(msgspec.Struct, frozen=True):
    """How the chips that are well can be asked: the child's arguments, and the devices that tt_umd may see
    (TT_VISIBLE_DEVICES), if not all."""

    arguments: tuple[str, ...]
    visible: str | None = None


def ask_persistently(
    arguments: list[str],
    timeout_seconds: float,
    progress: Progress | None = None,
    *,
    archs: Collection[str],
    first: Session | None = None,
    before: Callable[[], None] = lambda: None,
) -> tuple[Session, Way]:
    """What ``ask`` says, or what it says without bad chips when those would hide the others; and how to
    ask like that again. All attempts together take no longer than the timeout; ``first`` is one that was
    made already, ``archs`` are the architectures that the chips may have; ``before`` is called before each
    attempt."""
    search = _Search(arguments, timeout_seconds, progress, archs, before, first)
    first = search.first
    way: Way | None = search.whole
    while way is not None and search.hides_others() and search.seconds_left() > _LEAST_SECONDS:
        way = search.next_way()
        if way is not None:
            search.attempt(way)
    while search.seconds_left() > _LEAST_SECONDS and search.skip():
        pass
    if first.late and not _has_chips(search.last) and search.seconds_left() > _LEAST_SECONDS:
        # nothing is to be seen without the bad chips: give them all the time
        search.lost.clear()
        search.attempt(search.whole, patient=True)
    return search.outcome(first)


def patience_seconds(timeout_seconds: float, arguments: Collection[str]) -> float | None:
    """How long to wait for the firmware of one chip, which a simulator has at once or never; None where
    tt_umd gives up by itself in time."""
    if timeout_seconds >= _FIRMWARE_WAIT_SECONDS:
        return None
    return min(timeout_seconds / 5, _SIMULATOR_SECONDS if "sim" in arguments else timeout_seconds)


class _Search:
    """Attempts, until one is not kept from seeing chips. ``lost`` are devices to do without, ``skipped``
    chips that are discovered and then left alone, and why."""

    def __init__(
        self,
        arguments: list[str],
        timeout_seconds: float,
        progress: Progress | None,
        archs: Collection[str],
        before: Callable[[], None],
        first: Session | None,
    ) -> None:
        self.whole = Way(arguments=tuple(arguments))
        self._simulated = "sim" in arguments
        self._archs, self._before = archs, before
        self.lost: dict[int, str] = {}
        self.skipped: dict[int, str] = {}
        self.untrained: str | None = None
        self._endpoints = 0
        """How many devices a simulator is known to have."""
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        self._progress = progress
        self._sessions: list[Session] = []
        self.way = self.whole
        self.first = self._made(first) if first is not None else self.attempt(self.whole)

    def attempt(self, way: Way, *, patient: bool = False, alone: bool = False) -> Session:
        """Ask this way; the session is the last one from now on. ``alone``: the others wait."""
        self._before()
        patience = patience_seconds(self._timeout_seconds, way.arguments)
        session = ask(
            list(way.arguments),
            self.seconds_left(),
            self._progress,
            patience_seconds=patience,
            visible=way.visible,
            archs=self._archs,
            others_wait=alone,
            patient=patient,
        )
        self.way = way
        return self._made(session)

    def skip(self) -> bool:
        """Ask the others again without the chip that was being read when the child hung or died; False where
        there is none."""
        chip = self.last.chip_being_read()
        if chip is None or chip in self.skipped or _most_chips(self.last, chip) <= len(self.skipped) + 1:
            return False
        self.skipped[chip] = why_ended(self.last)
        self.attempt(
            msgspec.structs.replace(self.way, arguments=without_reading(self.way.arguments, self.skipped))
        )
        return True

    def hides_others(self) -> bool:
        """Whether the last attempt may have been kept from seeing chips."""
        return hides_others(self.last, simulated=self._simulated)

    def _knows_of_others(self) -> bool:
        """Whether there is more than one chip: read beside the first, or being opened behind it."""
        chips = [line for line in self.last.lines if isinstance(line, wire.ChipFacts)]
        return len(chips) > 1 or "behind chip" in self.last.doing

    def _made(self, session: Session) -> Session:
        self.last = session
        self._sessions.append(session)
        return session

    def seconds_left(self) -> float:
        """Until the deadline of all attempts together."""
        return max(self._deadline - time.monotonic(), 0.0)

    def next_way(self) -> Way | None:
        """Without waiting for links, if that is what it does. Without eth, unless a device is named and no
        chip can be remote: a link can be what is bad. Else without the devices that are to blame, and with
        eth again; not on a host where the user has chosen which devices tt_umd sees. Of several chips with
        which tt_umd died or hung, those that are to blame are looked for first."""
        if TRAINING in (self.last.death or "") and UNTRAINED not in self.way.arguments:
            return self._without_training()
        if self.last.death is not None and self._named() is None:
            return self._without_guilty() or self._without_eth()
        return self._without_eth() or self._without_guilty()

    def _without_training(self) -> Way:
        self.untrained = self.last.waiting_for.removeprefix("; it was waiting for ")
        arguments = (*self.whole.arguments, UNTRAINED)
        self.whole = msgspec.structs.replace(self.whole, arguments=arguments)
        return msgspec.structs.replace(self.way, arguments=(*self.way.arguments, UNTRAINED))

    def _without_eth(self) -> Way | None:
        remote = self._remote_chips_are_possible()
        if WITHOUT_REMOTE in self.way.arguments or not (remote or self._named() is None):
            return None
        if self._endpoints == 1 and not remote:
            return None  # there is no other chip
        arguments = (*self.way.arguments, WITHOUT_REMOTE, *((SINGLY,) if remote else ()))
        return msgspec.structs.replace(self.way, arguments=arguments)

    def _without_guilty(self) -> Way | None:
        if os.environ.get(VISIBLE_DEVICES) and not self._simulated:
            return None
        guilty = {number: why for number, why in self._guilty().items() if number in self._devices()}
        self.lost.update(guilty)
        return self._seeing(self._devices()) if guilty and self._devices() else None

    def _devices(self) -> list[int]:
        """The devices that are not lost: N of /dev/tenstorrent/N; of a simulator all that there can be."""
        all_of_them = range(MOST_CHIPS) if self._simulated else _host(self.first).kmd_devices
        return [number for number in all_of_them if number not in self.lost]

    def _seeing(self, devices: list[int]) -> Way:
        if self._simulated:
            hidden = hidden_argument(set(range(MOST_CHIPS)).difference(devices))
            return Way(arguments=(*self.whole.arguments, hidden))
        bdfs = _host(self.first).kmd_devices
        return Way(arguments=self.whole.arguments, visible=",".join(bdfs[number] for number in devices))

    def _remote_chips_are_possible(self) -> bool:
        archs = {line.arch for line in self.first.lines if isinstance(line, wire.ArchFound)}
        archs.update(_host(self.first).kmd_archs.values())
        return REMOTE_ARCH in (archs or self._archs)

    def _named(self) -> int | None:
        """The device that tt_umd itself names."""
        found = (_CHIP if self._simulated else _DEVICE).search(why_ended(self.last))
        return int(found[1]) if found else None

    def _guilty(self) -> dict[int, str]:
        """The device that tt_umd names, or those with which it fails when they are alone, and why."""
        named, guilty, seen = self._named(), {}, 0
        if named is not None:
            return {named: self.last.death or why_ended(self.last)}
        devices, before = self._devices(), (self.last, self.way)
        if self._simulated and not _is_empty(self._alone([])):
            devices = []  # it goes wrong without any device, too
        for number in devices if len(devices) > 1 else ():
            if self.seconds_left() <= _LEAST_SECONDS:
                break
            alone = self._alone([number])
            if self._simulated and _is_empty(alone):
                break  # there are no more
            seen += 1
            self._endpoints = seen
            if not _has_chips(alone):
                guilty[number] = why_ended(alone)
        if seen > 1 and guilty:
            return guilty
        self.last, self.way = before  # a device that is well alone says nothing of all together
        return {}

    def _alone(self, devices: list[int]) -> Session:
        """Only these devices, and no eth."""
        way = self._seeing(devices)
        arguments = ("chips", *way.arguments[1:], WITHOUT_REMOTE)
        return self.attempt(msgspec.structs.replace(way, arguments=arguments), alone=True)

    def outcome(self, first: Session) -> tuple[Session, Way]:
        """The last session, if it saw chips, with what was left out; else the first."""
        last, before = self.last, self._sessions[:-1]
        if not before:
            return first, self.whole
        if hides_others(last, simulated=self._simulated) or not _has_chips(last):
            first.log += "".join(session.log for session in self._sessions[1:])
            if first.late:
                first.late_after(self._timeout_seconds)
            return first, self.whole
        last.earlier_log = "".join(session.log for session in before)
        last.lines = [*_as_before(first, last), *_skipped(self._sessions, self.skipped)]
        last.left_out = _left_out(first, last, self.lost, simulated=self._simulated)
        last.untrained = self.untrained
        if WITHOUT_REMOTE in self.way.arguments:
            if first.death is not None and self._simulated and not self._knows_of_others():
                return first, self.whole
            why = unhealthy_remote(first.log) or why_ended(first).replace("firmware on ", "firmware behind ")
            last.linkless = why
        return last, self.way


def hides_others(session: Session, *, simulated: bool) -> bool:
    """Whether one chip, or a link, may have kept tt_umd from discovering the others."""
    if session.doing != DISCOVERING:
        return False
    if any(isinstance(line, wire.Failed) for line in session.lines):
        return True
    if session.death is None:
        return False
    if session.late:
        waits = FIRMWARE in session.death or TRAINING in session.death
        return waits or session.several
    return simulated or len(_host(session).kmd_devices) > 1


def _has_chips(session: Session) -> bool:
    return any(isinstance(line, wire.ChipFacts) for line in session.lines)


def _is_empty(session: Session) -> bool:
    """Whether tt_umd found nothing, and nothing went wrong."""
    done = any(isinstance(line, wire.Done) for line in session.lines)
    return done and not _has_chips(session)


def why_ended(session: Session) -> str:
    """With what tt_umd failed, or that it hung or died, and what it was doing."""
    failed = next((line.why for line in session.lines if isinstance(line, wire.Failed)), None)
    if failed:
        return f"tt_umd failed ({failed})"
    return f"tt_umd {'hung' if session.late else 'died'} while {session.doing}: {session.death}"


def _most_chips(session: Session, chip: int) -> int:
    """How many chips there are as far as a session knows; remote ones that are opened singly come last."""
    return max(session.found, chip + 1)


def _skipped(sessions: list[Session], skipped: dict[int, str]) -> list[wire.Line]:
    """What is known of chips that were left alone: what the chip itself said before, and why no more."""
    said = [line for session in sessions for line in session.lines]
    before = {line.id: line for line in said if isinstance(line, wire.ChipFacts)}
    behind = {line.id: line for line in said if isinstance(line, wire.RemoteFound)}
    found: list[wire.Line] = []
    for chip, why in skipped.items():
        if chip in before:
            found += [before[chip], wire.no_reading(chip, why)]
        elif chip in behind:
            found.append(behind[chip].not_opened(why))
        else:
            found.append(wire.ChipFacts(id=chip, arch=None, error=why))
    return found


def _host(session: Session) -> wire.HostFacts:
    nothing = wire.HostFacts(kmd_version=None, kmd_devices={})
    return next((line for line in session.lines if isinstance(line, wire.HostFacts)), nothing)


def _as_before(first: Session, last: Session) -> list[wire.Line]:
    """Everything last said, with the kernel driver's devices as they were before some were hidden."""
    host = [line for line in first.lines if isinstance(line, wire.HostFacts)]
    return [*host, *(line for line in last.lines if not isinstance(line, wire.HostFacts))]


def _left_out(
    first: Session, last: Session, lost: dict[int, str], *, simulated: bool
) -> list[wire.ChipFacts]:
    """A chip of which nothing is known but where it is, for each device that was left out. The chips of a
    simulator keep their numbers; on a host tt_umd gives the others new ones."""
    known = [line.id for line in last.lines if isinstance(line, wire.ChipFacts)]
    host = _host(first)
    return [
        wire.ChipFacts(
            id=number if simulated else max(known) + at,
            arch=host.kmd_archs.get(number),
            error=why,
            kmd_id=number,
            pci_bdf=host.kmd_devices.get(number),
            mmio=True,
        )
        for at, (number, why) in enumerate(lost.items(), 1)
    ]
