"""Looks again at what cannot be right, at irregular instants over a window: the I/O around looks.py."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ttinspect.model.region import Region, RegionFile
from ttinspect.shm.looks import Illegal, Judged, Watched, first_look, further_look
from ttinspect.shm.reader import look_at

DEFAULT_SAMPLES = 32
DEFAULT_WINDOW_S = 1.0

JITTER = 0.3
"""An instant is moved by up to this part of the interval: a writer's own rhythm must not hide in ours."""


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """All looks at one file. ``stable``: True all byte-identical, False they differed, None one look only.

    ``judged`` has one entry for each quantity that was illegal in the first look.
    """

    file: RegionFile
    looks: int
    stable: bool | None
    judged: tuple[Judged, ...]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When to look: ``samples`` looks in all, spread over ``window_s`` seconds."""

    samples: int = DEFAULT_SAMPLES
    window_s: float = DEFAULT_WINDOW_S
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    """Uniform in [0, 1)."""


class _Watch:
    """One region that is looked at again, and its looks so far."""

    def __init__(self, file: RegionFile, watched: list[Watched]) -> None:
        self.file = file
        self.watched = watched
        self.looks = 1
        self.identical = True

    @property
    def open(self) -> bool:
        return not all(quantity.decided for quantity in self.watched)

    def add(self, file: RegionFile, illegal: Illegal) -> None:
        self.looks += 1
        if file.data != self.file.data:
            self.identical = False
        # A look that found no region of the same version is neither legal nor illegal.
        if file.region is not None and file.version == self.file.version:
            further_look(self.watched, file.region, illegal)

    def result(self) -> Looks:
        stable = None if self.looks < 2 else self.identical
        judged = tuple(quantity.judge(resting=stable is True) for quantity in self.watched)
        return Looks(file=self.file, looks=self.looks, stable=stable, judged=judged)


def sample(
    directory: Path, files: Sequence[RegionFile], illegal: Illegal, pace: Pace | None = None
) -> tuple[Looks, ...]:
    """Judge the first look at every file; look again, in one loop over all files, at what is illegal.

    The answer is in the order of ``files``. The loop ends as soon as everything is legal; a fault needs the
    whole window.
    """
    pace = pace or Pace()
    watches = [_Watch(file, _illegal_in(file.region, illegal)) for file in files]
    start, interval = pace.clock(), pace.window_s / max(pace.samples - 1, 1)
    for number in range(1, pace.samples):
        still = [watch for watch in watches if watch.open]
        if not still:
            break
        instant = start + (number + JITTER * (2 * pace.jitter() - 1)) * interval
        pace.sleep(max(instant - pace.clock(), 0.0))
        for watch in still:
            watch.add(look_at(directory, watch.file.name, watch.file), illegal)
    return tuple(watch.result() for watch in watches)


def _illegal_in(region: Region | None, illegal: Illegal) -> list[Watched]:
    return [] if region is None else first_look(region, illegal)
