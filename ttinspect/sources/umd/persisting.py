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
from ttinspect.sources.umd.parent import DISCOVERING, FIRMWARE, Progress, Session, ask

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
    deadline = time.monotonic() + timeout_seconds
    patience = patience_seconds(timeout_seconds)

    def attempt(way: Way, patience: float | None) -> Session:
        left = deadline - time.monotonic()
        return ask(list(way.arguments), left, progress, patience_seconds=patience, visible=way.visible)

    whole = Way(arguments=tuple(arguments))
    first = last = attempt(whole, patience)
    logs = []
    tried = whole
    lost: dict[int, str] = {}
    while hides_others(last) and deadline - time.monotonic() > _LEAST_SECONDS:
        way = _next_way(first, last, tried, lost)
        logs.append(last.log)
        if way is None:  # there is nothing to see without the bad chips: give them all the time
            if not last.late:
                break
            tried, last, patience = whole, attempt(whole, None), None
            if hides_others(last):
                break
            lost.clear()
        else:
            tried, last = way, attempt(way, patience)
    if last is first:
        return first, whole
    if hides_others(last) or not _has_chips(last):
        first.log += "".join([*logs[1:], last.log])
        if first.late:
            first.late_after(timeout_seconds)
        return first, whole
    last.earlier_log = "".join(logs)
    last.lines = [*_as_before(first, last), *_left_out(first, last, lost)]
    if WITHOUT_REMOTE in tried.arguments:
        last.trouble = f"any that are reached over eth are left out, because {_why(first)}"
    return last, tried


def patience_seconds(timeout_seconds: float) -> float | None:
    """How long to wait for the firmware of one chip; None where tt_umd gives up by itself in time."""
    return timeout_seconds / 5 if timeout_seconds < _FIRMWARE_WAIT_SECONDS else None


def _next_way(first: Session, last: Session, tried: Way, lost: dict[int, str]) -> Way | None:
    """Without remote chips first; then without the device that tt_umd waits for, which is added to ``lost``.
    Which devices it sees can be chosen on a host only, and not where the user has
    chosen them."""
    if WITHOUT_REMOTE not in tried.arguments:
        return Way(arguments=(*tried.arguments, WITHOUT_REMOTE), visible=tried.visible)
    waited = _DEVICE.search(last.death or "")
    devices = _devices(first)
    if waited is None or int(waited[1]) not in devices or os.environ.get(VISIBLE_DEVICES):
        return None
    lost[int(waited[1])] = last.death or ""
    visible = ",".join(bdf for number, bdf in devices.items() if number not in lost)
    return Way(arguments=tried.arguments, visible=visible) if visible else None


def hides_others(session: Session) -> bool:
    """Whether one chip may have kept tt_umd from discovering the others. A crash is none of these: it
    would come again."""
    if session.stage() != DISCOVERING:
        return False
    if any(isinstance(line, wire.Failed) for line in session.lines):
        return True
    return session.late and session.death is not None and FIRMWARE in session.death


def _has_chips(session: Session) -> bool:
    return any(isinstance(line, wire.ChipFacts) for line in session.lines)


def _why(session: Session) -> str:
    failed = next((line.why for line in session.lines if isinstance(line, wire.Failed)), None)
    return f"tt_umd failed ({failed})" if failed else f"tt_umd hung: {session.death}"


def _devices(session: Session) -> dict[int, str]:
    host = next((line for line in session.lines if isinstance(line, wire.HostFacts)), None)
    return host.kmd_devices if host else {}


def _as_before(first: Session, last: Session) -> list[wire.Line]:
    """Everything last said, with the kernel driver's devices as they were before some were hidden."""
    host = [line for line in first.lines if isinstance(line, wire.HostFacts)]
    return [*host, *(line for line in last.lines if not isinstance(line, wire.HostFacts))]


def _left_out(first: Session, last: Session, lost: dict[int, str]) -> list[wire.Line]:
    """A chip of which nothing is known but where it is, for each device that was left out."""
    known = [line.id for line in last.lines if isinstance(line, wire.ChipFacts)]
    return [
        wire.ChipFacts(
            id=max(known) + at, arch=None, board=None, board_id=None, unique_id=None, asic_location=None,
            mmio=True, via=None, pci_bdf=_devices(first)[number], bus_id=None, pcie_lanes=None, kmd_id=number,
            error=why, masks=None, noc_translation=None, tags={}, firmware=None, cores=None,
        )
        for at, (number, why) in enumerate(lost.items(), 1)
    ]  # fmt: skip
