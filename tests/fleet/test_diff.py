"""Two fleets: which hosts are not as they were, and what about them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.fleet import plans

PLAN = plans.cards(6)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Six hosts."""
    plans.write(tmp_path / "before", plans.documents(PLAN))
    return tmp_path / "before"


def _after(folder: Path, change: Any) -> Path:
    documents = plans.documents(PLAN)
    change(documents)
    plans.write(folder / "after", documents)
    return folder / "after"


def test_the_same_fleet_is_the_same(run: Run, before: Path, tmp_path: Path) -> None:
    done = run("diff", str(before), str(_after(tmp_path, lambda documents: None)))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "SAME  6 hosts, 24 chips  (exit 0)")


def test_hosts_that_came_went_and_changed_are_told_with_what(run: Run, before: Path, tmp_path: Path) -> None:
    def change(documents: dict[str, Any]) -> None:
        documents["qb-99"] = {**documents.pop("qb-06"), "chip_unique_ids": {0: 1, 1: 2, 2: 3, 3: 4}}
        for name in ("qb-01", "qb-02"):
            documents[name]["harvesting"][2]["harvest_mask"] = 0x30

    done = run("diff", str(before), str(_after(tmp_path, change)), "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 10
    states = {host["host"]: host["state"] for host in answer["hosts"]}
    assert states == {"qb-06": "vanished", "qb-99": "appeared", "qb-01": "changed", "qb-02": "changed"}
    for host in answer["hosts"]:
        if host["state"] == "changed":
            assert [
                (change["chip"], change["path"], change["old"], change["new"]) for change in host["changed"]
            ] == [(2, "masks.tensix", 0x60, 0x30)]


def test_hosts_of_which_the_same_is_told_are_told_once(run: Run, before: Path, tmp_path: Path) -> None:
    def change(documents: dict[str, Any]) -> None:
        for document in documents.values():
            document["harvesting"][0]["harvest_mask"] = 0x30

    lines = run("diff", str(before), str(_after(tmp_path, change))).stdout.splitlines()
    assert len([line for line in lines if "masks.tensix" in line]) == 1
    assert lines[-1] == "DIFFERENT  hosts: 0 vanished, 0 appeared, 6 changed, 0 the same  (exit 10)"


def test_a_host_under_another_name_is_known_by_its_chips(run: Run, before: Path, tmp_path: Path) -> None:
    def change(documents: dict[str, Any]) -> None:
        documents["renamed"] = documents.pop("qb-04")

    done = run("diff", str(before), str(_after(tmp_path, change)), "--json")
    assert (done.returncode, json.loads(done.stdout)["hosts"]) == (0, [])


def test_a_document_that_cannot_be_read_makes_the_answer_inconclusive(
    run: Run, before: Path, tmp_path: Path
) -> None:
    after = _after(tmp_path, lambda documents: None)
    (after / "qb-07.yaml").write_text("arch: [")
    done = run("diff", str(before), str(after))
    assert done.returncode == 11
    assert "could not be read: " in done.stderr
    assert "qb-07.yaml, line 2: " in done.stderr


def test_a_fleet_is_no_match_for_this_host(run: Run, before: Path) -> None:
    done = run("diff", str(before), "umd")
    assert (done.returncode, done.stdout) == (2, "")
