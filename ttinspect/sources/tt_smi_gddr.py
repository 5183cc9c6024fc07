"""The DRAM channels of a tt-smi -s document."""

import msgspec

from ttinspect.facts.node import parse_unsigned
from ttinspect.model.telemetry import GddrModule
from ttinspect.sources.tt_smi_formatted import Scalar, number_of

_TRAINED = {"pass": True, "fail": False}
"""What tt-smi 6.8 writes for a channel that trained, and for one that did not."""


class _Channel(msgspec.Struct):
    channel: int = -1
    training: Scalar = None
    temp_top: Scalar = None
    temp_bottom: Scalar = None
    corr_rd: Scalar = None
    corr_wr: Scalar = None
    uncorr_rd: Scalar = None
    uncorr_wr: Scalar = None


class _GddrTelemetry(msgspec.Struct):
    """``gddr_telemetry`` of a device; what it does not know it writes as "N/A"."""

    channels: list[_Channel] | None = None


def gddr_modules(raw: msgspec.Raw, dram_mask: int | None) -> tuple[GddrModule, ...] | None:
    """The live channels; None where the document has none, or says it in another way than tt-smi 6.8, or it
    is unknown which are live."""
    try:
        told = msgspec.json.decode(raw, type=_GddrTelemetry)
    except msgspec.MsgspecError:
        return None
    if told.channels is None or dram_mask is None:
        return None
    live = [one for one in told.channels if one.channel >= 0 and not dram_mask >> one.channel & 1]
    return tuple(_module(one) for one in sorted(live, key=lambda one: one.channel)) or None


def _module(told: _Channel) -> GddrModule:
    return GddrModule(
        channel=told.channel,
        trained=_TRAINED.get(str(told.training).lower()),
        top_celsius=_degrees(told.temp_top),
        bottom_celsius=_degrees(told.temp_bottom),
        corrected_read_errors=_count(told.corr_rd),
        corrected_write_errors=_count(told.corr_wr),
        uncorrected_read_errors=_count(told.uncorr_rd),
        uncorrected_write_errors=_count(told.uncorr_wr),
    )


def _degrees(value: Scalar) -> float | None:
    degrees = number_of(value)
    return degrees if degrees is not None and abs(degrees) < 1000 else None


def _count(value: Scalar) -> int | None:
    number = parse_unsigned(value) if isinstance(value, str) else value
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
