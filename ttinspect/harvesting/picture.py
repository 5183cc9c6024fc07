"""The NOC grid of a chip as a picture; nodes stand at their NOC0 coordinates."""

import functools

from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.coordinates import ChipCoordinates, chip_coordinates, mask_in_force
from ttinspect.harvesting.grids import harvested_units
from ttinspect.harvesting.placement import INSERTION_ORDER, worker_grid
from ttinspect.model.arch import Axis, Coord, CoordSystem, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.grid import CoreState
from ttinspect.model.picture import Picture, PictureNode
from ttinspect.model.soc import Soc

_HARVESTED_LABEL = "-"


@functools.lru_cache(maxsize=64)
def draw(soc: Soc, masks: Masks, noc_translation: bool | None, labels: CoordSystem) -> Picture:
    """Every node of the grid; where types share a node, the one that tt-umd lets answer is shown.

    The grid is the bounding box of the cores where they lie outside it (Quasar's placeholder).
    ``labels`` is the system in which the lines of the tensix cores are labelled: "-" for a harvested
    line, "" for one without tensix cores (NOC0 labels every line).
    """
    coordinates = chip_coordinates(soc, masks, noc_translation)
    nodes: dict[Coord, PictureNode] = {}
    for core_type in INSERTION_ORDER:
        known = mask_in_force(soc.arch, masks, core_type) is not None
        for place in coordinates.places[core_type]:
            state = CoreState.LIVE if place.live else CoreState.HARVESTED
            nodes.setdefault(place.noc0, PictureNode(core_type, state if known else CoreState.UNKNOWN))
    width = max([soc.grid[0], *(x + 1 for x, _ in nodes)])
    height = max([soc.grid[1], *(y + 1 for _, y in nodes)])
    x_labels, y_labels = _labels(soc, masks, coordinates, labels, (width, height))
    return Picture(
        x_labels=x_labels,
        y_labels=y_labels,
        rows=tuple(tuple(nodes.get((x, y)) for x in range(width)) for y in range(height)),
    )


def _labels(
    soc: Soc, masks: Masks, coordinates: ChipCoordinates, system: CoordSystem, size: Coord
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if system is CoordSystem.NOC0:
        return tuple(map(str, range(size[0]))), tuple(map(str, range(size[1])))
    xs, ys = [""] * size[0], [""] * size[1]
    for x, y in soc.tensix:
        answer = coordinates.answer(CoreType.TENSIX, (x, y), system)
        if isinstance(answer, tuple):
            xs[x], ys[y] = str(answer[0]), str(answer[1])
    lines = harvested_units(soc.arch, masks, CoreType.TENSIX)
    width, _ = worker_grid(soc)
    unknown = lines is None or (system is CoordSystem.TRANSLATED and coordinates.translation is None)
    if unknown and system is not CoordSystem.NOC1:
        xs, ys = [""] * size[0], [""] * size[1]
    for line in lines or ():
        if ARCHITECTURES[soc.arch].axis is Axis.ROW:
            ys[soc.tensix[line * width][1]] = _HARVESTED_LABEL
        else:
            xs[soc.tensix[line][0]] = _HARVESTED_LABEL
    return tuple(xs), tuple(ys)
