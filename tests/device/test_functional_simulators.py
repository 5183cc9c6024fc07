"""What Tenstorrent's functional simulators answer (ttsim 1.10.0, run in all eight published forms): nothing is
harvested, a Blackhole has no tags 34, 36 and 37, no chip has power, limits or a fan, and the heartbeat keeps
its value. A SoC descriptor of tt-metal may lie beside the library."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.device.simulated import (
    AICLK,
    ARCCLK,
    ASIC_ID_HIGH,
    ASIC_ID_LOW,
    ASIC_LOCATION,
    ASIC_TEMPERATURE,
    AXICLK,
    BLACKHOLE_TAGS,
    BOARD_ID_HIGH,
    BOARD_ID_LOW,
    BOARD_TEMPERATURE,
    DDR_STATUS,
    ENABLED_ETH,
    ETH_LIVE,
    FIRMWARE,
    HEARTBEAT,
    PCIE_USAGE,
    WORMHOLE_TAGS,
    Chip,
    Device,
    End,
    as_tt_metal_has_it,
    blackhole,
    wormhole,
)

_DESCRIPTORS = Path(__file__).resolve().parents[2] / "soc_descriptors"
_SHARED = {ASIC_TEMPERATURE: 40 << 16, BOARD_TEMPERATURE: 35 << 16, AICLK: 1000, AXICLK: 900, ARCCLK: 540,
           HEARTBEAT: 1}  # fmt: skip


def _board(board_id: int, location: int) -> dict[int, int | None]:
    return {BOARD_ID_HIGH: board_id >> 32, BOARD_ID_LOW: board_id & 0xFFFFFFFF, ASIC_LOCATION: location}


def _wormhole(boards: list[int], endpoints: int, links: list[tuple[End, End]]) -> Device:
    absent = dict.fromkeys(WORMHOLE_TAGS)
    tags = _SHARED | {ETH_LIVE: 0xFFFF, DDR_STATUS: 0x555, FIRMWARE: 0x12040000}
    chips = [
        Chip(tags=absent | tags | _board(board, chip), remote=chip >= endpoints)
        for chip, board in enumerate(boards)
    ]
    return wormhole(*chips, links=links)


def _blackhole(
    boards: list[int], locations: list[int], usage: list[int], links: list[tuple[End, End]]
) -> Device:
    absent = dict.fromkeys(BLACKHOLE_TAGS)
    tags = _SHARED | {
        ETH_LIVE: 0xFFF,
        ENABLED_ETH: 0xFFF,
        DDR_STATUS: 0x5555,
        FIRMWARE: 0x12050000,
        ASIC_ID_HIGH: 0,
    }
    chips = [
        Chip(tags=absent | tags | _board(board, location) | {PCIE_USAGE: use, ASIC_ID_LOW: 1 + chip})
        for chip, (board, location, use) in enumerate(zip(boards, locations, usage, strict=True))
    ]
    return blackhole(*chips, links=links)


def _ring(chips: int, channel: int, other_channel: int) -> list[tuple[End, End]]:
    return [((chip, channel), ((chip + 1) % chips, other_channel)) for chip in range(chips)]


_N150, _N300, _UBB, _P150, _P300, _UBB_BLACKHOLE = (
    code << 36 | 1 for code in (0x18, 0x14, 0x35, 0x40, 0x44, 0x47)
)
_T3000_LINKS = [
    *(((chip, 8 + k), (4 + chip, k)) for chip in range(4) for k in (0, 1)),
    *(((chip, 14 + k), (chip + 1, 14 + k)) for chip in (0, 2) for k in (0, 1)),
    *(((chip, 6 + k), (chip + 1, 6 + k)) for chip in (4, 6) for k in (0, 1)),
    *(((chip, 6 + k), (chip + 2, 6 + k)) for chip in (0, 1) for k in (0, 1)),
]
SIMULATORS: dict[str, Device] = {
    "wh": _wormhole([_N150], 1, []),
    "wh_x2": _wormhole([_N300] * 2, 1, [((0, 8), (1, 0)), ((0, 9), (1, 1))]),
    "wh_x8": _wormhole([_N300 + chip % 4 for chip in range(8)], 4, _T3000_LINKS),
    "wh_x32": _wormhole([_UBB] * 32, 32, _ring(32, 0, 1)),
    "bh": _blackhole([_P150], [0], [1], []),
    "bh_x2": _blackhole([_P300] * 2, [0, 1], [1, 4], [((0, 2), (1, 9)), ((0, 3), (1, 8))]),
    "bh_x4": _blackhole(
        [_P300 + chip // 2 for chip in range(4)], [1, 0, 1, 0], [4, 1, 4, 1],
        [((chip, 8 + k), ((chip + 1) % 4, 2 + k)) for chip in range(4) for k in (0, 1)],
    ),
    "bh_x32": _blackhole(
        [_UBB_BLACKHOLE] * 32, list(range(32)), [4 if chip & 1 else 1 for chip in range(32)], _ring(32, 0, 1)
    ),
}  # fmt: skip
Ask = Callable[..., Any]


@pytest.fixture(params=SIMULATORS)
def name(request: pytest.FixtureRequest) -> str:
    """A published simulator."""
    return str(request.param)


@pytest.fixture
def beside() -> bool:
    """Whether a SoC descriptor lies beside the library; tests of both override it."""
    return True


@pytest.fixture
def ask(run: Run, library: Path, tmp_path: Path, name: str, beside: bool) -> Ask:
    """The JSON answer of a command on a simulator."""
    folder = tmp_path / "simulator"
    folder.mkdir()
    shutil.copy(library, folder / "libttsim.so")
    device = SIMULATORS[name]
    if beside:
        arch = "blackhole" if device.arch == "blackhole" else "wormhole_b0"
        (folder / "soc_descriptor.yaml").write_text(as_tt_metal_has_it(_DESCRIPTORS / f"{arch}.yaml"))

    def call(command: str, *args: str, code: int = 0) -> Any:
        environment = device.write(tmp_path / "script")
        done = run(command, "--from", f"sim:{folder}/libttsim.so", *args, "--json", **environment)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.mark.parametrize("beside", [False, True], ids=["as downloaded", "as tt-metal wants it"])
def test_nothing_is_harvested_and_what_no_tag_tells_is_assumed(ask: Ask, name: str, beside: bool) -> None:
    """It is compared with the cores that tt_umd names."""
    answer, is_blackhole = ask("harvest"), SIMULATORS[name].arch == "blackhole"
    product = {"harvested": {"n150": 1, "n300": 2, "p150": 2, "p300": 2, "ubb": 0, "ubb_blackhole": 1}}
    for device in answer["devices"]:
        assert device["masks"]["tensix"] == device["masks"]["dram"] == device["masks"]["l2cpu"] == 0
        grid, active = ([14, 10], 140) if is_blackhole else ([8, 10], 80)
        assert (device["tensix"]["grid"], device["tensix"]["active"]) == (grid, active)
        assumed = ["tensix", "dram", *([] if beside else ["l2cpu"])] if is_blackhole else []
        assert (device["assumed"], device["checked"]) == (assumed, True)
        cores = 4 if is_blackhole and not beside else 0
        assert device["l2cpu"] == {"cores": cores, "active": cores, "harvested": []}
        findings = [(finding["id"], finding["severity"]) for finding in device["findings"]]
        assert findings == ([("TTH001", "info")] if product["harvested"][device["board"]] else [])


def test_a_snapshot_of_it_answers_the_same(ask: Ask, run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(ask("snapshot", "--shm-dir", str(tmp_path))))
    live, recorded = ask("harvest", "--cores"), run("harvest", "--cores", "--from", "s.json", "--json")
    assert json.loads(recorded.stdout)["devices"] == live["devices"]


def test_every_link_is_seen_from_both_ends_and_nothing_is_wrong(ask: Ask, name: str) -> None:
    answer = ask("topology")
    assert len(answer["links"]) == len(SIMULATORS[name].links)
    assert {link["state"] for link in answer["links"]} <= {"up"}
    assert answer["findings"] == []
    assert [chip["mmio"] for chip in answer["chips"]] == [not chip.remote for chip in SIMULATORS[name].chips]


def test_telemetry_is_what_there_is(ask: Ask, name: str) -> None:
    for device in ask("telemetry")["devices"]:
        assert (device["asic_celsius"], device["board_celsius"], device["aiclk_mhz"]) == (40.0, 35.0, 1000)
        assert (device["power_w"], device["vcore_mv"], device["fan_rpm"]) == (None, None, None)
        assert {module["trained"] for module in device["gddr"]} == {True}
        assert (device["heartbeat"], device["heartbeat_moves"]) == (1, False)
        assert [finding["severity"] for finding in device["findings"] if finding["id"] == "TTT012"] == [
            "info"
        ]


def test_a_simulator_passes_though_it_harvests_nothing_and_runs_no_firmware(
    ask: Ask, name: str, tmp_path: Path
) -> None:
    answer = ask("check", "--shm-dir", str(tmp_path), "--strict")
    assert {expectation["outcome"] for expectation in answer["expectations"]} == {"pass"}
    assert answer["verdict"] == "pass"


@pytest.mark.parametrize("name", ["bh"])
def test_eth_l1_of_a_blackhole_is_what_it_has_and_not_what_the_descriptor_beside_says(
    ask: Ask, tmp_path: Path
) -> None:
    """That of tt-metal has tt-umd's figure."""
    descriptor = tmp_path / "simulator" / "soc_descriptor.yaml"
    descriptor.write_text(re.sub(r"eth_l1_size: .*", "eth_l1_size: 262144", descriptor.read_text()))
    answer = ask("capacity")
    assert answer["devices"][0]["eth_l1"]["per_core"] == 524288
    (doubt,) = [finding for finding in answer["findings"] if finding["id"] == "TTH007"]
    assert doubt["evidence"] == {"eth_l1_size": 262144, "used": 524288}
    assert "262,144" in doubt["message"]
    assert "524,288" in doubt["message"]


@pytest.mark.parametrize("command", ["list", "harvest", "topology", "telemetry", "capacity"])
def test_a_quasar_which_tt_umd_does_not_discover_is_opened(
    run: Run, library: Path, tmp_path: Path, command: str
) -> None:
    """By create_simulation_tt_device (tt-umd 0.9.14); the test device tells its PCI id and no more."""
    script = Device("quasar", [Chip()]).write(tmp_path / "script")
    done = run(command, "--from", f"sim:{library}", "--json", **script)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (chip,) = document.get("devices") or document["chips"]
    assert chip["arch"] == "quasar"
    if command == "harvest":
        assert (chip["tensix"]["active"], chip["checked"]) == (32, True)
        assert chip["assumed"] == ["tensix", "dram", "eth", "pcie", "l2cpu"]
        assert [finding["id"] for finding in chip["findings"]] == ["TTH006"]  # live cores are as computed
    if command == "telemetry":
        assert chip["aiclk_mhz"] is None
