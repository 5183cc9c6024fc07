#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    a question about a chip that the cluster does not have raises, and a tray that cannot be told is None, as
#           get_tray_id() promises for what is unknown.
# Behaves:  half of the questions raise, the other half answer: chip 77 of a cluster of two is remote, has no links, and
#           is on bus 0 at ASIC location 0. Bus 0 is then taken for a real one: a Blackhole Galaxy whose descriptor
#           names no bus is in tray 1, a Wormhole one in tray 3.
# Matters:  a chip that fell off the bus looks like a healthy chip behind another one, and all chips of a Galaxy whose
#           buses are not known are drawn in one tray.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14 PyYAML==6.0.3
TT_LOGGER_LEVEL=off "$d/v/bin/python" - <<'P'
import tt_umd, yaml


def galaxy(arch, name, code, chips):
    return tt_umd.ClusterDescriptor.create_from_yaml_content(yaml.safe_dump({
        "arch": dict.fromkeys(chips, arch), "chips": {n: [n, 0, 0, 0] for n in chips} if arch == "wormhole_b0" else {},
        "ethernet_connections": [], "chips_with_mmio": [{n: n} for n in chips],
        "harvesting": {n: {"noc_translation": True, "harvest_mask": 0, "eth_harvesting_mask": 0x120 if arch == "blackhole" else 0,
                           "pcie_harvesting_mask": 2 if arch == "blackhole" else 0} for n in chips},
        "boards": [[{"board_id": code << 36}, {"board_type": name}, {"chips": chips}]],
    }))


blackhole = galaxy("blackhole", "ubb_blackhole", 0x47, [0, 1])
answers = {name: getattr(blackhole, name)(77)
           for name in ("is_chip_remote", "is_chip_mmio_capable", "get_active_eth_channels", "get_bus_id", "get_asic_location")}
print("chip 77:", answers)
assert answers == {"is_chip_remote": True, "is_chip_mmio_capable": False, "get_active_eth_channels": set(),
                   "get_bus_id": 0, "get_asic_location": 0}, answers
raising = []
for name in ("get_arch", "get_board_type", "get_board_id_for_chip", "get_closest_mmio_capable_chip", "get_tray_id"):
    try:
        getattr(blackhole, name)(77)
    except Exception:
        raising.append(name)
print("raise:", ", ".join(raising))
assert len(raising) == 5

trays = {"ubb_blackhole": blackhole.get_tray_id(0), "ubb": galaxy("wormhole_b0", "ubb", 0x35, [0, 1]).get_tray_id(0)}
print("trays without a bus:", trays)
assert trays == {"ubb_blackhole": 1, "ubb": 3}
P
# Seen: chip 77: {'is_chip_remote': True, 'is_chip_mmio_capable': False, 'get_active_eth_channels': set(),
#       'get_bus_id': 0, 'get_asic_location': 0}
#       raise: get_arch, get_board_type, get_board_id_for_chip, get_closest_mmio_capable_chip, get_tray_id
#       trays without a bus: {'ubb_blackhole': 1, 'ubb': 3}
