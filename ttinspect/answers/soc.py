"""The answer of ``soc``: a SoC descriptor, before anything is harvested."""

import msgspec

from ttinspect.harvesting.placement import worker_grid
from ttinspect.model.arch import Arch, Coord, CoreType
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source
from ttinspect.model.tool import TOOL, Tool


class SocTensix(msgspec.Struct, frozen=True, kw_only=True):
    """Worker cores: grid (columns, rows), count, L1 bytes of each."""

    grid: Coord
    cores: int
    l1_bytes: int


class SocDram(msgspec.Struct, frozen=True, kw_only=True):
    """DRAM banks, NOC ports of each, bytes of each."""

    banks: int
    ports: int
    bank_bytes: int


class SocEth(msgspec.Struct, frozen=True, kw_only=True):
    """Eth channels, and L1 bytes of each."""

    channels: int
    l1_bytes: int


class SocAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.soc.v1"):
    """What ``soc`` says. ``cores`` are NOC0 coordinates by core type, in descriptor order."""

    tool: Tool = TOOL
    source: Source
    arch: Arch
    noc_grid: Coord
    tensix: SocTensix
    dram: SocDram
    eth: SocEth
    cores: dict[str, tuple[Coord, ...]]


def build_soc(soc: Soc, source: Source) -> SocAnswer:
    """The answer for one descriptor."""
    return SocAnswer(
        source=source,
        arch=soc.arch,
        noc_grid=soc.grid,
        tensix=SocTensix(grid=worker_grid(soc), cores=len(soc.tensix), l1_bytes=soc.worker_l1_bytes),
        dram=SocDram(
            banks=len(soc.dram),
            ports=len(soc.dram[0]) if soc.dram else 0,
            bank_bytes=soc.dram_bank_bytes,
        ),
        eth=SocEth(channels=len(soc.eth), l1_bytes=soc.eth_l1_bytes),
        cores={core_type.value: soc.cores(core_type) for core_type in CoreType},
    )
