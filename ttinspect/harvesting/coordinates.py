"""Coordinates of every core of a chip in every coordinate system.

tt-umd 0.9.14, CoordinateManager: the maps from NOC0 to the other systems are keyed by node, not by
core type, and the first core entered at a node answers for all.
"""

import functools

from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.blackhole import dram_quirk
from ttinspect.harvesting.placement import Place, Placement, enumerate_places
from ttinspect.model.arch import Arch, Coord, CoordSystem, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.grid import CoordAnswer, HarvestedCores, OtherCore, TypeCores
from ttinspect.model.soc import Soc

_Entry = tuple[CoreType, Coord]
_MASKED = {
    CoreType.TENSIX: "tensix",
    CoreType.DRAM: "dram",
    CoreType.ETH: "eth",
    CoreType.PCIE: "pcie",
    CoreType.L2CPU: "l2cpu",
}
_NEVER_LISTED_AS_HARVESTED = (CoreType.L2CPU, CoreType.ARC)


def mask_in_force(arch: Arch, masks: Masks, core_type: CoreType) -> int | None:
    """The mask that decides about a core type: 0 where nothing can be harvested, None if unknown."""
    name = _MASKED.get(core_type)
    if name is None or name in ARCHITECTURES[arch].ignored_masks:
        return 0
    mask: int | None = getattr(masks, name)
    return mask


class ChipCoordinates:
    """The coordinates of one chip; masks must have passed ``refusal``.

    Types whose mask is unknown, and types that share a node with them, have none (``known``).
    """

    def __init__(self, soc: Soc, masks: Masks, noc_translation: bool | None) -> None:
        self._soc = soc
        self._types: dict[CoreType, TypeCores] = {}
        self.translation = noc_translation
        in_force = {name: mask_in_force(soc.arch, masks, CoreType(name)) for name in _MASKED.values()}
        self.places: Placement = ARCHITECTURES[soc.arch].place(
            soc,
            translation=bool(noc_translation),
            tensix=in_force["tensix"] or 0,
            dram=in_force["dram"] or 0,
            eth=in_force["eth"] or 0,
            pcie=in_force["pcie"] or 0,
            l2cpu=in_force["l2cpu"] or 0,
        )
        self._maps = self._build_maps(
            soc.arch is Arch.BLACKHOLE and dram_quirk(soc, in_force["dram"] or 0, bool(noc_translation))
        )
        unknown = {core_type for core_type, name in _MASKED.items() if in_force[name] is None}
        nodes = {place.noc0 for core_type in unknown for place in self.places[core_type]}
        self.known = frozenset(
            core_type
            for core_type, places in self.places.items()
            if core_type not in unknown and not any(place.noc0 in nodes for place in places)
        )

    def _build_maps(self, quirk: bool) -> dict[CoordSystem, dict[Coord, _Entry]]:
        noc1: dict[Coord, _Entry] = {}
        translated: dict[Coord, _Entry] = {}
        logical: dict[Coord, _Entry] = {}
        quirk_entry: _Entry = (CoreType.DRAM, (0, 0))
        pending_quirk = quirk
        for core_type, place in enumerate_places(self.places):
            if pending_quirk and core_type not in (CoreType.TENSIX, CoreType.DRAM):
                translated.setdefault((0, 0), quirk_entry)
                pending_quirk = False
            if place.translated is not None:
                translated.setdefault(place.noc0, (core_type, place.translated))
            elif quirk:
                translated.setdefault((0, 0), quirk_entry)
                pending_quirk = False
            if place.logical is not None:
                logical.setdefault(place.noc0, (core_type, place.logical))
            on_noc1 = self._noc1(place.noc0)
            if on_noc1 is not None:
                noc1.setdefault(place.noc0, (core_type, on_noc1))
        return {
            CoordSystem.NOC1: noc1,
            CoordSystem.TRANSLATED: translated,
            CoordSystem.LOGICAL: logical,
        }

    def _noc1(self, noc0: Coord) -> Coord | None:
        xs, ys = self._soc.noc1_x, self._soc.noc1_y
        if xs is None or ys is None or noc0[0] >= len(xs) or noc0[1] >= len(ys):
            return None
        return xs[noc0[0]], ys[noc0[1]]

    def answer(self, core_type: CoreType, noc0: Coord, system: CoordSystem) -> CoordAnswer:
        """What a core is called in a system: its own coordinate, another core's, or None."""
        if system is CoordSystem.NOC0:
            return noc0
        entry = self._maps[system].get(noc0)
        if entry is None:
            return None
        other, coord = entry
        return coord if other is core_type else OtherCore(other.value.upper(), coord)

    def _answers(
        self, core_type: CoreType, places: list[Place], system: CoordSystem
    ) -> tuple[CoordAnswer, ...]:
        return tuple(self.answer(core_type, place.noc0, system) for place in places)

    def _translated(self, core_type: CoreType, places: list[Place]) -> tuple[CoordAnswer, ...] | None:
        if self.translation is None:
            return None
        return self._answers(core_type, places, CoordSystem.TRANSLATED)

    def type_cores(self, core_type: CoreType) -> TypeCores | None:
        """Live and harvested cores of a type; None if that is unknown."""
        if core_type not in self.known:
            return None
        if core_type not in self._types:
            self._types[core_type] = self._type_cores(core_type)
        return self._types[core_type]

    def _type_cores(self, core_type: CoreType) -> TypeCores:
        live = [place for place in self.places[core_type] if place.live]
        lost = [place for place in self.places[core_type] if not place.live]
        if core_type in _NEVER_LISTED_AS_HARVESTED:
            lost = []
        return TypeCores(
            noc0=tuple(place.noc0 for place in live),
            noc1=self._answers(core_type, live, CoordSystem.NOC1),
            translated=self._translated(core_type, live),
            logical=self._answers(core_type, live, CoordSystem.LOGICAL),
            harvested=HarvestedCores(
                noc0=tuple(place.noc0 for place in lost),
                noc1=self._answers(core_type, lost, CoordSystem.NOC1),
                translated=self._translated(core_type, lost),
            ),
        )


@functools.lru_cache(maxsize=64)
def chip_coordinates(soc: Soc, masks: Masks, noc_translation: bool | None) -> ChipCoordinates:
    """The coordinates of a chip; those of equal chips are computed once."""
    return ChipCoordinates(soc, masks, noc_translation)
