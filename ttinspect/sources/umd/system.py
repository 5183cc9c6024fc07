"""What a child said, as a System."""

import re
from collections.abc import Iterable

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import board_named, board_of_id
from ttinspect.facts.socs import arch_named
from ttinspect.facts.trays import tray_of
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.refusal import refusal, units_listed
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks, PcieLink, Unknown
from ttinspect.model.soc import Soc
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, Source, System, Trouble
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.log import warning_of
from ttinspect.sources.umd.missing import host_warnings, no_chips, vanished_devices
from ttinspect.sources.umd.readings import telemetry_of, why_silent
from ttinspect.sources.umd.session import Session, failure

_ALL_ONES = 0xFFFFFFFF
_MASK_TAG_NAMES = {
    "tensix": "ENABLED_TENSIX_COL",
    "dram": "ENABLED_GDDR",
    "eth": "ENABLED_ETH",
    "pcie": "PCIE_USAGE",
    "l2cpu": "ENABLED_L2CPU",
}
_HEARTBEAT_TAG = 32
_UNHEALTHY = "Discovered unhealthy"
_OFF_THE_BUS = "scratch_status=0xffffffff"
_LONGEST_REASON = 300
_UMDS_NUMBER = re.compile(r"\.? (?:on device|Device ID:|over PCIe ID) [0-9]+")
"""How tt_umd names a device: /dev/tenstorrent/N, but of a simulator a number of its own."""
_UNTOLD = "tt_umd calls it unhealthy"


def system_of(session: Session, source: Source, socs: dict[Arch, Soc], *, simulated: bool) -> System:
    """The System of a session; chips that were read before a death are in it.

    Raises:
        InspectError: 4 or 5 when nothing was learned, 3 when there are no chips.
    """
    read = [line for line in session.lines if isinstance(line, wire.ChipFacts)]
    chips = _with_reasons([*read, *session.left_out], session.log)
    if simulated:
        chips = [
            facts
            if facts.error is None
            else msgspec.structs.replace(facts, error=_UMDS_NUMBER.sub("", facts.error))
            for facts in chips
        ]
    error = failure(session, source.detail or source.kind.value)
    if error is not None and not chips:
        raise error
    host = next((line for line in session.lines if isinstance(line, wire.HostFacts)), None)
    if not chips:
        raise no_chips(host)
    links = next((line for line in reversed(session.lines) if isinstance(line, wire.LinkFacts)), None)
    linked = {end[0] for end in [*links.ends, *links.remote]} if links is not None else set()
    troubles = [
        Trouble(
            chip=facts.id,
            why=facts.error + _made_up(facts) + _behind(facts, chips),
            readable=facts.masks is not None,
        )
        for facts in chips
        if facts.error
    ]
    if error is not None:
        why = f"some chips could not be read: {error.what}: {error.why}"
        troubles.append(Trouble(chip=None, why=why, readable=False))
    troubles += silent_chips(session.lines, troubles)
    if session.untrained is not None:
        troubles.append(_without_training(chips, session.untrained))
    vanished = None if error is not None else vanished_devices(session, host, chips, simulated=simulated)
    if vanished is not None:
        troubles.append(Trouble(chip=None, why=vanished, readable=False))
    linkless = None
    if session.linkless is not None:
        cause = _UMDS_NUMBER.sub("", session.linkless) if simulated else session.linkless
        singly = links is not None and links.singly
        linkless = None if singly else f"eth links were not discovered, because {cause}"
        if not any(facts.error and facts.mmio is False for facts in chips):
            troubles.append(_without_discovery(chips, cause, linkless))
    for chip, cause in session.unlinked.items():
        why = f"the eth links of chip {chip} are unknown: {cause}"
        troubles.append(Trouble(chip=None, why=why, readable=False))
    warnings = {} if simulated else host_warnings(host, chips)
    return System(
        source=source,
        chips=with_telemetry(
            tuple(
                _chip(
                    facts,
                    _arch(facts, chips),
                    socs,
                    simulated=simulated,
                    linkless=session.unlinked.get(facts.id, linkless),
                    linked=facts.id in linked,
                )
                for facts in chips
            ),
            session.lines,
        ),
        links=_links(links, {facts.id for facts in chips}),
        remote_links=_remote_links(links),
        warnings=tuple(warnings),
        troubles=tuple(troubles),
        evidence=warnings,
        kmd_version=host.kmd_version if host else None,
    )


def _without_discovery(chips: list[wire.ChipFacts], cause: str, linkless: str | None) -> Trouble:
    """Every Blackhole is on the bus; a Wormhole can be behind another one, or behind one that is."""
    if linkless is None:
        why = (
            "chips that are reached over eth were opened one by one, and those behind them may be left out, "
            f"because {cause}"
        )
    elif all(facts.arch in (None, Arch.BLACKHOLE.value) for facts in chips):
        why = linkless
    else:
        why = f"chips that are reached over eth may be left out: {linkless}"
    return Trouble(chip=None, why=why, readable=False)


def _without_training(chips: list[wire.ChipFacts], untrained: str) -> Trouble:
    """Behind the link of a Wormhole can be a chip; every Blackhole is on the bus."""
    on_bus = all(facts.arch in (None, Arch.BLACKHOLE.value) for facts in chips)
    what = "the link there may not be up" if on_bus else "a chip behind that link may be left out"
    return Trouble(chip=None, why=f"{untrained} was not waited for: {what}", readable=on_bus)


def _with_reasons(chips: list[wire.ChipFacts], log: str) -> list[wire.ChipFacts]:
    """Chips by id; where tt_umd told only its log why a chip is unhealthy, with what it told."""
    silent = sum(facts.error == "" for facts in chips)
    reasons, last = [], ""
    for line in log.splitlines():
        if _UNHEALTHY in line:
            reasons.append(last)
        else:
            last = warning_of(line) or last
    told = iter(reasons if len(reasons) == silent else ())
    named = [
        facts
        if facts.error is None
        else msgspec.structs.replace(facts, error=_shortened(facts.error or next(told, "") or _UNTOLD))
        for facts in chips
    ]
    return sorted(named, key=lambda facts: facts.id)


def _made_up(facts: wire.ChipFacts) -> str:
    """tt_umd takes a missing telemetry word for 0, and judges the chip by that."""
    if facts.arch != Arch.BLACKHOLE.value or facts.masks is None:
        return ""
    missing = _missing(facts)
    return f" Telemetry {missing} is missing, which tt_umd takes for 0." if missing else ""


def _missing(facts: wire.ChipFacts) -> str:
    return ", ".join(tag for name, tag in _MASK_TAG_NAMES.items() if facts.tags.get(name) is None)


def _reason(facts: wire.ChipFacts, soc: Soc, masks: Masks, board: Board | None) -> str | None:
    """Why tt_umd does not tell everything of a chip: its own words, but where it refuses a mask that it made
    up, what is missing. ``masks`` and ``board`` are those that the chip has."""
    if not facts.error or facts.masks is None or soc.arch is not Arch.BLACKHOLE:
        return facts.error
    made_up = Masks(**{name: getattr(facts.masks, name) for name in _MASK_TAG_NAMES})
    told = refusal(soc, made_up, board, facts.asic_location)
    if not told or told not in facts.error or refusal(soc, masks, board, facts.asic_location) == told:
        return facts.error
    return f"telemetry {_missing(facts)} is missing, which tt_umd takes for 0, and so it refuses the chip"


def _behind(facts: wire.ChipFacts, chips: list[wire.ChipFacts]) -> str:
    """A Wormhole that does not start hides the remote chip of its board."""
    known = {one.arch for one in chips if one.arch is not None}
    hides = facts.masks is None and facts.mmio is not False and known == {Arch.WORMHOLE_B0.value}
    return "; a chip that is reached through it, if there is one, is not seen" if hides else ""


def _shortened(why: str) -> str:
    """tt_umd explains every bit of a status word, also of one that is all ones."""
    if _OFF_THE_BUS in why:
        return "it is off the bus: its registers read as all ones"
    return why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]} ..."


def silent_chips(lines: list[wire.Line], known: Iterable[Trouble]) -> list[Trouble]:
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


def with_telemetry(chips: tuple[Chip, ...], lines: list[wire.Line]) -> tuple[Chip, ...]:
    """The chips with the last reading of each that is among the lines; none where there is none."""
    readings = {line.chip: line for line in lines if isinstance(line, wire.TelemetryFacts)}
    beats = {line.chip: line.value for line in lines if isinstance(line, wire.Heartbeat)}
    found = []
    for chip in chips:
        reading = telemetry_of(readings[chip.id], chip) if chip.id in readings else None
        again = beats.get(chip.id)
        if reading is not None and reading.heartbeat is not None and again not in (None, _ALL_ONES):
            reading = msgspec.structs.replace(reading, heartbeat_moves=again != reading.heartbeat)
        found.append(msgspec.structs.replace(chip, telemetry=reading))
    return tuple(found)


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


def _chip(
    facts: wire.ChipFacts,
    arch: Arch,
    socs: dict[Arch, Soc],
    *,
    simulated: bool,
    linkless: str | None,
    linked: bool,
) -> Chip:
    masks, unknown = _masks(facts, socs[arch])
    board = _board(facts, socs[arch], masks)
    reason = _reason(facts, socs[arch], masks, board)
    if linkless is not None or (reason and not linked):
        unknown.append(Unknown(path="links", why=linkless or reason or ""))
    always = {"board_id": facts.board_id, "unique_id": facts.unique_id}
    for name, known in {"board": board, **always, "mmio": facts.mmio}.items():
        if known is None and (reason or name in always):
            unknown.append(Unknown(path=name, why=reason or "the chip does not tell it"))
    if facts.asic_location is None and arch is Arch.BLACKHOLE and not facts.error:
        unknown.append(Unknown(path="asic_location", why="telemetry ASIC_LOCATION is missing"))
    bus_id = None if simulated else facts.bus_id
    return Chip(
        id=facts.id,
        arch=arch,
        soc=socs[arch],
        board=board,
        board_name=None,
        board_id=None if facts.board_id is None else str(facts.board_id),
        unique_id=None if facts.unique_id is None else str(facts.unique_id),
        asic_location=facts.asic_location,
        noc_translation=facts.noc_translation if masks != UNKNOWN_MASKS else None,
        masks=masks,
        firmware=facts.firmware if facts.tags.get("firmware") not in (None, 0, _ALL_ONES) else None,
        mmio=facts.mmio,
        via=facts.via,
        # bus ids, BDFs and driver numbers of a simulator mean nothing
        kmd_id=None if simulated else facts.kmd_id,
        pci_bdf=None if simulated else facts.pci_bdf,
        pcie=None if simulated or not facts.mmio else PcieLink(bus_id=bus_id, lanes=facts.pcie_lanes),
        tray=tray_of(board, bus_id),
        unknown=tuple(unknown),
        live_cores=facts.cores,
    )


def _board(facts: wire.ChipFacts, soc: Soc, masks: Masks) -> Board | None:
    """What tt_umd says; of a chip that it did not get that far with, what the board id says, unless the chip
    cannot be that."""
    if facts.board:
        return board_named(facts.board)
    board = None if facts.board_id is None else board_of_id(facts.board_id)
    return None if refusal(soc, masks, board, facts.asic_location) else board


def _masks(facts: wire.ChipFacts, soc: Soc) -> tuple[Masks, list[Unknown]]:
    """tt_umd's masks, but unknown where it made a 0 of a telemetry tag that is missing, or read a chip
    that is off the bus, or where the SoC descriptor lists fewer units than the chip has. One that lists no
    L2CPU at all describes a chip without them."""
    if facts.masks is None:
        return UNKNOWN_MASKS, [Unknown(path="masks", why=facts.error or "the chip did not answer")]
    values: dict[str, int | None] = {name: getattr(facts.masks, name) for name in _MASK_TAG_NAMES}
    unknown = []
    if not soc.l2cpu:
        values["l2cpu"] = 0
    if soc.arch is Arch.BLACKHOLE:
        for name, tag in _MASK_TAG_NAMES.items():
            if name == "l2cpu" and not soc.l2cpu:
                continue
            if facts.tags.get(name) in (None, _ALL_ONES):
                values[name] = None
                unknown.append(Unknown(path=f"masks.{name}", why=f"telemetry {tag} is missing"))
    for name, listed in units_listed(soc).items():
        mask = values[name]
        if mask is not None and mask >> listed and name not in ARCHITECTURES[soc.arch].ignored_masks:
            values[name] = None
            why = f"the mask {mask:#x} has bits past the {listed} that the SoC descriptor lists"
            unknown.append(Unknown(path=f"masks.{name}", why=why))
    return Masks(**values), unknown


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
