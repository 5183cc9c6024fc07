#!/usr/bin/env bash
# Packages: tt-umd 0.9.14, and the SoC descriptor inside ttnn 0.81.1 (the wheel is unpacked, not run)
# Guess:    two libraries of one vendor agree about how much L1 an Ethernet core of a Blackhole has.
# Behaves:  tt-umd's built-in table says 262,144 bytes, ttnn's descriptor says 524,288. (Wormhole: both 262,144.)
#           On the functional simulator 524,288 can be written and read back.
# Matters:  a capacity that is computed from tt-umd's table is half of what the chip has.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14 PyYAML==6.0.3
"$d/v/bin/pip" -q --disable-pip-version-check download --no-deps --only-binary=:all: --python-version 3.12 \
    --implementation cp --abi cp312 --platform manylinux_2_34_x86_64 --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_35_x86_64 --platform manylinux2014_x86_64 -d "$d" ttnn==0.81.1
"$d/v/bin/python" - "$d"/ttnn-*.whl <<'P'
import sys, zipfile, tt_umd, yaml

with zipfile.ZipFile(sys.argv[1]) as wheel:
    texts = {n.rsplit("/", 1)[1]: yaml.safe_load(wheel.read(n)) for n in wheel.namelist() if "/tt_metal/soc_descriptors/" in n and n.endswith(".yaml")}
for arch, name in (("WORMHOLE_B0", "wormhole_b0_80_arch.yaml"), ("BLACKHOLE", "blackhole_140_arch.yaml")):
    umd = tt_umd.SocArchDescriptor(getattr(tt_umd.ARCH, arch)).eth_l1_size
    print(arch, "tt-umd", umd, "ttnn", texts[name]["eth_l1_size"])
    assert (umd, texts[name]["eth_l1_size"]) == (262144, 262144 if arch == "WORMHOLE_B0" else 524288)
P
# Seen: WORMHOLE_B0 tt-umd 262144 ttnn 262144
#       BLACKHOLE tt-umd 262144 ttnn 524288
