"""What is inside a board, and printed on it: held to tt-metal's tables and to descriptors of real machines."""

from collections import Counter
from pathlib import Path

import pytest

from ttinspect.errors import InspectError
from ttinspect.facts.board_table import board_type_names
from ttinspect.facts.boards import product_of, revision_of
from ttinspect.facts.examples import example_named
from ttinspect.facts.node import Node
from ttinspect.facts.socs import builtin_soc
from ttinspect.facts.wiring import InsideLink, Place, inside_links, places_of, port_at, ports_of, tray_joints
from ttinspect.model.arch import Board
from ttinspect.model.system import System
from ttinspect.sources.opening import open_source


@pytest.mark.parametrize(
    ("board", "location", "channel", "port"),
    [
        ("p150", 0, 11, "QSFP-DD 1"), ("p150", 0, 8, "QSFP-DD 2"), ("p150", 0, 7, "QSFP-DD 3"),
        ("p150", 0, 4, "QSFP-DD 4"), ("p150", 0, 0, None), ("n150", 0, 6, "QSFP-DD 1"),
        ("n150", 0, 1, "QSFP-DD 2"), ("n150", 0, 15, "WARP100 1"), ("n300", 1, 7, "WARP100 2"),
        ("n300", 1, 14, None), ("n300", 0, 8, None), ("p300", 1, 6, "WARP400 1"), ("p300", 0, 4, "WARP400 2"),
        ("ubb", 5, 7, "QSFP-DD 1"), ("ubb", 1, 0, "QSFP-DD 3"), ("ubb", 6, 12, "linking board 1"),
        ("ubb", 4, 11, "linking board 3"), ("ubb", 2, 8, None), ("ubb_blackhole", 2, 9, "QSFP-DD 11"),
        ("ubb_blackhole", 8, 9, "QSFP-DD 14"), ("ubb_blackhole", 4, 5, "linking board 3"),
        ("ubb_blackhole_cf", 1, 8, "QSFP-DD 7"), ("p100", 0, 4, None),
    ],
)  # fmt: skip
def test_a_channel_leads_to_the_port_that_is_printed_there(
    board: str, location: int, channel: int, port: str | None
) -> None:
    named = port_at(Board(board), location, channel)
    assert (named and named.name) == port


def test_an_unknown_place_leads_to_no_known_port() -> None:
    assert port_at(None, 0, 6) is None
    assert port_at(Board("p150"), None, 9) is None


@pytest.mark.parametrize("name", board_type_names())
def test_no_channel_is_at_two_places_of_a_board(name: str) -> None:
    board = Board(name)
    places = [place for port in ports_of(board) for place in port.places]
    places += [end for link in inside_links(board) for end in (link.a, link.b)]
    assert [place for place, uses in Counter(places).items() if uses > 1] == []
    product = product_of(board)
    if product is not None:
        live = len(builtin_soc(product.arch).eth) - product.eth
        assert all(place.channel < live for place in places)


def test_both_chips_of_an_n300_are_linked_on_the_board() -> None:
    assert inside_links(Board("n300")) == (
        InsideLink(Place(0, 8), Place(1, 0)),
        InsideLink(Place(0, 9), Place(1, 1)),
    )
    assert inside_links(None) == inside_links(Board("p150")) == ()


@pytest.mark.parametrize(
    ("board_id", "revision"), [(0x471_0000_0001, "A or B"), (0x473_0000_0001, "C"), (0x472_0000_0001, None)]
)
def test_the_revision_of_a_blackhole_galaxy_is_in_its_board_id(board_id: int, revision: str | None) -> None:
    assert revision_of(Board("ubb_blackhole"), board_id) == revision
    assert revision_of(Board("ubb_blackhole_cf"), board_id) == revision
    assert revision_of(Board("ubb"), board_id) is None
    assert revision_of(Board("ubb_blackhole"), None) is None


def test_linking_board_1_joins_other_trays_in_each_revision() -> None:
    for revision, trays in (("A or B", {(1, 3), (2, 4)}), ("C", {(1, 2), (3, 4)})):
        joints = tray_joints(Board("ubb_blackhole"), revision)
        assert {joint.trays for joint in joints if joint.port.name == "linking board 1"} == trays
    assert tray_joints(Board("ubb_blackhole"), None) == ()


@pytest.mark.parametrize("text", ["0:", "0:8,", "1:2-", "x", "0:8;9"])
def test_places_that_are_misspelled_are_refused_by_where_they_stand(text: str) -> None:
    with pytest.raises(InspectError, match=r"boards.yaml: boards.x.ports"):
        places_of(Node(text, "boards.yaml", "boards.x.ports"))


def _links(system: System) -> set[frozenset[tuple[int | None, int | None, int]]]:
    """Every link as the tray, ASIC location and channel of both ends."""
    chips = {chip.id: chip for chip in system.chips}
    return {
        frozenset(
            (chips[end.chip].tray, chips[end.chip].asic_location, end.channel) for end in (link.a, link.b)
        )
        for link in system.links
    }


@pytest.mark.parametrize(
    ("example", "descriptor"),
    [("galaxy-wh", "umd/clusters/6u_cluster_desc.yaml"), ("galaxy-bh", "fleet/galaxy16/c01u02.yaml")],
)
def test_a_galaxy_example_is_linked_as_a_real_one_inside(shared: Path, example: str, descriptor: str) -> None:
    """The real ones have cables too, between ports of their own trays: those are no part of the product."""
    ours, real = open_source(f"board:{example}"), open_source(str(shared / descriptor))
    cables = {
        link
        for link in _links(real)
        if all(
            (port := port_at(real.chips[0].board, location, channel)) is not None and not port.linking
            for _, location, channel in link
        )
    }
    assert _links(ours) == _links(real) - cables
    known = example_named(example)
    assert known is not None
    assert len(known.links) == {"galaxy-wh": 208, "galaxy-bh": 104}[example]
