"""Telemetry of devices that the real tt_umd reads."""

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.device.conftest import Answer, RunOn
from tests.device.simulated import (
    AICLK,
    ASIC_TEMPERATURE,
    BLACKHOLE_TAGS,
    BOARD_TEMPERATURE,
    DDR_SPEED,
    DDR_STATUS,
    ETH_FW,
    ETH_LIVE,
    FIRMWARE,
    GDDR,
    HEARTBEAT,
    TDP,
    Chip,
    Device,
    blackhole,
    wormhole,
)
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd.watching import Watcher


def test_the_values_that_were_set_are_shown(answer: Answer) -> None:
    tags: dict[int, int | None] = {
        41: 1500,
        42: 0x1F1E1D1C,
        46: 0x01020304,
        50: 0x2,
        51: 47,
        53: 300,
        55: 200,
        56: 90,
        60: 2,
        63: 1400,
        64: 250,
    }
    device = answer(blackhole(Chip(tags=tags)), "telemetry")["devices"][0]
    expected = {
        "aiclk_mhz": 1350, "aiclk_max_mhz": 1400, "axiclk_mhz": 960, "arcclk_mhz": 800, "vcore_mv": 800,
        "power_w": 60, "power_limit_w": 250, "board_power_limit_w": 300, "current_a": 70, "current_limit_a": 200,
        "asic_celsius": 35.5, "board_celsius": 40.0, "gddr_max_celsius": 47.0, "throttle_celsius": 90.0,
        "thermal_trips": 2, "fan_percent": 35, "fan_rpm": 1500, "gddr_speed_mts": 16000,
        "firmware_bundle": "19.6.0", "firmware_minimum": "18.5.0", "firmware_eth": "1.8.0", "heartbeat": 5,
    }  # fmt: skip
    assert {key: device[key] for key in expected} == expected
    first = device["gddr"][0]
    assert (first["top_celsius"], first["bottom_celsius"]) == (29.0, 28.0)
    assert (first["corrected_read_errors"], first["corrected_write_errors"]) == (4, 3)
    assert device["dram_trained"] == [True] * 8


def test_the_table_tells_everything_of_a_few_chips_and_a_row_of_many(run_on: RunOn) -> None:
    tags: dict[int, int | None] = {
        42: 0x1F1E1D1C,
        46: 0x01020304,
        50: 0x2,
        53: 300,
        55: 200,
        56: 90,
        63: 1400,
    }
    shown = run_on(blackhole(Chip(tags=tags, beating=True)), "telemetry", COLUMNS="80").stdout
    assert max(map(len, shown.splitlines())) <= 80
    for line in (
        " clocks     AICLK 1350 of 1400 MHz   AXICLK 960 MHz   ARCCLK 800 MHz",
        " power      60 W   board - of 300 W   70 of 200 A   core 800 mV",
        " thermal    throttles at 90 C   shuts down at -   trips -   fan 35 %",
        " eth links  unknown 0-4, 6, 7, 9-13",
        " DRAM       16000 MT/s",
        "  channel                     0      1    2    3    4    5    6    7",
        "  trained                   yes    yes  yes  yes  yes  yes  yes  yes",
        "  top / bottom C          29/28  31/30    -    -    -    -    -    -",
        "  corrected read / write    4/3    2/1    -    -    -    -    -    -",
        "  uncorrected               0/1    0/0  0/0  0/0  0/0  0/0  0/0  0/0",
    ):
        assert line in shown.splitlines()
    many = run_on(blackhole(*[Chip(tags=dict(tags)) for _ in range(3)]), "telemetry").stdout
    assert "clocks" not in many
    assert "more: -d ID" in many


def test_csv_has_the_figures_of_every_dram_channel(run_on: RunOn) -> None:
    tags: dict[int, int | None] = {42: 0x1F1E1D1C, 43: 0x01020304, GDDR: 0xFD}
    (row,) = csv.DictReader(
        io.StringIO(run_on(blackhole(Chip(tags=tags)), "telemetry", "--format", "csv").stdout)
    )
    assert (row["gddr_top_celsius"], row["gddr_bottom_celsius"]) == ("29 3 1 ? ? ? ?", "28 4 2 ? ? ? ?")
    assert row["gddr_corrected_read_errors"] == ""


def test_csv_has_an_empty_cell_where_no_channel_is_known_and_a_list_where_some_are(run_on: RunOn) -> None:
    def row(tags: dict[int, int | None]) -> dict[str, str]:
        done = run_on(blackhole(Chip(tags=tags)), "telemetry", "--format", "csv")
        (row,) = csv.DictReader(io.StringIO(done.stdout))
        return row

    silent = row({FIRMWARE: 0x13060000, GDDR: 0xFFFFFFFF})
    assert (silent["eth_up"], silent["dram_trained"]) == ("", "")
    telling = row({FIRMWARE: 0x14000000, ETH_LIVE: 0x0003_FFFF})
    assert telling["eth_up"] == "1 1" + " 0" * 10


def test_a_wormhole_shows_its_links_and_limits(answer: Answer) -> None:
    device = answer(wormhole(Chip(tags={63: 1000, 64: 160})), "telemetry")["devices"][0]
    assert (device["aiclk_mhz"], device["power_w"], device["power_limit_w"]) == (1000, 50, 160)
    assert device["firmware_bundle"] == "18.8.2"
    assert len(device["eth_up"]) == 16


def test_what_is_missing_is_null(answer: Answer) -> None:
    chip = Chip(tags={AICLK: None, TDP: None, ASIC_TEMPERATURE: None, HEARTBEAT: None})
    device = answer(blackhole(chip), "telemetry")["devices"][0]
    for name in ("aiclk_mhz", "power_w", "asic_celsius", "heartbeat", "heartbeat_moves", "fan_rpm"):
        assert device[name] is None, name


def test_all_ones_is_unknown_and_not_a_temperature(answer: Answer) -> None:
    device = answer(blackhole(Chip(tags={ASIC_TEMPERATURE: 0xFFFFFFFF})), "telemetry")["devices"][0]
    assert device["asic_celsius"] is None
    assert device["aiclk_mhz"] == 1350


@pytest.mark.parametrize("make", [blackhole, wormhole])
def test_a_heartbeat_of_all_ones_is_unknown_and_the_chip_is_not_gone(answer: Answer, make: Any) -> None:
    document = answer(make(Chip(tags={HEARTBEAT: 0xFFFFFFFF})), "telemetry")
    (device,) = document["devices"]
    assert (device["heartbeat"], device["heartbeat_moves"]) == (None, None)
    assert device["asic_celsius"] == 35.5


def test_a_status_of_all_ones_is_unknown_and_not_failed(answer: Answer) -> None:
    device = answer(blackhole(Chip(tags={DDR_STATUS: 0xFFFFFFFF, DDR_SPEED: 0xFFFFFFFF})), "telemetry")[
        "devices"
    ][0]
    assert device["dram_trained"] == [None] * 8
    assert device["gddr_speed_mts"] is None
    assert "TTT011" not in [finding["id"] for finding in device["findings"]]


def test_below_zero_is_below_zero(answer: Answer) -> None:
    device = answer(blackhole(Chip(tags={ASIC_TEMPERATURE: 0xFFFB8000})), "telemetry")["devices"][0]
    assert device["asic_celsius"] == -4.5


@pytest.mark.parametrize("make", [blackhole, wormhole])
def test_a_temperature_that_nothing_can_have_is_unknown(answer: Answer, make: Any) -> None:
    tags: dict[int, int | None] = {ASIC_TEMPERATURE: 0x8000_0000, BOARD_TEMPERATURE: 0x8000_0000}
    device = answer(make(Chip(tags=tags)), "telemetry")["devices"][0]
    assert (device["asic_celsius"], device["board_celsius"]) == (None, None)


@pytest.mark.parametrize("word", [None, 0, 0xFFFFFFFF])
def test_firmware_that_is_not_told_is_unknown_and_not_0(answer: Answer, word: int | None) -> None:
    device = answer(blackhole(Chip(tags={FIRMWARE: word, ETH_FW: word})), "telemetry")["devices"][0]
    assert (device["firmware_bundle"], device["firmware_eth"]) == (None, None)


@pytest.mark.parametrize("word", [None, 0, 0xFFFFFFFF, 0x8000_0000])
def test_a_legacy_table_that_nobody_wrote_is_unknown_and_not_0(answer: Answer, word: int | None) -> None:
    device = answer(wormhole(Chip(tags={FIRMWARE: word})), "telemetry", code=5)["devices"][0]
    for name in ("aiclk_mhz", "vcore_mv", "power_w", "current_a", "asic_celsius", "board_celsius"):
        assert device[name] is None, name
    assert (device["heartbeat"], device["heartbeat_moves"]) == (None, None)
    assert "TTT012" not in [finding["id"] for finding in device["findings"]]


def test_a_harvested_channel_is_not_untrained(answer: Answer) -> None:
    chip = Chip(tags={GDDR: 0xEF, DDR_STATUS: BLACKHOLE_TAGS[DDR_STATUS] & ~(3 << 8)})
    device = answer(blackhole(chip), "telemetry")["devices"][0]
    assert [module["channel"] for module in device["gddr"]] == [0, 1, 2, 3, 5, 6, 7]
    assert device["dram_trained"] == [True] * 7
    assert "TTT011" not in [finding["id"] for finding in device["findings"]]


@pytest.mark.parametrize(
    ("tags", "beating", "expected"),
    [
        ({}, True, []),
        ({}, False, ["TTT012"]),
        ({DDR_STATUS: 0x5555 & ~3}, True, ["TTT011"]),
        ({FIRMWARE: 0x12000000}, True, ["TTT013"]),
        ({ASIC_TEMPERATURE: 95 << 16, 56: 90}, True, ["TTT014"]),
        ({42: 0, 46: 0, 50: 1}, True, ["TTT015"]),
    ],
)
def test_what_is_not_right_is_a_finding(
    answer: Answer, tags: dict[int, int | None], beating: bool, expected: list[str]
) -> None:
    device = answer(blackhole(Chip(tags=tags, beating=beating)), "telemetry")["devices"][0]
    assert [finding["id"] for finding in device["findings"]] == expected
    assert device["heartbeat_moves"] is beating


def test_watch_appends_json_lines(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(beating=True)), "telemetry", "--watch", "0.02", "--count", "4", "--json")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 4
    beats = [line["devices"][0]["heartbeat"] for line in lines]
    assert beats == sorted(set(beats))
    assert [line["devices"][0]["heartbeat_moves"] for line in lines] == [None, True, True, True]


def test_watch_appends_csv_under_one_header(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(), Chip()), "telemetry", "-w", "0.02", "-n", "3", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["id"] for row in rows] == ["0", "1"] * 3


def test_watch_survives_a_crash_of_the_child(run_on: RunOn) -> None:
    """One reading is lost, the next ones come from a new child."""
    whole = run_on(blackhole(write_log=None), "telemetry", "-w", "0.02", "-n", "2", "--json")
    assert whole.returncode == 0
    for access in (1500, 2500):
        done = run_on(
            Device("blackhole", [Chip()], crash=("segfault", access)),
            "telemetry",
            "-w",
            "0.02",
            "-n",
            "120",
            "--json",
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if len(lines) == 120:
            break
    assert len(lines) == 120
    readings = [line["devices"][0]["aiclk_mhz"] for line in lines]
    assert None in readings
    assert readings[0] == 1350
    assert readings[readings.index(None) + 1] == 1350
    assert done.returncode == 5
    assert any("SIGSEGV" in finding["message"] for line in lines for finding in line["findings"])


@pytest.mark.parametrize("make", [blackhole, wormhole])
def test_a_chip_that_leaves_the_bus_while_it_is_watched_is_named_and_the_other_goes_on(
    run_on: RunOn, make: Callable[..., Device]
) -> None:
    device = make(Chip(beating=True), Chip(beating=True, off_after=2500))
    done = run_on(device, "telemetry", "-w", "0.01", "-n", "60", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    clocks = [[chip["aiclk_mhz"] for chip in line["devices"]] for line in lines]
    usual = clocks[0][0]
    assert clocks[0] == [usual, usual]
    assert clocks[-1] == [usual, None]
    assert not any(value in (0xFFFF, 0xFFFFFFFF) for pair in clocks for value in pair)
    assert lines[-1]["devices"][0]["heartbeat_moves"]
    (message,) = [finding["message"] for finding in lines[-1]["findings"]]
    assert message == "chip 1 could not be read: it is off the bus: it answers with all ones only"
    (silent,) = lines[-1]["devices"][1]["findings"]
    assert silent["id"] == "TTT010"
    assert silent["message"].endswith("because it could not be read: it is off the bus")
    assert silent["evidence"] == {"reason": "it is off the bus: it answers with all ones only"}
    assert done.returncode == 5


@pytest.mark.parametrize("kind", ["abort", "exit", "segfault"])
def test_what_was_read_stays_when_the_device_dies_as_it_is_closed(answer: Answer, kind: str) -> None:
    device = answer(blackhole(crash=(kind, -1)), "telemetry")["devices"][0]
    assert device["aiclk_mhz"] == 1350


def test_telemetry_of_a_source_without_any_says_so(run_on: RunOn, run: Any) -> None:
    done = run("telemetry", "--from", "board:n150", "--json")
    device = json.loads(done.stdout)["devices"][0]
    assert done.returncode == 0
    assert device["aiclk_mhz"] is None
    assert [finding["id"] for finding in device["findings"]] == ["TTT010"]


@pytest.mark.parametrize("after", [700, 1100])
def test_an_unhealthy_chip_that_leaves_the_bus_is_named_as_gone(answer: Answer, after: int) -> None:
    old = Chip(tags={FIRMWARE: 0x12000000}, off_after=after)
    document = answer(blackhole(Chip(), old), "telemetry", code=5)
    gone = [finding["message"] for finding in document["findings"] if finding["id"] == "TTH009"]
    assert len(gone) == 1
    assert "the bus" in gone[0]


def test_words_of_all_ones_are_no_temperatures_and_no_errors(answer: Answer) -> None:
    tags: dict[int, int | None] = {42: 0xFFFFFFFF, 43: 0x28282828, 46: 0xFFFFFFFF, 47: 0, 50: 0xFFFFFFFF}
    device = answer(blackhole(Chip(tags=tags, beating=True)), "telemetry")["devices"][0]
    first, third = device["gddr"][0], device["gddr"][2]
    assert (first["top_celsius"], first["corrected_read_errors"]) == (None, None)
    assert (third["top_celsius"], third["uncorrected_read_errors"]) == (40.0, None)
    assert device["findings"] == []


@pytest.mark.parametrize("absent", [63, 64, FIRMWARE])
def test_what_is_not_in_the_table_is_not_made_up(answer: Answer, absent: int) -> None:
    device = answer(blackhole(Chip(tags={FIRMWARE: 0x12050000, absent: None})), "telemetry")["devices"][0]
    assert (device["aiclk_max_mhz"], device["power_limit_w"]) == (None, None)


def test_a_heartbeat_is_not_still_before_it_had_the_time_to_move(run_on: RunOn) -> None:
    done = run_on(blackhole(), "telemetry", "--watch", "0.2", "-n", "10", "--json")
    moves = [json.loads(line)["devices"][0]["heartbeat_moves"] for line in done.stdout.splitlines()]
    assert moves[:6] == [None] * 6
    assert moves[-1] is False
    assert moves == sorted(moves, key=lambda moved: moved is False)


@pytest.mark.parametrize("form", ["json", "table", "csv", "yaml"])
def test_a_reader_that_has_seen_enough_of_a_watch_is_0(
    library: Path, console_script: str, tmp_path: Path, form: str
) -> None:
    command = f"{console_script} telemetry --from sim:{library} --watch 0.05 --format {form} | head -2"
    done = subprocess.run(
        ["bash", "-c", f"{command} >/dev/null; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **blackhole().write(tmp_path / "script")},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_yaml_of_a_watch_is_a_stream_of_documents(run_on: RunOn) -> None:
    done = run_on(blackhole(), "telemetry", "--watch", "0.05", "-n", "3", "--format", "yaml")
    assert [document["schema"] for document in yaml.safe_load_all(done.stdout)] == [
        "ttinspect.telemetry.v1"
    ] * 3


@pytest.mark.parametrize(("make", "channels"), [(blackhole, 12), (wormhole, 16)])
def test_links_are_up_or_down_where_firmware_tells_it(answer: Answer, make: Any, channels: int) -> None:
    """From bundle 20.0 on the upper half of the word has a bit per eth core (tt-umd 0.9.14)."""
    tags: dict[int, int | None] = {FIRMWARE: 0x14000000, ETH_LIVE: 0x0003_FFFF}
    device = answer(make(Chip(tags=tags)), "telemetry")["devices"][0]
    assert device["eth_up"] == [True] * 2 + [False] * (channels - 2)
    older = answer(make(Chip(tags={**tags, FIRMWARE: 0x13060000})), "telemetry")["devices"][0]
    assert older["eth_up"] == [None] * channels
    assert {"eth[].up", "eth_up[]"} <= {unknown["path"] for unknown in older["unknown"]}
    assert [unknown["path"] for unknown in device["unknown"] if unknown["path"].startswith("eth")] == [
        "eth[].retrained"
    ]


@pytest.mark.parametrize(
    ("make", "bundle", "word", "heartbeats", "retrained"),
    [
        (wormhole, 0x13060000, 0x0030_FFF7, 15, [4, 5]),  # 19.6
        (wormhole, 0x13090000, 0x0000_FFF7, 15, None),  # 19.9: the upper half is something else
        (blackhole, 0x13060000, 0x0000_3FFF, None, None),
        (blackhole, 0x13090000, 0x0000_3FFF, 12, None),
    ],
)
def test_heartbeats_and_retrained_links_are_told_where_tt_umd_has_them(
    answer: Answer, make: Any, bundle: int, word: int, heartbeats: int | None, retrained: list[int] | None
) -> None:
    """ETH_LIVE_STATUS: a bit per eth core, heartbeats in the lower half; the upper half is about training
    on Wormhole before 19.9 (tt-umd 0.9.14, FirmwareInfoProvider)."""
    device = answer(make(Chip(tags={FIRMWARE: bundle, ETH_LIVE: word})), "telemetry")["devices"][0]
    beats = [channel["heartbeat"] for channel in device["eth"]]
    assert beats.count(True) == (heartbeats or 0)
    assert (None in beats) is (heartbeats is None)
    again = [channel["channel"] for channel in device["eth"] if channel["retrained"]]
    assert again == (retrained or [])
    unknown = {unknown["path"] for unknown in device["unknown"]}
    assert ("eth[].heartbeat" in unknown, "eth[].retrained" in unknown) == (
        heartbeats is None, retrained is None,
    )  # fmt: skip


@pytest.mark.parametrize("absent", [42, 46, 50])
def test_a_missing_word_about_dram_takes_nothing_else_away(answer: Answer, absent: int) -> None:
    """tt_umd's getter says nothing of any channel then."""
    tags: dict[int, int | None] = {42: 0x1F1E1D1C, 46: 0x01020304, 50: 0x9, absent: None}
    first, second, *_ = answer(blackhole(Chip(tags=tags)), "telemetry")["devices"][0]["gddr"]
    fields = {
        42: ("top_celsius", 29.0, 31.0),
        46: ("corrected_read_errors", 4, 2),
        50: ("uncorrected_write_errors", 0, 1),
    }
    for tag, (name, of_first, of_second) in fields.items():
        expected = (None, None) if tag == absent else (of_first, of_second)
        assert (first[name], second[name]) == expected


@pytest.mark.parametrize(("word", "version"), [(0x6F000, "6.15.0"), (0x06100A, "6.1.10")])
def test_eth_firmware_of_a_wormhole_is_what_tt_umd_makes_of_it(
    answer: Answer, word: int, version: str
) -> None:
    """tt-umd 0.9.14, get_eth_fw_version."""
    (device,) = answer(wormhole(Chip(tags={ETH_FW: word})), "telemetry")["devices"]
    assert device["firmware_eth"] == version


@pytest.mark.parametrize("word", [0, 0xFFFFFF, 0xFFFFFFFF])
def test_eth_firmware_that_is_no_version_is_unknown(answer: Answer, word: int) -> None:
    (device,) = answer(blackhole(Chip(tags={ETH_FW: word})), "telemetry")["devices"]
    assert device["firmware_eth"] is None


@pytest.mark.parametrize("after", [1200, 1300, 1350, 1400])
def test_a_chip_that_leaves_the_bus_while_it_is_read_is_unknown_and_5(answer: Answer, after: int) -> None:
    tags: dict[int, int | None] = {42: 0x30313233, 46: 0x0102, 50: 0}
    document = answer(blackhole(Chip(tags=tags), Chip(tags=tags, off_after=after)), "telemetry", code=5)
    lost = document["devices"][1]
    assert (lost["asic_celsius"], lost["heartbeat_moves"], lost["gddr"]) == (None, None, None)
    assert [finding["id"] for finding in lost["findings"]] == ["TTT010"]
    assert "the bus" in next(
        finding["message"] for finding in document["findings"] if finding["id"] == "TTH009"
    )


def test_a_watch_outlives_a_discovery_that_fails(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def devices(**more: Any) -> None:
        (name, script), *_ = blackhole(Chip(), Chip(), **more).write(tmp_path / "script").items()
        monkeypatch.setenv(name, script)

    devices(crash=("abort", 2500))
    with Watcher("sim", str(library), LiveOptions(timeout_seconds=20)) as watcher:

        def shown() -> tuple[list[bool], str]:
            system = watcher.read()
            return [chip.telemetry is not None for chip in system.chips], "".join(
                trouble.why for trouble in system.troubles
            )

        assert shown() == ([True, True], "")
        devices(crash=("abort", 300))
        while (reading := shown()) == ([True, True], ""):
            pass  # until the device aborts
        silent, why = reading
        assert not all(silent)
        assert "SIGABRT" in why
        devices()
        assert shown() == ([True, True], "")


@pytest.mark.parametrize(("kind", "fate"), [("segfault", "died"), ("exit", "died"), ("hang", "hung")])
def test_what_a_simulator_said_before_it_dies_or_hangs_is_kept(answer: Answer, kind: str, fate: str) -> None:
    device = blackhole(Chip(), Chip(), Chip(), crash=(kind, 2000, 1))
    document = answer(device, "telemetry", "--timeout", "6", code=5)
    assert [device["aiclk_mhz"] for device in document["devices"]] == [1350, None, None]
    assert [device["board"] for device in document["devices"]] == ["p150"] * 3
    dead, unread = (finding["message"] for finding in document["findings"] if finding["id"] == "TTH009")
    assert f"chip 1 could not be read: tt_umd {fate} while reading telemetry of chip 1" in dead
    assert f"chip 2 could not be read: it was not read: tt_umd {fate}" in unread


def test_words_that_no_chip_can_have_are_unknown_and_one_finding(answer: Answer) -> None:
    """A tag table that was read as values, as public reports show."""
    document = answer(blackhole(Chip(tags={AICLK: 0x3200320, TDP: 0x310031})), "telemetry")
    (device,) = document["devices"]
    assert (device["aiclk_mhz"], device["power_w"]) == (None, None)
    impossible = [finding for finding in device["findings"] if finding["id"] == "TTT041"]
    assert [unknown["evidence"] for unknown in impossible] == [{"aiclk_mhz": 0x3200320, "power_w": 0x310031}]
