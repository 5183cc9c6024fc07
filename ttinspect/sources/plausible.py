"""Readings that no chip can have: words of another table, packed ones, noise. They are unknown, and why."""

from typing import TypeVar

import msgspec

from ttinspect.facts.telemetry_limits import telemetry_limits
from ttinspect.model.chip import Unknown
from ttinspect.model.telemetry import Telemetry

S = TypeVar("S", bound=msgspec.Struct)
_OF_CHANNEL = "gddr[]."


def plausible(reading: Telemetry) -> tuple[Telemetry, tuple[Unknown, ...]]:
    """The reading without the values that no chip can have, and what these were."""
    refused: dict[str, Unknown] = {}
    gddr = reading.gddr
    if gddr is not None:
        gddr = tuple(_checked(module, _OF_CHANNEL, refused) for module in gddr)
    checked = _checked(msgspec.structs.replace(reading, gddr=gddr), "", refused)
    return checked, tuple(refused.values())


def _checked(values: S, prefix: str, refused: dict[str, Unknown]) -> S:
    """A Struct of readings without those outside their limits; the first of each path is kept."""
    gone: dict[str, None] = {}
    for path, limit in telemetry_limits().items():
        name = path.removeprefix(prefix)
        if path != prefix + name or name not in values.__struct_fields__:
            continue
        value = getattr(values, name)
        if value is not None and not limit.least <= value <= limit.most:
            gone[name] = None
            why = f"it reads {value:,}, and no chip can have but {limit.least:,} to {limit.most:,}"
            refused.setdefault(path, Unknown(path=path, why=why, read=value))
    return msgspec.structs.replace(values, **gone) if gone else values
