"""What hundreds of command lines answer, recorded, so that two versions can be held against each other.

    python -m tests.record_answers make FOLDER               the inputs, once, for both versions
    python -m tests.record_answers run FOLDER OUT   JSON, table and exit code of every command line
    python -m tests.record_answers compare OLD NEW  what is not the same, grouped by where it is

``run`` records the version of the checkout that it is run in; an older one gets a copy of this file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALIASES = "n150 n300 p100 p150 p300 galaxy-wh galaxy-bh p150b ubb"
MASKS = (
    "wormhole_b0", "wormhole_b0,tensix=0x41", "wormhole_b0,dram=1,eth=0x3", "wormhole_b0,board=n300",
    "wormhole_b0,noc_translation=off,tensix=3", "blackhole", "blackhole,tensix=0x60", "blackhole,tensix=0x3,dram=1",
    "blackhole,eth=0x120,pcie=0x2,l2cpu=1", "blackhole,board=p100", "blackhole,board=p300,asic_location=1",
    "blackhole,ENABLED_TENSIX_COL=0x3fcf", "quasar", "quasar,tensix=1", "blackhole,board=p150,noc_translation=off",
)  # fmt: skip
OF_A_SOURCE = (
    "list", "harvest", "harvest --cores", "capacity", "topology",
    "topology --tree", "telemetry", "memory", "check", "check --expect cores=120 --expect chips=1",
)  # fmt: skip
OF_REGIONS = ("verify-shm", "memory --raw")
ALONE = (
    "soc --arch blackhole", "soc --arch wormhole_b0", "soc --arch quasar", "explain", "explain TTS050", "explain TTH004",
    "schema harvest", "schema capacity", "schema topology", "schema error", "--help", "--version", "harvest --help",
    "diff board:n300 board:n150", "diff board:n300 board:n300", "harvest --from board:p150 --core translated:1-2",
    "harvest --from board:n300 -d 1", "capacity --from board:n300 --dispatch tensix", "capacity --from board:p150 --l1-small 32768",
    "capacity --from board:p150 --trace-region 50000000", "capacity --from board:p150 --dispatch eth",
)  # fmt: skip
ERRORS = (
    "harves", "harvest --from nothing.yaml", "harvest --from board:nope", "harvest --from masks:grendel",
    "harvest --from masks:blackhole,tensix=0x4000", "harvest --from masks:blackhole,tensix=1,tensix=1",
    "harvest --from masks:blackhole,unknown=1", "harvest --from .", "harvest --from /dev/null", "harvest --from empty",
    "harvest --from text", "harvest --from broken.json", "harvest --from soc.yaml", "harvest --from board:n300 -d 9",
    "harvest --from board:n300 --core 99-99", "harvest --from board:n300 --core sideways:1-1",
    "harvest --from board:n300 --format junit", "harvest --from board:n300 --nope", "harvest --from board:n300 surplus",
    "capacity --from board:n300 --runtime none", "capacity --from board:n300 --l1-small 1", "explain TTX999",
    "schema nothing", "soc --arch blackhole --file x", "soc --file nothing", "check nothing.yaml --from board:n300",
    "check --from board:n300 --expect corse=1", "check --from board:n300 --expect cores=x", "telemetry --watch 0",
    "verify-shm --from board:n300 --samples 0", "verify-shm --from board:n300 --ignore TTX999",
    "harvest --from sim:nothing.so", "harvest --from umd:0", "diff - -", "diff nothing.json board:n300",
)  # fmt: skip


def make(folder: Path) -> None:
    """Write the inputs: descriptors, documents, trees of sysfs, regions; those of the reference data too."""
    from tests.shm.captures import captures
    from tests.sources import clusters, fake_sysfs

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty").write_text("")
    (folder / "text").write_text("hello\n")
    (folder / "broken.json").write_text('{"device_info": [')
    data = Path(__file__).resolve().parent.parent / "soc_descriptors"
    shutil.copy(data / "blackhole.yaml", folder / "soc.yaml")
    descriptors = {
        "p150": clusters.MODERN_P150,
        "n300": clusters.to_yaml(clusters.n300()),
        "n300-unknown": clusters.to_yaml(clusters.n300(harvesting=None)),
        "n300s": clusters.n300_boards(3),
        "galaxy": clusters.galaxy(8),
        "galaxy-bh": clusters.blackhole_galaxy(0x0000047030000000),
    }
    for name, text in descriptors.items():
        (folder / f"made-{name}.yaml").write_text(text)
    for name, devices in {"one": 1, "two": 2, "none": 0}.items():
        root = folder / f"host-{name}"
        (root / "sys").mkdir(parents=True, exist_ok=True)
        for number in range(devices):
            fake_sysfs.device(root, number)
        if devices:
            fake_sysfs.kernel_driver(root)
    bad = fake_sysfs.device(folder / "host-bad", 0)
    fake_sysfs.kernel_driver(folder / "host-bad")
    (bad / "tt_serial").write_text("garbage\n")
    for path in (folder / "host-bad").rglob("temp1_input"):
        path.write_text("nonsense\n")
    for name, capture in captures().items():
        home = folder / "regions" / name
        home.mkdir(parents=True, exist_ok=True)
        (home / capture.file_name).write_bytes(capture.data)
        (home / capture.file_name).chmod(0o600)
    (folder / "no-regions").mkdir(exist_ok=True)
    (folder / "proc").mkdir(exist_ok=True)
    shared = Path(os.environ.get("TTINSPECT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    for pattern in (
        "umd/clusters/*.yaml",
        "cases/clusters/*.yaml",
        "tt-smi/snapshot?.json",
        "cases/tt-smi/*.json",
    ):
        for path in shared.glob(pattern):
            (folder / f"real-{path.name}").write_bytes(path.read_bytes())


def command_lines(folder: Path) -> list[str]:
    """Every command line, without its format."""
    here = "--shm-dir no-regions --procfs proc"
    files = sorted(path.name for path in folder.iterdir() if path.name.startswith(("made-", "real-")))
    hosts = sorted(f"sysfs:{path.name}" for path in folder.iterdir() if path.name.startswith("host-"))
    boards = [f"board:{name}" for name in ALIASES.split()]
    lines = [*ALONE, *ERRORS]
    for source in [*boards, *(f"masks:{mask}" for mask in MASKS), *files, *hosts]:
        for command in OF_A_SOURCE:
            places = here if command.split()[0] in ("list", "memory", "check") else ""
            lines.append(f"{command} --from {source} {places}".strip())
    for home in sorted((folder / "regions").iterdir()):
        for command in OF_REGIONS:
            lines.append(
                f"{command} --from board:n300 --shm-dir regions/{home.name} --procfs proc"
                + (" --samples 2 --window 0.01" if command.startswith("verify") else "")
            )
    return lines


def run(folder: Path) -> dict[str, Any]:
    """By command line: exit code, JSON and table, of the ttinspect that this interpreter imports."""
    from tests.warm import Warm

    warm = Warm()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "100"}

    def call(words: list[str]) -> "subprocess.CompletedProcess[str]":
        return warm.run(tuple(words), "", environment, str(folder), 120)

    answers: dict[str, Any] = {}
    for line in command_lines(folder):
        table = call(line.split())
        document = call([*line.split(), "--json"])
        try:
            answer = _timeless(json.loads(document.stdout))
        except ValueError:
            answer = document.stdout
        codes = [table.returncode, document.returncode]
        answers[line] = {"exit": codes, "json": answer, "table": _now(table.stdout), "stderr": table.stderr}
    warm.close()
    return answers


_MOMENTS = ("time_ns", "now_realtime_ns", "now_monotonic_ns", "heartbeat")


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "a moment" if key in _MOMENTS and part is not None else _timeless(part)
                for key, part in value.items()}  # fmt: skip
    return [_timeless(part) for part in value] if isinstance(value, list) else value


def _now(text: str) -> str:
    return re.sub(
        r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?|[\d,.]+ (s|min|h|d|days|hours|minutes) ago", "then", text
    )


def compare(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[str]]:
    """By what differs, the command lines where it does: ``exit 0 -> 10``, ``+devices[].serial`` (a key that
    is new), ``-path`` (that is gone), ``path`` (with another value), ``table`` where the JSON is the same."""
    found: dict[str, list[str]] = defaultdict(list)
    for line, before in old.items():
        after = new[line]
        if before["exit"] != after["exit"]:
            found[f"exit {before['exit'][0]} -> {after['exit'][0]}"].append(line)
        paths = sorted(set(_differences(before["json"], after["json"], "")))
        for path in paths:
            found[path].append(line)
        if not paths and before["table"] != after["table"]:
            found["table"].append(line)
        if not paths and before["stderr"] != after["stderr"]:
            found["stderr"].append(line)
    return dict(found)


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            here = f"{path}.{key}" if path else key
            if key not in new:
                yield f"-{here}"
            elif key not in old:
                yield f"+{here}"
            else:
                yield from _differences(old[key], new[key], here)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(one, other, f"{path}[]")
    elif old != new:
        yield path


def main(words: list[str]) -> None:
    """Make, run or compare."""
    if words[:1] == ["make"] and len(words) == 2:
        make(Path(words[1]))
        print(f"{len(command_lines(Path(words[1])))} command lines")
    elif words[:1] == ["run"] and len(words) == 3:
        Path(words[2]).write_text(json.dumps(run(Path(words[1]))))
    elif words[:1] == ["compare"] and len(words) == 3:
        old, new = (json.loads(Path(name).read_text()) for name in words[1:])
        found = compare(old, new)
        same = len(old) - len({line for lines in found.values() for line in lines})
        print(f"{same} of {len(old)} command lines answer the same in all")
        for what, lines in sorted(found.items(), key=lambda item: -len(item[1])):
            print(f"{len(lines):>5}  {what}   for instance: {lines[0]}")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
