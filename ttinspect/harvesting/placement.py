"""What the architectures share: where every core of a chip is, in every coordinate system."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from ttinspect.model.arch import Axis, Coord, CoreType
from ttinspect.model.soc import Soc


class Place(NamedTuple):
    """One core: its NOC0 coordinate, whether it is live, and its other coordinates (None: it has
    none of its own)."""

    noc0: Coord
    live: bool
    logical: Coord | None
    translated: Coord | None


Placement = dict[CoreType, list[Place]]
"""All cores by type, in descriptor order."""

CoordMap = Callable[[Coord], Coord]


class PlaceCores(Protocol):
    """How an architecture places its cores; every mask is known and accepted here."""

    def __call__(
        self, soc: Soc, *, tensix: int, dram: int, eth: int, pcie: int, l2cpu: int, translation: bool
    ) -> Placement: ...


class Architecture(NamedTuple):
    """What an architecture's module says about itself.

    ``refused_masks`` must be 0, ``ignored_masks`` change nothing. The shuffles give the descriptor
    line (index) of each bit of the hardware's own mask, for sources that read raw telemetry.
    """

    axis: Axis
    place: PlaceCores
    refused_masks: tuple[str, ...] = ()
    ignored_masks: tuple[str, ...] = ()
    tensix_shuffle: tuple[int, ...] = ()
    l2cpu_shuffle: tuple[int, ...] = ()


INSERTION_ORDER = (
    CoreType.TENSIX,
    CoreType.DRAM,
    CoreType.ETH,
    CoreType.ARC,
    CoreType.PCIE,
    CoreType.ROUTER_ONLY,
    CoreType.SECURITY,
    CoreType.L2CPU,
    CoreType.DISPATCH,
)
"""The order in which tt-umd enters cores into its coordinate maps; the first one at a node wins
(tt-umd 0.9.14, CoordinateManager)."""


def worker_grid(soc: Soc) -> Coord:
    """(columns, rows) of the worker cores of a descriptor."""
    return len({x for x, _ in soc.tensix}), len({y for _, y in soc.tensix})


def bits(mask: int) -> tuple[int, ...]:
    """The numbers of the set bits of a mask, ascending."""
    return tuple(index for index in range(mask.bit_length()) if mask >> index & 1)


def unchanged(core: Coord) -> Coord:
    """The identity translation."""
    return core


def ranks(count: int, mask: int) -> list[int | None]:
    """For each of count units its position among the live ones, None for a harvested one."""
    live = iter(range(count))
    return [None if mask >> index & 1 else next(live) for index in range(count)]


def plain(cores: tuple[Coord, ...]) -> list[Place]:
    """Cores that are never harvested, are not logical, and keep their NOC0 coordinate when translated."""
    return [Place(core, True, None, core) for core in cores]


def numbered(cores: tuple[Coord, ...], translate: CoordMap = unchanged) -> list[Place]:
    """Cores that are never harvested, logical (0, index)."""
    return [Place(core, True, (0, index), translate(core)) for index, core in enumerate(cores)]


def arc_places(soc: Soc) -> list[Place]:
    """ARC cores, never harvested; logical is the position in the (#distinct x, #distinct y) grid,
    y running faster."""
    height = len({y for _, y in soc.arc})
    return [Place(core, True, divmod(index, height), core) for index, core in enumerate(soc.arc)]


def unharvested_dram(soc: Soc) -> list[Place]:
    """DRAM ports where no bank can be harvested: logical (bank, port), translated as NOC0."""
    return [
        Place(core, True, (bank, port), core)
        for bank, ports in enumerate(soc.dram)
        for port, core in enumerate(ports)
    ]


def row_harvested(soc: Soc, mask: int, translated: Callable[[int, int, Coord], Coord]) -> list[Place]:
    """Tensix cores where a mask bit takes a row; translated(column, new row, NOC0) is the architecture's.

    Live rows keep their order and come first; harvested ones follow in ascending order.
    """
    width, height = worker_grid(soc)
    live_ranks = ranks(height, mask)
    live_count = height - mask.bit_count()
    below = {row: live_count + index for index, row in enumerate(bits(mask))}
    places = []
    for index, core in enumerate(soc.tensix):
        column, row = index % width, index // width
        rank = live_ranks[row]
        new_row = below[row] if rank is None else rank
        logical = None if rank is None else (column, rank)
        places.append(Place(core, rank is not None, logical, translated(column, new_row, core)))
    return places


def enumerate_places(placement: Placement) -> Iterator[tuple[CoreType, Place]]:
    """All cores in tt-umd's insertion order."""
    for core_type in INSERTION_ORDER:
        for place in placement[core_type]:
            yield core_type, place
