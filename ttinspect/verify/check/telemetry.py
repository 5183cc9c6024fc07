"""What a chip should say of its own state, whatever site it is at."""

import math
from collections.abc import Callable, Iterable, Iterator

from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.wording import plural
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.system import SourceKind
from ttinspect.model.telemetry import Telemetry
from ttinspect.verify.check.expectation import Expectation, Fact, Outcome, judged, known, messages_of
from ttinspect.verify.findings.telemetry import (
    CLOCK,
    DRAM_HEALTH,
    DRAM_NOT_TRAINED,
    DRAM_TRAINING,
    FIRMWARE_AGE,
    HEARTBEAT,
    OLD_FIRMWARE,
    POWER,
    TEMPERATURE,
    THERMAL_TRIPS,
    knows_live_channels,
    modules_of_all_channels,
    telemetry_findings,
)
from ttinspect.verify.findings.use import BUSY_ALONE, Uses, use_findings
from ttinspect.verify.rule import found_by


def telemetry_expectations(chip: Chip, kind: SourceKind) -> Iterator[Expectation]:
    """DRAM training and firmware must be known; the rest is held against what it should be where it is.
    A functional simulator answers for the firmware and runs none, so that no heartbeat has to move."""
    findings = telemetry_findings(chip)
    yield _trained(chip, findings)
    yield _firmware(chip, findings)
    reading = chip.telemetry
    beats = kind is not SourceKind.SIM and reading is not None and reading.heartbeat_moves is not None
    for rules, fact, expected, is_known in (
        (HEARTBEAT, "heartbeat", "moves", beats),
        (TEMPERATURE, "temperature", "below throttling", _has(chip, "asic_celsius", "throttle_celsius")),
        (DRAM_HEALTH, "DRAM errors", "none uncorrected", _counts_errors(chip)),
        (CLOCK, "clock", "not held down", _has(chip, "aiclk_max_by")),
        (THERMAL_TRIPS, "thermal trips", "none", _has(chip, "thermal_trips")),
        (POWER, "power", "below its limit", _has(chip, "power_w", "power_limit_w")),
        (POWER, "board power", "below its limit", _has(chip, "board_power_w", "board_power_limit_w")),
    ):
        of_rules = found_by(rules, findings)
        of_fact = [finding for finding in of_rules if finding.evidence.get("of", fact) == fact]
        if is_known or (of_fact and is_known is None):
            wanted, found = _in_figures(chip, fact) or (expected, messages_of(of_fact) or expected)
            yield judged(chip, rules[0].id, fact, wanted, of_fact, found)
        elif is_known is None:
            why = "some of its DRAM channels do not tell their errors"
            yield known(chip, rules[0].id, fact, expected, None, Outcome.UNKNOWN, why)


def use_expectations(chips: Iterable[Chip], uses: Uses) -> Iterator[Expectation]:
    """That a busy chip is held, of those of which both is known."""
    for chip in chips:
        use = uses.get(chip.id)
        if use is not None:
            findings = found_by((BUSY_ALONE,), use_findings(use))
            text = f"{'busy' if use.busy else 'idle'}, {'held' if use.held else 'held by nobody'}"
            yield judged(chip, BUSY_ALONE.id, "use", "busy only while held", findings, text)


def _in_figures(chip: Chip, fact: str) -> tuple[Fact, Fact] | None:
    """What is expected and what is found as numbers with their unit; None where there are none."""
    reading = chip.telemetry
    figures = None if reading is None else _FIGURES.get(fact)
    return None if reading is None or figures is None else figures(reading)


def _heartbeat(reading: Telemetry) -> tuple[Fact, Fact] | None:
    if reading.heartbeat is None:
        return None
    return "moves", f"{reading.heartbeat}, {'moves' if reading.heartbeat_moves else 'stands still'}"


def _temperature(reading: Telemetry) -> tuple[Fact, Fact] | None:
    if reading.asic_celsius is None or reading.throttle_celsius is None:
        return None
    tenths = math.floor(reading.asic_celsius * 10)  # 89.96 is below 90, and must not read 90.0
    return f"< {reading.throttle_celsius:g} C", f"{tenths / 10:.1f} C"


def _dram_errors(reading: Telemetry) -> tuple[Fact, Fact] | None:
    """Channels, not errors: a live Blackhole tells of each channel only that it had some."""
    modules = reading.gddr or ()
    bad = sum(bool(module.uncorrected_read_errors or module.uncorrected_write_errors) for module in modules)
    return f"0 of {plural(len(modules), 'channel')}", f"{bad} of {plural(len(modules), 'channel')}"


def _clock(reading: Telemetry) -> tuple[Fact, Fact] | None:
    now, most, by = reading.aiclk_max_now_mhz, reading.aiclk_max_mhz, reading.aiclk_max_by
    if now is None or by is None:
        return None
    least = now if most is None or not by.throttles else most
    return f">= {least} MHz", f"{now} MHz ({by.value})"


def _trips(reading: Telemetry) -> tuple[Fact, Fact] | None:
    return 0, reading.thermal_trips


def _power(reading: Telemetry) -> tuple[Fact, Fact] | None:
    return _below(reading.power_w, reading.power_limit_w)


def _board_power(reading: Telemetry) -> tuple[Fact, Fact] | None:
    return _below(reading.board_power_w, reading.board_power_limit_w)


def _below(now: float | None, limit: float | None) -> tuple[Fact, Fact] | None:
    return (f"< {limit:g} W", f"{now:g} W") if now is not None and limit else None


_FIGURES: dict[str, Callable[[Telemetry], tuple[Fact, Fact] | None]] = {
    "heartbeat": _heartbeat,
    "temperature": _temperature,
    "DRAM errors": _dram_errors,
    "clock": _clock,
    "thermal trips": _trips,
    "power": _power,
    "board power": _board_power,
}


def _trained(chip: Chip, findings: tuple[Finding, ...]) -> Expectation:
    untrained = found_by(DRAM_TRAINING, findings)
    modules = modules_of_all_channels(chip)
    decided = modules is not None and all(
        module.trained is not None if knows_live_channels(chip) else module.trained for module in modules
    )
    if untrained or decided:
        listed = (chip.telemetry.gddr if chip.telemetry is not None else None) or ()
        expected = f"{len(listed)} of {len(listed)} live"
        text = f"{sum(module.trained is True for module in listed)} of {len(listed)} live"
        return judged(chip, DRAM_NOT_TRAINED.id, "DRAM trained", expected, untrained, text)
    why = "the source does not tell of every live DRAM channel whether it is trained"
    return known(chip, DRAM_NOT_TRAINED.id, "DRAM trained", "all live", None, Outcome.UNKNOWN, why)


def _firmware(chip: Chip, findings: tuple[Finding, ...]) -> Expectation:
    minimum = None if chip.telemetry is None else chip.telemetry.firmware_minimum
    bundle = None if chip.telemetry is None else chip.telemetry.firmware_bundle
    expected = "tt_umd's minimum" if minimum is None else f"at least {minimum}"
    why = ""
    if bundle is None:
        why = "the source does not tell the firmware"
    elif minimum is None:
        why = "tt_umd's minimum is unknown"
    elif firmware_version(bundle) is None or firmware_version(minimum) is None:
        why = "it is no version that can be compared"
    if why:
        return known(chip, OLD_FIRMWARE.id, "firmware", expected, bundle, Outcome.UNKNOWN, why)
    findings_of_age = found_by(FIRMWARE_AGE, findings)
    return judged(chip, OLD_FIRMWARE.id, "firmware", expected, findings_of_age, bundle)


def _has(chip: Chip, *names: str) -> bool:
    return chip.telemetry is not None and all(getattr(chip.telemetry, name) is not None for name in names)


def _counts_errors(chip: Chip) -> bool | None:
    """Whether the chip counts uncorrected errors of its DRAM; None where it does for some of it only."""
    counted = {
        count is not None
        for module in (chip.telemetry.gddr if chip.telemetry is not None else None) or ()
        for count in (module.uncorrected_read_errors, module.uncorrected_write_errors)
    }
    if True not in counted:
        return False
    return None if False in counted or modules_of_all_channels(chip) is None else True
