"""How a workload opens the device: runtime, dispatch, and the sizes it asks for."""

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.runtimes import Runtime, runtime_facts, runtime_named
from ttinspect.model.arch import Arch
from ttinspect.model.capacity import Dispatch


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Runtime and open_device arguments; sizes in bytes. The bases override the runtime's."""

    runtime: Runtime
    dispatch: Dispatch = Dispatch.AUTO
    l1_small: int = 0
    trace_region: int = 0
    l1_base: int | None = None
    dram_base: int | None = None

    def l1_base_of(self, arch: Arch) -> int | None:
        """Bytes of every L1 bank below the allocator; None where the runtime has no figure."""
        return self.l1_base if self.l1_base is not None else self.runtime.l1_base.get(arch)

    def dram_base_of(self, arch: Arch) -> int | None:
        """Bytes of every DRAM view below the allocator; None where the runtime has no figure."""
        return self.dram_base if self.dram_base is not None else self.runtime.dram_base.get(arch)


def make_settings(
    runtime: str | None = None,
    dispatch: Dispatch = Dispatch.AUTO,
    l1_small: int = 0,
    trace_region: int = 0,
    l1_base: int | None = None,
    dram_base: int | None = None,
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
    )
