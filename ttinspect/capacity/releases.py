"""The same call with every known release of the runtime."""

from collections.abc import Iterable

import msgspec

from ttinspect.capacity.chip import chip_capacity, resolved_dispatch, total
from ttinspect.capacity.settings import Settings
from ttinspect.errors import InspectError
from ttinspect.facts.runtimes import Runtime, runtime_facts
from ttinspect.harvesting.grids import Grids
from ttinspect.model.chip import Chip


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What chips get of one release for a call, in bytes, over all of them; None is unknown.

    ``l1_bank_bytes`` and ``dram_view_bytes`` are what one bank and view give, None also where the chips
    differ; ``trace`` is what the trace region takes. ``refused``: why the call does not fit; the figures
    are None then.
    """

    name: str
    measured: bool
    l1_bank_bytes: int | None = None
    l1_allocatable: int | None = None
    dram_view_bytes: int | None = None
    dram_allocatable: int | None = None
    trace: int | None = None
    refused: str | None = None


def compare_releases(chips: Iterable[Chip], grids: Grids, settings: Settings) -> tuple[Release, ...]:
    """Every release that is known, newest first; the other settings stay as they are."""
    groups: dict[object, list[Chip]] = {}
    for chip in chips:
        key = (chip.soc, chip.masks, resolved_dispatch(settings.dispatch, chip.board))
        groups.setdefault(key, []).append(chip)
    alike = [(group[0], len(group)) for group in groups.values()]
    return tuple(_release(alike, grids, settings, runtime) for runtime in runtime_facts().runtimes)


def _release(alike: list[tuple[Chip, int]], grids: Grids, settings: Settings, runtime: Runtime) -> Release:
    under = msgspec.structs.replace(settings, runtime=runtime)
    try:
        capacities = [(chip_capacity(chip, grids[chip.id], under), count) for chip, count in alike]
    except InspectError as error:
        return Release(name=runtime.name, measured=runtime.measured, refused=f"{error.what}: {error.why}")

    def whole(values: list[tuple[int | None, int]]) -> int | None:
        return total([None if value is None else value * count for value, count in values])

    return Release(
        name=runtime.name,
        measured=runtime.measured and not settings.overrides_bases,
        l1_bank_bytes=_shared(capacity.l1.bank_bytes for capacity, _ in capacities),
        l1_allocatable=whole([(capacity.l1.allocatable, count) for capacity, count in capacities]),
        dram_view_bytes=_shared(capacity.dram.view_bytes for capacity, _ in capacities),
        dram_allocatable=whole([(capacity.dram.allocatable, count) for capacity, count in capacities]),
        trace=whole([(capacity.trace.bytes, count) for capacity, count in capacities]),
    )


def same_figures(release: Release, other: Release) -> bool:
    """Whether two releases give the same, whatever they are called."""
    return release == msgspec.structs.replace(other, name=release.name, measured=release.measured)


def _shared(values: Iterable[int | None]) -> int | None:
    distinct = {*values}
    return distinct.pop() if len(distinct) == 1 else None
