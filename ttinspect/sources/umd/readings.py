"""What the child says of telemetry, as Telemetry."""

import msgspec

from ttinspect.harvesting.coordinates import mask_in_force
from ttinspect.model.arch import CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.telemetry import EthChannel, GddrModule, Telemetry
from ttinspect.sources.gddr_words import STATUS_WORD, modules_of_words
from ttinspect.sources.telemetry_tags import ABSOLUTE_ZERO_CELSIUS, TAG_OF_NAME, telemetry_of_tags, word_of
from ttinspect.sources.umd import wire

_TRAINED = {"SUCCESS": True, "FAIL": False, "IN_PROGRESS": False}
_ALL_ONES = 0xFFFFFFFF
_NOTHING = (_ALL_ONES, -1 / 65536)
"""What tt_umd's getters make of all ones, but for the speed of DRAM, of which they make 0."""

_MAY_BE_ZERO = ("heartbeat", "thermal_trips")
"""What counts from 0; of everything else 0 in a legacy table says that nobody wrote it."""

_NO_VERSIONS = ((0, 0, 0), (255, 255, 255))

_MEASURED_TAGS = (6, 7, 8, 11, 13, 14, 15, 16, 32)
_ETH_LIVE_TAG = 21
_GETTER_OF_FIELD = {
    "aiclk_mhz": "aiclk",
    "axiclk_mhz": "axiclk",
    "arcclk_mhz": "arcclk",
    "vcore_mv": "vcore",
    "power_w": "tdp",
    "current_a": "tdc",
    "board_celsius": "board_temperature",
    "aiclk_max_mhz": "max_clock_freq",
    "heartbeat": "heartbeat",
    "power_limit_w": "tdp_limit",
    "board_power_limit_w": "board_power_limit",
    "throttle_celsius": "thm_limit_throttle",
    "shutdown_celsius": "thm_limit_shutdown",
    "thermal_trips": "therm_trip_count",
    "gddr_max_celsius": "current_max_dram_temperature",
    "gddr_speed_mts": "dram_speed",
}


def why_silent(facts: wire.TelemetryFacts) -> str | None:
    """Why there is no reading of a chip; None when there is one. Off the bus, every word is all
    ones, but for those that tt_umd read once and remembers: ids, versions, what is enabled."""
    if facts.error is not None:
        return facts.error
    measured = [facts.tags[tag] for tag in _MEASURED_TAGS if tag in facts.tags]
    if len(measured) > 1 and all(word == _ALL_ONES for word in measured):
        return "it is off the bus: it answers with all ones only"
    return None


def telemetry_of(facts: wire.TelemetryFacts, chip: Chip) -> Telemetry | None:
    """One reading; None when the chip did not answer.

    Raw words come first; tt_umd's getters fill in what a legacy table keeps elsewhere.
    """
    if why_silent(facts) is not None:
        return None
    reading = telemetry_of_tags(facts.tags, chip.arch, facts.time_ns)
    filled = {}
    if not facts.tags:  # where there are any, a getter knows more than they only where it makes it up
        filled = {
            field: value
            for field, getter in _GETTER_OF_FIELD.items()
            if getattr(reading, field) is None and _says_something(field, value := facts.getters.get(getter))
        }
        if not any(filled.values()):  # nobody wrote the table, and a count of 0 is none
            filled = {}
    return msgspec.structs.replace(
        reading,
        **filled,
        gddr=_gddr(facts, chip),
        eth=_eth(facts, chip),
        firmware_bundle=reading.firmware_bundle or _version(facts.firmware.get("bundle")),
        firmware_minimum=facts.firmware.get("minimum"),
        firmware_latest=facts.firmware.get("latest"),
        firmware_eth=reading.firmware_eth or _version(facts.firmware.get("eth")),
    )


def _says_something(field: str, value: float | None) -> bool:
    if value is None or value in _NOTHING or (value == 0 and field not in _MAY_BE_ZERO):
        return False
    return value > ABSOLUTE_ZERO_CELSIUS or not field.endswith("_celsius")


def _version(text: str | None) -> str | None:
    """A version that there is: tt_umd makes 0.0.0 of a missing word."""
    words = (text or "").partition("-")[0].split(".")
    numbers = tuple(int(word) for word in words if word.isdigit())[:3]
    return None if text is None or len(numbers) < 3 or numbers in _NO_VERSIONS else text


def _live(chip: Chip, core_type: CoreType, count: int) -> list[int] | None:
    mask = mask_in_force(chip.arch, chip.masks, core_type)
    return None if mask is None else [index for index in range(count) if not mask >> index & 1]


def _gddr(facts: wire.TelemetryFacts, chip: Chip) -> tuple[GddrModule, ...] | None:
    """The live DRAM channels; None where it is unknown which those are."""
    channels = _live(chip, CoreType.DRAM, len(chip.soc.dram))
    if channels is None or (facts.training is None and not facts.tags):
        return None
    known = facts.tags.get(TAG_OF_NAME[STATUS_WORD]) != _ALL_ONES
    training = [_TRAINED.get(state) for state in facts.training or [] if known]
    return modules_of_words(lambda name: word_of(facts.tags, name), channels, training)


def _eth(facts: wire.TelemetryFacts, chip: Chip) -> tuple[EthChannel, ...] | None:
    channels = _live(chip, CoreType.ETH, len(chip.soc.eth))
    if channels is None:
        return None
    known = facts.eth if facts.tags.get(_ETH_LIVE_TAG) != _ALL_ONES else None
    states = {(x, y): up for x, y, up in known or ()}
    return tuple(EthChannel(channel=channel, up=states.get(chip.soc.eth[channel])) for channel in channels)
