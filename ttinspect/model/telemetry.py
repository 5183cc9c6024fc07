"""What a chip says of its own state. None is unknown: the tag is missing, or reads as all ones."""

from enum import Enum

import msgspec


class MinArbiter(str, Enum):
    """What can hold the AI clock up, in the order of the firmware's numbers: its least, or a runtime that has
    told the chip that it works."""

    FMIN = "fmin"
    BUSY = "busy"


class MaxArbiter(str, Enum):
    """What can hold the AI clock down, in the order of the firmware's numbers."""

    FMAX = "fmax"
    TDP = "tdp"
    FAST_TDC = "fast_tdc"
    TDC = "tdc"
    THERMAL = "thermal"
    BOARD_POWER = "board_power"
    VOLTAGE = "voltage"
    GDDR_THERMAL = "gddr_thermal"
    DOPPLER_SLOW = "doppler_slow"
    DOPPLER_CRITICAL = "doppler_critical"

    @property
    def throttles(self) -> bool:
        """Whether the clock is lower than the chip could have it."""
        return self not in (MaxArbiter.FMAX, MaxArbiter.VOLTAGE)


class ClockReason(str, Enum):
    """What decides about the AI clock, in the order of the firmware's numbers."""

    MIN_ARBITER = "min_arbiter"
    MAX_ARBITER = "max_arbiter"
    BELOW_FMIN = "below_fmin"
    SWEEP = "sweep"
    FORCED = "forced"


class GddrModule(msgspec.Struct, frozen=True, kw_only=True):
    """One live DRAM channel: training, temperatures, error counters."""

    channel: int
    trained: bool | None
    top_celsius: float | None
    bottom_celsius: float | None
    corrected_read_errors: int | None
    corrected_write_errors: int | None
    uncorrected_read_errors: int | None
    uncorrected_write_errors: int | None


class EthChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One live eth channel: whether its link is up, whether the firmware of its core is alive, and whether
    the link was trained again."""

    channel: int
    up: bool | None
    heartbeat: bool | None = None
    retrained: bool | None = None


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a chip. ``time_ns`` is realtime nanoseconds. ``power_w`` and ``current_a`` are
    what telemetry calls TDP and TDC, the chip's input now; their limits stand beside them.
    ``board_power_w`` is the input of the whole board. ``busy`` is whether a runtime has told the chip that it
    works; ``aiclk_min_by`` and ``aiclk_max_by`` what holds the AI clock up and down now, and
    ``aiclk_max_now_mhz`` how far.

    ``gddr`` and ``eth`` have one entry per live channel, in descriptor order: a harvested channel is
    not there, it is not "not trained". Firmware versions are dotted text.
    """

    time_ns: int | None = None
    aiclk_mhz: int | None = None
    aiclk_max_mhz: int | None = None
    axiclk_mhz: int | None = None
    arcclk_mhz: int | None = None
    vcore_mv: int | None = None
    power_w: int | float | None = None
    power_limit_w: int | float | None = None
    board_power_w: int | float | None = None
    board_power_limit_w: int | None = None
    current_a: int | float | None = None
    current_limit_a: int | float | None = None
    asic_celsius: float | None = None
    board_celsius: float | None = None
    gddr_max_celsius: float | None = None
    throttle_celsius: float | None = None
    shutdown_celsius: float | None = None
    thermal_trips: int | None = None
    fan_percent: int | None = None
    fan_rpm: int | None = None
    gddr_speed_mts: int | None = None
    gddr: tuple[GddrModule, ...] | None = None
    eth: tuple[EthChannel, ...] | None = None
    firmware_bundle: str | None = None
    firmware_minimum: str | None = None
    firmware_latest: str | None = None
    firmware_eth: str | None = None
    heartbeat: int | None = None
    busy: bool | None = None
    aiclk_min_by: MinArbiter | None = None
    aiclk_max_by: MaxArbiter | None = None
    aiclk_max_now_mhz: int | None = None
    aiclk_reason: ClockReason | None = None
    heartbeat_moves: bool | None = None
    """Whether the heartbeat grew between two reads."""
