"""Seeded faults: each makes one thing wrong on a healthy host, and names what must be found, and no more."""

from tests.verify.seeds import accounting, allocator, capacity, chips, files, processes, tables
from tests.verify.seeds.seed import HELD, SEEDS, Seed, healthy

_MODULES = (accounting, allocator, capacity, chips, files, processes, tables)
"""Importing them plants their seeds in SEEDS."""

__all__ = ["HELD", "SEEDS", "Seed", "healthy"]
