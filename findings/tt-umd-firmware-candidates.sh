#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    the last byte of a firmware bundle word is a fourth number of the version, and the library's two version
#           types agree about which of two versions is older.
# Behaves:  that byte is the number of a release candidate: 0x13070063 prints as 19.7.0-rc.99. As a
#           FirmwareBundleVersion it EQUALS 19.7.0; as a SemVer of the text that it prints it is OLDER than 19.7.0.
#           The dotted text "19.7.0.99" loses its last number and equals 19.7.0; "v19.7.0" raises ValueError with the
#           text "stoull", and "" is 0.0.0.
# Matters:  "at least 19.7.0" passes or fails the same card, by the type that the check was written with.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd

of_word = tt_umd.FirmwareBundleVersion.from_firmware_bundle_tag
candidate, release = of_word(0x13070063), of_word(0x13070000)
print(candidate, release)
print("FirmwareBundleVersion: older", candidate < release, "equal", candidate == release)
text, final = tt_umd.SemVer(str(candidate)), tt_umd.SemVer(str(release))
print("SemVer:                older", text < final, "equal", text == final)
assert str(candidate) == "19.7.0-rc.99"
assert candidate == release and not candidate < release
assert text < final and text != final
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
# Seen: 19.7.0-rc.99 19.7.0
#       FirmwareBundleVersion: older False equal True
#       SemVer:                older True equal False
#       v19.7.0: stoull
