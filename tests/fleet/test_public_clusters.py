"""Descriptors of whole public clusters, against a join that was made independently; and faults seeded in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Run
from tests.fleet.judging import ids_of
from tests.fleet.plans import Dumper

SETS = ("qb4", "t3k2", "galaxy16")


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """The independent join."""
    truth: dict[str, Any] = json.loads((shared / "fleet" / "truth.json").read_text())
    return truth


def _answer(run: Run, *args: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run("fleet", *args, "--json").stdout)
    return answer


@pytest.mark.parametrize("name", SETS)
def test_totals_are_those_of_an_independent_join(
    run: Run, shared: Path, truth: dict[str, Any], name: str
) -> None:
    answer, expected = _answer(run, str(shared / "fleet" / name)), truth[name]
    assert answer["totals"] == {
        "hosts": expected["hosts"],
        "chips": expected["chips"],
        "links_inside": expected["local_links"],
        "links_between": expected["cross_links"],
        "links_one_sided": expected["one_sided"],
        "links_leaving": expected["leaves_fleet"],
    }
    joined = [pair for pair in answer["pairs"] if pair["links"]]
    assert len(joined) == expected["host_pairs"]
    assert sorted({pair["links"] for pair in joined}) == expected["links_per_pair"]


def test_the_host_whose_links_were_down_is_named_and_no_other(
    run: Run, shared: Path, truth: dict[str, Any]
) -> None:
    done = run("fleet", str(shared / "fleet" / "galaxy16"))
    assert done.returncode == 10
    assert done.stdout.splitlines()[-1] == (
        "FAIL  1 error, 1 warning, 0 inconclusive; at fault: c10u08  (exit 10)"
    )
    answer = _answer(run, str(shared / "fleet" / "galaxy16"))
    (host,) = [host for host in answer["hosts"] if host["findings"]]
    (finding,) = host["findings"]
    assert (host["name"], finding["id"], finding["evidence"]["links"]) == ("c10u08", "TTF002", 23)
    ends = set(finding["evidence"]["ends"])
    for near, chip, channel, far, far_chip, far_channel in truth["galaxy16"]["one_sided_links"]:
        assert f"{near} chip {chip} channel {channel}" in ends
        assert f"{far} chip {far_chip} channel {far_channel}" in ends
    assert len(finding["evidence"]["ends"]) == 2 * 23


def test_the_port_that_is_half_up_and_the_exchanged_pair_are_told(run: Run, shared: Path) -> None:
    half, hint = _answer(run, str(shared / "fleet" / "galaxy16"))["findings"]
    assert (half["id"], half["severity"]) == ("TTF013", "warning")
    assert half["message"].startswith("c03u08 tray 4 port 14 - c10u08 tray 2 port 14: 1 of 2")
    assert (hint["id"], hint["severity"]) == ("TTF007", "info")
    assert hint["message"].startswith(
        "ports 11 and 12 between c06u08 tray 4 and c10u08 tray 2 may be exchanged"
    )


def test_the_revision_of_galaxies_is_told(run: Run, shared: Path) -> None:
    answer = _answer(run, str(shared / "fleet" / "galaxy16"))
    assert {host["revision"] for host in answer["hosts"]} == {"C"}
    assert [len(group["hosts"]) for group in answer["groups"]] == [16]


@pytest.mark.parametrize("cabling", ["factory_system_descriptor.textproto", "global_system_descriptor.yaml"])
@pytest.mark.parametrize("source", ["", "global_system_descriptor.yaml"])
def test_four_quietboxes_agree_with_what_they_should_be(
    run: Run, shared: Path, cabling: str, source: str
) -> None:
    folder = shared / "fleet" / "qb4"
    answer = _answer(run, str(folder / source), "--cabling", str(folder / cabling))
    assert (answer["verdict"], ids_of(answer)) == ("pass", [])
    assert (answer["cabling"]["expected"], answer["cabling"]["found"]) == (64, 64)


Change = Callable[[dict[str, Any]], None]


def _seeded(shared: Path, folder: Path, host: str, change: Change) -> None:
    """The four QuietBoxes with something changed in one document."""
    for file in (shared / "fleet" / "qb4").glob("qb-*.yaml"):
        shutil.copy(file, folder)
    file = folder / f"{host}.yaml"
    document = yaml.safe_load(file.read_text())
    change(document)
    file.write_text(yaml.dump(document, Dumper=Dumper))


def _one_cable_less(document: dict[str, Any]) -> None:
    links = document["ethernet_connections_to_remote_devices"]
    links[:] = [link for link in links if not (link[0]["chip"] == 0 and link[0]["chan"] in (9, 11))]


def _other_slots(document: dict[str, Any]) -> None:
    buses = document["chip_to_bus_id"]
    buses[0], buses[2] = buses[2], buses[0]


def _other_board(document: dict[str, Any]) -> None:
    document["chip_to_boardtype"][3] = "p100"
    for board in document["boards"]:
        if board[2]["chips"] == [3]:
            board[1]["board_type"] = "p100"


@pytest.mark.parametrize(
    ("change", "finding"),
    [(_one_cable_less, "TTF002"), (_other_slots, "TTF012"), (_other_board, "TTF011")],
    ids=["a cable less", "two cards exchanged", "another board"],
)
@pytest.mark.parametrize("cabling", ["factory_system_descriptor.textproto", "global_system_descriptor.yaml"])
def test_a_fault_seeded_in_quietboxes_is_found_once(
    run: Run, shared: Path, tmp_path: Path, change: Change, finding: str, cabling: str
) -> None:
    _seeded(shared, tmp_path, "qb-02", change)
    answer = _answer(run, str(tmp_path), "--cabling", str(shared / "fleet" / "qb4" / cabling))
    assert [finding_id for finding_id, _ in ids_of(answer) if finding_id.startswith("TTF")] == [finding]
