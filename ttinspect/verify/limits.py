"""The limits that a chip's regions are held against, from capacity/."""

import msgspec

from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.settings import Settings
from ttinspect.model.capacity import Dispatch
from ttinspect.model.chip import Chip
from ttinspect.verify.case import Limits


def limits_of(chip: Chip, settings: Settings) -> Limits:
    """What a chip has, and what its allocator can hand out under these settings and in the other dispatch
    modes. L1_SMALL and TRACE count as part of L1 and DRAM."""
    whole = msgspec.structs.replace(settings, l1_small=0, trace_region=0)
    capacity = chip_capacity(chip, whole)
    others = {
        chip_capacity(chip, msgspec.structs.replace(whole, dispatch=dispatch)).l1.allocatable
        for dispatch in (Dispatch.TENSIX, Dispatch.ETH, Dispatch.SLOW)
    }
    return Limits(
        l1_physical=capacity.l1.physical,
        l1_allocatable=capacity.l1.allocatable,
        dram_physical=capacity.dram.physical,
        dram_allocatable=capacity.dram.allocatable,
        l1_allocatable_others=tuple(
            sorted(one for one in others if one not in (None, capacity.l1.allocatable))
        ),
    )
