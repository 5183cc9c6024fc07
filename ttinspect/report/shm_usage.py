"""Used of total, the way an operator reads it: a block per region, and a row per process."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.shm import ProcessSlot, RegionFacts, ShmCapacity
from ttinspect.model.region import RegionState
from ttinspect.report.screen import columns, glued, harmless, row
from ttinspect.report.units import UNKNOWN, count, percent, size

_NOT_READY = {
    RegionState.EMPTY: "no bytes yet",
    RegionState.UNINITIALIZED: "not initialised",
    RegionState.INITIALIZING: "initialisation not finished",
    RegionState.READY: "not decoded",
    RegionState.UNKNOWN: "unknown layout",
    RegionState.UNREADABLE: "not readable",
}


def region_label(region: RegionFacts) -> str:
    """ "Device 0", or the file's name where it belongs to no chip."""
    return harmless(region.path.rpartition("/")[2]) if region.device is None else f"Device {region.device}"


def common_basis(capacities: Iterable[ShmCapacity]) -> str | None:
    """By what the allocatable figures are known, if that is the same for most of them; None without any."""
    words = Counter(one.basis.words for one in capacities if one.basis is not None)
    return words.most_common(1)[0][0] if words else None


def basis_line(basis: str | None) -> list[RenderableType]:
    """What the percentages of a table divide by, once for all lines that do not say otherwise."""
    return [] if basis is None else [Text(f"Allocatable: {basis}, L1_SMALL and trace included")]


def usage_block(region: RegionFacts, basis: str | None) -> list[RenderableType]:
    """Used and physical bytes of one region, and its processes; a line that divides by something else than
    ``basis`` says so."""
    if region.totals is None or region.used is None:
        return [Text(f" {region_label(region)}   {_NOT_READY[region.state]}: what is used is unknown")]
    table = columns("", "", ">", ">", "~", header=False)
    capacity, used = region.capacity, region.used
    label = region_label(region)
    if region.device is None:
        label = "no chip"
    for name, kind, bytes_used, physical in (
        (f" {label}", "L1", used.l1, capacity.l1_physical),
        ("", "DRAM", used.dram, capacity.dram_physical),
    ):
        total = glued(f"/ {size(physical):>9}")
        row(table, name, kind, size(bytes_used), total, _share(bytes_used, kind.lower(), capacity, basis))
    if used.cb_is_counted:
        row(table, "", "CB", size(region.totals["cb"]), "", "counted in L1")
    elif region.totals["cb"]:
        why = f"not added: v{region.version} keeps the most of all cached programs, of the last writer"
        row(table, "", "CB", size(region.totals["cb"]), "", why)
    parts: list[RenderableType] = [table]
    if region.device is None:
        parts.insert(0, Text(f" {region_label(region)}"))
    return parts + _processes(region.processes)


def no_region(label: str) -> Text:
    """A chip without a region: unknown is not zero."""
    return Text(f" {label}   nothing is published: what is used is unknown")


def more(everything: Sequence[object], shown: int, noun: str) -> list[RenderableType]:
    """A line about what a table leaves out, if it does."""
    left = len(everything) - shown
    return [] if left <= 0 else [Text(f" and {count(left)} more {noun}: --json has all of them")]


def _processes(slots: tuple[ProcessSlot, ...]) -> list[RenderableType]:
    if not slots:
        return []
    table = columns(">   pid", "~process", "state", ">L1", ">L1_SMALL", ">DRAM", ">trace", ">CB")
    for slot in slots:
        row(
            table,
            slot["pid"],
            slot["name"] or "-",
            _state(slot),
            size(slot["l1"]),
            size(slot["l1_small"]),
            size(slot["dram"]),
            size(slot["trace"]),
            size(slot["cb"]),
        )
    return [table]


def _state(slot: ProcessSlot) -> str:
    if slot["pid"] < 1:
        return "releasing"
    if slot["alive"] is None:
        return UNKNOWN
    return "alive" if slot["alive"] else "DEAD"


def _share(used: int | None, kind: str, capacity: ShmCapacity, basis: str | None) -> str:
    allocatable: int | None = getattr(capacity, f"{kind}_allocatable")
    if used is None or allocatable is None:
        return ""
    words = None if capacity.basis is None else capacity.basis.words
    by = "" if words in (None, basis) else f" ({words})"
    return f"{percent(used, allocatable)} of {size(allocatable)} allocatable{by}"
