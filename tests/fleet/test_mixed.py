"""Fleets as they are collected in practice: documents of every kind, hosts without a name, twice, of many products."""

import json
from pathlib import Path
from typing import Any

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import findings_of, ids_of, judge
from tests.fleet.plans import Document
from tests.fleet.products import EIGHT_P150, GALAXY_BLACKHOLE, GALAXY_WORMHOLE, N300, P150, QUIETBOX_2, T3000

NOON_NS = 1_790_000_000 * 10**9
HOUR_NS = 3600 * 10**9


def snapshot(run: Run, folder: Path, descriptor: Path, name: str | None, time_ns: int) -> dict[str, Any]:
    """The snapshot of a host that is what a cluster descriptor says, under a name and of a time."""
    (folder / "shm").mkdir(exist_ok=True)
    done = run("snapshot", "--from", str(descriptor), "--shm-dir", str(folder / "shm"))
    document: dict[str, Any] = json.loads(done.stdout)
    document["host"]["name"] = name
    document["time_ns"] = time_ns
    return document


def test_descriptors_and_snapshots_join_each_other_with_a_name_of_their_own_or_that_of_the_file(
    run: Run, tmp_path: Path
) -> None:
    plan = plans.ring(P150, ("a", "b", "c", "d"), seed=3)
    documents = plans.documents(plan)
    plans.write(tmp_path / "all", documents)
    mixed = tmp_path / "hosts"
    plans.write(mixed, {"a": documents["a"]})
    for file, name in (("b", "b.example.com"), ("c", None), ("d", "d")):
        document = snapshot(run, tmp_path, tmp_path / "all" / f"{file}.yaml", name, NOON_NS)
        (mixed / f"{file}.json").write_text(json.dumps(document))
    answer = json.loads(run("fleet", str(mixed), "--json").stdout)
    assert ids_of(answer) == []
    assert [host["name"] for host in answer["hosts"]] == ["a", "b.example.com", "c", "d"]
    assert answer["totals"] == {
        "hosts": 4,
        "chips": 16,
        "links_inside": 32,
        "links_between": 32,
        "links_one_sided": 0,
        "links_leaving": 0,
    }
    lines = "".join(f"{(mixed / name).read_text().strip()}\n" for name in ("b.json", "c.json"))
    again = json.loads(run("fleet", "-", "--json", stdin=lines).stdout)
    assert [host["name"] for host in again["hosts"]] == ["b.example.com", "standard input line 2"]


def test_of_two_snapshots_of_one_host_the_newer_counts_and_the_message_says_so(
    run: Run, tmp_path: Path
) -> None:
    plan = plans.ring(P150, ("a", "b"), seed=3)
    plans.write(tmp_path / "all", plans.documents(plan))
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    for file, name, age in (("a", "a", 0), ("b-before", "b", 30), ("b-now", "b", 0)):
        document = snapshot(run, tmp_path, tmp_path / "all" / f"{name}.yaml", name, NOON_NS - age * HOUR_NS)
        (hosts / f"{file}.json").write_text(json.dumps(document))
    answer = json.loads(run("fleet", str(hosts), "--json").stdout)
    (finding,) = findings_of(answer)
    assert (finding["id"], finding["severity"]) == ("TTF003", "error")
    assert finding["message"].endswith(
        f"the same chips; {hosts / 'b-now.json'} is 30 hours newer, and counts"
    )
    assert (answer["totals"]["hosts"], answer["totals"]["chips"]) == (2, 8)


def _renumbered(documents: dict[str, Document], by: int) -> dict[str, Document]:
    """Documents whose chips are others in the world."""
    for document in documents.values():
        document["chip_unique_ids"] = {
            chip: unique_id + by for chip, unique_id in document["chip_unique_ids"].items()
        }
        for _, far in document["ethernet_connections_to_remote_devices"]:
            far["remote_chip_id"] += by
    return documents


def test_hosts_of_many_products_are_a_group_each_and_none_is_unlike_another(run: Run, tmp_path: Path) -> None:
    everything: dict[str, Document] = {}
    products = (T3000, N300, GALAXY_WORMHOLE, GALAXY_BLACKHOLE, P150)
    for number, product in enumerate(products):
        plan = plans.ring(product, tuple(f"{product.name}-{host}" for host in range(3)), seed=3)
        everything |= _renumbered(plans.documents(plan), number * 10**9)
    answer = judge(run, tmp_path, everything)
    # T3000 and N300 differ in the cables inside alone: both are three hosts, and neither is the rule
    assert ids_of(answer) == []
    assert sorted((group["chips"], len(group["hosts"])) for group in answer["groups"]) == [
        (4, 3),
        (8, 3),
        (8, 3),
        (32, 3),
        (32, 3),
    ]
    assert answer["totals"]["chips"] == 3 * (8 + 8 + 32 + 32 + 4)


def test_a_host_that_is_there_twice_is_known_to_the_cabling_by_either_name(run: Run, tmp_path: Path) -> None:
    """The document that is read first, and counts, has the name that the cabling does not know."""
    plan = plans.ring(P150, ("a", "b", "c"), seed=3)
    documents = plans.documents(plan)
    answer = judge(run, tmp_path, {**documents, "a-copy": documents["b"]}, plans.fsd(plan), "fsd.textproto")
    assert [finding["id"] for finding in findings_of(answer)] == ["TTF003"]
    assert answer["cabling"]["hosts"] == {"a": "a", "a-copy": "b", "c": "c"}


def test_a_host_of_another_motherboard_is_no_odd_one_of_its_group(run: Run, tmp_path: Path) -> None:
    """Where documents do not tell it, exactly the slots of a known motherboard do."""
    everything = plans.documents(plans.ring(EIGHT_P150, tuple(f"rack-{host}" for host in range(6)), seed=3))
    alone = plans.documents(plans.ring(P150, ("desk",), seed=3))
    answer = judge(run, tmp_path, everything | _renumbered(alone, 10**9))
    assert ids_of(answer) == []
    assert [group["chips"] for group in answer["groups"]] == [4, 8]


def test_links_inside_a_p300_that_tt_metals_table_has_otherwise_are_no_missing_cables(
    run: Run, tmp_path: Path
) -> None:
    """That table has channel 4 of the first chip inside the card and in a port; real ones have 2 and 3 inside."""
    table = QUIETBOX_2._replace(
        inside=tuple(((0, near), (1, far)) for near, far in ((3, 8), (4, 9))), outward=()
    )
    documents, cabling = (
        plans.ring(product, ("a", "b", "c"), seed=1) for product in (QUIETBOX_2._replace(outward=()), table)
    )
    assert ids_of(judge(run, tmp_path, plans.documents(documents), plans.fsd(cabling), "fsd.textproto")) == []
    for name in ("a", "b", "c"):
        (tmp_path / "hosts" / f"{name}.yaml").unlink()
    as_in_the_table = plans.documents(cabling)
    assert ids_of(judge(run, tmp_path, as_in_the_table, plans.gsd(cabling), "gsd.yaml")) == []
