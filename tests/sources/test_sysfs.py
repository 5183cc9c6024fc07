"""sysfs[:ROOT]: what the kernel driver shows, and nothing of what it does not."""

import json
import os
import re
import shutil
import struct
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.shm.captures import captures
from tests.sources import fake_sysfs
from tests.sources.fake_sysfs import (
    N150_BOARD_ID,
    N300_BOARD_ID,
    P100_BOARD_ID,
    P150_BOARD_ID,
    UBB_BLACKHOLE_BOARD_ID,
    device,
    kernel_driver,
    write,
)
from ttinspect.errors import ExitCode, InspectError
from ttinspect.host.driver import no_devices
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, PcieLink
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import open_source
from ttinspect.sources.sysfs import read_sysfs
from ttinspect.sources.sysfs_watching import SysfsWatcher
from ttinspect.verify.findings.telemetry import telemetry_findings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    kernel_driver(folder)
    return folder


def system(root: Path, ask: Ask = Ask.READING) -> System:
    return open_source(f"sysfs:{root}", LiveOptions(ask=ask))


def chip(root: Path) -> Chip:
    return system(root).chips[0]


def reading(root: Path) -> Telemetry:
    sensors = chip(root).telemetry
    assert sensors is not None
    return sensors


def why(shown: Chip, path: str) -> list[str]:
    return [unknown.why for unknown in shown.unknown if unknown.path == path]


def test_identity_comes_from_the_class_device_and_its_pci_device(root: Path) -> None:
    device(root, 3, bdf="0000:c1:00.0")
    shown = chip(root)
    assert (shown.id, shown.kmd_id, shown.mmio, shown.pci_bdf) == (3, 3, True, "0000:c1:00.0")
    assert (shown.arch, shown.board, shown.board_id) == (Arch.BLACKHOLE, Board("p150"), str(P150_BOARD_ID))
    assert shown.firmware == (19, 5, 0)
    assert shown.pcie == PcieLink(
        bus_id=0xC1, lanes=8, max_lanes=16, generation=4, max_generation=5, slot_lanes=16, slot_generation=5
    )
    assert system(root).kmd_version == "2.8.0"


def test_what_sysfs_does_not_carry_is_unknown_with_a_reason(root: Path) -> None:
    device(root, 0)
    shown = chip(root)
    assert shown.masks == UNKNOWN_MASKS
    assert (shown.noc_translation, shown.asic_location, shown.unique_id) == (None, None, None)
    assert why(shown, "masks") == ["sysfs does not carry harvesting"]
    assert [unknown.path for unknown in shown.unknown] == [
        "masks", "noc_translation", "asic_location", "links", "unique_id",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pci_id", "board_id", "card", "arch", "board"),
    [
        (0x401E, N150_BOARD_ID, "n150", Arch.WORMHOLE_B0, Board("n150")),
        (0x401E, N300_BOARD_ID, "n300", Arch.WORMHOLE_B0, Board("n300")),
        (0xB140, P100_BOARD_ID, "p100a", Arch.BLACKHOLE, Board("p100")),
        (0xB140, UBB_BLACKHOLE_BOARD_ID, "galaxy-blackhole", Arch.BLACKHOLE, Board("ubb_blackhole")),
    ],
)
def test_the_pci_id_tells_the_architecture_and_the_board_id_the_board(
    root: Path, pci_id: int, board_id: int, card: str, arch: Arch, board: Board
) -> None:
    device(root, 0, pci_id=pci_id, board_id=board_id, card=card)
    assert (chip(root).arch, chip(root).board) == (arch, board)


def test_the_asic_id_of_a_p100_is_its_unique_id(root: Path) -> None:
    device(root, 0, board_id=P100_BOARD_ID, card="p100a")
    assert chip(root).unique_id == "17716556166399396846"


def test_a_galaxy_chip_has_the_tray_of_its_bus(root: Path) -> None:
    device(root, 0, bdf="0000:42:00.0", board_id=UBB_BLACKHOLE_BOARD_ID)
    assert chip(root).tray == 2


def test_a_board_that_umd_does_not_know_is_shown_as_the_driver_spells_it(root: Path) -> None:
    (device(root, 0, card="p950x") / "tt_serial").unlink()
    assert (chip(root).board, chip(root).board_name, chip(root).board_id) == (None, "p950x", None)


@pytest.mark.parametrize(
    ("card", "arch", "board"),
    [
        ("p100a", Arch.BLACKHOLE, Board("p100")),
        ("p150b", Arch.BLACKHOLE, Board("p150")),
        ("p300b", Arch.BLACKHOLE, Board("p300")),
        ("n150", Arch.WORMHOLE_B0, Board("n150")),
        ("galaxy-wormhole", Arch.WORMHOLE_B0, Board("ubb")),
        ("galaxy-blackhole", Arch.BLACKHOLE, Board("ubb_blackhole")),
    ],
)
def test_the_name_of_the_card_tells_the_board_where_nothing_else_does(
    root: Path, card: str, arch: Arch, board: Board
) -> None:
    folder = device(root, 0, card=card)
    (folder / "tt_serial").unlink()
    (folder / "device" / "device").unlink()
    assert (chip(root).arch, chip(root).board) == (arch, board)


def test_a_grayskull_is_7_by_the_name_of_its_card_too(root: Path) -> None:
    folder = device(root, 0, card="e150")
    (folder / "tt_serial").unlink()
    (folder / "device" / "device").unlink()
    with pytest.raises(InspectError) as caught:
        system(root)
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH


def test_a_watch_sees_heartbeats_move_and_outlives_devices_that_vanish(root: Path) -> None:
    folder = device(root, 0)
    watcher = SysfsWatcher(str(root))
    first = watcher.read()
    write(folder / "tt_heartbeat", "4712")
    second = watcher.read()
    link = root / "sys/class/tenstorrent" / folder.name
    target = link.readlink()
    link.unlink()
    gone = watcher.read()
    link.symlink_to(target)
    back = watcher.read()
    sensors = [turn.chips[0].telemetry for turn in (first, second, gone, back)]
    assert [
        None if reading_of_turn is None else reading_of_turn.heartbeat_moves for reading_of_turn in sensors
    ] == [None, True, None, None]
    assert [len(turn.troubles) for turn in (first, second, gone, back)] == [0, 0, 1, 0]
    assert sensors[2] is None
    assert "lists none" in gone.troubles[0].why


def test_a_watch_shows_a_device_that_vanished_until_it_is_back_under_any_number(root: Path) -> None:
    folders = [device(root, number) for number in (0, 1)]
    watcher = SysfsWatcher(str(root))
    watcher.read()
    link = root / "sys/class/tenstorrent" / folders[0].name
    target = link.readlink()
    link.unlink()
    gone = watcher.read()
    assert [(chip.id, chip.telemetry is None) for chip in gone.chips] == [(0, True), (1, False)]
    assert [(trouble.chip, trouble.why) for trouble in gone.troubles] == [(0, "it is not there any more")]
    link.with_name("tenstorrent!7").symlink_to(target)
    back = watcher.read()
    assert [(chip.id, chip.kmd_id, chip.telemetry is None) for chip in back.chips] == [
        (0, 7, False),
        (1, 1, False),
    ]
    assert back.troubles == ()


def test_a_watch_outlives_a_root_that_vanishes(root: Path) -> None:
    device(root, 0)
    watcher = SysfsWatcher(str(root))
    watcher.read()
    away = root.rename(root.with_name("away"))
    assert [chip.telemetry for chip in watcher.read().chips] == [None]
    away.rename(root)
    assert watcher.read().troubles == ()


def test_a_watch_of_no_devices_at_all_is_3(root: Path) -> None:
    with pytest.raises(InspectError) as caught:
        SysfsWatcher(str(root)).read()
    assert caught.value.exit_code is ExitCode.NO_DEVICES


def test_the_second_chip_of_an_n300_is_said_to_be_missing(root: Path) -> None:
    device(root, 0, pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    assert system(root).warnings == ()
    assert system(root).notes == (
        "sysfs does not show the second chip of an n300, which is reached through the first",
    )
    assert system(root).evidence[system(root).notes[0]] == {"chips": [0]}


def test_telemetry_is_in_the_units_of_hwmon_and_of_the_driver(root: Path) -> None:
    write(device(root, 0) / "tt_eth_fw_ver", "6.14.0")
    sensors = reading(root)
    assert sensors.time_ns is not None
    assert (sensors.aiclk_mhz, sensors.axiclk_mhz, sensors.arcclk_mhz) == (1350, 960, 800)
    assert (sensors.vcore_mv, sensors.power_w, sensors.power_limit_w) == (745, 23, 150)
    assert (sensors.current_a, sensors.current_limit_a, sensors.fan_rpm) == (31, 200, 1480)
    assert (sensors.asic_celsius, sensors.throttle_celsius, sensors.thermal_trips) == (54.321, 90.0, 2)
    assert (sensors.firmware_bundle, sensors.firmware_eth, sensors.heartbeat) == ("19.5.0", "6.14.0", 4711)
    assert (sensors.board_celsius, sensors.gddr, sensors.eth, sensors.heartbeat_moves) == (None,) * 4


def test_telemetry_is_read_only_when_it_is_asked_for(root: Path) -> None:
    device(root, 0)
    shown = system(root, Ask.CHIPS).chips[0]
    assert shown.telemetry is None
    assert why(shown, "telemetry") == []


@pytest.mark.parametrize(("live", "still"), [(True, False), (False, None)])
def test_a_heartbeat_that_stands_still_is_told_from_one_that_moves(
    root: Path, monkeypatch: pytest.MonkeyPatch, live: bool, still: bool | None
) -> None:
    """In a copied tree nothing moves: that says nothing of the chip."""
    monkeypatch.setattr("ttinspect.sources.sysfs._is_live", lambda _: live)
    device(root, 0)
    moving = device(root, 1)
    (device(root, 2) / "tt_heartbeat").unlink()
    monkeypatch.setattr(
        "ttinspect.sources.sysfs_telemetry.time.sleep", lambda _: write(moving / "tt_heartbeat", "4712")
    )
    readings = [chip.telemetry for chip in system(root, Ask.TELEMETRY).chips]
    assert [reading.heartbeat_moves for reading in readings if reading is not None] == [still, True, None]


def test_a_hwmon_that_only_its_class_shows_is_found_by_its_device(root: Path) -> None:
    folder = device(root, 0)
    (root / "sys/class/hwmon").mkdir(parents=True)
    shutil.move(folder / "device/hwmon/hwmon3", root / "sys/class/hwmon/hwmon3")
    (root / "sys/class/hwmon/hwmon3/device").symlink_to((folder / "device").resolve())
    write(root / "sys/class/hwmon/hwmon4/name", "blackhole")
    write(root / "sys/class/hwmon/hwmon3/power1_input", "23500000")
    assert reading(root).power_w == 23.5


def test_parts_of_a_watt_and_an_ampere_are_kept(root: Path) -> None:
    folder = device(root, 0)
    write(folder / "device/hwmon/hwmon3/power1_input", "23500000")
    write(folder / "device/hwmon/hwmon3/curr1_input", "31250")
    assert (reading(root).power_w, reading(root).current_a) == (23.5, 31.25)


@pytest.mark.parametrize(("millidegrees", "celsius"), [("0", 0.0), ("65531500", -4.5), ("65535999", None)])
def test_a_temperature_below_zero_is_not_65531_degrees(
    root: Path, millidegrees: str, celsius: float | None
) -> None:
    write(device(root, 0) / "device/hwmon/hwmon3/temp1_input", millidegrees)
    assert reading(root).asic_celsius == celsius


OFF_THE_BUS = {
    "tt_aiclk": "4294967295", "tt_axiclk": "4294967295", "tt_arcclk": "4294967295",
    "tt_serial": "F" * 16, "tt_asic_id": "F" * 16, "tt_card_type": "unknown",
    "tt_fw_bundle_ver": "255.255.255.255", "tt_heartbeat": "4294967295", "tt_therm_trip_count": "4294967295",
    "device/hwmon/hwmon3/temp1_input": "65535999", "device/hwmon/hwmon3/in0_input": "4294967295",
    "device/hwmon/hwmon3/curr1_input": "4294966296", "device/hwmon/hwmon3/power1_input": "4293967296",
    "device/hwmon/hwmon3/fan1_input": "4294967295",
    "device/current_link_width": "63", "device/current_link_speed": "Unknown",
}  # fmt: skip
"""What the driver's arithmetic makes of registers that read as all ones."""


def test_a_chip_off_the_bus_is_unknown_and_not_at_65535_degrees(root: Path) -> None:
    folder = device(root, 0)
    for name, text in OFF_THE_BUS.items():
        write(folder / name, text)
    shown = chip(root)
    assert shown.arch is Arch.BLACKHOLE
    assert (shown.board, shown.board_name, shown.board_id, shown.unique_id) == (None,) * 4
    assert (shown.firmware, shown.telemetry) == (None, None)
    assert shown.pcie == PcieLink(bus_id=1, max_lanes=16, max_generation=5, slot_lanes=16, slot_generation=5)
    assert "off the bus" in why(shown, "telemetry")[0]
    (trouble,) = system(root).troubles
    assert (trouble.chip, trouble.readable) == (0, False)
    assert "off the bus" in trouble.why


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("tt_aiclk", "fast", "aiclk_mhz"), ("tt_axiclk", "-1", "axiclk_mhz"), ("tt_arcclk", "", "arcclk_mhz"),
        ("tt_heartbeat", "0x1", "heartbeat"), ("tt_fw_bundle_ver", "0.0.0.0", "firmware_bundle"),
        ("tt_fw_bundle_ver", "new", "firmware_bundle"), ("tt_therm_trip_count", "9" * 5000, "thermal_trips"),
        ("device/hwmon/hwmon3/temp1_input", "4095937", "asic_celsius"),
        ("device/hwmon/hwmon3/power1_input", "4293967296", "power_w"),
        ("device/hwmon/hwmon3/curr1_input", "\x1b[31m", "current_a"),
        ("device/hwmon/hwmon3/in0_input", "745 mV", "vcore_mv"),
        ("device/hwmon/hwmon3/fan1_input", "4294967295", "fan_rpm"),
    ],
)  # fmt: skip
def test_garbage_in_one_file_makes_one_fact_unknown(root: Path, name: str, text: str, field: str) -> None:
    folder = device(root, 0)
    whole = reading(root)
    assert getattr(whole, field) is not None
    write(folder / name, text)
    sensors = reading(root)
    same = [key for key in Telemetry.__struct_fields__ if key != "time_ns"]
    assert [key for key in same if getattr(sensors, key) != getattr(whole, key)] == [field]
    assert getattr(sensors, field) is None


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("current_link_width", "0", "lanes"), ("max_link_width", "x", "max_lanes"),
        ("current_link_speed", "Unknown", "generation"), ("max_link_speed", "99 GT/s", "max_generation"),
    ],
)  # fmt: skip
def test_a_link_that_is_down_or_garbage_has_no_width_or_generation(
    root: Path, name: str, text: str, field: str
) -> None:
    write(device(root, 0) / "device" / name, text)
    link = chip(root).pcie
    assert link is not None
    assert [key for key in PcieLink.__struct_fields__ if getattr(link, key) is None] == [field]


@pytest.mark.parametrize("speed", ["8.0 GT/s PCIe", "8 GT/s", "8.0 GT/s"])
def test_kernels_spell_link_speeds_differently(root: Path, speed: str) -> None:
    write(device(root, 0) / "device/current_link_speed", speed)
    link = chip(root).pcie
    assert link is not None
    assert link.generation == 3


def test_a_device_without_telemetry_attributes_is_still_listed(root: Path) -> None:
    folder = device(root, 0)
    for attribute in folder.glob("tt_*"):
        attribute.unlink()
    shutil.rmtree(folder / "device/hwmon")
    shown = chip(root)
    assert (shown.arch, shown.kmd_id, shown.pci_bdf) == (Arch.BLACKHOLE, 0, "0000:01:00.0")
    assert (shown.board, shown.board_id, shown.firmware, shown.telemetry) == (None,) * 4
    assert [unknown.path for unknown in shown.unknown] == [
        "masks", "noc_translation", "asic_location", "links", "board", "board_id", "unique_id", "firmware", "telemetry",
    ]  # fmt: skip


def test_the_board_tells_the_architecture_where_the_pci_id_cannot_be_read(root: Path) -> None:
    (device(root, 0, pci_id=0x401E, board_id=N150_BOARD_ID) / "device/device").unlink()
    assert chip(root).arch is Arch.WORMHOLE_B0


def test_a_device_of_unknown_architecture_does_not_hide_the_others(root: Path) -> None:
    device(root, 0, pci_id=0xFACA)
    device(root, 1)
    host = system(root)
    assert [chip.id for chip in host.chips] == [1]
    assert [(trouble.chip, trouble.why, trouble.readable) for trouble in host.troubles] == [
        (0, "its PCI device id is 0xfaca", False)
    ]


def test_only_devices_that_are_not_known_are_an_unsupported_architecture(root: Path) -> None:
    device(root, 0, pci_id=0xFACA)
    with pytest.raises(InspectError, match="unsupported architecture of device 0") as caught:
        system(root)
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH


def test_a_device_of_which_nothing_can_be_read_is_a_failure(root: Path) -> None:
    shutil.rmtree(device(root, 0).parents[1])
    (root / "sys/class/tenstorrent/tenstorrent!0").unlink()
    (root / "sys/class/tenstorrent/tenstorrent!0").mkdir()
    with pytest.raises(InspectError, match="cannot tell the architecture") as caught:
        system(root)
    assert caught.value.exit_code is ExitCode.UMD_FAILED


def test_devices_are_in_the_order_of_their_numbers(root: Path) -> None:
    for number in (10, 2, 0):
        device(root, number)
    write(root / "sys/class/tenstorrent/other/x", "not a device")
    assert [chip.id for chip in system(root).chips] == [0, 2, 10]


@pytest.mark.parametrize(
    ("with_node", "warnings"),
    [
        (8, ()),
        (2, ("the kernel driver shows 8 devices, 2 have a node in /dev/tenstorrent (0, 1)",)),
        (1, ("the kernel driver shows 8 devices, 1 has a node in /dev/tenstorrent (0)",)),
        (0, ("the kernel driver shows 8 devices, none has a node in /dev/tenstorrent",)),
    ],
)
def test_a_container_that_has_some_of_the_nodes_is_told_so(
    root: Path, with_node: int, warnings: tuple[str, ...]
) -> None:
    for number in range(8):
        device(root, number, node=number < with_node)
    assert len(system(root).chips) == 8
    assert system(root).warnings == warnings


def test_the_nodes_that_a_container_has_are_named_and_in_the_evidence(root: Path, run: Run) -> None:
    for number in range(8):
        device(root, number, node=number == 5)
    (finding,) = json.loads(run("harvest", "--from", f"sysfs:{root}", "--json").stdout)["findings"]
    assert (finding["id"], finding["evidence"]) == ("TTH007", {"devices": [*range(8)], "with_node": [5]})
    assert finding["message"] == "the kernel driver shows 8 devices, 1 has a node in /dev/tenstorrent (5)"


def test_of_many_nodes_the_first_are_named(root: Path) -> None:
    for number in range(32):
        device(root, number, node=number % 2 == 0)
    (warning,) = system(root).warnings
    assert warning.endswith("16 have a node in /dev/tenstorrent (0, 2, 4, 6, 8, 10 and 10 more)")
    assert system(root).evidence[warning]["with_node"] == [*range(0, 32, 2)]


def test_evidence_of_the_host_outlives_a_snapshot(root: Path, run: Run) -> None:
    for number in range(2):
        device(root, number, node=number == 1)
    live = json.loads(run("harvest", "--from", f"sysfs:{root}", "--json").stdout)
    for redact in ([], ["--redact"]):
        run("snapshot", "--from", f"sysfs:{root}", "-o", "s.json", *redact)
        recorded = json.loads(run("harvest", "--from", "s.json", "--json").stdout)
        assert recorded["findings"] == live["findings"]


def test_no_device_is_opened_and_nothing_is_written(root: Path) -> None:
    device(root, 0)
    opened: list[tuple[str, int]] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            path, _, flags = arguments
            opened.append((str(path), flags if isinstance(flags, int) else 0))

    sys.addaudithook(hook)
    system(root, Ask.READING)
    watching = False
    ours = [(path, flags) for path, flags in opened if path.startswith(str(root))]
    assert len(ours) > 20
    assert not [path for path, _ in ours if path.startswith(str(root / "dev"))]
    assert not [path for path, flags in ours if flags & (os.O_WRONLY | os.O_RDWR)]


def test_a_pipe_in_the_place_of_an_attribute_does_not_hang(root: Path) -> None:
    attribute = device(root, 0) / "tt_aiclk"
    attribute.unlink()
    os.mkfifo(attribute)
    assert reading(root).aiclk_mhz is None


def test_a_copied_tree_without_links_still_tells_the_address(root: Path) -> None:
    folder = device(root, 0)
    write(folder / "device/uevent", "DRIVER=tenstorrent\nPCI_SLOT_NAME=0000:01:00.0")
    device_link = folder / "device"
    pci = device_link.resolve()
    copy = root / "copy"
    shutil.copytree(pci, copy, ignore=shutil.ignore_patterns("tenstorrent"))
    device_link.unlink()
    shutil.move(copy, device_link)
    assert chip(root).pci_bdf == "0000:01:00.0"


def test_a_tree_of_files_is_not_live(root: Path) -> None:
    device(root, 0)
    assert system(root).source == Source(kind=SourceKind.SYSFS, detail=str(root), live=False, example=False)


@pytest.mark.parametrize("version", ["", "\x1b[0m", "two"])
def test_a_driver_version_that_is_none_is_unknown(root: Path, version: str) -> None:
    device(root, 0)
    kernel_driver(root, version)
    assert system(root).kmd_version is None


def test_a_missing_driver_is_told_from_a_driver_without_devices(tmp_path: Path) -> None:
    with pytest.raises(InspectError, match="the tenstorrent kernel driver is not loaded") as caught:
        system(tmp_path)
    assert caught.value.exit_code is ExitCode.NO_DEVICES
    kernel_driver(tmp_path)
    with pytest.raises(InspectError, match="the kernel driver has no devices") as caught:
        system(tmp_path)
    assert caught.value.exit_code is ExitCode.NO_DEVICES


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("sys/bus/pci/devices/0000:01:00.0/vendor", "0x1e52", "1 on the PCI bus"),
        ("dev/tenstorrent/0", "", "1 in .*dev/tenstorrent"),
    ],
)
def test_devices_without_a_driver_are_5(tmp_path: Path, path: str, text: str, words: str) -> None:
    write(tmp_path / "sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086")
    write(tmp_path / path, text)
    with pytest.raises(InspectError, match="the tenstorrent kernel driver is not loaded") as caught:
        system(tmp_path)
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert re.search(words, caught.value.why)


def test_devices_that_a_driver_does_not_take_are_5(root: Path) -> None:
    write(root / "sys/bus/pci/devices/0000:01:00.0/vendor", "0x1e52")
    with pytest.raises(InspectError, match="the tenstorrent kernel driver has no devices") as caught:
        system(root)
    assert caught.value.exit_code is ExitCode.UMD_FAILED


def test_a_folder_of_devices_that_goes_round_is_no_matter_of_permission(root: Path) -> None:
    (root / "sys/class").mkdir()
    (root / "sys/class/tenstorrent").symlink_to("tenstorrent")
    with pytest.raises(InspectError, match=r"cannot list .*: too many levels of symbolic links") as caught:
        system(root)
    assert caught.value.exit_code is ExitCode.UMD_FAILED


def test_a_container_without_nodes_is_told_so(root: Path) -> None:
    device(root, 0, node=False)
    error = no_devices("/dev/tenstorrent does not exist", root)
    assert error.exit_code is ExitCode.NO_DEVICES
    assert "the kernel driver shows 1, and none has a node here" in error.why
    assert "--from sysfs" in error.next_step


@pytest.mark.parametrize(
    "name",
    [
        "sys/class/tenstorrent/tenstorrent!0/device",
        "sys/class/hwmon/hwmon9",
        "sys/class/tenstorrent/tenstorrent!0",
    ],
)
def test_a_link_that_goes_round_makes_its_facts_unknown_and_no_others(root: Path, name: str) -> None:
    for number in (0, 1):
        device(root, number)
    link = root / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(link.name)
    assert [chip.pci_bdf for chip in system(root).chips if chip.id == 1] == ["0000:02:00.0"]


def test_a_pipe_among_the_files_of_the_bus_is_nothing(root: Path) -> None:
    folder = device(root, 0)
    target = (folder / "device").resolve()
    (folder / "device").unlink()
    renamed = target.rename(target.with_name("somewhere"))
    (folder.parent.parent.parent / "x").mkdir(parents=True, exist_ok=True)
    link = renamed / "tenstorrent/tenstorrent!0/device"
    link.symlink_to("../../../somewhere")
    (root / "sys/class/tenstorrent/tenstorrent!0").unlink()
    (root / "sys/class/tenstorrent/tenstorrent!0").symlink_to(renamed / "tenstorrent/tenstorrent!0")
    os.mkfifo(renamed / "uevent")
    assert chip(root).pci_bdf is None


def test_a_root_that_is_no_folder_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(InspectError, match="it is not a folder") as caught:
        system(tmp_path / "absent")
    assert caught.value.exit_code is ExitCode.USAGE


def test_harvest_and_capacity_answer_null_with_a_warning_and_exit_0(root: Path, run: Run) -> None:
    device(root, 0, pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    device(root, 1, node=False)
    done = run("harvest", "--from", f"sysfs:{root}", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["source"] == {"kind": "sysfs", "detail": str(root), "live": False, "example": False}
    assert [device["board"] for device in answer["devices"]] == ["n300", "p150"]
    for answered in answer["devices"]:
        assert set(answered["masks"].values()) == {None}
        assert answered["tensix"]["active"] is None
        assert "sysfs does not carry harvesting" in answered["findings"][0]["message"]
    assert "1 has a node" in json.dumps(answer["findings"])
    assert "second chip of an n300" in json.dumps(answer["findings"])
    done = run("capacity", "--from", f"sysfs:{root}", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert [device["l1"]["physical"] for device in answer["devices"]] == [None, None]
    assert answer["totals"]["l1_physical"] is None


def test_the_table_of_telemetry_shows_what_hwmon_says(root: Path, run: Run) -> None:
    device(root, 0)
    done = run("telemetry", "--from", f"sysfs:{root}")
    assert done.returncode == 0
    assert "1350" in done.stdout
    assert "23/150" in done.stdout
    assert "54.3" in done.stdout


def test_of_a_chip_off_the_bus_there_is_no_telemetry_for_that_reason(root: Path, run: Run) -> None:
    device(root, 0)
    folder = device(root, 1)
    for name, text in OFF_THE_BUS.items():
        write(folder / name, text)
    answer = json.loads(run("telemetry", "--from", f"sysfs:{root}", "--json").stdout)
    (message,) = [
        finding["message"] for finding in answer["devices"][1]["findings"] if finding["id"] == "TTT010"
    ]
    assert message == "there is no telemetry of this chip, because it could not be read: it is off the bus"


def test_an_unsupported_device_among_others_is_exit_5(root: Path, run: Run) -> None:
    device(root, 0, pci_id=0xFACA)
    device(root, 1)
    done = run("list", "--from", f"sysfs:{root}", "--json")
    assert done.returncode == 5
    assert [device["id"] for device in json.loads(done.stdout)["devices"]] == [1]
    assert "0xfaca" in done.stdout


def test_links_that_sysfs_does_not_show_are_no_finding_of_topology(root: Path, run: Run) -> None:
    device(root, 0, pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    device(root, 1, board_id=UBB_BLACKHOLE_BOARD_ID)
    answer = json.loads(run("topology", "--from", f"sysfs:{root}", "--json").stdout)
    assert [chip["findings"] for chip in answer["chips"]] == [[], []]
    findings = [(finding["id"], finding["severity"]) for finding in answer["findings"]]
    assert findings == [("TTT007", "info"), ("TTH007", "info")]  # 1 of 32 chips; the second chip of the n300
    assert "none" not in run("topology", "--from", f"sysfs:{root}").stdout


def test_one_chip_of_a_p300_is_missing_in_sysfs_too(root: Path, run: Run) -> None:
    device(root, 0, board_id=0x0000044511703043, card="p300a")
    answer = json.loads(run("topology", "--from", f"sysfs:{root}", "--json").stdout)
    assert [finding["name"] for finding in answer["findings"]] == ["incomplete board"]


def test_verify_shm_on_a_busy_host_needs_no_device(run: Run, tmp_path: Path) -> None:
    """A p100 with its region, a live process and the driver's list of openers, all below one root."""
    capture = captures()["real-fastP100-l1"]
    pid = capture.truth["pid"]
    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0, board_id=fake_sysfs.P100_BOARD_ID, card="p100a")
    region = root / "dev" / "shm" / capture.file_name
    region.parent.mkdir(parents=True)
    region.write_bytes(capture.data)
    region.chmod(0o600)
    fake_sysfs.write(root / f"proc/{pid}/stat", f"{pid} (python) S 1 " + "0 " * 49)
    fake_sysfs.write(root / f"proc/{pid}/comm", "python")
    fake_sysfs.write(root / "proc/driver/tenstorrent/0/pids", str(pid))
    done = run("verify-shm", "--from", f"sysfs:{root}", "--json")
    document = json.loads(done.stdout)
    (published,) = document["regions"]
    assert (published["device"], published["asic_id"]) == (0, "17716556166399396846")
    assert [slot["alive"] for slot in published["processes"]] == [True]
    assert published["capacity"]["l1_physical"] is None  # sysfs does not tell the harvesting
    assert not {f["severity"] for f in (*published["findings"], *document["findings"])} & {"error", "warning"}
    listed = json.loads(run("list", "--from", f"sysfs:{root}", "--json").stdout)["devices"][0]
    assert listed["l1_used"] == published["used"]["l1"]


def test_more_than_a_chip_of_unknown_harvesting_has_for_sure_is_inconclusive(
    run: Run, tmp_path: Path
) -> None:
    """Never a pass: 190 MiB of L1 fit a p100 without harvested columns, and no other."""
    capture = captures()["real-fastP100-l1"]
    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0, board_id=fake_sysfs.P100_BOARD_ID, card="p100a")
    data = bytearray(capture.data)
    struct.pack_into("<Q", data, 56, 190 << 20)  # the total, and the entry of the chip
    struct.pack_into("<Q", data, 88 + 16, 190 << 20)
    region = root / "dev" / "shm" / capture.file_name
    region.parent.mkdir(parents=True)
    region.write_bytes(data)
    (root / "proc").mkdir(exist_ok=True)
    document = json.loads(run("verify-shm", "--from", f"sysfs:{root}", "--json").stdout)
    unknown = [f for f in document["regions"][0]["findings"] if f["id"] == "TTS011"]
    assert [finding["evidence"]["kind"] for finding in unknown] == ["L1"]
    assert unknown[0]["evidence"]["least_bytes"] == 120 * 1_572_864
    assert document["verdict"] == "inconclusive"


def test_values_that_no_chip_can_have_are_unknown_and_one_finding(tmp_path: Path) -> None:
    """A tag table that was read as values, as public reports show."""
    folder = device(tmp_path, 0)
    write(folder / "tt_aiclk", "52429600")
    hwmon = folder.parents[1] / "hwmon/hwmon3"
    for name, text in {"in0_input": "3211313", "fan1_input": "2744786", "power1_input": "4081000000"}.items():
        write(hwmon / name, text)
    (chip,) = read_sysfs(str(tmp_path), LiveOptions(ask=Ask.READING)).chips
    assert chip.telemetry is not None
    refused = {"aiclk_mhz": 52_429_600, "vcore_mv": 3_211_313, "power_w": 4081, "fan_rpm": 2_744_786}
    assert all(getattr(chip.telemetry, name) is None for name in refused)
    assert chip.telemetry.asic_celsius == 54.321
    (finding,) = [finding for finding in telemetry_findings(chip) if finding.id == "TTT041"]
    assert finding.evidence == refused


ATTRIBUTE_OF = {
    "aiclk_mhz": "tt_aiclk", "axiclk_mhz": "tt_axiclk", "arcclk_mhz": "tt_arcclk", "heartbeat": "tt_heartbeat",
    "thermal_trips": "tt_therm_trip_count", "vcore_mv": "in0_input", "power_w": "power1_input",
    "power_limit_w": "power1_max", "current_a": "curr1_input", "current_limit_a": "curr1_max",
    "fan_rpm": "fan1_input", "asic_celsius": "temp1_input", "throttle_celsius": "temp1_max",
}  # fmt: skip


@pytest.mark.parametrize("text", ["99999999999", "-99999999999"])
@pytest.mark.parametrize("field", ATTRIBUTE_OF)
def test_what_is_past_every_word_is_unknown_and_one_finding(tmp_path: Path, field: str, text: str) -> None:
    folder, name = device(tmp_path, 0), ATTRIBUTE_OF[field]
    write((folder if name.startswith("tt_") else folder.parents[1] / "hwmon/hwmon3") / name, text)
    (chip,) = read_sysfs(str(tmp_path), LiveOptions(ask=Ask.READING)).chips
    assert getattr(chip.telemetry, field) is None
    (finding,) = [finding for finding in telemetry_findings(chip) if finding.id == "TTT041"]
    assert list(finding.evidence) == [field]


def test_a_temperature_past_every_scale_is_found_and_not_dropped(root: Path) -> None:
    write(device(root, 0) / "device/hwmon/hwmon3/temp1_input", "4095937")
    (chip,) = system(root).chips
    assert chip.telemetry is not None
    assert chip.telemetry.asic_celsius is None
    assert [unknown.read for unknown in chip.unknown if unknown.path == "asic_celsius"] == [4095.937]
