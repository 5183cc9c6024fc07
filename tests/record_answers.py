"""Record what the command line answers, and compare two records: for changes that must not change an answer.

    python -m tests.record_answers record FILE [--package FOLDER] [--only TEXT]
    python -m tests.record_answers compare BEFORE AFTER

Every command line runs as a process of its own, with ``ttinspect`` from FOLDER (this checkout, where none is
given). Of each, standard output as JSON, as a table, and the exit code are kept. Times, process ids and paths
of this run are taken out before anything is compared.
"""

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.device.simulated import (
    AICLK,
    ASIC_ID_HIGH,
    BOARD_ID_LOW,
    DDR_STATUS,
    ENABLED_ETH,
    FIRMWARE,
    GDDR,
    L2CPU,
    PCIE_USAGE,
    TENSIX_COL,
    Chip,
    Device,
    blackhole,
    build,
    wormhole,
)
from tests.device.test_functional_simulators import SIMULATORS
from tests.device.test_topology import n300s, p300
from tests.shm.captures import captures

NO_REGIONS = ("--shm-dir", ".")
COMMANDS = (
    ("list", *NO_REGIONS), ("harvest", "--cores"), ("harvest",), ("capacity",), ("topology",), ("telemetry",),
    ("check", *NO_REGIONS),
)  # fmt: skip
BOARDS = ("n150", "n300", "p100", "p150", "p300", "galaxy-wh", "galaxy-bh")
OFFLINE = (
    "masks:wormhole_b0,tensix=0x21", "masks:blackhole,tensix=0x60,board=p150", "masks:quasar,tensix=1",
    "masks:blackhole,ENABLED_TENSIX_COL=0x3F3F", "masks:blackhole,dram=0x3", "masks:wormhole_b0,eth=1",
    "masks:grayskull", "board:n9", "nothing.yaml", "sim:nothing.so",
)  # fmt: skip
GOOD: dict[str, Device] = {
    **SIMULATORS,
    "blackhole": blackhole(Chip(beating=True)),
    "wormhole": wormhole(Chip(harvested_rows=1, tags={DDR_STATUS: 0x555}, beating=True)),
    "p300 board": p300(),
    "two n300": n300s(2, links=[((0, 14), (1, 14)), ((2, 6), (3, 6))]),
    "leaving": blackhole(Chip(), outside=[((0, 3), (0x401_00009999, 5))]),
    "no translation": blackhole(Chip(noc_translation=False)),
    **{f"without tag {tag}": blackhole(Chip(tags={tag: None})) for tag in (TENSIX_COL, GDDR, L2CPU)},
    "no clock": blackhole(Chip(tags={AICLK: None})),
    "old firmware": blackhole(Chip(tags={FIRMWARE: 0x12000000})),
    "untrained": blackhole(Chip(tags={DDR_STATUS: 0x5554})),
    "all ones": blackhole(Chip(tags={BOARD_ID_LOW: 0xFFFFFFFF})),
    "loud": blackhole(shout=True),
}
BAD: dict[str, Device] = {
    "no device": Device("blackhole", []),
    **{f"refused {tag}": blackhole(Chip(tags={tag: None})) for tag in (ENABLED_ETH, PCIE_USAGE)},
    "refused mask": blackhole(Chip(tags={PCIE_USAGE: 4})),
    "too old": wormhole(Chip(tags={FIRMWARE: 0x11000000})),
    "refused by discovery": blackhole(Chip(tags={ASIC_ID_HIGH: None})),
    "hung": blackhole(Chip(hung=True)),
    "one hung": blackhole(Chip(), Chip(hung=True)),
    "one refused": blackhole(Chip(), Chip(tags={ASIC_ID_HIGH: None})),
    "aborts": blackhole(crash=("abort", 300)),
    "exits": wormhole(crash=("exit", 100)),
    "aborts at init": blackhole(crash=("abort", 0)),
    "hangs": blackhole(crash=("hang", 300)),
    "dies when read": blackhole(Chip(), Chip(), crash=("abort", 1300, 1)),
    "leaves the bus": blackhole(Chip(), Chip(off_after=640)),
    "remote off the bus": Device("wormhole", [n300s(1).chips[0], Chip(off_bus=True, remote=True)]),
}
_NOISE = (
    (re.compile(r'"(time_ns|written_ns)": ?[0-9]+'), r'"\1": 0'),
    (re.compile(r"/tmp/[^ \"',:]*/"), "/tmp/"),
    (re.compile(r"within [0-9.]+ s"), "within some s"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.Z]*"), "a time"),
)


def lines(folder: Path) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """A name, the words of a command line, and its environment."""
    library = build(folder)
    for kind, devices in (("good", GOOD), ("bad", BAD)):
        for number, (name, device) in enumerate(devices.items()):
            script = device.write(folder / f"{kind}{number}")
            for command in COMMANDS:
                words = [*command, "--from", f"sim:{library}", "--timeout", "30" if kind == "good" else "4"]
                yield f"{kind} {name}: {' '.join(command)}", words, script
    sources = [*(f"board:{board}" for board in BOARDS), *OFFLINE]
    for source in sources:
        for command in (*COMMANDS, ("snapshot", *NO_REGIONS)):
            yield f"{source}: {' '.join(command)}", [*command, "--from", source], {}
    for name, capture in captures().items():
        regions = folder / f"shm-{name}"
        regions.mkdir()
        (regions / capture.file_name).write_bytes(capture.data)
        for verb in ("verify-shm", "memory"):
            words = [verb, "--from", "masks:wormhole_b0", "--shm-dir", str(regions), "--procfs", str(regions)]
            yield f"{name}: {verb}", words, {}


def record(path: Path, package: Path, only: str) -> None:
    """Run every command line, and write what it answered."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        wanted = [line for line in lines(folder) if only in line[0]]

        def answered(line: tuple[str, list[str], dict[str, str]]) -> tuple[str, dict[str, object]]:
            title, words, environment = line
            home = {"PATH": os.environ["PATH"], "HOME": name, "COLUMNS": "80", "PYTHONPATH": str(package)}
            done = {
                form: subprocess.run(
                    [sys.executable, "-m", "ttinspect", *words, "--format", form], cwd=folder, check=False,
                    env=home | environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                )
                for form in ("json", "table" if words[0] != "snapshot" else "json")
            }  # fmt: skip
            told = {form: _plain(one.stdout + one.stderr) for form, one in done.items()}
            return title, {"code": [one.returncode for one in done.values()], **told}

        answers = dict(pool.map(answered, wanted))
    path.write_text(json.dumps(answers, indent=1, sort_keys=True))
    print(f"{len(answers)} command lines")


def _plain(text: str) -> str:
    for pattern, instead in _NOISE:
        text = pattern.sub(instead, text)
    return text


def compare(before: Path, after: Path) -> int:
    """Print what is not as it was; how many command lines that are."""
    old, new = json.loads(before.read_text()), json.loads(after.read_text())
    differing = [name for name in old if name in new and old[name] != new[name]]
    for name in differing:
        print(f"== {name}")
        for part in old[name].keys() & new[name].keys():
            then, now = _laid_out(old[name][part]), _laid_out(new[name][part])
            print("\n".join(difflib.unified_diff(then, now, lineterm="", n=0)))
    print(f"{len(old)} before, {len(new)} after, {len(differing)} differ")
    return len(differing)


def _laid_out(told: object) -> list[str]:
    text = str(told)
    try:
        return json.dumps(json.loads(text), indent=1).splitlines()
    except ValueError:
        return text.splitlines()


def main() -> int:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--package", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    if asked.what == "compare":
        return min(compare(*asked.files), 1)
    record(asked.files[0], asked.package.resolve(), asked.only)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
