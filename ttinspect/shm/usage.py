"""What is used: the sums that ``memory`` shows and ``verify-shm`` holds against the chip. Sizes in bytes."""

from collections.abc import Iterable

from ttinspect.model.region import Figures
from ttinspect.shm.layout import BufferType, Layout, Memory

UNDERFLOW_FROM = 1 << 63
"""A counter from here on was decremented below zero: it is no figure."""


def counter(figures: Figures, name: str) -> int:
    """A counter of the region's own version."""
    return figures[name] or 0


def counted(*counters: int) -> int | None:
    """The sum of counters, None if one of them underflowed."""
    return None if max(counters, default=0) >= UNDERFLOW_FROM else sum(counters)


def l1_buffers(layout: Layout, figures: Figures) -> int | None:
    """Buffers in Tensix L1 without circular buffers: l1 + l1_small."""
    return _sum_in(Memory.L1, layout.buffers, figures)


def l1_programs(layout: Layout, figures: Figures) -> int | None:
    """What programs hold in Tensix L1: cb."""
    return _sum_in(Memory.L1, (each for each in layout.usage if each.of_programs), figures)


def l1_with_programs(layout: Layout, figures: Figures) -> int | None:
    """Everything in Tensix L1: l1 + l1_small + cb."""
    return _sum_in(Memory.L1, layout.usage, figures)


def l1_used(layout: Layout, figures: Figures) -> int | None:
    """L1 that is used: l1 + l1_small, and cb where the version makes it a true figure (v4)."""
    return _sum_in(Memory.L1, layout.sums, figures)


def dram_used(layout: Layout, figures: Figures) -> int | None:
    """DRAM that is used: dram + trace."""
    return _sum_in(Memory.DRAM, layout.usage, figures)


def _sum_in(memory: Memory, types: Iterable[BufferType], figures: Figures) -> int | None:
    return counted(*[figures[each.name] or 0 for each in types if each.memory is memory])
