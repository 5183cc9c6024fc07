"""In the child: one reading of the telemetry of every chip."""

import time
from typing import Any

from ttinspect.sources.umd.calling import Facts, attempt, first_line, umd_errors

LAST_TAG = 69


def heartbeat(device: Any) -> int | None:
    """The firmware's heartbeat."""
    return device.get_firmware_info_provider().get_heartbeat()  # type: ignore[no-any-return]


def read_telemetry(tt_umd: Any, devices: Any, say: Any) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    for chip, device in devices.items():
        try:
            say("telemetry", chip=chip, time_ns=time.time_ns(), **telemetry_facts(tt_umd, device), error=None)
        except umd_errors() as error:
            nothing: Facts = {
                "tags": {},
                "getters": {},
                "firmware": {},
                "training": None,
                "gddr": {},
                "eth": None,
            }
            say("telemetry", chip=chip, time_ns=time.time_ns(), **nothing, error=first_line(error))


GETTERS = (
    "aiclk", "axiclk", "arcclk", "vcore", "tdp", "tdc", "board_temperature", "max_clock_freq", "heartbeat",
    "tdp_limit", "board_power_limit", "thm_limit_throttle", "thm_limit_shutdown", "therm_trip_count",
    "dram_speed", "current_max_dram_temperature",
)  # fmt: skip


def telemetry_facts(tt_umd: Any, device: Any) -> Facts:
    """Raw telemetry words by tag (none of a legacy table, whose tags mean something else), and what
    tt_umd's own getters make of them."""
    reader = device.get_firmware_telemetry_reader()
    provider = device.get_firmware_info_provider()
    tags = {}
    if type(reader).__name__ != "SmBusArcTelemetryReader":
        tags = {tag: reader.read_entry(tag) for tag in range(1, LAST_TAG) if reader.is_entry_available(tag)}
    arch = device.get_arch()
    firmware = {
        "bundle": str(provider.get_firmware_version()),
        "minimum": str(tt_umd.get_minimum_compatible_firmware_version(arch)),
        "latest": str(tt_umd.get_latest_supported_firmware_version(arch)),
        "eth": text_of(attempt(provider.get_eth_fw_version)),
    }
    training = attempt(provider.get_dram_training_status, DRAM_CHANNELS.get(arch.name, 0))
    links = attempt(provider.get_eth_link_status_per_core)
    return {
        "tags": tags,
        "getters": {name: attempt(getattr(provider, "get_" + name)) for name in GETTERS},
        "firmware": firmware,
        "training": None if training is None else [status.name for status in training],
        "gddr": gddr_facts(tt_umd, provider),
        "eth": None if links is None else [[core.x, core.y, up] for core, up in links],
    }


DRAM_CHANNELS = {"WORMHOLE_B0": 6, "BLACKHOLE": 8}


def text_of(value: Any) -> str | None:
    """A version as text."""
    return None if value is None else str(value)


def gddr_facts(tt_umd: Any, provider: Any) -> Facts:
    """Temperatures and error counters by GDDR module."""
    found: Facts = {}
    for channel, module in enumerate(tt_umd.GddrModule):
        state = attempt(provider.get_dram_telemetry, module)
        if state is not None:
            found[str(channel)] = [
                state.dram_temperature_top,
                state.dram_temperature_bottom,
                state.corr_edc_rd_errors,
                state.corr_edc_wr_errors,
                state.uncorr_edc_rd_error,
                state.uncorr_edc_wr_error,
            ]
    return found
