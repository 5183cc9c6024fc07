"""tt-smi -s documents: Blackhole's masks from raw telemetry, Wormhole's unknown."""

import json
from pathlib import Path
from typing import Any

import pytest

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.firmware import firmware_version
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks, PcieLink
from ttinspect.sources.opening import open_source, read_content
from ttinspect.sources.tt_smi import read_tt_smi

TELEMETRY = {
    "BOARD_ID_HIGH": "0x470",
    "BOARD_ID_LOW": "0x1e07ea63",
    "FLASH_BUNDLE_VERSION": "0x13060000",
    "ENABLED_TENSIX_COL": "0x3eff",
    "ENABLED_ETH": "0x3fdb",
    "ENABLED_GDDR": "0xff",
    "ENABLED_L2CPU": "0x7",
    "PCIE_USAGE": "0x4",
    "NOC_TRANSLATION": "0x1",
    "ASIC_LOCATION": "0x0",
}
"""What a simulated Blackhole Galaxy chip says; tt-umd 0.9.14 reported the masks below for it."""
MASKS = Masks(tensix=16, dram=0, eth=36, pcie=1, l2cpu=4)


def tt_smi(telemetry: dict[str, Any] | None, **board_info: Any) -> str:
    info = {
        "bus_id": "0000:41:00.0",
        "board_type": "tt-galaxy-bh",
        "board_id": "000004701e07ea63",
        **board_info,
    }
    return json.dumps({"time": "now", "device_info": [{"smbus_telem": telemetry, "board_info": info}]})


@pytest.mark.parametrize(
    ("speed", "width", "link"),
    [
        (4, 16, PcieLink(bus_id=0x41, generation=4, lanes=16)),
        ("5", "8", PcieLink(bus_id=0x41, generation=5, lanes=8)),
        ("N/A", 16, PcieLink(bus_id=0x41, lanes=16)),
        ("N/A", "N/A", PcieLink(bus_id=0x41)),
        (0, -3, PcieLink(bus_id=0x41)),
        (None, "wide", PcieLink(bus_id=0x41)),
    ],
)
def test_the_pcie_link_is_what_tt_smi_prints(speed: Any, width: Any, link: PcieLink | None) -> None:
    content = tt_smi({}, board_type="p150a", pcie_speed=speed, pcie_width=width)
    assert read_tt_smi(content.encode(), "s.json").chips[0].pcie == link


def chip(text: str) -> Chip:
    return read_content(text.encode(), "f.json").chips[0]


def test_blackhole_masks_come_from_telemetry_in_descriptor_order() -> None:
    parsed = chip(tt_smi(TELEMETRY))
    assert parsed.masks == MASKS
    assert parsed.board is Board("ubb_blackhole")
    assert parsed.firmware == (19, 6, 0)
    assert parsed.noc_translation is True
    assert (parsed.board_id, parsed.pci_bdf) == (str(0x4701E07EA63), "0000:41:00.0")


@pytest.mark.parametrize("missing", [None, "N/A", "0xffffffff"], ids=["null", "N/A", "all ones"])
@pytest.mark.parametrize(
    ("tag", "mask"),
    [
        ("ENABLED_TENSIX_COL", "tensix"), ("ENABLED_GDDR", "dram"), ("ENABLED_ETH", "eth"),
        ("PCIE_USAGE", "pcie"), ("ENABLED_L2CPU", "l2cpu"),
    ],
)  # fmt: skip
def test_a_missing_tag_is_an_unknown_mask_and_not_an_unharvested_chip(
    tag: str, mask: str, missing: str | None
) -> None:
    parsed = chip(tt_smi({**TELEMETRY, tag: missing}))
    assert getattr(parsed.masks, mask) is None
    (unknown,) = [each for each in parsed.unknown if each.path.startswith("masks")]
    assert unknown.path == f"masks.{mask}"
    assert tag in unknown.why


def test_wormhole_masks_are_unknown_and_it_is_said() -> None:
    telemetry = {"SMBUS_TX_BOARD_ID_HIGH": "0x1000144", "SMBUS_TX_BOARD_ID_LOW": "0x11703043"}
    parsed = chip(tt_smi(telemetry, board_type="n300 L", board_id="0100014411703043"))
    assert (parsed.arch, parsed.board, parsed.masks) == (Arch.WORMHOLE_B0, Board("n300"), UNKNOWN_MASKS)
    assert "no harvesting of wormhole_b0" in parsed.unknown[0].why


def test_the_board_comes_from_the_id_and_not_from_the_printed_name() -> None:
    assert chip(tt_smi(TELEMETRY, board_type="p100a")).board is Board("ubb_blackhole")


def test_only_a_p100_says_its_unique_id() -> None:
    asic = {"ASIC_ID_HIGH": "0xf5dd2d1b", "ASIC_ID_LOW": "0x7b2a9a2e"}
    p100 = {**TELEMETRY, **asic, "BOARD_ID_HIGH": "0x431", "ENABLED_ETH": "0x0"}
    assert chip(tt_smi(p100)).unique_id == str(0xF5DD2D1B7B2A9A2E)
    galaxy = chip(tt_smi({**TELEMETRY, **asic}))
    assert galaxy.unique_id is None
    assert "unique_id" in [unknown.path for unknown in galaxy.unknown]


def test_lines_that_tt_smi_prints_before_the_document_are_passed_over() -> None:
    for lines in ("Gathering Information...\n Detected Chips: 1\n", "[INFO] Gathering ...\n", "{starting}\n"):
        assert chip(lines + tt_smi(TELEMETRY)).masks == MASKS


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"device_info": []}', ExitCode.NO_DEVICES, "device_info is empty"),
        ('{"device_info": 5}', ExitCode.USAGE, "found 5, expected a list"),
        ('{"device_info": [5]}', ExitCode.USAGE, "found 5, expected a mapping"),
        ('{"device_info": [{}]}', ExitCode.USAGE, "smbus_telem"),
        ('{"device_info": [{"smbus_telem": {"A": [1]}}]}', ExitCode.USAGE, "no word tells it"),
        (
            '{"device_info": [{"smbus_telem": [1]}]}',
            ExitCode.USAGE,
            "smbus_telem is a list of 1, and no mapping",
        ),
        ('{"device_info": [], "device_info": []}', ExitCode.USAGE, "'device_info' is repeated"),
        (tt_smi({**TELEMETRY, "ENABLED_ETH": "0x3fff"}), ExitCode.USAGE, "Exactly 2 or 14 ETH"),
        (tt_smi({}, board_type="e150", board_id=None), ExitCode.UNSUPPORTED_ARCH, "grayskull"),
        (tt_smi({}, board_type="toaster", board_id=None), ExitCode.USAGE, "cannot tell the architecture"),
        (tt_smi(TELEMETRY)[:-9], ExitCode.USAGE, "not valid JSON"),
    ],
)
def test_refusals(text: str, code: ExitCode, words: str) -> None:
    with pytest.raises(InspectError) as caught:
        chip(text)
    assert caught.value.exit_code is code
    assert words in f"{caught.value.what}: {caught.value.why}"


def test_masks_and_grids_equal_the_truth_of_every_recorded_document(shared: Path) -> None:
    truths = sorted((shared / "tt-smi").glob("*.truth.json"))
    assert truths
    for path in truths:
        truth = json.loads(path.read_text())
        system = open_source(str(path).replace(".truth.json", ".json"))
        assert [chip.masks for chip in system.chips] == [Masks(**masks) for masks in truth["masks"]], (
            path.name
        )
        live = [chip_grid(chip.soc, chip.masks).tensix.active for chip in system.chips]
        assert live == truth["live_tensix"], path.name


def _with_channels(*channels: dict[str, Any], mask: str = "0xfd") -> Chip:
    document = json.loads(tt_smi({**TELEMETRY, "ENABLED_GDDR": mask}))
    document["device_info"][0]["gddr_telemetry"] = {"channels": list(channels)}
    return chip(json.dumps(document))


def test_live_dram_channels_are_told_with_what_is_known_of_them() -> None:
    module = {"temp_top": "45.5", "temp_bottom": 44, "corr_rd": 3, "corr_wr": "0x4", "uncorr_rd": "N/A"}
    parsed = _with_channels(
        {"channel": 2, "training": "fail"}, {"channel": 0, "training": "pass", **module}, {"channel": 1}
    ).telemetry
    assert parsed is not None
    assert parsed.gddr is not None
    first, third = parsed.gddr  # channel 1 is harvested
    assert (first.channel, first.trained, first.top_celsius, first.bottom_celsius) == (0, True, 45.5, 44.0)
    assert (first.corrected_read_errors, first.corrected_write_errors) == (3, 4)
    assert (first.uncorrected_read_errors, first.uncorrected_write_errors) == (None, None)
    assert (third.channel, third.trained, third.top_celsius) == (2, False, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [("training", "n/a"), ("temp_top", "hot"), ("temp_top", True), ("temp_top", "1e9"), ("corr_rd", -1),
     ("corr_rd", "1.5"), ("uncorr_wr", None)],
)  # fmt: skip
def test_what_says_nothing_of_a_channel_is_unknown(key: str, value: object) -> None:
    reading = _with_channels({"channel": 0, key: value}).telemetry
    assert reading is not None
    assert reading.gddr is not None
    (module,) = reading.gddr
    assert [name for name in module.__struct_fields__ if getattr(module, name) is not None] == ["channel"]


def test_which_channels_are_live_must_be_known() -> None:
    reading = _with_channels({"channel": 0, "training": "pass"}, mask="N/A").telemetry
    assert reading is not None
    assert reading.gddr is None
    assert chip(tt_smi(TELEMETRY)).telemetry.gddr is None  # type: ignore[union-attr]


@pytest.mark.parametrize("value", ["x", None, [], {}, {"channels": 3}, {"channels": [{"channel": "a"}]}])
def test_channels_told_in_another_way_are_unknown(value: object) -> None:
    document = json.loads(tt_smi(TELEMETRY))
    document["device_info"][0]["gddr_telemetry"] = value
    parsed = chip(json.dumps(document))
    assert parsed.masks == MASKS
    assert parsed.telemetry is not None
    assert parsed.telemetry.gddr is None


_OLD_WORDS = {
    "SMBUS_TX_ENUM_VERSION": "0xba5e0001", "SMBUS_TX_BOARD_ID_HIGH": "0x1000145", "SMBUS_TX_BOARD_ID_LOW": "0x1170801d",
    "SMBUS_TX_AICLK": "0x3e801f4", "SMBUS_TX_TDP": "0x55000d", "SMBUS_TX_TDC": "0xa00010",
    "SMBUS_TX_ASIC_TEMPERATURE": "0x1ee01ed", "SMBUS_TX_VCORE": "0x2f8", "SMBUS_TX_ETH_FW_VERSION": "0x69000",
}  # fmt: skip
_FORMATTED = {
    "telemetry": {"voltage": "0.76", "current": " 16.0", "aiclk": " 500", "power": " 13.0", "asic_temperature": "30.8"},
    "limits": {"vdd_max": "0.95", "tdp_limit": "85", "tdc_limit": "160", "asic_fmax": "1000", "thm_limit": 0},
    "firmwares": {"eth_fw": "6.9.0", "arc_fw": "2.13.0.0"},
}  # fmt: skip


@pytest.mark.parametrize(
    "words", [_OLD_WORDS, {"BOARD_ID_HIGH": "0x1000145", "BOARD_ID_LOW": "0x1170801d"}, None]
)
def test_where_words_are_packed_or_absent_what_tt_smi_made_of_them_is_shown(
    words: dict[str, Any] | None,
) -> None:
    """An old Wormhole: its AICLK word holds 500 MHz and the limit of 1000, and is not 65,536,500 MHz."""
    document = json.loads(tt_smi(words, board_type="n300 L", board_id="010001451170801d"))
    document["device_info"][0].update(_FORMATTED)
    reading = chip(json.dumps(document)).telemetry
    assert reading is not None
    assert (reading.aiclk_mhz, reading.aiclk_max_mhz, reading.vcore_mv) == (500, 1000, 760)
    assert (reading.power_w, reading.power_limit_w, reading.current_a, reading.current_limit_a) == (
        13,
        85,
        16,
        160,
    )
    assert reading.asic_celsius == pytest.approx(30.8, abs=0.02)
    assert (reading.firmware_eth, reading.throttle_celsius) == ("6.9.0", None)


@pytest.mark.parametrize(
    ("words", "printed", "bundle"),
    [
        ({"BOARD_ID_HIGH": "0x1000145", "BOARD_ID_LOW": "0x1170801d"}, "19.6.0.0", "19.6.0"),
        (_OLD_WORDS, "80.18.2.0", "80.18.2"),
        (_OLD_WORDS, "18.2.0.1", "18.2.0-rc.1"),
        (_OLD_WORDS, "N/A", None),
        (_OLD_WORDS, "0.0.0.0", None),
        ({**TELEMETRY, "FLASH_BUNDLE_VERSION": None}, "19.6.0.0", "19.6.0"),
        ({**TELEMETRY, "FLASH_BUNDLE_VERSION": "0x13060002"}, "1.2.3.0", "19.6.0-rc.2"),
    ],
)
def test_the_bundle_is_what_the_words_say_or_else_what_tt_smi_prints(
    words: dict[str, Any], printed: str, bundle: str | None
) -> None:
    document = json.loads(tt_smi(words, board_type="n300 L"))
    document["device_info"][0]["firmwares"] = {"fw_bundle_version": printed}
    parsed = chip(json.dumps(document))
    assert (None if parsed.telemetry is None else parsed.telemetry.firmware_bundle) == bundle
    assert parsed.firmware == (None if bundle is None else firmware_version(bundle))


@pytest.mark.parametrize(
    "value", [None, 3, [], {"aiclk": []}, {"aiclk": "N/A"}, {"aiclk": True}, {"aiclk": "1e300"}]
)
def test_what_is_formatted_in_another_way_is_unknown(value: object) -> None:
    document = json.loads(tt_smi({}, board_type="n300 L"))
    document["device_info"][0]["telemetry"] = value
    assert chip(json.dumps(document)).telemetry is None


def test_dram_channels_are_told_by_words_where_the_document_has_no_more() -> None:
    """Two bits a channel: 1 trained, 2 failed; tt-umd 0.9.14 answers the same of these words."""
    words = {
        "ENABLED_GDDR": "0xf7",
        "DDR_STATUS": "0x5565",
        "GDDR_0_1_TEMP": "0x1f1e1d1c",
        "GDDR_UNCORR_ERRS": "0x9",
    }
    reading = chip(tt_smi({**TELEMETRY, **words})).telemetry
    assert reading is not None
    assert reading.gddr is not None
    assert [(module.channel, module.trained) for module in reading.gddr] == [
        (0, True), (1, True), (2, False), (4, True), (5, True), (6, True), (7, True)
    ]  # fmt: skip
    first, second, *_ = reading.gddr
    assert (first.top_celsius, first.uncorrected_read_errors, first.uncorrected_write_errors) == (29.0, 1, 0)
    assert (second.top_celsius, second.uncorrected_read_errors, second.corrected_read_errors) == (
        31.0,
        0,
        None,
    )
