"""Findings about what a chip is used for: busy without a process, or held without ever being busy.

One reading cannot tell either: the firmware writes its telemetry up to a second late, processes are looked
up after it, and who has just opened a chip is not busy yet. So a Use is kept from reading to reading.
"""

from collections.abc import Iterator, Mapping

import msgspec

from ttinspect.facts.wording import plural
from ttinspect.model.finding import Finding
from ttinspect.model.telemetry import Telemetry
from ttinspect.verify.case import Case
from ttinspect.verify.holding import ChipHolders, holders_by_chip
from ttinspect.verify.rule import Hit, I, Q, UseRule, W

SETTLE_SECONDS = 2.0
"""From then on a chip that stays busy is not the trace of a process that has just ended: twice the longest
period in which firmware writes its telemetry."""
LONG_SECONDS = 600.0
"""So long a chip must be held before it is one that was never busy; readings that lie further apart say
nothing about the time between them."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What a chip was used for, the same in ``readings`` readings since ``since_ns`` (realtime): ``busy`` as
    the firmware tells, by whom it is ``held``. ``pids`` are of those that held it in all of them."""

    busy: bool
    held: bool
    pids: frozenset[int]
    holders_words: str
    since_ns: int
    until_ns: int
    readings: int = 1

    @property
    def seconds(self) -> float:
        """From the first of these readings to the last."""
        return (self.until_ns - self.since_ns) / 1e9

    def after(self, before: "Use") -> "Use":
        """This reading together with those before it, if nothing is else."""
        pids = self.pids & before.pids
        same = (self.busy, self.held) == (before.busy, before.held)
        gap = (self.until_ns - before.until_ns) / 1e9
        if not same or not 0 <= gap <= LONG_SECONDS or (not pids and (self.pids or before.pids)):
            return self
        return msgspec.structs.replace(
            self, pids=pids, since_ns=before.since_ns, readings=before.readings + 1
        )


Uses = Mapping[int, Use]
"""By chip id; a chip of which it is not known whether it is busy, or held, is not there."""


def uses_of(case: Case, before: Uses | None = None) -> Uses:
    """What the chosen chips of a Case are used for, with what was read ``before``. Only of a host whose
    processes were looked at: a document may be of another machine."""
    readings = {chip.id: chip.telemetry for chip in case.shown if chip.telemetry is not None}
    if case.holders is None or not case.system.asked.has_processes or not any(map(_tells, readings.values())):
        return {}
    uses = {}
    holders = holders_by_chip(case)
    for chip, reading in readings.items():
        by = holders[chip]
        if reading.busy is None or by.held is None:
            continue
        time_ns = case.now_realtime_ns if reading.time_ns is None else reading.time_ns
        now = _use(reading.busy, by, time_ns)
        earlier = (before or {}).get(chip)
        uses[chip] = now if earlier is None else now.after(earlier)
    return uses


def _tells(reading: Telemetry) -> bool:
    return reading.busy is not None


def _use(busy: bool, by: ChipHolders, time_ns: int) -> Use:
    return Use(
        busy=busy,
        held=bool(by.held),
        pids=frozenset(holder.holder.pid for holder in by.holders),
        holders_words=by.in_words if by.held else "",
        since_ns=time_ns,
        until_ns=time_ns,
    )


def use_findings(use: Use | None) -> tuple[Finding, ...]:
    """What is wrong with the use of a chip; nothing where it is not known."""
    if use is None:
        return ()
    findings = (rule.finding(hit) for rule in RULES for hit in rule.of_use(use))
    return tuple(finding for finding in findings if finding is not None)


def is_unsettled(uses: Uses) -> bool:
    """Whether another reading, SETTLE_SECONDS later, would tell more."""
    return any(use.busy and not use.held and use.seconds < SETTLE_SECONDS for use in uses.values())


def _readings(use: Use) -> str:
    seconds = int(use.seconds)
    span = f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes"
    return f"{plural(use.readings, 'reading')} over {span}"


def _busy_alone(use: Use) -> Iterator[Hit]:
    if not use.busy or use.held:
        return
    evidence = {"readings": use.readings, "seconds": use.seconds}
    what = "the chip says that it is busy, and no process holds it"
    if use.seconds >= SETTLE_SECONDS:
        yield Hit("stays", f"{what}, in {_readings(use)}", evidence)
    else:
        yield Hit("once", f"{what}: one that has just ended looks the same, so look again", evidence)


BUSY_ALONE = UseRule(
    id="TTT031",
    name="busy, held by nobody",
    severities={"stays": W, "once": Q},
    of_use=_busy_alone,
    title="A chip is busy, and no process holds it.",
    meaning=(
        "A runtime told the firmware that it works and did not take it back, so the clock and the power "
        "stay up. It is a warning where readings at least 2 seconds apart agree: check looks again by "
        "itself, telemetry --watch and top do it as they go. One reading decides nothing."
    ),
    cause="A process that was killed (SIGKILL, out of memory) before it closed its devices.",
    remedy=(
        "Open and close the device with any program of tt-metal, or reset the board (tt-smi -r) when nobody "
        "works on it."
    ),
)


def _idle_while_held(use: Use) -> Iterator[Hit]:
    if use.held and not use.busy and use.seconds >= LONG_SECONDS:
        yield Hit(
            "long",
            f"held by {use.holders_words}, and not busy in any of {_readings(use)}",
            {"readings": use.readings, "seconds": use.seconds, "pids": sorted(use.pids)},
        )


IDLE_WHILE_HELD = UseRule(
    id="TTT032",
    name="held, never busy",
    severities={"long": I},
    of_use=_idle_while_held,
    title="A process holds a chip for long, and the chip is never busy.",
    meaning=(
        "In every reading of at least 10 minutes the firmware told that no runtime works with the chip. "
        "Work between two readings is not seen."
    ),
    cause=(
        "A process that hangs before its first work or after its last, a shell or notebook that was left "
        "open, or a monitor that keeps the device open."
    ),
    remedy="Ask who owns the process (ttinspect list --json has pid, user and command), and end it.",
)

RULES = (BUSY_ALONE, IDLE_WHILE_HELD)
