#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    board_type_from_string() knows the cards by the names that Tenstorrent sells and prints: p100a, p150b,
#           p300b; and every BoardType has a name.
# Behaves:  p150a, p150c, p300a and p300c are read as P150 and P300, but p100a, p150b and p300b are UNKNOWN, without
#           an error; a cluster descriptor with board_type p150b loads with board type UNKNOWN. BoardType.GALAXY
#           exists, but "galaxy" is UNKNOWN too, and asking for its text raises.
# Matters:  a tool that compares a board's name with UMD's type judges a healthy p150b as an unknown board.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd

seen = {n: tt_umd.board_type_from_string(n).name
        for n in ("p100", "p100a", "p150a", "p150b", "p150c", "p300a", "p300b", "p300c", "galaxy")}
print(seen)
assert seen == {"p100": "P100", "p100a": "UNKNOWN", "p150a": "P150", "p150b": "UNKNOWN", "p150c": "P150",
                "p300a": "P300", "p300b": "UNKNOWN", "p300c": "P300", "galaxy": "UNKNOWN"}, seen
try:
    print(tt_umd.board_type_to_string(tt_umd.BoardType.GALAXY))
except Exception as error:
    text = str(error).splitlines()[0]
    print("BoardType.GALAXY:", text)
    assert text == "Unknown board type passed for conversion to string.", text
else:
    raise SystemExit("BoardType.GALAXY has a text now")
P
# Seen: {'p100': 'P100', 'p100a': 'UNKNOWN', 'p150a': 'P150', 'p150b': 'UNKNOWN', 'p150c': 'P150', 'p300a': 'P300',
#        'p300b': 'UNKNOWN', 'p300c': 'P300', 'galaxy': 'UNKNOWN'}
#       BoardType.GALAXY: Unknown board type passed for conversion to string.
