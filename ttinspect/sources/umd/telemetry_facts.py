"""In the child: one reading of the telemetry of every chip."""

import time
from typing import Any

from ttinspect.sources.umd.calling import Facts, attempt, first_line, umd_errors

LAST_TAG = 69
ALL_ONES = 0xFFFFFFFF
MEASURED_TAGS = (32, 14, 11, 6, 7, 8)
LEFT = "it left the bus while it was read"


def heartbeat(device: Any) -> int | None:
    """The firmware's heartbeat."""
    return device.get_firmware_info_provider().get_heartbeat()  # type: ignore[no-any-return]


def read_telemetry(tt_umd: Any, devices: Any, say: Any, enter: Any) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    for chip, device in devices.items():
        enter(f"reading telemetry of chip {chip}")
        try:
            facts = telemetry_facts(tt_umd, device)
        except umd_errors() as error:
            nothing: Facts = {"tags": {}, "getters": {}, "firmware": {}, "training": None, "eth": None}
            facts = {**nothing, "error": first_line(error)}
        say("telemetry", chip=chip, time_ns=time.time_ns(), **facts)


def why_gone(reader: Any, tags: dict[int, int]) -> str | None:
    """Why a reading is worth nothing although it began well: what was read first is read again last."""
    tag = next((tag for tag in MEASURED_TAGS if tags.get(tag, ALL_ONES) != ALL_ONES), None)
    return LEFT if tag is not None and reader.read_entry(tag) == ALL_ONES else None


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
        "eth": None if links is None else [[core.x, core.y, up] for core, up in links],
        "error": why_gone(reader, tags),
    }


DRAM_CHANNELS = {"WORMHOLE_B0": 6, "BLACKHOLE": 8}


def text_of(value: Any) -> str | None:
    """A version as text."""
    return None if value is None else str(value)
