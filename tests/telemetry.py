"""Telemetry that tells everything, for snapshots of tests."""

from typing import Any

from ttinspect.model.telemetry import Telemetry

_ERROR_COUNTS = [
    f"{kind}_{direction}_errors" for kind in ("corrected", "uncorrected") for direction in ("read", "write")
]
_LIMITS = ("power_limit_w", "board_power_limit_w", "current_limit_a", "throttle_celsius", "shutdown_celsius")


def everything_told(chip: dict[str, Any]) -> dict[str, Any]:
    """The telemetry of a chip of a snapshot that tells all that its architecture can, on every live channel."""
    wormhole = chip["arch"] == "wormhole_b0"
    left_out = {"time_ns", "gddr", "eth", "aiclk_reason", "aiclk_min_by", "aiclk_max_by"}
    if wormhole:
        left_out |= {"busy", "fan_percent"}
    fields: dict[str, Any] = {name: 1 for name in Telemetry.__struct_fields__ if name not in left_out}
    fields |= {name: "19.6.0" for name in Telemetry.__struct_fields__ if name.startswith("firmware_")}
    fields |= dict.fromkeys(_LIMITS, 100) | {"thermal_trips": 0}
    fields |= {"heartbeat_moves": True} | ({} if wormhole else {"busy": True, "aiclk_max_by": "fmax"})
    celsius = dict.fromkeys(("top_celsius", "bottom_celsius"), None if wormhole else 40)
    counts = dict.fromkeys(_ERROR_COUNTS, None if wormhole else 0)
    lost, channels = chip["masks"]["eth"] or 0, 16 if wormhole else 14
    fields["eth"] = [
        {"channel": channel, "up": True} for channel in range(channels) if not lost >> channel & 1
    ]
    fields["gddr"] = [
        {"channel": channel, "trained": True, **celsius, **counts} for channel in range(6 if wormhole else 8)
    ]
    return fields
