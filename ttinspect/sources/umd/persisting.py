"""Asking again without what keeps tt_umd from discovering anything.

tt-umd 0.9.14 discovers all chips or none. Although it is told to ignore every failure, one remote chip
that does not start makes it raise, and for a chip whose firmware hangs it waits 300 s. Both hide the
chips that are well; so they are discovered without the bad one, which is named: on a host by
TT_VISIBLE_DEVICES, of a simulator by hiding.py. Of a simulator, chips that answered alone are shown even
where there was no time for all that are well together.
"""

import os
import re
import time
from collections.abc import Callable, Collection

import msgspec

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.alone import Alone
from ttinspect.sources.umd.attempts import CHIP, Attempts
from ttinspect.sources.umd.beside import Child
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.leftout import (
    add_those_read_alone,
    as_before,
    complete,
    left_alone,
    left_out,
    read_alone,
)
from ttinspect.sources.umd.log import TRAINING, simulated_archs, unhealthy_remote
from ttinspect.sources.umd.numbering import (
    UNTRAINED,
    WITHOUT_REMOTE,
    hidden_chips,
    singly_argument,
    without_reading,
)
from ttinspect.sources.umd.parent import Limits, Progress, one_chips_seconds
from ttinspect.sources.umd.session import Session
from ttinspect.sources.umd.ways import Way, Ways

_REMOTE_SECONDS = 4.0
"""For the firmware of a remote chip; tt_umd waits for it in its log after 5 s."""
_SO_MUCH_LONGER = 3
"""How many times as long as each alone, all together may say nothing."""
_DEVICE = re.compile(r"ARC firmware on device (\d+)")


def ask_persistently(
    arguments: list[str],
    timeout_seconds: float,
    progress: Progress | None = None,
    *,
    archs: Collection[str],
    first: Child | None = None,
    before: Callable[[], None] = lambda: None,
) -> tuple[Session, Way]:
    """What ``ask`` says, or what it says without bad chips when those would hide the others; and how to
    ask like that again. All attempts together take no longer than the timeout; ``first`` is a child that was
    asked already, ``archs`` are the architectures that the chips may have; ``before`` is called before each
    attempt."""
    search = _Search(arguments, timeout_seconds, progress, archs, before, first)
    try:
        if search.is_of_another_arch():
            return search.outcome()  # tt_umd waits in vain
        search.look_without()
        search.take_back()
        if search.first.late and not search.blames():
            # nothing is to be seen without the bad chips, or there are none: give it all the time
            search.be_patient()
        else:
            search.listen()
        return search.outcome()
    finally:
        search.end()


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
        first: Child | None,
    ) -> None:
        self._ways = Ways(arguments, archs)
        self._simulated, self._archs, self._timeout_seconds = self._ways.simulated, archs, timeout_seconds
        self.lost: dict[int, str] = {}
        self.skipped: dict[int, str] = {}
        self.untrained: str | None = None
        self._alone = Alone()
        self._late: set[int] = set()
        """Devices that are lost because they had not answered yet."""
        self._can_be_opened: bool | None = None
        self.way = self._ways.whole
        self._attempts = Attempts(self.way, timeout_seconds, progress, before, first)
        self.first = self.last = self._attempts.first
        self._ways.heard(self.first)

    def attempt(self, way: Way, *, hurried: bool = True, patient: bool = False) -> Session:
        """Ask this way; the session is the last one from now on."""
        silent_seconds = self._silent_seconds() if hurried else None
        self.last = self._attempts.ask(way, silent_seconds, patient=patient)
        self.way = way
        self._ways.heard(self.last)
        return self.last

    def _silent_seconds(self) -> float:
        """How long all chips that are not lost may say nothing while they are opened: tt_umd says nothing
        between two of them."""
        seconds = self._alone.seconds(self._devices())
        return max(one_chips_seconds(self._timeout_seconds), _SO_MUCH_LONGER * seconds)

    def look_without(self) -> None:
        """Ask in other ways, until one sees chips or there is none left."""
        way: Way | None = self._ways.whole
        while way is not None and self.hides_others() and self._attempts.may_go_on():
            way = self.next_way()
            if way is not None:
                self.attempt(way)
        while self._attempts.may_go_on() and self.skip():
            pass

    def take_back(self) -> None:
        """Devices that were only late alone have half of the timeout; with those that answer then all that
        are well are asked once more."""
        late = [number for number in self.lost if number in self._late]
        if not late:
            return
        limits = Limits(patience_seconds=0, overtaken=self._attempts.is_overtaken)
        self._alone.wait(self._timeout_seconds / 2, self._attempts.seconds_to_listen, limits)
        bad = self._alone.bad(late)
        back = [number for number in late if self._alone.are_well([number])]
        self.lost = {number: bad.get(number, why) for number, why in self.lost.items() if number not in back}
        only_late = self.first.late and not self.lost  # then it is the first child that has to answer
        if back and not only_late and self._attempts.may_go_on():
            before = self.last, self.way
            if not self.attempt(self._ways.seeing(self._devices())).has_chips:
                self.last, self.way = before

    def is_of_another_arch(self) -> bool:
        """Whether a simulator is late that has none of the architectures which its descriptor describes."""
        archs = simulated_archs(self.first.log) if self._simulated and self.first.late else set()
        return bool(archs) and archs.isdisjoint(self._archs)

    def be_patient(self) -> None:
        """Wait for all chips until the deadline: for the first child, if that is still at work."""
        if self._attempts.first_is_at_work:
            self._attempts.listen_to_first()
        elif self._attempts.may_go_on():
            before = self.last, self.way, {**self.lost}
            self.lost.clear()
            if not self.attempt(self._ways.whole, patient=True).has_chips:
                self.last, self.way, self.lost = before

    def listen(self) -> None:
        """Hear from the first child what it waits for, or that it has answered since. That it is only late
        counts from half of the timeout on."""
        self._ask_why(self.lost, self._timeout_seconds)
        if not self.first.waiting_for:
            self._attempts.listen_to_first_until(self._timeout_seconds / 2)

    def _ask_why(self, guilty: dict[int, str], seconds: float) -> None:
        """Wait so long for the first child to say which of these it waits for, and why."""
        found = self._attempts.why_first_waits(seconds) if guilty else None
        if found is not None and found[0] in guilty:
            guilty[found[0]] = found[1]
            self._alone.end(found[0])

    def end(self) -> None:
        """All children are gone afterwards, but a first one that has answered and stays."""
        self._alone.end()
        self._attempts.end()

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
        arguments = without_reading(self.way.arguments, self.skipped)
        self.attempt(msgspec.structs.replace(self.way, arguments=arguments), hurried=False)
        return True

    def hides_others(self) -> bool:
        """Whether the last attempt may have been kept from seeing chips."""
        return self.last.hides_others(simulated=self._simulated)

    def _knows_of_others(self) -> bool:
        """Whether there is more than one chip: read beside the first, or being opened behind it."""
        chips = [line for line in self.last.lines if isinstance(line, wire.ChipFacts)]
        return len(chips) > 1 or "behind chip" in self.last.doing

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
        if way is None and not self.lost and self._alone.are_well(self._devices()):
            self._leave_one_out()
        return way

    def _without_training(self, session: Session) -> Way:
        self.untrained = session.waiting_for.removeprefix("; it was waiting for ")
        self._ways.whole = self._ways.whole.with_arguments(UNTRAINED)
        self._alone.end()
        self._alone = Alone()  # they were made to wait as well
        return self.way.with_arguments(UNTRAINED)

    def _without_eth(self) -> Way | None:
        remote = self._ways.remote_chips_are_possible()
        if WITHOUT_REMOTE in self.way.arguments or not (remote or self._named() is None):
            return None
        if self._ways.known == 1 and not remote:
            return None  # there is no other chip
        patience = min(_REMOTE_SECONDS, self._attempts.seconds_left() / 3)
        singly = (singly_argument(patience),) if remote else ()
        return self.way.with_arguments(WITHOUT_REMOTE, *singly)

    def _without_guilty(self) -> Way | None:
        if os.environ.get(VISIBLE_DEVICES) and not self._simulated:
            return None
        guilty = {number: why for number, why in self._guilty().items() if number in self._devices()}
        if self.first.late and TRAINING in self.first.waiting_for and self.untrained is None:
            self.way = self._ways.whole
            return self._without_training(self.first)  # it had not said so before
        self.lost.update(guilty)
        self._late.update(number for number in guilty if self._alone.is_at_work(number))
        return self._ways.seeing(self._devices()) if guilty and self._devices() else None

    def _leave_one_out(self) -> None:
        """Each chip is well alone, and all together are not: whether the others are without one of them."""
        if os.environ.get(VISIBLE_DEVICES) and not self._simulated:
            return
        devices, before = self._devices(), (self.last, self.way)
        for number in devices if len(devices) > 1 else ():
            if not self._attempts.may_go_on():
                break
            start = time.monotonic()
            others = self.attempt(self._ways.seeing([one for one in devices if one != number]))
            if others.has_chips and not self.hides_others():
                age = _SO_MUCH_LONGER * (time.monotonic() - start)  # one chip more cannot take longer
                self._attempts.listen_to_first_until(age)
                self.lost[number] = f"{self.first.why_ended()}; without this chip it does not"
                return
        self.last, self.way = before

    def _named(self) -> int | None:
        """The device that tt_umd itself names."""
        found = (CHIP if self._simulated else _DEVICE).search(self.last.why_ended())
        return int(found[1]) if found else None

    def _guilty(self) -> dict[int, str]:
        """The device that tt_umd names, or those with which it goes wrong when they are alone, and how. Each
        is asked alone once."""
        named = self._named()
        if named is not None:
            return {named: self.last.death or self.last.why_ended()}
        if self._simulated and self._can_be_opened is None:
            none = self._asked_alone([])
            none.end()
            only_slow = none.session.late and self._ways.known is not None
            self._can_be_opened = none.session.is_empty or only_slow
        devices = self._devices() if self._can_be_opened is not False else []
        for number in devices if len(devices) > 1 else ():
            if number not in self._alone and self._attempts.may_go_on():
                self._alone.add(number, self._asked_alone([number]))
        self._alone.hear()
        guilty = self._alone.bad(devices)
        self._ask_why(guilty, self._attempts.seconds_left() / 2)
        return guilty

    def _asked_alone(self, devices: list[int]) -> Child:
        child = self._attempts.ask_beside(self._ways.alone(devices), self._alone.number_at_work())
        self._ways.heard(child.session)
        return child

    def _devices(self) -> list[int]:
        return self._ways.devices(self.lost)

    def outcome(self) -> tuple[Session, Way]:
        """The last session, if it saw chips, with what was left out; else what chips said alone, else the
        first; and that if it answered after all."""
        first = self.first
        self._alone.end()
        if len(self._attempts.sessions) == 1 or first.done:
            return self._only_the_first()
        if not self.last.has_chips or self.hides_others():
            self._be_content_with_those_read_alone()
        last = self.last
        without_eth = WITHOUT_REMOTE in self.way.arguments
        only_chip = self._simulated and not (self.lost or self.skipped or self._knows_of_others())
        in_vain = without_eth and only_chip and first.death is not None
        if in_vain or not last.has_chips or self.hides_others():
            first.log += "".join(session.log for session in self._attempts.sessions[1:])
            return self._only_the_first()
        last.earlier_log = "".join(session.log for session in self._attempts.sessions if session is not last)
        last.left_out = left_out(first, last, self.lost, simulated=self._simulated)
        last.lines = [*as_before(first, last), *left_alone(self._attempts.sessions, self.skipped)]
        last.untrained = self.untrained
        if without_eth and last.linkless is None:
            why = unhealthy_remote(first.log) or first.why_ended().replace("firmware on ", "firmware behind ")
            last.linkless = why
        elif self._simulated:
            hidden = hidden_chips(self.way.arguments).difference(self.lost)
            add_those_read_alone(last, self._alone.well(hidden), first.why_ended())
        if self._simulated and last.late:
            complete(last, self._alone.well(self._devices()))
        return last, self.way

    def _be_content_with_those_read_alone(self) -> None:
        well = self._alone.well(self._devices()) if self._simulated else {}
        if not well:
            return
        bad, why = self._alone.bad(self._devices()), self.first.why_ended()
        never_asked = f"there was no time to ask for it alone, and with all chips {why}"
        for number in self._devices():
            if not self._alone.are_well([number]):
                self.lost[number] = bad.get(number, never_asked)
        self.last, self.way = read_alone(well, why), self._ways.alone(well)

    def _only_the_first(self) -> tuple[Session, Way]:
        if self.first.late:
            self.first.late_after(self._timeout_seconds)
        return self.first, self._ways.whole


def _most_chips(session: Session, chip: int) -> int:
    """How many chips there are as far as a session knows; remote ones that are opened singly come last."""
    return max(session.found, chip + 1)
