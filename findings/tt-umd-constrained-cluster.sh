#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    a cluster descriptor that is constrained to chip 2 describes chip 2, under that number.
# Behaves:  it describes the whole board of the chip, counted anew from 0: of two N300 {2} is chips 0 and 1, {3} is the
#           same two, and {2, 0} is four. Of four P150 {3, 1} is chips 0 and 1. Only the unique id stays what it was;
#           links to chips that were left out become links to remote devices, by unique id.
# Matters:  a log, a report or a shared-memory region of a constrained run names chips by numbers of its own: joined
#           by chip id they are laid on the wrong card, without an error.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14 PyYAML==6.0.3
cd "$d" && TT_LOGGER_LEVEL=off "$d/v/bin/python" - <<'P'
import tt_umd, yaml


def cluster(arch, boards, links, code, name):
    chips = [chip for board in boards for chip in board]
    return tt_umd.ClusterDescriptor.create_from_yaml_content(yaml.safe_dump({
        "arch": dict.fromkeys(chips, arch),
        "chips": {n: [n % 2, n // 2, 0, 0] for n in chips} if arch == "wormhole_b0" else {},
        "chip_unique_ids": {n: 100 + n for n in chips},
        "ethernet_connections": [[{"chip": a, "chan": x}, {"chip": b, "chan": y}] for a, x, b, y in links],
        "chips_with_mmio": [{board[0]: n} for n, board in enumerate(boards)],
        "harvesting": {n: {"noc_translation": True, "harvest_mask": 3, "eth_harvesting_mask": 0 if name == "n300" else 0x120,
                           "pcie_harvesting_mask": 0 if name == "n300" else 2} for n in chips},
        "boards": [[{"board_id": (code << 36) + n}, {"board_type": name}, {"chips": board}] for n, board in enumerate(boards)],
    }))


def constrained(full, *chips):
    part = tt_umd.ClusterDescriptor.create_constrained_cluster_descriptor(full, set(chips))
    return dict(sorted(part.get_chip_unique_ids().items())), part


n300 = cluster("wormhole_b0", [[0, 1], [2, 3]], [(0, 8, 1, 0), (2, 8, 3, 0), (1, 6, 3, 6)], 0x14, "n300")
seen = {chips: constrained(n300, *chips)[0] for chips in ((2,), (3,), (2, 0))}
print("n300", seen)
assert seen == {(2,): {0: 102, 1: 103}, (3,): {0: 102, 1: 103}, (2, 0): {0: 100, 1: 101, 2: 102, 3: 103}}
part = constrained(n300, 3)[1]
part.serialize_to_file("part.yaml")
cut = yaml.safe_load(open("part.yaml"))["ethernet_connections_to_remote_devices"]
print("links", part.get_ethernet_connections(), cut)
assert part.get_ethernet_connections() == {0: {8: (1, 0)}, 1: {0: (0, 8)}}
assert cut == [[{"chip": 1, "chan": 6}, {"remote_chip_id": 101, "chan": 6}]]

p150 = cluster("blackhole", [[0], [1], [2], [3]], [], 0x40, "p150")
print("p150", constrained(p150, 3, 1)[0])
assert constrained(p150, 3, 1)[0] == {0: 101, 1: 103}
P
# Seen: n300 {(2,): {0: 102, 1: 103}, (3,): {0: 102, 1: 103}, (2, 0): {0: 100, 1: 101, 2: 102, 3: 103}}
#       links {1: {0: (0, 8)}, 0: {8: (1, 0)}} [[{'chip': 1, 'chan': 6}, {'remote_chip_id': 101, 'chan': 6}]]
#       p150 {0: 101, 1: 103}
