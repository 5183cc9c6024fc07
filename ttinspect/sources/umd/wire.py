"""What the child says, typed: JSON lines, each tagged with its type."""

import msgspec

from ttinspect.model.grid import TypeCores
from ttinspect.sources.umd.numbering import REMOTE_ARCH


class Stage(msgspec.Struct, frozen=True, tag="stage"):
    """What the child is about to do; where it died, if nothing follows."""

    name: str


class ArchFound(msgspec.Struct, frozen=True, tag="arch"):
    """The architecture of a simulator library; None for a PCI id that is not known, or where there is no
    ``device``."""

    arch: str | None
    device: bool = True


class NumbersFound(msgspec.Struct, frozen=True, tag="numbers"):
    """The PCI device numbers at which a simulator has its chips, in their order."""

    numbers: list[int]


class HostFacts(msgspec.Struct, frozen=True, tag="host"):
    """The kernel driver's version and its devices: BDF and architecture by N of /dev/tenstorrent/N."""

    kmd_version: str | None
    kmd_devices: dict[int, str]
    kmd_archs: dict[int, str] = {}


class LinkFacts(msgspec.Struct, frozen=True, tag="links"):
    """Ends of eth links as [chip, channel, other chip, its channel], one per side that reports it;
    links that leave the host as [chip, channel, unique id, its channel]. ``chips`` is how many were found;
    ``singly``: the links were read chip by chip, without tt_umd's discovery."""

    ends: list[tuple[int, int, int, int]]
    remote: list[tuple[int, int, int, int]]
    chips: int = 0
    singly: bool = False


class RawMasks(msgspec.Struct, frozen=True):
    """Harvesting masks as tt_umd reports them: descriptor order, and 0 where telemetry is missing."""

    tensix: int
    dram: int
    eth: int
    pcie: int
    l2cpu: int


class ChipFacts(msgspec.Struct, frozen=True, tag="chip"):
    """One chip. ``tags`` are the raw telemetry words behind the masks, None where missing;
    ``error`` says why the chip, or the rest of it, could not be read; empty where only tt_umd's log does."""

    id: int
    arch: str | None
    board: str | None = None
    board_id: int | None = None
    unique_id: int | None = None
    asic_location: int | None = None
    mmio: bool | None = None
    via: int | None = None
    pci_bdf: str | None = None
    bus_id: int | None = None
    pcie_lanes: int | None = None
    kmd_id: int | None = None
    error: str | None = None
    masks: RawMasks | None = None
    noc_translation: bool | None = None
    tags: dict[str, int | None] = {}
    firmware: tuple[int, int, int] | None = None
    cores: dict[str, TypeCores] | None = None


class RemoteFound(msgspec.Struct, frozen=True, tag="remote"):
    """A chip behind another, which is about to be opened."""

    id: int
    unique_id: int
    via: int

    def not_opened(self, why: str) -> ChipFacts:
        """That the chip could not be read, and why."""
        return ChipFacts(
            id=self.id, arch=REMOTE_ARCH, unique_id=self.unique_id, mmio=False, via=self.via, error=why
        )


class TelemetryFacts(msgspec.Struct, frozen=True, tag="telemetry"):
    """One reading of a chip: raw words by tag, what tt_umd's getters make of them, firmware versions,
    DRAM training by channel, and eth cores at NOC0 with whether their link is up. ``error`` says why there
    is nothing."""

    chip: int
    time_ns: int
    tags: dict[int, int]
    getters: dict[str, int | float | None]
    firmware: dict[str, str | None]
    training: list[str] | None
    eth: list[tuple[int, int, bool]] | None
    error: str | None


def no_reading(chip: int, why: str) -> TelemetryFacts:
    """That there is no reading of a chip, and why."""
    return TelemetryFacts(
        chip=chip, time_ns=0, tags={}, getters={}, firmware={}, training=None, eth=None, error=why
    )


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The heartbeat of a chip, read again."""

    chip: int
    value: int | None


class Tick(msgspec.Struct, frozen=True, tag="tick"):
    """One round of readings is complete."""


class Failed(msgspec.Struct, frozen=True, tag="failure"):
    """tt_umd raised at a stage; ``missing`` when it is not installed at all."""

    stage: str
    why: str
    missing: bool


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything was said."""


Line = (
    Stage
    | ArchFound
    | NumbersFound
    | HostFacts
    | LinkFacts
    | ChipFacts
    | RemoteFound
    | TelemetryFacts
    | Heartbeat
    | Tick
    | Failed
    | Done
)
DECODER = msgspec.json.Decoder(Line)
