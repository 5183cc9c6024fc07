"""A version that does not exist yet: one Layout makes it known, and every rule judges it as strictly as v4."""

import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.verify.build import UNIQUE_ID, RegionSpec
from tests.verify.host import Host, p150_host, summary
from tests.verify.seeds import HELD, SEEDS, Seed, healthy
from ttinspect.answers.memory import build_memory
from ttinspect.shm.layout import LAYOUTS, V4, BufferType, Memory, make_layout
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.verify import verify

SIZE = 9216
SPILL = 3 << 20
_OF_V4 = RegionSpec.encode


def _as_v5(content: bytes, spill: int = 0) -> bytes:
    """The bytes of a v4 region with one counter more behind the five, the same for the first slot, the first
    chip and the totals; laid out by hand."""
    parts = [struct.pack("<I", 5), content[4:88], struct.pack("<Q", spill)]
    for index in range(16):
        at = 88 + 48 * index
        parts += [content[at : at + 48], struct.pack("<Q", 0 if index else spill)]
    for index in range(64):
        at = 856 + 120 * index
        parts += [
            content[at : at + 48],
            struct.pack("<Q", 0 if index else spill),
            content[at + 48 : at + 120],
        ]
    return b"".join([*parts, content[8536:8540]]).ljust(SIZE, b"\0")


@pytest.fixture(autouse=True)
def version_5(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The whole of what a new version is; and regions that say 4 are written as 5."""
    spill = BufferType(name="spill", label="SPILL", memory=Memory.L1)
    layout = make_layout(version=5, size=SIZE, counters=(*V4.counters, spill))
    monkeypatch.setitem(LAYOUTS, 5, layout)

    def encode(self: RegionSpec) -> bytes:
        return _as_v5(_OF_V4(self)) if self.version == 4 else _OF_V4(self)

    monkeypatch.setattr(RegionSpec, "encode", encode)
    yield


def _published(host: Host, spill: int) -> None:
    spec = healthy(host)
    host.put(_as_v5(_OF_V4(spec), spill))
    host.open_device(0, 101, 102)


def test_a_healthy_region_passes(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    _published(host, SPILL)
    assert host.summary() == []


def test_the_new_counter_is_published_under_its_own_name(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    _published(host, SPILL)
    case = host.case()
    answer = msgspec.json.decode(msgspec.json.encode(build_memory(case, verify(case))))
    (region,) = answer["devices"][0]["regions"]
    assert (region["version"], region["totals"]["spill"]) == (5, SPILL)
    assert [slot["spill"] for slot in region["processes"]] == [SPILL, 0]
    assert [entry["spill"] for entry in region["chips"]] == [SPILL]
    assert region["totals"]["cb"] == HELD.cb + 8_192
    everything = ("l1", "l1_small", "cb", "spill")
    assert region["used"]["l1"] == sum(region["totals"][name] for name in everything)


def test_its_sums_are_judged(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    _published(host, SPILL)
    path = host.shm / f"tt_device_{UNIQUE_ID}_memory"
    content = bytearray(path.read_bytes())
    content[88:96] = struct.pack("<Q", SPILL - 1)
    path.write_bytes(content)
    findings = host.verify().all_findings
    assert summary(findings) == ["TTS021 info", "TTS046 error"]
    assert {finding.evidence["buffer_type"] for finding in findings} == {"spill"}


_OF_FILES = {rule.id for rule in REGION_RULES if rule.of_file is not None}
_OF_REGIONS = [seed for seed in SEEDS if not _OF_FILES & {outcome.split()[0] for outcome in seed.expected}]


@pytest.mark.parametrize("seed", _OF_REGIONS, ids=lambda seed: seed.name)
def test_every_fault_of_v4_is_found_in_it(seed: Seed, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    seed.plant(host)
    assert host.summary() == sorted(seed.expected)


def test_every_rule_but_those_of_the_file_is_among_them() -> None:
    seeded = {expected.split()[0] for seed in _OF_REGIONS for expected in seed.expected}
    assert {rule.id for rule in REGION_RULES} - _OF_FILES - seeded == set()
