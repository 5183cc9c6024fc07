"""Findings about telemetry: what a chip says of itself that is not right."""

from collections.abc import Iterator

import msgspec

from ttinspect.facts.firmware import firmware_version, is_before
from ttinspect.harvesting.grids import harvested_units
from ttinspect.model.arch import Arch, CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.telemetry import GddrModule, MaxArbiter
from ttinspect.verify.rule import ChipRule, Hit, I, W, judge_chip


def telemetry_findings(chip: Chip, unread: str | None = None) -> tuple[Finding, ...]:
    """Everything worth a sentence in one reading of a chip; ``unread`` says why it could not be read, if
    so."""
    return judge_chip(RULES, chip, unread)


def knows_live_channels(chip: Chip) -> bool:
    """Whether it is known which DRAM channels are live: no bank of a Wormhole is ever harvested."""
    return chip.arch is Arch.WORMHOLE_B0 or chip.masks.dram is not None


def modules_of_all_channels(chip: Chip) -> tuple[GddrModule, ...] | None:
    """What a chip says of its live DRAM channels; None unless it tells of each of them, and once. Where it
    is not known which are live, all of them: no bank of a Wormhole is ever harvested, and what holds of all
    channels holds of the live ones."""
    reading, harvested = chip.telemetry, harvested_units(chip.arch, chip.masks, CoreType.DRAM)
    if reading is None or reading.gddr is None:
        return None
    live = [channel for channel in range(len(chip.soc.dram)) if channel not in (harvested or ())]
    return reading.gddr if sorted(module.channel for module in reading.gddr) == live else None


def hottest_gddr_celsius(chip: Chip) -> float | None:
    """The hottest DRAM of a chip: what it says itself, or its hottest module, if all of them tell."""
    if chip.telemetry is None:
        return None
    of_modules = [
        celsius
        for module in chip.telemetry.gddr or ()
        for celsius in (module.top_celsius, module.bottom_celsius)
    ]
    known = [celsius for celsius in (chip.telemetry.gddr_max_celsius, *of_modules) if celsius is not None]
    partly = None in of_modules or modules_of_all_channels(chip) is None
    if chip.telemetry.gddr_max_celsius is None and partly:
        return None
    return max(known, default=None)


def _no_telemetry(chip: Chip, unread: str | None) -> Iterator[Hit]:
    """Of why a chip could not be read the first clause; TTH009 has all of it."""
    if chip.telemetry is not None:
        return
    if unread is None:
        why = next((fact.why for fact in chip.unknown if fact.path == "telemetry"), None)
        yield Hit("none", "the source has no telemetry of this chip" + (f": {why}" if why else ""))
        return
    clause = unread.partition(":")[0].partition(";")[0]
    message = f"there is no telemetry of this chip, because it could not be read: {clause}"
    yield Hit("none", message, {"reason": unread})


NO_TELEMETRY = ChipRule(
    id="TTT010",
    name="no telemetry",
    severities={"none": W},
    of_chip=_no_telemetry,
    title="The source has no telemetry of a chip.",
    meaning="Clocks, power, temperatures and everything else of it are unknown.",
    cause=(
        "A cluster descriptor or an example has none; a live chip that is hung or off the bus does not "
        "answer."
    ),
    remedy=("Use a live source or a tt-smi document; reset the board (tt-smi -r) if a live chip is silent."),
)


def _untrained(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    channels = [module.channel for module in _modules(chip) if module.trained is False]
    if channels and knows_live_channels(chip):
        which = ", ".join(map(str, channels))
        yield Hit("untrained", f"DRAM channel {which} is live but not trained", {"channels": channels})


DRAM_NOT_TRAINED = ChipRule(
    id="TTT011",
    name="DRAM not trained",
    severities={"untrained": W},
    of_chip=_untrained,
    title="A live DRAM channel is not trained.",
    meaning="The channel is not harvested, so it should work, but its training failed or is not done.",
    cause="A reset that is still going on, firmware, or defective memory.",
    remedy=("Wait a few seconds and look again; reset the board (tt-smi -r); if it stays, return the card."),
)


def _still(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    reading = chip.telemetry
    if reading is not None and reading.heartbeat_moves is False:
        message = f"the heartbeat of the firmware stands still at {reading.heartbeat}"
        yield Hit("simulated" if chip.simulated else "still", message, {"heartbeat": reading.heartbeat})


NO_HEARTBEAT = ChipRule(
    id="TTT012",
    name="no heartbeat",
    severities={"still": W, "simulated": I},
    of_chip=_still,
    title="The firmware's heartbeat stands still.",
    meaning=(
        "Two reads gave the same count, and between them was more time than the firmware takes to write its "
        "telemetry again (half a second, or one and a half of the period that it tells; 1.5 s in a watch): "
        "the firmware on the chip does not run."
    ),
    cause=(
        "The firmware crashed or hangs. On a simulator it says nothing of health: functional simulators "
        "answer for the firmware without running it, and most keep the count at one value."
    ),
    remedy=(
        "Reset the board (tt-smi -r); update the firmware if it happens again. ttinspect check expects no "
        "heartbeat of a simulator."
    ),
)


def _old_firmware(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    reading = chip.telemetry
    if reading is None:
        return
    have = firmware_version(reading.firmware_bundle or "")
    least = firmware_version(reading.firmware_minimum or "")
    if have is not None and least is not None and is_before(have, least):
        yield Hit(
            "old",
            f"firmware {reading.firmware_bundle} is older than tt_umd's minimum, {reading.firmware_minimum}",
            {"firmware": reading.firmware_bundle, "minimum": reading.firmware_minimum},
        )


OLD_FIRMWARE = ChipRule(
    id="TTT013",
    name="old firmware",
    severities={"old": W},
    of_chip=_old_firmware,
    title="The firmware is older than tt_umd supports.",
    meaning="tt_umd's own minimum for this architecture is newer than what the chip runs.",
    cause="A card that was not updated with the software.",
    remedy="Update the firmware (tt-flash).",
)


def _hot(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    reading = chip.telemetry
    now = None if reading is None else reading.asic_celsius
    limit = None if reading is None else reading.throttle_celsius
    if now is not None and limit is not None and now >= limit:
        message = f"the ASIC is at {now:.1f} degrees C, and throttles from {limit:.0f} on"
        yield Hit("hot", message, {"asic_celsius": now, "throttle_celsius": limit})


HOT = ChipRule(
    id="TTT014",
    name="hot",
    severities={"hot": W},
    of_chip=_hot,
    title="The ASIC is at or over the temperature at which it throttles.",
    meaning="The chip lowers its clock to stay whole; workloads run slower.",
    cause="Too little air, a fan that stands still, or a hot room.",
    remedy="Check fans and air flow; compare with the other chips.",
)


def _memory_errors(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    channels = [
        module.channel
        for module in _modules(chip)
        if module.uncorrected_read_errors or module.uncorrected_write_errors
    ]
    if channels:
        which = ", ".join(map(str, channels))
        yield Hit("uncorrected", f"DRAM channel {which} had uncorrected errors", {"channels": channels})


DRAM_ERRORS = ChipRule(
    id="TTT015",
    name="DRAM errors",
    severities={"uncorrected": W},
    of_chip=_memory_errors,
    title="A DRAM channel had errors that were not corrected.",
    meaning=(
        "Since the last reset data was read or written wrongly at least once. A live Blackhole tells only "
        "that, a flag for each channel, and not how often."
    ),
    cause="Memory that is too hot, or defective.",
    remedy=(
        "Reset the board (tt-smi -r), run the workload again, and look whether the channel is named again: "
        "if it is and the memory was not too hot, return the card."
    ),
)


def _modules(chip: Chip) -> tuple[GddrModule, ...]:
    return () if chip.telemetry is None else chip.telemetry.gddr or ()


def _impossible(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    """All of a chip at once: they come of one table that is read in a wrong way."""
    refused = {fact.path: fact.read for fact in chip.unknown if fact.read is not msgspec.UNSET}
    if refused:
        which = ", ".join(f"{path} {value:,}" for path, value in refused.items())
        yield Hit("impossible", f"no chip can have what was read of it, which is unknown: {which}", refused)


IMPOSSIBLE_READINGS = ChipRule(
    id="TTT041",
    name="impossible readings",
    severities={"impossible": W},
    of_chip=_impossible,
    title="Telemetry has values that no chip can have.",
    meaning="They are shown as unknown; what else was read of this chip may be wrong as well.",
    cause=(
        "Firmware and the tool that read it disagree about the telemetry table (tags read as values, words "
        "that hold two figures), a chip that leaves the bus while it is read, or a document that was "
        "edited."
    ),
    remedy=(
        "Read the chip anew, with a tt-smi or tt-umd that knows its firmware; if it stays, reset the board "
        "(tt-smi -r). The limits, and where each comes from, are in soc_descriptors/telemetry.yaml."
    ),
)


_CAUSES = {
    MaxArbiter.TDP: "its power is at the limit (TDP)",
    MaxArbiter.FAST_TDC: "its current rose too fast (fast TDC)",
    MaxArbiter.TDC: "its current is at the limit (TDC)",
    MaxArbiter.THERMAL: "the ASIC is too hot",
    MaxArbiter.BOARD_POWER: "the power of the board is at the limit",
    MaxArbiter.GDDR_THERMAL: "the DRAM is too hot",
    MaxArbiter.DOPPLER_SLOW: "power rises and falls quickly (doppler, slow)",
    MaxArbiter.DOPPLER_CRITICAL: "power rises and falls quickly (doppler, critical)",
}


def _throttled(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    reading = chip.telemetry
    by = None if reading is None else reading.aiclk_max_by
    if reading is None or by is None or not by.throttles:
        return
    at = "" if reading.aiclk_max_now_mhz is None else f" at {reading.aiclk_max_now_mhz} MHz"
    most = "" if reading.aiclk_max_mhz is None else f" of {reading.aiclk_max_mhz}"
    yield Hit(
        "throttled",
        f"the clock is held down{at}{most}, because {_CAUSES[by]}",
        {"aiclk_max_by": by.value, "aiclk_max_now_mhz": reading.aiclk_max_now_mhz},
    )


THROTTLED = ChipRule(
    id="TTT030",
    name="throttled",
    severities={"throttled": W},
    of_chip=_throttled,
    title="The firmware holds the AI clock down.",
    meaning="The chip could run faster: a limit other than its highest clock or voltage keeps it slow.",
    cause=(
        "Power, current or heat at a limit, or a load that changes quickly: the message names the arbiter "
        "of the firmware that is in force (telemetry tag 66)."
    ),
    remedy=(
        "For heat see fans and air flow. Power and current at their limits are normal under full load; if "
        "other cards of the kind do not throttle at the same work, compare their limits (ttinspect "
        "telemetry)."
    ),
)


def _tripped(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    trips = None if chip.telemetry is None else chip.telemetry.thermal_trips
    if trips:
        times = "once" if trips == 1 else f"{trips} times"
        yield Hit("tripped", f"the chip shut down for heat {times}", {"thermal_trips": trips})


THERMAL_TRIP = ChipRule(
    id="TTT033",
    name="thermal trip",
    severities={"tripped": W},
    of_chip=_tripped,
    title="The chip shut itself down because it was too hot.",
    meaning="Work that ran then was lost. The count goes back to 0 with a reset that somebody asks for.",
    cause="Cooling that failed or is too weak: a fan that stands still, blocked air, a missing heat sink.",
    remedy="Check fans and air flow before the card is used again; reset the board (tt-smi -r) afterwards.",
)


def _at_limit(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    reading = chip.telemetry
    if reading is None:
        return
    for what, now, limit in (
        ("chip", reading.power_w, reading.power_limit_w),
        ("board", reading.board_power_w, reading.board_power_limit_w),
    ):
        if now is not None and limit and now >= limit:
            message = f"the power of the {what} is at its limit: {now:g} of {limit:g} W"
            of = "power" if what == "chip" else "board power"
            yield Hit("at limit", message, {"of": of, "power_w": now, "power_limit_w": limit})


POWER_AT_LIMIT = ChipRule(
    id="TTT034",
    name="power at its limit",
    severities={"at limit": W},
    of_chip=_at_limit,
    title="The power of a chip or its board is at its limit.",
    meaning="The firmware lowers the clock as far as it must to stay there; work is slower than it could be.",
    cause="Full load, which is normal, or a limit that is set lower than that of other cards.",
    remedy="Compare the limit and the clock with cards of the same kind under the same load.",
)


RULES = (
    NO_TELEMETRY, DRAM_NOT_TRAINED, NO_HEARTBEAT, OLD_FIRMWARE, HOT, DRAM_ERRORS, IMPOSSIBLE_READINGS,
    THROTTLED, THERMAL_TRIP, POWER_AT_LIMIT,
)  # fmt: skip

DRAM_TRAINING = (DRAM_NOT_TRAINED,)
FIRMWARE_AGE = (OLD_FIRMWARE,)
HEARTBEAT = (NO_HEARTBEAT,)
TEMPERATURE = (HOT,)
DRAM_HEALTH = (DRAM_ERRORS,)
CLOCK = (THROTTLED,)
THERMAL_TRIPS = (THERMAL_TRIP,)
POWER = (POWER_AT_LIMIT,)
"""What ``check`` expects of a reading, by the rules that say when it is not so."""
