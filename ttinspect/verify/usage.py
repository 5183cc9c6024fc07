"""What is used: the sums that ``memory`` shows and ``verify-shm`` holds against the chip. Sizes in bytes."""

from ttinspect.model.region import Figures

UNDERFLOW = 2**63
"""A counter from here on was decremented below zero: it is no figure."""

CB_IS_A_SUM_FROM = 4
"""First layout version whose cb total is a sum over processes, resident at dispatch."""


def counted(*figures: int) -> int | None:
    """The sum of counters, None if one of them underflowed."""
    return None if any(figure >= UNDERFLOW for figure in figures) else sum(figures)


def l1_buffers(figures: Figures) -> int | None:
    """Buffers in Tensix L1 without circular buffers: l1 + l1_small."""
    return counted(figures.l1, figures.l1_small)


def l1_used(version: int, figures: Figures) -> int | None:
    """L1 that is used: l1 + l1_small, and cb where the version makes it a true figure (v4)."""
    if version >= CB_IS_A_SUM_FROM:
        return counted(figures.l1, figures.l1_small, figures.cb)
    return l1_buffers(figures)


def dram_used(figures: Figures) -> int | None:
    """DRAM that is used: dram + trace."""
    return counted(figures.dram, figures.trace)
