"""How a workload opens its device, in options: capacity, fit, memory, list and verify-shm have the same."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
import typer

from ttinspect.capacity.settings import Settings
from ttinspect.cli.options import Common, size_option
from ttinspect.cli.output import note
from ttinspect.gathering.regions import settings_of
from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.capacity import Dispatch


def runtimes() -> list[str]:
    """The versions of tt-metal that are known, newest first."""
    from ttinspect.facts.runtimes import runtime_facts

    return [runtime.name for runtime in runtime_facts().runtimes]


def runtime_option(more: str = "", *words: str) -> Any:
    """--runtime, with ``more`` to be said of it and ``words`` that it takes beside a version."""
    return typer.Option(
        "--runtime",
        metavar="NAME",
        help=f"tt-metal version{more} [default: the newest measured one]",
        show_default=False,
        autocompletion=lambda: [*runtimes(), *words],
    )


RuntimeOption = Annotated[str | None, runtime_option()]
DispatchOption = Annotated[
    Dispatch | None,
    typer.Option(
        "--dispatch", help="cores that tt-metal dispatches from [default: auto]", show_default=False
    ),
]
L1SmallOption = Annotated[int | None, size_option("--l1-small", "L1_SMALL per bank, a multiple of 64 bytes")]
TraceRegionOption = Annotated[int | None, size_option("--trace-region", "size of the whole trace region")]
L1BaseOption = Annotated[int | None, size_option("--l1-base", "instead of the runtime's")]
DramBaseOption = Annotated[int | None, size_option("--dram-base", "instead of the runtime's")]
AllocatorOption = Annotated[
    str | None,
    typer.Option(
        "--allocator",
        metavar="FILE",
        help="the allocator's own statistics: of ttinspect.ttnn_stats.dump, tt-metal, ttrt",
        show_default=False,
    ),
]


def opened(
    runtime: str | None,
    dispatch: Dispatch | None,
    l1_small: int | None,
    trace_region: int | None,
    allocator: str | None,
) -> tuple[Settings, tuple[AllocatorStatistics, ...]]:
    """The settings that these options mean, and the statistics in the file of --allocator.

    Raises:
        InspectError: 2 for an unknown runtime, a wrong size, a file that cannot be read or is none.
    """
    statistics: tuple[AllocatorStatistics, ...] = ()
    if allocator is not None:
        from ttinspect.sources.allocator import read_allocator

        statistics = read_allocator(allocator)
    return settings_of(runtime, dispatch, l1_small, trace_region, statistics), statistics


def note_unused(common: Common, statistics: Iterable[AllocatorStatistics], unpaired: Iterable[str]) -> None:
    """What of --allocator changes nothing in an answer that judges nothing, and why."""
    reasons = [
        "the file does not say how many banks there are (tt-metal's detailed_memory_usage.csv does)"
        for process in statistics
        if not any(banks.num_banks for banks in msgspec.structs.astuple(process.memory_view) if banks)
    ]
    for why in (*reasons, *unpaired):
        note(common, f"--allocator: {why}; nothing is divided by what it says")
