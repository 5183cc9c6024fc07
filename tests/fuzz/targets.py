"""What is fuzzed: every reader of something that others wrote, and the command lines that it goes through."""

import functools
import json
import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.fleet import plans
from tests.golden.reading import unpack
from tests.graphs import graphs, write_database
from tests.shm.captures import captures
from tests.snapshots import asked
from tests.sources import clusters
from tests.sources.test_tt_smi import TELEMETRY, tt_smi
from ttinspect.answers.top import parse_filter
from ttinspect.cli.web_config import read_web_config
from ttinspect.facts.files import data_directory

DATA = Path(__file__).resolve().parent.parent / "data"
FILE, TEXT, FOLDER = "{file}", "{text}", "{folder}"
"""In a command line: the path of the input, the input itself, the folder that the input is alone in."""


class Line(NamedTuple):
    """A command line, and the two formats that its answer is asked in; the second only where the first came."""

    words: str
    formats: tuple[str, str] = ("json", "csv")


class Target(NamedTuple):
    """A reader.

    ``seeds`` are valid inputs. ``call`` stands for ``lines`` where no command line reads the input and ends: it
    may raise InspectError and nothing else. ``name`` is what the file is called, in a folder of its own.
    """

    seeds: Callable[[], list[bytes]]
    lines: tuple[Line, ...] = ()
    name: str = "input"
    call: Callable[[bytes, Path], object] | None = None


def _texts(*texts: str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode() for text in texts]


def _clusters() -> list[bytes]:
    return [clusters.MODERN_P150.encode(), clusters.to_yaml(clusters.n300()).encode()]


def _socs() -> list[bytes]:
    return [
        path.read_bytes()
        for path in sorted(data_directory().glob("[bqw]*.yaml"))
        if "boards" not in path.name
    ]


def _tt_smi() -> list[bytes]:
    real = [json.dumps(one, default=str) for one in _some(unpack("tt_smi.json.xz"))]
    return [text.encode() for text in (tt_smi(TELEMETRY), *real) if len(text) < 100_000]


def _some(kept: object) -> list[object]:
    """Documents of tt-smi in what was kept, however it is wrapped."""
    if isinstance(kept, dict):
        if "device_info" in kept:
            return [kept]
        return [one for value in kept.values() for one in _some(value)][:6]
    return [one for value in kept for one in _some(value)][:6] if isinstance(kept, list) else []


@functools.cache
def _snapshot(board: str, shm: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        if shm:
            for one in list(captures().values())[:2]:
                (Path(folder) / one.file_name).write_bytes(one.data)
        code, document = asked(
            "snapshot", "--from", f"board:{board}", "--shm-dir", folder, "--procfs", folder
        )
    assert code == 0, document
    return json.dumps(document).encode()


def _snapshots() -> list[bytes]:
    return [_snapshot("n150"), _snapshot("p150"), _snapshot("n300", shm=True)]


def _recordings() -> list[bytes]:
    from tests.sources import fake_sysfs
    from ttinspect.cli.main import main

    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "host"
        fake_sysfs.kernel_driver(root)
        fake_sysfs.device(root, 0)
        found = []
        for suffix in ("jsonl", "jsonl.zst"):
            path = Path(name) / f"r.{suffix}"
            words = ("record", "--from", f"sysfs:{root}", "--shm-dir", name, "--procfs", name, "--quiet")
            assert main([*words, "--interval", "0.01", "--count", "2", "-o", str(path)]) == 0
            found.append(path.read_bytes())
    return found


def _cablings() -> list[bytes]:
    plan = plans.cards(2)
    return [plans.fsd(plan).encode(), plans.gsd(plan).encode(), plans.cutsheet(plan).encode()]


def _captures() -> list[bytes]:
    kept = graphs()
    reports = sorted((json.dumps(one).encode() for one in kept["reports"].values()), key=len)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(write_database(Path(folder), min(kept["databases"]))).read_bytes()
    return [*reports[:3], database]


def _dumps() -> list[bytes]:
    dram = {"num_banks": 12, "total_bytes_per_bank": 1_072_603_072, "total_bytes_allocated_per_bank": 193_600}
    document = {"pid": 17706, "device": 0, "realtime_ns": 5, "memory_view": {"DRAM": dram}}
    kept = json.loads(lzma.decompress((DATA / "allocator.json.xz").read_bytes()))
    real = sorted((json.dumps(one).encode() for one in _views(kept)), key=len)
    return [
        json.dumps(document).encode(),
        *real[:2],
        *(path.read_bytes() for path in sorted((DATA / "dumps").glob("*.csv"))),
    ]


def _views(kept: object) -> list[object]:
    if isinstance(kept, dict):
        if "memory_view" in kept:
            return [kept]
        return [one for value in kept.values() for one in _views(value)]
    return [one for value in kept for one in _views(value)] if isinstance(kept, list) else []


def _errors() -> list[bytes]:
    found = [path.read_bytes() for path in sorted((DATA / "errors").glob("*.json"))]
    texts = [
        "Out of Memory: Not enough space to allocate 38928384 B L1 buffer across 64 banks, where each bank needs to "
        "store 608256 B, but bank size is 1329888 B (allocated: 323936 B, free: 1005952 B, largest free block: "
        "591872 B)",
        "Statically allocated circular buffers on core range [0-0 - 3-3] grow to 1949024 B which is beyond max L1 "
        "size of 1499136 B",
    ]
    return [*(text.encode() for text in texts), *sorted(found, key=len)[:2]]


def _regions() -> list[bytes]:
    return [one.data for one in list(captures().values())[::4]]


_CHECK = """\
chips: 1
product: true
each:
  board: p150
  grid: 12x10
  cores: {min: 110, max: 140}
  firmware: {min: 18.0.0}
  asic_celsius: {max: 80}
by_chip:
  0: {cores: 120}
links:
  - [0, 4, 1, 4]
"""
_FLEET_CHECK = """\
hosts: "qb-[01-02]"
firmware: equal
max_age: 24h
chips: 4
each: {board: p150}
groups:
  - hosts: qb-01
    each: {cores: {min: 110, max: 140}}
"""


def _web_config(data: bytes, folder: Path) -> object:
    return read_web_config(str(folder / "input"))


def _filter(data: bytes, folder: Path) -> object:
    return parse_filter(data.decode("utf-8", "replace"))


TARGETS: dict[str, Target] = {
    "cluster": Target(
        _clusters, (Line(f"harvest --from {FILE}"), Line(f"topology --from {FILE}", ("json", "dot")))
    ),
    "soc": Target(
        _socs, (Line(f"soc --file {FILE}"), Line(f"harvest --from masks:wormhole_b0,soc={FILE}", ("json", "svg")))
    ),
    "tt_smi": Target(_tt_smi, (Line(f"harvest --from {FILE}"), Line(f"telemetry --from {FILE}", ("json", "yaml")))),
    "snapshot": Target(
        _snapshots, (Line(f"list --from {FILE}"), Line(f"verify-shm --from {FILE}", ("json", "junit")))
    ),
    "recording": Target(
        _recordings, (Line(f"telemetry --from {FILE}"), Line(f"list --from {FILE}", ("json", "yaml")))
    ),
    "check_file": Target(_texts(_CHECK), (Line(f"check {FILE} --from board:p150", ("json", "junit")),)),
    "fleet_check": Target(
        _texts(_FLEET_CHECK), (Line(f"fleet {{hosts}} --check {FILE}", ("json", "junit")),)
    ),
    "cabling": Target(_cablings, (Line(f"fleet {{hosts}} --cabling {FILE}", ("json", "dot")),)),
    "fleet": Target(
        lambda: [*_clusters(), *_snapshots()[:2], *_cablings()[1:2]], (Line(f"fleet {FILE}", ("json", "csv")),)
    ),
    "capture": Target(_captures, (Line(f"programs {FILE}", ("json", "svg")),)),
    "report": Target(
        lambda: _captures()[:3], (Line(f"harvest --from {FILE}"), Line(f"fit --graph {FILE} --from board:n150"))
    ),
    "allocator": Target(
        _dumps,
        (Line(f"fit --allocator {FILE} --from board:n150"), Line(f"explain {{error}} --allocator {FILE}", ("json", "yaml"))),
    ),
    "error_text": Target(_errors, (Line(f"explain {FILE}", ("json", "markdown")),)),
    "masks": Target(
        _texts("blackhole,tensix=0x41,eth=0x120", "wormhole_b0,tensix=5,board=n300", "quasar,tensix=1",
               "blackhole,ENABLED_TENSIX_COL=0x3eff,noc_translation=off"),
        (Line(f"harvest --from masks:{TEXT}", ("json", "svg")), Line(f"capacity --from masks:{TEXT}")),
    ),
    "region": Target(
        _regions,
        (
            Line(f"memory --raw --from board:n150 --shm-dir {FOLDER} --procfs {FOLDER}"),
            Line(f"verify-shm --from board:n150 --shm-dir {FOLDER} --procfs {FOLDER} --samples 1", ("json", "junit")),
        ),
        name="tt_device_5_memory",
    ),
    "expect": Target(
        _texts("cores=120", "grid=12x10", "firmware=19.0.0..", "eth_links=2..4", "asic_celsius=..80", "board=p150"),
        (Line(f"check --from board:p150 --expect {TEXT}", ("json", "markdown")),),
    ),
    "tensor": Target(
        _texts("1x1x2048x4096,bfloat16,tile,l1", "32x64,float32,row_major,dram",
               "1x1x512x512,bfloat8_b,tile,l1,height:8x8", "1x1x512x512,bfloat16,tile,l1,block:8x8:col_major"),
        (Line(f"fit --from board:n150 --tensor {TEXT}", ("json", "svg")),),
    ),
    "core": Target(_texts("1-2", "logical:0-0", "translated:18-18"), (Line(f"harvest --from board:n150 --core {TEXT}"),)),
    "size": Target(_texts("64K", "1.5MiB", "0"), (Line(f"capacity --from board:n150 --l1-small {TEXT}"),)),
    "filter": Target(_texts("temp>80 board=n300 python3", "l1<=5 state!=lost"), call=_filter),
    "web_config": Target(
        _texts("basic_auth_users:\n  prom: $2y$05$abcdefghijklmnopqrstuuJ8h\n",
               "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n  min_version: TLS13\n"),
        call=_web_config,
    ),
}  # fmt: skip
