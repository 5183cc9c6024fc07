"""``ttinspect metrics``."""

import time
from typing import Annotated

import typer

from ttinspect.answers.metrics import MetricsOptions, Pass, build_metrics
from ttinspect.cli.options import (
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, exit_code
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.gathering.regions import gather
from ttinspect.report.metrics import TEXT_FORMATS, metrics_text, require_library
from ttinspect.sources.live import Ask

PerProcessOption = Annotated[
    bool, typer.Option("--per-process", help="memory by pid too: a new series for every process")
]
EthChannelsOption = Annotated[
    bool, typer.Option("--eth-channels/--no-eth-channels", help="series for every eth channel")
]


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    per_process: PerProcessOption = False,
    eth_channels: EthChannelsOption = True,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(TEXT_FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Everything that changes, once, in Prometheus' text format.

    For node_exporter's textfile collector: -o replaces the file in one step, and there are no timestamps in
    it. What is unknown has no sample; ttinspect serve answers a scraper itself.

    \b
    Examples:
      ttinspect metrics -o /var/lib/prometheus/node-exporter/ttinspect.prom
      ttinspect metrics --from snapshot.json
      ttinspect metrics --format openmetrics --no-eth-channels
    """
    common = Common.of(
        "metrics", TEXT_FORMATS, source, devices, format_, json, output, timeout, verbose, quiet
    )
    require_library("metrics")
    started = time.monotonic()
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.READING, without_chips=False)
    case = gather(host, places)
    last = Pass(
        success=True, duration_seconds=time.monotonic() - started, success_time_ns=case.now_realtime_ns
    )
    options = MetricsOptions(per_process=per_process, eth_channels=eth_channels)
    families = build_metrics(case, last, options)
    emit(common, families, {name: lambda: metrics_text(families, common.format) for name in TEXT_FORMATS})
    return exit_code(host.system)
