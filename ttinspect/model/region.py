"""A decoded SHM region, as tt-metal published it."""

from enum import Enum

import msgspec


class RegionState(str, Enum):
    """How far a region is initialised. ``unreadable`` and ``unknown`` hold no figures."""

    EMPTY = "empty"
    UNINITIALIZED = "uninitialized"
    INITIALIZING = "initializing"
    READY = "ready"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Published bytes per buffer type. ``kernel`` exists in v1 only and is None from v2 on."""

    dram: int
    l1: int
    l1_small: int
    trace: int
    cb: int
    kernel: int | None


class ChipEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One occupied or used entry of chip_stats, with its index in the table of 16."""

    index: int
    chip_id: int
    is_remote: int
    figures: Figures


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the process table, with its index in the table of 64.

    ``pid`` 0 is a free slot, -1 one being released. ``name`` is made harmless to print.
    ``last_update`` is the raw u64 timestamp.
    """

    index: int
    pid: int
    name: str
    last_update: int
    figures: Figures


class RegionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header fields, raw."""

    version: int
    num_active_processes: int
    last_update: int
    reference_count: int
    board_serial: int
    asic_id: int
    device_id: int


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """One region decoded. ``chips`` holds all 16 entries, ``slots`` all that a region of its size has.

    ``init_state`` is None before v4.
    """

    header: RegionHeader
    totals: Figures
    chips: tuple[ChipEntry, ...]
    slots: tuple[Slot, ...]
    init_state: int | None
    state: RegionState
