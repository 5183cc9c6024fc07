#!/usr/bin/env bash
# Package:  ClusterShell 1.10.1 (PyPI)
# Guess:    the highest return code of a Task says whether every host did its work; a host that timed out has a
#           return code, or at least raises.
# Behaves:  max_retcode() does not know of timeouts: 0 beside a host that timed out, None when all did. Such a host is
#           missing in iter_retcodes(), and key_retcode() of it raises KeyError; only num_timeout() tells.
# Matters:  a collection that goes by return codes calls a fleet complete while hosts hang.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install ClusterShell==1.10.1
"$d/v/bin/python" - <<'P'
from ClusterShell.Task import task_self

task = task_self()
task.shell("true", key="well")
task.shell("exec sleep 5", key="hangs", timeout=0.5)
task.resume()
codes = {key: code for code, keys in task.iter_retcodes() for key in keys}
print("max_retcode", task.max_retcode(), "retcodes", codes, "timeouts", task.num_timeout(), list(task.iter_keys_timeout()))
assert task.max_retcode() == 0 and codes == {"well": 0} and list(task.iter_keys_timeout()) == ["hangs"]
try:
    task.key_retcode("hangs")
except KeyError as error:
    print("key_retcode('hangs'): KeyError", error)
else:
    raise SystemExit("a host that timed out has a return code now")
task.shell("exec sleep 5", key="hangs", timeout=0.5)
task.resume()
print("all timed out: max_retcode", task.max_retcode())
assert task.max_retcode() is None
P
# Seen: max_retcode 0 retcodes {'well': 0} timeouts 1 ['hangs']
#       key_retcode('hangs'): KeyError 'hangs'
#       all timed out: max_retcode None
