"""Who holds devices and regions, as one scan of a procfs found it."""

from enum import Enum

import msgspec


class Known(str, Enum):
    """How it is known that a process holds a chip: the driver lists it as the one that opened the device, it
    has a node of the device among its descriptors (or mapped), it maps a region of the chip, or it maps one
    and is, in its own pid namespace, the pid of a slot there."""

    DRIVER = "driver"
    DESCRIPTOR = "descriptor"
    REGION = "region"
    SLOT = "slot"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A process that has a device open or maps a region; ``pid`` is that of the procfs.

    ``own_pid`` is its pid in its own pid namespace, which is what it writes into a slot; None where
    PID/status does not tell. ``listed`` are the N of /dev/tenstorrent/N that the driver lists it for,
    ``open`` those that it has open itself. ``regions`` are the paths of region files that it maps,
    ``perhaps`` of those that it may map: name and inode agree, the number of the file system does not, as
    some file systems have it. ``maps_read``: what it maps is known.
    """

    pid: int
    own_pid: int | None
    listed: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    regions: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    maps_read: bool = True

    @property
    def slot_pid(self) -> int:
        """The pid that the process writes into a slot: the one in its own pid namespace where that is known,
        else the one in ours."""
        return self.pid if self.own_pid is None else self.own_pid

    @property
    def devices(self) -> tuple[int, ...]:
        """N of every /dev/tenstorrent/N that it is known to have open."""
        return tuple(sorted({*self.listed, *self.open}))


class Maps(str, Enum):
    """Of which processes it is known what they map: of ``all`` that there are, but for those that may not be
    looked into; of ``some``, where there are more that are not shown (hidden, or outside this pid namespace);
    ``nothing``, from a procfs that does not show this process; ``untold``: processes are shown, and none of
    them with its maps, as in a copied tree."""

    ALL = "all"
    SOME = "some"
    NOTHING = "nothing"
    UNTOLD = "untold"


class Holders(msgspec.Struct, frozen=True, kw_only=True):
    """One scan: the holders by pid, and what it could not see.

    ``outside`` are, by device, how many descriptors were opened by processes outside the pid namespace of the
    procfs; ``orphans`` the pids that opened one and are gone, or have handed it on: who holds it now is among
    the holders, if it can be seen. ``unread_descriptors`` and ``unread_maps`` are how many processes may not
    be looked into, ``unread_pids`` those of the pids in slots that such a process has in its own pid
    namespace, and so may have written; ``hidden``: there may be more that are not even listed. ``later`` are
    pids of slots that appeared after the scan. ``descriptors_known``: every process was looked into for
    devices.
    """

    holders: tuple[Holder, ...]
    maps: Maps
    outside: dict[int, int] = {}
    orphans: dict[int, tuple[int, ...]] = {}
    descriptors_known: bool = False
    unread_descriptors: int = 0
    unread_maps: int = 0
    unread_pids: frozenset[int] = frozenset()
    hidden: bool = False
    later: frozenset[int] = frozenset()

    def of_device(self, device: int) -> tuple[Holder, ...]:
        """Who has /dev/tenstorrent/``device`` open."""
        return tuple(holder for holder in self.holders if device in holder.listed or device in holder.open)

    @property
    def anybody(self) -> bool:
        """Whether anybody holds anything, as far as can be seen."""
        return bool(self.holders or self.outside or self.orphans)

    def of_region(self, path: str) -> tuple[Holder, ...]:
        """Who maps the region file at this path."""
        return tuple(holder for holder in self.holders if path in holder.regions)
