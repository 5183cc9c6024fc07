#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    cores, versions and coordinates of the library are values: what is equal is found in a set and as the key of
#           a dictionary, as its own get_eth_cores_for_channels(), which returns a set of CoreCoord, suggests.
# Behaves:  CoreCoord, SemVer and FirmwareBundleVersion compare by value but hash by identity: two equal ones are two
#           members of a set, and neither is found by the other. tt_xy_pair and EthCoord are not even equal to their
#           like, so that "(1, 1) in descriptor.tensix_cores" is False for a list that has it.
# Matters:  "is this core harvested" over a set is always no; versions of a fleet counted with a Counter are all unlike.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd

MAKE = {
    "CoreCoord": lambda: tt_umd.CoreCoord(1, 2, tt_umd.CoreType.TENSIX, tt_umd.CoordSystem.NOC0),
    "SemVer": lambda: tt_umd.SemVer(18, 8, 2),
    "FirmwareBundleVersion": lambda: tt_umd.FirmwareBundleVersion(18, 8, 2),
    "tt_xy_pair": lambda: tt_umd.tt_xy_pair(1, 1),
    "EthCoord": lambda: tt_umd.EthCoord(0, 1, 2, 3, 4),
}
seen = {}
for name, make in MAKE.items():
    a, b = make(), make()
    seen[name] = (a == b, a in {b}, len({a, b}))
    print(f"{name}: equal {a == b}, in a set {a in {b}}, of both {len({a, b})}")
assert seen == {name: (name in ("CoreCoord", "SemVer", "FirmwareBundleVersion"), False, 2) for name in MAKE}, seen

tensix = tt_umd.SocArchDescriptor(tt_umd.ARCH.WORMHOLE_B0).tensix_cores
print("first tensix core", (tensix[0].x, tensix[0].y), "in the list:", tt_umd.tt_xy_pair(1, 1) in tensix)
assert (tensix[0].x, tensix[0].y) == (1, 1) and tt_umd.tt_xy_pair(1, 1) not in tensix
P
# Seen: CoreCoord: equal True, in a set False, of both 2
#       SemVer: equal True, in a set False, of both 2
#       FirmwareBundleVersion: equal True, in a set False, of both 2
#       tt_xy_pair: equal False, in a set False, of both 2
#       EthCoord: equal False, in a set False, of both 2
#       first tensix core (1, 1) in the list: False
