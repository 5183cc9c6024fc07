"""What is wrong with one host alone is told with it: regions, heat, links inside."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import ids_of
from tests.shm.captures import captures

PLAN = plans.cards()
REGION_CHIP = "4476187513037"
"""The chip that the region is of."""


@pytest.fixture
def snapshots(run: Run, tmp_path: Path) -> Path:
    """Four hosts; a process on the second one is gone, and its slot still holds memory."""
    text = yaml.dump(plans.documents(PLAN), Dumper=plans.Dumper)
    plans.write(tmp_path / "hosts", yaml.safe_load(text.replace(str(plans.unique_id(1, 0)), REGION_CHIP)))
    folder = tmp_path / "snapshots"
    for place in (folder, tmp_path / "none", tmp_path / "shm", tmp_path / "proc"):
        place.mkdir()
    (tmp_path / "proc" / "1").mkdir()
    (tmp_path / "proc" / "self").symlink_to("1")
    driver = tmp_path / "proc" / "driver" / "tenstorrent" / "0"
    driver.mkdir(parents=True)
    (driver / "pids").write_text("")
    capture = captures()["v3-ghost"]
    region = tmp_path / "shm" / capture.file_name
    region.write_bytes(capture.data)
    region.chmod(0o600)
    for name in PLAN.hosts:
        shm = tmp_path / ("shm" if name == "qb-02" else "none")
        source = str(tmp_path / "hosts" / f"{name}.yaml")
        done = run("snapshot", "--from", source, "--shm-dir", str(shm), "--procfs", str(tmp_path / "proc"))
        document = json.loads(done.stdout)
        document["host"]["name"] = name
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_a_ghost_on_one_host_is_told_with_that_host(run: Run, snapshots: Path) -> None:
    answer = json.loads(run("fleet", str(snapshots), "--json").stdout)
    ids = {host["name"]: {finding["id"] for finding in host["findings"]} for host in answer["hosts"]}
    assert "TTS050" in ids["qb-02"]
    assert ids["qb-01"] == ids["qb-03"] == ids["qb-04"] == set()
    assert "qb-02:" in run("fleet", str(snapshots)).stdout


@pytest.mark.parametrize(("wanted", "outcome"), [("clean", "fail"), ("pass", "pass")])
def test_a_check_file_expects_regions_of_every_host(
    run: Run, snapshots: Path, wanted: str, outcome: str
) -> None:
    """A ghost is a warning, which clean does not admit; a document without regions is no pass."""
    (snapshots / "qb-04.json").unlink()
    plans.write(snapshots, {"qb-04": plans.documents(PLAN)["qb-04"]})
    check = snapshots.parent / "site.yaml"
    check.write_text(f"regions: {wanted}\n")
    done = run("fleet", str(snapshots), "--check", str(check), "--json")
    outcomes = {
        expectation["host"]: expectation["outcome"] for expectation in json.loads(done.stdout)["expectations"]
    }
    assert outcomes == {"qb-01": "pass", "qb-02": outcome, "qb-03": "pass", "qb-04": "unknown"}
    assert done.returncode == (10 if outcome == "fail" else 11)
    assert "its document holds no regions" in done.stdout


def test_what_a_snapshot_of_an_older_version_does_not_tell_is_unknown(run: Run, snapshots: Path) -> None:
    """0.1.0 told neither the motherboard nor the state of links."""
    for file in snapshots.glob("*.json"):
        document = json.loads(file.read_text())
        document["host"].pop("motherboard", None)
        document["published"]["regions"] = []
        file.write_text(json.dumps(document))
    answer = json.loads(run("fleet", str(snapshots), "--json").stdout)
    assert (answer["verdict"], ids_of(answer)) == ("pass", [])
    assert {host["motherboard"] for host in answer["hosts"]} == {None}
    assert answer["totals"]["links_between"] == 32


def test_a_tt_smi_document_is_a_host_whose_links_are_unknown(run: Run, tmp_path: Path) -> None:
    device: dict[str, Any] = {
        "smbus_telem": {"BOARD_ID": "0x0000040000000001", "ENABLED_TENSIX_COL": "0x3fff"},
        "board_info": {"bus_id": "0000:c1:00.0", "board_type": "p150b", "board_id": "0000040000000001"},
        "telemetry": {},
        "firmwares": {},
        "limits": {},
    }
    (tmp_path / "a.json").write_text(
        json.dumps(
            {
                "time": "2026-11-30T20:00:00.0",
                "host_info": {"Hostname": "rack7", "Driver": "TT-KMD 2.4.1"},
                "device_info": [device],
            }
        )
    )
    done = run("fleet", str(tmp_path / "a.json"), "--json")
    answer = json.loads(done.stdout)
    assert answer["hosts"][0]["name"] == "rack7", done
    assert answer["groups"][0]["links_inside"] is None
    assert answer["totals"]["chips"] == 1
