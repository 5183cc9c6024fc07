"""Masks that a chip can have, for property tests."""

from hypothesis import strategies as st

from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Masks

SOCS = {arch: builtin_soc(arch) for arch in Arch}


@st.composite
def arch_and_masks(draw: st.DrawFn, archs: tuple[Arch, ...] = tuple(Arch)) -> tuple[Arch, Masks]:
    """An architecture and masks that pass every refusal."""
    arch = draw(st.sampled_from(archs))
    if arch is not Arch.BLACKHOLE:
        rows = len({y for _, y in SOCS[arch].tensix})
        tensix = draw(st.integers(0, (1 << rows) - 1))
        return arch, Masks(tensix=tensix, dram=0, eth=0, pcie=0, l2cpu=0)
    pair = draw(st.sets(st.integers(0, 13), min_size=2, max_size=2))
    return arch, Masks(
        tensix=draw(st.integers(0, (1 << 14) - 1)),
        dram=draw(st.sampled_from([0, *(1 << bank for bank in range(8))])),
        eth=draw(st.sampled_from([sum(1 << channel for channel in pair), 0x3FFF])),
        pcie=draw(st.integers(0, 3)),
        l2cpu=draw(st.integers(0, 15)),
    )


@st.composite
def masks_with_unknowns(draw: st.DrawFn) -> tuple[Arch, Masks]:
    """Like arch_and_masks, some of the masks unknown."""
    arch, masks = draw(arch_and_masks())
    hidden = draw(st.sets(st.sampled_from(["tensix", "dram", "eth", "pcie", "l2cpu"])))
    values = {name: None if name in hidden else getattr(masks, name) for name in masks.__struct_fields__}
    return arch, Masks(**values)
