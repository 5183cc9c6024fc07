"""The formatted part of a tt-smi -s document: what tt-smi made of telemetry words itself. It is all there is
where the words are of a legacy table, which packs two figures into one, or where there are none."""

from collections.abc import Collection
from typing import TypeVar

import msgspec

from ttinspect.facts.firmware import version_as_printed
from ttinspect.model.arch import Arch
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.tt_smi_words import Scalar


class _Figures(msgspec.Struct):
    """``telemetry`` of a device."""

    voltage: Scalar = None
    current: Scalar = None
    power: Scalar = None
    board_power: Scalar = None
    aiclk: Scalar = None
    asic_temperature: Scalar = None


class _Limits(msgspec.Struct):
    """``limits`` of a device; 0 where there is none."""

    tdp_limit: Scalar = None
    tdc_limit: Scalar = None
    asic_fmax: Scalar = None
    board_power_limit: Scalar = None
    thm_limit: Scalar = None
    therm_trip_l1_limit: Scalar = None


class _Firmwares(msgspec.Struct):
    """``firmwares`` of a device."""

    eth_fw: Scalar = None
    fw_bundle_version: Scalar = None


_T = TypeVar("_T")


def filled(
    reading: Telemetry,
    telemetry: msgspec.Raw,
    limits_told: msgspec.Raw,
    firmwares: msgspec.Raw,
    dram_speed: Scalar,
    *,
    arch: Arch,
    refused: Collection[str],
) -> Telemetry:
    """The reading with what only the formatted part says, as far as it says it like tt-smi 6.8; ``refused``
    are quantities whose words no chip can have, so that nothing made of them counts."""
    figures, limits = _decoded(telemetry, _Figures), _decoded(limits_told, _Limits)
    versions = _decoded(firmwares, _Firmwares)
    volts = number_of(figures.voltage)
    formatted = {
        "aiclk_mhz": whole_of(figures.aiclk),
        "vcore_mv": None if volts is None else round(volts * 1000),
        "power_w": number_of(figures.power),
        "board_power_w": number_of(figures.board_power),
        "current_a": number_of(figures.current),
        "asic_celsius": number_of(figures.asic_temperature),
        "power_limit_w": _limit(limits.tdp_limit),
        "current_limit_a": _limit(limits.tdc_limit),
        "aiclk_max_mhz": _limit(limits.asic_fmax),
        "board_power_limit_w": _limit(limits.board_power_limit),
        "gddr_speed_mts": _transfers(dram_speed),
        "firmware_bundle": version_as_printed(str(versions.fw_bundle_version)),
        "firmware_eth": versions.eth_fw if _is_version(versions.eth_fw) else None,
    }
    if arch is Arch.WORMHOLE_B0:  # of other chips tt-smi releases put other words under these names
        formatted["throttle_celsius"] = _limit(limits.thm_limit)
        formatted["shutdown_celsius"] = _limit(limits.therm_trip_l1_limit)
    unsaid = {
        name: value
        for name, value in formatted.items()
        if value is not None and getattr(reading, name) is None and name not in refused
    }
    return msgspec.structs.replace(reading, **unsaid)


def _decoded(raw: msgspec.Raw, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        return kind()


def number_of(value: Scalar) -> float | None:
    """A number that may be text; None for anything else, and for what no figure can be."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < 100_000 else None


def whole_of(value: Scalar) -> int | None:
    """A whole number that may be text; None for anything else."""
    number = number_of(value)
    return int(number) if number is not None and number == int(number) else None


def _limit(value: Scalar) -> int | None:
    return whole_of(value) or None


def _transfers(value: Scalar) -> int | None:
    """Megatransfers per second of "14G"."""
    speed = number_of(value.removesuffix("G")) if isinstance(value, str) and value.endswith("G") else None
    return None if not speed else int(speed * 1000)


def _is_version(value: Scalar) -> bool:
    return isinstance(value, str) and value.count(".") == 2 and value.replace(".", "").isdigit()
