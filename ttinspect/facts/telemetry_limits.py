"""telemetry.yaml: what a reading of a chip can be at all."""

import functools

import msgspec

from ttinspect.facts.files import data_directory, read_document
from ttinspect.facts.node import Node
from ttinspect.facts.yamltree import parse_yaml


class TelemetryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The least and the most that a quantity can be, in the unit of its name."""

    least: int
    most: int


@functools.cache
def telemetry_limits() -> dict[str, TelemetryLimit]:
    """The limits by field of Telemetry; "gddr[].top_celsius" is of each DRAM channel."""
    path = str(data_directory() / "telemetry.yaml")
    root = Node(parse_yaml(read_document(path), path), path)
    return {
        field.text(): TelemetryLimit(least=_signed(entry.child("least")), most=entry.child("most").unsigned())
        for entry in root.child("limits").sequence()
        for field in entry.child("fields").sequence()
    }


def _signed(node: Node) -> int:
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        node.fail("a whole number")
    return node.value
