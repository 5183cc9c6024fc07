"""Metrics as values, before any text format."""

from enum import Enum

import msgspec


class MetricType(str, Enum):
    """What a monitoring system may do with a metric: rates make sense of a counter only."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Sample(msgspec.Struct, frozen=True):
    """One value with its labels, (name, value) in the order in which they are written."""

    labels: tuple[tuple[str, str], ...]
    value: int | float


class Family(msgspec.Struct, frozen=True):
    """One metric: all of its samples. ``name`` has its unit, and ``_total`` where it is a counter."""

    name: str
    type: MetricType
    help: str
    samples: tuple[Sample, ...]
