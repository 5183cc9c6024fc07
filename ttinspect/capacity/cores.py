"""Program memory of one core: what records of a capture add up to. Pure.

held(program, device, core) = sum of the sizes of the records with memory of their own whose cores contain
it (spec: ttnn 0.81.1; a size is bytes on EACH core of the record's set). Records of disjoint core sets are
never added; a view on a tensor has no bytes of its own.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable

from ttinspect.errors import InspectError
from ttinspect.model.arch import Coord
from ttinspect.model.graph import ChipHeld, CoreHeld

_RANGE = re.compile(
    r"\[\(?(?:x=)?(\d{1,4})\s*[-,]\s*(?:y=)?(\d{1,4})\)? - \(?(?:x=)?(\d{1,4})\s*[-,]\s*(?:y=)?(\d{1,4})\)?\]"
)
_MOST_CORES = 65_536

Held = dict[tuple[int | None, str], int]
"""Bytes on each core of a set of cores, by device as recorded and the set in ttnn's words."""


@functools.lru_cache(maxsize=4096)
def cores_in(core_range_set: str) -> frozenset[Coord]:
    """The cores of ttnn's "{[0-0 - 7-3], ...}": logical, both ends included, each core once.

    Raises:
        InspectError: 2 for anything else.
    """
    coords: set[Coord] = set()
    rest = core_range_set
    for match in _RANGE.finditer(core_range_set):
        left, top, right, bottom = map(int, match.groups())
        if (right - left + 1) * (bottom - top + 1) > _MOST_CORES:
            raise _refused(core_range_set, "it has more cores than any chip")
        coords |= {(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)}
        rest = rest.replace(match[0], "", 1)
    if rest.strip("{}, "):
        raise _refused(core_range_set, "it is no set of core ranges such as {[0-0 - 7-3]}")
    return frozenset(coords)


def _refused(core_range_set: str, why: str) -> InspectError:
    return InspectError(
        f"core_range_set {core_range_set[:60]!r}", why, "write the capture anew with ttnn.graph"
    )


def on_cores(held: Held) -> dict[int | None, dict[Coord, int]]:
    """Bytes per core of every device; cores with nothing are left out."""
    devices: dict[int | None, Counter[Coord]] = {}
    for (device, core_range_set), size in held.items():
        if size:
            cores = devices.setdefault(device, Counter())
            for core in cores_in(core_range_set):
                cores[core] += size
    return {device: dict(cores) for device, cores in devices.items() if cores}


def chips_held(held: Held) -> tuple[ChipHeld, ...]:
    """What a program holds on every device that it is recorded for."""
    return _chips_held(tuple(held.items()))


@functools.lru_cache(maxsize=4096)
def _chips_held(held: tuple[tuple[tuple[int | None, str], int], ...]) -> tuple[ChipHeld, ...]:
    """Kept: the layers of a model run the same programs again and again."""
    devices = on_cores(dict(held))
    return tuple(
        ChipHeld(device=device, cores=len(cores), max_per_core=max(cores.values()), total=sum(cores.values()))
        for device, cores in sorted(devices.items(), key=lambda item: (item[0] is None, item[0] or 0))
    )


def peak_cores(held: Held) -> tuple[CoreHeld, ...]:
    """What a program holds on each core of the device with the most on one core."""
    devices: Iterable[dict[Coord, int]] = on_cores(held).values()
    cores = max(devices, key=lambda each: max(each.values()), default={})
    return tuple(CoreHeld(xy=xy, bytes=size) for xy, size in sorted(cores.items()))
