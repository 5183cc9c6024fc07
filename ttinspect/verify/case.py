"""Everything that verify-shm judges, as values. gathering/ reads it; no rule reads files or clocks."""

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
    """What verify-shm knows about one host at one time.

    ``grids`` and ``limits`` are by chip id. ``processes`` has the processes of all pids in slots, and those
    that hold a chip. ``openers`` has the pids that the driver lists for each /dev/tenstorrent/N; None without
    a driver that lists them. ``holders`` is None where nobody looked for holders (snapshots of 0.1.0).
    ``chosen`` are the ids of the chips to report about, None for all; regions are matched with the others
    too. ``left_out`` counts the region files that were not read because there were too many.
    ``now_monotonic_ns`` is by the clock of the host that wrote the regions.
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
