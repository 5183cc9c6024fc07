"""How fast fleets are: against one check after another, and how it grows with the number of hosts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.fleet import simulated

SCRIPT = str(Path(sys.executable).with_name("ttinspect"))
RUNS = 5
FASTER = 25
"""So many times as fast as one ``check --json`` process for each host."""

MOST_MIB = 400


def _run(*command: str) -> tuple[float, float]:
    """Processor time in seconds (whatever else the machine does is left out of it) and the most memory in MiB
    of a command line of ttinspect."""
    process = subprocess.Popen([SCRIPT, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _best(*command: str) -> tuple[float, float]:
    runs = [_run(*command) for _ in range(RUNS)]
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


def measure(folder: Path) -> Iterator[str]:
    """A line for each promise."""
    few, many = simulated.write(folder, 300), simulated.write(folder, 3000)
    check, _ = _best(
        "check", "--from", str(few / "glx-00000.json"), "--shm-dir", str(folder / "shm"), "--json"
    )
    fleet, memory = _best("fleet", str(few), "--json")
    ratio = 300 * check / fleet
    yield (
        f"fleet, 300 snapshots of 32 chips: {fleet:.2f} s, {ratio:.0f}x as fast as 300 check --json "
        f"({check * 1000:.0f} ms each), aim {FASTER}x: {'ok' if ratio >= FASTER else 'OVER'}"
    )
    yield f"  most memory {memory:.0f} MiB, aim {MOST_MIB}: {'ok' if memory <= MOST_MIB else 'OVER'}"
    larger, memory = _run("fleet", str(many), "--json")
    growth = larger / 3000 / (fleet / 300)
    yield (
        f"fleet, 3,000 snapshots: {larger:.2f} s, {growth:.2f}x per host of the 300, aim 1.2: "
        f"{'ok' if growth <= 1.2 else 'OVER'}; most memory {memory:.0f} MiB"
    )
