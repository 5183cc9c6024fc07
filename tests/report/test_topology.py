"""Topology as a graph and as a picture: every link is in it, with its ends, and one that is not up looks like
none that is; in the picture no text lies on a line, on another text or over an edge of a box."""

import itertools
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.sources.clusters import galaxy
from ttinspect.answers.mesh import Cell, places
from ttinspect.answers.topology import TopologyAnswer, build_topology
from ttinspect.errors import InspectError
from ttinspect.facts.examples import example_names
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, System, Trouble
from ttinspect.report.topology import board_groups, edges, links, topology_dot, topology_mermaid, topology_svg
from ttinspect.sources.opening import open_source


def _n300(*, down: int = 0, outside: int = 0) -> System:
    """Both chips, the first links down, and links that leave the host."""
    example = open_source("board:n300")
    links = tuple(
        msgspec.structs.replace(link, state=LinkState.DOWN) if at < down else link
        for at, link in enumerate(example.links)
    )
    remote = tuple(
        RemoteLink(a=LinkEnd(chip=1, channel=6 + at), remote_unique_id="77", remote_channel=6)
        for at in range(outside)
    )
    return msgspec.structs.replace(example, links=links, remote_links=remote)


def test_links_between_two_chips_are_one_edge_with_the_channels_of_both_ends() -> None:
    (edge,) = edges(build_topology(_n300()))
    assert (edge.a, edge.b, edge.count, edge.channels) == (0, 1, "2", "eth 8-0, 9-1")


def test_the_ends_stand_in_the_order_of_the_chips_whichever_end_a_link_names_first() -> None:
    system = _n300()
    turned = tuple(msgspec.structs.replace(link, a=link.b, b=link.a) for link in system.links)
    (edge,) = edges(build_topology(msgspec.structs.replace(system, links=turned)))
    assert edge.channels == "eth 8-0, 9-1"


def test_a_link_that_is_down_is_dashed_and_counted() -> None:
    answer = build_topology(_n300(down=1))
    assert 'c0 -- c1 [label="2 (1 down)", tooltip="eth 8-0, 9-1", style="dashed"];' in topology_dot(answer)
    assert 'c0 -.-|"2 (1 down): eth 8-0, 9-1"| c1' in topology_mermaid(answer)
    assert '<path class="link broken"' in topology_svg(answer)
    whole = build_topology(_n300())
    assert 'c0 -- c1 [label="2", tooltip="eth 8-0, 9-1"];' in topology_dot(whole)
    assert 'c0 ---|"2: eth 8-0, 9-1"| c1' in topology_mermaid(whole)
    assert '<path class="link broken"' not in topology_svg(whole)


def test_links_that_may_lead_to_a_chip_without_a_name_are_not_said_to_leave_the_host() -> None:
    system = _n300(outside=3)
    unread = Trouble(chip=0, why="it hangs", readable=False)
    answer = build_topology(msgspec.structs.replace(system, troubles=(unread,)))
    assert [chip.outside_links for chip in answer.chips] == [0, None]
    (why,) = [unknown.why for unknown in answer.chips[1].unknown if unknown.path == "outside_links"]
    assert why == "3 lead to a unique id that is not known here, which may be that of chip 0"
    assert links(answer.chips[1]) == "0:2 out:?"
    assert ">out:?<title>" in topology_svg(answer)


def test_links_that_leave_the_host_lead_to_another_one() -> None:
    answer = build_topology(_n300(outside=3))
    assert ">out:3<title>links that leave this host</title>" in topology_svg(answer)
    assert ">out:" not in topology_svg(build_topology(_n300()))
    assert 'c1 -- out1 [label="3"];' in topology_dot(answer)
    assert 'c1 ---|3| out1["another host"]' in topology_mermaid(answer)
    assert "out0" not in topology_dot(answer) + topology_mermaid(answer)


def test_a_picture_of_links_says_what_its_lines_mean_and_what_it_is_of() -> None:
    whole = topology_svg(build_topology(_n300()))
    assert ">box: chip, with its unique id below | " in whole
    assert "line: eth links, with how many" in whole
    assert "dashed:" not in whole
    assert "1/2 up, dashed: one of two is down" in topology_svg(build_topology(_n300(down=1)))
    assert ">Source: " in whole
    system = _n300()
    chips = tuple(msgspec.structs.replace(chip, board_id="72058985899896899") for chip in system.chips)
    source = msgspec.structs.replace(system.source, example=False)
    named = topology_svg(build_topology(msgspec.structs.replace(system, chips=chips, source=source)))
    assert named.count(">n300 0100014411703043<") == 1


_LETTER = {"name": 7.3, "reach": 7.3, "heading": 7.3}
"""How wide a letter of the usual monospace fonts is at 12 pixels; the rest has 11."""
_NS = "{http://www.w3.org/2000/svg}"


class _Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Rect") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "_Rect") -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


class _Picture(NamedTuple):
    page: _Rect
    chips: list[_Rect]
    texts: list[tuple[str, str, _Rect]]
    lines: list[_Rect]


def _picture(svg: str) -> _Picture:
    root = ET.fromstring(svg)
    chips, texts, lines = [], [], []
    for element in root.iter():
        look = element.get("class", "")
        if element.tag == _NS + "rect" and look.startswith("chip"):
            x, y, width, height = (float(element.attrib[key]) for key in ("x", "y", "width", "height"))
            chips.append(_Rect(x, y, x + width, y + height))
        elif element.tag == _NS + "text":
            x, y, words = float(element.attrib["x"]), float(element.attrib["y"]), element.text or ""
            texts.append((look, words, _Rect(x, y - 9, x + len(words) * _LETTER.get(look, 6.7), y + 2)))
        elif element.tag == _NS + "path":
            lines.append(_segment(element.attrib["d"]))
    page = _Rect(0, 0, float(root.attrib["width"]), float(root.attrib["height"]))
    return _Picture(page, chips, texts, lines)


def _segment(path: str) -> _Rect:
    match = re.fullmatch(r"M(\d+) (\d+)(H|V)(\d+)", path)
    assert match, path
    x, y, end = float(match[1]), float(match[2]), float(match[4])
    ends = (x, y, end, y) if match[3] == "H" else (x, y, x, end)
    return _Rect(ends[0] - 1, ends[1] - 1, ends[2] + 1, ends[3] + 1)


def _is_clean(answer: TopologyAnswer) -> None:
    picture = _picture(topology_svg(answer))
    assert len(picture.chips) == len(answer.chips)
    for (_, words, box), (_, others, other) in itertools.combinations(picture.texts, 2):
        assert not box.meets(other), (words, others)
    for look, words, box in picture.texts:
        assert picture.page.holds(box), words
        assert not any(box.meets(line) for line in picture.lines), words
        inside = [chip for chip in picture.chips if chip.meets(box)]
        assert all(chip.holds(box) for chip in inside), words
        assert bool(inside) is (look not in ("heading", "count", "foot")), (look, words)
    for line in picture.lines:
        met = [chip for chip in picture.chips if chip.meets(line)]
        assert len(met) == 2, line  # its own ends
    for box, other in itertools.combinations(picture.chips, 2):
        assert not box.meets(other)
    _tells_all_links(answer, picture)


def _tells_all_links(answer: TopologyAnswer, picture: _Picture) -> None:
    """Each link once as part of a number on a line, or in both of the boxes that it joins."""
    shown = {chip.id for chip in answer.chips}
    inside = [link for link in answer.links or () if {link.a.chip, link.b.chip} <= shown]
    counted = sum(_total(words) for look, words, _ in picture.texts if look == "count")
    boxed = [word for look, words, _ in picture.texts if look == "also" for word in words.split(" ")]
    ends = sum(_total(word.partition(":")[2]) for word in boxed if ":" in word)
    loops = sum(link.is_loop for link in inside)
    assert counted + (ends - loops) / 2 == len(inside) - loops


def _total(words: str) -> int:
    match = re.fullmatch(r"(?:\d+/)?(\d+)\??(?:\sup)?", words)
    assert match, words
    return int(match[1])


def _clusters(folder: Path) -> Iterator[System]:
    for path in sorted(folder.rglob("*.yaml")):
        try:
            yield open_source(str(path))
        except InspectError:
            continue  # a check file, a cabling


def _harmed(system: System, seed: int) -> System:
    """Without some of its chips and links, with links down, unknown, across, back to itself and outwards."""
    dice = random.Random(seed)
    chips = tuple(chip for chip in system.chips if dice.random() > 0.2) or system.chips[:1]
    left = {chip.id for chip in chips}
    links = [
        msgspec.structs.replace(link, state=dice.choice([*LinkState, LinkState.UP]))
        for link in system.links
        if {link.a.chip, link.b.chip} <= left and dice.random() > 0.2
    ]
    for at in range(6):
        ends = [LinkEnd(chip=dice.choice(chips).id, channel=at) for _ in range(2)]
        links.append(Link(a=ends[0], b=ends[1]))
    leaving = [RemoteLink(a=LinkEnd(chip=chips[0].id, channel=9), remote_unique_id="7", remote_channel=1)]
    return msgspec.structs.replace(system, chips=chips, links=tuple(links), remote_links=tuple(leaving))


@pytest.mark.parametrize("name", example_names())
def test_no_text_lies_on_anything_in_the_picture_of_an_example(name: str) -> None:
    system = open_source(f"board:{name}")
    _is_clean(build_topology(system))
    for seed in range(20):
        _is_clean(build_topology(_harmed(system, seed)))


def test_nor_in_the_picture_of_any_cluster_descriptor(shared: Path) -> None:
    systems = [*_clusters(shared / "umd/clusters"), *_clusters(shared / "cases/clusters")]
    systems += _clusters(shared / "fleet")
    assert len(systems) > 30
    for seed, system in enumerate(systems):
        _is_clean(build_topology(system))
        _is_clean(build_topology(_harmed(system, seed)))


def _cells(system: System) -> dict[int, Cell]:
    answer = build_topology(system)
    return places(answer, [chips for _, chips in board_groups(answer)])


def _lengths(system: System) -> set[int]:
    cells = _cells(system)
    return {
        abs(cells[link.a.chip][0] - cells[link.b.chip][0])
        + abs(cells[link.a.chip][1] - cells[link.b.chip][1])
        for link in system.links
    }


@pytest.mark.parametrize("name", ["galaxy-wh", "galaxy-bh"])
def test_a_galaxy_is_a_mesh_of_four_by_eight_with_each_tray_in_a_corner(name: str) -> None:
    system = open_source(f"board:{name}")
    cells = _cells(system)
    assert {*cells.values()} == set(itertools.product(range(4), range(8)))
    assert _lengths(system) == {1}
    for tray in range(1, 5):
        cells_of_tray = [cells[chip.id] for chip in build_topology(system).chips if chip.tray == tray]
        assert len({(row // 2, column // 4) for row, column in cells_of_tray}) == 1


@pytest.mark.parametrize("name", ["galaxy-wh", "galaxy-bh"])
def test_what_is_missing_of_a_galaxy_leaves_a_gap(name: str) -> None:
    whole = open_source(f"board:{name}")
    harmed = _harmed(whole, 5)
    assert len(harmed.chips) < 32
    before, cells = _cells(whole), _cells(harmed)
    assert cells == {chip.id: before[chip.id] for chip in harmed.chips}


def test_the_galaxy_of_tt_umd_has_all_its_links_beside_each_other(shared: Path) -> None:
    system = open_source(str(shared / "umd/clusters/6u_cluster_desc.yaml"))
    assert _lengths(system) == {1}


def test_a_t3000_is_a_mesh_of_two_by_four_with_its_cards_side_by_side(shared: Path) -> None:
    for name in ("umd/clusters/t3k_cluster_desc.yaml", "fleet/t3k2/t3k-0.yaml", "fleet/t3k2/t3k-1.yaml"):
        system = open_source(str(shared / name))
        assert {*_cells(system).values()} == set(itertools.product(range(2), range(4)))
        assert _lengths(system) == {1}


def test_chips_without_known_links_lie_eight_in_a_row(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(galaxy(32))
    system = msgspec.structs.replace(open_source(str(path)), links=())
    _is_clean(build_topology(system))
