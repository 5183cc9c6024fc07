#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    the four bytes of a firmware bundle word are a version of four numbers, and 19.7.0.99 is newer than 19.7.0.
# Behaves:  the last byte of the bundle word is the number of a release candidate: 0x13070063 is "19.7.0-rc.99", and
#           it sorts BEFORE 19.7.0. The same version written with a dot, "19.7.0.99", loses its last number and
#           equals 19.7.0; "v19.7.0" raises ValueError with the text "stoull", and "" is 0.0.0.
# Matters:  a check "at least 19.7.0" fails a card that a dotted text would let pass.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd

word = tt_umd.FirmwareBundleVersion.from_firmware_bundle_tag(0x13070063)
print(word, tt_umd.SemVer("19.7.0-rc.99") < tt_umd.SemVer("19.7.0"), tt_umd.SemVer("19.7.0.99") == tt_umd.SemVer("19.7.0"),
      tt_umd.SemVer(""))
assert str(word) == "19.7.0-rc.99"
assert tt_umd.SemVer("19.7.0-rc.99") < tt_umd.SemVer("19.7.0")
assert tt_umd.SemVer("19.7.0.99") == tt_umd.SemVer("19.7.0")
assert str(tt_umd.SemVer("")) == "0.0.0"
try:
    tt_umd.SemVer("v19.7.0")
except ValueError as error:
    print("v19.7.0:", error)
    assert str(error) == "stoull"
else:
    raise SystemExit("v19.7.0 is read now")
P
# Seen: 19.7.0-rc.99 True True 0.0.0
#       v19.7.0: stoull
