"""From the words of Wormhole's legacy table to Telemetry. It packs two figures into one word where the table
that Blackhole has uses two. How: tt-umd (its provider for bundles up to 18.3.0), tt-smi 6.2.1, and the public
ISA documentation of Wormhole, which shows both tables of one chip side by side.
"""

from collections.abc import Callable, Mapping

from ttinspect.facts.firmware import bundle_text
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.telemetry_tags import (
    Quantity,
    eth_version_of_wormhole,
    rpm_of_two_fans,
    telemetry_of_words,
)

_HALF = 0xFFFF
_MOST_PERCENT = 100
_NO_TRANSFERS_MTS, _LESS_MTS = 16_000, 2_000


def _low(word: int) -> int:
    return word & _HALF


def _limit(word: int) -> int | None:
    """The upper half; 0 where there is no limit."""
    return word >> 16 or None


def _celsius(word: int) -> float:
    """Sixteenths of a degree in the lower half, signed."""
    sixteenths = word & _HALF
    return (sixteenths - (sixteenths & 0x8000) * 2) / 16


def _board_celsius(word: int) -> float | None:
    """Whole degrees in the lowest byte, signed; the bytes above are of other sensors. A word of 0 is none."""
    degrees = word & 0xFF
    return float(degrees - (degrees & 0x80) * 2) if word else None


def _percent(word: int) -> int | None:
    """Firmware before bundle 19.5 writes how far the fan is driven."""
    return word if word <= _MOST_PERCENT else None


def _rpm(word: int, *, remote: bool = False) -> int | None:
    """Firmware from bundle 19.5 on writes how fast the fans turn."""
    return rpm_of_two_fans(word, remote=remote) if word > _MOST_PERCENT else None


def _rpm_of_remote(word: int) -> int | None:
    return _rpm(word, remote=True)


def _transfers_mts(word: int) -> int | None:
    """The byte above the training of the channels: 16,000 MT/s less 2,000 for each of it."""
    return _NO_TRANSFERS_MTS - _LESS_MTS * (word >> 24) or None if 0 < word >> 24 < 8 else None


LEGACY: Mapping[str, Quantity] = {
    "aiclk_mhz": Quantity("AICLK", _low),
    "aiclk_max_mhz": Quantity("AICLK", _limit),
    "axiclk_mhz": Quantity("AXICLK"),
    "arcclk_mhz": Quantity("ARCCLK"),
    "vcore_mv": Quantity("VCORE"),
    "power_w": Quantity("TDP", _low),
    "power_limit_w": Quantity("TDP", _limit),
    "board_power_w": Quantity("INPUT_POWER"),
    "board_power_limit_w": Quantity("BOARD_POWER_LIMIT"),
    "current_a": Quantity("TDC", _low),
    "current_limit_a": Quantity("TDC", _limit),
    "asic_celsius": Quantity("ASIC_TEMPERATURE", _celsius),
    "board_celsius": Quantity("BOARD_TEMPERATURE", _board_celsius),
    "throttle_celsius": Quantity("THM_LIMITS", lambda word: float(_low(word)) or None),
    "shutdown_celsius": Quantity("THM_LIMITS", lambda word: float(word >> 16) or None),
    "thermal_trips": Quantity("THERM_TRIP_COUNT"),
    "fan_percent": Quantity("FAN_SPEED", _percent),
    "fan_rpm": Quantity("FAN_SPEED", _rpm),
    "gddr_speed_mts": Quantity("DDR_STATUS", _transfers_mts),
    "firmware_bundle": Quantity("FLASH_BUNDLE_VERSION", bundle_text),
    "firmware_eth": Quantity("ETH_FW_VERSION", eth_version_of_wormhole),
    "heartbeat": Quantity("TIMER_HEARTBEAT"),
}
"""What the words say, by field of Telemetry."""

_OF_REMOTE = {**LEGACY, "fan_rpm": Quantity("FAN_SPEED", _rpm_of_remote)}
_HEARTBEATS = ("TIMER_HEARTBEAT", "ARC0_HEALTH", "ARC3_HEALTH")
"""Words that count, in the order in which they are asked: luwen and tt-umd call the second the heartbeat,
tt-smi a fifth of the third."""


def telemetry_of_legacy_words(word: Callable[[str], int | None], *, remote: bool) -> Telemetry:
    """What the words of the legacy table say. ``word`` gives one by tt-umd's name, None where it is missing
    or all ones; ``remote`` is of a chip that is reached through another one of its card."""

    def asked(name: str) -> int | None:
        names = _HEARTBEATS if name == _HEARTBEATS[0] else (name,)
        return next((value for each in names if (value := word(each)) is not None), None)

    return telemetry_of_words(asked, _OF_REMOTE if remote else LEGACY)
