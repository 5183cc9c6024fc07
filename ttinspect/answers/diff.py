"""The answer of ``diff``: what is not as it was."""

from collections.abc import Mapping

import msgspec

from ttinspect.answers.redaction import redacted
from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.settings import make_settings
from ttinspect.errors import ExitCode, InspectError
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.model.system import OfHost, Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.sources.opening import Opened
from ttinspect.verify.compare.changes import (
    PLACES,
    Change,
    Value,
    chip_changes,
    host_changes,
    link_changes,
)
from ttinspect.verify.compare.pairs import pair_chips
from ttinspect.verify.naming import select_chips


class DiffChip(msgspec.Struct, frozen=True, kw_only=True):
    """A chip that came or went, with its id there and everything it is known by."""

    chip: int
    unique_id: str | None
    board_id: str | None
    asic_location: int | None
    arch: Arch
    board: Board | None
    kmd_id: int | None
    pci_bdf: str | None


class HostDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A host of a fleet that is not as it was: ``state`` is appeared, vanished or changed."""

    host: str
    state: str
    chips: int
    appeared: tuple[DiffChip, ...]
    vanished: tuple[DiffChip, ...]
    moved: tuple[Change, ...]
    changed: tuple[Change, ...]
    consequences: tuple[Change, ...]


class DiffAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.diff.v1"):
    """What ``diff`` says. ``source``, ``host`` and ``time_ns`` are of the new System, as ``new``.

    ``moved`` are chips with another id, /dev/tenstorrent/N or bus address, ``changed`` all other facts: by
    path in the System (links.N is what eth channel N leads to). ``consequences`` are what changed facts
    mean for grids and capacities; they count nowhere. ``unreadable`` are the new chips that could not be
    read: what was unknown of one before, and is now, is no difference. Of two fleets all of these are empty:
    ``hosts`` are the hosts that differ, of ``compared_hosts`` that both have. ``l1``: captures or dumps of an
    allocator were compared, and ``changed`` is what differs in L1, first what grew.
    """

    tool: Tool = TOOL
    source: Source
    old: Source
    new: Source
    same: bool
    chips: int
    unreadable: tuple[int, ...]
    appeared: tuple[DiffChip, ...]
    vanished: tuple[DiffChip, ...]
    moved: tuple[Change, ...]
    changed: tuple[Change, ...]
    consequences: tuple[Change, ...]
    l1: bool = False
    compared_hosts: int | None = None
    hosts: tuple[HostDiff, ...] = ()


def comparable(old: Opened, new: Opened) -> tuple[Opened, Opened]:
    """Both with pseudonyms if one has them.

    Raises:
        InspectError: 2 when one is redacted and the other is no snapshot.
    """
    hidden = [opened.snapshot is not None and opened.snapshot.redacted for opened in (old, new)]
    if any(hidden) and not all(hidden):
        return _redacted(old), _redacted(new)
    return old, new


def _redacted(opened: Opened) -> Opened:
    if opened.snapshot is None:
        raise InspectError(
            opened.system.source.detail or opened.system.source.kind.value,
            "the other side is redacted, and only a snapshot can be redacted like it",
            "save it with ttinspect snapshot --redact first",
        )
    snapshot = redacted(opened.snapshot)
    return Opened(system=snapshot.replayed(opened.system.source.detail), snapshot=snapshot)


def build_diff(
    old: System,
    new: System,
    *,
    hosts: tuple[Mapping[str, str | None], Mapping[str, str | None]] = ({}, {}),
    devices: list[str] | None = None,
    telemetry: bool = False,
) -> DiffAnswer:
    """Everything that differs between two Systems. ``telemetry`` also compares readings, which differ every
    time. ``devices`` are names of chips on either side: the others are left out. ``hosts`` are facts of
    the old and the new host by path, None for a fact that is known not to be there; a path that only one
    side has is not compared.

    Raises:
        InspectError: 2 when a device is on neither side.
    """
    paired = pair_chips(old.chips, new.chips)
    new_ids = {first.id: other.id for first, other in paired.pairs}
    of_chips = [
        change
        for first, other in paired.pairs
        for change in chip_changes(first, other, new_ids, telemetry=telemetry)
    ]
    moved = [change for change in of_chips if _is_move(change)]
    changed = [
        *host_changes(old, new, new_ids),
        *(change for change in of_chips if not _is_move(change)),
        *link_changes(old, new, paired),
        *_hosts(*hosts),
    ]
    before, after = grids_of(old.chips), grids_of(new.chips)
    consequences = [
        change
        for first, other in paired.pairs
        for change in _consequences(
            _derived(first, before[first.id]), _derived(other, after[other.id]), other.id
        )
    ]
    vanished, appeared = paired.vanished, paired.appeared
    if devices:
        gone, named = _chosen(old, new, devices)
        named |= {new_ids[chip] for chip in gone if chip in new_ids}
        vanished = tuple(chip for chip in vanished if chip.id in gone)
        appeared = tuple(chip for chip in appeared if chip.id in named)
        moved, changed, consequences = (
            [change for change in changes if change.chip in named]
            for changes in (moved, changed, consequences)
        )
    return DiffAnswer(
        source=new.source,
        host=new.read_at.host,
        time_ns=new.read_at.time_ns,
        old=old.source,
        new=new.source,
        same=not (vanished or appeared or moved or changed),
        chips=len(new.chips),
        unreadable=tuple(
            sorted(
                {
                    trouble.chip
                    for trouble in new.troubles
                    if trouble.chip is not None and not trouble.readable
                }
            )
        ),
        appeared=tuple(map(_chip, appeared)),
        vanished=tuple(map(_chip, vanished)),
        moved=tuple(moved),
        changed=tuple(changed),
        consequences=tuple(consequences),
    )


def diff_exit_code(answer: DiffAnswer) -> ExitCode:
    """0 the same, 10 different."""
    return ExitCode.DONE if answer.same else ExitCode.CHECK_FAILED


def _is_move(change: Change) -> bool:
    return change.path in PLACES and change.old is not None and change.new is not None


def _chosen(old: System, new: System, devices: list[str]) -> tuple[set[int], set[int]]:
    sides: list[set[int]] = [set(), set()]
    words = [word for text in devices for word in text.split(",")]
    for word in words:
        refusals = []
        for side, system in zip(sides, (old, new), strict=True):
            try:
                side |= {chip.id for chip in select_chips(system, [word]).chips}
            except InspectError as error:
                refusals.append(error)
        if len(refusals) == 2:
            raise refusals[1]
    return sides[0], sides[1]


def _hosts(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> list[Change]:
    return [
        Change(chip=None, path=path, old=old[path], new=new[path])
        for path in old
        if path in new and old[path] != new[path]
    ]


def _consequences(before: dict[str, Value], after: dict[str, Value], chip: int) -> list[Change]:
    return [
        Change(chip=chip, path=path, old=before[path], new=after[path])
        for path in before
        if path in after and before[path] != after[path]
    ]


def _derived(chip: Chip, grid: ChipGrid) -> dict[str, Value]:
    tensix = grid.tensix.grid
    shape = None if tensix is None else f"{tensix[0]}x{tensix[1]}"
    try:
        capacity = chip_capacity(chip, grid, make_settings())
    except InspectError:  # a design on which the runtime does not fit
        return {"tensix.grid": shape}
    return {
        "tensix.grid": shape,
        "l1.physical": capacity.l1.physical,
        "l1.allocatable": capacity.l1.allocatable,
        "dram.physical": capacity.dram.physical,
        "dram.allocatable": capacity.dram.allocatable,
        "eth_l1.physical": capacity.eth_l1.physical,
    }


def _chip(chip: Chip) -> DiffChip:
    return DiffChip(
        chip=chip.id,
        unique_id=chip.unique_id,
        board_id=chip.board_id,
        asic_location=chip.asic_location,
        arch=chip.arch,
        board=chip.board,
        kmd_id=chip.kmd_id,
        pci_bdf=chip.pci_bdf,
    )
