#!/usr/bin/env bash
# Package:  ClusterShell 1.10.1 (PyPI)
# Guess:    a list of hosts with a slip in it is refused, and n[08-11] and n[8-011] are two spellings of one thing.
# Behaves:  an empty text is an empty set; "n 1" is one host with a blank in its name and "n{1..3}" one host with
#           braces, without a word. Padding must agree: n[08-11] is n08 to n11, n[8-011] raises, and n1 and n01 are two
#           hosts that stand together in one n[1,01].
# Matters:  a typing error in a host list ends as an unreachable host, or as nothing asked at all, which looks done.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install ClusterShell==1.10.1
"$d/v/bin/python" - <<'P'
from ClusterShell.NodeSet import NodeSet, NodeSetParseRangeError

seen = {text: list(NodeSet(text)) for text in ("", "n 1", "n{1..3}", "n[08-11]", "n1,n01")}
print(seen, str(NodeSet("n1,n01")))
assert seen == {"": [], "n 1": ["n 1"], "n{1..3}": ["n{1..3}"], "n[08-11]": ["n08", "n09", "n10", "n11"], "n1,n01": ["n1", "n01"]}
assert str(NodeSet("n1,n01")) == "n[1,01]"
try:
    NodeSet("n[8-011]")
except NodeSetParseRangeError as error:
    print("n[8-011]:", error)
else:
    raise SystemExit("n[8-011] is read now")
P
# Seen: {'': [], 'n 1': ['n 1'], 'n{1..3}': ['n{1..3}'], 'n[08-11]': ['n08', 'n09', 'n10', 'n11'], 'n1,n01': ['n1', 'n01']} n[1,01]
#       n[8-011]: bad range: "padding length mismatch : "8-011""
