"""A region that can be judged, with everything that the rules ask about it, worked out once."""

import msgspec

from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.region import Figures, Region, RegionFile, RegionHeader, RegionState, Slot
from ttinspect.shm.clocks import realtime_of
from ttinspect.shm.differences import Quantity, differences
from ttinspect.shm.layout import Layout, layout_of
from ttinspect.shm.looks import Judged, unchanged_slots
from ttinspect.shm.published import LookedAt
from ttinspect.verify.case import Case
from ttinspect.verify.holding import ChipHolders, chip_holders, region_match
from ttinspect.verify.limits import UNKNOWN_LIMITS, Limits
from ttinspect.verify.matching import Match
from ttinspect.verify.writers import SlotWriter, writer_of


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded region of a known version, with what that version means, its chip and its processes.

    ``differences`` are of the first look; ``judged`` says of the illegal ones whether all looks together show
    a fault. ``writers`` are those of all occupied slots, ``confirmed`` those of the slots that
    ``second_region`` shows unchanged: it was read after the processes were looked up. ``held_by`` says who
    holds the chip, through its device or through this region. ``twin`` is the path of another region of the
    same chip that came first, else None. ``statistics`` are the allocator's figures for this region, each
    with the slot to compare it with; None instead of a slot means that only capacities are compared.
    """

    file: RegionFile
    region: Region
    layout: Layout
    match: Match
    limits: Limits
    differences: dict[Quantity, int]
    judged: dict[Quantity, Judged]
    looks: int
    occupied: tuple[Slot, ...]
    writers: tuple[SlotWriter, ...]
    confirmed: tuple[SlotWriter, ...]
    second_region: Region | None
    held_by: ChipHolders
    twin: str | None = None
    statistics: tuple[tuple[AllocatorStatistics, Slot | None], ...] = ()

    @property
    def header(self) -> RegionHeader:
        """The header of the first look."""
        return self.region.header

    @property
    def totals(self) -> Figures:
        """The totals of the first look."""
        return self.region.totals

    @property
    def version(self) -> int:
        """The version of the layout."""
        return self.region.version

    @property
    def file_id(self) -> int | None:
        """The id in the file's name."""
        return None if self.file.file_id is None else int(self.file.file_id)

    @property
    def unfinished(self) -> bool:
        """Whether the header was never finished (timestamp 0, of versions without init_state): its ids mean
        nothing yet."""
        return self.region.state is not RegionState.READY

    @property
    def stopped(self) -> tuple[int, ...]:
        """Pids of live slots whose process is stopped or traced, and may stand in the middle of an update."""
        return tuple(writer.slot.pid for writer in self.writers if writer.stopped)


def make_subject(case: Case, looked: LookedAt, region: Region) -> Subject:
    """Match a region to its chip, and its slots to their processes."""
    file = looked.looks.file
    match, layout = region_match(case, file), layout_of(region.version)
    occupied = region.occupied
    writers = tuple(
        writer_of(
            slot,
            realtime_of(slot.last_update, layout, case.now_realtime_ns, case.now_monotonic_ns),
            case.processes,
            case.holders,
            file.path,
        )
        for slot in occupied
    )
    second = None if looked.second is None else looked.second.region
    unchanged = unchanged_slots(region, second)
    return Subject(
        file=file,
        region=region,
        layout=layout,
        match=match,
        limits=UNKNOWN_LIMITS if match.chip is None else case.limits.get(match.chip, UNKNOWN_LIMITS),
        differences=differences(region),
        judged={quantity.quantity: quantity for quantity in looked.looks.judged},
        looks=looked.looks.looks,
        occupied=occupied,
        writers=writers,
        confirmed=tuple(writer for writer in writers if writer.slot.index in unchanged),
        second_region=second,
        held_by=chip_holders(case, match.chip, [file.path], frozenset(slot.pid for slot in occupied)),
    )
