"""What a device of an answer does not tell, and why.

A System names what its source cannot tell by paths of its own (``masks.tensix``, ``links``). An answer shows
what follows of that under other names (``tensix.grid``, ``neighbours``): its table says what follows of what.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import attrgetter, is_
from types import MappingProxyType, NoneType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from ttinspect.facts.trays import has_trays
from ttinspect.model.arch import Board
from ttinspect.model.chip import Chip, PcieLink, Unknown
from ttinspect.model.system import SourceKind, System

Device = TypeVar("Device", bound=msgspec.Struct)
Follows = Mapping[str, tuple[str, ...]]
"""By a path of an answer, or by its first part: the System's paths that it depends on. The first of them that
the source has a reason of gives it."""

NOT_TOLD = {
    SourceKind.UMD: "tt_umd does not tell it",
    SourceKind.SIM: "tt_umd does not tell it",
    SourceKind.HOST: "neither sysfs nor what was remembered of this boot tells it",
    SourceKind.SYSFS: "sysfs does not carry it, or in a file that is missing, unreadable or garbage",
    SourceKind.CLUSTER: "the cluster descriptor does not list it",
    SourceKind.REPORT: "the cluster descriptor does not list it",
    SourceKind.TT_SMI: "tt-smi documents do not show it, or this one does not",
    SourceKind.SNAPSHOT: "the snapshot does not have it",
    SourceKind.RECORDING: "the recording does not have it",
    SourceKind.BOARD: "the built-in example does not have it",
    SourceKind.MASKS: "masks: does not describe it",
    SourceKind.SOC: "a SoC descriptor does not describe it",
}
"""Why something is unknown of which the source says no more."""

_ON_THE_BUS = frozenset(("kmd_id", "pci_bdf", *(f"pcie.{name}" for name in PcieLink.__struct_fields__)))


class Reasons(msgspec.Struct, frozen=True):
    """What one System says of the knowledge of its source: what was asked, and, by chip id, what is wrong
    with a chip, and with one that could not be read."""

    asked: SourceKind
    troubles: Mapping[int, str]
    unread: Mapping[int, str]


def reasons_of(system: System) -> Reasons:
    """The reasons that a System has besides those of each chip; the first of several counts."""
    troubles = [(one.chip, one) for one in reversed(system.troubles) if one.chip is not None]
    unread = {chip: one.why for chip, one in troubles if not one.readable}
    return Reasons(
        asked=system.asked, troubles={**{chip: one.why for chip, one in troubles}, **unread}, unread=unread
    )


def explained(
    device: Device,
    chip: Chip,
    reasons: Reasons,
    *,
    follows: Follows = MappingProxyType({}),
    own: Mapping[str, str] | None = None,
    inside: Sequence[str] = (),
) -> Device:
    """The device with what is null in it because it is unknown, each path once. ``own`` are reasons of the
    answer, by path, which come first; ``inside`` are paths with a null in lists."""
    paths = _counted(
        null_paths(device), chip.board, mmio=chip.mmio, simulated=reasons.asked is SourceKind.SIM
    )
    if inside:
        paths = (*paths, *inside)
    if not paths:
        return device
    told = own or {}
    left = reasons.unread.get(chip.id) or NOT_TOLD[reasons.asked]
    said = {one.path: one.why for one in reversed(chip.unknown)}
    if chip.board_name is not None:
        said.setdefault("board", f"UMD knows no board {chip.board_name!r}")
    if chip.mmio is False:
        said.setdefault("via", "no MMIO-capable chip is seen to reach it")
    elif "mmio" in said:
        said.setdefault("via", said["mmio"])
    unknown = tuple(
        Unknown(path=path, why=told.get(path) or (said and _said(said, path, follows)) or left)
        for path in paths
    )
    return msgspec.structs.replace(device, unknown=unknown)


def said_of(chip: Chip, root: str) -> str | None:
    """The source's own reason why a fact of a chip is unknown."""
    return _first({one.path: one.why for one in reversed(chip.unknown)}, (root,))


def _said(said: Mapping[str, str], path: str, follows: Follows) -> str | None:
    roots = follows.get(path) or follows.get(path.partition(".")[0]) or (path,)
    return _first(said, roots)


def _first(said: Mapping[str, str], roots: Iterable[str]) -> str | None:
    whys = (said.get(root) or said.get(root.partition(".")[0]) for root in roots)
    return next(filter(None, whys), None)


@functools.lru_cache(maxsize=1024)
def _counted(
    nulls: tuple[str, ...], board: Board | None, *, mmio: bool | None, simulated: bool
) -> tuple[str, ...]:
    """Without the paths where null is "there is none": no chip of a simulator and none behind another one is
    on the bus, none on it is behind another one, and only Galaxy boards are in trays."""
    no_bus = simulated or mmio is False
    no_tray = simulated or not (board is None or has_trays(board))
    return tuple(
        path
        for path in nulls
        if not ((no_bus and path in _ON_THE_BUS) or (mmio and path == "via") or (no_tray and path == "tray"))
    )


def null_paths(device: msgspec.Struct) -> tuple[str, ...]:
    """The paths of a Struct that are null; of one that is null as a whole, its own."""
    paths, values = _reader(type(device))
    return tuple(compress(paths, map(is_, values(device), repeat(None))))


def nulls_inside(path: str, entries: Sequence[Any] | None) -> list[str]:
    """Where a list has a null: ``eth_up[]``, or ``gddr[].trained`` of Structs. Each path stands for all
    entries."""
    if not entries:
        return []
    if None in entries:
        return [f"{path}[]"]
    if not isinstance(entries[0], msgspec.Struct):
        return []
    names, values = _reader(type(entries[0]))
    columns = zip(names, zip(*map(values, entries), strict=True), strict=True)
    return [f"{path}[].{name}" for name, column in columns if None in column]


@functools.cache
def _nullable(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The paths of a type that may be null: of its fields, and of those of the Structs that it always has."""
    paths: list[str] = []
    for field in msgspec.structs.fields(kind):
        if NoneType in get_args(field.type):
            paths.append(field.name)
        elif get_origin(field.type) is None and issubclass(field.type, msgspec.Struct):
            paths += (f"{field.name}.{path}" for path in _nullable(field.type))
    return tuple(paths)


@functools.cache
def _reader(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The paths of a type that may be null, and what reads all of them."""
    paths = _nullable(kind)
    if len(paths) > 1:
        return paths, attrgetter(*paths)
    return paths, lambda device: tuple(getattr(device, path) for path in paths)
