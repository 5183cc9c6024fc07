#!/usr/bin/env bash
# Package:  ClusterShell 1.10.1 (PyPI)
# Guess:    after `pip install ClusterShell`, with nothing configured, "@all" and "*" name no host or raise.
# Behaves:  the package installs a configuration whose groups are an example, and uses it: "@all" and "*" are 131
#           hosts, example[4-6,32-159].
# Matters:  a collection from "all hosts" of a fresh installation asks 131 hosts that nobody has.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install ClusterShell==1.10.1
env -u CLUSTERSHELL_CFGDIR HOME="$d" XDG_CONFIG_HOME="$d" "$d/v/bin/python" - <<'P'
from pathlib import Path

from ClusterShell.NodeSet import NodeSet

if Path("/etc/clustershell/groups.conf").exists():
    raise SystemExit("this host configures ClusterShell: run it where nothing does")
print(len(NodeSet("@all")), NodeSet("@all"), len(NodeSet("*")))
assert str(NodeSet("@all")) == str(NodeSet("*")) == "example[4-6,32-159]"
P
# Seen: 131 example[4-6,32-159] 131
