#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    where an enum has two names for one number (UBB and UBB_WORMHOLE, DEFAULT_NOC and NOC0, BRISC and ERISC0),
#           they are one member, as in every Python enum.
# Behaves:  they are two objects that are never equal. The second name is in no list of the members, and what the
#           library gives back is the first: board_type_from_string("ubb_wormhole") == BoardType.UBB_WORMHOLE is False,
#           and the text of ERISC1 is "TRISC0".
# Matters:  a branch on BoardType.UBB_WORMHOLE, the clearer of the two names, is never taken on a Wormhole Galaxy.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
import tt_umd
from tt_umd import BoardType, NocId, RiscType

for first, second in ((BoardType.UBB, BoardType.UBB_WORMHOLE), (NocId.DEFAULT_NOC, NocId.NOC0), (RiscType.BRISC, RiscType.ERISC0)):
    print(first.name, int(first), second.name, int(second), "equal", first == second, "listed", second in list(type(second)))
    assert int(first) == int(second) and first != second and second not in list(type(second))
board = tt_umd.board_type_from_string("ubb_wormhole")
print("ubb_wormhole is", board.name, "equal to UBB_WORMHOLE", board == BoardType.UBB_WORMHOLE)
assert board == BoardType.UBB and board != BoardType.UBB_WORMHOLE
print("ERISC1 as text:", RiscType.ERISC1)
assert str(RiscType.ERISC1) == "TRISC0"
P
# Seen: UBB 9 UBB_WORMHOLE 9 equal False listed False
#       DEFAULT_NOC 0 NOC0 0 equal False listed False
#       BRISC 8 ERISC0 8 equal False listed False
#       ubb_wormhole is UBB equal to UBB_WORMHOLE False
#       ERISC1 as text: TRISC0
