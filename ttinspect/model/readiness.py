"""What of a host decides whether tt-metal can open its devices, and how fast they are."""

from enum import Enum

import msgspec


class Iommu(str, Enum):
    """What the IOMMU does with the DMA of a device: nothing (there is none, or it is off), it lets it through
    as it is, or it translates it."""

    OFF = "off"
    PASSTHROUGH = "passthrough"
    TRANSLATING = "on"


class DeviceReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """One device, N of /dev/tenstorrent/N. ``accessible``: this user may read and write its node. Each None
    is unknown; ``numa_node`` also where the machine has one node only."""

    device: int
    accessible: bool | None = None
    node_mode: str | None = None
    iommu: Iommu | None = None
    numa_node: int | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """A host; None is unknown. ``hugepages_1g`` are the 1 GiB pages that the kernel has set aside, free or in
    use, ``motherboard`` is vendor and name."""

    kernel: str | None = None
    motherboard: str | None = None
    hugepages_1g: int | None = None
    hugepages_1g_free: int | None = None
    devices: tuple[DeviceReadiness, ...] = ()

    def of(self, device: int | None) -> DeviceReadiness | None:
        """What is known of /dev/tenstorrent/``device``."""
        return next((each for each in self.devices if each.device == device), None)
