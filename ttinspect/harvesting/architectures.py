"""The one place that knows which module answers for which architecture."""

from ttinspect.harvesting import blackhole, quasar, wormhole
from ttinspect.harvesting.placement import Architecture
from ttinspect.model.arch import Arch

ARCHITECTURES: dict[Arch, Architecture] = {
    Arch.WORMHOLE_B0: wormhole.ARCHITECTURE,
    Arch.BLACKHOLE: blackhole.ARCHITECTURE,
    Arch.QUASAR: quasar.ARCHITECTURE,
}
