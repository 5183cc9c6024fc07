"""What tt-metal published on a host, with what the kernel says of the writers: all at one time."""

import msgspec

from ttinspect.model.holder import Holders
from ttinspect.model.process import DeviceOpeners, ProcessTable
from ttinspect.model.region import RegionFile
from ttinspect.shm.sampler import Looks


class LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate file: all looks at it, and ``second``, one more read after the processes were looked up.

    Only of slots that ``second`` shows unchanged is the owner known. ``second`` is None where the file was
    not read again.
    """

    looks: Looks
    second: RegionFile | None = None


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """All candidate files, the processes of the pids in their slots, and who holds devices and regions.

    ``openers`` are the pids that the driver lists for /dev/tenstorrent/N; None where no driver tells.
    ``holders`` is None in snapshots of 0.1.0, which did not look for them.
    ``now_monotonic_ns`` is of the host that wrote the regions. ``left_out`` counts candidate files that were
    too many to be read.
    """

    regions: tuple[LookedAt, ...]
    processes: ProcessTable
    openers: tuple[DeviceOpeners, ...] | None
    now_realtime_ns: int
    now_monotonic_ns: int
    holders: Holders | None = None
    left_out: int = 0
