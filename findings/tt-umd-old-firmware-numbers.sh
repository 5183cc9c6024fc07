#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    a higher number is a newer firmware bundle: 80.18.0, which cards in the field still have, is newer than
#           18.3.0, the least that the library takes of a Wormhole.
# Behaves:  bundles with 80 in front are older than all others: as FirmwareBundleVersion 80.18.0 is below 18.3.0.
#           That holds for 80 alone; 79.0.0 is above 18.0.0. SemVer, the library's other version type, and any sort
#           by numbers put 80.18.0 above 19.0.0.
# Matters:  "at least 18.3.0" lets the oldest cards of a fleet pass, and "newest first" lists them on top.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd

Bundle = tt_umd.FirmwareBundleVersion
least = tt_umd.get_minimum_compatible_firmware_version(tt_umd.ARCH.WORMHOLE_B0)
order = [str(one) for one in sorted([Bundle(19, 0, 0), Bundle(80, 18, 0), Bundle(18, 3, 0)])]
print("least", least, "bundles in order", order)
assert str(least) == "18.3.0" and order == ["80.18.0", "18.3.0", "19.0.0"]
print("79.0.0 older than 18.0.0:", Bundle(79, 0, 0) < Bundle(18, 0, 0))
assert not Bundle(79, 0, 0) < Bundle(18, 0, 0)
print("SemVer: 80.18.0 older than 19.0.0:", tt_umd.SemVer("80.18.0") < tt_umd.SemVer("19.0.0"))
assert not tt_umd.SemVer("80.18.0") < tt_umd.SemVer("19.0.0")
P
# Seen: least 18.3.0 bundles in order ['80.18.0', '18.3.0', '19.0.0']
#       79.0.0 older than 18.0.0: False
#       SemVer: 80.18.0 older than 19.0.0: False
