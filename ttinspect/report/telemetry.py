"""The reports of ``telemetry``."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.telemetry import TelemetryAnswer, TelemetryDevice
from ttinspect.report.common import findings_table, grouped, source_line
from ttinspect.report.screen import columns, row
from ttinspect.report.units import of

_DASH = "-"


def telemetry_table(answer: TelemetryAnswer) -> list[RenderableType]:
    """A row per chip; what it does not say is "-"."""
    table = columns(
        ">id", "~board", ">MHz", ">W", ">ASIC", ">board", ">GDDR", ">fan", ">DRAM", ">eth", "firmware"
    )
    for device in answer.devices:
        row(
            table,
            device.id,
            device.board.value if device.board else _DASH,
            _number(device.aiclk_mhz),
            _limited(device.power_w, device.power_limit_w),
            _celsius(device.asic_celsius),
            _celsius(device.board_celsius),
            _celsius(_hottest(device)),
            _fan(device),
            _share(device.dram_trained),
            _share(device.eth_up),
            device.firmware_bundle or _DASH,
        )
    parts: list[RenderableType] = [source_line(answer.source), Text(""), table]
    parts.append(Text(" W: now/limit   ASIC, board, GDDR: C   DRAM: trained, eth: up, of live   all: -j"))
    return parts + findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )


def _number(value: float | None) -> str:
    """Whole where it is; one place where a driver gives fractions."""
    if value is None:
        return _DASH
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _limited(value: float | None, limit: float | None) -> str:
    return _number(value) if value is None or limit is None else f"{_number(value)}/{_number(limit)}"


def _celsius(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f}"


def _hottest(device: TelemetryDevice) -> float | None:
    """The hottest GDDR temperature there is."""
    known = [device.gddr_max_celsius]
    for module in device.gddr or ():
        known += [module.top_celsius, module.bottom_celsius]
    return max((value for value in known if value is not None), default=None)


def _fan(device: TelemetryDevice) -> str:
    if device.fan_percent is not None:
        return f"{device.fan_percent}%"
    return _DASH if device.fan_rpm is None else f"{device.fan_rpm}rpm"


def _share(states: tuple[bool | None, ...] | None) -> str:
    if states is None or None in states:
        return _DASH
    return of(states.count(True), len(states))


_COLUMNS = (
    "time_ns", "aiclk_mhz", "aiclk_max_mhz", "axiclk_mhz", "arcclk_mhz", "vcore_mv", "power_w",
    "power_limit_w", "board_power_limit_w", "current_a", "current_limit_a", "asic_celsius", "board_celsius",
    "gddr_max_celsius", "throttle_celsius", "shutdown_celsius", "thermal_trips", "fan_percent", "fan_rpm",
    "gddr_speed_mts", "firmware_bundle", "firmware_minimum", "firmware_latest", "firmware_eth", "heartbeat",
    "heartbeat_moves",
)  # fmt: skip
CSV_HEADER = ("id", "arch", "board", *_COLUMNS, "dram_trained", "eth_up", "findings")


def telemetry_csv(answer: TelemetryAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per chip."""
    return CSV_HEADER, (
        (
            device.id,
            device.arch.value,
            device.board.value if device.board else None,
            *(getattr(device, name) for name in _COLUMNS),
            _flags(device.dram_trained),
            _flags(device.eth_up),
            " ".join(finding.id for finding in device.findings),
        )
        for device in answer.devices
    )


def _flags(states: tuple[bool | None, ...] | None) -> str | None:
    """ "1 1 0 ?" """
    if states is None:
        return None
    return " ".join("?" if state is None else str(int(state)) for state in states)
