"""``ttinspect serve``."""

import contextlib
import time
from collections.abc import Callable
from typing import Annotated

import typer

from ttinspect.answers.metrics import MetricsOptions, Pass, build_metrics
from ttinspect.cli.metrics import EthChannelsOption, PerProcessOption
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
from ttinspect.cli.output import note
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of
from ttinspect.cli.serving import Access, MetricsServer, Readings, is_loopback, listener_on
from ttinspect.cli.streams import tell
from ttinspect.errors import InspectError
from ttinspect.gathering.regions import Places, gather
from ttinspect.gathering.watching import Looking, watch
from ttinspect.host.traffic import TrafficCounter
from ttinspect.model.metric import Family
from ttinspect.model.system import System
from ttinspect.report.metrics import require_library
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import kind_of
from ttinspect.verify.case import Case
from ttinspect.verify.findings.use import Uses

DEFAULT_LISTEN = "127.0.0.1:9836"
_LIVE = ("umd", "sim", "sysfs", "host")

FORMATS = ("prometheus",)


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    per_process: PerProcessOption = False,
    eth_channels: EthChannelsOption = True,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="where to answer")
    ] = DEFAULT_LISTEN,
    web_config: Annotated[
        str | None,
        typer.Option(
            "--web-config",
            metavar="FILE",
            help="TLS and users, in the form of Prometheus' exporter-toolkit",
            show_default=False,
        ),
    ] = None,
    min_interval: Annotated[
        float,
        typer.Option(
            "--min-interval",
            metavar="SECONDS",
            min=0.0,
            help="scrapes closer together share one reading; regions are read once a second",
        ),
    ] = 1.0,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """The metrics over HTTP, read when they are scraped, until it is stopped.

    It listens on this host only unless --listen says otherwise, and opens no device by default. A source that
    cannot be read is ttinspect_up 0, not an end.

    \b
    Examples:
      ttinspect serve
      ttinspect serve --listen 0.0.0.0:9836 --web-config /etc/ttinspect/web.yml
      curl -s localhost:9836/metrics | grep ttinspect_temperature_celsius
    """
    common = Common.of("serve", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    require_library("serve")
    places = places_of(common, shm_dir, procfs)
    options = MetricsOptions(per_process=per_process, eth_channels=eth_channels)
    access = Access(web_config)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listener_on(listen))
        counter = read = None
        if kind_of(common.source) in _LIVE:
            live = LiveOptions(timeout_seconds=common.timeout_seconds, ask=Ask.READING)
            read = stack.enter_context(watch(common.source, live, common.devices))
            if ":" not in common.source:  # this host's own
                counter = stack.enter_context(TrafficCounter())
        reader = _Reader(common, places, options, counter, read)
        server = MetricsServer(listener, access, Readings(reader.read, min_interval))
        host, port = listener.getsockname()[:2]
        scheme = "http" if access.context is None else "https"
        note(common, f"serving {scheme}://{host}:{port}/metrics")
        if access.open and not is_loopback(listener):
            note(common, "anybody who reaches this address can read it: --web-config has users and TLS")
        with server:
            server.serve_forever(poll_interval=0.2)
    return 0


class _Reader:
    """Reads the source anew for every answer, and remembers when that last succeeded."""

    def __init__(
        self,
        common: Common,
        places: Places,
        options: MetricsOptions,
        counter: TrafficCounter | None,
        live: Callable[[], System] | None,
    ) -> None:
        self._common, self._places, self._options, self._counter = common, places, options, counter
        self._looking = None if live is None else Looking(places, live, personal=False)
        self._success_time_ns: int | None = None
        self._failure: str | None = None

    def read(self) -> tuple[Family, ...]:
        started = time.monotonic()
        try:
            case, uses = self._case()
        except InspectError as error:
            self._complain(f"{error.what}: {error.why}")
            last = Pass(
                success=False,
                duration_seconds=time.monotonic() - started,
                success_time_ns=self._success_time_ns,
            )
            return build_metrics(None, last, self._options)
        self._failure, self._success_time_ns = None, case.now_realtime_ns
        last = Pass(
            success=True,
            duration_seconds=time.monotonic() - started,
            success_time_ns=self._success_time_ns,
        )
        traffic = None if self._counter is None else self._counter.totals()
        return build_metrics(case, last, self._options, traffic, uses)

    def _case(self) -> tuple[Case, Uses | None]:
        """The Case for one answer. Live devices stay open between answers, and chips keep their ids; a
        document is read again each time, with the regions."""
        if self._looking is not None:
            return self._looking.judged(self._looking.look())
        opened = open_host(self._common, self._places, ask=Ask.READING, without_chips=False)
        return gather(opened, self._places), None

    def _complain(self, why: str) -> None:
        """Write a failure to standard error, once: not again at every scrape while it stays the same."""
        if why != self._failure:
            self._failure = why
            tell(f"ttinspect: {why}\n")
