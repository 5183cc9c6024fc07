"""What is told of faults: which words, by which cabling, and of hosts of other names; each fault in every
product is in test_products.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import CABLINGS, ids_of, judge
from tests.fleet.plans import Document, Documents, Plan

Seeded = tuple[Documents, Plan]
"""What is there, and the plan that the cabling is written of."""

PLANS = {"cards": plans.cards(), "galaxies": plans.galaxies()}


def _remote(document: Document) -> list[Any]:
    links: list[Any] = document["ethernet_connections_to_remote_devices"]
    return links


def _cable_listed_by_one_end(plan: Plan) -> Seeded:
    documents = plans.documents(plan)
    cable = plans.cables_between(plan)[0]
    far = plan.hosts[cable[1][0]]
    ids = {
        plans.unique_id(cable[0][0], plan.places.index(end[1:3])) for end, _ in plans.links_of(plan, cable)
    }
    channels = {end[3] for end, _ in plans.links_of(plan, cable)}
    kept = [
        link
        for link in _remote(documents[far])
        if not (link[1]["remote_chip_id"] in ids and link[1]["chan"] in channels)
    ]
    documents[far]["ethernet_connections_to_remote_devices"] = kept
    return documents, plan


def _cable_out(plan: Plan) -> Seeded:
    return plans.documents(plans.without(plan, plans.cables_between(plan)[3])), plan


def _cable_out_inside(plan: Plan) -> Seeded:
    inside = [cable for cable in plan.cables if cable[0][0] == cable[1][0]]
    return plans.documents(plans.without(plan, inside[0])), plan


def _trays_exchanged(plan: Plan) -> Seeded:
    return plans.documents(plans.moved_trays(plan, 1, 1, 3)), plan


def _half_port(plan: Plan) -> Seeded:
    """One channel of a cable is in neither document."""
    documents = plans.documents(plan)
    cable = plans.cables_between(plan)[0]
    (a, b) = plans.links_of(plan, cable)[0]
    for near, far in ((a, b), (b, a)):
        document = documents[plan.hosts[near[0]]]
        chip = plan.places.index(near[1:3])
        far_id = plans.unique_id(far[0], plan.places.index(far[1:3]))
        document["ethernet_connections_to_remote_devices"] = [
            link
            for link in _remote(document)
            if not (link[0] == {"chip": chip, "chan": near[3]} and link[1]["remote_chip_id"] == far_id)
        ]
    return documents, plan


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("cabling", CABLINGS)
def test_a_fleet_that_is_as_cabled_has_nothing_wrong(
    run: Run, tmp_path: Path, kind: str, cabling: str
) -> None:
    plan = PLANS[kind]
    answer = judge(run, tmp_path, plans.documents(plan), CABLINGS[cabling](plan), cabling)
    assert ids_of(answer) == []
    assert answer["cabling"]["missing"] == answer["cabling"]["unexpected"] == []
    links = 2 * len(plan.cables) if cabling != "cutsheet.csv" else len(plan.cables)
    assert (answer["cabling"]["expected"], answer["cabling"]["found"]) == (links, links)


def test_a_cable_out_inside_a_host_is_one_and_makes_no_outlier(run: Run, tmp_path: Path) -> None:
    documents, plan = _cable_out_inside(PLANS["cards"])
    assert ids_of(judge(run, tmp_path, documents, plans.fsd(plan), "fsd.textproto")) == [("TTF005", "error")]


def test_without_a_cabling_a_host_with_fewer_links_inside_is_unlike_its_group(
    run: Run, tmp_path: Path
) -> None:
    documents, _ = _cable_out_inside(PLANS["cards"])
    answer = judge(run, tmp_path, documents, None)
    assert ids_of(answer) == [("TTF004", "warning")]
    assert answer["groups"][0]["hosts"] == ["qb-01"]


def test_hosts_that_are_cabled_otherwise_and_alike_may_be_so_on_purpose(run: Run, tmp_path: Path) -> None:
    """Two of eight hosts have no cable between trays 1 and 2; a cabling says that this is right."""
    plan = plans.cards(8)
    gone = [
        cable
        for cable in plan.cables
        if cable[0][0] == cable[1][0] in (2, 5) and cable[0][1:] == (1, "QSFP-DD 3")
    ]
    assert len(gone) == 2
    fewer = plans.without(plan, *gone)
    answer = judge(run, tmp_path, plans.documents(fewer), None)
    assert ids_of(answer) == [("TTF004", "info")]
    assert answer["findings"][0]["message"] == (
        "qb-03 and qb-06: 6 links inside, the others have 8 (6 equal hosts), perhaps on purpose: they are cabled "
        "alike"
    )
    assert ids_of(judge(run, tmp_path, plans.documents(fewer), plans.fsd(fewer), "fsd.textproto")) == []
    assert [len(group["hosts"]) for group in answer["groups"]] == [2, 6]


def test_links_that_several_neighbours_list_and_one_host_does_not_are_its_own_fault(
    run: Run, tmp_path: Path
) -> None:
    plan = PLANS["cards"]
    documents = plans.documents(plan)
    documents["qb-02"]["ethernet_connections_to_remote_devices"] = []
    answer = judge(run, tmp_path, documents, plans.fsd(plan), "fsd.textproto")
    assert answer["findings"] == []
    assert [host["name"] for host in answer["hosts"] if host["findings"]] == ["qb-02"]
    assert answer["at_fault"] == ["qb-02"]
    assert (
        run("fleet", str(tmp_path / "hosts")).stdout.splitlines()[-1].endswith("at fault: qb-02  (exit 10)")
    )


def _chips_exchanged(plan: Plan, host: int, position: int, other: int) -> Documents:
    """Two cards in each other's slots, their cables left by slot."""
    text = json.dumps(plans.documents(plan))
    a, b = (str(plans.unique_id(host, chip)) for chip in (position, other))
    text = text.replace(a, "@").replace(b, a).replace("@", b)
    documents: Documents = json.loads(text)
    return documents


def test_cards_in_each_others_slots_with_cables_by_slot_are_seen_by_the_ids_of_a_gsd_alone(
    run: Run, tmp_path: Path
) -> None:
    plan = PLANS["cards"]
    documents = _chips_exchanged(plan, 1, 0, 2)
    assert ids_of(judge(run, tmp_path, documents, plans.fsd(plan), "fsd.textproto")) == []
    answer = judge(run, tmp_path, documents, plans.gsd(plan), "gsd.yaml")
    assert ids_of(answer) == [("TTF012", "error")]
    message = answer["findings"][0]["message"]
    assert message == "qb-02: trays 1 and 3 exchanged, but not their cables (known by the ids of the chips)"


def test_what_the_cabling_cannot_tell_apart_is_told_as_both(run: Run, tmp_path: Path) -> None:
    documents, plan = _trays_exchanged(PLANS["cards"])
    (finding,) = judge(run, tmp_path, documents, plans.fsd(plan), "fsd.textproto")["findings"]
    assert finding["message"] == "qb-02: trays 1 and 3 exchanged, or all their cables"
    (finding,) = judge(run, tmp_path, documents, plans.gsd(plan), "gsd.yaml")["findings"]
    assert (
        finding["message"]
        == "qb-02: trays 1 and 3 exchanged in their cables: the chips are where they should be"
    )


def test_a_cable_is_named_in_the_words_of_who_holds_it(run: Run, tmp_path: Path) -> None:
    documents, plan = _cable_out(PLANS["cards"])
    answer = judge(run, tmp_path, documents, plans.fsd(plan), "fsd.textproto")
    assert answer["findings"][0]["message"] == (
        "qb-01 (hall H1, aisle A, rack 1, U8) tray 4 port 1 - qb-02 (hall H1, aisle A, rack 2, U8) tray 4 port 4 "
        "(channels 9, 11) is missing: neither end lists it"
    )
    ends = [(cable["a"], cable["b"]) for cable in answer["cabling"]["missing"]]
    assert ends == [
        (
            {
                "host": "qb-01",
                "tray": 4,
                "asic_location": 0,
                "channel": near,
                "port": "QSFP-DD 1",
                "chip": None,
            },
            {
                "host": "qb-02",
                "tray": 4,
                "asic_location": 0,
                "channel": far,
                "port": "QSFP-DD 4",
                "chip": None,
            },
        )
        for near, far in ((9, 4), (11, 6))
    ]


def test_a_cabling_of_other_names_is_told_once_and_matched_by_hand(run: Run, tmp_path: Path) -> None:
    plan = PLANS["cards"]
    renamed = plan._replace(hosts=tuple(f"rack1-{number}" for number in range(4)))
    answer = judge(run, tmp_path, plans.documents(plan), plans.fsd(renamed), "fsd.textproto")
    assert ids_of(answer) == [("TTF015", "inconclusive")]
    maps = [f"--map-host={name}={target}" for name, target in zip(plan.hosts, renamed.hosts, strict=True)]
    done = run("fleet", str(tmp_path / "hosts"), "--cabling", str(tmp_path / "fsd.textproto"), *maps)
    assert (done.returncode, done.stdout.splitlines()[-1][:4]) == (0, "PASS")


def test_hosts_of_another_name_are_known_by_the_ids_of_a_gsd(run: Run, tmp_path: Path) -> None:
    plan = PLANS["cards"]
    renamed = plan._replace(hosts=tuple(f"rack1-{number}" for number in range(4)))
    answer = judge(run, tmp_path, plans.documents(plan), plans.gsd(renamed), "gsd.yaml")
    assert ids_of(answer) == []
    assert answer["cabling"]["hosts"]["qb-02"] == "rack1-1"


def test_trays_are_unknown_without_a_motherboard_and_are_not_guessed(run: Run, tmp_path: Path) -> None:
    """The cards of one host are on buses that no known motherboard has."""
    plan = PLANS["cards"]
    documents = plans.documents(plan)
    documents["qb-03"]["chip_to_bus_id"] = {0: 5, 1: 6, 2: 7, 3: 9}
    answer = judge(run, tmp_path, documents, plans.fsd(plan, motherboard=""), "fsd.textproto")
    assert ids_of(answer) == [("TTF015", "inconclusive")]
    assert "qb-03" in answer["findings"][0]["message"]


def test_a_host_that_cannot_be_read_is_not_called_missing(run: Run, tmp_path: Path) -> None:
    plan = PLANS["cards"]
    documents = plans.documents(plan)
    plans.write(tmp_path / "hosts", documents)
    (tmp_path / "hosts" / "qb-04.yaml").write_text("arch: {0: blackhole")
    (tmp_path / "c.textproto").write_text(plans.fsd(plan))
    done = run("fleet", str(tmp_path / "hosts"), "--cabling", str(tmp_path / "c.textproto"), "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, ids_of(answer)) == (11, [("TTF001", "inconclusive")])


def test_the_cabling_that_is_there_is_one_that_it_agrees_with(run: Run, tmp_path: Path) -> None:
    plan = PLANS["galaxies"]
    plans.write(tmp_path / "hosts", plans.documents(plan))
    done = run("fleet", str(tmp_path / "hosts"), "--init-cabling")
    assert done.returncode == 0
    (tmp_path / "there.textproto").write_text(done.stdout)
    again = run("fleet", str(tmp_path / "hosts"), "--cabling", str(tmp_path / "there.textproto"), "--json")
    answer = json.loads(again.stdout)
    assert (again.returncode, ids_of(answer)) == (0, [])
    links = 2 * len(plan.cables) + 6 * (4 * 20 + 3 * 8)
    assert answer["cabling"]["expected"] == answer["cabling"]["found"] == links


def test_a_cabling_is_written_as_one_whatever_its_file_is_called(run: Run, tmp_path: Path) -> None:
    plans.write(tmp_path / "hosts", plans.documents(PLANS["cards"]))
    for name in ("there.textproto", "there.txt", "there"):
        done = run("fleet", "hosts", "--init-cabling", "-o", name)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert (tmp_path / name).read_text().startswith("hosts {\n")
    refused = run("fleet", "hosts", "--init-cabling", "-o", "there.json")
    assert refused.returncode == 2
    assert "this command writes textproto" in refused.stderr


EIGHT_SLOTS = [0x21, 0x01, 0x41, 0x61, 0xA1, 0x81, 0xC1, 0xE1]
"""The buses of an H13DSG-O-CPU, from tray 1 on."""


@pytest.mark.parametrize("cabling", ["fsd.textproto", "gsd.yaml"])
def test_a_card_in_an_empty_slot_with_its_cables_is_one_card(run: Run, tmp_path: Path, cabling: str) -> None:
    plan = PLANS["cards"]
    documents = plans.documents(plan)
    for document in documents.values():
        document["chip_to_bus_id"] = dict(enumerate(EIGHT_SLOTS[:4]))
    text = plans.fsd if cabling == "fsd.textproto" else plans.gsd
    assert ids_of(judge(run, tmp_path, documents, text(plan, "H13DSG-O-CPU"), cabling)) == []
    documents["qb-02"]["chip_to_bus_id"][1] = EIGHT_SLOTS[5]
    answer = judge(run, tmp_path, documents, text(plan, "H13DSG-O-CPU"), cabling)
    assert ids_of(answer) == [("TTF012", "error")]
    assert answer["findings"][0]["message"].startswith("what is in qb-02 tray 6 should be in qb-02 tray 2")


def test_three_trays_in_each_others_places_are_one_finding(run: Run, tmp_path: Path) -> None:
    plan = PLANS["cards"]
    turned = plans.moved_trays(plans.moved_trays(plan, 1, 1, 3), 1, 3, 4)
    answer = judge(run, tmp_path, plans.documents(turned), plans.fsd(plan), "fsd.textproto")
    assert ids_of(answer) == [("TTF012", "error")]


def test_three_cables_in_each_others_ports_are_one_finding(run: Run, tmp_path: Path) -> None:
    plan = PLANS["galaxies"]
    (a, b), (c, d), (e, f) = cables = plans.cables_between(plan)[:3]
    rest = plans.without(plan, *cables)
    turned = rest._replace(cables=(*rest.cables, (a, d), (c, f), (e, b)))
    answer = judge(run, tmp_path, plans.documents(turned), plans.fsd(plan), "fsd.textproto")
    assert ids_of(answer) == [("TTF007", "error")]
    assert len(answer["findings"][0]["evidence"]["expected"]) == 3


def test_a_half_port_of_a_card_whose_tray_nobody_tells_is_named_by_its_chip(run: Run, tmp_path: Path) -> None:
    documents, _ = _half_port(PLANS["cards"])
    for document in documents.values():
        document["chip_to_bus_id"] = {0: 5, 1: 6, 2: 7, 3: 9}
    answer = judge(run, tmp_path, documents, None)
    assert ids_of(answer) == [("TTF013", "warning")]
    assert (
        answer["findings"][0]["message"] == "qb-01 chip 0 port 1 - qb-02 chip 0 port 4: 1 of 2 channels is up"
    )


def test_links_of_cards_whose_trays_nobody_tells_are_named_by_chip_and_port(run: Run, tmp_path: Path) -> None:
    documents, _ = _cable_listed_by_one_end(PLANS["cards"])
    for document in documents.values():
        document["chip_to_bus_id"] = {0: 5, 1: 6, 2: 7, 3: 9}
    answer = judge(run, tmp_path, documents, None)
    assert ids_of(answer) == [("TTF002", "error")]
    assert answer["findings"][0]["evidence"]["cables"] == [
        "qb-02 chip 0 port 4 - qb-01 chip 0 port 1 (channels 4, 6)"
    ]
