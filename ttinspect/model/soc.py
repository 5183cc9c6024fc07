"""The SoC descriptor: what is on the die before anything is harvested."""

import msgspec

from ttinspect.model.arch import Arch, Coord, CoreType


class Soc(msgspec.Struct, frozen=True, kw_only=True):
    """One chip design. Cores are NOC0 coordinates in descriptor order; sizes are bytes.

    ``grid`` is (width, height) of the whole NOC grid, never harvested. ``dram`` holds one tuple of
    ports per bank. ``noc1_x[x]``, ``noc1_y[y]`` turn NOC0 into NOC1; None where the descriptor has
    no tables. Source: tt-umd 0.9.14, SocArchDescriptor.
    """

    arch: Arch
    grid: Coord
    tensix: tuple[Coord, ...]
    dram: tuple[tuple[Coord, ...], ...]
    eth: tuple[Coord, ...]
    pcie: tuple[Coord, ...]
    l2cpu: tuple[Coord, ...]
    arc: tuple[Coord, ...]
    router_only: tuple[Coord, ...]
    security: tuple[Coord, ...]
    dispatch: tuple[Coord, ...]
    noc1_x: tuple[int, ...] | None
    noc1_y: tuple[int, ...] | None
    worker_l1_bytes: int
    eth_l1_bytes: int
    dram_bank_bytes: int
    built_in: bool
    """True for the tables of soc_descriptors/, False for a descriptor file of the user."""

    def cores(self, core_type: CoreType) -> tuple[Coord, ...]:
        """All cores of a type, harvested or not; DRAM is bank by bank, port by port."""
        if core_type is CoreType.DRAM:
            return tuple(port for bank in self.dram for port in bank)
        coords: tuple[Coord, ...] = getattr(self, core_type.value)
        return coords
