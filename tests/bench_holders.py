"""Speed of looking for holders: 2,000 processes, 64 of them with a region and a device."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.holding import holding
from tests.sources.fake_sysfs import device, kernel_driver
from tests.verify.build import MIB, Bytes, RegionSpec, SlotSpec
from ttinspect.host.holders import scan_holders
from ttinspect.shm.reader import read_regions

PROCESSES, CHIPS, HOLDERS = 2000, 32, 64
_PROCFS = Path("/proc")


def a_host(folder: Path) -> tuple[Path, list[Path]]:
    """A tree of 32 chips, and a region for each."""
    kernel_driver(folder)
    for number in range(CHIPS):
        device(folder, number)
    (folder / "dev/shm").mkdir()
    regions = []
    for number in range(CHIPS):
        region = folder / f"dev/shm/tt_device_{5000 + number}_memory"
        region.write_bytes(RegionSpec(version=3, asic_id=5000 + number, device_id=number).encode())
        region.chmod(0o600)
        regions.append(region)
    return folder, regions


@contextmanager
def many_processes(folder: Path) -> Iterator[Path]:
    """The tree, with 64 processes that hold its chips, two each, among 2,000."""
    root, regions = a_host(folder)
    script = (
        "import subprocess, sys, time\n"
        f"them = [subprocess.Popen(['sleep', '600']) for _ in range({PROCESSES})]\n"
        "print(flush=True); sys.stdin.read(); [one.kill() for one in them]"
    )
    with ExitStack() as stack:
        idle = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        assert idle.stdout is not None
        idle.stdout.readline()
        pids: dict[Path, list[int]] = {}
        for number in range(HOLDERS):
            region, node = regions[number % CHIPS], root / f"dev/tenstorrent/{number % CHIPS}"
            pids.setdefault(region, []).append(stack.enter_context(holding(region, node)).pid)
        for number, (region, both) in enumerate(pids.items()):
            now = time.time_ns()
            slots = [SlotSpec(pid=pid, held=Bytes(l1=MIB), updated=now) for pid in both]
            spec = RegionSpec(version=3, slots=slots, updated=now, asic_id=5000 + number, device_id=number)
            with region.open("r+b") as file:
                file.write(spec.encode())
        yield root


def bare_listing() -> None:
    """What cannot be left out: the descriptors of every process, and its maps."""
    for name in os.listdir(_PROCFS):  # noqa: PTH208 - the fastest
        if name.isdigit():
            try:
                os.listdir(f"/proc/{name}/fd")  # noqa: PTH208
                Path(f"/proc/{name}/maps").read_bytes()
            except OSError:
                continue


def scan_against_bare_listing(root: Path, runs: int = 11) -> tuple[float, float]:
    """Medians in milliseconds of both, in turn."""
    files = read_regions(root / "dev/shm", named=True)
    times = [(_ms(lambda: scan_holders(_PROCFS, files, named=False)), _ms(bare_listing)) for _ in range(runs)]
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times)


def _ms(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return (time.perf_counter() - begun) * 1000
