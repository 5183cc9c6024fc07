"""Who holds a chip: by the driver's lists, open descriptors, mapped regions and slots."""

from collections.abc import Iterable

import msgspec

from ttinspect.facts.wording import plural
from ttinspect.model.holder import Holder, Known
from ttinspect.model.region import RegionFile, RegionState
from ttinspect.model.system import SourceKind
from ttinspect.verify.case import Case
from ttinspect.verify.matching import Match, match_by_holder, match_region
from ttinspect.verify.words import listed, numbers, which


class ChipHolder(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds a chip, and how that is known."""

    holder: Holder
    known_by: tuple[Known, ...]

    @property
    def opened(self) -> bool:
        """Whether it has the chip's device open."""
        return Known.DRIVER in self.known_by or Known.DESCRIPTOR in self.known_by

    @property
    def publishes(self) -> bool:
        """Whether it has attached to a region of the chip."""
        return Known.REGION in self.known_by


class ChipHolders(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a chip. ``outside`` counts descriptors of processes outside this pid namespace. ``orphans``
    are pids that opened the device and have it no longer, while another process has their descriptor.
    ``all_known`` is True where there can be no further holders."""

    holders: tuple[ChipHolder, ...]
    outside: int
    orphans: tuple[int, ...]
    all_known: bool

    @property
    def held(self) -> bool | None:
        """Whether anybody holds it; None where that is not known."""
        if self.holders or self.outside or self.orphans:
            return True
        return False if self.all_known else None

    @property
    def in_words(self) -> str:
        """ "1 process (pid 7)", "2 processes (pids 7 and 8)", "a process outside this pid namespace"."""
        pids = [holder.holder.pid for holder in self.holders]
        parts = [f"{plural(len(pids), 'process', 'processes')} ({which('pid', pids)})"] if pids else []
        if self.outside:
            parts.append("a process outside this pid namespace")
        if self.orphans and not pids:
            parts.append(f"somebody who has it from pid {numbers(self.orphans)}, which is gone")
        return listed(parts)


def chip_holders(
    case: Case, chip_id: int | None, regions: Iterable[str] = (), slot_pids: frozenset[int] = frozenset()
) -> ChipHolders:
    """Who holds a chip of a Case. ``regions`` are the paths of its region files, ``slot_pids`` the pids in
    the slots there. A remote chip is opened through its gateway."""
    device = case.system.device_of(chip_id)
    paths = frozenset(regions)
    driver = next((opener for opener in case.openers or () if opener.device == device), None)
    by_driver = driver is not None and driver.pids is not None
    scan = case.holders
    if scan is None:
        pids = () if driver is None else driver.pids or ()
        openers = tuple(
            ChipHolder(holder=Holder(pid=pid, own_pid=None, maps_read=False), known_by=(Known.DRIVER,))
            for pid in pids
        )
        outside = 0 if driver is None else driver.outside
        return ChipHolders(holders=openers, outside=outside, orphans=(), all_known=by_driver)
    holders = (
        ChipHolder(holder=holder, known_by=_known_by(holder, device, paths, slot_pids))
        for holder in scan.holders
    )
    return ChipHolders(
        holders=tuple(holder for holder in holders if holder.known_by),
        outside=0 if device is None else scan.outside.get(device, 0),
        orphans=() if device is None else scan.orphans.get(device, ()),
        all_known=device is not None and (by_driver or scan.descriptors_known),
    )


def _known_by(
    holder: Holder, device: int | None, paths: frozenset[str], slot_pids: frozenset[int]
) -> tuple[Known, ...]:
    maps = not paths.isdisjoint(holder.regions)
    known = {
        Known.DRIVER: device in holder.listed,
        Known.DESCRIPTOR: device in holder.open,
        Known.REGION: maps,
        Known.SLOT: maps and holder.slot_pid in slot_pids,
    }
    return tuple(way for way, holds in known.items() if holds)


def holders_by_chip(case: Case) -> dict[int, ChipHolders]:
    """Who holds each of the chips to report about, by their devices and by their regions."""
    paths: dict[int, list[str]] = {}
    pids: dict[int, set[int]] = {}
    for looked in case.regions:
        file = looked.looks.file
        chip = region_match(case, file).chip
        if chip is not None:
            paths.setdefault(chip, []).append(file.path)
            if file.region is not None:
                pids.setdefault(chip, set()).update(slot.pid for slot in file.region.occupied)
    return {
        chip.id: chip_holders(case, chip.id, paths.get(chip.id, ()), frozenset(pids.get(chip.id, ())))
        for chip in case.shown
    }


def region_match(case: Case, file: RegionFile, *, by_name: bool = False) -> Match:
    """The chip that a region file belongs to. With ``by_name`` only the name of the file counts, not its
    header. Where the source has opened no device (host), the device id in the header is not trusted, because
    the runtime may number devices otherwise: the process that maps the region decides instead."""
    region, host = None if by_name else file.region, case.system.asked is SourceKind.HOST
    finished = region is not None and region.state is RegionState.READY
    match = match_region(
        case.system.chips,
        None if file.file_id is None else int(file.file_id),
        region.header if region is not None and finished else None,
        by_device_id=not host,
    )
    if host and match.chip is None:
        return match_by_holder(case.system.chips, file.path, case.holders)
    return match
