"""check on devices that the real tt_umd brings up: only a live source can say that everything is right."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.conftest import Run
from tests.device.conftest import Answer, RunOn
from tests.device.host import read_host
from tests.device.simulated import (
    ASIC_TEMPERATURE,
    BOARD_ID_LOW,
    DDR_STATUS,
    FIRMWARE,
    PCIE_USAGE,
    TENSIX_COL,
    Chip,
    Device,
    blackhole,
    wormhole,
)
from tests.device.test_topology import n300s, p300
from tests.grids import expected_of
from ttinspect.verify.check.expectation import Outcome

GOOD = Chip(beating=True)
TRAINED = 0x555
"""Six channels of a Wormhole."""


def _failed(document: Any) -> list[str]:
    return sorted(
        {expectation["id"] for expectation in document["expectations"] if expectation["outcome"] == "fail"}
    )


@pytest.mark.parametrize(
    "device",
    [blackhole(GOOD), wormhole(Chip(harvested_rows=0x001, tags={DDR_STATUS: TRAINED}, beating=True))],
    ids=["p150", "n150"],
)
def test_a_good_chip_passes(answer: Answer, device: Device, tmp_path: Path) -> None:
    document = answer(device, "check", "--shm-dir", str(tmp_path))
    assert (document["verdict"], _failed(document)) == ("pass", [])
    facts = {expectation["fact"] for expectation in document["expectations"]}
    assert {"DRAM trained", "firmware", "health", "cores", "eth links"} <= facts


@pytest.mark.parametrize(
    ("chip", "finding"),
    [
        (Chip(tags={TENSIX_COL: 0x3FFE}), "TTH001"),
        (Chip(tags={DDR_STATUS: 0x5554}), "TTT011"),
        (Chip(tags={FIRMWARE: 0x10000000}), "TTT013"),
    ],
)
def test_what_is_wrong_fails(answer: Answer, chip: Chip, finding: str) -> None:
    document = answer(blackhole(chip), "check", code=10)
    assert finding in _failed(document)
    ids = {finding["id"] for device in document["devices"] for finding in device["findings"]}
    assert finding in ids  # the finding that other commands give


@pytest.mark.parametrize(("firmware", "right"), [(0x13040000, True), (0x13060000, False)])
def test_no_harvested_column_of_hardware_is_right_before_firmware_19_5_only(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, firmware: int, right: bool
) -> None:
    device = blackhole(Chip(tags={TENSIX_COL: 0x3FFF, FIRMWARE: firmware}, beating=True))
    system = read_host(library, device, monkeypatch, tmp_path, task="telemetry")
    failed = {expectation.id for expectation in expected_of(system) if expectation.outcome is Outcome.FAIL}
    assert failed == (set() if right else {"TTH001"})


def test_what_is_not_known_is_inconclusive_and_never_passed(answer: Answer) -> None:
    """Not even that the cores are those that tt_umd names: they were not compared."""
    unknown = 0xFFFFFFFF
    for tag, facts in ((TENSIX_COL, {"harvested tensix columns", "cores"}), (DDR_STATUS, {"DRAM trained"})):
        document = answer(blackhole(Chip(tags={tag: unknown}, beating=True)), "check", code=11)
        outcomes = {
            expectation["fact"]: expectation["found"]
            for expectation in document["expectations"]
            if expectation["outcome"] == "unknown"
        }
        assert outcomes == dict.fromkeys(facts)


def test_two_boards_with_one_id_and_a_mesh_of_two_grids(answer: Answer) -> None:
    other = Chip(tags={TENSIX_COL: 0x3FFE, BOARD_ID_LOW: 0x99}, beating=True)
    document = answer(blackhole(GOOD, other), "check", code=10)
    assert {"TTH001", "TTH002"} <= set(_failed(document))


def test_an_n300_is_whole_or_not(answer: Answer) -> None:
    whole = n300s(1)
    for chip in whole.chips:
        chip.beating = True
        chip.tags[DDR_STATUS] = TRAINED
    assert _failed(answer(whole, "check")) == []
    half = Device("wormhole", whole.chips[:1])
    assert "TTT007" in _failed(answer(half, "check", code=10))


def test_what_could_not_be_read_fails_and_does_not_hide_the_others(answer: Answer) -> None:
    device = wormhole(*(Chip(harvested_rows=1) for _ in range(3)), Chip(tags={FIRMWARE: 0x11000000}))
    document = answer(device, "check", code=10)
    outcomes = {
        (expectation["subject"], expectation["fact"]): expectation["outcome"]
        for expectation in document["expectations"]
    }
    assert {outcomes[f"chip {chip}", "harvested tensix rows"] for chip in (0, 1, 2)} == {"pass"}
    assert outcomes["chip 3", "health"] == "fail"
    assert outcomes["chip 3", "board"] == "unknown"


def test_limits_of_the_site(run_on: RunOn, tmp_path: Path) -> None:
    device = blackhole(Chip(tags={ASIC_TEMPERATURE: 0x50_0000}, beating=True))
    (tmp_path / "site.yaml").write_text(
        "each:\n  asic_celsius: {max: 75}\n  aiclk_mhz: 1350\n  firmware: {min: 19.0.0}\n  power_w: {max: 100}\n"
    )
    done = run_on(device, "check", "site.yaml")
    assert done.returncode == 10
    assert "asic_celsius should be at most 75, it is 80.0 (site.yaml, line 2)" in " ".join(
        done.stdout.split()
    )
    assert (
        run_on(device, "check", "--expect", "asic_celsius=..85", "--expect", "firmware=19.6.0").returncode
        == 0
    )


def test_what_init_writes_passes_on_the_same_machine(run_on: RunOn, run: Run, tmp_path: Path) -> None:
    device = n300s(2)
    assert run_on(device, "check", "--init", "-o", "site.yaml").returncode == 0
    assert run_on(device, "check", "site.yaml").returncode == 0
    device.chips[3].harvested_rows = 0x007
    assert run_on(device, "check", "site.yaml").returncode == 10


def test_links_of_a_chip_that_discovery_refused_are_unknown_and_not_none(answer: Answer) -> None:
    """tt_umd takes no further step with it: whether it has links was never asked."""
    refused = blackhole(Chip(tags={PCIE_USAGE: 4}))
    document = answer(refused, "check", code=10)
    (links,) = [expectation for expectation in document["expectations"] if expectation["fact"] == "eth links"]
    assert (links["outcome"], links["found"]) == ("unknown", None)
    document = answer(refused, "check", "--expect", "eth_links=0", code=11)
    assert document["verdict"] == "inconclusive"


def test_a_link_of_the_board_itself_that_is_down_fails(answer: Answer) -> None:
    """Discovery does not list it: only the number of links between the two chips tells."""
    healthy = answer(n300s(1), "check", code=None)
    assert _rows(healthy, "links on the board") == {(2, 2, "pass")}
    assert _rows(healthy, "eth links") == {("2 of 2 up", "2 of 2 up", "pass")}
    one_down = n300s(1)
    one_down.links = one_down.links[1:]
    document = answer(one_down, "check", code=10)
    assert "TTT009" in _failed(document)
    assert _rows(document, "links on the board") == {(2, 1, "fail")}
    assert _rows(document, "eth links") == {("1 of 1 up", "1 of 1 up", "pass")}


def test_a_simulated_p300_may_have_one_link_between_its_chips(answer: Answer) -> None:
    """Tenstorrent's functional simulator of two P300 has no more."""
    device = p300()
    assert _rows(answer(device, "check", code=None), "links on the board") == {(2, 2, "pass")}
    device.links = device.links[1:]
    fewer = answer(device, "check", code=None)
    assert _rows(fewer, "links on the board") == {("2, or 1 in a simulator", 1, "pass")}


def test_of_links_to_other_cards_it_is_told_how_many_of_those_listed_are_up(answer: Answer) -> None:
    device = blackhole(Chip(tags={BOARD_ID_LOW: 7}), Chip(tags={BOARD_ID_LOW: 8}))
    assert _rows(answer(device, "check", code=None), "eth links") == {("none listed", "none listed", "pass")}
    device.outside = [((0, 2), (0x401 << 32 | 8, 9))]  # the other chip says nothing of it
    assert _rows(answer(device, "check", code=10), "eth links") == {
        ("1 of 1 up", "0 of 1 up", "fail"),
        ("none listed", "none listed", "pass"),
    }


def _rows(document: Any, fact: str) -> set[tuple[Any, Any, str]]:
    """What check expects of a fact and finds, of all chips."""
    return {
        (expectation["expected"], expectation["found"], expectation["outcome"])
        for expectation in document["expectations"]
        if expectation["fact"] == fact
    }


def test_a_link_that_its_other_end_does_not_know_fails(answer: Answer) -> None:
    """Chip 1 says nothing of it, and so tt_umd counts it as leaving the host."""
    device = blackhole(Chip(tags={BOARD_ID_LOW: 7}), Chip(tags={BOARD_ID_LOW: 8}))
    device.outside = [((0, 2), (0x401 << 32 | 8, 9))]
    document = answer(device, "check", code=10)
    assert "TTT003" in _failed(document)
    assert answer(device, "check", "--expect", "eth_links=0")["verdict"] == "pass"


def test_a_link_that_nobody_says_is_up_does_not_pass(answer: Answer, run: Run, tmp_path: Path) -> None:
    snapshot = answer(
        blackhole(Chip(), Chip(), links=[((0, 2), (1, 9))]), "snapshot", "--shm-dir", str(tmp_path)
    )
    for state, outcome in (("up", "pass"), ("unknown", "unknown")):
        snapshot["system"]["links"][0]["state"] = state
        (tmp_path / "s.json").write_text(json.dumps(snapshot))
        document = json.loads(run("check", "--from", "s.json", "--json").stdout)
        outcomes = {
            expectation["outcome"]
            for expectation in document["expectations"]
            if expectation["fact"] == "eth links"
        }
        assert outcomes == {outcome}


def test_what_passes_is_told_in_the_table(run_on: RunOn) -> None:
    """Two chips without a cable are no fault, and nothing to read below."""
    assert "see below" not in run_on(blackhole(Chip(), Chip()), "check").stdout


@pytest.mark.parametrize(("more", "outcome"), [({51: 47}, "pass"), ({43: 0xFFFFFFFF}, "unknown")])
def test_dram_is_as_hot_as_is_known_of_all_of_it(
    answer: Answer, more: dict[int, int | None], outcome: str
) -> None:
    tags: dict[int, int | None] = {**dict.fromkeys((42, 43, 44, 45), 0x1F1E1D1C), **more}
    code = 0 if outcome == "pass" else 11
    document = answer(blackhole(Chip(tags=tags)), "check", "--expect", "gddr_celsius=..75", code=code)
    assert [expectation["outcome"] for expectation in document["expectations"]] == [outcome]


@pytest.mark.parametrize(("strict", "failures"), [((), "0"), (("--strict",), "1")])
def test_junit_and_markdown_tell_a_warning_that_no_expectation_tells(
    run_on: RunOn, strict: tuple[str, ...], failures: str
) -> None:
    """Old firmware is a warning of tt_umd's: with --strict no green file stands beside exit code 10."""
    old = blackhole(Chip(tags={FIRMWARE: 0x12000000}))
    expected = ("check", "--expect", "chips=1", *strict)
    done = run_on(old, *expected, "--format", "junit")
    suites = ElementTree.fromstring(done.stdout)
    assert (done.returncode, suites.get("failures")) == (10 if strict else 0, failures)
    assert "TTH010" in done.stdout
    assert "TTH010" in run_on(old, *expected, "--format", "markdown").stdout


def test_what_is_wrong_with_chips_that_were_not_chosen_is_not_told(answer: Answer) -> None:
    """Their grids differ: a fact of both, and of neither alone."""
    both = blackhole(GOOD, Chip(beating=True, tags={TENSIX_COL: 0x3FFF}))
    assert "TTH002" in {finding["id"] for finding in answer(both, "check", code=10)["findings"]}
    alone = answer(both, "check", "--device", "0", code=None)
    assert "TTH002" not in {finding["id"] for finding in alone["findings"]}
