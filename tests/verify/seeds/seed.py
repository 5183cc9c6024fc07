"""What a seeded fault is, and the healthy host that it is planted in."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from tests.verify.build import MIB, Bytes, RegionSpec, SlotSpec
from tests.verify.host import Host

HELD = Bytes(dram=64 * MIB, l1=2 * MIB, l1_small=32_768, trace=MIB, cb=65_536)
OTHER = Bytes(dram=16 * MIB, l1=MIB, cb=8_192)
UNDERFLOW = 2**64 - 4096
UID = os.geteuid()


Plant = Callable[[Host], object]
PlantIn = Callable[[Host, int], object]


@dataclass(frozen=True)
class Seed:
    """``expected`` are the findings, as "TTS020 error"; info of the table that the fault brings along too."""

    name: str
    plant: Plant
    expected: tuple[str, ...]


SEEDS: list[Seed] = []


def seed(name: str, *expected: str) -> Callable[[Plant], Plant]:
    def add(plant: Plant) -> Plant:
        SEEDS.append(Seed(name, plant, expected))
        return plant

    return add


def healthy(host: Host, version: int = 4, **changes: object) -> RegionSpec:
    """Two live processes and what they hold; ``changes`` are fields of the region."""
    for pid in (101, 102):
        if not (host.proc / str(pid)).exists():
            host.run(pid, uid=UID)
    spec = RegionSpec(version=version, slots=[SlotSpec(pid=101, held=HELD), SlotSpec(pid=102, held=OTHER)])
    for name, value in changes.items():
        setattr(spec, name, value)
    return spec


def in_versions(plant: PlantIn, name: str, expected: dict[int, tuple[str, ...]]) -> None:
    """The same fault in several versions, each with its own severity."""
    for version, findings in expected.items():

        def at(host: Host, version: int = version) -> None:
            plant(host, version)

        SEEDS.append(Seed(f"{name}, v{version}", at, findings))
