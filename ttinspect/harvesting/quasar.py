"""Quasar, a placeholder in tt-umd: a mask bit is a tensix row, every translation is the identity."""

from ttinspect.harvesting.placement import Architecture, Placement
from ttinspect.harvesting.wormhole import place as place_rows
from ttinspect.model.arch import Axis
from ttinspect.model.soc import Soc


def place(
    soc: Soc, *, tensix: int, dram: int, eth: int, pcie: int, l2cpu: int, translation: bool
) -> Placement:
    """Every core of a Quasar chip; NOC translation changes nothing."""
    del translation
    return place_rows(soc, tensix=tensix, dram=dram, eth=eth, pcie=pcie, l2cpu=l2cpu, translation=False)


ARCHITECTURE = Architecture(
    axis=Axis.ROW, place=place, refused_masks=("dram", "eth"), ignored_masks=("pcie", "l2cpu")
)
