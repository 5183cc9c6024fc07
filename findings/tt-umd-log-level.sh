#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    TT_LOGGER_LEVEL=warning, the word that stands in every log line of that level, keeps warnings and errors;
#           and a library writes its log to stderr.
# Behaves:  "warning" is not a level: it silently means info; the word is "warn". The lines go to stdout, into the
#           middle of whatever a program prints there.
# Matters:  JSON on stdout is broken by a warning about a cluster descriptor, and the usual remedy does nothing.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
level() { TT_LOGGER_LEVEL=$1 "$d/v/bin/python" -c 'import tt_umd; print(tt_umd.logging.get_level().name)'; }
echo "warning: $(level warning), warn: $(level warn), error: $(level error)"
[[ $(level warning) == Info && $(level warn) == Warning && $(level error) == Error ]]
cat >"$d/cluster.yaml" <<'Y'
arch: {0: wormhole_b0}
chips: {0: [0, 0, 0, 0]}
ethernet_connections: []
chips_with_mmio: [{0: 0}]
harvesting: {0: {noc_translation: true, harvest_mask: 3}}
boards: [[{board_id: 0x1800000000a}, {board_type: n150}, {chips: [0]}]]
Y
"$d/v/bin/python" - "$d/cluster.yaml" >"$d/out" 2>"$d/err" <<'P'
import json, pathlib, sys, tt_umd

descriptor = tt_umd.ClusterDescriptor.create_from_yaml_content(pathlib.Path(sys.argv[1]).read_text())
print(json.dumps({"chips": len(descriptor.get_all_chips())}))
P
sed "s/^[0-9: .-]*|/|/" "$d/out"
[[ ! -s $d/err ]] && grep -q '| warning ' "$d/out" && [[ $(wc -l <"$d/out") == 2 ]]
# Seen: warning: Info, warn: Warning, error: Error
#       | warning  |             UMD | Chip 0 has inconsistent Tensix harvesting information between harvest mask and
#       number of harvested. Board n150 expects 1 units, but harvest mask indicates 2 units. (...)
#       {"chips": 1}      (both on stdout, nothing on stderr)
