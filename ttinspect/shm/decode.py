"""The bytes of a region file -> Region, in one pass.

Most entries of both tables are free. Each layout is therefore compiled to Structs that cut a table into the
heads of its entries (all but name and timestamp); heads are compared with that of a free entry, and only the
others become objects.
"""

import functools
import struct
from collections.abc import Iterable

import msgspec

from ttinspect.model.region import (
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
    BUFFER_TYPES,
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
_INIT_STATES = {
    INIT_UNINITIALIZED: RegionState.UNINITIALIZED,
    INIT_IN_PROGRESS: RegionState.INITIALIZING,
    INIT_READY: RegionState.READY,
}


class Decoded(msgspec.Struct, frozen=True):
    """What a file's bytes say. ``version`` is None below 4 bytes, ``region`` where nothing is decoded."""

    version: int | None
    state: RegionState
    region: Region | None


class _Plan(msgspec.Struct, frozen=True):
    """A layout compiled: ``front`` is header and totals; ``chip_heads`` and ``slot_heads`` cut a table.
    ``names`` are its counters, ``unpublished`` those of other versions."""

    layout: Layout
    front: struct.Struct
    chip_heads: struct.Struct
    names: tuple[str, ...]
    unpublished: tuple[str, ...]
    free_chips: frozenset[bytes]
    chip: struct.Struct
    slot_heads: struct.Struct
    free_slot: bytes
    slot: struct.Struct


def decode(content: bytes) -> Decoded:
    """Decode a file's bytes. Never raises.

    There is no Region for a file without bytes, for version 0 (nothing in it means anything yet), for a
    version without a layout, and for fewer bytes than the version needs. A file that is too long is decoded
    by its layout; that it is too long is a finding of its own.
    """
    if not content:
        return Decoded(None, RegionState.EMPTY, None)
    if len(content) < _VERSION.size:
        return Decoded(None, RegionState.UNKNOWN, None)
    (version,) = _VERSION.unpack_from(content)
    if version == 0:
        return Decoded(version, RegionState.UNINITIALIZED, None)
    layout = LAYOUTS.get(version)
    slot_count = None if layout is None else slots_in(layout, len(content))
    if layout is None or slot_count is None:
        return Decoded(version, RegionState.UNKNOWN, None)
    region = _region(_plan(layout), content, slot_count)
    return Decoded(version, region.state, region)


def decoded_again(file: RegionFile) -> RegionFile:
    """The same file with what its bytes say now; without bytes, nothing."""
    if file.data is None:
        return msgspec.structs.replace(file, version=None, state=RegionState.UNREADABLE, region=None)
    decoded = decode(file.data)
    return msgspec.structs.replace(file, version=decoded.version, state=decoded.state, region=decoded.region)


def _region(plan: _Plan, content: bytes, slot_count: int) -> Region:
    fields = plan.front.unpack_from(content)
    version, active, updated, references, serial, asic_id, device_id, *totals = fields
    init_state = None
    if plan.layout.init_state is not None:
        (init_state,) = _VERSION.unpack_from(content, plan.layout.init_state.offset)
        state = _INIT_STATES.get(init_state, RegionState.UNKNOWN)
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
        totals=_figures(plan, totals),
        chips=_chips(plan, content),
        chip_count=plan.layout.chips.count,
        slots=_slots(plan, content, slot_count),
        slot_count=slot_count,
        init_state=init_state,
        state=state,
    )


def _figures(plan: _Plan, values: Iterable[int]) -> Figures:
    return {**dict(zip(plan.names, values, strict=True)), **dict.fromkeys(plan.unpublished)}


def _chips(plan: _Plan, content: bytes) -> tuple[ChipEntry, ...]:
    table, free, chip_entries = plan.layout.chips, plan.free_chips, []
    for index, (head,) in enumerate(plan.chip_heads.iter_unpack(content[table.offset : table.end])):
        if head not in free:
            chip_id, is_remote, *figures = plan.chip.unpack(head)
            if chip_id not in plan.layout.free_chip_ids or any(figures):
                chip_entries.append(
                    ChipEntry(
                        index=index, chip_id=chip_id, is_remote=is_remote, figures=_figures(plan, figures)
                    )
                )
    return tuple(chip_entries)


def _slots(plan: _Plan, content: bytes, slot_count: int) -> tuple[Slot, ...]:
    table, free, slots = plan.layout.slots, plan.free_slot, []
    end = table.offset + slot_count * table.stride
    for index, (head,) in enumerate(plan.slot_heads.iter_unpack(content[table.offset : end])):
        if head != free:
            pid, *figures, updated, name = plan.slot.unpack_from(content, table.offset + index * table.stride)
            if pid != FREE_PID or any(figures):
                slots.append(
                    Slot(
                        index=index,
                        pid=pid,
                        name=harmless(name.partition(b"\0")[0]),
                        last_update=updated,
                        figures=_figures(plan, figures),
                    )
                )
    return tuple(slots)


@functools.cache
def _plan(layout: Layout) -> _Plan:
    names = tuple(counter.name for counter in layout.counters)
    head_bytes = 8 + 8 * len(names)
    nothing = bytes(head_bytes)
    return _Plan(
        layout=layout,
        front=struct.Struct("<" + pack_format(layout.header + layout.totals, 0)),
        chip_heads=_heads(layout.chips, head_bytes),
        names=names,
        unpublished=tuple(each.name for each in BUFFER_TYPES if each.name not in names),
        free_chips=frozenset(_VERSION.pack(free) + nothing[_VERSION.size :] for free in layout.free_chip_ids),
        chip=struct.Struct("<" + pack_format(layout.chips.fields, layout.chips.stride)),
        slot_heads=_heads(layout.slots, head_bytes),
        free_slot=nothing,
        slot=struct.Struct("<" + pack_format(layout.slots.fields, layout.slots.stride)),
    )


def _heads(table: Table, head_bytes: int) -> struct.Struct:
    return struct.Struct(f"<{head_bytes}s{table.stride - head_bytes}x")
