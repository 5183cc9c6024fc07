"""From raw telemetry words to Telemetry. The tags are those of Tenstorrent's firmware (tt-umd 0.9.14,
TelemetryTag); tt-smi prints the same words by name."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ttinspect.facts.firmware import bundle_text
from ttinspect.model.arch import Arch
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.arbiters import clock_reason, is_busy, max_arbiter, max_now_mhz, min_arbiter

TAG_OF_NAME = {
    "VCORE": 6, "TDP": 7, "TDC": 8, "THM_LIMIT_SHUTDOWN": 10, "ASIC_TEMPERATURE": 11,
    "BOARD_TEMPERATURE": 13, "AICLK": 14, "AXICLK": 15, "ARCCLK": 16, "DDR_STATUS": 22, "DDR_SPEED": 23,
    "ETH_FW_VERSION": 24, "FLASH_BUNDLE_VERSION": 28, "FAN_SPEED": 31, "TIMER_HEARTBEAT": 32, "FAN_RPM": 41,
    "GDDR_0_1_TEMP": 42, "GDDR_2_3_TEMP": 43, "GDDR_4_5_TEMP": 44, "GDDR_6_7_TEMP": 45,
    "GDDR_0_1_CORR_ERRS": 46, "GDDR_2_3_CORR_ERRS": 47, "GDDR_4_5_CORR_ERRS": 48, "GDDR_6_7_CORR_ERRS": 49,
    "GDDR_UNCORR_ERRS": 50, "MAX_GDDR_TEMP": 51, "BOARD_POWER_LIMIT": 53, "INPUT_POWER": 54,
    "TDC_LIMIT_MAX": 55, "THM_LIMIT_THROTTLE": 56, "THERM_TRIP_COUNT": 60, "AICLK_LIMIT_MAX": 63,
    "TDP_LIMIT_MAX": 64, "AICLK_ARB_MIN": 65, "AICLK_ARB_MAX": 66, "ENABLED_MIN_ARB": 67,
    "ENABLED_MAX_ARB": 68, "AICLK_ARB_REASON": 69,
}  # fmt: skip
_ALL_ONES = 0xFFFFFFFF
_FRACTION = 1 << 16
_SIGN = 1 << 31
_HALF = 0xFFFF
ABSOLUTE_ZERO_CELSIUS = -273.15


class Quantity(NamedTuple):
    """What a field of Telemetry is read from: the name of its word, and what the word says; None where it
    says that the firmware knows none."""

    word: str
    read: Callable[[int], object] = int


def celsius_of_fixed(word: int) -> float:
    """A signed 16.16 number of degrees, also one that nothing can have: that is found, not dropped."""
    return (word - (word & _SIGN) * 2) / _FRACTION


def known_limit(word: int) -> float | None:
    """A limit in degrees; 0 is what firmware says that knows none. One that nothing can have is found, not
    dropped."""
    return float(word) or None


def eth_version_of_wormhole(word: int) -> str | None:
    """0x06F000 is 6.15.0: Wormhole packs it in other places than Blackhole."""
    if word & 0xFFFFFF in (0, 0xFFFFFF):
        return None
    return f"{word >> 16 & 0xFF}.{word >> 12 & 0xF}.{word & 0xFFF}"


def _eth_version_of_blackhole(word: int) -> str | None:
    """0x010800 is 1.8.0."""
    if word & 0xFFFFFF in (0, 0xFFFFFF):
        return None
    return f"{word >> 16 & 0xFF}.{word >> 8 & 0xFF}.{word & 0xFF}"


def rpm_of_two_fans(word: int, *, remote: bool = False) -> int | None:
    """The fan of one chip of a Wormhole card with two: a half each, that of the MMIO-capable chip below, all
    ones where there is none (tt-smi 5.3 on; firmware from 19.10 on, tt-umd #2957). A card with one fan has
    it in either half."""
    own, other = (word >> 16, word & _HALF) if remote and word >> 16 else (word & _HALF, word >> 16)
    known = [half for half in (own, other) if half != _HALF]
    return known[0] if known else None


def _measured_board_celsius(word: int) -> float | None:
    """Blackhole firmware writes a constant 0 as the temperature of the board, and of its regulators."""
    return celsius_of_fixed(word) if word else None


_OF_EVERY_CHIP: dict[str, Quantity] = {
    "aiclk_mhz": Quantity("AICLK"),
    "aiclk_max_mhz": Quantity("AICLK_LIMIT_MAX"),
    "axiclk_mhz": Quantity("AXICLK"),
    "arcclk_mhz": Quantity("ARCCLK"),
    "vcore_mv": Quantity("VCORE"),
    "power_w": Quantity("TDP"),
    "power_limit_w": Quantity("TDP_LIMIT_MAX"),
    "board_power_w": Quantity("INPUT_POWER"),
    "board_power_limit_w": Quantity("BOARD_POWER_LIMIT"),
    "current_a": Quantity("TDC"),
    "current_limit_a": Quantity("TDC_LIMIT_MAX"),
    "asic_celsius": Quantity("ASIC_TEMPERATURE", celsius_of_fixed),
    "board_celsius": Quantity("BOARD_TEMPERATURE", celsius_of_fixed),
    "gddr_max_celsius": Quantity("MAX_GDDR_TEMP", known_limit),
    "throttle_celsius": Quantity("THM_LIMIT_THROTTLE", known_limit),
    "shutdown_celsius": Quantity("THM_LIMIT_SHUTDOWN", known_limit),
    "thermal_trips": Quantity("THERM_TRIP_COUNT"),
    "fan_percent": Quantity("FAN_SPEED"),
    "fan_rpm": Quantity("FAN_RPM"),
    "gddr_speed_mts": Quantity("DDR_SPEED"),
    "firmware_bundle": Quantity("FLASH_BUNDLE_VERSION", bundle_text),
    "firmware_eth": Quantity("ETH_FW_VERSION", _eth_version_of_blackhole),
    "heartbeat": Quantity("TIMER_HEARTBEAT"),
}
_OF_WORMHOLE = {
    **_OF_EVERY_CHIP,
    "fan_rpm": Quantity("FAN_RPM", rpm_of_two_fans),
    "firmware_eth": Quantity("ETH_FW_VERSION", eth_version_of_wormhole),
}
_OF_BLACKHOLE = {
    **_OF_EVERY_CHIP,
    "board_celsius": Quantity("BOARD_TEMPERATURE", _measured_board_celsius),
    "busy": Quantity("ENABLED_MIN_ARB", is_busy),
    "aiclk_min_by": Quantity("AICLK_ARB_MIN", min_arbiter),
    "aiclk_max_by": Quantity("AICLK_ARB_MAX", max_arbiter),
    "aiclk_max_now_mhz": Quantity("AICLK_ARB_MAX", max_now_mhz),
    "aiclk_reason": Quantity("AICLK_ARB_REASON", clock_reason),
}


def quantities(arch: Arch) -> Mapping[str, Quantity]:
    """What the words of the firmware's table say on this architecture, by field of Telemetry."""
    return {Arch.WORMHOLE_B0: _OF_WORMHOLE, Arch.BLACKHOLE: _OF_BLACKHOLE}.get(arch, _OF_EVERY_CHIP)


def word_of(tags: Mapping[int, int | None], name: str) -> int | None:
    """A word by its name; None for one that is missing or all ones."""
    value = tags.get(TAG_OF_NAME[name])
    return None if value == _ALL_ONES else value


def telemetry_of_words(
    word: Callable[[str], int | None], table: Mapping[str, Quantity], time_ns: int | None = None
) -> Telemetry:
    """What raw words say by a table. ``word`` gives one by its name, None where it is missing or all ones
    (off the bus): what is read from it is unknown."""
    read = {name: each.read(value) for name, each in table.items() if (value := word(each.word)) is not None}
    return Telemetry(time_ns=time_ns, **read)  # type: ignore[arg-type]


def telemetry_of_tags(tags: Mapping[int, int | None], arch: Arch, time_ns: int | None = None) -> Telemetry:
    """What raw words say, by their tag."""
    return telemetry_of_words(lambda name: word_of(tags, name), quantities(arch), time_ns)
