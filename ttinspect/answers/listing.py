"""The answer of ``list``: one row per chip."""

from enum import Enum

import msgspec

from ttinspect.answers.holders import HeldBy, why_not_known
from ttinspect.answers.memory import MemoryAnswer, MemoryDevice, build_memory, not_allocatable
from ttinspect.answers.telemetry import why_no_reading
from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.errors import ExitCode
from ttinspect.model.arch import Arch, Board, Coord
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.grid import ChipGrid
from ttinspect.model.system import OfHost, Source
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import chip_findings, system_findings
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.readiness import NARROW_PCIE, readiness_findings
from ttinspect.verify.findings.telemetry import HOT, THERMAL_TRIP, THROTTLED, telemetry_findings
from ttinspect.verify.findings.topology import ISOLATED_CHIP, topology_findings
from ttinspect.verify.limits import Basis
from ttinspect.verify.verify import Verified


class Mark(str, Enum):
    """What somebody who looks over a list of chips should see."""

    HOT = "hot"
    THROTTLING = "throttling"
    TRIPPED = "tripped"
    UNLINKED = "unlinked"
    GHOST = "ghost"
    NARROW_PCIE = "narrow PCIe"


_MARK_OF = {
    HOT.id: Mark.HOT,
    THROTTLED.id: Mark.THROTTLING,
    THERMAL_TRIP.id: Mark.TRIPPED,
    ISOLATED_CHIP.id: Mark.UNLINKED,
    NARROW_PCIE.id: Mark.NARROW_PCIE,
}
"""By the warning that it stands for."""


class ListDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One chip with the names that people use for it. Used bytes are what its one region publishes;
    None is unknown, but for ``kmd_id`` (N of /dev/tenstorrent/N) and ``pci_bdf`` of a chip that is reached
    through another one, or of a simulator: it has none."""

    id: int
    kmd_id: int | None
    pci_bdf: str | None
    unique_id: str | None
    board_id: str | None
    serial: str | None
    arch: Arch
    board: Board | None
    tensix_grid: Coord | None
    l1_used: int | None
    l1_allocatable: int | None
    l1_physical: int | None
    dram_used: int | None
    dram_allocatable: int | None
    dram_physical: int | None
    allocatable_by: Basis | None
    asic_celsius: float | None
    held_by: HeldBy
    marks: tuple[Mark, ...]
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class ListAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.list.v1"):
    """What ``list`` says. ``free`` is there with --free: N of every /dev/tenstorrent/N that nobody holds, for
    TT_VISIBLE_DEVICES."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[ListDevice, ...]
    free: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    findings: tuple[Finding, ...]


def free_devices(answer: ListAnswer) -> tuple[int, ...]:
    """N of every /dev/tenstorrent/N through which no chip is held."""
    devices = {device.kmd_id: device for device in answer.devices if device.kmd_id is not None}
    return tuple(sorted(number for number, device in devices.items() if device.held_by.held is False))


def free_exit_code(answer: ListAnswer) -> ExitCode:
    """0 where a device is free, 10 where each is known to be held, 11 where that is not known of some."""
    if free_devices(answer):
        return ExitCode.DONE
    unknown = any(device.held_by.held is None for device in answer.devices)
    return ExitCode.INCONCLUSIVE if unknown else ExitCode.CHECK_FAILED


def build_list(case: Case, verified: Verified) -> ListAnswer:
    """The answer for the chosen chips of a Case, and what ``verify`` came to of it."""
    return ListAnswer(
        source=case.system.source,
        host=case.system.read_at.host,
        time_ns=case.system.read_at.time_ns,
        devices=list_devices(case, build_memory(case, verified)),
        findings=(*system_findings(case.system, case.grids), *trouble_findings(case.system)),
    )


def list_devices(case: Case, memory: MemoryAnswer) -> tuple[ListDevice, ...]:
    """The rows of the chosen chips of a Case; ``memory`` is its answer of ``memory``."""
    of_chip = {device.id: device for device in memory.devices}
    marks = _marks(case, {ghosts.device for ghosts in memory.ghosts})
    reasons, why_held_unknown = reasons_of(case.system), why_not_known(case)
    return tuple(
        _device(chip, case.grids[chip.id], of_chip[chip.id], reasons, why_held_unknown, marks[chip.id])
        for chip in case.shown
    )


def _marks(case: Case, ghosts: set[int | None]) -> dict[int, tuple[Mark, ...]]:
    """By chip id, in the order of Mark."""
    system = case.system
    topology, readiness = topology_findings(system), readiness_findings(system)
    marks = {}
    for chip in case.shown:
        own = [*telemetry_findings(chip), *topology.get(chip.id, ()), *readiness.get(chip.id, ())]
        present = {
            _MARK_OF[finding.id]
            for finding in own
            if finding.id in _MARK_OF and finding.severity is Severity.WARNING
        }
        present |= {Mark.GHOST} if chip.id in ghosts else set()
        marks[chip.id] = tuple(mark for mark in Mark if mark in present)
    return marks


def _device(
    chip: Chip,
    grid: ChipGrid,
    memory: MemoryDevice,
    reasons: Reasons,
    why_held_unknown: str,
    marks: tuple[Mark, ...],
) -> ListDevice:
    used = memory.regions[0].used if len(memory.regions) == 1 else None
    device = ListDevice(
        id=chip.id,
        kmd_id=chip.kmd_id,
        pci_bdf=chip.pci_bdf,
        unique_id=chip.unique_id,
        board_id=chip.board_id,
        serial=chip.serial,
        arch=chip.arch,
        board=chip.board,
        tensix_grid=grid.tensix.grid,
        l1_used=None if used is None else used.l1,
        l1_allocatable=memory.capacity.l1_allocatable,
        l1_physical=memory.capacity.l1_physical,
        dram_used=None if used is None else used.dram,
        dram_allocatable=memory.capacity.dram_allocatable,
        dram_physical=memory.capacity.dram_physical,
        allocatable_by=memory.capacity.basis,
        asic_celsius=None if chip.telemetry is None else chip.telemetry.asic_celsius,
        held_by=memory.held_by,
        marks=marks,
        unknown=(),
        findings=chip_findings(chip, reasons.unread.get(chip.id)),
    )
    own = {**not_allocatable(chip, ""), **dict.fromkeys(("l1_used", "dram_used"), _why_unused(memory))}
    own["held_by.held"] = why_held_unknown
    if device.asic_celsius is None:
        own["asic_celsius"] = why_no_reading(chip, reasons)
    return explained(device, chip, reasons, follows=_FOLLOWS, own=own)


def _why_unused(memory: MemoryDevice) -> str:
    """Why it is not known what is used of a chip."""
    if not memory.regions:
        return "nothing is published for this chip"
    if len(memory.regions) > 1:
        return f"{len(memory.regions)} regions are published for this chip"
    if memory.regions[0].used is None:
        return f"its region is {memory.regions[0].state.value}"
    return "a counter of its region underflowed"


_FOLLOWS: Follows = {
    "serial": ("board_id",),
    "tensix_grid": ("masks.tensix",),
    "l1_physical": ("masks.tensix",),
    "l1_allocatable": ("masks.tensix",),
    "dram_allocatable": ("masks.dram",),
    "dram_physical": ("masks.dram",),
}
