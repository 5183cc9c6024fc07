"""The answer of ``telemetry``: what chips say of their own state."""

import functools
from collections.abc import Mapping

from ttinspect.answers.holders import NOT_LOOKED, HeldBy, held_by_chip, why_not_known
from ttinspect.answers.unknowns import NOT_TOLD, Reasons, explained, nulls_inside, reasons_of, said_of
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.system import OfHost, Source, SourceKind, System
from ttinspect.model.telemetry import EthChannel, GddrModule, Telemetry
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import doubts
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.telemetry import hottest_gddr_celsius, telemetry_findings
from ttinspect.verify.findings.use import Use, Uses, use_findings, uses_of


class TelemetryDevice(Telemetry, frozen=True, kw_only=True):
    """One chip and its reading; everything is None where there is none. ``dram_trained`` and
    ``eth_up`` have one entry per live channel; ``gddr_max_celsius`` is of the hottest one.
    None is unknown, but for ``pci_bdf`` of a chip that is reached through another one, or of a simulator: it
    has none."""

    id: int
    arch: Arch
    board: Board | None
    pci_bdf: str | None
    dram_trained: tuple[bool | None, ...] | None
    eth_up: tuple[bool | None, ...] | None
    held_by: HeldBy
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class TelemetryAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.telemetry.v1"):
    """What ``telemetry`` says."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[TelemetryDevice, ...]
    findings: tuple[Finding, ...]


_NOTHING = Telemetry()
_NO_TAG = "its telemetry tag is missing, or reads as all ones"
_NOT_MEASURED = "Blackhole firmware writes a constant 0 there, or its telemetry tag is missing"
_LISTS = ("gddr", "eth", "dram_trained", "eth_up")
_PATHS = (
    *Telemetry.__struct_fields__,
    "dram_trained",
    "dram_trained[]",
    "eth_up",
    "eth_up[]",
    *(f"gddr[].{name}" for name in GddrModule.__struct_fields__),
    *(f"eth[].{name}" for name in EthChannel.__struct_fields__),
)
"""Everything that is a reading."""
_DRAM = "the chip does not tell it"
_ETH = "the firmware does not tell it, or not in a way that tt_umd reads"
_OF_UMD = {
    **dict.fromkeys(("gddr", "gddr[].trained", "dram_trained", "dram_trained[]"), _DRAM),
    **dict.fromkeys(("eth", "eth[].up", "eth_up", "eth_up[]"), _ETH),
    **dict.fromkeys(("firmware_minimum", "firmware_latest"), "tt_umd knows none"),
}
_SYSFS = (SourceKind.SYSFS, SourceKind.HOST)
_STILL = "the heartbeat was read once"
_STILL_IN_SYSFS = "the heartbeat was read once, or of a copy of sysfs, where nothing moves"
_LIVE_CHANNELS = {
    "gddr": "masks.dram",
    "dram_trained": "masks.dram",
    "eth": "masks.eth",
    "eth_up": "masks.eth",
}
"""What has one entry per live channel, and the mask that says which those are."""


def why_no_reading(chip: Chip, reasons: Reasons) -> str:
    """Why a reading of a chip is not there: all of them, or the one."""
    if chip.telemetry is not None:
        return _NO_TAG if reasons.asked in (SourceKind.UMD, SourceKind.SIM) else NOT_TOLD[reasons.asked]
    return reasons.troubles.get(chip.id) or said_of(chip, "telemetry") or NOT_TOLD[reasons.asked]


@functools.cache
def _whys(asked: SourceKind, why: str) -> Mapping[str, str]:
    """The reason of every reading that is not there, while others of the chip are."""
    return dict.fromkeys(_PATHS, why) | (_OF_UMD if asked in (SourceKind.UMD, SourceKind.SIM) else {})


def _own(chip: Chip, reasons: Reasons) -> Mapping[str, str]:
    reading, why = chip.telemetry, why_no_reading(chip, reasons)
    if reading is None:
        return dict.fromkeys(_PATHS, why)
    own = dict(_whys(reasons.asked, why))
    if reading.heartbeat is not None:
        own["heartbeat_moves"] = _STILL_IN_SYSFS if reasons.asked in _SYSFS else _STILL
    if chip.arch is Arch.BLACKHOLE and (why == _NO_TAG or reasons.asked is SourceKind.TT_SMI):
        own["board_celsius"] = _NOT_MEASURED
    roots = {"firmware_bundle": "firmware"}
    if reasons.asked not in _SYSFS:  # which knows no channel, live or not
        roots |= _LIVE_CHANNELS
    own |= {path: reason for path, root in roots.items() if (reason := said_of(chip, root))}
    return own | {fact.path: fact.why for fact in reversed(chip.unknown) if fact.path in own}


def build_telemetry(system: System, case: Case | None = None, uses: Uses | None = None) -> TelemetryAnswer:
    """The answer for all chips of a System. ``case`` has the processes of the same host, where it has any,
    ``uses`` how its chips were used in the readings before (None: this is the first)."""
    if uses is None:
        uses = {} if case is None else uses_of(case)
    reasons = reasons_of(system)
    held = {} if case is None else held_by_chip(case)
    findings = (*doubts(system), *trouble_findings(system))
    return TelemetryAnswer(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        devices=tuple(
            _device(
                chip, reasons, held.get(chip.id, NOT_LOOKED), why_not_known(case, chip.id), uses.get(chip.id)
            )
            for chip in system.chips
        ),
        findings=findings,
    )


def _device(
    chip: Chip, reasons: Reasons, held: HeldBy, why_held_unknown: str, use: Use | None
) -> TelemetryDevice:
    reading = chip.telemetry or _NOTHING
    fields = {name: getattr(reading, name) for name in Telemetry.__struct_fields__}
    fields["gddr_max_celsius"] = hottest_gddr_celsius(chip)
    device = TelemetryDevice(
        id=chip.id,
        arch=chip.arch,
        board=chip.board,
        pci_bdf=chip.pci_bdf,
        dram_trained=None if reading.gddr is None else tuple(m.trained for m in reading.gddr),
        eth_up=None if reading.eth is None else tuple(channel.up for channel in reading.eth),
        held_by=held,
        unknown=(),
        findings=(*telemetry_findings(chip, reasons.unread.get(chip.id)), *use_findings(use)),
        **fields,
    )
    inside = [path for name in _LISTS for path in nulls_inside(name, getattr(device, name))]
    own = {**_own(chip, reasons), "held_by.held": why_held_unknown}
    return explained(device, chip, reasons, own=own, inside=inside)
