#!/usr/bin/env bash
# Packages: tt-umd 0.9.14 (writes the file), PyYAML 6.0.3 (reads it)
# Guess:    a cluster descriptor that tt-umd wrote gives every PCI address as the text that it is.
# Behaves:  tt-umd writes BDFs without quotes, and to PyYAML some of them are numbers in base 60: 0000:41:00.0 is
#           the float 2460.0, 0000:01:00.0 is 60.0, while 0000:c1:00.0 on the same host stays a text.
# Matters:  a tool that is tried on one slot works, and names the wrong slot, or none, in the next.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14 PyYAML==6.0.3
cd "$d" && TT_LOGGER_LEVEL=off "$d/v/bin/python" - <<'P'
import tt_umd, yaml

bdfs = {0: "0000:01:00.0", 1: "0000:41:00.0", 2: "0000:c1:00.0"}
tt_umd.ClusterDescriptor.create_from_yaml_content(yaml.safe_dump({
    "arch": dict.fromkeys(bdfs, "wormhole_b0"), "chips": {n: [n, 0, 0, 0] for n in bdfs},
    "ethernet_connections": [], "chips_with_mmio": [{n: n} for n in bdfs], "chip_pci_bdfs": bdfs,
    "harvesting": {n: {"noc_translation": True, "harvest_mask": 1} for n in bdfs},
    "boards": [[{"board_id": (0x18 << 36) + n}, {"board_type": "n150"}, {"chips": [n]}] for n in bdfs],
})).serialize_to_file("out.yaml")
read = yaml.safe_load(open("out.yaml"))["chip_pci_bdfs"]
print(read)
assert read == {0: 60.0, 1: 2460.0, 2: "0000:c1:00.0"}, read
P
# Seen: {0: 60.0, 1: 2460.0, 2: '0000:c1:00.0'}
