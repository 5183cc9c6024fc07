"""The reports of ``telemetry``: a row for each chip, everything about one or two, csv."""

from collections.abc import Iterable, Sequence
from enum import Enum

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.telemetry import TelemetryAnswer, TelemetryDevice
from ttinspect.model.telemetry import EthChannel, GddrModule, MaxArbiter
from ttinspect.report.common import CsvRows, findings_table, grouped, shared_rows, source_line
from ttinspect.report.memory import held_below, held_by, not_known_below
from ttinspect.report.screen import Fitting, add_row, columns, glued
from ttinspect.report.units import UNKNOWN, id_ranges, of

_DASH = "-"


def telemetry_table(answer: TelemetryAnswer) -> list[RenderableType | Fitting]:
    """A row per chip, and everything of a few; what a chip does not say is "-"."""
    few = len(answer.devices) <= MOST_CHIPS
    parts: list[RenderableType | Fitting] = [source_line(answer.source), Text("")]
    held_chips = [(device.id, device.held_by) for device in answer.devices]
    if few or not any(held_by(held) for _, held in held_chips):
        parts.append(_table(answer, held=False))
    else:
        narrow = (_table(answer, held=False), *held_below(held_chips))
        parts.append(Fitting(((_table(answer, held=True),), narrow)))
    reasons = ((device.id, device.held_by, device.unknown) for device in answer.devices)
    parts += not_known_below(answer.source, reasons)
    more = "" if few else "  more: -d ID"
    parts.append(Text(f" W: now/limit  ASIC, board, GDDR: C  DRAM trained, eth up: of live{more}"))
    if few:
        for device in answer.devices:
            parts += telemetry_detail(device) if _tells_anything(device) else []
    return parts + findings_table(
        grouped(((device.id, device.findings) for device in answer.devices), answer.findings)
    )


def _table(answer: TelemetryAnswer, *, held: bool) -> RenderableType:
    """The rows; of many chips equal ones share one. ``held``: with who holds them."""
    last = ("held by",) if held else ()
    table = columns(
        "> id", "~board", ">MHz", ">W", ">ASIC", ">board", ">GDDR", ">fan", ">DRAM", ">eth", "firmware", *last
    )
    cells = [
        (device.id, (*_cells(device), *((held_by(device.held_by) or _DASH,) if held else ())))
        for device in answer.devices
    ]
    for shared in shared_rows(cells):
        add_row(table, *shared)
    return table


def _cells(device: TelemetryDevice) -> tuple[object, ...]:
    return (
        device.board.value if device.board else device.arch.value,
        _clock(device),
        _limited(device.power_w, device.power_limit_w),
        _celsius(device.asic_celsius),
        _celsius(device.board_celsius),
        _celsius(device.gddr_max_celsius),
        _fan(device),
        _share(device.dram_trained),
        _share(device.eth_up),
        device.firmware_bundle or _DASH,
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
    "power_limit_w", "board_power_w", "board_power_limit_w", "current_a", "current_limit_a", "asic_celsius",
    "board_celsius", "gddr_max_celsius", "throttle_celsius", "shutdown_celsius", "thermal_trips",
    "fan_percent", "fan_rpm", "gddr_speed_mts", "firmware_bundle", "firmware_minimum", "firmware_latest",
    "firmware_eth", "busy", "aiclk_min_by", "aiclk_max_by", "aiclk_max_now_mhz",
    "aiclk_reason", "heartbeat", "heartbeat_moves",
)  # fmt: skip
_PER_CHANNEL = (
    "top_celsius", "bottom_celsius", "corrected_read_errors", "corrected_write_errors",
    "uncorrected_read_errors", "uncorrected_write_errors",
)  # fmt: skip
_GDDR_COLUMNS = tuple(f"gddr_{name}" for name in _PER_CHANNEL)
CSV_HEADER = ("id", "arch", "board", *_COLUMNS, "dram_trained", *_GDDR_COLUMNS, "eth_up", "findings")


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def telemetry_csv(answer: TelemetryAnswer) -> CsvRows:
    """A row per chip."""
    return CSV_HEADER, (
        (
            device.id,
            device.arch.value,
            device.board.value if device.board else None,
            *(_plain(getattr(device, name)) for name in _COLUMNS),
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


MOST_CHIPS = 2
"""So many chips are shown in full; of more only their rows."""

_STATES = {True: "yes", False: "NO", None: _DASH}


def telemetry_detail(device: TelemetryDevice) -> list[RenderableType]:
    """A block of lines, and a table of the DRAM channels; what the chip does not say is "-"."""
    board = device.board.value if device.board else device.arch.value
    table = columns("", "~", header=False, widths=(10,))
    for name, facts in _lines(device):
        add_row(table, f" {name}", "   ".join(glued(fact) for fact in facts))
    heading = Text(f" chip {device.id}  {board}", style="bold")
    modules = _modules(device.gddr) if device.gddr else []
    return [Text(""), heading, table, *modules]


_ARBITERS = {
    MaxArbiter.TDP: "TDP",
    MaxArbiter.FAST_TDC: "fast TDC",
    MaxArbiter.TDC: "TDC",
    MaxArbiter.THERMAL: "heat",
    MaxArbiter.BOARD_POWER: "board power",
    MaxArbiter.GDDR_THERMAL: "DRAM heat",
    MaxArbiter.DOPPLER_SLOW: "doppler",
    MaxArbiter.DOPPLER_CRITICAL: "doppler",
}


def _clock(device: TelemetryDevice) -> str:
    """ "1350", "800 TDP" where that holds it down, "800 idle"."""
    down = None if device.aiclk_max_by is None else _ARBITERS.get(device.aiclk_max_by)
    state = down or ("idle" if device.busy is False else "")
    return f"{number(device.aiclk_mhz)} {state}".rstrip()


def _why_so(device: TelemetryDevice) -> str:
    """ ", held down by TDP", ", idle", ", busy"; nothing where the firmware does not tell."""
    down = None if device.aiclk_max_by is None else _ARBITERS.get(device.aiclk_max_by)
    state = {True: ", busy", False: ", idle", None: ""}[device.busy]
    return f", held down by {down}" if down is not None else state


def _lines(device: TelemetryDevice) -> Iterable[tuple[str, Sequence[str]]]:
    yield (
        "clocks",
        (
            f"AICLK {_of(device.aiclk_mhz, device.aiclk_max_mhz, 'MHz')}{_why_so(device)}",
            f"AXICLK {_with_unit(device.axiclk_mhz, 'MHz')}",
            f"ARCCLK {_with_unit(device.arcclk_mhz, 'MHz')}",
        ),
    )
    yield (
        "power",
        (
            _of(device.power_w, device.power_limit_w, "W"),
            f"board {_of(device.board_power_w, device.board_power_limit_w, 'W')}",
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
            f"fan {', '.join(_fan_parts(device)) or _DASH}",
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
    cores = tuple(_eth_cores(device.eth or ()))
    if cores:
        yield "eth cores", cores
    if device.held_by.held is not None:
        yield "held by", (held_by(device.held_by) if device.held_by.held else "nobody",)
    if device.gddr or device.gddr_speed_mts is not None:
        yield "DRAM", (_with_unit(device.gddr_speed_mts, "MT/s"),)
    else:
        yield "DRAM", (UNKNOWN,)


def _fan_parts(device: TelemetryDevice) -> Iterable[str]:
    for value, unit in ((device.fan_percent, "%"), (device.fan_rpm, "rpm")):
        if value is not None:
            yield _with_unit(value, unit)


def _eth(channels: Sequence[EthChannel] | None) -> Iterable[str]:
    """Channels by state: "up 0, 1", "down 4-7", "unknown 8"."""
    if channels is None:
        yield UNKNOWN
        return
    for state, name in ((True, "up"), (False, "down"), (None, UNKNOWN)):
        numbers = [channel.channel for channel in channels if channel.up is state]
        if numbers:
            yield f"{name} {id_ranges(numbers)}"
    if not channels:
        yield "no live channel"


def _eth_cores(channels: Sequence[EthChannel]) -> Iterable[str]:
    """ "heartbeat 15 of 16, not 3", "retrained 2 of 16: 4, 5"; nothing where the firmware does not tell."""
    for states, name, between, odd in (
        ([channel.heartbeat for channel in channels], "heartbeat", ", not ", False),
        ([channel.retrained for channel in channels], "retrained", ": ", True),
    ):
        if channels and None not in states:
            which = [channel.channel for channel, so in zip(channels, states, strict=True) if so is odd]
            yield f"{name} {of(states.count(True), len(states))}" + (
                f"{between}{id_ranges(which)}" if which else ""
            )


def _modules(modules: Sequence[GddrModule]) -> list[RenderableType]:
    """A column for each live channel; a row that no channel has anything for is left out."""
    table = columns("  channel", *(f">{module.channel}" for module in modules), widths=(24,))
    rows = {
        "trained": [_STATES[module.trained] for module in modules],
        "top / bottom C": [_pair(module.top_celsius, module.bottom_celsius) for module in modules],
        "corrected read / write": [
            _pair(module.corrected_read_errors, module.corrected_write_errors) for module in modules
        ],
        "uncorrected": [
            _pair(module.uncorrected_read_errors, module.uncorrected_write_errors) for module in modules
        ],
    }
    for name, cells in rows.items():
        if name == "trained" or set(cells) != {_DASH}:
            add_row(table, f"  {name}", *cells)
    return [table]


def _pair(first: float | None, other: float | None) -> str:
    if first is None and other is None:
        return _DASH
    return f"{_whole(first)}/{_whole(other)}"


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
    """ "60 of 150 W", or "60 W" where no limit is known."""
    return _with_unit(value, unit) if limit is None else f"{number(value)} of {number(limit)} {unit}"
