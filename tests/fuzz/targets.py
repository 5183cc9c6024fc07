"""What is fuzzed: every reader of something that others wrote, and the command lines that it goes through."""

import functools
import json
import lzma
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fleet import plans
from tests.fuzz import making
from tests.golden.reading import unpack
from tests.graphs import graphs, write_database
from tests.shm.captures import captures
from tests.snapshots import asked
from tests.sources import clusters
from tests.sources.test_tt_smi import TELEMETRY, tt_smi
from ttinspect.answers.top import parse_filter
from ttinspect.capacity.tensor_specs import parse_tensor
from ttinspect.cli.harvest import core_wanted
from ttinspect.cli.web_config import read_web_config
from ttinspect.facts.files import data_directory
from ttinspect.facts.socs import soc_from_document
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.fleet import PassedOver, Unreadable
from ttinspect.model.region import RegionState
from ttinspect.model.size import parse_size
from ttinspect.shm.decode import decode
from ttinspect.sources.allocator import decode_allocator
from ttinspect.sources.cabling import read_cabling
from ttinspect.sources.check_file import read_check_file, read_expectations
from ttinspect.sources.documents import Document
from ttinspect.sources.error_log import read_errors
from ttinspect.sources.fleet import entries
from ttinspect.sources.fleet_check import read_fleet_check
from ttinspect.sources.graphs.opening import read_captures
from ttinspect.sources.masks import read_masks
from ttinspect.sources.opening import open_source, read_content
from ttinspect.sources.recording import replay

DATA = Path(__file__).resolve().parent.parent / "data"
FILE, TEXT, FOLDER = "{file}", "{text}", "{folder}"
"""In a command line: the path of the input, the input itself, the folder that the input is alone in."""


class Line(NamedTuple):
    """A command line, and the two formats that its answer is asked in; the second only where the first came."""

    words: str
    formats: tuple[str, str] = ("json", "csv")


class Target(NamedTuple):
    """A reader.

    ``seeds`` are valid inputs. ``read`` reads one in this process, the quickest way there is: it gives False or
    raises InspectError for what is refused, and may raise nothing else. What it accepts goes through ``lines``.
    ``name`` is what the file is called, in a folder of its own; ``read`` finds it there where ``in_file``.
    ``make`` makes an input from nothing, where changes of a seed are nearly always refused.
    """

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], object]
    lines: tuple[Line, ...] = ()
    name: str = "input"
    in_file: bool = False
    make: Callable[[Random], bytes] | None = None


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
    real = [json.dumps(document, default=str) for document in _some(unpack("tt_smi.json.xz"))]
    return [text.encode() for text in (tt_smi(TELEMETRY), *real) if len(text) < 100_000]


def _some(kept: object) -> list[object]:
    """Documents of tt-smi in what was kept, however it is wrapped."""
    if isinstance(kept, dict):
        if "device_info" in kept:
            return [kept]
        return [document for value in kept.values() for document in _some(value)][:6]
    return [document for value in kept for document in _some(value)][:6] if isinstance(kept, list) else []


@functools.cache
def _snapshot(board: str, shm: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        if shm:
            for capture in list(captures().values())[:2]:
                (Path(folder) / capture.file_name).write_bytes(capture.data)
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
        seeds = []
        for suffix in ("jsonl", "jsonl.zst"):
            path = Path(name) / f"r.{suffix}"
            words = ("record", "--from", f"sysfs:{root}", "--shm-dir", name, "--procfs", name, "--quiet")
            assert main([*words, "--interval", "0.01", "--count", "2", "-o", str(path)]) == 0
            seeds.append(path.read_bytes())
    return seeds


def _cablings() -> list[bytes]:
    plan = plans.cards(2)
    return [plans.fsd(plan).encode(), plans.gsd(plan).encode(), plans.cutsheet(plan).encode()]


def _captures() -> list[bytes]:
    kept = graphs()
    reports = sorted((json.dumps(report).encode() for report in kept["reports"].values()), key=len)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(write_database(Path(folder), min(kept["databases"]))).read_bytes()
    return [*reports[:3], database]


def _dumps() -> list[bytes]:
    dram = {"num_banks": 12, "total_bytes_per_bank": 1_072_603_072, "total_bytes_allocated_per_bank": 193_600}
    document = {"pid": 17706, "device": 0, "realtime_ns": 5, "memory_view": {"DRAM": dram}}
    kept = json.loads(lzma.decompress((DATA / "allocator.json.xz").read_bytes()))
    real = sorted((json.dumps(view).encode() for view in _views(kept)), key=len)
    return [
        json.dumps(document).encode(),
        *real[:2],
        *(path.read_bytes() for path in sorted((DATA / "dumps").glob("*.csv"))),
    ]


def _views(kept: object) -> list[object]:
    if isinstance(kept, dict):
        if "memory_view" in kept:
            return [kept]
        return [view for value in kept.values() for view in _views(value)]
    return [view for value in kept for view in _views(value)] if isinstance(kept, list) else []


def _errors() -> list[bytes]:
    errors = [path.read_bytes() for path in sorted((DATA / "errors").glob("*.json"))]
    texts = [
        "Out of Memory: Not enough space to allocate 38928384 B L1 buffer across 64 banks, where each bank needs to "
        "store 608256 B, but bank size is 1329888 B (allocated: 323936 B, free: 1005952 B, largest free block: "
        "591872 B)",
        "Statically allocated circular buffers on core range [0-0 - 3-3] grow to 1949024 B which is beyond max L1 "
        "size of 1499136 B",
    ]
    return [*(text.encode() for text in texts), *sorted(errors, key=len)[:2]]


def _regions() -> list[bytes]:
    return [capture.data for capture in list(captures().values())[::4]]


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


def _text(data: bytes) -> str:
    """As the shell would give it."""
    return data.decode("utf-8", "surrogateescape").replace("\0", "")


def _entries(data: bytes, _path: Path) -> bool:
    members: Iterator[object] = entries(Document(file="input", stem="input", content=data))
    return not all(isinstance(member, Unreadable | PassedOver) for member in members)


def _soc(data: bytes, _path: Path) -> object:
    return soc_from_document(parse_yaml(data, "input"), "input")


def _content(data: bytes, _path: Path) -> object:
    return read_content(data, "input")


TARGETS: dict[str, Target] = {
    "cluster": Target(
        _clusters, _content, (Line(f"harvest --from {FILE}"), Line(f"topology --from {FILE}", ("json", "dot")))
    ),
    "soc": Target(
        _socs, _soc,
        (Line(f"soc --file {FILE}"), Line(f"harvest --from masks:wormhole_b0,soc={FILE}", ("json", "svg"))),
        make=making.soc,
    ),
    "tt_smi": Target(
        _tt_smi, _content, (Line(f"harvest --from {FILE}"), Line(f"telemetry --from {FILE}", ("json", "yaml")))
    ),
    "snapshot": Target(
        _snapshots, _content, (Line(f"list --from {FILE}"), Line(f"verify-shm --from {FILE}", ("json", "junit")))
    ),
    "recording": Target(
        _recordings, lambda _data, path: sum(1 for _ in replay(str(path))) > 0,
        (Line(f"telemetry --from {FILE}"), Line(f"list --from {FILE}", ("json", "yaml"))), in_file=True,
    ),
    "check_file": Target(
        _texts(_CHECK), lambda data, _path: read_check_file(data, "input"),
        (Line(f"check {FILE} --from board:p150", ("json", "junit")),),
    ),
    "fleet_check": Target(
        _texts(_FLEET_CHECK), lambda data, _path: read_fleet_check(data, "input"),
        (Line(f"fleet {{hosts}} --check {FILE}", ("json", "junit")),),
    ),
    "cabling": Target(
        _cablings, lambda data, _path: read_cabling(data, "input"),
        (Line(f"fleet {{hosts}} --cabling {FILE}", ("json", "dot")),),
    ),
    "fleet": Target(
        lambda: [*_clusters(), *_snapshots()[:2], *_cablings()[1:2]], _entries, (Line(f"fleet {FILE}"),)
    ),
    "capture": Target(
        _captures, lambda _data, path: read_captures(str(path)),
        (Line(f"programs {FILE}", ("json", "svg")),), in_file=True,
    ),
    "report": Target(
        lambda: _captures()[:3], lambda _data, path: open_source(str(path)),
        (Line(f"harvest --from {FILE}"), Line(f"fit --graph {FILE} --from board:n150")), in_file=True,
    ),
    "allocator": Target(
        _dumps, lambda data, _path: decode_allocator(data, "input"),
        (Line(f"fit --allocator {FILE} --from board:n150"), Line(f"explain {{error}} --allocator {FILE}", ("json", "yaml"))),
    ),
    "error_text": Target(
        _errors, lambda _data, path: any(read_errors(str(path))),
        (Line(f"explain {FILE}", ("json", "markdown")),), in_file=True,
    ),
    "masks": Target(
        _texts("blackhole,tensix=0x41,eth=0x120", "wormhole_b0,tensix=5,board=n300", "quasar,tensix=1",
               "blackhole,ENABLED_TENSIX_COL=0x3eff,noc_translation=off"),
        lambda data, _path: read_masks(_text(data)),
        (Line(f"harvest --from masks:{TEXT}", ("json", "svg")), Line(f"capacity --from masks:{TEXT}")),
        make=making.masks,
    ),
    "region": Target(
        _regions, lambda data, _path: decode(data).state is RegionState.READY,
        (
            Line(f"memory --raw --from board:n150 --shm-dir {FOLDER} --procfs {FOLDER}"),
            Line(f"verify-shm --from board:n150 --shm-dir {FOLDER} --procfs {FOLDER} --samples 1", ("json", "junit")),
        ),
        name="tt_device_5_memory",
    ),
    "expect": Target(
        _texts("cores=120", "grid=12x10", "firmware=19.0.0..", "eth_links=2..4", "asic_celsius=..80", "board=p150"),
        lambda data, _path: read_expectations([_text(data)]),
        (Line(f"check --from board:p150 --expect {TEXT}", ("json", "markdown")),),
    ),
    "tensor": Target(
        _texts("1x1x2048x4096,bfloat16,tile,l1", "32x64,float32,row_major,dram",
               "1x1x512x512,bfloat8_b,tile,l1,height:8x8", "1x1x512x512,bfloat16,tile,l1,block:8x8:col_major"),
        lambda data, _path: parse_tensor(_text(data)),
        (Line(f"fit --from board:n150 --tensor {TEXT}", ("json", "svg")),), make=making.tensor,
    ),
    "core": Target(
        _texts("1-2", "logical:0-0", "translated:18-18"), lambda data, _path: core_wanted(_text(data)),
        (Line(f"harvest --from board:n150 --core {TEXT}"),), make=making.core,
    ),
    "size": Target(
        _texts("64K", "1.5MiB", "0"), lambda data, _path: parse_size(_text(data)),
        (Line(f"capacity --from board:n150 --l1-small {TEXT}"),),
    ),
    "filter": Target(
        _texts("temp>80 board=n300 python3", "l1<=5 state!=lost"),
        lambda data, _path: parse_filter(data.decode("utf-8", "replace")),
    ),
    "web_config": Target(
        _texts("basic_auth_users:\n  prom: $2y$05$abcdefghijklmnopqrstuuJ8h\n",
               "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n  min_version: TLS13\n"),
        lambda _data, path: read_web_config(str(path)), in_file=True,
    ),
}  # fmt: skip
