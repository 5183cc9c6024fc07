"""Topology of devices that the real tt_umd discovers: links, remote chips, ids."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.device.conftest import Answer
from tests.device.simulated import (
    ASIC_ID_HIGH,
    ASIC_ID_LOW,
    ASIC_LOCATION,
    BOARD_ID_HIGH,
    BOARD_ID_LOW,
    Chip,
    Device,
    blackhole,
    wormhole,
)

_N300 = 0x1000140
_P300 = 0x440


def p300() -> Device:
    """Both chips of a board, and the two links between them."""
    return blackhole(
        Chip(tags={BOARD_ID_HIGH: _P300, BOARD_ID_LOW: 7, ASIC_LOCATION: 0}),
        Chip(tags={BOARD_ID_HIGH: _P300, BOARD_ID_LOW: 7, ASIC_LOCATION: 1, 38: 4}),
        links=[((0, 0), (1, 1)), ((0, 2), (1, 3))],
    )


_GETTERS = """
import json, sys, tt_umd
options, simulation = tt_umd.TopologyDiscoveryOptions(), tt_umd.SimulationDiscoveryOptions()
simulation.simulator_path = sys.argv[1]
options.simulation = simulation
found, devices = tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, sys.argv[2])
chips = sorted(found.get_all_chips())
json.dump({
    "ends": sorted(
        [chip, channel, far, far_channel]
        for chip, channels in found.get_ethernet_connections().items()
        for channel, (far, far_channel) in channels.items()
    ),
    "active": [sorted(found.get_active_eth_channels(chip)) for chip in chips],
    "mmio": [found.is_chip_mmio_capable(chip) for chip in chips],
    "via": [found.get_closest_mmio_capable_chip(chip) for chip in chips],
    "unique_id": [str(found.get_chip_unique_ids()[chip]) for chip in chips],
    "board_id": [str(found.get_board_id_for_chip(chip)) for chip in chips],
    "board": [found.get_board_type(chip).name.lower() for chip in chips],
    "asic_location": [found.get_asic_location(chip) for chip in chips],
}, open(sys.argv[3], "w"))
"""


def n300s(boards: int, **more: Any) -> Device:
    """Boards of two chips each; the left chips have the PCI endpoints, as on the board."""
    tags = [{BOARD_ID_HIGH: _N300, BOARD_ID_LOW: 0x1000 + board} for board in range(boards)]
    left = [Chip(tags={**each, ASIC_LOCATION: 0}, harvested_rows=0x003) for each in tags]
    right = [Chip(tags={**each, ASIC_LOCATION: 1}, harvested_rows=0x300, remote=True) for each in tags]
    across = [((board, 8 + k), (boards + board, k)) for board in range(boards) for k in (0, 1)]
    more["links"] = across + more.get("links", [])
    return wormhole(*left, *right, **more)


_SYSTEMS = {
    "n300": n300s(1),
    "two n300, joined left and right": n300s(2, links=[((0, 14), (1, 14)), ((2, 6), (3, 6))]),
    "p150 pair": blackhole(Chip(), Chip(), links=[((0, 4), (1, 6)), ((0, 11), (1, 2))]),
    "p300": p300(),
    "ring of four": blackhole(
        *[Chip() for _ in range(4)], links=[((chip, 9), ((chip + 1) % 4, 8)) for chip in range(4)]
    ),
}


@pytest.mark.parametrize("name", _SYSTEMS)
def test_topology_is_what_tt_umds_own_getters_say(
    library: Path, answer: Answer, tmp_path: Path, name: str
) -> None:
    device = _SYSTEMS[name]
    document = answer(device, "topology")
    truth = _getters(library, device, tmp_path)
    chips = document["chips"]
    for key in ("mmio", "unique_id", "board_id", "board", "asic_location"):
        assert [chip[key] for chip in chips] == truth[key], key
    assert [chip["id"] if chip["mmio"] else chip["via"] for chip in chips] == truth["via"]
    ends = [[link[x]["chip"], link[x]["channel"], link[y]["chip"], link[y]["channel"]]
            for link in document["links"] for x, y in ("ab", "ba")]  # fmt: skip
    assert sorted(ends) == truth["ends"]
    assert [sorted(end[1] for end in ends if end[0] == chip["id"]) for chip in chips] == truth["active"]
    joined = {frozenset({(at[0], at[1]), (at[2], at[3])}) for at in ends}
    assert joined == {frozenset(link) for link in device.links}
    assert {link["state"] for link in document["links"]} == {"up"}


def test_the_remote_chip_of_an_n300_is_reached_through_the_other(answer: Answer) -> None:
    document = answer(n300s(1), "harvest")
    left, right = document["devices"]
    assert (left["mmio"], left["via"], right["mmio"], right["via"]) == (True, None, False, 0)
    assert (left["board"], right["board"]) == ("n300", "n300")
    # physical rows 0, 1 and 8, 9 of 0x57 (spec of the shuffle: [9, 0, 8, 1, 7, 2, 6, 3, 5, 4])
    assert (left["masks"]["tensix"], right["masks"]["tensix"]) == (1 << 9 | 1 << 0, 1 << 5 | 1 << 4)
    assert left["checked"] and right["checked"]
    assert document["common_grid"] == [8, 8]
    assert document["findings"] == []


def test_the_telemetry_of_a_remote_chip_is_its_own(answer: Answer) -> None:
    device = n300s(1)
    device.chips[1].tags[14] = 777
    left, right = answer(device, "telemetry")["devices"]
    assert (left["aiclk_mhz"], right["aiclk_mhz"]) == (1000, 777)


def test_a_link_that_leaves_the_host_names_the_far_chip(answer: Answer) -> None:
    far_board = 0x401_00009999
    document = answer(blackhole(Chip(), outside=[((0, 3), (far_board, 5))]), "topology")
    assert document["links"] == []
    (link,) = document["remote_links"]
    assert link["a"] == {"chip": 0, "channel": 3}
    assert (link["remote_unique_id"], link["remote_channel"]) == (str(far_board << 5), 5)


@pytest.mark.parametrize(
    ("tag", "word", "name"),
    [
        (BOARD_ID_LOW, 0xFFFFFFFF, "board_id"),
        (ASIC_ID_LOW, 0xFFFFFFFF, "unique_id"),
        (ASIC_ID_HIGH, 0xFFFFFFFF, "unique_id"),
        (ASIC_LOCATION, None, "asic_location"),
    ],
)
def test_an_identity_that_is_missing_or_all_ones_is_unknown(
    answer: Answer, tag: int, word: int | None, name: str
) -> None:
    document = answer(blackhole(Chip(tags={tag: word})), "topology")
    (chip,) = document["chips"]
    assert chip[name] is None
    on_no_bus = "a chip of a simulator is on no PCI bus"
    paths = {unknown["path"] for unknown in chip["unknown"] if unknown["why"] != on_no_bus} - {
        "held_by.held",
        "tray",
    }
    follows = {"board_id": {"serial", "revision"}}.get(name, set())
    assert paths - follows == {name}


def _getters(library: Path, device: Device, folder: Path) -> Any:
    """What a plain script reads from tt_umd's ClusterDescriptor of the same device."""
    from ttinspect.facts.files import data_directory

    beside = folder / "libttsim.so"
    beside.symlink_to(library)
    arch = "blackhole" if device.arch == "blackhole" else "wormhole_b0"
    soc = folder / "soc_descriptor.yaml"
    soc.write_bytes((data_directory() / f"{arch}.yaml").read_bytes())
    getters = folder / "getters.json"
    subprocess.run(
        [sys.executable, "-c", _GETTERS, str(beside), str(soc), str(getters)],
        check=True, capture_output=True, timeout=60,
        env={**os.environ, "TT_LOGGER_LEVEL": "off", **device.write(folder / "plain-script")},
    )  # fmt: skip
    return json.loads(getters.read_text())
