"""``diff`` as scripts and people use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.sources.clusters import MODERN_P150


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
    assert lines == ["what,chip,path,old,new,unique_id,board_id,pci_bdf", "changed,0,masks.tensix,96,97,,,"]


@pytest.mark.usefixtures("snapshots")
def test_only_chosen_chips_count(run: Run) -> None:
    assert run("diff", "board:n300", "board:n300", "-d", "1").returncode == 0
    assert run("diff", "old.json", "new.json", "-d", "4476187513099").returncode == 10
    assert run("diff", "old.json", "new.json", "-d", "77").returncode == 2


def test_what_cannot_be_compared_is_said(run: Run) -> None:
    assert run("diff", "-", "-").returncode == 2
    assert run("diff", "board:n300").returncode == 2
    assert run("diff", "board:n300", "board:nope").returncode == 2
