"""What the child says, typed: JSON lines, each tagged with its type; and a session, which is all of them."""

from collections.abc import Collection
from enum import Enum

import msgspec

from ttinspect.errors import ExitCode
from ttinspect.model.arch import Board
from ttinspect.model.chip import Masks, PcieLink
from ttinspect.model.grid import TypeCores
from ttinspect.sources.umd.lateness import Late, WaitFor
from ttinspect.sources.umd.request import Request

REMOTE_ARCH = "wormhole_b0"
"""The architecture of which chips can be behind others; every Blackhole is on the bus."""


class Doing(str, Enum):
    """The stages of a child; the value stands in messages, before the chip where there is one."""

    STARTING = "starting"
    LOADING = "loading tt_umd"
    OPENING = "opening the simulator"
    LOOKING = "looking for devices"
    DISCOVERING = "discovering chips"
    DESCRIPTOR = "reading the cluster descriptor"
    CHIP = "reading chip"
    TELEMETRY = "reading telemetry of chip"


class Stage(msgspec.Struct, frozen=True, tag="stage"):
    """What the child is about to do, with which chip, behind which other one."""

    kind: Doing
    chip: int | None = None
    via: int | None = None

    def __str__(self) -> str:
        which = "" if self.chip is None else f" {self.chip}"
        return self.kind.value + which + ("" if self.via is None else f", behind chip {self.via}")


class Wait(msgspec.Struct, frozen=True):
    """What tt_umd says that it waits for: ``device`` is the number in its sentence, ``text`` the sentence
    without its beginning; of a lock it names the process that holds it."""

    kind: WaitFor
    text: str
    device: int | None = None


class HostFacts(msgspec.Struct, frozen=True, tag="host"):
    """The kernel driver's version and its devices: BDF and architecture by N of /dev/tenstorrent/N."""

    kmd_version: str | None = None
    kmd_devices: dict[int, str] = {}
    kmd_archs: dict[int, str] = {}


class ClusterFacts(msgspec.Struct, frozen=True, tag="cluster"):
    """How many chips were discovered, and tt_umd's cluster descriptor (YAML) of those that are healthy; empty
    where none is."""

    chips: int
    text: str = ""


class EthEnd(msgspec.Struct, frozen=True):
    """Where an eth channel of a chip leads to: the unique id of the other chip, and the channel there."""

    channel: int
    far: int
    far_channel: int


class ChipFacts(msgspec.Struct, frozen=True, tag="chip"):
    """One chip; what the cluster descriptor says of it is not said again. A remote one that is opened singly
    is said twice, before and after. ``tags`` are the raw telemetry words behind the masks, None where
    missing; without any the chip was not read. ``ends`` are told where remote chips are opened singly.
    ``error`` says why the chip, or the rest of it, could not be read; empty where only tt_umd's log does."""

    id: int
    arch: str | None
    board: Board | None = None
    board_id: str | None = None
    unique_id: str | None = None
    asic_location: int | None = None
    mmio: bool | None = None
    via: int | None = None
    pci_bdf: str | None = None
    pcie: PcieLink | None = None
    kmd_id: int | None = None
    error: str | None = None
    masks: Masks | None = None
    noc_translation: bool | None = None
    tags: dict[str, int | None] = {}
    firmware: tuple[int, int, int] | None = None
    cores: dict[str, TypeCores] | None = None
    ends: list[EthEnd] | None = None


class TelemetryFacts(msgspec.Struct, frozen=True, tag="telemetry"):
    """One reading of a chip: raw words by tag, what tt_umd's getters make of a legacy table by field of
    Telemetry, firmware versions, DRAM training by channel, and eth cores at NOC0 by what is told of them.
    ``error`` says why there is nothing."""

    chip: int
    time_ns: int = 0
    tags: dict[int, int] = {}
    getters: dict[str, int | float | None] = {}
    firmware: dict[str, str | None] = {}
    training: list[str] | None = None
    eth: dict[str, list[tuple[int, int, bool]]] = {}
    error: str | None = None


class Failed(msgspec.Struct, frozen=True, tag="failure"):
    """The child ends before it is done: tt_umd raised; with ``what`` there is nothing to ask, and these are
    the words of an InspectError."""

    why: str
    what: str | None = None
    next_step: str = ""
    exit_code: ExitCode = ExitCode.UMD_FAILED


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything was said; of a watch, everything of one round."""


Line = Stage | HostFacts | ClusterFacts | ChipFacts | TelemetryFacts | Failed | Done
DECODER = msgspec.json.Decoder(Line)


def chips_seen(lines: Collection[Line]) -> int:
    """How many chips there are, as far as it was said: more than were discovered, where some are opened one
    by one."""
    discovered = max((line.chips for line in lines if isinstance(line, ClusterFacts)), default=0)
    return max(discovered, len({line.id for line in lines if isinstance(line, ChipFacts)}))


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a child said, and how it ended. ``death`` says how it died, or how long it was waited
    for where it is ``late``; None where it ended well. ``wait`` is what tt_umd waited for last."""

    request: Request
    lines: tuple[Line, ...]
    stage: Stage = Stage(Doing.STARTING)
    death: str | None = None
    late: Late | None = None
    wait: Wait | None = None
    killed: bool = False
    """Whether somebody else ended it with SIGKILL, as the kernel does when memory is short."""
    log: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the child said everything."""
        return any(isinstance(line, Done) for line in self.lines)

    @property
    def failure(self) -> Failed | None:
        """With what it ended itself."""
        return next((line for line in self.lines if isinstance(line, Failed)), None)

    @property
    def chips(self) -> tuple[ChipFacts, ...]:
        """The chips that were read, or at least found, as they were said last."""
        return tuple({line.id: line for line in self.lines if isinstance(line, ChipFacts)}.values())

    @property
    def readings(self) -> tuple[TelemetryFacts, ...]:
        """Of telemetry, in order."""
        return tuple(line for line in self.lines if isinstance(line, TelemetryFacts))

    @property
    def host(self) -> HostFacts:
        """What the kernel driver of the host shows, as far as the child said it."""
        return next((line for line in self.lines if isinstance(line, HostFacts)), HostFacts())

    @property
    def cluster(self) -> ClusterFacts:
        """What discovery found, as far as it came."""
        return next((line for line in self.lines if isinstance(line, ClusterFacts)), ClusterFacts(0))

    def why_ended(self) -> str:
        """With what tt_umd failed, or that it hung or died, and what it was doing."""
        if self.failure is not None:
            return f"tt_umd failed ({self.failure.why})"
        return f"tt_umd {'hung' if self.late else 'died'} while {self.stage}: {self.death}"
