"""The answer of ``memory``: used of total per chip and process, from the regions, without judging."""

from collections.abc import Iterator

import msgspec

from ttinspect.answers.holders import HeldBy, held_by_chip, why_not_known
from ttinspect.answers.shm import RegionFacts, ShmCapacity, limits_for, region_facts, shm_capacity
from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.errors import ExitCode
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.region import Region
from ttinspect.model.system import OfHost, Source
from ttinspect.model.tool import TOOL, Tool
from ttinspect.shm.usage import dram_used, l1_used
from ttinspect.verify.case import Case
from ttinspect.verify.findings.files import FORBIDDEN, unreadable
from ttinspect.verify.limits import UNKNOWN_LIMITS
from ttinspect.verify.verify import RegionVerdict, Verified


class SlotUse(msgspec.Struct, frozen=True, kw_only=True):
    """What an occupied slot holds of a chip, bytes of L1 and DRAM as in ``used``. ``host_pid`` is the pid of
    a live writer in procfs; ``alive`` is null where that is not known."""

    pid: int
    host_pid: int | None
    name: str
    alive: bool | None
    l1: int | None
    dram: int | None


class MemoryDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One chip and its regions: one as a rule, none where nothing is published (unknown is not zero), several
    where runtimes of different versions use it. What of a region is null, its state and its findings say."""

    id: int
    arch: Arch
    board: Board | None
    capacity: ShmCapacity
    regions: tuple[RegionFacts, ...]
    slots: tuple[SlotUse, ...]
    held_by: HeldBy
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...] = ()


class RawRegion(msgspec.Struct, frozen=True, kw_only=True):
    """The decoded region, as it is in the file; null where there is nothing to decode."""

    path: str
    region: Region | None


class Ghosts(msgspec.Struct, frozen=True, kw_only=True):
    """Slots of processes that are gone, by which the totals of a region are too high. ``device`` is a chip
    id, null for a region of no chip."""

    device: int | None
    path: str
    slots: int
    l1: int
    dram: int


class MemoryAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.memory.v1"):
    """What ``memory`` says. ``time_ns`` is realtime. ``unmatched`` are the regions of no chip of the source.
    ``left_out`` counts files that were too many to be read. ``raw`` is there with --raw."""

    tool: Tool = TOOL
    source: Source
    time_ns: int
    devices: tuple[MemoryDevice, ...]
    unmatched: tuple[RegionFacts, ...]
    ghosts: tuple[Ghosts, ...]
    left_out: int = 0
    raw: tuple[RawRegion, ...] | msgspec.UnsetType = msgspec.UNSET


def build_memory(case: Case, verified: Verified, *, raw: bool = False) -> MemoryAnswer:
    """The answer for the chosen chips of a Case; ``verified`` are its regions, judged or only matched. Those
    of no chip are shown when none was chosen."""
    reasons = reasons_of(case.system)
    held = held_by_chip(case)
    return MemoryAnswer(
        source=case.system.source,
        host=case.system.read_at.host,
        time_ns=case.now_realtime_ns,
        devices=tuple(_device(chip, case, verified, reasons, held[chip.id]) for chip in case.shown),
        unmatched=_regions(case, verified, None),
        ghosts=tuple(filter(None, map(_ghosts, verified.regions))),
        left_out=case.left_out,
        raw=_raw(verified) if raw else msgspec.UNSET,
    )


def _device(chip: Chip, case: Case, verified: Verified, reasons: Reasons, held: HeldBy) -> MemoryDevice:
    regions = _regions(case, verified, chip.id)
    computed = shm_capacity(case.limits.get(chip.id, UNKNOWN_LIMITS))
    device = MemoryDevice(
        id=chip.id,
        arch=chip.arch,
        board=chip.board,
        capacity=regions[0].capacity if len(regions) == 1 else computed,
        regions=regions,
        slots=tuple(slot for region in verified.regions if region.chip == chip.id for slot in _slots(region)),
        held_by=held,
        unknown=(),
    )
    own = {**not_allocatable(chip, "capacity."), "held_by.held": why_not_known(case, chip.id)}
    return explained(device, chip, reasons, follows=_FOLLOWS, own=own)


def not_allocatable(chip: Chip, prefix: str) -> dict[str, str]:
    """Why allocatable figures of a chip whose masks are known can be null, by their paths."""
    masks = {"l1_allocatable": chip.masks.tensix, "dram_allocatable": chip.masks.dram}
    return {prefix + name: _NOT_ALLOCATABLE for name, mask in masks.items() if mask is not None}


_NOT_ALLOCATABLE = "tt-metal does not open this chip, or its figures are not known (ttinspect capacity)"
_FOLLOWS: Follows = {
    "capacity.l1_physical": ("masks.tensix",),
    "capacity.l1_allocatable": ("masks.tensix",),
    "capacity.dram_physical": ("masks.dram",),
    "capacity.dram_allocatable": ("masks.dram",),
}


def memory_exit_code(case: Case) -> ExitCode:
    """0; 11 where a region could not be read, or was one too many, 6 where this user may read none."""
    files = [looked.looks.file for looked in case.regions]
    refused = [file for file in files if any(hit.row == "unreadable" for hit in unreadable(file))]
    if not refused:
        return ExitCode.INCONCLUSIVE if case.left_out else ExitCode.DONE
    forbidden = [file for file in refused if file.errno in FORBIDDEN]
    return ExitCode.PERMISSION if len(forbidden) == len(files) else ExitCode.INCONCLUSIVE


def _regions(case: Case, verified: Verified, chip: int | None) -> tuple[RegionFacts, ...]:
    return tuple(
        region_facts(region, limits_for(case, region)) for region in verified.regions if region.chip == chip
    )


def _slots(region: RegionVerdict) -> Iterator[SlotUse]:
    subject = region.subject
    if subject is None:
        return
    for writer in subject.writers:
        yield SlotUse(
            pid=writer.slot.pid,
            host_pid=writer.host_pid,
            name=writer.slot.name,
            alive=writer.alive,
            l1=l1_used(subject.layout, writer.slot.figures),
            dram=dram_used(subject.layout, writer.slot.figures),
        )


def _ghosts(region: RegionVerdict) -> Ghosts | None:
    """Those of one region, as TTS050 and TTS052 tell them."""
    subject = region.subject
    if subject is None:
        return None
    dead = [writer.slot.figures for writer in subject.confirmed if writer.alive is False]
    l1 = sum(l1_used(subject.layout, figures) or 0 for figures in dead)
    dram = sum(dram_used(subject.layout, figures) or 0 for figures in dead)
    if not l1 and not dram:
        return None
    return Ghosts(device=region.chip, path=subject.file.path, slots=len(dead), l1=l1, dram=dram)


def _raw(verified: Verified) -> tuple[RawRegion, ...]:
    files = (region.looked.looks.file for region in verified.regions)
    return tuple(RawRegion(path=file.path, region=file.region) for file in files)
