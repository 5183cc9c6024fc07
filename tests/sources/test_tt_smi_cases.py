"""Documents of other tt-smi releases, libraries and boards, rebuilt from public reports: the right values are
worked out by hand from the words in them."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.golden.reading import tt_smi_documents
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.tt_smi import read_tt_smi
from ttinspect.verify.findings.telemetry import telemetry_findings
from ttinspect.verify.findings.topology import topology_findings


def document(name: str) -> Any:
    return copy.deepcopy(tt_smi_documents()[name])


def chips(text: Any) -> tuple[Chip, ...]:
    return read_tt_smi(json.dumps(text).encode(), "s.json").chips


def telemetry(of: Chip) -> Telemetry:
    assert of.telemetry is not None
    return of.telemetry


def trained(of: Chip) -> list[bool | None] | None:
    gddr = telemetry(of).gddr
    return None if gddr is None else [module.trained for module in gddr]


def bh(status: str | None = "0x55555555", firmware: str | None = "0x13090000", **words: Any) -> Any:
    """A p150 with other words: bundle 19.9.0, everything trained and tested, if nothing is said."""
    text = document("ddr_ok")
    telem = text["device_info"][0]["smbus_telem"]
    telem |= {"DDR_STATUS": status, "FLASH_BUNDLE_VERSION": firmware, **words}
    if firmware is None:
        text["device_info"][0]["firmwares"] = {}
    return text


@pytest.mark.parametrize(
    ("status", "firmware", "expected"),
    [
        ("0x55555555", "0x13090000", [True] * 8),
        ("0xd5555555", "0x13090000", [True] * 7 + [False]),  # tt_umd 0.9.14: channel 7 false
        ("0x00005555", "0x13070000", [False] * 8),
        ("0x00005555", "0x13060000", [True] * 8),
        ("0x00005555", "0x1306ff00", [True] * 8),
        ("0xd5555555", "0x13060000", [True] * 8),  # no self test there: these bits say nothing
        ("0x55555554", "0x13070000", [False] + [True] * 7),
        ("0x5555aaaa", "0x13070000", [False] * 8),
        ("0x55555555", None, [True] * 8),
        ("0x00005555", None, [None] * 8),  # right before 19.7.0, wrong from it on
        ("0x00005556", None, [False] + [None] * 7),
    ],
)
def test_a_blackhole_channel_is_trained_when_training_and_self_test_passed(
    status: str, firmware: str | None, expected: list[bool | None]
) -> None:
    (chip,) = chips(bh(status, firmware))
    assert trained(chip) == expected


def test_a_channel_that_failed_its_self_test_fails_the_check(run: Run, tmp_path: Path) -> None:
    text = document("g_bistfail7")
    assert trained(chips(text)[0]) == [True] * 7 + [False]
    (tmp_path / "s.json").write_text(json.dumps(text))
    (tmp_path / "shm").mkdir()
    answer = json.loads(run("check", "--from", "s.json", "--shm-dir", "shm", "--json").stdout)
    (dram,) = [one for one in answer["expectations"] if one["fact"] == "DRAM trained"]
    assert (dram["outcome"], dram["found"]) == ("fail", "7 of 8 live")
    del text["device_info"][0]["smbus_telem"]["DDR_STATUS"]  # gddr_telemetry says the same
    assert trained(chips(text)[0]) == [True] * 7 + [False]
    assert trained(chips(document("ddr_nobist"))[0]) == [False] * 8


@pytest.mark.parametrize(
    ("bist", "bundle", "expected"),
    [("pass", "19.9.0.0", True), ("n/a", "19.9.0.0", False), ("n/a", "19.6.0.0", True), ("fail", "19.6.0.0", True),
     ("n/a", "N/A", None), ("pass", "N/A", True)],
)  # fmt: skip
def test_what_tt_smi_says_of_a_channel_is_judged_by_the_firmware_too(
    bist: str, bundle: str, expected: bool | None
) -> None:
    text = bh(None, None)
    channels = [{"channel": channel, "training": "pass", "bist": bist} for channel in range(8)]
    text["device_info"][0] |= {
        "gddr_telemetry": {"channels": channels},
        "firmwares": {"fw_bundle_version": bundle},
    }
    assert trained(chips(text)[0]) == [expected] * 8


@pytest.mark.parametrize(
    ("status", "expected"),
    [("0x02222222", [True] * 6), ("0x02212222", [True, True, True, True, False, True]), ("0x02222220", [False] + [True] * 5)],
)  # fmt: skip
def test_a_wormhole_tells_its_training_in_nibbles_and_needs_no_mask(
    status: str, expected: list[bool]
) -> None:
    text = document("wh68_ddr4fail")
    (device,) = text["device_info"]
    device["smbus_telem"]["DDR_STATUS"] = status
    del device["gddr_telemetry"]
    (chip,) = chips(text)
    assert (chip.masks, trained(chip)) == (UNKNOWN_MASKS, expected)
    assert telemetry(chip).gddr_speed_mts == 12000  # board_info: 12G


def test_a_wormhole_whose_channel_4_is_not_trained() -> None:
    (chip,) = chips(document("wh68_ddr4fail"))
    assert (chip.arch, chip.board) == (Arch.WORMHOLE_B0, Board("n300"))
    assert trained(chip) == [True, True, True, True, False, True]
    assert [one.id for one in telemetry_findings(chip)] == ["TTT011"]


def test_all_trained_is_an_answer_whatever_the_mask(run: Run, tmp_path: Path) -> None:
    text = bh(ENABLED_GDDR=None)
    (chip,) = chips(text)
    assert (chip.masks.dram, trained(chip)) == (None, [True] * 8)
    (tmp_path / "s.json").write_text(json.dumps(text))
    (tmp_path / "shm").mkdir()
    answer = json.loads(run("check", "--from", "s.json", "--shm-dir", "shm", "--json").stdout)
    (dram,) = [one for one in answer["expectations"] if one["fact"] == "DRAM trained"]
    assert dram["outcome"] == "pass"
    # one that is not may be the harvested one
    assert trained(chips(bh("0xd5555555", ENABLED_GDDR=None))[0]) is None


@pytest.mark.parametrize(("printed", "expected"), [(True, [True] * 8), (False, None), ("true", None)])
def test_what_tt_smi_prints_of_all_channels_counts_where_there_is_no_word(
    printed: Any, expected: list[bool] | None
) -> None:
    text = bh()
    del text["device_info"][0]["smbus_telem"]["DDR_STATUS"]
    text["device_info"][0]["board_info"]["dram_status"] = printed
    assert trained(chips(text)[0]) == expected
    text["device_info"][0]["smbus_telem"]["DDR_STATUS"] = None
    assert trained(chips(text)[0]) is None


def test_a_p100_in_luwens_words() -> None:
    """tt-smi 3.0.36: no ENABLED_ETH and no ASIC_LOCATION, because both are 0. ENABLED_GDDR 0xf7: bank 3.
    Columns 12 and 13 of the die are NOC0 x 11 and 10, lines 8 and 7 of the descriptor."""
    (chip,) = chips(document("luwen_p100"))
    assert (chip.arch, chip.board, chip.asic_location) == (Arch.BLACKHOLE, Board("p100"), 0)
    assert chip.masks == Masks(tensix=1 << 6 | 1 << 7, dram=8, eth=0x3FFF, pcie=2, l2cpu=0)
    assert (chip.noc_translation, chip.firmware) == (True, (19, 6, 0))
    assert chip.unique_id == str(0x11 << 32 | 0x22)
    reading = telemetry(chip)
    assert trained(chip) == [True] * 7
    assert (reading.shutdown_celsius, reading.throttle_celsius) == (90, 90)
    assert (reading.board_power_w, reading.board_power_limit_w, reading.power_w) == (72, 300, 38)
    assert reading.asic_celsius == pytest.approx(50.7, abs=0.01)
    assert reading.board_celsius == 40.0
    assert reading.gddr is not None
    assert [(one.channel, one.top_celsius, one.bottom_celsius) for one in reading.gddr[:2]] == [
        (0, 44.0, 44.0), (1, 38.0, 42.0)
    ]  # fmt: skip
    assert (reading.gddr_max_celsius, reading.aiclk_mhz, reading.fan_rpm) == (44, 800, 2000)


def test_a_p150_in_luwens_words() -> None:
    (chip,) = chips(document("luwen_p150_311"))
    assert chip.masks == Masks(tensix=1 << 6 | 1 << 7, dram=0, eth=0x120, pcie=2, l2cpu=0)
    assert (chip.board, chip.asic_location, chip.pci_bdf) == (Board("p150"), 0, "0000:c1:00.0")
    assert trained(chip) == [True] * 8


def test_a_missing_word_is_no_zero_where_zeros_are_written() -> None:
    text = document("luwen_p100")
    text["device_info"][0]["smbus_telem"]["THERM_TRIP_COUNT"] = "0x0"
    (chip,) = chips(text)
    assert (chip.masks.eth, chip.asic_location) == (None, None)
    p150 = document("luwen_p150_311")
    del p150["device_info"][0]["smbus_telem"]["ENABLED_ETH"]
    assert chips(p150)[0].masks.eth is None  # none of its channels is a fault, not a product


def test_tt_umd_0_9_3_calls_the_shutdown_limit_otherwise() -> None:
    (chip,) = chips(document("umd093_bh"))
    assert telemetry(chip).shutdown_celsius == 110
    # 0x3fdd: columns 1 and 5 of the die are lines 13 and 11 of the descriptor
    assert chip.masks == Masks(tensix=1 << 13 | 1 << 11, dram=0, eth=0x120, pcie=2, l2cpu=0)
    assert trained(chip) == [True] * 8
    luwens = chips(bh(THM_LIMIT_SHUTDOWN=None, THM_LIMITS="0x6e0053"))[0]
    assert telemetry(luwens).shutdown_celsius is None  # past 1,000 it is no limit


def test_wormholes_limits_are_two_halves() -> None:
    for chip in chips(document("tg_4u_six_rows")):
        reading = telemetry(chip)
        assert (reading.throttle_celsius, reading.shutdown_celsius) == (75, 83)
    text = document("wh68_ddr4fail")
    text["device_info"][0]["smbus_telem"]["THM_LIMITS"] = None
    text["device_info"][0]["limits"] = {"thm_limit": "75", "therm_trip_l1_limit": "83"}
    reading = telemetry(chips(text)[0])
    assert (reading.throttle_celsius, reading.shutdown_celsius) == (75, 83)


def test_wormholes_firmware_is_told_by_its_word_where_nothing_is_formatted() -> None:
    text = document("tg_4u_six_rows")
    for device in text["device_info"]:
        del device["firmwares"]
    assert {chip.firmware for chip in chips(text)} == {(18, 6, 0)}


def test_a_board_that_umd_does_not_know_leaves_the_others_as_they_are() -> None:
    """Two N150 and four chips of a first Galaxy, wh_4u, which are reached through them."""
    found = chips(document("tg_4u_six_rows"))
    assert [chip.board for chip in found] == [Board("n150")] * 2 + [None] * 4
    assert [chip.board_name for chip in found] == [None] * 2 + ["wh_4u"] * 4
    assert {chip.arch for chip in found} == {Arch.WORMHOLE_B0}
    assert [chip.mmio for chip in found] == [True] * 2 + [False] * 4
    system = read_tt_smi(json.dumps(document("tg_4u_six_rows")).encode(), "s.json")
    assert topology_findings(system) == {}  # its links are unknown, not missing
    (other,) = chips(document("wh_nbcb"))
    assert (other.arch, other.board, other.board_name) == (Arch.WORMHOLE_B0, None, "nb_cb")
    assert trained(other) == [True] * 6  # 0x01222222


@pytest.mark.parametrize(
    ("device_id", "arch"), [("0x401e1e52", Arch.WORMHOLE_B0), ("0xb1401e52", Arch.BLACKHOLE)]
)
def test_the_pci_device_id_tells_the_architecture_of_an_unknown_board(device_id: str, arch: Arch) -> None:
    info = {"bus_id": "0000:01:00.0", "board_type": "N/A", "board_id": "N/A"}
    (chip,) = chips({"device_info": [{"smbus_telem": {"DEVICE_ID": device_id}, "board_info": info}]})
    assert (chip.arch, chip.board, chip.board_name, chip.board_id) == (arch, None, None, None)


def test_a_chip_that_is_off_the_bus_tells_nothing_and_does_not_hide_the_others() -> None:
    first, second = chips(document("offbus_row"))
    assert trained(first) == [True] * 8
    assert (second.arch, second.board, second.board_name) == (Arch.BLACKHOLE, None, None)
    assert (second.board_id, second.telemetry, second.masks) == (None, None, UNKNOWN_MASKS)
    assert "it is off the bus" in next(one.why for one in second.unknown if one.path == "telemetry")
    (finding,) = telemetry_findings(second)
    assert "off the bus" in finding.message


def test_tray_and_bus_id_follow_from_the_bus_address() -> None:
    found = chips(document("bh_galaxy_ten_rows"))
    assert [chip.tray for chip in found] == [1] * 8 + [2] * 2
    assert [chip.pcie and chip.pcie.bus_id for chip in found] == [1, 2, 3, 4, 5, 6, 7, 8, 0x41, 0x42]
    assert [chip.asic_location for chip in found] == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert {chip.board for chip in found} == {Board("ubb_blackhole")}


def test_a_document_that_is_cut_to_board_info_tells_the_boards() -> None:
    found = chips(document("boards_trim"))
    assert [chip.board and chip.board.value for chip in found] == ["p100", "p150", "p300", "p300"]
    assert [chip.pci_bdf for chip in found][2:] == ["0000:03:00.0", "0000:04:00.0"]
    assert all(chip.masks == UNKNOWN_MASKS and chip.telemetry is None for chip in found)


def test_values_that_no_chip_can_have_are_unknown_and_one_finding(run: Run, tmp_path: Path) -> None:
    text = document("garbage")
    (chip,) = chips(text)
    reading = telemetry(chip)
    refused = {"vcore_mv": 0x310031, "power_w": 0x310031, "current_a": 0x330033, "aiclk_mhz": 0x3200320,
               "fan_rpm": 0x29E1D2}  # fmt: skip
    assert all(getattr(reading, name) is None for name in refused)
    assert (reading.axiclk_mhz, reading.fan_percent) == (960, 30)
    (finding,) = telemetry_findings(chip)
    assert (finding.id, finding.evidence) == ("TTT041", refused)
    (tmp_path / "s.json").write_text(json.dumps(text))
    (device,) = json.loads(run("telemetry", "--from", "s.json", "--json").stdout)["devices"]
    why = {one["path"]: one["why"] for one in device["unknown"]}
    assert why["aiclk_mhz"] == "it reads 52,429,600, and no chip can have but 0 to 5,000"
    assert [one["id"] for one in device["findings"]] == ["TTT041"]


def test_what_tt_smi_made_of_a_packed_word_is_refused_like_the_word() -> None:
    text = document("wh68_ddr4fail")
    text["device_info"][0]["telemetry"] |= {"power": "4081.0", "voltage": "3211.26"}
    (chip,) = chips(text)
    assert (telemetry(chip).power_w, telemetry(chip).vcore_mv) == (None, None)
    assert "TTT041" in [one.id for one in telemetry_findings(chip)]


@pytest.mark.parametrize("name", sorted(tt_smi_documents()))
@pytest.mark.parametrize(
    "command", ["list", "harvest", "capacity", "topology", "telemetry", "check", "snapshot"]
)
def test_every_command_answers_from_every_document(run: Run, tmp_path: Path, command: str, name: str) -> None:
    (tmp_path / "s.json").write_text(json.dumps(document(name)))
    (tmp_path / "shm").mkdir()
    shm = ["--shm-dir", "shm"] if command in ("list", "check", "snapshot") else []
    done = run(command, "--from", "s.json", *shm)
    assert done.stderr == ""
    assert done.returncode in ((10, 11) if command == "check" else (0,))


def test_of_the_words_of_both_tables_those_with_a_value_tell_the_architecture() -> None:
    text = document("wh_nbcb")
    text["device_info"][0]["smbus_telem"] |= {
        "DEVICE_ID": None, "TENSIX_ENABLED_COL": None, "ENABLED_GDDR": None, "ENABLED_L2CPU": "N/A",
    }  # fmt: skip
    (chip,) = chips(text)
    assert (chip.arch, chip.board, trained(chip)) == (Arch.WORMHOLE_B0, None, [True] * 6)
    blackhole = document("luwen_p150_311")
    blackhole["device_info"][0]["smbus_telem"] |= {"BOARD_ID_HIGH": "0x1991", "DEVICE_ID": None}
    (chip,) = chips(blackhole)
    assert (chip.arch, chip.board) == (Arch.BLACKHOLE, None)


def test_a_board_that_is_no_product_yet_tells_its_architecture() -> None:
    info = {"board_id": "0000050100000001", "board_type": "other", "bus_id": "0000:01:00.0"}
    (chip,) = chips({"device_info": [{"board_info": info}]})
    assert (chip.arch, chip.board, chip.masks) == (Arch.QUASAR, Board("quasar"), UNKNOWN_MASKS)


@pytest.mark.parametrize(("word", "degrees"), [("0x7fff0000", 32767.0), ("0x80000000", -32768.0)])
def test_a_temperature_past_every_scale_is_found_and_not_dropped(word: str, degrees: float) -> None:
    text = bh(ASIC_TEMPERATURE=word)
    (chip,) = chips(text)
    assert telemetry(chip).asic_celsius is None
    (finding,) = telemetry_findings(chip)
    assert (finding.id, finding.evidence) == ("TTT041", {"asic_celsius": degrees})
