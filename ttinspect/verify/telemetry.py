"""Findings about telemetry: what a chip says of itself that is not right."""

from ttinspect.facts.firmware import firmware_version, is_before
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.chip import Chip
from ttinspect.model.finding import EvidenceValue, Finding, Severity
from ttinspect.model.telemetry import GddrModule, Telemetry


def telemetry_findings(chip: Chip, unread: str | None = None) -> tuple[Finding, ...]:
    """Everything worth a sentence in one reading of a chip; ``unread`` says why it could not be read, if
    so."""
    reading = chip.telemetry
    if reading is None:
        return (_no_telemetry(unread),)
    found = (
        _untrained(reading),
        _still(reading),
        _old_firmware(reading),
        _hot(reading),
        _memory_errors(reading),
    )
    return tuple(finding for finding in found if finding is not None)


def modules_of_all_channels(chip: Chip) -> tuple[GddrModule, ...] | None:
    """What a chip says of its live DRAM channels; None unless it tells of each of them, and once."""
    reading, harvested = chip.telemetry, chip_grid(chip.soc, chip.masks).dram.harvested
    if reading is None or reading.gddr is None or harvested is None:
        return None
    live = [channel for channel in range(len(chip.soc.dram)) if channel not in harvested]
    return reading.gddr if sorted(module.channel for module in reading.gddr) == live else None


def hottest_gddr_celsius(chip: Chip) -> float | None:
    """The hottest DRAM of a chip: what it says itself, or its hottest module, if all of them tell."""
    if chip.telemetry is None:
        return None
    told = [
        celsius
        for module in chip.telemetry.gddr or ()
        for celsius in (module.top_celsius, module.bottom_celsius)
    ]
    known = [celsius for celsius in (chip.telemetry.gddr_max_celsius, *told) if celsius is not None]
    partly = None in told or modules_of_all_channels(chip) is None
    if chip.telemetry.gddr_max_celsius is None and partly:
        return None
    return max(known, default=None)


def _warning(number: int, name: str, message: str, **evidence: EvidenceValue) -> Finding:
    return Finding(
        id=f"TTT{number:03}", name=name, severity=Severity.WARNING, message=message, evidence=dict(evidence)
    )


def _no_telemetry(unread: str | None) -> Finding:
    """Of why a chip could not be read the first clause; TTH009 tells all of it."""
    if unread is None:
        return _warning(10, "no telemetry", "the source has no telemetry of this chip")
    clause = unread.partition(":")[0].partition(";")[0]
    message = f"there is no telemetry of this chip, because it could not be read: {clause}"
    return _warning(10, "no telemetry", message, reason=unread)


def _untrained(reading: Telemetry) -> Finding | None:
    channels = [module.channel for module in reading.gddr or () if module.trained is False]
    if not channels:
        return None
    told = ", ".join(map(str, channels))
    return _warning(11, "DRAM not trained", f"DRAM channel {told} is live but not trained", channels=channels)


def _still(reading: Telemetry) -> Finding | None:
    if reading.heartbeat_moves is not False:
        return None
    message = f"the heartbeat of the firmware stands still at {reading.heartbeat}"
    return _warning(12, "no heartbeat", message, heartbeat=reading.heartbeat)


def _old_firmware(reading: Telemetry) -> Finding | None:
    have = firmware_version(reading.firmware_bundle or "")
    least = firmware_version(reading.firmware_minimum or "")
    if have is None or least is None or not is_before(have, least):
        return None
    message = f"firmware {reading.firmware_bundle} is older than tt_umd's minimum, {reading.firmware_minimum}"
    return _warning(
        13, "old firmware", message, firmware=reading.firmware_bundle, minimum=reading.firmware_minimum
    )


def _hot(reading: Telemetry) -> Finding | None:
    now, limit = reading.asic_celsius, reading.throttle_celsius
    if now is None or limit is None or now < limit:
        return None
    message = f"the ASIC is at {now:.1f} degrees C, and throttles from {limit:.0f} on"
    return _warning(14, "hot", message, asic_celsius=now, throttle_celsius=limit)


def _memory_errors(reading: Telemetry) -> Finding | None:
    channels = [
        module.channel
        for module in reading.gddr or ()
        if module.uncorrected_read_errors or module.uncorrected_write_errors
    ]
    if not channels:
        return None
    told = ", ".join(map(str, channels))
    return _warning(15, "DRAM errors", f"DRAM channel {told} had uncorrected errors", channels=channels)
