"""A whole host, or a description of one, as one frozen value."""

from collections.abc import Mapping
from enum import Enum
from functools import cached_property

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.finding import Evidence
from ttinspect.model.readiness import Readiness


class SourceKind(str, Enum):
    """Where facts come from."""

    UMD = "umd"
    SIM = "sim"
    SYSFS = "sysfs"
    HOST = "host"
    CLUSTER = "cluster_descriptor"
    TT_SMI = "tt_smi"
    SNAPSHOT = "snapshot"
    RECORDING = "recording"
    BOARD = "board"
    MASKS = "masks"
    SOC = "soc_descriptor"
    CAPTURE = "capture"
    REPORT = "report"
    DATABASE = "database"
    ALLOCATOR = "allocator"
    GSD = "global_system_descriptor"
    FLEET = "fleet"

    @property
    def has_processes(self) -> bool:
        """Whether it is a host, whose processes can be looked at."""
        return self in (SourceKind.UMD, SourceKind.SYSFS, SourceKind.HOST)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot was taken of, and when: its source, the host's name, realtime; None was removed,
    or is unknown."""

    kind: SourceKind
    detail: str
    host: str | None
    time_ns: int | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Which source was read. ``detail`` is the path, board or masks; ``live`` is read from devices.
    ``recorded`` is there for a snapshot, ``remembered_time_ns`` for a host whose chips are known from what
    was inspected before in this boot: when that was, realtime."""

    kind: SourceKind
    detail: str
    live: bool
    example: bool
    recorded: Recording | msgspec.UnsetType = msgspec.UNSET
    remembered_time_ns: int | msgspec.UnsetType = msgspec.UNSET

    def replayed(self, name: str, host: str | None, time_ns: int | None) -> "Source":
        """The source that a document of this name is, which has what this one said, on that host at that
        time. Of a snapshot of a snapshot it is the first that counts: nobody asked a device since."""
        recorded = self.recorded or Recording(kind=self.kind, detail=self.detail, host=host, time_ns=time_ns)
        return Source(
            kind=SourceKind.SNAPSHOT, detail=name, live=False, example=self.example, recorded=recorded
        )


class LinkEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One end of an eth link: a chip of this system and its eth channel, as tt-umd numbers it: where
    channels are harvested, it counts the live ones only (a channel of ``EthChannel`` counts all)."""

    chip: int
    channel: int


class LinkState(str, Enum):
    """Whether an eth link trained. A descriptor lists trained links only."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An eth link between two chips of this system."""

    a: LinkEnd
    b: LinkEnd
    state: LinkState = LinkState.UP

    @property
    def is_loop(self) -> bool:
        """Whether it leads back to the chip that it comes from."""
        return self.a.chip == self.b.chip


class RemoteLink(msgspec.Struct, frozen=True, kw_only=True):
    """An eth link that leaves this system; the far chip is known by its unique id (decimal string)."""

    a: LinkEnd
    remote_unique_id: str
    remote_channel: int


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What a live source could not read of a chip, or finds wrong with it; of the whole, or of an unknown
    number of chips (None), a sentence that stands alone. ``readable``: its masks were read all the same."""

    chip: int | None
    why: str
    readable: bool


class HostName(msgspec.Struct, frozen=True, kw_only=True):
    """The host that a source is about, by the name that it has itself."""

    name: str


class OfHost(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when something was read. ``time_ns`` is realtime; a tt-smi document has the local time of its
    host and no zone: taken as UTC. Absent where the source does not tell, or it was removed."""

    host: HostName | msgspec.UnsetType = msgspec.UNSET
    time_ns: int | msgspec.UnsetType = msgspec.UNSET


class System(
    msgspec.Struct, frozen=True, kw_only=True, dict=True, tag_field="schema", tag="ttinspect.system.v1"
):
    """Everything that a source tells. ``chips`` are in the order of their ids."""

    source: Source
    chips: tuple[Chip, ...]
    links: tuple[Link, ...] = ()
    remote_links: tuple[RemoteLink, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the source had to say about its own input, one sentence each."""
    notes: tuple[str, ...] = ()
    """What it cannot show, which is no fault of the host, one sentence each."""
    evidence: dict[str, Evidence] = {}
    """The bare values behind a sentence of ``warnings`` or ``notes``, by the sentence."""
    troubles: tuple[Trouble, ...] = ()
    readiness: Readiness | None = None
    """Of a host that was looked at; None of any other source."""
    kmd_version: str | None = None
    """Version of the kernel driver, where the source tells."""
    of_host: OfHost = OfHost()
    """Where and when it was read; of a snapshot, ``source.recorded`` tells what this leaves open."""

    @cached_property
    def by_id(self) -> Mapping[int, Chip]:
        """The chips by their ids."""
        return {chip.id: chip for chip in self.chips}

    def device_of(self, chip_id: int | None) -> int | None:
        """N of the /dev/tenstorrent/N through which a chip is reached, its own or its gateway's; None if the
        source does not tell."""
        chip = None if chip_id is None else self.by_id.get(chip_id)
        if chip is not None and chip.kmd_id is None and chip.via is not None:
            chip = self.by_id.get(chip.via)
        return None if chip is None else chip.kmd_id

    def unread(self, chip: int) -> str | None:
        """Why a chip could not be read; None where it could."""
        whys = (trouble.why for trouble in self.troubles if trouble.chip == chip and not trouble.readable)
        return next(whys, None)

    @property
    def read_at(self) -> OfHost:
        """Where and when the chips were read, also where a snapshot or a recording tells it."""
        recorded, host, time_ns = self.source.recorded, self.of_host.host, self.of_host.time_ns
        if not isinstance(recorded, msgspec.UnsetType):
            if host is msgspec.UNSET and recorded.host is not None:
                host = HostName(name=recorded.host)
            if time_ns is msgspec.UNSET and recorded.time_ns is not None:
                time_ns = recorded.time_ns
        return OfHost(host=host, time_ns=time_ns)

    @property
    def asked(self) -> SourceKind:
        """What answered for the chips: of a snapshot, what it was taken of."""
        return (self.source.recorded or self.source).kind
