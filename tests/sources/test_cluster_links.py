"""What a cluster descriptor may not say of boards and channels, and through which chip a remote one is reached."""

from pathlib import Path
from typing import Any

import pytest

from tests.sources.clusters import n300, to_yaml
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import System
from ttinspect.sources.opening import open_source

BOARD = 72058994491072600


def _opened(folder: Path, document: dict[str, Any]) -> System:
    path = folder / "cluster.yaml"
    path.write_text(to_yaml(document))
    return open_source(str(path))


def _board(number: int, *chips: int) -> list[dict[str, Any]]:
    return [{"board_id": BOARD + number}, {"board_type": "n300"}, {"chips": list(chips)}]


def _link(a: int, chan: int, b: int, far: int) -> list[dict[str, int]]:
    return [{"chip": a, "chan": chan}, {"chip": b, "chan": far}]


def test_a_chip_on_two_boards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InspectError) as caught:
        _opened(tmp_path, n300(boards=[_board(0, 0, 1), _board(1, 1)]))
    assert caught.value.exit_code is ExitCode.USAGE
    assert "chip 1 is on two boards" in str(caught.value)


def test_a_wormhole_has_eth_channels_0_to_15(tmp_path: Path) -> None:
    (link,) = _opened(tmp_path, n300(ethernet_connections=[_link(0, 15, 1, 0)])).links
    assert (link.a.channel, link.b.channel) == (15, 0)
    with pytest.raises(InspectError) as caught:
        _opened(tmp_path, n300(ethernet_connections=[_link(0, 16, 1, 0)]))
    assert "an eth channel from 0 to 15" in str(caught.value)


def _four(links: list[list[dict[str, int]]], mmio: list[int]) -> dict[str, Any]:
    """Chips 0 to 3 with links of choice."""
    masks = {"noc_translation": True, "harvest_mask": 0x41}
    return n300(
        arch=dict.fromkeys(range(4), "wormhole_b0"),
        chips={},
        ethernet_connections=links,
        chips_with_mmio=[{chip: chip} for chip in mmio],
        harvesting={chip: masks.copy() for chip in range(4)},
        boards=[_board(0, 0, 1), _board(1, 2, 3)],
    )


def _via(system: System) -> dict[int, int | None]:
    return {chip.id: chip.via for chip in system.chips if not chip.mmio}


def test_of_two_chips_as_near_the_lower_id_reaches_a_remote_one(tmp_path: Path) -> None:
    links = [_link(1, 0, 2, 0), _link(0, 0, 2, 1), _link(2, 2, 3, 0)]
    assert _via(_opened(tmp_path, _four(links, [1, 0]))) == {2: 0, 3: 0}


def test_fewer_hops_come_before_the_lower_id(tmp_path: Path) -> None:
    links = [_link(0, 0, 2, 0), _link(2, 1, 3, 0), _link(3, 1, 1, 0)]
    assert _via(_opened(tmp_path, _four(links, [0, 1]))) == {2: 0, 3: 1}


def test_what_no_link_leads_to_is_reached_by_none(tmp_path: Path) -> None:
    assert _via(_opened(tmp_path, _four([_link(0, 0, 2, 0)], [0, 1]))) == {2: 0, 3: None}
