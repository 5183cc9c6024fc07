"""What children said, as a System."""

import functools
import os
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.socs import arch_named
from ttinspect.facts.wording import plural
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Chip, PcieLink
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, Source, SourceKind, System, Trouble
from ttinspect.sources.cluster import read_cluster
from ttinspect.sources.umd import umdlog, wire
from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.process import VISIBLE_DEVICES
from ttinspect.sources.umd.readings import chip_of, identified, made_up_masks, with_telemetry
from ttinspect.sources.umd.search import Outcome
from ttinspect.sources.umd.wire import ChipFacts, TelemetryFacts

_OFF_THE_BUS = "scratch_status=0xffffffff"
_LONGEST_REASON = 300
_REPORT = "look at its log with --verbose; if it happens again, report it to tt-umd"


def system_of(
    outcome: Outcome, source: Source, socs: dict[Arch, Soc], of_socs: Mapping[str, Evidence] = {}
) -> System:
    """The System of what was said; chips that were read before a death are in it. ``of_socs`` are warnings
    about the SoC descriptors.

    Raises:
        InspectError: 5 when nothing was learned, 3 when there are no chips; what the child raised.
    """
    session, host = outcome.best.session, outcome.host
    cluster = _cluster(session.cluster.text, tuple(socs.values()))
    chips = _chips(outcome, {} if cluster is None else {chip.id: chip for chip in cluster.chips})
    error = failure(session, source.detail or source.kind.value)
    if not chips:
        raise error or _no_chips(host)
    skipped = outcome.best.plan.skipped
    readings = [*session.readings, *(TelemetryFacts(chip=chip, error=why) for chip, why in skipped.items())]
    linkless, of_discovery = _discovered(outcome, chips)
    hidden, of_devices = _devices(host, chips)
    warnings = {**of_socs, **hidden}
    troubles = [
        *(
            Trouble(
                chip=facts.id,
                why=facts.error + made_up_masks(facts) + _behind(facts, chips),
                readable=facts.masks is not None,
            )
            for facts in chips
            if facts.error
        ),
        *(_cut_short(session, {facts.id for facts in chips}, error) if error is not None else ()),
    ]
    unread = {trouble.chip for trouble in troubles if not trouble.readable}
    silent = {facts.chip: facts.error for facts in readings if facts.error and facts.chip not in unread}
    troubles += [Trouble(chip=chip, why=why, readable=False) for chip, why in silent.items()]
    troubles += [*of_discovery, *(of_devices if error is None else ())]
    links, remote_links = _links(chips, cluster)
    up = [link for link in links if link.state is LinkState.UP]
    linked = {end.chip for link in up for end in (link.a, link.b)} | {link.a.chip for link in remote_links}
    simulated = source.kind is SourceKind.SIM
    made = [
        chip_of(facts, soc, simulated=simulated, linkless=linkless, linked=facts.id in linked)
        for facts in chips
        for soc in [socs[_arch(facts, chips)]]
    ]
    return System(
        source=source,
        chips=tuple(with_telemetry(chip, readings) for chip in made),
        links=links,
        remote_links=remote_links,
        warnings=tuple(warnings),
        troubles=tuple(troubles),
        evidence=warnings,
        kmd_version=host.kmd_version,
    )


def failure(session: wire.Session, source: str) -> InspectError | None:
    """Why what a session said is not everything, or nothing; None where it is everything."""
    failed = session.failure
    if failed is None and session.death is None:
        return None
    why = failed.why if failed is not None else session.death or ""
    if failed is not None and failed.what is not None and not umdlog.is_out_of_memory(why):
        return InspectError(failed.what, why, failed.next_step, failed.exit_code)
    fate = "failed" if failed is not None else "hung" if session.late else "died"
    what = f"{source}: tt_umd {fate} while {session.stage}"
    return InspectError(what, why, _next_step(session, why), ExitCode.UMD_FAILED)


def _next_step(session: wire.Session, why: str) -> str:
    """What the user can do about a session that went wrong: the first that fits."""
    words = f"{why} {umdlog.last_words(session.log)}"
    simulated, late = session.request.library is not None, session.late is not None
    kind = session.wait.kind if session.wait is not None and late else None
    no_memory = session.killed or umdlog.is_out_of_memory(words)
    steps = {
        "end the process that holds the lock, or wait until it is done": kind is WaitFor.LOCK,
        "look at free memory, and at this user's limits (ulimit -a)": no_memory,
        "that is an error of the simulator: try its newest release": simulated
        and umdlog.is_simulators_own(words),
        "its firmware never runs: try the newest release of the simulator": (
            simulated and kind is WaitFor.FIRMWARE
        ),
        "reset the device (tt-smi -r), or give it more time with --timeout 330": kind is WaitFor.FIRMWARE,
        "give it more time with --timeout, and look at its log with --verbose": late,
    }
    return next((step for step, fits in steps.items() if fits), _REPORT)


def _no_chips(host: wire.HostFacts) -> InspectError:
    devices, visible = len(host.kmd_devices), os.environ.get(VISIBLE_DEVICES)
    why = f"the kernel driver shows {devices}, tt_umd none" if devices else "tt_umd found none"
    return InspectError(
        "no Tenstorrent devices found",
        f"{why} ({VISIBLE_DEVICES} is {visible!r})" if visible else why,
        "check lspci -d 1e52: and the tenstorrent kernel driver, or try --from board:n300",
        ExitCode.NO_DEVICES,
    )


@functools.lru_cache(maxsize=1)  # a watch asks with every reading
def _cluster(text: str, socs: tuple[Soc, ...]) -> System | None:
    """tt_umd's cluster descriptor; None where none was said, or no chip in it is healthy.

    Raises:
        InspectError: 5 where it is none.
    """
    name = "the cluster descriptor"
    try:
        document = parse_yaml(text.encode(), name) if text else None
        return None if document is None else read_cluster(document, name, {soc.arch: soc for soc in socs})
    except InspectError as error:
        raise InspectError(f"tt_umd: {error.what}", error.why, _REPORT, ExitCode.UMD_FAILED) from None


def _chips(outcome: Outcome, cluster: Mapping[int, Chip]) -> list[ChipFacts]:
    """All chips by id, each with what the cluster descriptor says of it, and why it could not be read: those
    that were read, those that were left alone, with what they said before, and the devices that were left
    out, of which nothing is known but where they are. tt_umd gives the others new numbers; these come behind
    them."""
    plan, session, host = outcome.best.plan, outcome.best.session, outcome.host
    of_all = [attempt for attempt in outcome.attempts if attempt.plan.alone is None]
    latest = {facts.id: facts for facts in session.chips}
    before = {facts.id: facts for attempt in of_all for facts in attempt.session.chips}
    # where tt_umd told its log alone why a chip is unhealthy
    silent = [chip for chip, facts in latest.items() if facts.error == ""]
    reasons = umdlog.unhealthy(session.log)
    reason_of = dict(zip(silent, reasons, strict=True)) if len(silent) == len(reasons) else {}
    chips = []
    for chip in sorted({*latest, *plan.skipped}):
        facts = latest.get(chip) or before.get(chip) or ChipFacts(id=chip, arch=None)
        facts = identified(facts, cluster.get(chip))
        if facts.error is not None:
            facts = replace(facts, error=_reason(facts.error or reason_of.get(chip, "")))
        elif facts.masks is None:
            facts = replace(facts, error=plan.skipped.get(chip))
        chips.append(facts)
    next_id = chips[-1].id + 1 if chips else 0
    for number, (device, why) in enumerate(plan.lost.items(), next_id):
        arch, bdf = host.kmd_archs.get(device), host.kmd_devices.get(device)
        facts = ChipFacts(id=number, arch=arch, error=why, kmd_id=device, pci_bdf=bdf, mmio=True)
        chips.append(replace(facts, pcie=PcieLink()))
    return chips


def _reason(why: str) -> str:
    """Why a chip is unhealthy. tt_umd explains every bit of a status word, also of one that is all ones."""
    if not why:
        return "tt_umd calls it unhealthy"
    if _OFF_THE_BUS in why:
        return "it is off the bus: its registers read as all ones"
    return why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]} ..."


def _behind(facts: ChipFacts, chips: list[ChipFacts]) -> str:
    """A Wormhole that does not start hides the remote chip of its board."""
    archs = {chip.arch for chip in chips if chip.arch is not None}
    hides = facts.masks is None and facts.mmio is not False and archs == {wire.REMOTE_ARCH}
    return "; a chip that is reached through it, if there is one, is not seen" if hides else ""


def _cut_short(session: wire.Session, ids: set[int], error: InspectError) -> Iterator[Trouble]:
    """What a child did not get to: readings from the chip on with which it died, or chips without a row."""
    if session.stage.chip not in ids:
        why = f"some chips could not be read: {error.what}: {error.why}"
        yield Trouble(chip=None, why=why, readable=False)
        return
    why, read = session.why_ended(), {facts.chip for facts in session.readings}
    for chip in sorted(ids - read):
        text = why if chip == session.stage.chip else f"it was not read: {why}"
        yield Trouble(chip=chip, why=text, readable=False)


def _discovered(outcome: Outcome, chips: list[ChipFacts]) -> tuple[str | None, list[Trouble]]:
    """Why nothing is known of any eth link, None where something is; and what may be missing because of what
    was not asked. Every Blackhole is on the bus; a Wormhole can be behind another, or behind one that is."""
    plan, session, troubles = outcome.best.plan, outcome.best.session, []
    on_bus = all(facts.arch in (None, Arch.BLACKHOLE.value) for facts in chips)
    if plan.untrained is not None:
        effect = "the link there may not be up" if on_bus else "a chip behind that link may be left out"
        why = f"{plan.untrained} was not waited for: {effect}"
        troubles.append(Trouble(chip=None, why=why, readable=on_bus))
    if session.request.over_eth:
        opened_only = session.is_done and not session.cluster.chips  # a Quasar
        return ("tt_umd opens the chip, and discovers nothing of it" if opened_only else None), troubles
    cause = f"because {outcome.first.why_ended()}"
    linkless = None
    if all(facts.ends is None for facts in chips):
        linkless = f"eth links were not discovered, {cause}"
        why = linkless if on_bus else f"chips that are reached over eth may be left out: {linkless}"
    else:
        opened = "chips that are reached over eth were opened one by one"
        why = f"{opened}, and those behind them may be left out, {cause}"
    if not any(facts.error and facts.mmio is False for facts in chips):
        troubles.append(Trouble(chip=None, why=why, readable=False))
    return linkless, troubles


def _devices(host: wire.HostFacts, chips: list[ChipFacts]) -> tuple[dict[str, Evidence], list[Trouble]]:
    """Devices that the kernel driver sees and tt_umd does not report: a warning where they are hidden on
    purpose, or of an architecture that it did not open (it opens one at a time); else it lost them."""
    visible, devices = os.environ.get(VISIBLE_DEVICES), len(host.kmd_devices)
    reported = sum(facts.mmio is not False for facts in chips)
    archs = {None, *(facts.arch for facts in chips)}
    of_these = sum(host.kmd_archs.get(number) in archs for number in host.kmd_devices)
    counts: Evidence = {"driver_devices": devices, "tt_umd_devices": reported}
    fewer = _more_seen(devices, reported) if devices > reported else ""
    if visible and devices:
        hidden = f"{VISIBLE_DEVICES} is {visible!r}: other devices are hidden"
        return {f"{hidden} ({fewer})" if fewer else hidden: {"visible": visible, **counts}}, []
    if of_these > reported:
        return {}, [Trouble(chip=None, why=_more_seen(of_these, reported), readable=False)]
    return ({fewer: counts} if fewer else {}), []


def _more_seen(devices: int, reported: int) -> str:
    return f"the kernel driver sees {plural(devices, 'device')}, tt_umd reports {reported or 'none'}"


def _arch(facts: ChipFacts, chips: list[ChipFacts]) -> Arch:
    """A chip's architecture; tt_umd opens hosts of one only, so that others tell it of a silent chip."""
    name = next((chip.arch for chip in (facts, *chips) if chip.arch is not None), None)
    if name is None:
        raise InspectError(
            f"chip {facts.id} does not say its architecture",
            facts.error or "tt_umd does not know it",
            "reset the board (tt-smi -r) and look again",
            ExitCode.UMD_FAILED,
        )
    return arch_named(name)


def _links(chips: list[ChipFacts], cluster: System | None) -> tuple[tuple[Link, ...], tuple[RemoteLink, ...]]:
    """The links between these chips, and those that leave the host. Of chips that were opened one by one each
    end was read: a link of which only one end is known is not up for certain."""
    if cluster is not None and all(facts.ends is None for facts in chips):
        ids = {facts.id for facts in chips}
        links = tuple(link for link in cluster.links if {link.a.chip, link.b.chip} <= ids)
        return links, cluster.remote_links
    chip_of_id = {int(facts.unique_id): facts.id for facts in chips if facts.unique_id is not None}
    ends = {LinkEnd(chip=facts.id, channel=end.channel): end for facts in chips for end in facts.ends or ()}
    joined: dict[frozenset[LinkEnd], Link] = {}
    leaving = []
    for near, end in ends.items():
        if end.far in chip_of_id:
            far_end = LinkEnd(chip=chip_of_id[end.far], channel=end.far_channel)
            state = LinkState.UP if far_end in ends else LinkState.UNKNOWN
            joined.setdefault(frozenset((near, far_end)), Link(a=near, b=far_end, state=state))
        else:
            link = RemoteLink(a=near, remote_unique_id=str(end.far), remote_channel=end.far_channel)
            leaving.append(link)
    return tuple(joined.values()), tuple(leaving)
