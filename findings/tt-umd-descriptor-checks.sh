#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    ClusterDescriptor checks what it reads: a link on Ethernet channel 99 of a chip that has 16, or a file
#           without any harvesting table, is refused.
# Behaves:  both load. Channel 99 is listed among the links; a missing mask counts as 0, as one log line about the
#           board shows ("harvest mask indicates 0 units"), and no getter of ClusterDescriptor tells any mask.
# Matters:  "it loads in UMD" says nothing about whether a descriptor can be true.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P' | sed 's/^[0-9: .-]*|/|/'
import tt_umd

TEXT = """
arch: {0: wormhole_b0, 1: wormhole_b0}
chips: {0: [0, 0, 0, 0], 1: [1, 0, 0, 0]}
ethernet_connections: [[{chip: 0, chan: 99}, {chip: 1, chan: 0}]]
chips_with_mmio: [{0: 0}]
boards: [[{board_id: 0x1400000000a}, {board_type: n300}, {chips: [0, 1]}]]
"""
descriptor = tt_umd.ClusterDescriptor.create_from_yaml_content(TEXT)
links = descriptor.get_ethernet_connections()
print(links)
assert links == {0: {99: (1, 0)}, 1: {0: (0, 99)}}, links
assert not [name for name in dir(descriptor) if "harvest" in name]
P
# Seen: | warning  |             UMD | Chip 0 has inconsistent Tensix harvesting information between harvest mask and
#       number of harvested. Board n300 expects 2 units, but harvest mask indicates 0 units. (...)
#       {1: {0: (0, 99)}, 0: {99: (1, 0)}}
