"""Links that are unknown, and links that are not there."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import Run
from tests.sources.clusters import MODERN_P150, blackhole_galaxy, n300, to_yaml
from ttinspect.answers.schemas import schema_of
from ttinspect.answers.topology import TopologyAnswer, build_topology
from ttinspect.model.chip import Unknown
from ttinspect.model.system import System
from ttinspect.sources.opening import open_source, read_content

_HIDDEN = Unknown(path="links", why="it did not start")


def _n300(*hidden: int, **changes: Any) -> System:
    """An n300 without the links of these chips."""
    system = read_content(to_yaml(n300(**changes)).encode(), "n300.yaml")
    chips = (
        msgspec.structs.replace(chip, unknown=(_HIDDEN,)) if chip.id in hidden else chip
        for chip in system.chips
    )
    return msgspec.structs.replace(system, chips=tuple(chips))


def _lists(answer: TopologyAnswer) -> tuple[int | None, int | None]:
    """How many links are listed inside the system, and outside; None where there is no list."""
    lists = (answer.links, answer.remote_links)
    inside, outside = (None if links is None else len(links) for links in lists)
    return inside, outside


@pytest.mark.parametrize("source", ["board:p150", "masks:blackhole"])
def test_where_a_source_shows_no_links_there_are_no_lists(source: str) -> None:
    assert _lists(build_topology(open_source(source))) == (None, None)


def test_where_there_are_no_links_the_lists_are_empty() -> None:
    assert _lists(build_topology(read_content(MODERN_P150.encode(), "p150.yaml"))) == (0, 0)


def test_where_some_links_are_unknown_those_that_are_known_are_listed() -> None:
    """n300() has two links between its chips."""
    answer = build_topology(_n300(1))
    assert _lists(answer) == (2, 0)
    known, unknown = answer.chips
    assert (known.neighbours is None, unknown.neighbours is None) == (False, True)
    assert _HIDDEN.why in [fact.why for fact in unknown.unknown if fact.path == "neighbours"]
    assert "neighbours" not in [unknown.path for unknown in known.unknown]


def test_only_the_chips_that_are_shown_count() -> None:
    system = _n300(1, ethernet_connections=[])
    assert _lists(build_topology(system)) == (0, 0)
    assert _lists(build_topology(system, frozenset({1}))) == (None, None)
    assert _lists(build_topology(system, frozenset({0}))) == (0, 0)


@pytest.mark.parametrize("form", [(), ("--tree",), ("--format", "dot"), ("--format", "mermaid")])
@pytest.mark.parametrize(("board", "boards"), [("n300", 1), ("p300", 1), ("galaxy-wh", 4), ("galaxy-bh", 4)])
def test_an_example_is_one_board_or_a_galaxy_of_four_trays(
    run: Run, form: tuple[str, ...], board: str, boards: int
) -> None:
    done = run("topology", "--from", f"board:{board}", *form)
    name = {"galaxy-wh": "ubb", "galaxy-bh": "ubb_blackhole"}.get(board, board)
    headings = re.findall(
        rf"^\W*(?:subgraph \w+\[\"|label=\")?{name}(?: tray \d)?\b(?!.*PCI)", done.stdout, re.M
    )
    assert len(headings) == boards, done.stdout
    assert "unknown id" not in done.stdout


def test_the_revision_of_a_galaxy_is_in_its_heading_and_nowhere_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(blackhole_galaxy(0x473_0000_0000))
    done = run("topology", "--from", "g.yaml")
    assert "ubb_blackhole 0000047300000000 revision C" in done.stdout
    chips = json.loads(run("topology", "--from", "g.yaml", "--json").stdout)["chips"]
    assert chips[0]["revision"] == "C"
    chips = json.loads(run("topology", "--from", "board:p150", "--json").stdout)["chips"]
    assert "revision" not in chips[0]


def test_the_schema_allows_links_to_be_unknown() -> None:
    properties = schema_of("topology")["$defs"]["TopologyAnswer"]["properties"]
    for name in ("links", "remote_links"):
        assert {"type": "null"} in properties[name]["anyOf"]


@pytest.mark.parametrize(
    "form", [("--tree",), *(("--format", name) for name in ("table", "csv", "dot", "mermaid", "svg", "yaml"))]
)
def test_every_format_shows_chips_without_links(run: Run, form: tuple[str, ...]) -> None:
    done = run("topology", "--from", "board:p150", *form)
    assert (done.returncode, done.stderr) == (0, "")
    assert "eth 0 - " not in done.stdout
    assert " -- " not in done.stdout
