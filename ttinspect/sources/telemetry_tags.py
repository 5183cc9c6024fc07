"""From raw telemetry words to Telemetry. The tags are those of Tenstorrent's firmware (tt-umd 0.9.14,
TelemetryTag); tt-smi prints the same words by name."""

from collections.abc import Mapping

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
ABSOLUTE_ZERO_CELSIUS, HOTTEST_CELSIUS = -273.15, 1000.0
"""No chip is as cold, or as hot."""


def _fixed(word: int | None) -> float | None:
    """A signed 16.16 number of degrees, also one that nothing can have: that is found, not dropped."""
    return None if word is None else (word - (word & _SIGN) * 2) / _FRACTION


def _eth_version(word: int | None, arch: Arch) -> str | None:
    """0x010800 is 1.8.0; on Wormhole, which packs it in other places, 0x06F000 is 6.15.0."""
    if word is None or word & 0xFFFFFF in (0, 0xFFFFFF):
        return None
    if arch is Arch.WORMHOLE_B0:
        return f"{word >> 16 & 0xFF}.{word >> 12 & 0xF}.{word & 0xFFF}"
    return f"{word >> 16 & 0xFF}.{word >> 8 & 0xFF}.{word & 0xFF}"


def word_of(tags: Mapping[int, int | None], name: str) -> int | None:
    """A word by its name; None for one that is missing or all ones."""
    value = tags.get(TAG_OF_NAME[name])
    return None if value == _ALL_ONES else value


def telemetry_of_tags(tags: Mapping[int, int | None], arch: Arch, time_ns: int | None = None) -> Telemetry:
    """What raw words say; a missing one, and one of all ones (off the bus), is unknown."""

    def word(name: str) -> int | None:
        return word_of(tags, name)

    arbiters = tags if arch is Arch.BLACKHOLE else {}
    shutdown, throttle = word("THM_LIMIT_SHUTDOWN"), word("THM_LIMIT_THROTTLE")
    return Telemetry(
        time_ns=time_ns,
        aiclk_mhz=word("AICLK"),
        aiclk_max_mhz=word("AICLK_LIMIT_MAX"),
        axiclk_mhz=word("AXICLK"),
        arcclk_mhz=word("ARCCLK"),
        vcore_mv=word("VCORE"),
        power_w=word("TDP"),
        power_limit_w=word("TDP_LIMIT_MAX"),
        board_power_w=word("INPUT_POWER"),
        board_power_limit_w=word("BOARD_POWER_LIMIT"),
        current_a=word("TDC"),
        current_limit_a=word("TDC_LIMIT_MAX"),
        asic_celsius=_fixed(word("ASIC_TEMPERATURE")),
        board_celsius=_fixed(_board_word(word("BOARD_TEMPERATURE"), arch)),
        gddr_max_celsius=_degrees(word("MAX_GDDR_TEMP")),
        throttle_celsius=_degrees(throttle),
        shutdown_celsius=_degrees(shutdown),
        thermal_trips=word("THERM_TRIP_COUNT"),
        fan_percent=word("FAN_SPEED"),
        fan_rpm=word("FAN_RPM"),
        gddr_speed_mts=word("DDR_SPEED"),
        firmware_bundle=bundle_text(word("FLASH_BUNDLE_VERSION")),
        firmware_eth=_eth_version(word("ETH_FW_VERSION"), arch),
        heartbeat=word("TIMER_HEARTBEAT"),
        busy=is_busy(arbiters),
        aiclk_min_by=min_arbiter(arbiters),
        aiclk_max_by=max_arbiter(arbiters),
        aiclk_max_now_mhz=max_now_mhz(arbiters),
        aiclk_reason=clock_reason(arbiters),
    )


def _board_word(word: int | None, arch: Arch) -> int | None:
    """Blackhole firmware writes a constant 0 as the temperature of the board, and of its regulators."""
    return None if arch is Arch.BLACKHOLE and word == 0 else word


def _degrees(word: int | None) -> float | None:
    """A limit, or the hottest of several; 0 is what firmware says that knows none, and nothing is as hot as
    what other words for unknown make."""
    return float(word) if word and word < HOTTEST_CELSIUS else None
