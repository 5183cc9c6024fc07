"""Discovery of a host without what keeps tt_umd from discovering anything.

tt-umd 0.9.14 discovers all chips or none: although it is told to ignore every failure, it raises for one
remote chip that does not start, and waits 300 s for firmware that hangs and 900 s for a link that does not
train. The chips that are well are then discovered without that. Each strategy looks at everything that was
asked so far, and says what to ask next, or that it does not know; one loop asks.
"""

import os
import time
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from ttinspect.sources.umd import lateness, process, wire
from ttinspect.sources.umd.lateness import Late, WaitFor
from ttinspect.sources.umd.request import Request


class Host:
    """What the search must know of this host; tests have one of their own."""

    def facts(self, session: wire.Session) -> wire.HostFacts:
        """What the kernel driver shows, as the first child said it."""
        return session.host

    def named(self, session: wire.Session) -> int | None:
        """N of /dev/tenstorrent/N whose firmware tt_umd waited for; None where it waited for none."""
        wait = session.wait
        return wait.device if wait is not None and wait.kind is WaitFor.FIRMWARE else None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask. ``lost`` are devices that are left out, ``skipped`` chips that are left alone, and why;
    ``alone`` is the one device that is asked for, ``untrained`` the link that is not waited for. Who is asked
    ``patient``ly has all the time that is left."""

    request: Request
    lost: Mapping[int, str] = {}
    skipped: Mapping[int, str] = {}
    alone: int | None = None
    untrained: str | None = None
    patient: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, and what was said."""

    plan: Plan
    session: wire.Session

    @property
    def is_well(self) -> bool:
        """Whether nothing bad is known of the devices: they were read, or a lock was waited for."""
        wait = self.session.wait
        return self.session.is_done or (wait is not None and wait.kind is WaitFor.LOCK)

    @property
    def hides_chips(self) -> bool:
        """Whether something kept tt_umd from discovering the chips."""
        return self.session.stage.kind is wire.Doing.DISCOVERING and self.session.late is not Late.TIMEOUT


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was asked so far, the devices that tt_umd may be shown some of, how much time is left,
    and the device that tt_umd named last, as N of /dev/tenstorrent/N."""

    attempts: tuple[Attempt, ...]
    host: wire.HostFacts
    left_seconds: float
    named: int | None = None

    @property
    def last(self) -> Attempt:
        """The last attempt to see all that are well."""
        return next(attempt for attempt in reversed(self.attempts) if attempt.plan.alone is None)

    def without(self, lost: Mapping[int, str]) -> Plan:
        """All chips once more, but for these devices too, and why; over eth again, if it was without."""
        last = self.last.plan
        lost = {**last.lost, **lost}
        visible = tuple(bdf for number, bdf in self.host.kmd_devices.items() if number not in lost)
        request = self.attempts[0].plan.request._replace(
            wait_for_training=last.request.wait_for_training, visible=visible
        )
        return Plan(request=request, lost=lost, untrained=last.untrained)


Strategy = Callable[[History], Plan | None]


def without_waiting_for_links(history: History) -> Plan | None:
    """Do not wait for the link that does not train."""
    plan, session = history.last.plan, history.last.session
    if session.late is not Late.TRAINING or session.wait is None:
        return None
    return replace(plan, request=plan.request._replace(wait_for_training=False), untrained=session.wait.text)


def without_eth(history: History) -> Plan | None:
    """Discover nothing over eth: a link, or a remote chip, can be what is bad. Where there can be remote
    chips, each is opened by itself; where there cannot, a device that is named is to blame."""
    plan, archs = history.last.plan, {*history.host.kmd_archs.values()}
    remote = not archs or wire.REMOTE_ARCH in archs
    if not plan.request.over_eth or (history.named is not None and not remote):
        return None
    patience = (
        lateness.chip_seconds(history.left_seconds) * lateness.REMOTE_FIRMWARE_SHARE if remote else None
    )
    return replace(plan, request=plan.request._replace(over_eth=False, remote_firmware_seconds=patience))


def without_the_named(history: History) -> Plan | None:
    """Leave out the device that tt_umd names."""
    named, last = history.named, history.last
    if named is None or named in last.plan.lost or not {*history.host.kmd_devices} - {*last.plan.lost, named}:
        return None
    return history.without({named: last.session.why_ended()})


def one_by_one(history: History) -> Plan | None:
    """Ask for each device alone, and leave out those with which tt_umd goes wrong."""
    present = [number for number in history.host.kmd_devices if number not in history.last.plan.lost]
    alone = {attempt.plan.alone: attempt for attempt in history.attempts}
    for number in present if len(present) > 1 else ():
        if number not in alone:
            first = history.attempts[0].plan.request
            request = first._replace(
                task="chips", visible=(history.host.kmd_devices[number],), over_eth=False
            )
            return Plan(request=request, alone=number)
    guilty = {number: alone[number] for number in present if number in alone and not alone[number].is_well}
    if not 0 < len(guilty) < len(present):
        return None
    return history.without({number: attempt.session.why_ended() for number, attempt in guilty.items()})


def without_the_chip(history: History) -> Plan | None:
    """Leave a chip alone with which tt_umd hung or died when it was read."""
    plan, session = history.last.plan, history.last.session
    chip, others = session.stage.chip, wire.chips_seen(session.lines) > len(plan.skipped) + 1
    if chip is None or chip in plan.skipped or not (others or session.stage.via is not None):
        return None
    skipped = {**plan.skipped, chip: session.why_ended()}
    return replace(plan, request=plan.request._replace(skipped=tuple(sorted(skipped))), skipped=skipped)


def patiently(history: History) -> Plan | None:
    """Nothing is to be seen without what is bad: give all the time to all of it."""
    first = history.attempts[0]
    if first.session.late is None or any(attempt.plan.patient for attempt in history.attempts):
        return None
    return replace(first.plan, patient=True)


def strategies(last: Attempt) -> tuple[Strategy, ...]:
    """What may help, in this order, where the last attempt went wrong as it did."""
    session = last.session
    if session.late is Late.TIMEOUT or (session.death is None and session.failure is None):
        return ()
    if not last.hides_chips:
        return (without_the_chip,)
    if session.late not in (None, Late.SILENT):
        return (without_waiting_for_links, without_eth, without_the_named, patiently)
    if session.failure is not None:
        return (without_eth, one_by_one, patiently)
    return (one_by_one, without_eth, patiently)


def next_plan(history: History) -> Plan | None:
    """What to ask next; None where nothing can help, or nothing need."""
    plans = (strategy(history) for strategy in strategies(history.last))
    return next((plan for plan in plans if plan is not None), None)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """All attempts that were made, and ``best``, the one to go by. ``child`` is still at work, where it was
    asked to watch."""

    attempts: tuple[Attempt, ...]
    best: Attempt
    host: wire.HostFacts
    child: process.Child | None = None

    @property
    def first(self) -> wire.Session:
        """What the first child said, which saw all devices."""
        return self.attempts[0].session


def ask(
    request: Request, timeout_seconds: float, host: Host | None, progress: process.Progress | None = None
) -> Outcome:
    """What is asked, of all chips that can be read; all attempts together take no longer than the timeout.
    Without a ``host``, of a simulator, once: there no other attempt sees more."""
    deadline = time.monotonic() + timeout_seconds
    attempts: tuple[Attempt, ...] = ()
    plan: Plan | None = Plan(request=request)
    child, facts = None, wire.HostFacts()
    while plan is not None:
        left = max(deadline - time.monotonic(), 0.0)
        limits = lateness.Limits(timeout_seconds, left, others=host is not None and not plan.patient)
        session, child = _asked(process.started(plan.request), limits, progress)
        attempts = (*attempts, Attempt(plan=plan, session=session))
        plan, left = None, deadline - time.monotonic()
        if host is not None:
            facts = host.facts(attempts[0].session)
            hidden = os.environ.get(process.VISIBLE_DEVICES)  # what the user hides from tt_umd stays so
            shown = replace(facts, kmd_devices={}) if hidden else facts
            history = History(attempts=attempts, host=shown, left_seconds=left)
            if left > lateness.LEAST_ATTEMPT_SECONDS:
                plan = next_plan(replace(history, named=host.named(history.last.session)))
    of_all = [attempt for attempt in attempts if attempt.plan.alone is None]
    seen = [attempt for attempt in of_all if attempt.session.chips and not attempt.hides_chips]
    patient = [attempt for attempt in of_all if attempt.plan.patient]
    best = (seen or [attempts[0], *patient])[-1]
    return Outcome(attempts=attempts, best=best, host=facts, child=child)


def _asked(
    child: process.Child, limits: lateness.Limits, progress: process.Progress | None
) -> tuple[wire.Session, process.Child | None]:
    """What a child said, and the child where it goes on watching."""
    try:
        child.read(limits, progress)
        goes_on = child.request.task == "watch" and child.is_done
        return (child.session(), child) if goes_on else (child.stop(), None)
    except BaseException:  # interrupted: the child must not outlive us
        child.clear_away()
        raise
