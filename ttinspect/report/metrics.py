"""Metric families in Prometheus' text formats, through prometheus_client."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ttinspect.errors import missing_extra
from ttinspect.model.metric import Family, MetricType

TEXT_FORMATS = ("prometheus", "openmetrics")


class _Families:
    """A collector as prometheus_client asks one: the families that it was made of."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for family in self._families:
            made: Any
            if family.type is MetricType.COUNTER:
                made = CounterMetricFamily(family.name.removesuffix("_total"), family.help)
            else:
                made = GaugeMetricFamily(family.name, family.help)
            for sample in family.samples:
                made.add_sample(family.name, dict(sample.labels), sample.value)
            yield made


def metrics_text(families: Iterable[Family], format_: str) -> str:
    """The families as one exposition: ``prometheus`` is text format 0.0.4, ``openmetrics`` ends in # EOF."""
    return _writer(format_)(_Families(families)).decode()


class Exposition:
    """One exposition after the other: a family that is as it was is not written again, and most are."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], tuple[Family, bytes]] = {}
        self._lock = threading.Lock()

    def negotiated(self, families: Iterable[Family], accept: str | None) -> tuple[bytes, str]:
        """What a scraper's Accept header asks for, and its content type."""
        from prometheus_client.exposition import choose_encoder

        writer, content_type = choose_encoder(accept or "")
        end = writer(_Families(()))  # OpenMetrics has a mark there
        with self._lock:
            parts = [self._part(writer, content_type, family, end) for family in families]
        return b"".join([*parts, end]), content_type

    def _part(self, writer: Callable[[Any], bytes], content_type: str, family: Family, end: bytes) -> bytes:
        known = self._written.get((content_type, family.name))
        if known is not None and known[0] == family:
            return known[1]
        part = writer(_Families((family,))).removesuffix(end)
        self._written[content_type, family.name] = family, part
        return part


def _writer(format_: str) -> Callable[[Any], bytes]:
    from prometheus_client import exposition
    from prometheus_client.openmetrics import exposition as openmetrics

    return openmetrics.generate_latest if format_ == "openmetrics" else exposition.generate_latest


def require_library(who: str) -> None:
    """Refuse early where prometheus_client is missing.

    Raises:
        InspectError: 4, with the command that installs it.
    """
    try:
        import prometheus_client  # noqa: F401
    except ModuleNotFoundError:
        raise missing_extra(who, "prometheus_client", "serve") from None
