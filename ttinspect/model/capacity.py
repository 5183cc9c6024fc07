"""Memory of a chip in bytes: physical, and what tt-metal's allocator hands out. None is unknown."""

from enum import Enum

import msgspec

from ttinspect.model.arch import Coord


class Dispatch(str, Enum):
    """Which cores tt-metal dispatches from. Auto is tt-metal's own choice for the board."""

    AUTO = "auto"
    TENSIX = "tensix"
    ETH = "eth"
    SLOW = "slow"


class L1(msgspec.Struct, frozen=True, kw_only=True):
    """Tensix L1. ``physical`` = cores x per_core; ``naive_bytes`` = NOC nodes x per_core, the classic
    mistake; ``allocatable`` = banks x bank_bytes. Not allocatable: ``dispatch_bytes`` (live cores
    outside the compute grid), ``reserved_bytes`` (below l1_base), and L1_SMALL. ``grid_override`` is the
    compute grid that was asked for instead of tt-metal's own."""

    per_core: int
    cores: int | None
    physical: int | None
    noc_nodes: int
    naive_bytes: int
    compute_grid: Coord | None
    banks: int | None
    bank_bytes: int | None
    allocatable: int | None
    reserved_per_core: int | None
    dispatch: Dispatch
    dispatch_cores: int | None
    dispatch_bytes: int | None
    reserved_bytes: int | None
    grid_override: Coord | msgspec.UnsetType = msgspec.UNSET


class BufferRegion(msgspec.Struct, frozen=True, kw_only=True):
    """A buffer type that is cut out of L1 or DRAM: L1_SMALL or TRACE."""

    banks: int | None
    bank_bytes: int | None
    bytes: int | None
    """banks x bank_bytes."""


class Dram(msgspec.Struct, frozen=True, kw_only=True):
    """DRAM. ``physical`` = live banks x bank_bytes; ``allocatable`` = views x view_bytes."""

    banks: int | None
    bank_bytes: int
    physical: int | None
    views: int | None
    view_bytes: int | None
    allocatable: int | None
    reserved_per_view: int | None


class EthL1(msgspec.Struct, frozen=True, kw_only=True):
    """L1 of the eth cores: ``physical`` = live cores x per_core."""

    per_core: int
    cores: int | None
    physical: int | None


class ChipCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """All memory of one chip."""

    l1: L1
    l1_small: BufferRegion
    trace: BufferRegion
    dram: Dram
    eth_l1: EthL1


class MeshCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a MeshDevice over the shown chips allocates from: one compute grid on every chip, the
    smallest of theirs. ``banks`` and ``allocatable`` are per chip, as tt-metal counts them."""

    chips: int
    compute_grid: Coord | None
    banks: int | None
    allocatable: int | None
