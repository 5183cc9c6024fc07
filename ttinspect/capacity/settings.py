"""How a workload opens the device: runtime, dispatch, and the sizes it asks for."""

import re

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.runtimes import Runtime, runtime_facts, runtime_named
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.capacity import Dispatch


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are not the allocator's: the bases per bank and view (None: the runtime has no
    figure), L1_SMALL per L1 bank, and the whole trace region; how the runtime divides that, and whose grid
    its slow dispatch has (facts/runtimes.py)."""

    l1_base: int | None
    dram_base: int | None
    l1_small: int
    trace_region: int
    trace_in_every_view: bool
    slow_grid: Dispatch
    core_grid: Coord | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Runtime and open_device arguments; sizes in bytes. The bases override the runtime's, ``core_grid``
    (columns, rows) its compute grid, as TT_METAL_CORE_GRID_OVERRIDE_TODEPRECATE does."""

    runtime: Runtime
    dispatch: Dispatch = Dispatch.AUTO
    l1_small: int = 0
    trace_region: int = 0
    l1_base: int | None = None
    dram_base: int | None = None
    core_grid: Coord | None = None

    @property
    def overrides_bases(self) -> bool:
        """Whether a base is not the runtime's, so that nothing was measured with it."""
        return self.l1_base is not None or self.dram_base is not None

    def sizes(self, arch: Arch) -> Sizes:
        """What is taken from every bank and view of an architecture."""
        l1_base, dram_base = self.l1_base, self.dram_base
        return Sizes(
            l1_base=self.runtime.l1_base.get(arch) if l1_base is None else l1_base,
            dram_base=self.runtime.dram_base.get(arch) if dram_base is None else dram_base,
            l1_small=self.l1_small,
            trace_region=self.trace_region,
            trace_in_every_view=self.runtime.trace_in_every_view,
            slow_grid=self.runtime.slow_grid,
            core_grid=self.core_grid,
        )


def make_settings(
    runtime: str | None = None,
    dispatch: Dispatch = Dispatch.AUTO,
    l1_small: int = 0,
    trace_region: int = 0,
    l1_base: int | None = None,
    dram_base: int | None = None,
    core_grid: Coord | None = None,
) -> Settings:
    """Settings from what a user gave.

    Raises:
        InspectError: 2 for an unknown runtime, a negative size, or an l1_small that is no multiple
            of 64 bytes (only those were measured).
    """
    sizes = {
        "--l1-small": l1_small,
        "--trace-region": trace_region,
        "--l1-base": l1_base or 0,
        "--dram-base": dram_base or 0,
    }
    for option, size in sizes.items():
        if size < 0:
            raise InspectError(f"{option} {size}", "a size cannot be negative", "give a number of bytes")
    alignment = runtime_facts().l1_small_alignment_bytes
    if l1_small % alignment:
        raise InspectError(
            f"--l1-small {l1_small}",
            f"it is no multiple of {alignment} bytes; how the allocator rounds others was not measured",
            f"use {l1_small // alignment * alignment} or {(l1_small // alignment + 1) * alignment}",
        )
    return Settings(
        runtime=runtime_named(runtime),
        dispatch=dispatch,
        l1_small=l1_small,
        trace_region=trace_region,
        l1_base=l1_base,
        dram_base=dram_base,
        core_grid=core_grid,
    )


def parse_grid(text: str, what: str) -> Coord:
    """A core grid as (columns, rows); ``what`` is what an error calls it.

    Raises:
        InspectError: 2 for anything but COLSxROWS.
    """
    match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text.strip(), re.ASCII | re.IGNORECASE)
    if match is None:
        raise InspectError(f"{what} {text}", "it is no core grid", "give columns x rows, such as 8x7")
    return int(match[1]), int(match[2])
