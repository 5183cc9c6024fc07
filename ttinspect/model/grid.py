"""What is left of a chip after harvesting: grids, counts and coordinates."""

from enum import Enum

import msgspec

from ttinspect.model.arch import Axis, Coord, CoreType


class TensixGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Tensix cores of one chip. Grids are (width, height); ``harvested_lines`` are bits of the mask,
    ``harvested_noc0`` the NOC0 y (axis row) or x (axis column) of those lines. None is unknown."""

    full_grid: Coord
    grid: Coord | None
    harvested_grid: Coord | None
    active: int | None
    harvested: int | None
    axis: Axis
    harvested_lines: tuple[int, ...] | None
    harvested_noc0: tuple[int, ...] | None


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Live and harvested units of another type: DRAM banks, eth channels, PCIe or L2CPU cores."""

    total: int
    active: int | None
    harvested: tuple[int, ...] | None


class ChipGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the masks of a chip take away."""

    tensix: TensixGrid
    dram: Units
    eth: Units
    pcie: Units
    l2cpu: Units


class OtherCore(msgspec.Struct, frozen=True):
    """The core of another type that answers at a shared node; ``type`` in capitals."""

    type: str
    xy: Coord


CoordAnswer = Coord | OtherCore | None
"""A coordinate; the core of another type that answers instead; or None where there is none."""


class HarvestedCores(msgspec.Struct, frozen=True, kw_only=True):
    """Harvested cores of one type in every system that has them, aligned by index."""

    noc0: tuple[CoordAnswer, ...]
    noc1: tuple[CoordAnswer, ...]
    translated: tuple[CoordAnswer, ...] | None


class TypeCores(msgspec.Struct, frozen=True, kw_only=True):
    """Live cores of one type in every coordinate system, aligned by index, in descriptor order.

    ``translated`` is None where it is unknown whether NOC translation is on.
    """

    noc0: tuple[CoordAnswer, ...]
    noc1: tuple[CoordAnswer, ...]
    translated: tuple[CoordAnswer, ...] | None
    logical: tuple[CoordAnswer, ...]
    harvested: HarvestedCores


class CoreState(str, Enum):
    """Whether a core is there to use. Unknown: its mask is."""

    LIVE = "live"
    HARVESTED = "harvested"
    UNKNOWN = "unknown"


class CoreAt(msgspec.Struct, frozen=True, kw_only=True):
    """One core that was asked for, in all four coordinate systems. None is "there is none", or unknown where
    its mask is, or NOC translation."""

    type: CoreType
    state: CoreState
    noc0: Coord
    noc1: CoordAnswer
    translated: CoordAnswer
    logical: CoordAnswer
