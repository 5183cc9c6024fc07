"""The source, the directory of regions and procfs, read together: as one Case, or for a snapshot."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from ttinspect.capacity.settings import Settings, make_settings
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.facts.wording import first_of
from ttinspect.harvesting.grids import Grids, grids_of
from ttinspect.host.driver import device_nodes
from ttinspect.host.holders import Scan, scan_holders
from ttinspect.host.procfs import DEFAULT_PROCFS, read_processes
from ttinspect.model.allocator import AllocatorStatistics, DispatchMode
from ttinspect.model.arch import Board
from ttinspect.model.capacity import Dispatch
from ttinspect.model.grid import ChipGrid
from ttinspect.model.process import ProcessTable
from ttinspect.model.region import RegionFile
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.shm.published import LookedAt, Published
from ttinspect.shm.reader import DEFAULT_DIRECTORY, list_candidates, look_at
from ttinspect.shm.sampler import Pace, sample
from ttinspect.sources.opening import Opened, kind_of
from ttinspect.sources.snapshot import Snapshot
from ttinspect.verify.case import Case
from ttinspect.verify.limits import Limits, limits_of
from ttinspect.verify.naming import select_chips
from ttinspect.verify.verify import is_illegal
from ttinspect.verify.words import which

ONE_LOOK = Pace(samples=1, window_s=0.0)

MOST_REGIONS = 20_000
"""So many files are read; a host has one for each chip. tt-metal's own tests leave one for each of their
processes behind: these come last in the listing."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where regions and processes are; what the user did not name may be missing."""

    directory: Path = DEFAULT_DIRECTORY
    directory_named: bool = False
    procfs: Path = DEFAULT_PROCFS
    procfs_named: bool = False


def places_of(source: str, shm_dir: str | None, procfs: str | None) -> Places:
    """The places of the host that the source is: sysfs:ROOT and host:ROOT have their own below
    ROOT. Those that the user names come first."""
    kind, _, root = source.partition(":")
    if kind in ("sysfs", "host") and root:
        shm_dir = shm_dir or _below(root, DEFAULT_DIRECTORY)
        procfs = procfs or _below(root, DEFAULT_PROCFS)
    return Places(
        directory=DEFAULT_DIRECTORY if shm_dir is None else Path(shm_dir),
        directory_named=shm_dir is not None,
        procfs=DEFAULT_PROCFS if procfs is None else Path(procfs),
        procfs_named=procfs is not None,
    )


def _below(root: str, path: Path) -> str | None:
    folder = Path(root, *path.parts[1:])
    return str(folder) if os.path.isdir(folder) else None  # noqa: PTH112 - it may not be looked at


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The whole System of the source, the ids of the chips that were asked for (None: all), and the snapshot
    that it is, if it is one."""

    system: System
    chosen: frozenset[int] | None
    snapshot: Snapshot | None = None


def open_host(
    read: Callable[[], Opened], source: str, devices: Sequence[str], places: Places, *, without_chips: bool
) -> Host:
    """Everything that ``read`` gets from ``source``, and which chips the words ``devices`` mean.

    Regions are matched to all chips, whichever are shown. A host whose devices cannot be seen can still have
    regions: they are judged without chips, unless ``without_chips`` is False or chips are asked for.

    Raises:
        InspectError: with the exit code of what went wrong.
    """
    try:
        opened = read()
    except InspectError as error:
        alone = without_chips and not devices and _has_candidates(places)
        if error.exit_code is not ExitCode.NO_DEVICES or not alone:
            raise
        opened = Opened(system=System(source=_source_without_devices(source), chips=()))
    system = opened.system
    chosen = None
    if devices or not (system.chips or without_chips):
        selected = select_chips(system, list(devices))
        chosen = frozenset(chip.id for chip in selected.chips)
        system = msgspec.structs.replace(system, troubles=selected.troubles)
    return Host(system=system, chosen=chosen, snapshot=opened.snapshot)


class Scanner:
    """Scans of a procfs for holders, at most one a second however often they are asked for."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._scan: Scan | None = None
        self._files: frozenset[tuple[str, int | None, int | None]] = frozenset()
        self._pids: dict[str, tuple[int, ...]] = {}
        """Of the slots of each region, as they were at that scan."""
        self._due = 0.0

    def scan(self, files: Sequence[RegionFile]) -> Scan:
        """Who holds what; of slots that appeared since the scan nothing is known."""
        known = frozenset((file.path, file.device, file.inode) for file in files)
        pids = {
            file.path: tuple(slot.pid for slot in file.region.occupied)
            for file in files
            if file.region is not None
        }
        if self._scan is not None and known == self._files and time.monotonic() < self._due:
            later = frozenset(
                pid for path, now in pids.items() for pid in set(now).difference(self._pids.get(path, ()))
            )
            holders = msgspec.structs.replace(self._scan.holders, later=later)
            return Scan(holders, self._scan.openers)
        self._scan = scan_holders(self._places.procfs, files, named=self._places.procfs_named)
        self._files, self._pids = known, pids
        self._due = time.monotonic() + SCAN_SECONDS
        return self._scan


SCAN_SECONDS = 1.0


_MOST_DEVICES = 4


def devices_held() -> dict[str, str]:
    """Which devices of this host somebody else holds, and who, in a few words; equal ones together."""
    if not device_nodes():
        return {}
    scan = scan_holders(DEFAULT_PROCFS, (), named=False)
    devices_by_holders: dict[str, list[int]] = {}
    listed = {device for holder in scan.holders.holders for device in holder.devices}
    for device in sorted(listed | scan.holders.outside.keys() | scan.holders.orphans.keys()):
        pids = [holder.pid for holder in scan.holders.of_device(device)]
        who = which("pid", pids) if pids else "a process that cannot be seen from here"
        devices_by_holders.setdefault(who, []).append(device)
    return {first_of(devices, _MOST_DEVICES, ","): who for who, devices in devices_by_holders.items()}


def has_processes(opened: Opened) -> bool:
    """Whether the source is of a host whose processes can be looked at, or a snapshot of one."""
    system = opened.system
    lost = system.source.kind is SourceKind.SNAPSHOT and opened.snapshot is None
    return system.asked.has_processes and not lost


def gather(
    host: Host,
    places: Places,
    *,
    pace: Pace = ONE_LOOK,
    settings: Settings | None = None,
    allocator: tuple[AllocatorStatistics, ...] = (),
    personal: bool = False,
    scanner: Scanner | None = None,
) -> Case:
    """Read everything once, and what is illegal again; a snapshot has it all, looks included. ``settings``
    are how the workloads opened the devices; None is tt-metal's own choice with the newest measured runtime.
    ``personal``: also users, command lines and containers. ``scanner`` is that of earlier answers of the same
    command.

    Raises:
        InspectError: a named directory or procfs cannot be listed (2 or 6), or only a procfs is named for
            the regions of a snapshot (2).
    """
    if host.snapshot is not None and not places.directory_named:
        if places.procfs_named:
            raise InspectError(
                "--procfs with a snapshot",
                "the processes were recorded together with the regions",
                "leave it out, or name the directory of other regions with --shm-dir too",
            )
        published = host.snapshot.published
        if pace is ONE_LOOK:
            published = msgspec.structs.replace(published, regions=tuple(map(_first_look, published.regions)))
    else:
        published = read_published(places, pace, personal=personal, scanner=scanner)
    return gather_published(host, published, allocator=allocator, settings=settings)


def gather_published(
    host: Host,
    published: Published,
    *,
    allocator: tuple[AllocatorStatistics, ...] = (),
    settings: Settings | None = None,
) -> Case:
    """A Case of what was read already."""
    grids = grids_of(host.system.chips)
    return Case(
        system=host.system,
        grids=grids,
        regions=published.regions,
        processes=published.processes,
        openers=published.openers,
        holders=published.holders,
        limits=_limits(host.system, grids, settings or make_settings()),
        allocator=allocator,
        chosen=host.chosen,
        left_out=published.left_out,
        now_realtime_ns=published.now_realtime_ns,
        now_monotonic_ns=published.now_monotonic_ns,
    )


def _first_look(region: LookedAt) -> LookedAt:
    """What a single look would have come to."""
    (looks,) = sample(DEFAULT_DIRECTORY, [region.looks.file], is_illegal, ONE_LOOK)
    return LookedAt(looks=looks, second=region.second)


def without_regions(host: Host) -> Case:
    """A Case of the chips alone."""
    return Case(
        system=host.system,
        grids=grids_of(host.system.chips),
        regions=(),
        processes=ProcessTable(found={}, unknowable=frozenset()),
        chosen=host.chosen,
        now_realtime_ns=time.time_ns(),
        now_monotonic_ns=time.monotonic_ns(),
    )


def read_published(
    places: Places,
    pace: Pace,
    *,
    personal: bool = False,
    scanner: Scanner | None = None,
    keep_bytes: bool = False,
) -> Published:
    """Read every region, look again at what is illegal, and look up the processes in between. ``personal``:
    also the user, command line and container of each. Of a single look the bytes stay only to ``keep_bytes``.

    Raises:
        InspectError: a named directory or procfs cannot be listed (2 or 6).
    """
    names = list_candidates(places.directory, named=places.directory_named)
    light = pace is ONE_LOOK and not keep_bytes  # nobody else asks for the bytes of such a file
    files = tuple(_look(places.directory, name, light=light) for name in names[:MOST_REGIONS])
    scan = (scanner or Scanner(places)).scan(files)
    pids = {slot.pid for file in files if file.region is not None for slot in file.region.occupied}
    pids |= {holder.pid for holder in scan.holders.holders}
    processes = read_processes(places.procfs, pids, named=places.procfs_named, personal=personal)
    # What is said about a process holds only if its slot is the same after the process was looked up.
    seconds = [
        _again(places.directory, file, light=light) if _has_slots(file) or scan.holders.anybody else None
        for file in files
    ]
    now_realtime_ns, now_monotonic_ns = time.time_ns(), time.monotonic_ns()
    looks = sample(places.directory, files, is_illegal, pace)
    if any(look.judged for look in looks):
        # A process that stopped meanwhile stood in the middle of an update in all looks.
        processes = processes.with_stops_of(read_processes(places.procfs, pids, named=places.procfs_named))
    return Published(
        regions=tuple(
            LookedAt(looks=look, second=second) for look, second in zip(looks, seconds, strict=True)
        ),
        processes=processes,
        openers=scan.openers,
        holders=scan.holders,
        now_realtime_ns=now_realtime_ns,
        now_monotonic_ns=now_monotonic_ns,
        left_out=max(len(names) - MOST_REGIONS, 0),
    )


def without_strangers(published: Published) -> Published:
    """Of processes that hold a chip and have no slot, the pids alone."""
    regions = (region.looks.file.region for region in published.regions)
    slots = {slot.pid for region in regions if region is not None for slot in region.occupied}
    holders = () if published.holders is None else published.holders.holders
    slots |= {holder.pid for holder in holders if holder.own_pid in slots and holder.regions}
    processes = {pid: process for pid, process in published.processes.found.items() if pid in slots}
    return msgspec.structs.replace(
        published, processes=msgspec.structs.replace(published.processes, found=processes)
    )


def _look(directory: Path, name: bytes, before: RegionFile | None = None, *, light: bool) -> RegionFile:
    file = look_at(directory, name, before)
    return msgspec.structs.replace(file, data=None) if light else file


def _again(directory: Path, file: RegionFile, *, light: bool) -> RegionFile:
    """The second look: the first one where nothing has changed, so that it is kept once."""
    second = _look(directory, file.name, file, light=light)
    return file if second == file else second


def _has_slots(file: RegionFile) -> bool:
    return file.region is not None and bool(file.region.slots)


def _has_candidates(places: Places) -> bool:
    return bool(list_candidates(places.directory, named=places.directory_named))


def _source_without_devices(source: str) -> Source:
    kinds = {"sysfs": SourceKind.SYSFS, "host": SourceKind.HOST}
    kind = kinds.get(kind_of(source), SourceKind.UMD)
    detail = "no devices" if kind is SourceKind.UMD else source.partition(":")[2]
    return Source(kind=kind, detail=detail, live=True, example=False)


def settings_of(
    runtime: str | None,
    dispatch: Dispatch | None,
    l1_small: int | None,
    trace_region: int | None,
    allocator: Sequence[AllocatorStatistics],
) -> Settings:
    """How the workloads opened the devices: as the user says, else as the allocator's statistics say, if they
    agree and name a known runtime.

    Raises:
        InspectError: 2, as make_settings.
    """
    runtimes = {statistics.runtime for statistics in allocator}
    modes = {statistics.dispatch for statistics in allocator}
    if runtime is None and len(runtimes) == 1:
        name = runtimes.pop()
        runtime = name if any(known.name == name for known in runtime_facts().runtimes) else None
    if dispatch is None and modes == {DispatchMode.SLOW}:
        dispatch = Dispatch.SLOW
    return make_settings(
        runtime=runtime,
        dispatch=dispatch or Dispatch.AUTO,
        l1_small=l1_small or 0,
        trace_region=trace_region or 0,
    )


def _limits(system: System, grids: Grids, settings: Settings) -> Mapping[int, Limits]:
    of_kind: dict[tuple[int, Board | None, ChipGrid], Limits] = {}  # chips of one kind have the same
    limits = {}
    for chip in system.chips:
        kind = (id(chip.soc), chip.board, grids[chip.id])
        if kind not in of_kind:
            of_kind[kind] = limits_of(chip, grids[chip.id], settings)
        limits[chip.id] = of_kind[kind]
    return limits
