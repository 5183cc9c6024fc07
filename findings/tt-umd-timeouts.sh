#!/usr/bin/env bash
# Package:  tt-umd 0.9.14 (Python wheel)
# Guess:    a timeout of 5 means the same as one of 5.0, a parameter called timeout_ms wants milliseconds, and a budget
#           of half a millisecond is half a millisecond or refused.
# Behaves:  durations are a timedelta or a float of SECONDS (init_tt_device(timeout_ms=...), which needs a device to be
#           called, takes the same type): 5000.0 is an hour and 23 minutes. An int is a TypeError. What is below a
#           millisecond is cut off in silence, so that 0.0005 (and timedelta(microseconds=500), and -1.0) is a budget
#           of 0, beside a default of 2 ms.
# Matters:  a watchdog of "5000 ms" waits for more than an hour; a budget tuned down to 0.5 ms is none.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install tt-umd==0.9.14
"$d/v/bin/python" - <<'P'
from datetime import timedelta

import tt_umd
from tt_umd import MmioTimeoutConfig

print("init_tt_device:", tt_umd.TTDevice.init_tt_device.__doc__.splitlines()[0])
assert "timeout_ms: datetime.timedelta | float" in tt_umd.TTDevice.init_tt_device.__doc__
print("default", MmioTimeoutConfig.get_op_timeout())
assert MmioTimeoutConfig.get_op_timeout() == timedelta(milliseconds=2)
for given, kept in ((5000.0, timedelta(seconds=5000)), (0.0015, timedelta(milliseconds=1)), (0.0005, timedelta()),
                    (timedelta(microseconds=500), timedelta()), (-1.0, timedelta())):
    MmioTimeoutConfig.set_op_timeout(given)
    print(repr(given), "->", MmioTimeoutConfig.get_op_timeout())
    assert MmioTimeoutConfig.get_op_timeout() == kept
try:
    MmioTimeoutConfig.set_op_timeout(5)
except TypeError as error:
    print("5 ->", str(error).splitlines()[0])
else:
    raise SystemExit("an int is taken now")
P
# Seen: init_tt_device: init_tt_device(self, timeout_ms: datetime.timedelta | float = datetime.timedelta(seconds=300)) -> None
#       default 0:00:00.002000
#       5000.0 -> 1:23:20
#       0.0015 -> 0:00:00.001000
#       0.0005 -> 0:00:00
#       datetime.timedelta(microseconds=500) -> 0:00:00
#       -1.0 -> 0:00:00
#       5 -> set_op_timeout(): incompatible function arguments. The following argument types are supported:
