"""One scan of a procfs for who holds what: device nodes among the descriptors, region files among the maps,
and what the kernel driver lists. Nothing is opened but files below the procfs."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from ttinspect.host.attributes import read_file
from ttinspect.host.maps import MapsReader, SharedFile
from ttinspect.host.procfs import device_openers, hides_processes, is_procfs, listed_names, own_pid_of
from ttinspect.model.holder import Holder, Holders, Maps
from ttinspect.model.process import DeviceOpeners
from ttinspect.model.region import RegionFile

_NODE = re.compile(rb"/dev/tenstorrent/(0|[1-9][0-9]{0,5})(?: \(deleted\))?$")
_NODE_FOLDER = b"/tenstorrent/"
_REGION_PREFIX = b"/tt_device_"
_KTHREADD = b"kthreadd"
_PARENT = 1
"""Index of ppid (proc(5), field 4) among the fields behind the command name."""

RegionKey = tuple[int, int, int]
"""Major and minor number of the file system, and the inode."""


class Scan(msgspec.Struct, frozen=True):
    """What one scan found, and the driver's lists that it began with."""

    holders: Holders
    openers: tuple[DeviceOpeners, ...] | None


def scan_holders(procfs: Path, files: Sequence[RegionFile], *, named: bool) -> Scan:
    """Who has which device open, and who maps which of these region files.

    This process and its children are left out. What needs not be read is not: descriptors where the driver
    says that nobody has a device open, maps where there is no region.

    Raises:
        InspectError: a named procfs cannot be listed (6 permission, 2 it does not exist or is none).
    """
    names = listed_names(procfs, named)
    openers = device_openers(procfs)
    pids = [] if names is None else sorted(int(name) for name in names if name.isdigit())
    look = _Look(
        procfs,
        {_key(file): file.path for file in files if file.inode is not None},
        descriptors=openers is None or any(opener.pids != () or opener.outside for opener in openers),
    )
    own = _own_pid(procfs)
    for pid in pids:
        if pid != own:
            look.at(pid)
    listed = _listed(procfs, openers, look, own)
    holders = [holder for holder in look.holders(listed.by_pid) if not _is_ours(procfs, holder.pid, own)]
    hidden = hides_processes(procfs)
    knows = own is not None and own in pids
    whole = not hidden and (not is_procfs(procfs) or _shows_the_machine(procfs) or _nobody_outside(openers))
    return Scan(
        holders=Holders(
            holders=tuple(holders),
            maps=look.known_maps(knows=knows, whole=whole),
            outside=listed.outside,
            orphans=listed.orphans,
            descriptors_known=knows and whole and look.saw_all_descriptors,
            unread_descriptors=look.unread_descriptors,
            unread_maps=len(look.unread_maps),
            unread_pids=look.unread_pids(_slot_pids(files)),
            hidden=hidden,
        ),
        openers=openers,
    )


class _Look:
    """Looks into one process after the other, and keeps what it found."""

    def __init__(self, procfs: Path, regions: Mapping[RegionKey, str], *, descriptors: bool) -> None:
        self._procfs, self._root = procfs, os.fsencode(procfs) + b"/"
        self._regions = regions
        self._inodes = {inode for _, _, inode in regions}
        self._descriptors = descriptors
        self.open: dict[int, set[int]] = {}
        self.mapped: dict[int, tuple[set[str], set[str]]] = {}
        self.looked_into: set[int] = set()
        self.unread_descriptors = self.no_descriptors = 0
        self.unread_maps: set[int] = set()
        self._no_maps: set[int] = set()
        self._maps = 0
        self._maps_reader = MapsReader(asks=is_procfs(procfs))

    def at(self, pid: int) -> None:
        """Its descriptors and its maps, as far as they are wanted and may be read."""
        folder = b"%s%d" % (self._root, pid)
        if self._descriptors:
            outcome = self._guarded(folder, lambda: self._look_at_descriptors(pid, folder + b"/fd/"))
            self.unread_descriptors += outcome is PermissionError
            self.no_descriptors += outcome is FileNotFoundError
            if outcome is None:
                self.looked_into.add(pid)
        if self._regions:
            outcome = self._guarded(folder, lambda: self._look_at_maps(pid, folder + b"/maps"))
            if outcome is None:
                self._maps += 1
            else:
                (self.unread_maps if outcome is PermissionError else self._no_maps).add(pid)

    @staticmethod
    def _guarded(folder: bytes, look: Callable[[], None]) -> type[OSError] | None:
        """Read a part of a process: None where that worked or the process has ended, else why it did not."""
        try:
            look()
        except PermissionError:
            return PermissionError
        except OSError:
            return FileNotFoundError if os.path.isdir(folder) else None  # noqa: PTH112
        return None

    def _look_at_descriptors(self, pid: int, folder: bytes) -> None:
        for name in os.listdir(folder):  # noqa: PTH208 - by far the fastest
            try:
                link = os.readlink(folder + name)  # noqa: PTH115
            except FileNotFoundError:  # closed since
                continue
            if _NODE_FOLDER in link and (match := _NODE.search(link)):
                self.open.setdefault(pid, set()).add(int(match[1]))

    def _look_at_maps(self, pid: int, path: bytes) -> None:
        for file in self._maps_reader.shared_files(path):
            self._mapped(pid, file)

    def _mapped(self, pid: int, file: SharedFile) -> None:
        if _NODE_FOLDER in file.name and (node := _NODE.search(file.name)):
            # mapped windows keep a device open without a descriptor
            self.open.setdefault(pid, set()).add(int(node[1]))
        if file.inode not in self._inodes:
            return
        key = (file.major, file.minor, file.inode)
        if key not in self._regions and _REGION_PREFIX not in file.name:
            return
        surely, perhaps = self.mapped.setdefault(pid, (set(), set()))
        if key in self._regions:
            surely.add(self._regions[key])
            return
        name = os.fsdecode(file.name.rpartition(b"/")[2])
        perhaps |= {
            path
            for (_, _, inode), path in self._regions.items()
            if inode == file.inode and path.rpartition("/")[2] == name
        }

    @property
    def saw_all_descriptors(self) -> bool:
        """Whether every process was looked into, or the driver says that no descriptor is open."""
        if self._descriptors and not self.looked_into:
            return False
        return not self.unread_descriptors and not self.no_descriptors

    def known_maps(self, *, knows: bool, whole: bool) -> Maps:
        """How much is known of who maps what."""
        if not knows:
            return Maps.NOTHING
        if self._no_maps and not (self._maps or self.unread_maps):
            return Maps.UNTOLD
        return Maps.ALL if whole else Maps.SOME

    def unread_pids(self, slots: frozenset[int]) -> frozenset[int]:
        """Of these pids from slots, those that a process may have written whose maps could not be read."""
        if not slots:
            return slots
        pids = set()
        for pid in self.unread_maps | self._no_maps:
            own = own_pid_of(self._procfs, pid)
            if own is None and not os.path.isdir(self._procfs / str(pid)):  # noqa: PTH112
                continue  # it has ended since, and is alive nowhere
            if own is None and pid in self.unread_maps:
                return slots
            pids.add(pid if own is None else own)
        return slots & pids

    def holders(self, listed: Mapping[int, set[int]]) -> list[Holder]:
        """Everybody who holds anything, by pid; ``listed`` are the devices that the driver lists them for."""
        mapping = {pid for pid, (surely, perhaps) in self.mapped.items() if surely or perhaps}
        holders = []
        for pid in sorted(self.open.keys() | mapping | listed.keys()):
            surely, perhaps = self.mapped.get(pid, (set(), set()))
            holders.append(
                Holder(
                    pid=pid,
                    own_pid=own_pid_of(self._procfs, pid),
                    listed=tuple(sorted(listed.get(pid, ()))),
                    open=tuple(sorted(self.open.get(pid, ()))),
                    regions=tuple(sorted(surely)),
                    perhaps=tuple(sorted(perhaps)),
                    maps_read=bool(self._regions) and pid not in self.unread_maps | self._no_maps,
                )
            )
        return holders


class _Listed(msgspec.Struct):
    """What the driver's lists come to: devices by pid, descriptors from outside, openers that are gone."""

    by_pid: dict[int, set[int]]
    outside: dict[int, int]
    orphans: dict[int, tuple[int, ...]]


def _listed(procfs: Path, openers: tuple[DeviceOpeners, ...] | None, look: _Look, own: int | None) -> _Listed:
    """The driver's lists, as holders. An opener that is gone, or that was looked into and has the device open
    no longer, has left its descriptor to another process. The driver's lists are read again for it, in case
    it closed the device a moment ago."""
    listing = _Listed({}, {}, {})
    doubtful: dict[int, set[int]] = {}
    for opener in openers or ():
        for pid in opener.pids or ():
            if pid == 0:
                continue
            runs = os.path.isdir(procfs / str(pid))  # noqa: PTH112
            given_away = pid in look.looked_into and opener.device not in look.open.get(pid, ())
            if pid == own:
                continue
            if runs and not given_away:
                listing.by_pid.setdefault(pid, set()).add(opener.device)
            else:
                doubtful.setdefault(opener.device, set()).add(pid)
        if opener.outside:
            listing.outside[opener.device] = opener.outside
    if doubtful:
        again = {each.device: set(each.pids or ()) for each in device_openers(procfs) or ()}
        for device, pids in doubtful.items():
            if left := pids & again.get(device, set()):
                listing.orphans[device] = tuple(sorted(left))
    return listing


def _key(file: RegionFile) -> RegionKey:
    number = file.device or 0
    return os.major(number), os.minor(number), file.inode or 0


def _slot_pids(files: Iterable[RegionFile]) -> frozenset[int]:
    regions = (file.region for file in files if file.region is not None)
    return frozenset(slot.pid for region in regions for slot in region.occupied)


def _own_pid(procfs: Path) -> int | None:
    """The pid of this process in that procfs; None where that procfs does not show this process."""
    try:
        name = os.readlink(procfs / "self")  # noqa: PTH115
    except OSError:
        return None
    return int(name) if name.isdigit() else None


def _is_ours(procfs: Path, pid: int, own: int | None) -> bool:
    """Whether a process is a child of this one: our own tt_umd runs in such a child, and is no holder."""
    try:
        stat = read_file(procfs / str(pid) / "stat")
    except OSError:
        return False
    fields = stat[stat.rfind(b")") + 1 :].split()
    return own is not None and len(fields) > _PARENT and fields[_PARENT] == b"%d" % own


def _shows_the_machine(procfs: Path) -> bool:
    """Whether it is the procfs of the machine's first pid namespace, which alone shows the kernel's threads:
    another one shows the processes of a container, and none outside."""
    try:
        return read_file(procfs / "2" / "comm").strip() == _KTHREADD
    except OSError:
        return False


def _nobody_outside(openers: tuple[DeviceOpeners, ...] | None) -> bool:
    """Whether the driver tells that nobody outside this pid namespace has a device open."""
    return bool(openers) and all(opener.pids is not None and not opener.outside for opener in openers or ())
