"""Everything that verify-shm judges, as values: who reads files, processes and clocks is somebody else."""

from collections.abc import Mapping

import msgspec

from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.model.holder import Holders
from ttinspect.model.process import DeviceOpeners, ProcessTable
from ttinspect.model.system import System
from ttinspect.shm.published import LookedAt
from ttinspect.verify.limits import Limits


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What verify-shm knows.

    ``processes`` are those of the pids in all slots, and the holders. ``openers`` are the pids that the
    driver lists for /dev/tenstorrent/N; None where no driver tells. ``holders`` is None where nobody looked
    for them (snapshots of 0.1.0). ``grids`` and ``limits`` are by chip id. ``chosen`` are the chips to report
    about, None all: matching knows the others too. ``left_out`` counts files that were too many to be read.
    ``now_monotonic_ns`` is of the host that wrote the regions.
    """

    system: System
    grids: Mapping[int, ChipGrid]
    regions: tuple[LookedAt, ...]
    processes: ProcessTable
    now_realtime_ns: int
    now_monotonic_ns: int
    openers: tuple[DeviceOpeners, ...] | None = None
    holders: Holders | None = None
    limits: Mapping[int, Limits] = {}
    allocator: tuple[AllocatorStatistics, ...] = ()
    chosen: frozenset[int] | None = None
    left_out: int = 0

    @property
    def shown(self) -> tuple[Chip, ...]:
        """The chips to report about."""
        chips = self.system.chips
        return chips if self.chosen is None else tuple(chip for chip in chips if chip.id in self.chosen)
