"""The picture of links by its geometry: no text lies on a line, on another text or over an edge of a box; and
the meshes that people know look like themselves."""

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
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, System
from ttinspect.report.topology import board_groups
from ttinspect.report.topology_svg import topology_svg
from ttinspect.sources.opening import open_source

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
    for one in root.iter():
        look = one.get("class", "")
        if one.tag == _NS + "rect" and look.startswith("chip"):
            x, y, width, height = (float(one.attrib[key]) for key in ("x", "y", "width", "height"))
            chips.append(_Rect(x, y, x + width, y + height))
        elif one.tag == _NS + "text":
            x, y, words = float(one.attrib["x"]), float(one.attrib["y"]), one.text or ""
            texts.append((look, words, _Rect(x, y - 9, x + len(words) * _LETTER.get(look, 6.7), y + 2)))
        elif one.tag == _NS + "path":
            lines.append(_segment(one.attrib["d"]))
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
    for one, other in itertools.combinations(picture.chips, 2):
        assert not one.meets(other)
    _tells_all_links(answer, picture)


def _tells_all_links(answer: TopologyAnswer, picture: _Picture) -> None:
    """Each link once as part of a number on a line, or in both of the boxes that it joins."""
    shown = {chip.id for chip in answer.chips}
    inside = [link for link in answer.links or () if {link.a.chip, link.b.chip} <= shown]
    told = sum(_total(words) for look, words, _ in picture.texts if look == "count")
    boxed = [word for look, words, _ in picture.texts if look == "also" for word in words.split(" ")]
    ends = sum(_total(word.partition(":")[2]) for word in boxed if ":" in word)
    loops = sum(link.is_loop for link in inside)
    assert told + (ends - loops) / 2 == len(inside) - loops


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
    far = [RemoteLink(a=LinkEnd(chip=chips[0].id, channel=9), remote_unique_id="7", remote_channel=1)]
    return msgspec.structs.replace(system, chips=chips, links=tuple(links), remote_links=tuple(far))


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
        mine = [cells[chip.id] for chip in build_topology(system).chips if chip.tray == tray]
        assert len({(row // 2, column // 4) for row, column in mine}) == 1


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
