"""Everything that one chip says of itself, below the table of ``telemetry``."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.telemetry import TelemetryDevice
from ttinspect.model.telemetry import EthChannel, GddrModule
from ttinspect.report.screen import columns, glued, row
from ttinspect.report.units import UNKNOWN, id_ranges

MOST_CHIPS = 2
"""So many chips are told in full; of more only their rows."""

_DASH = "-"
_STATES = {True: "yes", False: "NO", None: _DASH}


def telemetry_detail(device: TelemetryDevice) -> list[RenderableType]:
    """A block of lines, and a table of the DRAM channels; what the chip does not say is "-"."""
    board = device.board.value if device.board else device.arch.value
    table = columns("", "~", header=False, widths=(10,))
    for name, facts in _lines(device):
        row(table, f" {name}", "   ".join(glued(fact) for fact in facts))
    heading = Text(f" chip {device.id}  {board}", style="bold")
    modules = _modules(device.gddr) if device.gddr else []
    return [Text(""), heading, table, *modules]


def _lines(device: TelemetryDevice) -> Iterable[tuple[str, Sequence[str]]]:
    yield (
        "clocks",
        (
            f"AICLK {_of(device.aiclk_mhz, device.aiclk_max_mhz, 'MHz')}",
            f"AXICLK {_with_unit(device.axiclk_mhz, 'MHz')}",
            f"ARCCLK {_with_unit(device.arcclk_mhz, 'MHz')}",
        ),
    )
    yield (
        "power",
        (
            _of(device.power_w, device.power_limit_w, "W"),
            f"board limit {_with_unit(device.board_power_limit_w, 'W')}",
            _of(device.current_a, device.current_limit_a, "A"),
            f"core {_with_unit(device.vcore_mv, 'mV')}",
        ),
    )
    yield (
        "thermal",
        (
            f"throttles at {_degrees(device.throttle_celsius)}",
            f"shuts down at {_degrees(device.shutdown_celsius)}",
            f"trips {number(device.thermal_trips)}",
            f"fan {', '.join(_fan(device)) or _DASH}",
        ),
    )
    yield (
        "firmware",
        (
            device.firmware_bundle or _DASH,
            f"eth {device.firmware_eth or _DASH}",
            f"tt_umd's minimum {device.firmware_minimum or _DASH}",
            f"latest {device.firmware_latest or _DASH}",
        ),
    )
    moves = {True: "moves", False: "stands still", None: "seen once"}[device.heartbeat_moves]
    yield "heartbeat", (UNKNOWN if device.heartbeat is None else f"{device.heartbeat}, {moves}",)
    yield "eth links", tuple(_eth(device.eth))
    yield "DRAM", (_with_unit(device.gddr_speed_mts, "MT/s"),)


def _fan(device: TelemetryDevice) -> Iterable[str]:
    for value, unit in ((device.fan_percent, "%"), (device.fan_rpm, "rpm")):
        if value is not None:
            yield _with_unit(value, unit)


def _eth(channels: Sequence[EthChannel] | None) -> Iterable[str]:
    """Channels by state: "up 0, 1", "down 4-7", "unknown 8"."""
    if channels is None:
        yield UNKNOWN
        return
    for state, name in ((True, "up"), (False, "down"), (None, UNKNOWN)):
        numbers = [one.channel for one in channels if one.up is state]
        if numbers:
            yield f"{name} {id_ranges(numbers)}"
    if not channels:
        yield "no live channel"


def _modules(modules: Sequence[GddrModule]) -> list[RenderableType]:
    """A column for each live channel; a row that no channel has anything for is left out."""
    table = columns("  channel", *(f">{module.channel}" for module in modules), widths=(24,))
    rows = {
        "trained": [_STATES[one.trained] for one in modules],
        "top / bottom C": [_pair(one.top_celsius, one.bottom_celsius) for one in modules],
        "corrected read / write": [
            _pair(one.corrected_read_errors, one.corrected_write_errors) for one in modules
        ],
        "uncorrected": [_pair(one.uncorrected_read_errors, one.uncorrected_write_errors) for one in modules],
    }
    for name, cells in rows.items():
        if name == "trained" or set(cells) != {_DASH}:
            row(table, f"  {name}", *cells)
    return [table]


def _pair(one: float | None, other: float | None) -> str:
    if one is None and other is None:
        return _DASH
    return f"{_whole(one)}/{_whole(other)}"


def _degrees(value: float | None) -> str:
    return _DASH if value is None else f"{value:g} C"


def _whole(value: float | None) -> str:
    return _DASH if value is None else f"{value:g}"


def number(value: float | None) -> str:
    """Whole where it is; one place where a driver gives fractions."""
    if value is None:
        return _DASH
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _with_unit(value: float | None, unit: str) -> str:
    return _DASH if value is None else f"{number(value)} {unit}"


def _of(value: float | None, limit: float | None, unit: str) -> str:
    """ "60 of 150 W", or "60 W" where no limit is told."""
    return _with_unit(value, unit) if limit is None else f"{number(value)} of {number(limit)} {unit}"
