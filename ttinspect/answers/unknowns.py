"""What a device of an answer does not tell, and why.

A System names what its source cannot tell by paths of its own (``masks.tensix``, ``links``). An answer shows
what follows of that under other names (``tensix.grid``, ``neighbours``): its table says what follows of what.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

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


_SIMULATED = {
    **dict.fromkeys(_ON_THE_BUS, "a chip of a simulator is on no PCI bus"),
    "tray": "a chip of a simulator is in no tray",
}
_BASES = frozenset(("allocatable_by", "capacity.basis"))
"""What figures go by, which is nothing about a chip: there null is no fact that is missing."""


class Reasons(msgspec.Struct, frozen=True):
    """What one System says of the knowledge of its source: what was asked, and, by chip id, what is wrong
    with a chip, and with one that could not be read."""

    asked: SourceKind
    troubles: Mapping[int, str]
    unread: Mapping[int, str]


def reasons_of(system: System) -> Reasons:
    """The reasons that a System has besides those of each chip; the first of several counts."""
    troubles = [(trouble.chip, trouble) for trouble in reversed(system.troubles) if trouble.chip is not None]
    unread = {chip: trouble.why for chip, trouble in troubles if not trouble.readable}
    of_chips = {chip: trouble.why for chip, trouble in troubles} | unread
    return Reasons(asked=system.asked, troubles=of_chips, unread=unread)


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
    paths += inside
    if not paths:
        return device
    own_reasons = {**(_SIMULATED if reasons.asked is SourceKind.SIM else {}), **(own or {})}
    left = reasons.unread.get(chip.id) or NOT_TOLD[reasons.asked]
    why_of = {fact.path: fact.why for fact in reversed(chip.unknown)}
    if chip.board_name is not None:
        why_of.setdefault("board", f"UMD knows no board {chip.board_name!r}")
    if chip.mmio is False:
        why_of.setdefault("via", "no MMIO-capable chip is seen to reach it")
    elif "mmio" in why_of:
        why_of.setdefault("via", why_of["mmio"])
    unknown = tuple(
        Unknown(path=path, why=own_reasons.get(path) or (why_of and _reason(why_of, path, follows)) or left)
        for path in paths
    )
    return msgspec.structs.replace(device, unknown=unknown)


def said_of(chip: Chip, root: str) -> str | None:
    """The source's own reason why a fact of a chip is unknown."""
    return _first({fact.path: fact.why for fact in reversed(chip.unknown)}, (root,))


def _reason(reasons: Mapping[str, str], path: str, follows: Follows) -> str | None:
    roots = follows.get(path) or follows.get(path.partition(".")[0]) or (path,)
    return _first(reasons, roots)


def _first(reasons: Mapping[str, str], roots: Iterable[str]) -> str | None:
    whys = (reasons.get(root) or reasons.get(root.partition(".")[0]) for root in roots)
    return next(filter(None, whys), None)


def _counted(paths: list[str], board: Board | None, *, mmio: bool | None, simulated: bool) -> list[str]:
    """Without the paths where null is "there is none": no chip behind another one is on the bus, none on it
    is behind another one, and only Galaxy boards are in trays. A simulator has a reason for each of them."""
    none_there: set[str] = set()
    if mmio:
        none_there.add("via")
    elif mmio is False and not simulated:
        none_there |= _ON_THE_BUS
    if not (simulated or board is None or has_trays(board)):
        none_there.add("tray")
    return [path for path in paths if path not in none_there]


def null_paths(part: msgspec.Struct, prefix: str = "") -> list[str]:
    """The paths of a Struct that are null; of one that is null as a whole, its own."""
    paths: list[str] = []
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if value is None:
            paths.append(prefix + name)
        elif isinstance(value, msgspec.Struct) and prefix + name not in _BASES:
            paths += null_paths(value, f"{prefix}{name}.")
    return paths


def nulls_inside(path: str, entries: Sequence[Any] | None) -> list[str]:
    """Where a list has a null: ``eth_up[]``, or ``gddr[].trained`` of Structs. Each path stands for all
    entries."""
    if not entries:
        return []
    if None in entries:
        return [f"{path}[]"]
    if not isinstance(entries[0], msgspec.Struct):
        return []
    names = entries[0].__struct_fields__
    return [f"{path}[].{name}" for name in names if any(getattr(entry, name) is None for entry in entries)]
