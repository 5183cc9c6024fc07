"""No fault missed, and none invented: every rule has a seeded fault, and exactly that rule reports it."""

from pathlib import Path

import msgspec
import pytest

from tests.verify.build import Bytes, ChipSpec, RegionSpec, SlotSpec
from tests.verify.host import ONE_LOOK, p150_host, summary
from tests.verify.seeds import HELD, SEEDS, Seed, healthy
from ttinspect.model.finding import Severity
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.verify import verify


def test_every_rule_has_a_seeded_fault() -> None:
    assert {rule.id for rule in REGION_RULES} == {
        outcome.split()[0] for seed in SEEDS for outcome in seed.expected
    }


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_exactly_that_is_found(seed: Seed, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    seed.plant(host)
    assert host.summary() == sorted(seed.expected)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_nothing_is_found_on_a_healthy_host(version: int, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.publish(healthy(host, version))
    host.open_device(0, 101, 102)
    assert host.summary() == []


ACCOUNTING = [seed for seed in SEEDS if any(f"TTS0{rule}" in str(seed.expected) for rule in range(20, 29))]


@pytest.mark.parametrize(
    "seed",
    [
        seed
        for seed in ACCOUNTING
        if "TTS022" not in str(seed.expected) and not seed.name.startswith("a pid that no")
    ],
    ids=lambda seed: seed.name,
)
def test_one_look_cannot_tell_a_fault_from_an_update(seed: Seed, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    seed.plant(host)
    expected = [
        "TTS011 inconclusive"
        if outcome.startswith("TTS02") and not outcome.endswith(Severity.INFO.value)
        else outcome
        for outcome in seed.expected
    ]
    assert host.summary(ONE_LOOK) == sorted(expected)


@pytest.mark.parametrize("state", ["T", "t"])
def test_beside_a_stopped_writer_an_error_cannot_be_told_from_half_an_update(
    state: str, tmp_path: Path
) -> None:
    host = p150_host(tmp_path)
    host.run(101, state=state)
    host.publish(healthy(host, num_active=3))
    (finding,) = host.verify().all_findings
    assert (finding.id, finding.severity) == ("TTS011", Severity.INCONCLUSIVE)
    assert finding.evidence["rule"] == "TTS023"
    assert "TTS023" in finding.message
    assert "101 is stopped" in finding.message


def test_a_stopped_writer_does_not_hide_a_warning(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.run(101, state="T")
    totals = HELD.plus(Bytes(dram=4096, l1=1 << 20, cb=8_192)).plus(Bytes(dram=16 << 20))
    host.publish(healthy(host, 4, totals=totals, chips=[ChipSpec(chip_id=0, held=totals)]))
    assert host.summary() == ["TTS020 warning"]


def test_an_unconfirmed_slot_says_nothing_about_its_process(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.publish(healthy(host))
    (host.proc / "101" / "stat").unlink()
    (host.proc / "101" / "comm").unlink()
    assert host.summary() == ["TTS050 warning"]
    host.second_look = False
    assert host.summary() == []


def test_a_total_that_is_over_capacity_in_one_look_only_is_no_fault(tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.run(101)
    too_much = Bytes(l1=120 * 1_572_864, l1_small=1)
    path = host.publish(RegionSpec(version=4, slots=[SlotSpec(pid=101, held=too_much)]))
    case = host.case()
    assert summary(verify(case).all_findings) == ["TTS040 error"]
    path.write_bytes(RegionSpec(version=4, slots=[SlotSpec(pid=101, held=Bytes(l1=1))]).encode())
    again = host.case().regions[0].second
    (first,) = case.regions
    moved = msgspec.structs.replace(case, regions=(msgspec.structs.replace(first, second=again),))
    (finding,) = verify(moved).all_findings
    assert (finding.id, finding.evidence["rule"]) == ("TTS011", "TTS040")
