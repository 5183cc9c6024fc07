"""The reports of ``telemetry``."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.telemetry import TelemetryAnswer, TelemetryDevice
from ttinspect.model.telemetry import GddrModule
from ttinspect.report.common import findings_table, grouped, source_line
from ttinspect.report.screen import columns, row
from ttinspect.report.telemetry_detail import MOST_CHIPS, number, telemetry_detail
from ttinspect.report.units import of

_DASH = "-"


def telemetry_table(answer: TelemetryAnswer) -> list[RenderableType]:
    """A row per chip, and everything of a few; what a chip does not say is "-"."""
    table = columns(
        ">id", "~board", ">MHz", ">W", ">ASIC", ">board", ">GDDR", ">fan", ">DRAM", ">eth", "firmware"
    )
    for device in answer.devices:
        row(
            table,
            device.id,
            device.board.value if device.board else device.arch.value,
            number(device.aiclk_mhz),
            _limited(device.power_w, device.power_limit_w),
            _celsius(device.asic_celsius),
            _celsius(device.board_celsius),
            _celsius(device.gddr_max_celsius),
            _fan(device),
            _share(device.dram_trained),
            _share(device.eth_up),
            device.firmware_bundle or _DASH,
        )
    parts: list[RenderableType] = [source_line(answer.source), Text(""), table]
    few = len(answer.devices) <= MOST_CHIPS
    more = "" if few else "  all: -d ID"
    parts.append(Text(f" W: now/limit  ASIC, board, GDDR: C  DRAM: trained, eth: up, of live{more}"))
    if few:
        for device in answer.devices:
            parts += telemetry_detail(device) if _tells_anything(device) else []
    return parts + findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )


def _tells_anything(device: TelemetryDevice) -> bool:
    return any(getattr(device, name) is not None for name in (*_COLUMNS, "gddr", "eth"))


def _limited(value: float | None, limit: float | None) -> str:
    return number(value) if value is None or limit is None else f"{number(value)}/{number(limit)}"


def _celsius(value: float | None) -> str:
    return _DASH if value is None else f"{round(value, 1) + 0.0:.1f}"  # never -0.0


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
_PER_CHANNEL = (
    "top_celsius", "bottom_celsius", "corrected_read_errors", "corrected_write_errors",
    "uncorrected_read_errors", "uncorrected_write_errors",
)  # fmt: skip
_GDDR_COLUMNS = tuple(f"gddr_{name}" for name in _PER_CHANNEL)
CSV_HEADER = ("id", "arch", "board", *_COLUMNS, "dram_trained", *_GDDR_COLUMNS, "eth_up", "findings")


def telemetry_csv(answer: TelemetryAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per chip."""
    return CSV_HEADER, (
        (
            device.id,
            device.arch.value,
            device.board.value if device.board else None,
            *(getattr(device, name) for name in _COLUMNS),
            _flags(device.dram_trained),
            *(_by_channel(device.gddr, name) for name in _PER_CHANNEL),
            _flags(device.eth_up),
            " ".join(finding.id for finding in device.findings),
        )
        for device in answer.devices
    )


def _by_channel(modules: Sequence[GddrModule] | None, name: str) -> str | None:
    """ "40 41.5 ? 43", a figure for each live channel; None where no channel has one."""
    figures = [getattr(module, name) for module in modules or ()]
    if all(figure is None for figure in figures):
        return None
    return " ".join("?" if figure is None else f"{figure:g}" for figure in figures)


def _flags(states: tuple[bool | None, ...] | None) -> str | None:
    """ "1 1 0 ?", a state for each live channel; None where none of them is known."""
    if states is None or all(state is None for state in states):
        return None
    return " ".join("?" if state is None else str(int(state)) for state in states)
