"""What an answer does not tell, and why."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sources.clusters import MODERN_P150, n300, to_yaml
from tests.sources.fake_sysfs import N300_BOARD_ID, UBB_BLACKHOLE_BOARD_ID, device, kernel_driver, write
from tests.sources.test_tt_smi import TELEMETRY, tt_smi
from tests.unknowns import COMMANDS, SNAPSHOT, answered, assert_of_all_commands, devices_of
from ttinspect.answers.diff import build_diff
from ttinspect.answers.unknowns import null_paths, nulls_inside, reasons_of
from ttinspect.model.chip import Masks, Unknown
from ttinspect.model.system import Trouble
from ttinspect.model.telemetry import EthChannel, GddrModule
from ttinspect.sources.opening import open_source

Make = Callable[[Path], str]


def _file(text: str) -> Make:
    def make(folder: Path) -> str:
        path = folder / "source"
        path.write_text(text)
        return str(path)

    return make


def _healthy(folder: Path) -> str:
    kernel_driver(folder)
    device(folder, 0)
    device(folder, 1, pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    device(folder, 2, board_id=UBB_BLACKHOLE_BOARD_ID, bdf="0000:41:00.0")
    return f"sysfs:{folder}"


def _with(texts: dict[str, str | None], folder: Path) -> str:
    kernel_driver(folder)
    attributes = device(folder, 0)
    for name, text in texts.items():
        if text is None:
            (attributes / name).unlink()
        else:
            write(attributes / name, text)
    return f"sysfs:{folder}"


def _garbage(folder: Path) -> str:
    texts = ("tt_aiclk", "tt_serial", "tt_card_type", "tt_asic_id", "tt_fw_bundle_ver", "tt_heartbeat")
    links = ("device/current_link_width", "device/max_link_speed", "device/hwmon/hwmon3/temp1_input")
    return _with(dict.fromkeys((*texts, *links), "garbage"), folder)


def _missing(folder: Path) -> str:
    return _with({"tt_aiclk": None, "tt_serial": None, "device/hwmon/hwmon3/fan1_input": None}, folder)


def _off_the_bus(folder: Path) -> str:
    return _with({"tt_aiclk": str(0xFFFFFFFF), "tt_serial": "F" * 16}, folder)


def _bare(folder: Path) -> str:
    source = _healthy(folder)
    for attribute in folder.rglob("tt_*"):
        attribute.unlink()
    for hwmon in folder.glob("sys/devices/*/*/hwmon"):
        shutil.rmtree(hwmon)
    return source


_UNKNOWN_BOARD = {"boards": [[{"board_id": 72058994491072600}, {"board_type": "n999"}, {"chips": [0, 1]}]]}
SOURCES: dict[str, Make | str] = {
    "a board": "board:p150",
    "a remote chip": "board:n300",
    "a galaxy": "board:galaxy-bh",
    "masks": "masks:wormhole_b0,tensix=3",
    "masks of a board": "masks:blackhole,tensix=3,board=p150",
    "quasar": "masks:quasar",
    "a cluster": _file(MODERN_P150),
    "an old cluster": _file(to_yaml(n300())),
    "a cluster without harvesting": _file(to_yaml(n300(harvesting=None))),
    "a cluster without boards": _file(to_yaml(n300(boards=None))),
    "a chip that none reaches": _file(to_yaml(n300(ethernet_connections=[]))),
    "a cluster of an unknown board": _file(to_yaml(n300(**_UNKNOWN_BOARD))),
    "tt-smi": _file(tt_smi(TELEMETRY)),
    "tt-smi without words": _file(tt_smi({}, board_type="p150a")),
    "tt-smi without a word": _file(tt_smi({**TELEMETRY, "ENABLED_GDDR": None, "NOC_TRANSLATION": None})),
    "tt-smi of a wormhole": _file(tt_smi({}, board_type="n300", board_id="100014411703043")),
    "sysfs": _healthy,
    "garbage in sysfs": _garbage,
    "files missing in sysfs": _missing,
    "a bare sysfs": _bare,
    "off the bus": _off_the_bus,
}


@pytest.fixture(params=list(SOURCES.values()), ids=list(SOURCES))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What --from names."""
    make: Make | str = request.param
    return make if isinstance(make, str) else make(tmp_path)


def test_every_null_of_a_device_has_its_reason_once(source: str) -> None:
    assert_of_all_commands(source)


def test_a_snapshot_gives_the_reasons_of_its_source(source: str, tmp_path: Path) -> None:
    path = tmp_path / SNAPSHOT
    path.write_text(json.dumps(answered(source, "snapshot")))
    for command in COMMANDS:
        of_source, of_snapshot = (answered(place, *command) for place in (source, str(path)))
        if "error" not in of_source:
            whys = [
                [device["unknown"] for device in devices_of(document)]
                for document in (of_source, of_snapshot)
            ]
            assert whys[0] == whys[1], command


def _whys(source: str, *command: str, of: int = 0) -> dict[str, str]:
    device = devices_of(answered(source, *command))[of]
    return {unknown["path"]: unknown["why"] for unknown in device["unknown"]}


def test_the_paths_are_those_of_the_answer() -> None:
    source = "masks:blackhole,tensix=3,board=p150"
    assert _whys(source, "harvest").keys() == {
        "board_id",
        "serial",
        "unique_id",
        "asic_location",
        "mmio",
        "via",
    }
    assert _whys(source, "capacity") == {}
    assert _whys(source, "check") == {}
    links = "masks: describes one chip, without its eth links"
    topology = _whys(source, "topology")
    assert [topology[name] for name in ("neighbours", "outside_links", "one_sided_links")] == [links] * 3


def test_what_follows_of_a_mask_has_the_reason_of_the_mask(tmp_path: Path) -> None:
    words = {**TELEMETRY, "ENABLED_TENSIX_COL": None}
    source = _file(tt_smi(words))(tmp_path)
    why = "telemetry ENABLED_TENSIX_COL is missing"
    tensix = ("grid", "harvested_grid", "active", "harvested", "harvested_lines", "harvested_noc0")
    harvest = _whys(source, "harvest", "--cores")
    assert {path for path, reason in harvest.items() if reason == why} == {
        "masks.tensix", "cores.tensix", *(f"tensix.{name}" for name in tensix)
    }  # fmt: skip
    capacity = _whys(source, "capacity")
    assert {*capacity.values()} == {why}
    assert {"tensix_grid", "l1.cores", "l1.physical", "l1.allocatable", "l1_small.banks"} <= capacity.keys()
    assert "dram.physical" not in capacity
    memory = _whys(source, "memory")
    assert "the source does not tell which device it is" in memory.pop("held_by.held")
    assert memory == {"capacity.l1_physical": why, "capacity.l1_allocatable": why}
    assert _whys(source, "list")["tensix_grid"] == why


def test_coordinates_are_unknown_where_translation_is(tmp_path: Path) -> None:
    source = _file(tt_smi({**TELEMETRY, "NOC_TRANSLATION": None}))(tmp_path)
    why = "telemetry NOC_TRANSLATION is missing"
    cores = _whys(source, "harvest", "--cores")
    assert (cores["cores.tensix.translated"], cores["cores.arc.harvested.translated"]) == (why, why)
    at = _whys(source, "harvest", "--core", "2-2")
    assert at["at[].translated"] == why
    assert "at[].logical" not in at


def test_a_dispatch_that_cannot_be_is_the_reason_that_nothing_is_allocatable() -> None:
    whys = _whys("board:p150", "capacity", "--dispatch", "eth")
    assert {*whys.values()} == {"tt-metal cannot open it with eth dispatch"}
    assert {"l1.compute_grid", "l1.banks", "l1.bank_bytes", "l1.allocatable", "dram.views"} <= whys.keys()


def test_an_unknown_board_is_named(tmp_path: Path) -> None:
    source = _file(to_yaml(n300(**_UNKNOWN_BOARD)))(tmp_path)
    assert _whys(source, "check") == {"board": "UMD knows no board 'n999'"}


def test_a_remote_chip_that_none_reaches_says_so(tmp_path: Path) -> None:
    source = _file(to_yaml(n300(ethernet_connections=[])))(tmp_path)
    assert _whys(source, "harvest", of=1)["via"] == "no MMIO-capable chip is seen to reach it"


def test_another_wording_of_a_reason_is_no_difference() -> None:
    old = open_source("board:p150")
    other = Unknown(path="links", why="nobody looked")
    chips = tuple(msgspec.structs.replace(chip, unknown=(other,)) for chip in old.chips)
    assert build_diff(old, msgspec.structs.replace(old, chips=chips)).same


def test_a_chip_without_a_reading_says_why_of_every_reading(tmp_path: Path) -> None:
    device(tmp_path, 1)
    whys = _whys(_off_the_bus(tmp_path), "telemetry")
    off = "it is off the bus: its registers read as all ones"
    assert (whys["aiclk_mhz"], whys["gddr"], whys["dram_trained"], whys["heartbeat"]) == (off,) * 4
    assert "telemetry" not in whys


def test_a_missing_attribute_is_the_reason_of_its_reading(tmp_path: Path) -> None:
    whys = _whys(_missing(tmp_path), "telemetry")
    assert whys["aiclk_mhz"] == "sysfs does not carry it, or in a file that is missing, unreadable or garbage"
    assert "axiclk_mhz" not in whys


def test_a_chip_that_is_not_on_the_bus_has_no_place_on_it() -> None:
    local, remote = (_whys("board:n300", "topology", of=chip) for chip in (0, 1))
    on_the_bus = {"kmd_id", "pci_bdf", *(f"pcie.{name}" for name in ("bus_id", "lanes", "generation"))}
    assert on_the_bus <= local.keys()
    assert not on_the_bus & remote.keys()
    assert "via" not in {*local, *remote}
    assert "tray" not in {*local, *remote}


def test_only_what_could_not_be_read_explains_everything() -> None:
    system = open_source("board:n300")
    troubles = (
        Trouble(chip=0, why="it is unwell", readable=True),
        Trouble(chip=0, why="it hangs", readable=False),
        Trouble(chip=1, why="it is unwell", readable=True),
        Trouble(chip=None, why="one is left out", readable=False),
    )
    reasons = reasons_of(msgspec.structs.replace(system, troubles=troubles))
    assert reasons.unread == {0: "it hangs"}
    assert reasons.troubles == {0: "it hangs", 1: "it is unwell"}


def test_a_path_in_a_list_stands_for_all_its_entries() -> None:
    assert nulls_inside("eth_up", (True, None, None)) == ["eth_up[]"]
    assert nulls_inside("eth_up", (True, False)) == nulls_inside("eth_up", ()) == []
    assert nulls_inside(
        "eth",
        [
            EthChannel(channel=number, up=up, heartbeat=True, retrained=False)
            for number, up in enumerate((True, None))
        ],
    ) == ["eth[].up"]
    module = GddrModule(
        channel=0, trained=True, top_celsius=None, bottom_celsius=1.0, corrected_read_errors=0,
        corrected_write_errors=0, uncorrected_read_errors=0, uncorrected_write_errors=0,
    )  # fmt: skip
    other = msgspec.structs.replace(module, channel=1, trained=None)
    assert nulls_inside("gddr", [module, other]) == ["gddr[].trained", "gddr[].top_celsius"]
    assert nulls_inside("gddr", None) == []


def test_paths_are_those_of_the_type() -> None:
    masks: Any = Masks(tensix=1, dram=None, eth=0, pcie=None, l2cpu=0)
    assert null_paths(masks) == ["dram", "pcie"]
