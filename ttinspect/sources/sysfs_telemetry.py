"""Telemetry from the attributes of tt-kmd (tt_*) and from hwmon. Names and units: tt-kmd,
docs/sysfs-attributes.md, and the kernel's hwmon interface. Every read is live.
"""

import itertools
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ttinspect.facts.firmware import version_as_printed
from ttinspect.host.attributes import read_decimal, read_hexadecimal, read_text
from ttinspect.model.chip import Chip
from ttinspect.model.telemetry import Telemetry

_HWMON_NAMES = ("wormhole", "blackhole")
_U16_ONES = 0xFFFF
_U32_ONES = 0xFFFFFFFF
_U64_ONES = 0xFFFFFFFFFFFFFFFF
_MILLI = 1000
_MICRO = 1_000_000
_HALF_OF_16_BITS_MILLI = 0x8000 * _MILLI
_HEARTBEAT_SECONDS = 0.5


def is_off_the_bus(folder: Path, hwmon: Path | None) -> bool:
    """Whether the registers of the device with these folders of attributes read as all ones; what scaling
    makes of these means nothing."""
    return (
        read_decimal(folder / "tt_aiclk") in (_U16_ONES, _U32_ONES)
        or read_hexadecimal(folder / "tt_serial") == _U64_ONES
        or (hwmon is not None and read_decimal(hwmon / "in0_input") == _U32_ONES)
    )


def read_telemetry(folder: Path, hwmon: Path | None) -> Telemetry | None:
    """One reading of the device with these folders of attributes. None when none of it is there.
    Of one that is off the bus nothing is to be read."""
    now = Telemetry(
        aiclk_mhz=_word(folder / "tt_aiclk"),
        axiclk_mhz=_word(folder / "tt_axiclk"),
        arcclk_mhz=_word(folder / "tt_arcclk"),
        vcore_mv=_unsigned(hwmon, "in0_input"),
        power_w=_scaled(hwmon, "power1_input", _MICRO),
        power_limit_w=_scaled(hwmon, "power1_max", _MICRO),
        current_a=_scaled(hwmon, "curr1_input", _MILLI),
        current_limit_a=_scaled(hwmon, "curr1_max", _MILLI),
        asic_celsius=_celsius(hwmon, "temp1_input"),
        # the driver's maximum is the limit from which the firmware throttles
        throttle_celsius=_celsius(hwmon, "temp1_max") or None,
        thermal_trips=_word(folder / "tt_therm_trip_count"),
        fan_rpm=_unsigned(hwmon, "fan1_input"),
        firmware_bundle=version_text(folder / "tt_fw_bundle_ver"),
        firmware_eth=version_text(folder / "tt_eth_fw_ver"),
        heartbeat=_word(folder / "tt_heartbeat"),
    )
    return None if now == Telemetry() else msgspec.structs.replace(now, time_ns=time.time_ns())


def with_moving_heartbeats(chips: list[Chip], folders: Mapping[int, Path], *, live: bool) -> list[Chip]:
    """Read the heartbeats again, half a second later, and say whether they moved; in a tree that is not
    live, where nothing does, not that they stand still."""
    if not any(chip.telemetry is not None and chip.telemetry.heartbeat is not None for chip in chips):
        return chips
    time.sleep(_HEARTBEAT_SECONDS)
    return [_with_moving_heartbeat(chip, folders[chip.id], live=live) for chip in chips]


def _with_moving_heartbeat(chip: Chip, folder: Path, *, live: bool) -> Chip:
    reading, later = chip.telemetry, _word(folder / "tt_heartbeat")
    if reading is None or reading.heartbeat is None or later is None:
        return chip
    moves = True if reading.heartbeat != later else False if live else None
    return msgspec.structs.replace(chip, telemetry=msgspec.structs.replace(reading, heartbeat_moves=moves))


def version_text(path: Path) -> str | None:
    """A version of an attribute; None where it tells none."""
    return version_as_printed(read_text(path) or "")


def hwmon_of(folder: Path) -> Path | None:
    """The folder of hwmon of the device with this folder of attributes; the driver registers one, on the PCI
    device; its class links to it."""
    candidates = itertools.chain(_folders(folder / "device" / "hwmon"), _linked(folder))
    return next((hwmon for hwmon in candidates if read_text(hwmon / "name") in _HWMON_NAMES), None)


def _linked(folder: Path) -> Iterator[Path]:
    """Those of the class that lead to the device: of a copied tree that has no more."""
    device = os.path.realpath(folder / "device")  # Path.resolve() fails where links go round
    for hwmon in _folders(folder.parents[1] / "hwmon"):
        if os.path.realpath(hwmon / "device") == device:
            yield hwmon


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(parent.iterdir())
    except OSError:
        return []


def _word(path: Path) -> int | None:
    """A telemetry word, not all ones. A value past 32 bits stays: TTT041 is about what no chip can have."""
    number = read_decimal(path)
    return None if number == _U32_ONES else number


def _unsigned(hwmon: Path | None, name: str) -> int | None:
    return None if hwmon is None else _word(hwmon / name)


def _scaled(hwmon: Path | None, name: str, parts: int) -> int | float | None:
    """Units of a reading in thousandths or millionths. The driver multiplies whole units, in 32 bits: all
    ones come out as the wrapped product."""
    number = _unsigned(hwmon, name)
    if number is None or number == _U32_ONES * parts & _U32_ONES or number // parts == _U16_ONES:
        return None
    return number / parts if number % parts else number // parts


def _celsius(hwmon: Path | None, name: str) -> float | None:
    """Degrees of thousandths. The driver takes the signed 16.16 word for an unsigned one: what is below
    zero shows as 65536 degrees more."""
    milli = read_decimal(hwmon / name) if hwmon is not None else None
    if milli is None or milli in _ONES_MILLI:
        return None
    if milli >= _HALF_OF_16_BITS_MILLI:
        milli -= 2 * _HALF_OF_16_BITS_MILLI
    return milli / _MILLI


_ONES_MILLI = (65_535_000, 65_535_999)
"""All ones in a limit, and in a temperature: not a little below zero."""
