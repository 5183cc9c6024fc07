"""What hundreds of command lines answer, recorded, so that two versions can be held against each other.

    python -m tests.record_answers make FOLDER               the inputs, once, for both versions
    python -m tests.record_answers devices FOLDER            other inputs: simulated devices and hosts
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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.device.simulated import Device

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
OF_DEVICES = (
    "list", "harvest --cores", "topology", "telemetry", "check --procfs proc --shm-dir no-regions",
    "snapshot --procfs proc --shm-dir no-regions", "telemetry --watch 0.05 --count 3",
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


def simulated_devices() -> dict[str, "Device"]:
    """Devices behind the test device, good and bad."""
    from tests.device import simulated as d
    from tests.device.test_functional_simulators import SIMULATORS
    from tests.device.test_topology import n300s, p300

    def bad_n300s(**state: Any) -> "Device":
        device = n300s(2)
        for name, value in state.items():
            setattr(device.chips[3], name, value)
        return device

    tags: dict[str, dict[int, int | None]] = {
        "no-eth": {d.ENABLED_ETH: None}, "no-pcie": {d.PCIE_USAGE: None}, "pcie-2": {d.PCIE_USAGE: 2},
        "no-gddr": {d.GDDR: None}, "no-columns": {d.TENSIX_COL: None}, "columns-ones": {d.TENSIX_COL: 0xFFFFFFFF},
        "no-asic-id": {d.ASIC_ID_HIGH: None}, "board-id-ones": {d.BOARD_ID_LOW: 0xFFFFFFFF},
        "no-location": {d.ASIC_LOCATION: None}, "no-firmware": {d.FIRMWARE: None},
        "old-firmware": {d.FIRMWARE: 0x12000000}, "heartbeat-ones": {d.HEARTBEAT: 0xFFFFFFFF},
        "no-telemetry": dict.fromkeys(d.BLACKHOLE_TAGS),
    }  # fmt: skip
    chip, beats = d.Chip, d.Chip(beating=True)
    devices = {
        **{f"ttsim-{name}": device for name, device in SIMULATORS.items()},
        "bh": d.blackhole(beats), "bh-two": d.blackhole(beats, chip(), links=[((0, 2), (1, 9))]),
        "bh-leaving": d.blackhole(beats, outside=[((0, 3), (0x401_00009999, 5))]), "p300": p300(),
        "wh": d.wormhole(beats), "wh-harvested": d.wormhole(chip(harvested_rows=0x201)), "n300s": n300s(2),
        **{f"bh-{name}": d.blackhole(chip(), chip(tags=words)) for name, words in tags.items()},
        "wh-too-old": d.wormhole(beats, chip(tags={d.FIRMWARE: 0x11000000})),
        "wh-legacy": d.wormhole(chip(tags={d.FIRMWARE: None})),
        "bh-hung": d.blackhole(chip(), chip(hung=True)), "wh-hung": d.wormhole(chip(), chip(hung=True)),
        "bh-off-bus": d.blackhole(chip(), chip(off_bus=True)),
        "bh-off-in-discovery": d.blackhole(chip(), chip(off_after=640)),
        "bh-off-later": d.blackhole(beats, chip(off_after=1300)),
        "bh-twins": d.blackhole(*[chip(tags={d.ASIC_ID_LOW: 5, d.BOARD_ID_LOW: 7})] * 2),
        "n300s-hung": bad_n300s(hung=True), "n300s-off-bus": bad_n300s(off_bus=True),
        "bh-no-word": d.blackhole(chip(), words=[(0, 22, 25, 0x7CC04, 1), (0, 22, 25, 0x7CFE0, 0x1E1E0000)]),
        "bh-untrained": d.blackhole(chip(), chip(), words=[(1, 21, 25, 0x7CC04, 0)]),
        "none": d.Device("blackhole", []), "quasar": d.Device("quasar", [chip()]),
    }  # fmt: skip
    for kind in ("abort", "exit", "segfault", "kill", "hang"):
        for access in (0, 1, 150, 2000):
            devices[f"bh-{kind}-{access}"] = d.blackhole(
                chip(), chip(), crash=(kind, access, 1)[: 2 + (access > 1)]
            )
    return devices


def make_devices(folder: Path) -> None:
    """Write the other inputs: the test device, and a script for each simulated device."""
    from tests.device.simulated import build

    for name in ("no-regions", "proc"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    build(folder)
    for name, device in simulated_devices().items():
        device.write(folder / f"{name}.script")


def bad_hosts() -> dict[str, tuple["Device", str]]:
    """Devices that the search of a host looks at, and with which task."""
    tasks = {"chips": ("hung", "off", "abort", "exit", "no-asic", "n300s", "no-word", "untrained"),
             "telemetry": ("bh", "wh", "n300s")}  # fmt: skip
    return {
        f"{name} {task}": (device, task)
        for name, device in simulated_devices().items()
        for task, words in tasks.items()
        if any(word in name for word in words) and "ttsim" not in name and "hang-0" not in name
    }


def read_hosts(folder: Path) -> dict[str, Any]:
    """The System of each of these hosts, or its error."""
    import msgspec
    from pytest import MonkeyPatch

    from tests.device.host import read_host
    from ttinspect.errors import InspectError

    answers = {}
    with MonkeyPatch.context() as patch:
        for name, (device, task) in bad_hosts().items():
            try:
                system = read_host(
                    folder / "libttsim.so", device, patch, folder, task=task, timeout_seconds=8.0
                )
                answer = _timeless(json.loads(msgspec.json.encode(system)))
                code = 0
            except InspectError as error:
                answer, code = f"{error.what}: {error.why}", int(error.exit_code)
            answers[f"host {name}"] = {"exit": [code, code], "json": answer, "table": "", "stderr": ""}
    return answers


def command_lines(folder: Path) -> list[str]:
    """Every command line, without its format."""
    if (folder / "libttsim.so").exists():
        return [
            f"TTDEVICE_SCRIPT={folder.absolute()}/{name}.script {command} --from sim:libttsim.so --timeout 8"
            for name in simulated_devices()
            for command in OF_DEVICES
        ]
    no_regions = "--shm-dir no-regions --procfs proc"
    files = sorted(path.name for path in folder.iterdir() if path.name.startswith(("made-", "real-")))
    hosts = sorted(f"sysfs:{path.name}" for path in folder.iterdir() if path.name.startswith("host-"))
    boards = [f"board:{name}" for name in ALIASES.split()]
    lines = [*ALONE, *ERRORS]
    for source in [*boards, *(f"masks:{mask}" for mask in MASKS), *files, *hosts]:
        for command in OF_A_SOURCE:
            places = no_regions if command.split()[0] in ("list", "memory", "check") else ""
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
    with_devices = (folder / "libttsim.so").exists()

    def call(words: list[str]) -> "subprocess.CompletedProcess[str]":
        settings = dict(word.split("=", 1) for word in words[:1] if with_devices)
        return warm.run(tuple(words[len(settings) :]), "", environment | settings, str(folder), 120)

    answers: dict[str, Any] = read_hosts(folder) if with_devices else {}
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
    groups: dict[str, list[str]] = defaultdict(list)
    for line, before in old.items():
        after = new[line]
        if before["exit"] != after["exit"]:
            groups[f"exit {before['exit'][0]} -> {after['exit'][0]}"].append(line)
        paths = sorted(set(_differences(before["json"], after["json"], "")))
        for path in paths:
            groups[path].append(line)
        if not paths and before["table"] != after["table"]:
            groups["table"].append(line)
        if not paths and before["stderr"] != after["stderr"]:
            groups["stderr"].append(line)
    return dict(groups)


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            key_path = f"{path}.{key}" if path else key
            if key not in new:
                yield f"-{key_path}"
            elif key not in old:
                yield f"+{key_path}"
            else:
                yield from _differences(old[key], new[key], key_path)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, other in zip(old, new, strict=True):
            yield from _differences(before, other, f"{path}[]")
    elif old != new:
        yield path


def main(words: list[str]) -> None:
    """Make, run or compare."""
    if words[:1] == ["make"] and len(words) == 2:
        make(Path(words[1]))
        print(f"{len(command_lines(Path(words[1])))} command lines")
    elif words[:1] == ["devices"] and len(words) == 2:
        make_devices(Path(words[1]))
        print(f"{len(command_lines(Path(words[1])))} command lines, {len(bad_hosts())} hosts")
    elif words[:1] == ["run"] and len(words) == 3:
        Path(words[2]).write_text(json.dumps(run(Path(words[1]))))
    elif words[:1] == ["compare"] and len(words) == 3:
        old, new = (json.loads(Path(name).read_text()) for name in words[1:])
        groups = compare(old, new)
        same = len(old) - len({line for lines in groups.values() for line in lines})
        print(f"{same} of {len(old)} command lines answer the same in all")
        for what, lines in sorted(groups.items(), key=lambda item: -len(item[1])):
            print(f"{len(lines):>5}  {what}   for instance: {lines[0]}")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
