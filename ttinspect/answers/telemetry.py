"""The answer of ``telemetry``: what chips say of their own state."""

import msgspec

from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.system import Source, System
from ttinspect.model.telemetry import Telemetry
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.harvest import doubts
from ttinspect.verify.live import trouble_findings
from ttinspect.verify.telemetry import hottest_gddr_celsius, telemetry_findings


class TelemetryDevice(Telemetry, frozen=True, kw_only=True):
    """One chip and its reading; everything is None where there is none. ``dram_trained`` and
    ``eth_up`` have one entry per live channel; ``gddr_max_celsius`` is of the hottest one."""

    id: int
    arch: Arch
    board: Board | None
    pci_bdf: str | None
    dram_trained: tuple[bool | None, ...] | None
    eth_up: tuple[bool | None, ...] | None
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class TelemetryAnswer(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.telemetry.v1"
):
    """What ``telemetry`` says."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[TelemetryDevice, ...]
    findings: tuple[Finding, ...]


_NOTHING = Telemetry()
_NOT_TOLD = {
    "dram_trained": "the chip does not tell it",
    "eth_up": "the firmware does not tell it, or not in a way that tt_umd reads",
}


def _unknown(chip: Chip, system: System) -> list[Unknown]:
    """What no channel tells; or that there is no reading, and why."""
    reading = chip.telemetry
    if reading is None:
        whys = [trouble.why for trouble in system.troubles if trouble.chip == chip.id]
        return [Unknown(path="telemetry", why=whys[0] if whys else "the source does not carry it")]
    told = {
        "dram_trained": None if reading.gddr is None else {module.trained for module in reading.gddr},
        "eth_up": None if reading.eth is None else {channel.up for channel in reading.eth},
    }
    return [
        Unknown(path=path, why=_NOT_TOLD[path])
        for path, states in told.items()
        if states is None or states == {None}
    ]


def build_telemetry(system: System) -> TelemetryAnswer:
    """The answer for all chips of a System."""
    devices = []
    for chip in system.chips:
        reading = chip.telemetry or _NOTHING
        fields = {name: getattr(reading, name) for name in Telemetry.__struct_fields__}
        fields["gddr_max_celsius"] = hottest_gddr_celsius(chip)
        devices.append(
            TelemetryDevice(
                id=chip.id,
                arch=chip.arch,
                board=chip.board,
                pci_bdf=chip.pci_bdf,
                dram_trained=None if reading.gddr is None else tuple(m.trained for m in reading.gddr),
                eth_up=None if reading.eth is None else tuple(channel.up for channel in reading.eth),
                unknown=(*chip.unknown, *_unknown(chip, system)),
                findings=telemetry_findings(chip, system.unread(chip.id)),
                **fields,
            )
        )
    findings = (*doubts(system), *trouble_findings(system))
    return TelemetryAnswer(source=system.source, devices=tuple(devices), findings=findings)
