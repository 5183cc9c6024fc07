"""Blackhole: a mask bit is a tensix column, a DRAM bank, an eth channel, a PCIe or an L2CPU core.

All rules: tt-umd 0.9.14, BlackholeCoordinateManager.
"""

from ttinspect.harvesting.placement import (
    Architecture,
    Place,
    Placement,
    arc_places,
    plain,
    ranks,
    worker_grid,
)
from ttinspect.model.arch import Axis, Coord, CoreType
from ttinspect.model.soc import Soc

_TRANSLATED_BANKS = 8
_ETH_ORIGIN = (20, 25)
_PCIE_TRANSLATED = (19, 24)
_DRAM_COLUMNS = (17, 18)
_DRAM_TOP = 12
_HARVESTED_DRAM_TOP = 21
_DIE_ORDER_NOC0_X = (1, 16, 2, 15, 3, 14, 4, 13, 5, 12, 6, 11, 7, 10)
"""NOC0 column of each physical column of the die; bit p of ENABLED_TENSIX_COL is the p-th."""
_L2CPU_OF_ENABLED_BIT = (0, 3, 1, 2)


def place(
    soc: Soc, *, tensix: int, dram: int, eth: int, pcie: int, l2cpu: int, translation: bool
) -> Placement:
    """Every core of a Blackhole chip."""
    return {
        CoreType.TENSIX: _tensix(soc, tensix, translation),
        CoreType.DRAM: _dram(soc, dram, translation),
        CoreType.ETH: _eth(soc, eth, translation),
        CoreType.PCIE: _pcie(soc, pcie, translation),
        CoreType.L2CPU: _l2cpu(soc, l2cpu),
        CoreType.ARC: arc_places(soc),
        CoreType.ROUTER_ONLY: plain(soc.router_only),
        CoreType.SECURITY: plain(soc.security),
        CoreType.DISPATCH: plain(soc.dispatch),
    }


def _die_position(noc0_x: int) -> int:
    return _DIE_ORDER_NOC0_X.index(noc0_x) if noc0_x in _DIE_ORDER_NOC0_X else len(_DIE_ORDER_NOC0_X)


def _tensix(soc: Soc, mask: int, translation: bool) -> list[Place]:
    width, _ = worker_grid(soc)
    columns = [x for x, _ in soc.tensix[:width]]
    live = ranks(width, mask)
    translated_x = list(columns)
    if translation:
        harvested = sorted(
            (i for i in range(width) if live[i] is None), key=lambda i: _die_position(columns[i])
        )
        for index, column in enumerate(harvested):
            translated_x[column] = columns[width - 1 - index]
        for column, rank in enumerate(live):
            if rank is not None:
                translated_x[column] = columns[rank]
    places = []
    for index, core in enumerate(soc.tensix):
        column, row = index % width, index // width
        rank = live[column]
        logical = None if rank is None else (rank, row)
        places.append(Place(core, rank is not None, logical, (translated_x[column], core[1])))
    return places


def _dram_origins(harvested: int | None) -> list[Coord]:
    """Translated coordinate of port 0 of each live bank, in logical order; 8 banks."""
    left, right = _DRAM_COLUMNS
    column = [(left, _DRAM_TOP + 3 * row) for row in range(4)]
    other = [(right, _DRAM_TOP + 3 * row) for row in range(4)]
    if harvested is None:
        return column + other
    # The half that lost a bank has its mirror image's bank moved to the bottom of x=17, and the
    # other half's three logical banks go to x=18 with the harvested bank below them.
    if harvested < 4:
        mirror = harvested + 3
        half = [bank for bank in range(3, 7) if bank != mirror]
        rest = [0, 1, 2]
    else:
        mirror = harvested - 4
        half = [bank for bank in range(4) if bank != mirror]
        rest = [4, 5, 6]
    origins: dict[int, Coord] = dict(zip(half, column, strict=False))
    origins[mirror] = (left, _HARVESTED_DRAM_TOP)
    origins.update(zip(rest, other, strict=False))
    return [origins[bank] for bank in range(7)]


def _dram(soc: Soc, mask: int, translation: bool) -> list[Place]:
    live = ranks(len(soc.dram), mask)
    harvested = next((bank for bank, rank in enumerate(live) if rank is None), None)
    mapped = translation and len(soc.dram) == _TRANSLATED_BANKS
    origins = _dram_origins(harvested) if mapped else []
    places = []
    for bank, ports in enumerate(soc.dram):
        rank = live[bank]
        for port, core in enumerate(ports):
            translated: Coord | None
            if mapped:
                x, y = (_DRAM_COLUMNS[1], _HARVESTED_DRAM_TOP) if rank is None else origins[rank]
                translated = (x, y + port)
            else:
                translated = None if rank is None else core
            places.append(Place(core, rank is not None, None if rank is None else (rank, port), translated))
    return places


def dram_quirk(soc: Soc, mask: int, translation: bool) -> bool:
    """Whether tt-umd enters DRAM (0, 0) as the translated coordinate of NOC0 (0, 0): with a harvested
    bank, when translation is off or the descriptor has other than 8 banks."""
    return mask != 0 and not (translation and len(soc.dram) == _TRANSLATED_BANKS)


def _eth(soc: Soc, mask: int, translation: bool) -> list[Place]:
    places = []
    for core, rank in zip(soc.eth, ranks(len(soc.eth), mask), strict=True):
        if rank is None:
            places.append(Place(core, False, None, core))
        else:
            translated = (_ETH_ORIGIN[0] + rank, _ETH_ORIGIN[1]) if translation else core
            places.append(Place(core, True, (0, rank), translated))
    return places


def _pcie(soc: Soc, mask: int, translation: bool) -> list[Place]:
    places = []
    for core, rank in zip(soc.pcie, ranks(len(soc.pcie), mask), strict=True):
        translated = _PCIE_TRANSLATED if translation and rank == 0 else core
        places.append(Place(core, rank is not None, None if rank is None else (rank, 0), translated))
    return places


def _l2cpu(soc: Soc, mask: int) -> list[Place]:
    return [
        Place(core, rank is not None, None if rank is None else (0, rank), core)
        for core, rank in zip(soc.l2cpu, ranks(len(soc.l2cpu), mask), strict=True)
    ]


ARCHITECTURE = Architecture(
    axis=Axis.COLUMN,
    place=place,
    tensix_shuffle=tuple(sorted(_DIE_ORDER_NOC0_X).index(x) for x in _DIE_ORDER_NOC0_X),
    l2cpu_shuffle=_L2CPU_OF_ENABLED_BIT,
)
