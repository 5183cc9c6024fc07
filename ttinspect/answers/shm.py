"""What the answers about regions share: one region as it was decoded, and what is used of its chip."""

from typing import TypedDict, cast

import msgspec

from ttinspect.model.region import Region, RegionFile, RegionState
from ttinspect.shm.layout import layout_of
from ttinspect.shm.usage import dram_used, l1_used
from ttinspect.verify.case import Case
from ttinspect.verify.limits import UNKNOWN_LIMITS, Basis, Limits
from ttinspect.verify.verify import RegionVerdict


class Totals(TypedDict):
    """The region's totals, bytes per buffer type. ``kernel`` is null from v2 on, and never usage. A counter
    that a newer layout has is there under its own name."""

    dram: int
    l1: int
    l1_small: int
    trace: int
    cb: int
    kernel: int | None


class ProcessSlot(TypedDict):
    """One occupied slot, -1 (being released) included. ``alive`` is null below pid 1 and where procfs does
    not tell; ``host_pid`` is the pid that a live writer has in this procfs: not its own, if it is in a
    container. ``last_update`` is raw nanoseconds, of the version's clock. The rest is bytes."""

    slot: int
    pid: int
    name: str
    alive: bool | None
    host_pid: int | None
    dram: int
    l1: int
    l1_small: int
    trace: int
    cb: int
    kernel: int | None
    last_update: int


class ChipBytes(TypedDict):
    """One entry of the region's chip table that is not empty."""

    index: int
    chip_id: int
    is_remote: bool
    dram: int
    l1: int
    l1_small: int
    trace: int
    cb: int
    kernel: int | None


class ShmCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """What the chip has, and what its allocator can hand out, L1_SMALL and TRACE included; null is unknown.
    ``basis`` says by what that is known."""

    l1_physical: int | None
    l1_allocatable: int | None
    dram_physical: int | None
    dram_allocatable: int | None
    basis: Basis | None = None


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """L1 = l1 + l1_small, + cb where ``cb_is_counted`` (up to v3 it is no sum over the processes); DRAM =
    dram + trace. Null where a counter underflowed."""

    l1: int | None
    dram: int | None
    cb_is_counted: bool


class RegionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate file. What could not be read or decoded is null or empty; ``device`` is a chip id."""

    path: str
    file_id: str | None
    version: int | None
    size: int | None
    mode: str | None
    state: RegionState
    stable: bool | None
    asic_id: str | None
    device_id: int | None
    device: int | None
    totals: Totals | None
    used: Used | None
    processes: tuple[ProcessSlot, ...]
    chips: tuple[ChipBytes, ...]
    capacity: ShmCapacity


def limits_for(case: Case, verdict: RegionVerdict) -> Limits:
    """The limits of the chip that a file belongs to, as its allocator says them, if it does."""
    if verdict.subject is not None:
        return verdict.subject.limits
    return UNKNOWN_LIMITS if verdict.chip is None else case.limits.get(verdict.chip, UNKNOWN_LIMITS)


def region_facts(verdict: RegionVerdict, limits: Limits) -> RegionFacts:
    """One file after it was judged. Figures are shown only where the file is a region of a known size."""
    file, subject = verdict.looked.looks.file, verdict.subject
    region = None if subject is None else subject.region
    header = None if region is None else region.header
    return RegionFacts(
        path=file.path,
        file_id=file.file_id,
        version=file.version,
        size=file.size,
        mode=_mode(file),
        state=file.state,
        stable=verdict.looked.looks.stable,
        asic_id=None if header is None else header.asic_id,
        device_id=None if header is None else header.device_id,
        device=verdict.chip,
        totals=None if region is None else cast("Totals", region.totals),
        used=None if region is None else _used(region),
        processes=()
        if subject is None
        else tuple(
            cast(
                "ProcessSlot",
                {
                    "slot": writer.slot.index,
                    "pid": writer.slot.pid,
                    "name": writer.slot.name,
                    "alive": writer.alive,
                    "host_pid": writer.host_pid,
                    **writer.slot.figures,
                    "last_update": writer.slot.last_update,
                },
            )
            for writer in subject.writers
        ),
        chips=()
        if region is None
        else tuple(
            cast(
                "ChipBytes",
                {
                    "index": entry.index,
                    "chip_id": entry.chip_id,
                    "is_remote": entry.is_remote != 0,
                    **entry.figures,
                },
            )
            for entry in region.chips
        ),
        capacity=shm_capacity(limits),
    )


def shm_capacity(limits: Limits) -> ShmCapacity:
    """The part of the limits that an answer shows."""
    return ShmCapacity(
        l1_physical=limits.l1_physical,
        l1_allocatable=limits.l1_allocatable,
        dram_physical=limits.dram_physical,
        dram_allocatable=limits.dram_allocatable,
        basis=limits.basis,
    )


def _mode(file: RegionFile) -> str | None:
    return None if file.mode is None else f"{file.mode:04o}"


def _used(region: Region) -> Used:
    layout = layout_of(region.version)
    return Used(
        l1=l1_used(layout, region.totals),
        dram=dram_used(layout, region.totals),
        cb_is_counted=layout.programs_are_a_sum,
    )
