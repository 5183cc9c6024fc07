"""Architectures, core types, coordinate systems and boards: the closed sets of the field."""

from enum import Enum
from typing import TYPE_CHECKING

from ttinspect.facts.board_table import board_type_names

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


if TYPE_CHECKING:

    class Board(str, Enum):
        """Board types, named as UMD names them (lower case). UMD's UNKNOWN is None here.

        Made from the keys of boards.yaml: no code names a board, what is special about one is in its entry.
        """

        _value_: str

else:
    Board = Enum("Board", {name.upper(): name for name in board_type_names()}, type=str, module=__name__)
    Board.__doc__ = "Board types, named as UMD names them (lower case), made from the keys of boards.yaml."
