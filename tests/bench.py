"""make bench: how fast the commands are, as ratios measured side by side in one run.

Every row runs two command lines in turn, so that whatever else the machine does meets both alike,
and shows the medians and their ratio beside the most that is aimed at.
"""

import json
import os
import resource
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import bench_fleet, bench_graphs, bench_holders, bench_look, bench_shm
from tests.cli.test_bad_input import CONTENTS
from tests.device.simulated import Chip, as_tt_metal_has_it, blackhole, build, compiler
from tests.shm.captures import captures
from tests.sources.clusters import MODERN_P150, galaxy, n300_boards
from ttinspect.facts.files import data_directory

PYTHON = sys.executable
SCRIPT = str(Path(sys.executable).with_name("ttinspect"))
RUNS = 21


class Row(NamedTuple):
    """One line of the table: medians in milliseconds (or peaks in MB), and the most the ratio should be."""

    name: str
    ours_ms: float
    other: str
    other_ms: float
    aim: float
    unit: str = "ms"


def run(command: list[str]) -> float:
    """Wall time of a command in milliseconds."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1000


def cpu(command: list[str]) -> float:
    """CPU time of a command and its children in milliseconds: what else the machine does is not in it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def compare(
    name: str,
    ours: list[str],
    other_name: str,
    other: list[str],
    aim: float,
    runs: int = RUNS,
    measure: Callable[[list[str]], float] = run,
) -> Row:
    """Both commands in turn, by wall time or by another measure."""
    times = [(measure(ours), measure(other)) for _ in range(runs)]
    return Row(
        name,
        statistics.median(a for a, _ in times),
        other_name,
        statistics.median(b for _, b in times),
        aim,
    )


def offline(folder: Path) -> Iterator[Row]:
    """Starts, one chip, 32 chips, 3,000 chips."""
    files = {count: folder / f"galaxy{count}.yaml" for count in (1, 32, 1500, 3000)}
    for count, path in files.items():
        path.write_text(galaxy(count))
    (folder / "p150.yaml").write_text(MODERN_P150)

    def harvest(path: Path, *more: str) -> list[str]:
        return [SCRIPT, "harvest", "--from", str(path), "--format", "json", *more]

    typer = [PYTHON, "-c", "import typer"]
    libraries = [PYTHON, "-c", "import typer, yaml, msgspec"]
    rich = [PYTHON, "-c", "import typer, yaml, msgspec, rich.console, rich.table"]
    yield compare("ttinspect --version", [SCRIPT, "--version"], "import typer", typer, 1.5)
    yield compare(
        "harvest, one chip, json",
        harvest(folder / "p150.yaml"),
        "import typer, yaml, msgspec",
        libraries,
        1.15,
    )
    table = [SCRIPT, "harvest", "--from", str(folder / "p150.yaml")]
    yield compare("harvest, one chip, table", table, "the same and rich", rich, 1.6)
    yield compare("harvest, 32 chips, json", harvest(files[32]), "one chip", harvest(files[1]), 1.5)
    yield compare(
        "harvest, 3,000 chips, json", harvest(files[3000]), "1,500 chips", harvest(files[1500]), 2.2, 7
    )
    for chips in (320, 3200):
        (folder / f"mesh{chips}.yaml").write_text(galaxy(chips))
    few, many = (
        [SCRIPT, "topology", "--from", str(folder / f"mesh{chips}.yaml"), "--json"] for chips in (320, 3200)
    )
    yield compare(
        "topology, 3,200 chips, json", many, "harvest of the same", harvest(folder / "mesh3200.yaml"), 1.3, 7
    )
    yield compare("topology, 3,200 chips, json", many, "320 chips", few, 10.0, 7)
    checks = {}
    for boards in (750, 1500):
        path = folder / f"n300s{boards}.yaml"
        path.write_text(n300_boards(boards))
        checks[boards] = [SCRIPT, "check", "--from", str(path), "--format", "json"]
    yield compare("check, 1,500 n300, json", checks[1500], "750 n300", checks[750], 2.2, 7)


def bad_input(folder: Path) -> Iterator[Row]:
    """The slowest of the bad inputs, against the 2 seconds that any may take."""
    slowest, name = 0.0, ""
    for key, (content, _) in CONTENTS.items():
        path = folder / "bad"
        path.write_bytes(content)
        took = run([SCRIPT, "harvest", "--from", str(path)])
        if took > slowest:
            slowest, name = took, key
    yield Row(f"slowest bad input ({name})", slowest, "the limit", 2000.0, 1.0)


def regions(folder: Path) -> Iterator[Row]:
    """verify-shm on 32 regions with 64 full slots each, against the library that every command starts with:
    the aim is as old as a ``--version`` that imported it. Now that one imports nothing, and is no measure."""
    data = bytearray(captures()["v3-full64"].data)
    shm, procfs = folder / "shm", folder / "proc"
    shm.mkdir()
    procfs.mkdir()
    pids = [struct.unpack_from("<i", data, 856 + 120 * slot)[0] for slot in range(64)]
    for pid in pids:
        (procfs / str(pid)).mkdir()
        (procfs / str(pid) / "stat").write_text(f"{pid} (python3) S 1 " + "0 " * 49)
        (procfs / str(pid) / "comm").write_text("python3\n")
    for number in range(1, 33):
        struct.pack_into("<Q", data, 32, number)
        (shm / f"tt_device_{number}_memory").write_bytes(data)
    command = [SCRIPT, "verify-shm", "--from", "masks:wormhole_b0", "--format", "json", "--samples", "1"]
    command += ["--shm-dir", str(shm), "--procfs", str(procfs)]
    yield compare(
        "verify-shm, 32 regions, 64 slots", command, "import typer", [PYTHON, "-c", "import typer"], 3.0
    )


def holders(folder: Path) -> Iterator[Row]:
    """``memory`` of 32 chips with 64 processes among 2,000, and the scan for them."""
    with bench_holders.many_processes(folder / "holders") as root:
        place = ["--from", f"host:{root}", "--procfs", "/proc", "--json"]
        memory, verify = [SCRIPT, "memory", *place], [SCRIPT, "verify-shm", *place, "--window", "0"]
        yield compare("memory, 64 of 2,000 processes", memory, "verify-shm", verify, 1.5, 7)
        scan, bare = bench_holders.scan_against_bare_listing(root)
        yield Row("scan for holders, 2,000 processes", scan, "list fd, read maps", bare, 1.5)


def many_regions(folder: Path) -> Iterator[Row]:
    """memory of 1,000 regions with 64 full slots, as a table and as JSON; the memory that 10,000 ordinary
    ones take, in MB."""
    data = bytearray(captures()["v3-full64"].data)
    full, few, procfs = folder / "full", folder / "few", folder / "no-processes"
    for place in (full, few, procfs):
        place.mkdir()
    for number in range(1, 10_001):
        struct.pack_into("<Q", data, 32, number)
        if number <= 1000:
            (full / f"tt_device_{number}_memory").write_bytes(data)
        (few / f"tt_device_{number}_memory").write_bytes(data[: 856 + 240] + bytes(8576 - 856 - 240))

    def memory(place: Path, *more: str) -> list[str]:
        host = ["--from", "masks:wormhole_b0", "--shm-dir", str(place), "--procfs", str(procfs)]
        return [SCRIPT, "memory", *host, *more]

    yield compare("memory, 1,000 full regions, table", memory(full), "json", memory(full, "--json"), 3.0, 3)
    for name, more in (("table", ()), ("json", ("--json",))):
        yield Row(
            f"memory, 10,000 regions, {name}", peak_mb(memory(few, *more)), "the limit", 200.0, 1.0, "MB"
        )


def peak_mb(command: list[str]) -> float:
    """The most memory that a command holds, in MB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return usage.ru_maxrss / 1000


_BARE = """
import sys, tt_umd
tt_umd.logging.set_level(tt_umd.logging.Level.Off)
options, simulation = tt_umd.TopologyDiscoveryOptions(), tt_umd.SimulationDiscoveryOptions()
simulation.simulator_path = sys.argv[1]
options.simulation = simulation
tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, sys.argv[2])
"""


def simulated(folder: Path) -> Iterator[Row]:
    """harvest of a simulated device, against what it is made of; watching telemetry, against a core."""
    if compiler() is None:
        return
    library = build(folder)
    soc = folder / "soc_descriptor.yaml"
    soc.write_text(as_tt_metal_has_it(Path(str(data_directory())) / "blackhole.yaml"))
    (folder / "p150.yaml").write_text(MODERN_P150)
    offline_json = [SCRIPT, "harvest", "--from", str(folder / "p150.yaml"), "--format", "json"]
    bare = [PYTHON, "-c", _BARE, str(library), str(soc)]
    ours = [SCRIPT, "harvest", "--from", f"sim:{library}", "--format", "json"]
    for chips in (1, 32):
        os.environ.update(blackhole(*[Chip() for _ in range(chips)]).write(folder / f"script{chips}"))
        times = [(run(ours), run(offline_json), run(bare)) for _ in range(RUNS)]
        medians = [statistics.median(each) for each in zip(*times, strict=True)]
        parts = medians[1] + medians[2]
        other, aim = (parts + 30, 1.0) if chips == 1 else (parts, 1.1)
        name = "file + bare discovery + 30 ms" if chips == 1 else "file + bare discovery"
        yield Row(f"harvest, sim, {chips} chips, json", medians[0], name, other, aim)
        if chips == 1:
            yield Row("live read, one chip", medians[0], "bare discovery + 77 ms", medians[2] + 77, 1.0)
    os.environ.update(blackhole(*[Chip(beating=True) for _ in range(8)]).write(folder / "script8"))
    before = os.times()
    watch = [SCRIPT, "telemetry", "--from", f"sim:{library}", "--json", "--watch", "0.1", "--count", "100"]
    wall = run(watch)
    after = os.times()
    cpu = (after.children_user - before.children_user + after.children_system - before.children_system) * 1000
    yield Row("telemetry --watch 0.1, 8 chips, CPU", cpu, "the wall time", wall, 0.25)


def captured(folder: Path) -> Iterator[Row]:
    """programs on a capture and a report of 100 MB, against json.load of the same file, and in memory (MB
    instead of milliseconds)."""
    writers = {
        "capture": bench_graphs.write_capture,
        "report": bench_graphs.write_report,
        "report on one line": bench_graphs.write_line,
    }
    for name, write in writers.items():
        path = folder / f"{name}.json"
        write(path)
        ours = [SCRIPT, "programs", str(path), "--json"]
        load = [PYTHON, "-c", "import json, sys; json.load(open(sys.argv[1]))", str(path)]
        yield compare(f"programs, {name} of 100 MB", ours, "json.load", load, 1 / 3, 5, cpu)
        yield Row(f"programs, {name}, peak", bench_graphs.peak_mb(ours), "the limit", 60.0, 1.0, "MB")
        path.unlink()


def memory_errors(folder: Path) -> Iterator[Row]:
    """explain on a log of 100 MB, against grep for the same words; fit with one tensor, against capacity."""
    log = folder / "run.log"
    records = json.loads((Path(__file__).parent / "data" / "errors" / "n150-slow-0.json").read_text())
    errors = [record["message"] for record in records if record["message"]]
    line = "2026-11-30 21:57:12.442 | debug    |          Always | {}: {} KiB in use, step {} of a model\n"
    with log.open("w") as stream:
        step = 0
        while stream.tell() < 100_000_000:
            stream.writelines(
                line.format("Memory" if at % 10 == 0 else "L1", at * 7 % 4096, step + at)
                for at in range(10_000)
            )
            stream.write(errors[step // 10_000 % len(errors)] + "\n")
            step += 10_000
    command = f"{shlex.quote(SCRIPT)} explain - --json <{shlex.quote(str(log))}"
    words = "Out of Memory: Not enough space|Statically allocated (circular|dataflow) buffers"
    grep = f"LC_ALL=C grep -E {shlex.quote(words)} <{shlex.quote(str(log))} | cat"
    ours, other = ["sh", "-c", command], ["sh", "-c", grep]
    yield compare("explain -, log of 100 MB", ours, "grep -E", other, 5.0, 5, cpu)
    chip_arguments = ["--from", "board:n150", "--json"]
    spec = ["--tensor", "1x1x4096x4096,bfloat16,tile,l1"]
    yield compare(
        "fit, one tensor",
        [SCRIPT, "fit", *chip_arguments, *spec],
        "capacity",
        [SCRIPT, "capacity", *chip_arguments],
        1.2,
        RUNS,
        cpu,
    )


def looked_at(folder: Path) -> Iterator[Row]:
    """top, record, report, metrics and serve."""
    for figure in bench_look.measure(folder):
        yield Row(figure.name, figure.ours, figure.other_name, figure.other, figure.aim, figure.unit)


def table(rows: Iterator[Row]) -> None:
    """Print rows as they are measured."""
    for row in rows:
        ratio = row.ours_ms / row.other_ms
        verdict = "ok" if ratio <= row.aim else "OVER"
        print(
            f"{row.name:<40} {row.ours_ms:9.1f} {row.unit}   {row.other:<30} {row.other_ms:9.1f} {row.unit}"
            f"   x{ratio:5.2f}  (aim x{row.aim:.2f}) {verdict}",
            flush=True,
        )


def main() -> None:
    """All tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in (
            offline,
            bad_input,
            regions,
            holders,
            many_regions,
            captured,
            memory_errors,
            simulated,
            looked_at,
        ):
            table(part(folder))
        # a folder of its own: the regions of the rows above would be in every snapshot of the fleets
        (folder / "fleets").mkdir()
        for line in bench_fleet.measure(folder / "fleets"):
            print(line, flush=True)
        for line in bench_shm.measure():
            print(line, flush=True)


if __name__ == "__main__":
    main()
