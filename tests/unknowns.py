"""What holds of ``unknown`` in the devices of every answer."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from tests.snapshots import asked

COMMANDS = (
    ("list",),
    ("harvest",),
    ("harvest", "--cores"),
    ("harvest", "--core", "2-2"),
    ("capacity",),
    ("capacity", "--dispatch", "eth"),
    ("memory",),
    ("topology",),
    ("telemetry",),
    ("check",),
)

SNAPSHOT = "snapshot.json"
_EMPTY = tempfile.TemporaryDirectory()
_IN_TRAYS = ("ubb", "ubb_blackhole", "ubb_blackhole_cf")
_NO_BUS = re.compile(r"kmd_id|pci_bdf|pcie\.(bus_id|(max_|slot_)?(lanes|generation))")
_NO_COORDINATE = re.compile(
    r"cores\.\w+\.(harvested\.)?(noc0|noc1|translated|logical)\[\]|at\[\]\.(noc1|translated|logical)"
)
_ELSEWHERE = re.compile(r"findings\[\]\..*|regions\[\]\..*|(allocatable_by|capacity\.basis)\..*")
"""A finding, and a region with its state, say for themselves what is missing of them; so does what allocatable
figures go by (nothing was said of L1_SMALL), and the figures have their reasons."""


def nulls(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all that is null in a JSON value, entries of lists as []."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from nulls(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            yield from nulls(part, f"{path}[]")


def does_not_apply(path: str, chip: Mapping[str, Any], *, simulated: bool) -> bool:
    """Whether null can be "there is none" there; ``chip`` is the same one in the answer of topology."""
    if path == "via":
        return chip["mmio"] is True
    if path == "tray":
        return not simulated and chip["board"] not in (None, *_IN_TRAYS)
    if _NO_BUS.fullmatch(path):
        return not simulated and chip["mmio"] is False
    return bool(_NO_COORDINATE.fullmatch(path) or _ELSEWHERE.fullmatch(path))


def assert_every_null_has_its_reason(
    device: Mapping[str, Any], chip: Mapping[str, Any], *, simulated: bool = False
) -> None:
    """Every path is one of the device, null, and there once; every null is there, or does not apply."""
    paths = [unknown["path"] for unknown in device["unknown"]]
    assert len({*paths}) == len(paths), paths
    null_paths = {*nulls(device)}
    assert {*paths} <= null_paths, {*paths} - null_paths
    assert all(len(unknown["why"]) > 1 for unknown in device["unknown"])
    for path in sorted(null_paths):
        certain = not re.match(r"(at|cores)\b", path) and does_not_apply(path, chip, simulated=simulated)
        assert not (certain and path in paths), path
        assert path in paths or does_not_apply(path, chip, simulated=simulated), path


def devices_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The devices of an answer; ``topology`` calls them chips."""
    parts: list[dict[str, Any]] = document["chips"] if "chips" in document else document["devices"]
    return parts


def answered(source: str, *command: str) -> Any:
    """The JSON of a command, on a host that publishes nothing."""
    places: tuple[str, ...] = ()
    with_processes = ("list", "memory", "check", "snapshot", "topology", "telemetry")
    if command[0] in with_processes and not source.endswith(SNAPSHOT):
        places = ("--shm-dir", _EMPTY.name, "--procfs", _EMPTY.name)
    return asked(*command, "--from", source, *places)[1]


def assert_of_all_commands(source: str) -> None:
    """Ask everything of a source, in this process."""
    chips = {chip["id"]: chip for chip in answered(source, "topology")["chips"]}
    for command in COMMANDS:
        document = answered(source, *command)
        for device in devices_of(document) if "error" not in document else ():
            assert_every_null_has_its_reason(device, chips[device["id"]])
