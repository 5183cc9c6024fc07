"""What is at a coordinate of a chip."""

from ttinspect.harvesting.coordinates import ChipCoordinates
from ttinspect.model.arch import Coord, CoordSystem, CoreType
from ttinspect.model.grid import CoordAnswer, CoreAt, CoreState


def cores_at(coordinates: ChipCoordinates, system: CoordSystem, coord: Coord) -> tuple[CoreAt, ...]:
    """Every core that has this coordinate in this system, by type.

    Several share a logical coordinate (tensix (0, 0), DRAM (0, 0), ...), and a few a node.
    """
    cores = []
    for core_type in CoreType:
        known = core_type in coordinates.known
        if not known and system in (CoordSystem.LOGICAL, CoordSystem.TRANSLATED):
            continue
        if system is CoordSystem.TRANSLATED and coordinates.translation is None:
            continue
        for place in coordinates.places[core_type]:
            if coordinates.answer(core_type, place.noc0, system) != coord:
                continue
            state = CoreState.LIVE if place.live else CoreState.HARVESTED
            translated: CoordAnswer = None
            logical: CoordAnswer = None
            if known:
                logical = coordinates.answer(core_type, place.noc0, CoordSystem.LOGICAL)
                if coordinates.translation is not None:
                    translated = coordinates.answer(core_type, place.noc0, CoordSystem.TRANSLATED)
            cores.append(
                CoreAt(
                    type=core_type,
                    state=state if known else CoreState.UNKNOWN,
                    noc0=place.noc0,
                    noc1=coordinates.answer(core_type, place.noc0, CoordSystem.NOC1),
                    translated=translated,
                    logical=logical,
                )
            )
    return tuple(cores)
