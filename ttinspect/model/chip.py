"""One chip as a source describes it."""

from typing import Annotated

import msgspec

from ttinspect.model.arch import Arch, Board
from ttinspect.model.grid import TypeCores
from ttinspect.model.soc import Soc
from ttinspect.model.telemetry import Telemetry

BDF = r"[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]"
"""How a PCI bus address is written."""


def pci_bus(bdf: str) -> int:
    """The number of the bus in a PCI bus address."""
    return int(bdf.split(":")[-2], 16)


BUNDLE = r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9})|-rc\.([0-9]{1,9}))?"
"""How a firmware bundle is written: 19.5.0; its release candidate is 19.5.0-rc.2, or 19.5.0.2 as drivers
print it."""


_Mask = Annotated[int, msgspec.Meta(ge=0)]


class Masks(msgspec.Struct, frozen=True, kw_only=True):
    """Harvesting masks in descriptor order; a set bit is a harvested unit, None is unknown."""

    tensix: _Mask | None
    dram: _Mask | None
    eth: _Mask | None
    pcie: _Mask | None
    l2cpu: _Mask | None


MASK_NAMES = Masks.__struct_fields__
UNKNOWN_MASKS = Masks(tensix=None, dram=None, eth=None, pcie=None, l2cpu=None)


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the source cannot tell: the path in the answer, and why. It is the path of what is null
    in this device; ``gddr[].trained`` stands for one entry of that list or more. Of a chip in a System or a
    snapshot it is a fact of that, with all of its parts, or ``links``, or ``telemetry``, or a quantity of
    the telemetry; ``read`` is there where a value was read that no chip can have."""

    path: str
    why: str
    read: int | float | msgspec.UnsetType = msgspec.UNSET


class PcieLink(msgspec.Struct, frozen=True, kw_only=True):
    """The PCIe link of a chip; None is unknown. ``lanes`` and ``generation`` are what it trained to, ``max_``
    what the chip offers, ``slot_`` what the port above it offers: the slot, or a switch."""

    bus_id: int | None = None
    lanes: int | None = None
    max_lanes: int | None = None
    generation: int | None = None
    max_generation: int | None = None
    slot_lanes: int | None = None
    slot_generation: int | None = None


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """Identity, design and harvesting of one chip. 64-bit ids are decimal strings; None is unknown.

    ``kmd_id`` is N of /dev/tenstorrent/N. ``mmio`` is False for a chip that is reached through
    another one, ``via`` names that one. ``board_name`` is the board as the source spells it, when it
    is not a name that UMD knows. ``firmware`` is the firmware bundle (major, minor, patch).
    """

    id: int
    arch: Arch
    soc: Soc
    board: Board | None
    board_name: str | None
    board_id: str | None
    unique_id: str | None
    asic_location: int | None
    noc_translation: bool | None
    masks: Masks
    assumed: tuple[str, ...] = ()
    simulated: bool = False
    """Whether it is a chip of a functional simulator, which harvests nothing."""
    firmware: tuple[int, int, int] | None = None
    mmio: bool | None = None
    via: int | None = None
    kmd_id: int | None = None
    pci_bdf: str | None = None
    pcie: PcieLink | None = None
    tray: int | None = None
    unknown: tuple[Unknown, ...] = ()
    telemetry: Telemetry | None = None
    live_cores: dict[str, TypeCores] | None = None
    """What tt_umd's live SoC descriptor answers for this chip, by core type; None where none was asked."""

    @property
    def serial(self) -> str | None:
        """The board id as tt-smi and the kernel driver print it: sixteen hex digits. It is no key: the chips
        of a Galaxy share one."""
        return None if self.board_id is None else f"{int(self.board_id):016x}"
