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
    (dram,) = [expectation for expectation in answer["expectations"] if expectation["fact"] == "DRAM trained"]
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
    assert [finding.id for finding in telemetry_findings(chip)] == ["TTT011"]


def test_all_trained_is_an_answer_whatever_the_mask(run: Run, tmp_path: Path) -> None:
    text = bh(ENABLED_GDDR=None)
    (chip,) = chips(text)
    assert (chip.masks.dram, trained(chip)) == (None, [True] * 8)
    (tmp_path / "s.json").write_text(json.dumps(text))
    (tmp_path / "shm").mkdir()
    answer = json.loads(run("check", "--from", "s.json", "--shm-dir", "shm", "--json").stdout)
    (dram,) = [expectation for expectation in answer["expectations"] if expectation["fact"] == "DRAM trained"]
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
    assert [(module.channel, module.top_celsius, module.bottom_celsius) for module in reading.gddr[:2]] == [
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
    why = {unknown.path: unknown.why for unknown in luwens.unknown}["shutdown_celsius"]
    assert why == "telemetry THM_LIMITS reads 0x6e0053, and past 1,000 that is no limit"
    assert telemetry_findings(luwens) == ()  # a healthy Galaxy of tt-smi 3 has that word


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
    parsed = chips(document("tg_4u_six_rows"))
    assert [chip.board for chip in parsed] == [Board("n150")] * 2 + [None] * 4
    assert [chip.board_name for chip in parsed] == [None] * 2 + ["wh_4u"] * 4
    assert {chip.arch for chip in parsed} == {Arch.WORMHOLE_B0}
    assert [chip.mmio for chip in parsed] == [True] * 2 + [False] * 4
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
    assert "it is off the bus" in next(
        unknown.why for unknown in second.unknown if unknown.path == "telemetry"
    )
    (finding,) = telemetry_findings(second)
    assert "off the bus" in finding.message


def test_tray_and_bus_id_follow_from_the_bus_address() -> None:
    parsed = chips(document("bh_galaxy_ten_rows"))
    assert [chip.tray for chip in parsed] == [1] * 8 + [2] * 2
    assert [chip.pcie and chip.pcie.bus_id for chip in parsed] == [1, 2, 3, 4, 5, 6, 7, 8, 0x41, 0x42]
    assert [chip.asic_location for chip in parsed] == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert {chip.board for chip in parsed} == {Board("ubb_blackhole")}


def test_a_document_that_is_cut_to_board_info_tells_the_boards() -> None:
    parsed = chips(document("boards_trim"))
    assert [chip.board and chip.board.value for chip in parsed] == ["p100", "p150", "p300", "p300"]
    assert [chip.pci_bdf for chip in parsed][2:] == ["0000:03:00.0", "0000:04:00.0"]
    assert all(chip.masks == UNKNOWN_MASKS and chip.telemetry is None for chip in parsed)


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
    why = {unknown["path"]: unknown["why"] for unknown in device["unknown"]}
    assert why["aiclk_mhz"] == "it reads 52,429,600, and no chip can have but 0 to 5,000"
    assert [finding["id"] for finding in device["findings"]] == ["TTT041"]


def test_what_tt_smi_made_of_a_packed_word_is_refused_like_the_word() -> None:
    text = document("wh68_ddr4fail")
    text["device_info"][0]["telemetry"] |= {"power": "4081.0", "voltage": "3211.26"}
    text["device_info"][0]["smbus_telem"] |= {"TDP": "0xaa0ff1", "VCORE": "0x310031"}
    (chip,) = chips(text)
    assert (telemetry(chip).power_w, telemetry(chip).vcore_mv) == (None, None)
    assert "TTT041" in [finding.id for finding in telemetry_findings(chip)]


def test_a_board_temperature_that_blackhole_firmware_never_writes_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(bh(BOARD_TEMPERATURE="0x0")))
    (device,) = json.loads(run("telemetry", "--from", "s.json", "--json").stdout)["devices"]
    assert device["board_celsius"] is None
    (why,) = [unknown["why"] for unknown in device["unknown"] if unknown["path"] == "board_celsius"]
    assert why.startswith("Blackhole firmware writes a constant 0 there")


WORD_OF = {
    "aiclk_mhz": "AICLK", "axiclk_mhz": "AXICLK", "arcclk_mhz": "ARCCLK", "vcore_mv": "VCORE", "power_w": "TDP",
    "board_power_w": "INPUT_POWER", "current_a": "TDC", "fan_rpm": "FAN_RPM", "fan_percent": "FAN_SPEED",
    "thermal_trips": "THERM_TRIP_COUNT", "power_limit_w": "TDP_LIMIT_MAX", "current_limit_a": "TDC_LIMIT_MAX",
    "board_power_limit_w": "BOARD_POWER_LIMIT", "throttle_celsius": "THM_LIMIT_THROTTLE",
    "shutdown_celsius": "THM_LIMIT_SHUTDOWN",
}  # fmt: skip
CELL_OF = {
    "aiclk_mhz": ("telemetry", "aiclk"), "vcore_mv": ("telemetry", "voltage"), "power_w": ("telemetry", "power"),
    "current_a": ("telemetry", "current"), "asic_celsius": ("telemetry", "asic_temperature"),
    "fan_rpm": ("telemetry", "fan_speed"), "board_power_w": ("telemetry", "board_power"),
    "power_limit_w": ("limits", "tdp_limit"), "current_limit_a": ("limits", "tdc_limit"),
    "aiclk_max_mhz": ("limits", "asic_fmax"), "board_power_limit_w": ("limits", "board_power_limit"),
}  # fmt: skip


@pytest.mark.parametrize("field", WORD_OF)
def test_a_word_that_no_chip_can_have_is_unknown_and_one_finding(field: str) -> None:
    (chip,) = chips(bh(**{WORD_OF[field]: "0x2ffffff1"}))
    assert getattr(telemetry(chip), field) is None
    (finding,) = [finding for finding in telemetry_findings(chip) if finding.id == "TTT041"]
    assert list(finding.evidence) == [field]


@pytest.mark.parametrize("printed", ["52429600", "99999999.0", 60_000_000])
@pytest.mark.parametrize("field", CELL_OF)
def test_so_is_what_tt_smi_printed_of_it_alone(field: str, printed: str | int) -> None:
    text = bh()
    section, key = CELL_OF[field]
    words = text["device_info"][0]["smbus_telem"]
    for word in words.keys() - {"BOARD_ID_HIGH", "BOARD_ID_LOW", "DEVICE_ID"}:
        words[word] = None
    text["device_info"][0].setdefault(section, {})[key] = printed
    (chip,) = chips(text)
    assert getattr(telemetry(chip), field) is None
    (finding,) = [finding for finding in telemetry_findings(chip) if finding.id == "TTT041"]
    assert list(finding.evidence) == [field]


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


@pytest.mark.parametrize("field", ["throttle_celsius", "shutdown_celsius", "gddr_max_celsius"])
def test_a_limit_that_nothing_can_have_is_found_and_not_dropped(field: str) -> None:
    word = {"throttle_celsius": "THM_LIMIT_THROTTLE", "shutdown_celsius": "THM_LIMIT_SHUTDOWN",
            "gddr_max_celsius": "MAX_GDDR_TEMP"}[field]  # fmt: skip
    (chip,) = chips(bh(**{word: "0x6e0053"}))
    assert getattr(telemetry(chip), field) is None
    (finding,) = telemetry_findings(chip)
    assert (finding.id, finding.evidence) == ("TTT041", {field: 0x6E0053})
    (none,) = chips(bh(**{word: "0x0"}))  # what firmware says that knows none
    assert getattr(telemetry(none), field) is None
    assert telemetry_findings(none) == ()


def test_a_wormhole_in_its_own_words() -> None:
    """Worked out by hand: 0x03e801f4 is 500 of 1,000 MHz; 0x00384 900, 0x21c 540 MHz; 0x31d 797 mV;
    0x00aa0013 19 of 170 W; 0x00f00018 24 of 240 A; 0x01f9 sixteenths 31.5625 C; 0x2d 45 C on the board;
    0x0122.... 16,000 less 2,000 MT/s; 0x00070000 7.0.0."""
    text = document("tg_4u_six_rows")
    for device in text["device_info"]:
        device |= {"telemetry": {}, "limits": {}, "firmwares": {}}
        device["board_info"]["dram_speed"] = None
    reading = telemetry(chips(text)[0])
    assert (reading.aiclk_mhz, reading.aiclk_max_mhz, reading.axiclk_mhz, reading.arcclk_mhz) == (
        500,
        1000,
        900,
        540,
    )
    assert (reading.vcore_mv, reading.power_w, reading.power_limit_w) == (797, 19, 170)
    assert (reading.current_a, reading.current_limit_a) == (24, 240)
    assert (reading.asic_celsius, reading.board_celsius) == (31.5625, 45.0)
    assert (reading.throttle_celsius, reading.shutdown_celsius) == (75, 83)
    assert (reading.gddr_speed_mts, reading.firmware_bundle, reading.firmware_eth) == (
        14000,
        "18.6.0",
        "7.0.0",
    )
    assert reading.heartbeat == 0x5424B161
    assert (reading.fan_rpm, reading.fan_percent) == (None, None)  # all ones: no fan that firmware drives


@pytest.mark.parametrize(
    ("word", "bus_id", "rpm", "percent"),
    [
        ("0x04cbffff", "0000:01:00.0", 1227, None),  # tt-smi 6.8 prints 1227 for this chip
        ("0x05450552", "0000:01:00.0", 1362, None),  # a half for each chip of the card, the lower one first
        ("0x05450552", "N/A", 1349, None),
        ("0xffff0552", "N/A", 1362, None),
        ("0x00000552", "N/A", 1362, None),
        ("0x0000001e", "0000:01:00.0", None, 30),  # up to bundle 19.4
        ("0x00000064", "0000:01:00.0", None, 100),
        ("0xffffffff", "0000:01:00.0", None, None),
    ],
)
def test_the_fan_of_a_wormhole_is_a_half_of_its_word(
    word: str, bus_id: str, rpm: int | None, percent: int | None
) -> None:
    text = document("wh68_ddr4fail")
    (device,) = text["device_info"]
    device["smbus_telem"]["FAN_SPEED"] = word
    device["board_info"]["bus_id"] = bus_id
    device["telemetry"]["fan_speed"] = str(int(word, 16))
    reading = telemetry(chips(text)[0])
    assert (reading.fan_rpm, reading.fan_percent) == (rpm, percent)


@pytest.mark.parametrize(
    ("words", "heartbeat"),
    [
        ({"TIMER_HEARTBEAT": "0x11", "ARC0_HEALTH": "0x22", "ARC3_HEALTH": "0x33"}, 0x11),
        ({"ARC0_HEALTH": "0x22", "ARC3_HEALTH": "0x33"}, 0x22),
        ({"ARC0_HEALTH": None, "ARC3_HEALTH": "0x33"}, 0x33),
        ({"ARC0_HEALTH": "0xffffffff", "ARC3_HEALTH": None}, None),
    ],
)
def test_the_heartbeat_of_a_wormhole(words: dict[str, str | None], heartbeat: int | None) -> None:
    text = document("wh68_ddr4fail")
    text["device_info"][0]["smbus_telem"] |= words
    assert telemetry(chips(text)[0]).heartbeat == heartbeat


def test_a_wormhole_in_words_of_the_newer_table() -> None:
    """The public ISA documentation shows one chip in both tables; these are the newer one's words."""
    text = document("wh68_ddr4fail")
    (device,) = text["device_info"]
    del device["gddr_telemetry"], device["telemetry"], device["limits"]
    device["smbus_telem"] = {
        "BOARD_ID_HIGH": "0x1000145", "BOARD_ID_LOW": "0x117320ed", "VCORE": "0x31b", "TDP": "0xf",
        "TDP_LIMIT_MAX": "0x55", "TDC": "0x13", "TDC_LIMIT_MAX": "0xa0", "BOARD_TEMPERATURE": "0x2c0000",
        "ASIC_TEMPERATURE": "0x358000", "THM_LIMIT_THROTTLE": "0x4b", "THM_LIMIT_SHUTDOWN": "0x53",
        "AICLK": "0x1f4", "AICLK_LIMIT_MAX": "0x3e8", "AXICLK": "0x384", "ARCCLK": "0x21c",
        "DDR_STATUS": "0x555", "DDR_SPEED": "0x2ee0", "ETH_FW_VERSION": "0x6f000",
        "FLASH_BUNDLE_VERSION": "0x12050000", "FAN_SPEED": "0xffffffff",
    }  # fmt: skip
    (chip,) = chips(text)
    reading = telemetry(chip)
    assert (chip.board, chip.firmware, reading.firmware_eth) == (Board("n300"), (18, 5, 0), "6.15.0")
    assert (reading.aiclk_mhz, reading.aiclk_max_mhz, reading.vcore_mv) == (500, 1000, 795)
    assert (reading.power_w, reading.power_limit_w, reading.current_a, reading.current_limit_a) == (
        15,
        85,
        19,
        160,
    )
    assert (reading.asic_celsius, reading.board_celsius) == (53.5, 44.0)
    assert (reading.throttle_celsius, reading.shutdown_celsius, reading.gddr_speed_mts) == (75, 83, 12000)
    assert trained(chip) == [True] * 6
    device["smbus_telem"]["DDR_STATUS"] = "0x595"  # two bits a channel: number 3 has failed
    assert trained(chips(text)[0]) == [True, True, True, False, True, True]


def test_what_tt_smi_prints_where_a_word_is_missing_is_no_figure() -> None:
    """Of missing words tt-smi prints 0, and 10000 V; of words of all ones a fan of 65,535 or 2^32 - 1 rpm."""
    for fan in ("0", "65535", "4294967295"):
        text = bh(
            VCORE=None, TDP=None, TDC=None, AICLK=None, ASIC_TEMPERATURE=None, FAN_RPM=None, FAN_SPEED=None
        )
        text["device_info"][0]["telemetry"] = {
            "voltage": "10000.00", "current": "  0.0", "power": "  0.0", "aiclk": "   0",
            "asic_temperature": " 0.0", "board_power": "N/A", "fan_speed": fan, "heartbeat": "11540",
        }  # fmt: skip
        (chip,) = chips(text)
        reading = telemetry(chip)
        assert (reading.vcore_mv, reading.power_w, reading.current_a, reading.aiclk_mhz) == (None,) * 4
        assert (reading.asic_celsius, reading.fan_rpm, reading.fan_percent) == (None, None, None)
        assert telemetry_findings(chip) == ()


@pytest.mark.parametrize(("printed", "rpm", "percent"), [(" 38", None, 38), ("1882", 1882, None)])
def test_tt_smi_prints_fans_in_per_cent_up_to_5_2(printed: str, rpm: int | None, percent: int | None) -> None:
    text = bh(FAN_RPM=None, FAN_SPEED=None)
    text["device_info"][0]["telemetry"]["fan_speed"] = printed
    reading = telemetry(chips(text)[0])
    assert (reading.fan_rpm, reading.fan_percent) == (rpm, percent)


NO_WORDS = ["many", [1], {"a": 1}, True, -5, 2**40, "0xfffffffff", 1.5]
NO_WORDS_IDS = ["text", "list", "mapping", "true", "negative", "huge", "huge text", "fraction"]


@pytest.mark.parametrize("no_word", NO_WORDS, ids=NO_WORDS_IDS)
@pytest.mark.parametrize(
    "name", ["ddr_ok", "luwen_p150_311", "bh_galaxy_ten_rows", "wh68_ddr4fail", "tg_4u_six_rows"]
)
def test_a_word_that_is_no_number_leaves_only_its_own_quantity_unknown(name: str, no_word: Any) -> None:
    """Each word of the first chip in turn; what it tells elsewhere in the document is not compared."""
    of_identity = (
        "BOARD_ID",
        "ASIC_ID",
        "ASIC_LOCATION",
        "FLASH_BUNDLE",
        "FW_BUNDLE",
        "ENUM_VERSION",
        "DEVICE_ID",
    )
    whole = chips(document(name))
    for word, value in document(name)["device_info"][0]["smbus_telem"].items():
        if value is None or word.startswith(of_identity):
            continue
        text = document(name)
        text["device_info"][0]["smbus_telem"][word] = no_word
        first, *others = chips(text)
        assert tuple(others) == whole[1:]
        before, after = telemetry(whole[0]), telemetry(first)
        lost = [
            field for field in before.__struct_fields__ if getattr(before, field) != getattr(after, field)
        ]
        reasons = {unknown.path: unknown.why for unknown in first.unknown}
        for field in lost:
            if field == "gddr":
                assert any(path.startswith(("gddr", "masks.dram")) for path in reasons), (word, lost)
            elif getattr(after, field) is not None:  # there is another word that counts
                assert (field, name) in [("heartbeat", "wh68_ddr4fail"), ("heartbeat", "tg_4u_six_rows")]
            else:
                assert "which is no number of 32 bits" in reasons[field], (word, field)
        for mask in whole[0].masks.__struct_fields__:
            if getattr(first.masks, mask) != getattr(whole[0].masks, mask):
                assert getattr(first.masks, mask) is None
                assert "which is no number of 32 bits" in reasons[f"masks.{mask}"]
        assert len(lost) <= 3, (word, lost)


def test_the_reason_names_the_word_and_what_it_reads(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(bh(AICLK="fast", ENABLED_ETH=[1, 2], NOC_TRANSLATION="yes")))
    (device,) = json.loads(run("telemetry", "--from", "s.json", "--json").stdout)["devices"]
    assert (device["aiclk_mhz"], device["power_w"]) == (None, 38)
    why = {unknown["path"]: unknown["why"] for unknown in device["unknown"]}
    assert why["aiclk_mhz"] == "telemetry AICLK reads 'fast', which is no number of 32 bits"
    (device,) = json.loads(run("harvest", "--from", "s.json", "--json").stdout)["devices"]
    assert (device["tensix"]["active"], device["masks"]["eth"], device["noc_translation"]) == (
        120,
        None,
        None,
    )
    why = {unknown["path"]: unknown["why"] for unknown in device["unknown"]}
    assert why["masks.eth"] == "telemetry ENABLED_ETH reads a list of 2, which is no number of 32 bits"
    assert why["noc_translation"] == "telemetry NOC_TRANSLATION reads 'yes', which is no number of 32 bits"


@pytest.mark.parametrize(
    "section", ["board_info", "telemetry", "limits", "firmwares", "gddr_telemetry", "host_info", "time"]
)
@pytest.mark.parametrize("value", [None, "N/A", 5, [], [[1]], True], ids=str)
def test_a_section_of_another_type_leaves_the_others_as_they_are(section: str, value: Any) -> None:
    text = document("g_bistfail7")
    of_document = text if section in ("host_info", "time") else text["device_info"][0]
    of_document[section] = value
    (chip,) = chips(text)
    assert (chip.board, chip.masks.tensix) == (Board("p150"), 1 << 13 | 1 << 11)
    assert (telemetry(chip).aiclk_mhz, telemetry(chip).power_limit_w) == (800, 150)
    assert trained(chip) == [True] * 7 + [False]
    if section == "board_info" and value is not None:
        why = {unknown.path: unknown.why for unknown in chip.unknown}["pci_bdf"]
        assert why.startswith("board_info is ")


def test_words_of_another_type_leave_what_is_printed() -> None:
    text = document("ddr_ok")
    text["device_info"][0]["smbus_telem"] = [1]
    (chip,) = chips(text)
    assert (chip.board, chip.arch, chip.masks) == (Board("p150"), Arch.BLACKHOLE, UNKNOWN_MASKS)
    assert (telemetry(chip).aiclk_mhz, telemetry(chip).fan_rpm, telemetry(chip).axiclk_mhz) == (
        800,
        1882,
        None,
    )
    why = {unknown.path: unknown.why for unknown in chip.unknown}
    assert why["masks.tensix"] == why["axiclk_mhz"] == "smbus_telem is a list of 1, and no mapping"


@pytest.mark.parametrize("row", [None, {}, "gone", 5, [1]], ids=str)
def test_a_chip_of_which_nothing_is_said_does_not_hide_the_others(row: Any) -> None:
    text = document("bh_galaxy_ten_rows")
    whole = chips(text)
    text["device_info"][3] = row
    parsed = chips(text)
    assert [*parsed[:3], *parsed[4:]] == [*whole[:3], *whole[4:]]
    assert (parsed[3].arch, parsed[3].board, parsed[3].masks) == (Arch.BLACKHOLE, None, UNKNOWN_MASKS)
    assert parsed[3].telemetry is None


@pytest.mark.parametrize("cell", ["temp_top", "corr_rd", "training", "bist"])
@pytest.mark.parametrize("value", [[1], "warm", {"a": 1}], ids=str)
def test_a_cell_of_a_dram_channel_leaves_the_others_as_they_are(cell: str, value: Any) -> None:
    text = document("g_bistfail7")
    (device,) = text["device_info"]
    for word in [word for word in device["smbus_telem"] if word.startswith(("GDDR", "DDR_STATUS"))]:
        device["smbus_telem"][word] = None
    device["gddr_telemetry"]["channels"][2][cell] = value
    gddr = telemetry(chips(text)[0]).gddr
    assert gddr is not None
    field = {"temp_top": "top_celsius", "corr_rd": "corrected_read_errors"}.get(cell, "trained")
    # without the word of its self test a channel of bundle 19.9 is not trained
    unknown = False if cell == "bist" else None
    assert getattr(gddr[2], field) is unknown
    assert [module.bottom_celsius for module in gddr] == [44, 42, 42, 40, 40, 38, 38, 36]
    assert [module.trained for module in gddr if module.channel != 2] == [True] * 6 + [False]
