"""What Tenstorrent's functional simulators answer: few tags, a heartbeat at one value, no L2CPU, and SoC
descriptors of tt-metal beside the library. Each published form, from one chip to a Galaxy."""

import json
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
    GDDR,
    HEARTBEAT,
    L2CPU,
    PCIE_USAGE,
    TENSIX_COL,
    WORMHOLE_TAGS,
    Chip,
    Device,
    End,
    as_tt_metal_has_it,
    blackhole,
    wormhole,
)

_DESCRIPTORS = Path(__file__).resolve().parents[2] / "soc_descriptors"
_ROW_BITS = (9, 0, 8, 1, 7, 2, 6, 3, 5, 4)
"""Descriptor row of each physical bit (tt-umd 0.9.14)."""
_COLUMN_BITS = (0, 13, 1, 12, 2, 11, 3, 10, 4, 9, 5, 8, 6, 7)
_SHARED = {ASIC_TEMPERATURE: 40 << 16, BOARD_TEMPERATURE: 35 << 16, AICLK: 1000, AXICLK: 900, ARCCLK: 540,
           HEARTBEAT: 1}  # fmt: skip


def _physical(mask: int, order: tuple[int, ...]) -> int:
    return sum(1 << bit for bit, line in enumerate(order) if mask >> line & 1)


def _board(board_id: int, location: int) -> dict[int, int | None]:
    return {BOARD_ID_HIGH: board_id >> 32, BOARD_ID_LOW: board_id & 0xFFFFFFFF, ASIC_LOCATION: location}


def _wormhole(masks: list[int], boards: list[int], endpoints: int, links: list[tuple[End, End]]) -> Device:
    absent = dict.fromkeys(WORMHOLE_TAGS)
    tags = _SHARED | {ETH_LIVE: 0xFFFF, DDR_STATUS: 0x555, FIRMWARE: 0x12040000}
    return wormhole(
        *(
            Chip(
                tags=absent | tags | _board(boards[chip], chip),
                harvested_rows=_physical(mask, _ROW_BITS),
                remote=chip >= endpoints,
            )
            for chip, mask in enumerate(masks)
        ),
        links=links,
    )


def _blackhole(
    masks: list[int], boards: list[int], locations: list[int], usage: list[int], links: list[tuple[End, End]]
) -> Device:
    absent = dict.fromkeys(BLACKHOLE_TAGS)
    tags = _SHARED | {ETH_LIVE: 0xFFF, ENABLED_ETH: 0xFFF, DDR_STATUS: 0x5555, GDDR: 0xFF, L2CPU: 0,
                      FIRMWARE: 0x12050000, ASIC_ID_HIGH: 0}  # fmt: skip
    return blackhole(
        *(
            Chip(
                tags=absent | tags | _board(boards[chip], locations[chip])
                | {
                    TENSIX_COL: ~_physical(mask, _COLUMN_BITS) & 0x3FFF,
                    PCIE_USAGE: usage[chip],
                    ASIC_ID_LOW: 1 + chip,
                }
            )
            for chip, mask in enumerate(masks)
        ),
        links=links,
    )  # fmt: skip


def _ring(chips: int, one: int, other: int) -> list[tuple[End, End]]:
    return [((chip, one), ((chip + 1) % chips, other)) for chip in range(chips)]


_N150, _N300, _UBB, _P150, _P300, _UBB_BLACKHOLE = (
    code << 36 | 1 for code in (0x18, 0x14, 0x35, 0x40, 0x44, 0x47)
)
_T3000_LINKS = [
    *(((chip, 8 + k), (4 + chip, k)) for chip in range(4) for k in (0, 1)),
    *(((chip, 14 + k), (chip + 1, 14 + k)) for chip in (0, 2) for k in (0, 1)),
    *(((chip, 6 + k), (chip + 2, 6 + k)) for chip in (0, 1) for k in (0, 1)),
]
MASKS: dict[str, list[int]] = {
    "n150": [0],
    "n300": [0x041, 0x005],
    "t3000": [0x220, 0x201, 0x280, 0x201, 0x240, 0x201, 0x201, 0x210],
    "galaxy-wh": [0] * 32,
    "p150": [0],
    "p300": [0x2080, 0x0110],
    "two p300": [0x0201, 0x0012, 0x0300, 0x0900],
    "8 p150": [0] * 8,
    "galaxy-bh": [1 << (5 * chip) % 14 for chip in range(32)],
}
"""Tensix masks in descriptor order."""
SIMULATORS: dict[str, Device] = {
    "n150": _wormhole(MASKS["n150"], [_N150], 1, []),
    "n300": _wormhole(MASKS["n300"], [_N300] * 2, 1, [((0, 8), (1, 0)), ((0, 9), (1, 1))]),
    "t3000": _wormhole(MASKS["t3000"], [_N300 + chip % 4 for chip in range(8)], 4, _T3000_LINKS),
    "galaxy-wh": _wormhole(MASKS["galaxy-wh"], [_UBB] * 32, 32, _ring(32, 0, 1)),
    "p150": _blackhole(MASKS["p150"], [_P150], [0], [1], []),
    "p300": _blackhole(
        MASKS["p300"], [_P300] * 2, [0, 1], [1, 4], [((0, 2), (1, 9)), ((0, 3), (1, 8))]
    ),
    "two p300": _blackhole(
        MASKS["two p300"], [_P300 + chip // 2 for chip in range(4)], [1, 0, 1, 0], [4, 1, 4, 1],
        [((0, 8), (1, 3)), ((1, 4), (2, 4)), ((2, 8), (3, 3)), ((3, 5), (0, 2))],
    ),
    "8 p150": _blackhole(
        MASKS["8 p150"], [_P150 + chip for chip in range(8)], [0] * 8, [1] * 8, _ring(8, 4, 5)
    ),
    "galaxy-bh": _blackhole(
        MASKS["galaxy-bh"], [_UBB_BLACKHOLE] * 32, list(range(32)), [4 if chip & 1 else 1 for chip in range(32)],
        _ring(32, 0, 1),
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
def test_the_grids_are_those_of_the_masks(ask: Ask, name: str, beside: bool) -> None:
    answer = ask("harvest")
    lines, other = (14, 10) if SIMULATORS[name].arch == "blackhole" else (10, 8)
    assert [device["masks"]["tensix"] for device in answer["devices"]] == MASKS[name]
    for device, mask in zip(answer["devices"], MASKS[name], strict=True):
        live = lines - mask.bit_count()
        grid = [live, other] if SIMULATORS[name].arch == "blackhole" else [other, live]
        assert (device["tensix"]["grid"], device["tensix"]["active"]) == (grid, live * other)
        assert device["checked"] is True
        listed = 4 if SIMULATORS[name].arch == "blackhole" and not beside else 0
        assert device["l2cpu"] == {"cores": listed, "active": 0, "harvested": [*range(listed)]}
        assert [one["id"] for one in device["findings"]] == (["TTH001"] if name == "n150" else [])


def test_a_snapshot_of_it_answers_the_same(ask: Ask, run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(ask("snapshot", "--shm-dir", str(tmp_path))))
    there, here = ask("harvest", "--cores"), run("harvest", "--cores", "--from", "s.json", "--json")
    assert json.loads(here.stdout)["devices"] == there["devices"]


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


def test_a_simulator_is_not_failed_for_the_firmware_that_it_does_not_run(ask: Ask, name: str) -> None:
    unharvested = name == "n150"
    answer = ask("check", code=10 if unharvested else 0)
    failed = [one["id"] for one in answer["expectations"] if one["outcome"] == "fail"]
    assert failed == (["TTH001"] if unharvested else [])
    assert {one["outcome"] for one in answer["expectations"]} <= {"pass", "fail"}
