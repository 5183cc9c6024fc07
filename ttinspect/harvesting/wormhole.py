"""Wormhole B0: a mask bit is a tensix row; nothing else can be harvested (tt-umd 0.9.14)."""

from ttinspect.harvesting.placement import (
    Architecture,
    Place,
    Placement,
    arc_places,
    numbered,
    plain,
    row_harvested,
    unchanged,
    unharvested_dram,
)
from ttinspect.model.arch import Axis, Coord, CoreType
from ttinspect.model.soc import Soc

_TENSIX_ORIGIN = (18, 18)
_ETH_ORIGIN = (18, 16)
_DIE_ORDER_NOC0_Y = (11, 1, 10, 2, 9, 3, 8, 4, 7, 5)
"""NOC0 row of each physical row of the die, from which ARC numbers the harvesting bits."""


def _translate_tensix(column: int, row: int, _noc0: Coord) -> Coord:
    return _TENSIX_ORIGIN[0] + column, _TENSIX_ORIGIN[1] + row


def _translate_eth(noc0: Coord) -> Coord:
    x, y = noc0
    return _ETH_ORIGIN[0] + (x - 2 if x > 5 else x - 1), _ETH_ORIGIN[1] + (1 if y == 6 else 0)


def place(
    soc: Soc, *, tensix: int, dram: int, eth: int, pcie: int, l2cpu: int, translation: bool
) -> Placement:
    """Every core of a Wormhole chip; dram and eth are 0 here, pcie and l2cpu are ignored."""
    del dram, eth, pcie, l2cpu
    return {
        CoreType.TENSIX: row_harvested(
            soc, tensix, _translate_tensix if translation else lambda _column, _row, noc0: noc0
        ),
        CoreType.DRAM: unharvested_dram(soc),
        CoreType.ETH: numbered(soc.eth, _translate_eth if translation else unchanged),
        CoreType.PCIE: [Place(core, True, (index, 0), core) for index, core in enumerate(soc.pcie)],
        CoreType.L2CPU: plain(soc.l2cpu),
        CoreType.ARC: arc_places(soc),
        CoreType.ROUTER_ONLY: plain(soc.router_only),
        CoreType.SECURITY: plain(soc.security),
        CoreType.DISPATCH: plain(soc.dispatch),
    }


ARCHITECTURE = Architecture(
    axis=Axis.ROW,
    place=place,
    refused_masks=("dram", "eth"),
    ignored_masks=("pcie", "l2cpu"),
    tensix_shuffle=tuple(sorted(_DIE_ORDER_NOC0_Y).index(y) for y in _DIE_ORDER_NOC0_Y),
)
