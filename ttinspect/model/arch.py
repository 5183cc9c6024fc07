"""Architectures, core types, coordinate systems and boards: the closed sets of the field."""

from enum import Enum

Coord = tuple[int, int]
"""A NOC coordinate (x, y)."""


class Arch(str, Enum):
    """Chip architectures, named as in a SoC descriptor."""

    WORMHOLE_B0 = "wormhole_b0"
    BLACKHOLE = "blackhole"
    QUASAR = "quasar"


class CoreType(str, Enum):
    """Core types of a SoC descriptor; the values are the keys of ``cores`` in JSON."""

    TENSIX = "tensix"
    DRAM = "dram"
    ETH = "eth"
    PCIE = "pcie"
    L2CPU = "l2cpu"
    ARC = "arc"
    ROUTER_ONLY = "router_only"
    SECURITY = "security"
    DISPATCH = "dispatch"


class CoordSystem(str, Enum):
    """Coordinate systems of tt-umd that exist offline."""

    NOC0 = "noc0"
    NOC1 = "noc1"
    TRANSLATED = "translated"
    LOGICAL = "logical"


class Axis(str, Enum):
    """What one bit of a tensix harvesting mask takes away."""

    ROW = "row"
    COLUMN = "column"


class Board(str, Enum):
    """Board types, named as UMD names them (lower case). UMD's UNKNOWN is None here."""

    N150 = "n150"
    N300 = "n300"
    UBB = "ubb"
    P100 = "p100"
    P150 = "p150"
    P300 = "p300"
    UBB_BLACKHOLE = "ubb_blackhole"
    UBB_BLACKHOLE_CF = "ubb_blackhole_cf"
    QUASAR = "quasar"
