"""The answer of ``list``: one row per chip."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from ttinspect.answers.holders import HeldBy, why_not_known
from ttinspect.answers.memory import MemoryAnswer, MemoryDevice, build_memory, not_allocatable
from ttinspect.answers.telemetry import why_no_reading
from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.arch import Arch, Board, Coord
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.grid import ChipGrid
from ttinspect.model.system import OfHost, Source, System
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
    """What a list of chips points out about one of them."""

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
    """What ``list`` says. With --free also ``free``, N of every /dev/tenstorrent/N that nobody holds, and
    ``visible_devices``, the same as TT_VISIBLE_DEVICES takes them."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[ListDevice, ...]
    free: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    visible_devices: str | msgspec.UnsetType = msgspec.UNSET
    findings: tuple[Finding, ...]


class FreeDevices(msgspec.Struct, frozen=True, kw_only=True):
    """The devices that a new process can have. ``numbers`` are N of /dev/tenstorrent/N, in order,
    ``addresses`` their PCI bus addresses; ``visible`` is what TT_VISIBLE_DEVICES takes. ``undecided`` are
    the chips of devices that may be free, ``why`` that is not known of them; ``not_opened`` are those of
    ``numbers`` that this user may not open."""

    numbers: tuple[int, ...]
    addresses: tuple[str | None, ...]
    visible: str
    undecided: tuple[int, ...]
    why: str
    not_opened: tuple[int, ...]

    @property
    def exit_code(self) -> ExitCode:
        """0 where a device is free, 10 where each is known to be held, 11 where that is not known of some."""
        if self.numbers:
            return ExitCode.DONE
        return ExitCode.INCONCLUSIVE if self.undecided else ExitCode.CHECK_FAILED


def free_devices(case: Case, answer: ListAnswer) -> FreeDevices:
    """Which devices of the chosen chips nobody holds: neither them nor a chip that is reached through them.
    One that could not be read is not known to be free, one without a node is none here.

    Raises:
        InspectError: 3 when no device has a node.
    """
    system = case.system
    nodes = _nodes(system)
    if nodes is not None and not nodes:
        raise InspectError(
            "no device can be opened here",
            "none that the kernel driver shows has a node in /dev/tenstorrent",
            "give the container its nodes (--device /dev/tenstorrent)",
            ExitCode.NO_DEVICES,
        )
    states: dict[int | None, set[bool | None]] = {}
    chips: dict[int | None, list[int]] = {}
    for device in answer.devices:
        number, held = system.device_of(device.id), device.held_by.held
        if number is None or nodes is None or number in nodes:
            sure = number is not None and system.unread(device.id) is None
            states.setdefault(number, set()).add(held if held or sure else None)
            chips.setdefault(number, []).append(device.id)
    open_questions = [number for number, held in states.items() if None in held and True not in held]
    undecided = sorted(chip for number in open_questions for chip in chips[number])
    whys = (system.unread(chip) or why_not_known(case, chip) for chip in undecided)
    free = (number for number, held in states.items() if number is not None and held == {False})
    numbers = tuple(sorted(free))
    address = {chip.kmd_id: chip.pci_bdf for chip in system.chips if chip.kmd_id is not None}
    refused = _refused(system)
    return FreeDevices(
        numbers=numbers,
        addresses=tuple(address.get(number) for number in numbers),
        visible=_visible(numbers, address, nodes, refused),
        undecided=tuple(undecided),
        why=next(whys, ""),
        not_opened=tuple(number for number in numbers if number in refused),
    )


def _nodes(system: System) -> frozenset[int] | None:
    """N of every device that has a node; None where nobody looked."""
    if system.readiness is None or not system.source.live:
        return None
    return frozenset(device.device for device in system.readiness.devices if device.node_mode is not None)


def _refused(system: System) -> frozenset[int]:
    ready = system.readiness
    return frozenset(
        device.device for device in (() if ready is None else ready.devices) if device.accessible is False
    )


def _visible(
    free: tuple[int, ...],
    address: Mapping[int, str | None],
    nodes: frozenset[int] | None,
    refused: frozenset[int],
) -> str:
    """The devices as every tt_umd takes them for the same: by number where all numbers are 0 to n-1 in the
    order of the bus addresses, else by address.

    Source: tt-umd, PCIDevice::enumerate_devices. Up to 0.9.2 a number is N of /dev/tenstorrent/N, from 0.9.3
    on the place among the devices that the process may open, in the order of their addresses (as text).
    Addresses are taken from 0.9.3 on, and refused before that.
    """
    openable = {number: bus for number, bus in address.items() if nodes is None or number in nodes}
    in_order = sorted(openable, key=lambda number: openable[number] or "")
    by_number = in_order == list(range(len(in_order))) and not refused
    return ",".join(
        str(number) if by_number or (bus := address.get(number)) is None else bus for number in free
    )


def build_list(case: Case, verified: Verified) -> ListAnswer:
    """The answer for the chosen chips of a Case; ``verified`` are its regions, judged or only matched."""
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
    reasons = reasons_of(case.system)
    return tuple(
        _device(
            chip, case.grids[chip.id], of_chip[chip.id], reasons, why_not_known(case, chip.id), marks[chip.id]
        )
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
