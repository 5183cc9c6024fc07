"""The bytes of a region file -> Region, in one pass.

Most entries of both tables are free. Each layout is therefore compiled to Structs that cut a table into the
heads of its entries (all but name and timestamp); heads are compared with that of a free entry, and only the
others become objects.
"""

import struct
from dataclasses import dataclass

import msgspec

from ttinspect.model.region import (
    EMPTY_CHIP_ID,
    FREE_PID,
    ChipEntry,
    Figures,
    Region,
    RegionFile,
    RegionHeader,
    RegionState,
    Slot,
)
from ttinspect.shm.layout import (
    INIT_IN_PROGRESS,
    INIT_READY,
    INIT_UNINITIALIZED,
    LAYOUTS,
    Layout,
    Table,
    pack_format,
    slots_in,
)
from ttinspect.shm.names import harmless

_VERSION = struct.Struct("<I")
_V4_STATES = {
    INIT_UNINITIALIZED: RegionState.UNINITIALIZED,
    INIT_IN_PROGRESS: RegionState.INITIALIZING,
    INIT_READY: RegionState.READY,
}


class Decoded(msgspec.Struct, frozen=True):
    """What a file's bytes say. ``version`` is None below 4 bytes, ``region`` where nothing is decoded."""

    version: int | None
    state: RegionState
    region: Region | None


@dataclass(frozen=True)
class _Plan:
    """A layout compiled: ``front`` is header and totals; ``chip_heads`` and ``slot_heads`` cut a table."""

    layout: Layout
    front: struct.Struct
    chip_heads: struct.Struct
    free_chips: frozenset[bytes]
    free_chip_ids: frozenset[int]
    chip: struct.Struct
    slot_heads: struct.Struct
    free_slot: bytes
    slot: struct.Struct


def decode(data: bytes) -> Decoded:
    """Decode a file's bytes. Never raises.

    There is no Region for a file without bytes, for version 0 (nothing in it means anything yet), for a
    version above 4, and for fewer bytes than the version needs. A file that is too long is decoded by its
    layout; that it is too long is a finding of its own.
    """
    if not data:
        return Decoded(None, RegionState.EMPTY, None)
    if len(data) < _VERSION.size:
        return Decoded(None, RegionState.UNKNOWN, None)
    (version,) = _VERSION.unpack_from(data)
    if version == 0:
        return Decoded(version, RegionState.UNINITIALIZED, None)
    plan = _PLANS.get(version)
    slot_count = slots_in(plan.layout, len(data)) if plan is not None else None
    if plan is None or slot_count is None:
        return Decoded(version, RegionState.UNKNOWN, None)
    region = _region(plan, data, slot_count)
    return Decoded(version, region.state, region)


def decoded_again(file: RegionFile) -> RegionFile:
    """The same file with what its bytes say now; without bytes, nothing."""
    if file.data is None:
        return msgspec.structs.replace(file, version=None, state=RegionState.UNREADABLE, region=None)
    found = decode(file.data)
    return msgspec.structs.replace(file, version=found.version, state=found.state, region=found.region)


def _region(plan: _Plan, data: bytes, slot_count: int) -> Region:
    version, active, updated, references, serial, asic_id, device_id, *totals = plan.front.unpack_from(data)
    init_state = None
    if plan.layout.init_state is not None:
        (init_state,) = _VERSION.unpack_from(data, plan.layout.init_state.offset)
        state = _V4_STATES.get(init_state, RegionState.UNKNOWN)
    else:
        state = RegionState.READY if updated else RegionState.INITIALIZING
    return Region(
        header=RegionHeader(
            version=version,
            num_active_processes=active,
            last_update=updated,
            reference_count=references,
            board_serial=str(serial),
            asic_id=str(asic_id),
            device_id=device_id,
        ),
        totals=_figures(totals),
        chips=_chips(plan, data),
        chip_count=plan.layout.chips.count,
        slots=_slots(plan, data, slot_count),
        slot_count=slot_count,
        init_state=init_state,
        state=state,
    )


def _figures(values: list[int]) -> Figures:
    dram, l1, l1_small, trace, cb, *kernel = values
    return Figures(
        dram=dram, l1=l1, l1_small=l1_small, trace=trace, cb=cb, kernel=kernel[0] if kernel else None
    )


def _chips(plan: _Plan, data: bytes) -> tuple[ChipEntry, ...]:
    table, free, found = plan.layout.chips, plan.free_chips, []
    for index, (head,) in enumerate(plan.chip_heads.iter_unpack(data[table.offset : table.end])):
        if head not in free:
            chip_id, is_remote, *figures = plan.chip.unpack(head)
            if chip_id not in plan.free_chip_ids or any(figures):
                found.append(
                    ChipEntry(index=index, chip_id=chip_id, is_remote=is_remote, figures=_figures(figures))
                )
    return tuple(found)


def _slots(plan: _Plan, data: bytes, slot_count: int) -> tuple[Slot, ...]:
    table, free, found = plan.layout.slots, plan.free_slot, []
    end = table.offset + slot_count * table.stride
    for index, (head,) in enumerate(plan.slot_heads.iter_unpack(data[table.offset : end])):
        if head != free:
            pid, *figures, updated, name = plan.slot.unpack_from(data, table.offset + index * table.stride)
            if pid != FREE_PID or any(figures):
                found.append(
                    Slot(
                        index=index,
                        pid=pid,
                        name=harmless(name.partition(b"\0")[0]),
                        last_update=updated,
                        figures=_figures(figures),
                    )
                )
    return tuple(found)


def _plan(layout: Layout) -> _Plan:
    head_bytes = 8 + 8 * len(layout.figures)
    nothing = bytes(head_bytes)
    # Before v3 an entry without bytes that says chip 0 is nobody's; from v3 on it is chip 0.
    free_ids = frozenset({0, EMPTY_CHIP_ID} if layout.version < 3 else {EMPTY_CHIP_ID})
    return _Plan(
        layout=layout,
        front=struct.Struct("<" + pack_format(layout.header + layout.totals, 0)),
        chip_heads=_heads(layout.chips, head_bytes),
        free_chips=frozenset(_VERSION.pack(free) + nothing[_VERSION.size :] for free in free_ids),
        free_chip_ids=free_ids,
        chip=struct.Struct("<" + pack_format(layout.chips.fields, layout.chips.stride)),
        slot_heads=_heads(layout.slots, head_bytes),
        free_slot=nothing,
        slot=struct.Struct("<" + pack_format(layout.slots.fields, layout.slots.stride)),
    )


def _heads(table: Table, head_bytes: int) -> struct.Struct:
    return struct.Struct(f"<{head_bytes}s{table.stride - head_bytes}x")


_PLANS = {version: _plan(layout) for version, layout in LAYOUTS.items()}
