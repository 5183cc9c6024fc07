"""How fast fleets are: against one check after another, and how it grows with the number of hosts."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
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
    few, many = simulated.write(folder, 300), simulated.write(folder, 10_000)
    seconds, memory = yield from _against_checks(folder, "snapshots of 32 chips", few)
    hosts = simulated.write(folder, 300, telemetry=True)
    yield from _against_checks(folder, "snapshots of 32 chips that tell everything", hosts)
    larger, memory = _run("fleet", str(many), "--json")
    growth = larger / 10_000 / (seconds / 300)
    yield (
        f"fleet, 10,000 snapshots: {larger:.2f} s, {growth:.2f}x per host of the 300, aim 1.2: "
        f"{_verdict(growth, 1.2)}; most memory {memory:.0f} MiB, aim 1,500: {_verdict(memory, 1500)}"
    )
    differing, memory = _run("diff", str(many), str(many), "--json")
    yield (
        f"diff, 10,000 snapshots twice: {differing:.2f} s, {differing / larger:.2f}x of fleet, aim 2.5: "
        f"{_verdict(differing / larger, 2.5)}; most memory {memory:.0f} MiB, aim 400: {_verdict(memory, 400)}"
    )


def _against_checks(folder: Path, what: str, few: Path) -> Generator[str, None, tuple[float, float]]:
    """Lines about 300 snapshots; seconds and MiB."""
    check, _ = _best(
        "check", "--from", str(few / "glx-00000.json"), "--shm-dir", str(folder / "shm"), "--json"
    )
    fleet, memory = _best("fleet", str(few), "--json")
    ratio = 300 * check / fleet
    yield (
        f"fleet, 300 {what}: {fleet:.2f} s, {ratio:.0f}x as fast as 300 check --json "
        f"({check * 1000:.0f} ms each), aim {FASTER}x: {_verdict(FASTER, ratio)}"
    )
    yield f"  most memory {memory:.0f} MiB, aim {MOST_MIB}: {_verdict(memory, MOST_MIB)}"
    return fleet, memory


def _verdict(figure: float, most: float) -> str:
    return "ok" if figure <= most else "OVER"
