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
from ttinspect.sources.umd.beside import FirstChild
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.leftout import as_before, left_alone, left_out
from ttinspect.sources.umd.log import TRAINING, lock_holder, simulated_archs, unhealthy_remote
from ttinspect.sources.umd.numbering import (
    MOST_CHIPS,
    REMOTE_ARCH,
    UNTRAINED,
    WITHOUT_REMOTE,
    arch_argument,
    hidden_argument,
    numbers_argument,
    singly_argument,
    without_reading,
)
from ttinspect.sources.umd.parent import Progress, ask, one_chips_seconds
from ttinspect.sources.umd.session import Session

_FIRMWARE_WAIT_SECONDS = 300.0
_SIMULATOR_SECONDS = 5.0
_REMOTE_SECONDS = 4.0
"""For the firmware of a remote chip; tt_umd waits for it in its log after 5 s."""
_TOLD_SECONDS = 5.5
"""Until then tt_umd has said what it waits for, if it waits."""
_SO_MUCH_LONGER = 3
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
    try:
        if search.is_of_another_arch():
            return search.outcome()  # tt_umd waits in vain
        search.look_without()
        if search.first.late and not search.blames():
            # nothing is to be seen without the bad chips, or there are none: give it all the time
            search.be_patient()
        else:
            search.listen()
        return search.outcome()
    finally:
        search.end()


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
        self._numbers: list[int] | None = None
        """The PCI device numbers of a simulator's devices, once they are known."""
        self._arch: str | None = None
        """And its architecture, where no descriptor beside it tells that."""
        self._well_alone = False
        """Whether nothing went wrong with each device alone."""
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        self._progress = progress
        self._sessions: list[Session] = []
        self.last: Session
        self.way = self.whole
        self._child: FirstChild | None = None
        if first is not None:
            self.first = self._made(first)
        elif self._simulated:
            before()
            patience = patience_seconds(timeout_seconds, arguments)
            self._child = FirstChild(arguments, timeout_seconds, progress, patience)
            self.first = self._made(self._child.session)
        else:
            self.first = self.attempt(self.whole)

    def attempt(self, way: Way, *, patient: bool = False) -> Session:
        """Ask this way; the session is the last one from now on."""
        session = self._asked(way, patient)
        if self._child is not None and self._child.is_in_the_way_of(session):
            self._child.end()
            session = self._asked(way, patient)
        self.way = way
        return self._made(session)

    def _asked(self, way: Way, patient: bool) -> Session:
        self._before()
        return ask(
            list(way.arguments),
            self.seconds_left(),
            self._progress,
            patience_seconds=patience_seconds(self._timeout_seconds, way.arguments),
            visible=way.visible,
            silent_seconds=one_chips_seconds(self._timeout_seconds) if self._simulated else None,
            rival_pid=self._child.pid if self._child is not None else None,
            patient=patient,
        )

    def look_without(self) -> None:
        """Ask in other ways, until one sees chips or there is none left."""
        way: Way | None = self.whole
        while way is not None and self.hides_others() and self._may_go_on():
            way = self.next_way()
            if way is not None:
                self.attempt(way)
        while self._may_go_on() and self.skip():
            pass

    def is_of_another_arch(self) -> bool:
        """Whether a simulator is late that has none of the architectures which its descriptor describes."""
        archs = simulated_archs(self.first.log) if self._simulated and self.first.late else set()
        return bool(archs) and archs.isdisjoint(self._archs)

    def be_patient(self) -> None:
        """Wait for all chips until the deadline: for the first child, if that is still at work."""
        if self._child is not None and self._child.is_at_work:
            self._child.listen(self.seconds_left())
        elif not self.first.done and self.seconds_left() > _LEAST_SECONDS:
            before = self.last, self.way, {**self.lost}
            self.lost.clear()
            if not self.attempt(self.whole, patient=True).has_chips:
                self.last, self.way, self.lost = before

    def listen(self) -> None:
        """Hear from the first child what it waits for, or that it has answered since. That it is only late
        counts from half of the timeout on."""
        most_seconds = self.seconds_left() - _LEAST_SECONDS
        self._ask_why(self.lost, most_seconds)
        if self._child is not None and not self.first.waiting_for:
            half = self._timeout_seconds / 2
            self._child.listen_until(half, min(most_seconds, self.seconds_left() - _LEAST_SECONDS))

    def _ask_why(self, guilty: dict[int, str], most_seconds: float) -> None:
        """Wait so long for the first child to say which of these it waits for, and why."""
        if self._child is None or not guilty:
            return
        self._child.listen_until(_TOLD_SECONDS, most_seconds)
        found = _CHIP.search(self.first.waiting_for)
        if found and int(found[1]) in guilty:
            guilty[int(found[1])] = self.first.death or ""

    def end(self) -> None:
        """The first child is gone afterwards."""
        if self._child is not None:
            self._child.end()

    def _may_go_on(self) -> bool:
        """Whether there is time, and the first child has not answered after all."""
        if self._child is not None:
            self._child.listen(0)
        return not self.first.done and self.seconds_left() > _LEAST_SECONDS

    def blames(self) -> bool:
        """Whether the last attempt saw chips, and, of a simulator, something is to blame for the first."""
        if not self.last.has_chips:
            return False
        bad = any(isinstance(line, wire.ChipFacts) and line.error for line in self.last.lines)
        return not self._simulated or bool(self.lost or self.skipped or self.untrained or bad)

    def skip(self) -> bool:
        """Ask the others again without the chip that was being read when the child hung or died; False where
        there is none."""
        chip = self.last.chip_being_read()
        if chip is None or chip in self.skipped or _most_chips(self.last, chip) <= len(self.skipped) + 1:
            return False
        self.skipped[chip] = self.last.why_ended()
        self.attempt(
            msgspec.structs.replace(self.way, arguments=without_reading(self.way.arguments, self.skipped))
        )
        return True

    def hides_others(self) -> bool:
        """Whether the last attempt may have been kept from seeing chips."""
        return self.last.hides_others(simulated=self._simulated)

    def _knows_of_others(self) -> bool:
        """Whether there is more than one chip: read beside the first, or being opened behind it."""
        chips = [line for line in self.last.lines if isinstance(line, wire.ChipFacts)]
        return len(chips) > 1 or "behind chip" in self.last.doing

    def _made(self, session: Session) -> Session:
        found = [line.numbers for line in session.lines if isinstance(line, wire.NumbersFound)]
        self._numbers = found[0] if found else self._numbers
        archs = [line.arch for line in session.lines if isinstance(line, wire.ArchFound)]
        self._arch = archs[0] if archs else self._arch
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
            return self._without_training(self.last)
        if self.last.death is not None and self._named() is None:
            way = self._without_guilty() or self._without_eth()
        else:
            way = self._without_eth() or self._without_guilty()
        if way is None and self._well_alone and not self.lost:
            self._leave_one_out()
        return way

    def _without_training(self, session: Session) -> Way:
        self.untrained = session.waiting_for.removeprefix("; it was waiting for ")
        arguments = (*self.whole.arguments, UNTRAINED)
        self.whole = msgspec.structs.replace(self.whole, arguments=arguments)
        return msgspec.structs.replace(self.way, arguments=(*self.way.arguments, UNTRAINED))

    def _without_eth(self) -> Way | None:
        remote = self._remote_chips_are_possible()
        if WITHOUT_REMOTE in self.way.arguments or not (remote or self._named() is None):
            return None
        if len(self._numbers or ()) == 1 and not remote:
            return None  # there is no other chip
        patience = min(_REMOTE_SECONDS, self.seconds_left() / 3)
        singly = (singly_argument(patience),) if remote else ()
        arguments = (*self.way.arguments, WITHOUT_REMOTE, *singly)
        return msgspec.structs.replace(self.way, arguments=arguments)

    def _without_guilty(self) -> Way | None:
        if os.environ.get(VISIBLE_DEVICES) and not self._simulated:
            return None
        guilty = {number: why for number, why in self._guilty().items() if number in self._devices()}
        if self.first.late and TRAINING in self.first.waiting_for and self.untrained is None:
            self.way = self.whole
            return self._without_training(self.first)  # it had not said so before
        self.lost.update(guilty)
        return self._seeing(self._devices()) if guilty and self._devices() else None

    def _leave_one_out(self) -> None:
        """Each chip is well alone, and all together are not: whether the others are without one of them."""
        if os.environ.get(VISIBLE_DEVICES) and not self._simulated:
            return
        devices, before = self._devices(), (self.last, self.way)
        for number in devices if len(devices) > 1 else ():
            if not self._may_go_on():
                break
            start = time.monotonic()
            others = self.attempt(self._seeing([one for one in devices if one != number]))
            if others.has_chips and not self.hides_others():
                if self._child is not None:  # one chip more cannot take so much longer
                    age = _SO_MUCH_LONGER * (time.monotonic() - start)
                    self._child.listen_until(age, self.seconds_left() - _LEAST_SECONDS)
                self.lost[number] = f"{self.first.why_ended()}; without this chip it does not"
                return
        self.last, self.way = before

    def _devices(self) -> list[int]:
        """The devices that are not lost: N of /dev/tenstorrent/N; of a simulator all that there can be."""
        all_of_them = range(self._most_devices) if self._simulated else self.first.host.kmd_devices
        return [number for number in all_of_them if number not in self.lost]

    @property
    def _most_devices(self) -> int:
        """How many a simulator can have."""
        return MOST_CHIPS if self._numbers is None else len(self._numbers)

    def _seeing(self, devices: list[int]) -> Way:
        if self._simulated:
            hidden = [hidden_argument(set(range(self._most_devices)).difference(devices))]
            known = [numbers_argument(self._numbers)] if self._numbers else []
            known += [arch_argument(self._arch)] if self._arch else []
            return Way(arguments=(*self.whole.arguments, *hidden, *known))
        bdfs = self.first.host.kmd_devices
        return Way(arguments=self.whole.arguments, visible=",".join(bdfs[number] for number in devices))

    def _remote_chips_are_possible(self) -> bool:
        archs = {*self.first.host.kmd_archs.values(), *([self._arch] if self._arch else [])}
        return REMOTE_ARCH in (archs or self._archs)

    def _named(self) -> int | None:
        """The device that tt_umd itself names."""
        found = (_CHIP if self._simulated else _DEVICE).search(self.last.why_ended())
        return int(found[1]) if found else None

    def _guilty(self) -> dict[int, str]:
        """The device that tt_umd names, or those with which it fails when they are alone, and why."""
        named, guilty = self._named(), {}
        if named is not None:
            return {named: self.last.death or self.last.why_ended()}
        if self._well_alone:
            return {}
        before, well = (self.last, self.way), True
        wrong_without_any = self._simulated and not self._alone([]).is_empty
        devices = [] if wrong_without_any else self._devices()
        for number in devices if len(devices) > 1 else ():
            if not self._may_go_on():
                well = False
                break
            alone = self._alone([number])
            if lock_holder(alone.waiting_for):
                well = False
            elif not (alone.has_chips or alone.is_empty):
                guilty[number] = alone.why_ended()
        self._ask_why(guilty, self.seconds_left() / 2)
        if not guilty:
            self._well_alone = well
            self.last, self.way = before  # a device that is well alone says nothing of all together
        return guilty

    def _alone(self, devices: list[int]) -> Session:
        """Only these devices, and no eth."""
        way = self._seeing(devices)
        arguments = ("chips", *way.arguments[1:], WITHOUT_REMOTE)
        return self.attempt(msgspec.structs.replace(way, arguments=arguments))

    def outcome(self) -> tuple[Session, Way]:
        """The last session, if it saw chips, with what was left out; else the first, and if that answered
        after all."""
        first, last, before = self.first, self.last, self._sessions[:-1]
        if not before or first.done:
            return self._only_the_first()
        if last.hides_others(simulated=self._simulated) or not last.has_chips:
            first.log += "".join(session.log for session in self._sessions[1:])
            return self._only_the_first()
        last.earlier_log = "".join(session.log for session in before)
        last.lines = [*as_before(first, last), *left_alone(self._sessions, self.skipped)]
        last.left_out = left_out(first, last, self.lost, simulated=self._simulated)
        last.untrained = self.untrained
        if WITHOUT_REMOTE in self.way.arguments:
            if first.death is not None and self._simulated and not self._knows_of_others():
                return self._only_the_first()
            why = unhealthy_remote(first.log) or first.why_ended().replace("firmware on ", "firmware behind ")
            last.linkless = why
        return last, self.way

    def _only_the_first(self) -> tuple[Session, Way]:
        if self.first.late:
            self.first.late_after(self._timeout_seconds)
        return self.first, self.whole


def _most_chips(session: Session, chip: int) -> int:
    """How many chips there are as far as a session knows; remote ones that are opened singly come last."""
    return max(session.found, chip + 1)
