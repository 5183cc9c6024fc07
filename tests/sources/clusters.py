"""Cluster descriptors written for tests, in the ways that files of different ages are."""

from typing import Any

import yaml

MODERN_P150 = """\
arch:
  0: blackhole
chips: {}
chip_unique_ids:
  0: 4476187513099
ethernet_connections: []
ethernet_connections_to_remote_devices: []
chips_with_mmio:
  - 0: 0
io_device_type: PCIe
harvesting:
  0:
    noc_translation: true
    harvest_mask: 0x60
    dram_harvesting_mask: 0
    eth_harvesting_mask: 288
    pcie_harvesting_mask: 2
    l2cpu_harvesting_mask: 0
chip_to_bus_id:
  0: "0x41"
boards:
  - - board_id: 4402341478400
    - board_type: p150
    - chips: [0]
asic_locations:
  0: 0
chip_pci_bdfs:
  0: 0000:41:00.0
"""


def n300(**changes: Any) -> dict[str, Any]:
    """An old N300 file as plain values; None takes a key away."""
    base: dict[str, Any] = {
        "arch": {0: "Wormhole", 1: "Wormhole"},
        "chips": {0: [0, 0, 0, 0], 1: [1, 0, 0, 0]},
        "ethernet_connections": [
            [{"chip": 0, "chan": 8}, {"chip": 1, "chan": 0}],
            [{"chip": 0, "chan": 9}, {"chip": 1, "chan": 1}],
        ],
        "chips_with_mmio": [{0: 0}],
        "harvesting": {
            0: {"noc_translation": True, "harvest_mask": 0x44},
            1: {"noc_translation": True, "harvest_mask": 0x21},
        },
        "boards": [[{"board_id": 72058994491072600}, {"board_type": "n300"}, {"chips": [0, 1]}]],
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


class _Dumper(yaml.SafeDumper):
    """No anchors for values that stand twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(document: dict[str, Any]) -> str:
    """Plain values as a file."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False)


def n300_boards(count: int) -> str:
    """A cluster file of so many N300 boards, with the links between the two chips of each."""
    lefts = range(0, 2 * count, 2)
    masks = {"noc_translation": True, "harvest_mask": 0x41}
    return to_yaml(
        n300(
            arch=dict.fromkeys(range(2 * count), "wormhole_b0"),
            chips={},
            chip_unique_ids={chip: 10**15 + chip for chip in range(2 * count)},
            ethernet_connections=[
                [{"chip": left, "chan": 8 + link}, {"chip": left + 1, "chan": link}]
                for left in lefts
                for link in (0, 1)
            ],
            chips_with_mmio=[{left: left} for left in lefts],
            harvesting={chip: masks.copy() for chip in range(2 * count)},
            boards=[
                [{"board_id": (0x14 << 36) + left}, {"board_type": "n300"}, {"chips": [left, left + 1]}]
                for left in lefts
            ],
        )
    )


def galaxy(count: int) -> str:
    """A cluster file of WH Galaxy chips without links."""
    ids = range(count)
    return to_yaml(
        {
            "arch": dict.fromkeys(ids, "wormhole_b0"),
            "chips": {},
            "chip_unique_ids": {chip: 10**15 + chip for chip in ids},
            "ethernet_connections": [],
            "chips_with_mmio": [{chip: chip} for chip in ids],
            "harvesting": {
                chip: {
                    "noc_translation": True,
                    "harvest_mask": 0,
                    "dram_harvesting_mask": 0,
                    "eth_harvesting_mask": 0,
                    "pcie_harvesting_mask": 0,
                    "l2cpu_harvesting_mask": 0,
                }
                for chip in ids
            },
            "boards": [
                [
                    {"board_id": (0x35 << 36) + board},
                    {"board_type": "ubb"},
                    {"chips": list(ids[board : board + 8])},
                ]
                for board in range(0, count, 8)
            ],
        }
    )


def blackhole_galaxy(board_id: int) -> str:
    """A cluster file of one chip of a BH Galaxy: tray 1, place 1."""
    return (
        MODERN_P150.replace("4402341478400", str(board_id))
        .replace("p150", "ubb_blackhole")
        .replace("0x60", "0x10")
        .replace("41", "01")
        .replace("pcie_harvesting_mask: 2", "pcie_harvesting_mask: 1")
    )
