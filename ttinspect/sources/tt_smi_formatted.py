"""The formatted part of a tt-smi -s document: what tt-smi made of telemetry words itself. It is all there is
where a word is missing, or where there are none."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ttinspect.facts.firmware import version_as_printed
from ttinspect.facts.node import show
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Unknown
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.tt_smi_words import is_missing

_MOST_PERCENT = 100
_NO_VOLTS = 10_000
_NO_FANS = ("65535", "4294967295")
"""What tt-smi makes of a word that is all ones."""


class Section:
    """A mapping of cells within a device. A cell that is not what it should be is unknown, and leaves the
    others as they are; so does a section that is no mapping."""

    def __init__(self, device: Mapping[str, Any], name: str) -> None:
        value = device.get(name)
        self._name = name
        self.cells: dict[str, Any] = value if isinstance(value, dict) else {}
        self.is_there = isinstance(value, dict)
        self.wrong = None if value is None or self.is_there else f"{name} is {show(value)}, and no mapping"

    def text(self, key: str) -> str | None:
        """A cell that is text."""
        value = self.cells.get(key)
        return value if isinstance(value, str) else None

    def why_not(self, key: str) -> str | None:
        """Why a cell that was not understood says nothing; None where it is not there."""
        value = self.cells.get(key)
        return (
            self.wrong if is_missing(value) else f"{self._name}.{key} reads {show(value)}, which says nothing"
        )


def filled(
    reading: Telemetry,
    telemetry: Section,
    limits: Section,
    firmwares: Section,
    board_info: Section,
    *,
    arch: Arch,
    refused: frozenset[str],
) -> tuple[Telemetry, list[Unknown]]:
    """The reading with what only the formatted part says, as far as it says it like tt-smi 6.8, and what of
    it could not be read. ``refused`` are quantities whose words are no numbers, or such as no chip can have,
    so that nothing made of them counts."""
    unsaid: dict[str, Any] = {}
    wrong = []
    for name, section, key, value in _cells(telemetry, limits, firmwares, board_info, arch):
        if getattr(reading, name) is not None or name in refused or name in unsaid:
            continue
        if value is not None:
            unsaid[name] = value
        elif not _says_none(section.cells.get(key)) and (why := section.why_not(key)) is not None:
            wrong.append(Unknown(path=name, why=why))
    return msgspec.structs.replace(reading, **unsaid), wrong


def _cells(
    telemetry: Section, limits: Section, firmwares: Section, board_info: Section, arch: Arch
) -> Iterator[tuple[str, Section, str, Any]]:
    """Quantities, the cells that they stand in, and what these say."""
    shown, most, versions = telemetry.cells, limits.cells, firmwares.cells
    volts, fan = number_of(shown.get("voltage")), whole_of(shown.get("fan_speed"))
    # of a word that is missing tt-smi prints 0, and 10000 V
    yield "aiclk_mhz", telemetry, "aiclk", whole_of(shown.get("aiclk")) or None
    if volts != _NO_VOLTS:
        yield "vcore_mv", telemetry, "voltage", None if not volts else round(volts * 1000)
    yield "power_w", telemetry, "power", number_of(shown.get("power")) or None
    yield "board_power_w", telemetry, "board_power", number_of(shown.get("board_power")) or None
    yield "current_a", telemetry, "current", number_of(shown.get("current")) or None
    yield "asic_celsius", telemetry, "asic_temperature", number_of(shown.get("asic_temperature")) or None
    if str(shown.get("fan_speed")).strip() not in _NO_FANS:
        # per cent up to tt-smi 5.2, revolutions per minute since
        name = "fan_rpm" if fan is None or fan > _MOST_PERCENT else "fan_percent"
        yield name, telemetry, "fan_speed", fan or None
    yield "power_limit_w", limits, "tdp_limit", _limit(most.get("tdp_limit"))
    yield "current_limit_a", limits, "tdc_limit", _limit(most.get("tdc_limit"))
    yield "aiclk_max_mhz", limits, "asic_fmax", _limit(most.get("asic_fmax"))
    yield "board_power_limit_w", limits, "board_power_limit", _limit(most.get("board_power_limit"))
    if arch is Arch.WORMHOLE_B0:  # of other chips tt-smi releases put other words under these names
        yield "throttle_celsius", limits, "thm_limit", _limit(most.get("thm_limit"))
        yield "shutdown_celsius", limits, "therm_trip_l1_limit", _limit(most.get("therm_trip_l1_limit"))
    yield "gddr_speed_mts", board_info, "dram_speed", _transfers(board_info.cells.get("dram_speed"))
    bundle = versions.get("fw_bundle_version")
    yield "firmware_bundle", firmwares, "fw_bundle_version", version_as_printed(str(bundle))
    yield "firmware_eth", firmwares, "eth_fw", _version(versions.get("eth_fw"))


def number_of(value: Any) -> float | None:
    """A number that may be text; None for anything else, and for what is none or past 64 bits."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1 << 63 else None


def whole_of(value: Any) -> int | None:
    """A whole number that may be text; None for anything else."""
    number = number_of(value)
    return int(number) if number is not None and number == int(number) else None


def _says_none(value: Any) -> bool:
    """Whether a cell says in a way of its own that there is nothing: limits of 0, versions of 0."""
    return number_of(value) == 0 or (isinstance(value, str) and not value.strip("0. "))


def _limit(value: Any) -> int | None:
    return whole_of(value) or None


def _transfers(value: Any) -> int | None:
    """Megatransfers per second of "14G"."""
    speed = number_of(value.removesuffix("G")) if isinstance(value, str) and value.endswith("G") else None
    return None if not speed else int(speed * 1000)


def _version(value: Any) -> str | None:
    right = isinstance(value, str) and value.count(".") == 2 and value.replace(".", "").isdigit()
    return value if right else None
