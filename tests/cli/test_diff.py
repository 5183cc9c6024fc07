"""``diff`` as scripts and people use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.sources.clusters import MODERN_P150
from tests.sources.test_tt_smi import TELEMETRY, tt_smi


@pytest.fixture
def snapshots(run: Run, tmp_path: Path) -> None:
    """old.json, and new.json with one more harvested column."""
    (tmp_path / "old.yaml").write_text(MODERN_P150)
    (tmp_path / "new.yaml").write_text(MODERN_P150.replace("harvest_mask: 0x60", "harvest_mask: 0x61"))
    for name in ("old", "new"):
        assert run("snapshot", "--from", f"{name}.yaml", "-o", f"{name}.json").returncode == 0


@pytest.mark.usefixtures("snapshots")
def test_the_same_is_0_and_different_is_10(run: Run) -> None:
    same = run("diff", "old.json", "old.json")
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "SAME  1 chip  (exit 0)")
    other = run("diff", "old.json", "new.json")
    assert other.returncode == 10
    assert other.stdout.splitlines()[-1].startswith("DIFFERENT  0 vanished, 0 appeared, 0 moved, 1 changed")


@pytest.mark.usefixtures("snapshots")
def test_the_json_has_the_contract(run: Run) -> None:
    document: dict[str, Any] = json.loads(run("diff", "old.json", "new.json", "--json").stdout)
    assert document["schema"] == "ttinspect.diff.v1"
    assert document["changed"] == [{"chip": 0, "path": "masks.tensix", "old": 0x60, "new": 0x61}]
    assert (document["appeared"], document["vanished"], document["moved"]) == ([], [], [])


@pytest.mark.usefixtures("snapshots")
def test_a_redacted_snapshot_compares_with_one_that_is_not(run: Run) -> None:
    run("snapshot", "--from", "new.json", "--redact", "-o", "redacted.json")
    document = json.loads(run("diff", "old.json", "redacted.json", "--json").stdout)
    assert [change["path"] for change in document["changed"]] == ["masks.tensix"]
    assert document["appeared"] == document["vanished"] == []
    refused = run("diff", "old.yaml", "redacted.json")
    assert refused.returncode == 2
    assert "snapshot --redact first" in refused.stderr


@pytest.mark.usefixtures("snapshots")
def test_markdown_and_csv(run: Run) -> None:
    markdown = run("diff", "old.json", "new.json", "--format", "markdown").stdout
    assert "| changed | chip 0 | masks.tensix | 0x060 | 0x061 |" in markdown
    lines = run("diff", "old.json", "new.json", "--format", "csv").stdout.splitlines()
    assert lines == [
        "what,chip,path,old,new,unique_id,board_id,asic_location,arch,board,kmd_id,pci_bdf",
        "changed,0,masks.tensix,96,97,,,,,,,",
    ]


@pytest.mark.usefixtures("snapshots")
def test_only_chosen_chips_count(run: Run) -> None:
    assert run("diff", "board:n300", "board:n300", "-d", "1").returncode == 0
    assert run("diff", "old.json", "new.json", "-d", "4476187513099").returncode == 10
    assert run("diff", "old.json", "new.json", "-d", "77").returncode == 2


def test_what_cannot_be_compared_is_said(run: Run) -> None:
    assert run("diff", "-", "-").returncode == 2
    assert run("diff", "board:n300").returncode == 2
    assert run("diff", "board:n300", "board:nope").returncode == 2


def test_what_a_host_runs_is_compared_where_both_tell_it(run: Run, tmp_path: Path) -> None:
    document = json.loads(tt_smi(TELEMETRY))
    document["host_info"] = {"Driver": "TT-KMD 2.8.0"}
    (tmp_path / "old.json").write_text(json.dumps(document))
    document["host_info"]["Driver"] = "TT-KMD 9.9.9"
    (tmp_path / "new.json").write_text(json.dumps(document))
    changed = json.loads(run("diff", "old.json", "new.json", "--json").stdout)["changed"]
    assert changed == [{"chip": None, "path": "versions.driver", "old": "2.8.0", "new": "9.9.9"}]
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    paths = {
        change["path"] for change in json.loads(run("diff", "c.yaml", "new.json", "--json").stdout)["changed"]
    }
    assert not any(path.startswith(("versions.", "host.")) for path in paths)


def test_a_driver_that_is_gone_and_another_host_are_told(run: Run, tmp_path: Path) -> None:
    run("snapshot", "--from", "board:n300", "-o", "s.json")
    taken = json.loads((tmp_path / "s.json").read_text())
    taken["source"]["live"] = True
    for name, host, driver in (("old", "a", "2.8.0"), ("new", "b", None)):
        taken["host"]["name"], taken["versions"]["driver"] = host, driver
        (tmp_path / f"{name}.json").write_text(json.dumps(taken))
    changed = json.loads(run("diff", "old.json", "new.json", "--json").stdout)["changed"]
    assert {change["path"]: (change["old"], change["new"]) for change in changed} == {
        "versions.driver": ("2.8.0", None),
        "host.name": ("a", "b"),
    }


def test_faults_that_are_counted_are_no_noise(run: Run, tmp_path: Path) -> None:
    document = json.loads(tt_smi({**TELEMETRY, "THERM_TRIP_COUNT": "0x0", "ASIC_TEMPERATURE": "0x2c0000"}))
    device = document["device_info"][0]
    well = {"training": "pass", "temp_top": "N/A", "uncorr_rd": 0, "uncorr_wr": "0x0"}
    device["gddr_telemetry"] = {"channels": [{"channel": channel, **well} for channel in range(8)]}
    (tmp_path / "old.json").write_text(json.dumps(document))
    device["smbus_telem"]["THERM_TRIP_COUNT"] = "0x5"
    device["gddr_telemetry"]["channels"][3]["uncorr_rd"] = "7"
    device["gddr_telemetry"]["channels"][4]["training"] = "fail"
    device["smbus_telem"]["ASIC_TEMPERATURE"] = "0x2d0000"
    (tmp_path / "new.json").write_text(json.dumps(document))
    changed = json.loads(run("diff", "old.json", "new.json", "--json").stdout)["changed"]
    assert {change["path"] for change in changed} == {
        "telemetry.thermal_trips",
        "telemetry.gddr.3.uncorrected_read_errors",
        "telemetry.gddr.4.trained",
    }
    answer = json.loads(run("check", "--from", "new.json", "--shm-dir", str(tmp_path), "--json").stdout)
    failed = {expectation["id"] for expectation in answer["expectations"] if expectation["outcome"] == "fail"}
    assert {"TTT011", "TTT015"} <= failed
