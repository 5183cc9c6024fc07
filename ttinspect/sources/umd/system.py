"""What children said, as a System."""

import os
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.socs import arch_named
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, Source, SourceKind, System, Trouble
from ttinspect.sources.plausible import plausible
from ttinspect.sources.umd import umdlog, wire
from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.process import VISIBLE_DEVICES
from ttinspect.sources.umd.readings import chip_of, made_up_masks, telemetry_of, why_silent
from ttinspect.sources.umd.search import Outcome

_ALL_ONES = 0xFFFFFFFF
_HEARTBEAT_TAG = 32
_OFF_THE_BUS = "scratch_status=0xffffffff"
_LONGEST_REASON = 300
_UNTOLD = "tt_umd calls it unhealthy"


def system_of(outcome: Outcome, source: Source, socs: dict[Arch, Soc]) -> System:
    """The System of what was said; chips that were read before a death are in it.

    Raises:
        InspectError: 4 or 5 when nothing was learned, 3 when there are no chips.
    """
    simulated, session, host = source.kind is SourceKind.SIM, outcome.best.session, outcome.host
    chips = _with_reasons([*session.chips, *_left_alone(outcome), *_left_out(outcome)], session.log)
    if simulated:
        chips = [replace(facts, error=facts.error and umdlog.without_device(facts.error)) for facts in chips]
    error = failure(session, source.detail or source.kind.value)
    if not chips:
        raise error or _no_chips(host)
    links, linkless = session.links, None
    linked = {end[0] for end in [*links.ends, *links.remote]} if links is not None else set()
    lines: list[wire.Line] = [
        *session.lines,
        *(wire.TelemetryFacts(chip=c, error=w) for c, w in outcome.best.plan.skipped.items()),
    ]
    troubles = [
        Trouble(
            chip=facts.id,
            why=facts.error + made_up_masks(facts) + _behind(facts, chips),
            readable=facts.masks is not None,
        )
        for facts in chips
        if facts.error
    ]
    if error is not None:
        troubles += _cut_short(session, {facts.id for facts in chips}, error)
    troubles += silent_chips(lines, troubles)
    if outcome.best.plan.untrained is not None:
        troubles.append(_without_training(chips, outcome.best.plan.untrained))
    vanished = None if error is not None else _vanished(session, host, chips, simulated=simulated)
    if vanished is not None:
        troubles.append(_of_all(vanished))
    if links is None and session.is_done:
        linkless = "tt_umd opens the chip, and discovers nothing of it"
    if not session.request.over_eth:
        cause = _why_without_eth(outcome.first)
        singly = links is not None and links.singly
        linkless = None if singly else f"eth links were not discovered, because {cause}"
        if not any(facts.error and facts.mmio is False for facts in chips):
            troubles.append(_without_discovery(chips, cause, linkless))
    warnings = {} if simulated else _host_warnings(host, chips)
    made = (
        chip_of(
            facts,
            _arch(facts, chips),
            socs,
            simulated=simulated,
            linkless=linkless,
            linked=facts.id in linked,
        )
        for facts in chips
    )
    return System(
        source=source,
        chips=with_telemetry(tuple(made), lines),
        links=_links(links, {facts.id for facts in chips}),
        remote_links=_remote_links(links),
        warnings=tuple(warnings),
        troubles=tuple(troubles),
        evidence=warnings,
        kmd_version=host.kmd_version,
    )


def failure(session: wire.Session, what: str) -> InspectError | None:
    """Why what a session said is not everything, or nothing; None where it is everything."""
    code, failed = ExitCode.UMD_FAILED, session.failure
    if failed is not None and failed.missing:
        return InspectError(
            f"{what}: tt_umd is not installed",
            "it has wheels for Linux and Python up to 3.13",
            "pip install tt-umd, or use a source that needs no device, such as sysfs or a file",
            ExitCode.NO_UMD,
        )
    if failed is None and session.death is None:
        return None
    fate = "failed" if failed is not None else "hung" if session.late else "died"
    why = failed.why if failed is not None else session.death or ""
    return InspectError(f"{what}: tt_umd {fate} while {session.stage}", why, _next_step(session, why), code)


def _next_step(session: wire.Session, why: str) -> str:
    """What the user can do about a session that went wrong: the first that fits."""
    words = f"{why} {umdlog.last_words(session.log)}"
    simulated, late = session.request.library is not None, session.late is not None
    kind = session.wait.kind if session.wait is not None and late else None
    own, no_memory = umdlog.is_simulators_own(words), session.killed or umdlog.is_out_of_memory(words)
    steps = {
        "end the process that holds the lock, or wait until it is done": kind is WaitFor.LOCK,
        "look at free memory, and at this user's limits (ulimit -a)": no_memory,
        "that is an error of the simulator: try its newest release": simulated and own,
        "its firmware never runs: try the newest release of the simulator": (
            simulated and kind is WaitFor.FIRMWARE
        ),
        "reset the device (tt-smi -r), or give it more time with --timeout 330": kind is WaitFor.FIRMWARE,
        "give it more time with --timeout, and look at its log with --verbose": late,
    }
    report = "look at its log with --verbose; if it happens again, report it to tt-umd"
    return next((step for step, fits in steps.items() if fits), report)


def _no_chips(host: wire.HostFacts) -> InspectError:
    seen, visible = len(host.kmd_devices), os.environ.get(VISIBLE_DEVICES)
    why = f"the kernel driver shows {seen}, tt_umd none" if seen else "tt_umd found none"
    return InspectError(
        "no Tenstorrent devices found",
        f"{why} ({VISIBLE_DEVICES} is {visible!r})" if visible else why,
        "check lspci -d 1e52: and the tenstorrent kernel driver, or try --from board:n300",
        ExitCode.NO_DEVICES,
    )


def _of_all(why: str) -> Trouble:
    return Trouble(chip=None, why=why, readable=False)


def _cut_short(session: wire.Session, ids: set[int], error: InspectError) -> list[Trouble]:
    """What a child did not get to: readings from the chip on with which it died, or chips without a row."""
    if session.stage.chip not in ids:
        return [_of_all(f"some chips could not be read: {error.what}: {error.why}")]
    why, first = session.why_ended(), session.stage.chip
    read = {line.chip for line in session.lines if isinstance(line, wire.TelemetryFacts)}
    return [
        Trouble(chip=chip, why=why if chip == first else f"it was not read: {why}", readable=False)
        for chip in sorted(ids - read)
    ]


def _left_alone(outcome: Outcome) -> list[wire.ChipFacts]:
    """What is known of chips that were left alone: what they said before, or where they are."""
    lines = [line for attempt in outcome.attempts for line in attempt.session.lines]
    before = {line.id: line for line in lines if isinstance(line, wire.ChipFacts)}
    behind = {line.id: line for line in lines if isinstance(line, wire.RemoteFound)}
    return [
        before.get(chip)
        or (behind[chip].not_opened(why) if chip in behind else wire.ChipFacts(id=chip, arch=None, error=why))
        for chip, why in outcome.best.plan.skipped.items()
    ]


def _left_out(outcome: Outcome) -> list[wire.ChipFacts]:
    """Devices that were left out, of which nothing is known but where they are. tt_umd gives the others new
    numbers; these come behind them."""
    host, last = outcome.host, max((facts.id for facts in outcome.best.session.chips), default=-1)
    return [
        wire.ChipFacts(
            id=last + at,
            arch=host.kmd_archs.get(number),
            error=why,
            kmd_id=number,
            pci_bdf=host.kmd_devices.get(number),
            mmio=True,
        )
        for at, (number, why) in enumerate(outcome.best.plan.lost.items(), 1)
    ]


def _why_without_eth(first: wire.Session) -> str:
    """Which remote chip tt_umd found unhealthy, or how it ended."""
    remote = umdlog.unhealthy_remote(first.log)
    if remote is None:
        return first.why_ended()
    return f"the one with the unique id {remote[0]} is unhealthy" + (f" ({remote[1]})" if remote[1] else "")


def _without_discovery(chips: list[wire.ChipFacts], cause: str, linkless: str | None) -> Trouble:
    """Every Blackhole is on the bus; a Wormhole can be behind another one, or behind one that is."""
    if linkless is None:
        return _of_all(
            "chips that are reached over eth were opened one by one, and those behind them may be left out, "
            f"because {cause}"
        )
    if _on_bus_all(chips):
        return _of_all(linkless)
    return _of_all(f"chips that are reached over eth may be left out: {linkless}")


def _without_training(chips: list[wire.ChipFacts], untrained: str) -> Trouble:
    """Behind the link of a Wormhole can be a chip."""
    on_bus = _on_bus_all(chips)
    what = "the link there may not be up" if on_bus else "a chip behind that link may be left out"
    return Trouble(chip=None, why=f"{untrained} was not waited for: {what}", readable=on_bus)


def _on_bus_all(chips: list[wire.ChipFacts]) -> bool:
    return all(facts.arch in (None, Arch.BLACKHOLE.value) for facts in chips)


def _host_warnings(host: wire.HostFacts, chips: list[wire.ChipFacts]) -> dict[str, Evidence]:
    """What is hidden on purpose, or of an architecture that tt_umd did not open: it opens one at a time."""
    visible = os.environ.get(VISIBLE_DEVICES)
    seen, reported = len(host.kmd_devices), _on_bus(chips)
    more = _more(seen, reported)
    counts: Evidence = {"driver_devices": seen, "tt_umd_devices": reported}
    if visible:
        hidden = f"{VISIBLE_DEVICES} is {visible!r}: other devices are hidden"
        return {f"{hidden} ({more})" if more else hidden: {"visible": visible, **counts}}
    return {more: counts} if more and _seen(host, chips) <= reported else {}


def _more(seen: int, reported: int) -> str:
    return f"the kernel driver sees {seen} devices, tt_umd reports {reported}" if seen > reported else ""


def _seen(host: wire.HostFacts, chips: list[wire.ChipFacts]) -> int:
    """How many devices the kernel driver sees of an architecture that these chips have."""
    archs = {facts.arch for facts in chips}
    return sum(host.kmd_archs.get(number) in (None, *archs) for number in host.kmd_devices)


def _on_bus(chips: list[wire.ChipFacts]) -> int:
    return sum(facts.mmio is not False for facts in chips)


def _vanished(
    session: wire.Session, host: wire.HostFacts, chips: list[wire.ChipFacts], *, simulated: bool
) -> str | None:
    """What tt_umd does not report of the devices that the driver or a simulator has. It tells devices apart
    by their unique ids."""
    if simulated:
        there, reported = len(umdlog.opened_devices(session.log)), _on_bus(chips)
        why = f"the simulator has {there} devices, tt_umd reports {reported}: "
        return f"{why}those with the same unique id are one to it" if there > reported else None
    return None if os.environ.get(VISIBLE_DEVICES) else _more(_seen(host, chips), _on_bus(chips)) or None


def _with_reasons(chips: list[wire.ChipFacts], log: str) -> list[wire.ChipFacts]:
    """Chips by id; where tt_umd told only its log why a chip is unhealthy, with what it told."""
    silent, reasons = sum(facts.error == "" for facts in chips), umdlog.reasons_unhealthy(log)
    left = iter(reasons if len(reasons) == silent else ())
    named = [
        facts
        if facts.error is None
        else replace(facts, error=_shortened(facts.error or next(left, "") or _UNTOLD))
        for facts in chips
    ]
    return sorted(named, key=lambda facts: facts.id)


def _behind(facts: wire.ChipFacts, chips: list[wire.ChipFacts]) -> str:
    """A Wormhole that does not start hides the remote chip of its board."""
    known = {chip.arch for chip in chips if chip.arch is not None}
    hides = facts.masks is None and facts.mmio is not False and known == {Arch.WORMHOLE_B0.value}
    return "; a chip that is reached through it, if there is one, is not seen" if hides else ""


def _shortened(why: str) -> str:
    """tt_umd explains every bit of a status word, also of one that is all ones."""
    if _OFF_THE_BUS in why:
        return "it is off the bus: its registers read as all ones"
    return why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]} ..."


def silent_chips(lines: Iterable[wire.Line], known: Iterable[Trouble]) -> list[Trouble]:
    """The chips that were asked for a reading and gave none, or were gone when their heartbeat was read
    again, but for those that are known as unreadable."""
    named = {trouble.chip for trouble in known if not trouble.readable}
    silent = [
        Trouble(chip=line.chip, why=why, readable=False)
        for line in lines
        if isinstance(line, wire.TelemetryFacts) and line.chip not in named and (why := why_silent(line))
    ]
    named.update(trouble.chip for trouble in silent)
    named.update(
        line.chip for line in lines if isinstance(line, wire.TelemetryFacts) and not _has_heartbeat(line)
    )
    return silent + [
        Trouble(chip=line.chip, why="it left the bus after it was read", readable=False)
        for line in lines
        if isinstance(line, wire.Heartbeat) and line.value == _ALL_ONES and line.chip not in named
    ]


def _has_heartbeat(facts: wire.TelemetryFacts) -> bool:
    """Whether there was one to begin with: a word of all ones says nothing when it says so again."""
    return facts.tags.get(_HEARTBEAT_TAG, facts.getters.get("heartbeat")) not in (None, _ALL_ONES)


def with_telemetry(chips: tuple[Chip, ...], lines: Iterable[wire.Line]) -> tuple[Chip, ...]:
    """The chips with the last reading of each that is among the lines; none where there is none."""
    readings = {line.chip: line for line in lines if isinstance(line, wire.TelemetryFacts)}
    beats = {line.chip: line.value for line in lines if isinstance(line, wire.Heartbeat)}
    read = []
    for chip in chips:
        reading = telemetry_of(readings[chip.id], chip) if chip.id in readings else None
        again = beats.get(chip.id)
        if reading is not None and reading.heartbeat is not None and again not in (None, _ALL_ONES):
            reading = replace(reading, heartbeat_moves=again != reading.heartbeat)
        impossible: tuple[Unknown, ...] = ()
        if reading is not None:
            reading, impossible = plausible(reading)
        known_before = (gap for gap in chip.unknown if gap.read is msgspec.UNSET)
        read.append(replace(chip, telemetry=reading, unknown=(*known_before, *impossible)))
    return tuple(read)


def _arch(facts: wire.ChipFacts, chips: list[wire.ChipFacts]) -> Arch:
    """A chip's architecture; tt_umd opens hosts of one only, so that others tell it of a silent chip."""
    names = [name for name in (facts.arch, *(other.arch for other in chips)) if name is not None]
    if not names:
        raise InspectError(
            f"chip {facts.id} does not say its architecture",
            facts.error or "tt_umd does not know it",
            "reset the board (tt-smi -r) and look again",
            ExitCode.UMD_FAILED,
        )
    return arch_named(names[0])


def _links(facts: wire.LinkFacts | None, ids: set[int]) -> tuple[Link, ...]:
    """Links between known chips; one that only one side reports is not up for certain."""
    if facts is None:
        return ()
    ends = {
        (LinkEnd(chip=a, channel=b), LinkEnd(chip=c, channel=d)) for a, b, c, d in facts.ends if {a, c} <= ids
    }
    links = []
    for a, b in sorted(ends, key=lambda pair: (pair[0].chip, pair[0].channel)):
        both = (b, a) in ends
        if not both or (a.chip, a.channel) < (b.chip, b.channel):
            links.append(Link(a=a, b=b, state=LinkState.UP if both else LinkState.UNKNOWN))
    return tuple(links)


def _remote_links(facts: wire.LinkFacts | None) -> tuple[RemoteLink, ...]:
    if facts is None:
        return ()
    return tuple(
        RemoteLink(
            a=LinkEnd(chip=chip, channel=channel), remote_unique_id=str(far), remote_channel=far_channel
        )
        for chip, channel, far, far_channel in facts.remote
    )
