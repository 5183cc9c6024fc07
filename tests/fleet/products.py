"""What fleets are built of in tests: boards with their ports, hosts with their slots, as on the metal.

Nothing here is taken from the package: the tables are tt-metal's, written down once more.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Place = tuple[int, int]
"""ASIC location, eth channel."""


def _places(text: str) -> list[Place]:
    places = []
    for word in text.split():
        location, _, channels = word.partition(":")
        for part in channels.split(","):
            first, _, last = part.partition("-")
            places += [(int(location), channel) for channel in range(int(first), int(last or first) + 1)]
    return places


def _ports(**texts: str) -> dict[str, list[Place]]:
    return {name.replace("QSFP", "QSFP-DD").replace("_", " "): _places(text) for name, text in texts.items()}


def _inside(*texts: str) -> list[tuple[Place, Place]]:
    links = []
    for text in texts:
        a, b = text.split()
        links += list(zip(_places(a), _places(b), strict=True))
    return links


class Product(NamedTuple):
    """A host as it is sold: its slots, the board that is in each of them, and the cables that it comes with."""

    name: str
    board: str
    """UMD's name."""
    cabled: str
    """The name in factory system descriptors."""
    arch: str
    code: int
    motherboard: str
    buses: tuple[int, ...]
    """The PCI bus of each slot, of a Galaxy the upper nibble of those of a tray; from tray 1 on."""
    locations: tuple[int, ...]
    ports: Mapping[str, list[Place]]
    remote: frozenset[int] = frozenset()
    """ASIC locations of the chips that are reached through the one on the bus."""
    inside: tuple[tuple[Place, Place], ...] = ()
    joints: tuple[tuple[str, int, int], ...] = ()
    """Linking boards: the port, and the trays whose equal places it joins."""
    cables: tuple[tuple[int, str, int, str], ...] = ()
    """Inside a host: tray and port, tray and port."""
    outward: tuple[tuple[int, str, int, str], ...] = ()
    """To the next host: tray and port here, tray and port there."""
    masks: tuple[int, int, int, int] = (0, 0, 0, 0)
    """tensix, dram, eth, pcie."""
    revision: int = 0
    apart: bool = False
    """Both chips of a card are on the bus, each as a tray of its own; ``buses`` is that of the first."""
    joint_places: Mapping[str, list[Place]] = MappingProxyType({})

    def tray(self, slot: int, location: int = 0) -> int:
        """The tray of a chip, as cablings count them; of a card's first one when only the slot is told."""
        return (slot - 1) * len(self.locations) + location + 1 if self.apart else slot

    def trays_of(self, slot: int) -> list[int]:
        """The trays of a slot: one, or one for each chip."""
        return sorted({self.tray(slot, location) for location in self.locations})

    @property
    def has_list(self) -> bool:
        """Whether the buses alone tell the trays."""
        return not self.apart

    def pcie_mask(self, location: int) -> int:
        """Which PCIe core a chip has not: the second chip of a card has another one."""
        return 1 if self.apart and location else self.masks[3]

    @property
    def galaxy(self) -> bool:
        return len(self.locations) == 8

    @property
    def trays(self) -> range:
        return range(1, len(self.buses) + 1)

    def bus(self, tray: int, location: int) -> int:
        """The PCI bus of a chip; a remote one has that of its board."""
        if self.apart:
            return self.buses[tray - 1] + location
        return self.buses[tray - 1] | (location if self.galaxy else 0)


_N150 = _ports(QSFP_1="0:6,7", QSFP_2="0:0,1", WARP100_1="0:14,15")
_N300 = _ports(QSFP_1="0:6,7", QSFP_2="0:0,1", WARP100_1="0:14,15", WARP100_2="1:6,7")
_N300_INSIDE = tuple(_inside("0:8,9 1:0,1"))
_P150 = _ports(QSFP_1="0:9,11", QSFP_2="0:8,10", QSFP_3="0:5,7", QSFP_4="0:4,6")
_UBB = _ports(QSFP_1="5:4-7", QSFP_2="1:4-7", QSFP_3="1:0-3", QSFP_4="2:0-3", QSFP_5="3:0-3", QSFP_6="4:0-3")
_UBB_JOINTS = {
    "linking board 1": _places("5:12-15 6:12-15"),
    "linking board 2": _places("7:12-15 8:12-15"),
    "linking board 3": _places("8:8-11 4:8-11"),
}
_UBB_INSIDE = tuple(
    _inside(
        *(f"{chip}:8-11 {chip + 1}:4-7" for chip in (1, 2, 3, 5, 6, 7)),
        *(f"{chip}:12-15 {chip + 4}:0-3" for chip in (1, 2, 3, 4)),
    )
)
_BLACKHOLE_UBB = _ports(
    QSFP_1="5:2,3", QSFP_2="1:2,3", QSFP_3="1:0,1", QSFP_4="2:0,1", QSFP_5="3:0,1", QSFP_6="4:0,1",
    QSFP_7="1:8 2:8", QSFP_8="5:8 6:8", QSFP_9="3:8 4:8", QSFP_10="7:8 8:8",
    QSFP_11="1:9 2:9", QSFP_12="5:9 6:9", QSFP_13="3:9 4:9", QSFP_14="7:9 8:9",
)  # fmt: skip
_BLACKHOLE_UBB_JOINTS = {
    "linking board 1": _places("5:6,7 6:6,7"),
    "linking board 2": _places("7:6,7 8:6,7"),
    "linking board 3": _places("8:4,5 4:4,5"),
}
_BLACKHOLE_UBB_INSIDE = tuple(
    _inside(
        *(f"{chip}:4,5 {chip + 1}:2,3" for chip in (1, 2, 3, 5, 6, 7)),
        *(f"{chip}:6,7 {chip + 4}:0,1" for chip in (1, 2, 3, 4)),
    )
)
_FOUR = range(1, 5)
_Q1, _Q2, _Q3, _Q4 = (f"QSFP-DD {number}" for number in _FOUR)
_QB = {"motherboard": "SIENAD8-2L2T", "buses": (0xC1, 0x01, 0x41, 0x42)}

N150 = Product(
    "n150", "n150", "N150", "wormhole_b0", 0x18, **_QB, locations=(0,), ports=_N150,  # type: ignore[arg-type]
    masks=(0x10, 0, 0, 0),
    cables=((1, _Q2, 2, _Q2), (3, _Q2, 4, _Q2), (1, "WARP100 1", 3, "WARP100 1"), (2, "WARP100 1", 4, "WARP100 1")),
    outward=((1, _Q1, 3, _Q1), (2, _Q1, 4, _Q1)),
)  # fmt: skip
N300 = Product(
    "n300", "n300", "N300", "wormhole_b0", 0x14, **_QB, locations=(0, 1), ports=_N300,  # type: ignore[arg-type]
    masks=(0x21, 0, 0, 0), remote=frozenset((1,)), inside=_N300_INSIDE,
    outward=tuple((tray, _Q1, tray, _Q2) for tray in _FOUR),
)  # fmt: skip
T3000 = N300._replace(
    name="t3000",
    motherboard="X12DPG-QT6",
    buses=(0xB1, 0xCA, 0x31, 0x4B),
    cables=tuple((a, f"WARP100 {n}", b, f"WARP100 {n}") for a, b in ((1, 2), (3, 4)) for n in (1, 2)),
    outward=((1, _Q1, 4, _Q1), (2, _Q2, 3, _Q2), (3, _Q1, 2, _Q1), (4, _Q2, 1, _Q2)),
)
GALAXY_WORMHOLE = Product(
    "galaxy-wh", "ubb", "UBB", "wormhole_b0", 0x35, "S7T-MB", (0xC0, 0x80, 0x00, 0x40), tuple(range(1, 9)), _UBB,
    inside=_UBB_INSIDE, joint_places=_UBB_JOINTS,
    joints=(("linking board 1", 1, 3), ("linking board 1", 2, 4), ("linking board 2", 1, 3),
            ("linking board 2", 2, 4), ("linking board 3", 1, 4), ("linking board 3", 2, 3)),
    cables=tuple((a, port, b, port) for a, b in ((1, 4), (2, 3)) for port in (_Q1, _Q2)),
    outward=tuple((tray, near, tray, far) for tray in _FOUR for near, far in ((_Q3, "QSFP-DD 6"), (_Q4, "QSFP-DD 5"))),
)  # fmt: skip
P100 = Product(
    "p100", "p100", "P100", "blackhole", 0x36, **_QB, locations=(0,), ports={},  # type: ignore[arg-type]
    masks=(0x0A00, 0x10, 0x3FFF, 2),
)  # fmt: skip
P150 = Product(
    "p150", "p150", "P150", "blackhole", 0x40, **_QB, locations=(0,), ports=_P150,  # type: ignore[arg-type]
    masks=(0x60, 0, 0x120, 2),
    cables=((1, _Q3, 2, _Q3), (3, _Q3, 4, _Q3), (1, _Q2, 4, _Q2), (2, _Q2, 3, _Q2)),
    outward=tuple((tray, _Q1, tray, _Q4) for tray in _FOUR),
)  # fmt: skip
EIGHT_P150 = P150._replace(
    name="8xp150",
    motherboard="H13DSG-O-CPU",
    buses=(0x21, 0x01, 0x41, 0x61, 0xA1, 0x81, 0xC1, 0xE1),
    cables=tuple((a, _Q3, a + 1, _Q3) for a in (1, 3, 5, 7)) + tuple((a, _Q2, a + 4, _Q2) for a in _FOUR),
    outward=tuple((tray, _Q1, tray, _Q4) for tray in range(1, 9)),
)
_P300 = _ports(WARP400_1="1:3,6 0:7,9", WARP400_2="1:2,4 0:5,4")
QUIETBOX_2 = Product(
    "quietbox-2", "p300", "P300", "blackhole", 0x44, "B850M-C", (1, 3), (0, 1), _P300,
    inside=tuple(_inside("0:2,3 1:9,8")), masks=(0x0110, 0, 0x120, 2), apart=True,
    cables=((1, "WARP400 1", 2, "WARP400 1"),),
    outward=((1, "WARP400 2", 2, "WARP400 2"),),
)  # fmt: skip
GALAXY_BLACKHOLE = Product(
    "galaxy-bh", "ubb_blackhole", "UBB_BLACKHOLE", "blackhole", 0x47, "S7T-MB", (0x00, 0x40, 0xC0, 0x80),
    tuple(range(1, 9)), _BLACKHOLE_UBB, inside=_BLACKHOLE_UBB_INSIDE, joint_places=_BLACKHOLE_UBB_JOINTS,
    masks=(0x100, 0, 0x120, 1), revision=3,
    joints=(("linking board 1", 1, 2), ("linking board 1", 3, 4), ("linking board 2", 1, 2),
            ("linking board 2", 3, 4), ("linking board 3", 1, 3), ("linking board 3", 2, 4)),
    cables=tuple((a, port, b, port) for a, b in ((1, 3), (2, 4)) for port in (_Q1, _Q2)),
    outward=tuple((tray, near, tray, far) for tray in _FOUR for near, far in (("QSFP-DD 7", "QSFP-DD 8"),
                  ("QSFP-DD 9", "QSFP-DD 10"), ("QSFP-DD 11", "QSFP-DD 12"), ("QSFP-DD 13", "QSFP-DD 14"))),
)  # fmt: skip
GALAXY_BLACKHOLE_B = GALAXY_BLACKHOLE._replace(
    name="galaxy-bh-b",
    revision=1,
    joints=(
        *tuple((name, a, b) for name in ("linking board 1", "linking board 2") for a, b in ((1, 3), (2, 4))),
        ("linking board 3", 1, 2),
        ("linking board 3", 3, 4),
    ),
)

PRODUCTS = {
    product.name: product
    for product in (
        N150, N300, T3000, GALAXY_WORMHOLE, P100, P150, EIGHT_P150, QUIETBOX_2, GALAXY_BLACKHOLE, GALAXY_BLACKHOLE_B,
    )
}  # fmt: skip
