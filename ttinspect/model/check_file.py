"""A check file: what a site expects of a machine. Its fields are the format; unknown ones are refused."""

from typing import Annotated, Literal

import msgspec

from ttinspect.model.arch import Arch
from ttinspect.model.chip import BDF, BUNDLE

NUMBER = "0|[1-9][0-9]*|0[xX][0-9a-fA-F]+"
"""A chip id, unique id or board id as a key."""

CHIP_NAME = f"{NUMBER}|/dev/tenstorrent/(0|[1-9][0-9]*)|{BDF}"
"""How a chip can be named: by number, device node, or PCI bus address."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Version = Annotated[
    str, msgspec.Meta(pattern=f"^{BUNDLE}$", description="a firmware bundle: 19.5.0, 19.5.0-rc.2")
]


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From ``min`` to ``max``, both included; one of them may be left out."""

    min: int | float | None = None
    max: int | float | None = None


class VersionRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From ``min`` to ``max``, both included; one of them may be left out."""

    min: _Version | None = None
    max: _Version | None = None


Number = _Count | Range
"""Exactly so many, or a range."""


class ChipWants(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is expected of a chip; what is left out is not looked at.

    ``grid`` are the live tensix cores as WIDTHxHEIGHT, ``cores`` their number; ``l1_bytes`` and
    ``dram_bytes`` physical; ``eth_links`` the links that lead to other chips;
    ``eth_heartbeats`` and ``eth_retrained`` count live eth channels whose core is alive, and those whose link
    was trained again, where the firmware tells. From ``numa_node`` on they are
    facts of the host that the chip is in; of a chip that is reached through another one they, and those of
    PCIe, are of that one. ``node_access``: whether the user who checks may read and write the node.
    """

    arch: Arch | None = None
    board: Annotated[str, msgspec.Meta(description="a board as UMD names it: n300, p150, ubb")] | None = None
    grid: Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]*)x(0|[1-9][0-9]*)$")] | None = None
    cores: Number | None = None
    l1_bytes: Number | None = None
    dram_bytes: Number | None = None
    eth_links: Number | None = None
    eth_heartbeats: Number | None = None
    eth_retrained: Number | None = None
    firmware: _Version | VersionRange | None = None
    asic_celsius: Range | None = None
    board_celsius: Range | None = None
    gddr_celsius: Range | None = None
    aiclk_mhz: Number | None = None
    power_w: Number | None = None
    board_power_w: Number | None = None
    thermal_trips: Number | None = None
    pcie_lanes: Number | None = None
    pcie_generation: Number | None = None
    numa_node: Number | None = None
    node_access: Annotated[str, msgspec.Meta(pattern=r"^(rw|none)$")] | None = None
    iommu: Annotated[str, msgspec.Meta(pattern=r"^(off|passthrough|on)$")] | None = None
    hugepages_1g: Number | None = None
    driver: str | VersionRange | None = None
    kernel: str | None = None
    motherboard: str | None = None


class BoardWants(ChipWants, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is expected of every chip of a board, and ``chips``, how many there are."""

    chips: Number | None = None


ChipName = str
"""A chip id, PCI BDF, unique id, or /dev/tenstorrent/N; numbers too are text once they are read."""

LinkWanted = tuple[ChipName, _Count, ChipName, _Count]
"""Chip and eth channel at one end, chip and eth channel at the other."""


class CheckFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is expected of a machine. ``each`` holds for every chip, ``boards`` by board name or board id,
    ``by_chip`` by chip id, PCI BDF, unique id or /dev/tenstorrent/N. ``regions: pass``: verify-shm passes,
    ``clean``: without warnings too. ``product``: also what every product should be."""

    chips: Number | None = None
    product: bool = False
    regions: Literal["clean", "pass"] | None = None
    each: ChipWants | None = None
    boards: dict[str, BoardWants] = {}
    by_chip: dict[str, ChipWants] = {}
    links: tuple[LinkWanted, ...] = ()
