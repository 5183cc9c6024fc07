"""``ttinspect telemetry``."""

from collections.abc import Callable

from ttinspect.answers.common import select_chips
from ttinspect.answers.telemetry import TelemetryAnswer, build_telemetry
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, exit_code, to_csv, to_json, to_table
from ttinspect.cli.watch import Count, Watch, watch
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.opening import kind_of


@command()
def run(common: Common, *, seconds: Watch = None, count: Count = None) -> int:
    """Clocks, power, temperatures, firmware, DRAM training, eth links; null where a tag is missing.

    \b
    Examples:
      ttinspect telemetry
      ttinspect telemetry --watch 0.5 --count 20 --json
      tt-smi -s | ttinspect telemetry --from -
    """
    if seconds is not None:
        return _watch(common, seconds, count)
    if count is not None:
        raise InspectError("--count", "it belongs to --watch", "give --watch too")
    system = common.open(telemetry=True)
    answer = build_telemetry(system)
    emit(common, answer, {"table": lambda: _table(answer, common), "csv": lambda: _csv(answer, True)})
    return exit_code(system)


def _table(answer: TelemetryAnswer, common: Common) -> str:
    from ttinspect.report.telemetry import telemetry_table

    return to_table(telemetry_table(answer), common)


def _csv(answer: TelemetryAnswer, first: bool) -> str:
    from ttinspect.report.telemetry import telemetry_csv

    text = to_csv(*telemetry_csv(answer))
    return text if first else text.partition("\n")[2]


def _watch(common: Common, seconds: float, count: int | None) -> int:
    kind = kind_of(common.source)
    if kind in ("umd", "sim"):
        return _watch_live(common, kind, seconds, count)
    last: list[System] = []

    def once() -> TelemetryAnswer:
        last[:] = [common.open(telemetry=True)]
        return build_telemetry(last[0])

    _repeat(common, seconds, count, once)
    return exit_code(last[0])


def _watch_live(common: Common, kind: str, seconds: float, count: int | None) -> int:
    """Over one child that stays open."""
    from ttinspect.sources.umd.watching import Watcher

    options = LiveOptions(timeout_seconds=common.timeout_seconds)
    worst = ExitCode.DONE
    with Watcher(kind, common.source.partition(":")[2], options) as watcher:

        def once() -> TelemetryAnswer:
            nonlocal worst
            system = select_chips(watcher.read(), list(common.devices))
            worst = max(worst, exit_code(system))
            return build_telemetry(system)

        _repeat(common, seconds, count, once)
    return worst


def _repeat(common: Common, seconds: float, count: int | None, once: Callable[[], TelemetryAnswer]) -> None:
    watch(
        common,
        seconds,
        count,
        once,
        {
            "table": lambda answer, _first: _table(answer, common),
            "json": lambda answer, _first: to_json(answer),
            "csv": _csv,
        },
    )
