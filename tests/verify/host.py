"""A host made of files: a directory of regions, a procfs, chips; and verify-shm applied to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.verify.build import BOARD_ID, LOCATION, MONOTONIC_NOW, NOW, UNIQUE_ID, RegionSpec
from tests.wording import assert_counts_agree
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting.grids import grids_of
from ttinspect.host.holders import scan_holders
from ttinspect.host.procfs import read_processes
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip
from ttinspect.model.finding import Finding
from ttinspect.model.region import RegionFile, RegionState
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.shm.published import LookedAt
from ttinspect.shm.reader import look_at, read_regions
from ttinspect.shm.sampler import Pace, sample
from ttinspect.sources.allocator import decode_allocator
from ttinspect.verify.case import Case
from ttinspect.verify.limits import Limits
from ttinspect.verify.verify import Verified, is_illegal, verify

BOOT_S = NOW // 10**9 - 100_000
TICKS_PER_S = 100

P150 = Chip(
    id=0,
    arch=Arch.BLACKHOLE,
    soc=builtin_soc(Arch.BLACKHOLE),
    board=Board("p150"),
    board_name="p150",
    board_id=str(BOARD_ID),
    unique_id=str(UNIQUE_ID),
    asic_location=LOCATION,
    noc_translation=True,
    masks=UNKNOWN_MASKS,
    mmio=True,
    kmd_id=0,
)
"""The chip that the regions of tests/verify/build.py belong to."""

P150_LIMITS = Limits(
    l1_physical=120 * 1_572_864,
    l1_allocatable=110 * (1_572_864 - 111_744),
    dram_physical=8 * 4_294_967_296,
    dram_allocatable=8 * (4_278_190_080 - 1_048_704),
    l1_allocatable_others=(120 * (1_572_864 - 111_744),),
)
"""120 live cores, 110 banks with fast dispatch and 120 with slow; 8 views (ttnn 0.81.1)."""

ONE_LOOK = Pace(samples=1, window_s=0.0)
AT_REST = Pace(samples=2, window_s=0.0)
"""Nobody writes to a file of a test: two looks are identical."""


def system_of(*chips: Chip, kind: SourceKind = SourceKind.CLUSTER) -> System:
    return System(source=Source(kind=kind, detail="a test", live=False, example=False), chips=chips)


@dataclass
class Host:
    """Files below ``root``; ``system``, ``limits`` and ``allocator`` are what a command line would name."""

    root: Path
    system: System
    limits: Mapping[int, Limits]
    allocator: bytes | None = None
    now_ns: int = NOW
    monotonic_ns: int = MONOTONIC_NOW
    errno: int | None = None
    """What reading every region fails with."""
    second_look: bool = True
    """Whether the regions are read again after the processes."""

    def __post_init__(self) -> None:
        self.shm.mkdir()
        self.proc.mkdir()
        (self.proc / "stat").write_text(f"cpu 1 2 3\nbtime {BOOT_S}\nprocesses 5\n")
        (self.proc / "self").symlink_to("1")
        (self.proc / "1").mkdir()

    @property
    def shm(self) -> Path:
        return self.root / "shm"

    @property
    def proc(self) -> Path:
        return self.root / "proc"

    def put(self, content: bytes, file_id: int | str = UNIQUE_ID, mode: int = 0o600) -> Path:
        """A file in the directory of regions."""
        path = self.shm / f"tt_device_{file_id}_memory"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def publish(self, region: RegionSpec, file_id: int | str | None = None, mode: int = 0o600) -> Path:
        """A region, under the name that its version gives to the chip of these tests."""
        own = BOARD_ID << 8 | LOCATION if region.version == 1 else UNIQUE_ID
        return self.put(region.encode(), own if file_id is None else file_id, mode)

    def run(
        self,
        pid: int,
        comm: str = "python3",
        *,
        state: str = "S",
        age_s: float = 3600,
        uid: int | None = None,
    ) -> None:
        """A process that started ``age_s`` before now."""
        folder = self.proc / str(pid)
        folder.mkdir()
        start = int((self.now_ns / 1e9 - age_s - BOOT_S) * TICKS_PER_S)
        middle = " ".join(["0"] * 18)
        (folder / "stat").write_text(f"{pid} ({comm}) {state} {middle} {start} 0 0\n")
        (folder / "comm").write_text(f"{comm}\n")
        if uid is not None:
            (folder / "status").write_text(f"Name:\t{comm}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")

    def open_device(self, device: int, *pids: int) -> None:
        """What the driver tells about a device."""
        folder = self.proc / "driver" / "tenstorrent" / str(device)
        folder.mkdir(parents=True)
        (folder / "pids").write_text("".join(f"{pid}\n" for pid in pids))

    def case(self, pace: Pace = AT_REST) -> Case:
        """Read everything, in the order in which verify-shm does."""
        files = [self._as_read(file) for file in read_regions(self.shm, named=True)]
        scan = scan_holders(self.proc, files, named=True)
        pids = {slot.pid for file in files if file.region for slot in file.region.occupied}
        pids |= {holder.pid for holder in scan.holders.holders}
        processes = read_processes(self.proc, pids, named=True)
        second = [look_at(self.shm, file.name) if self.second_look else None for file in files]
        looks = sample(self.shm, files, is_illegal, pace)
        return Case(
            system=self.system,
            grids=grids_of(self.system.chips),
            regions=tuple(
                LookedAt(looks=first, second=again) for first, again in zip(looks, second, strict=True)
            ),
            processes=processes,
            openers=scan.openers,
            holders=scan.holders,
            limits=self.limits,
            allocator=() if self.allocator is None else decode_allocator(self.allocator, "allocator.json"),
            now_realtime_ns=self.now_ns,
            now_monotonic_ns=self.monotonic_ns,
        )

    def _as_read(self, file: RegionFile) -> RegionFile:
        if self.errno is None:
            return file
        return msgspec.structs.replace(
            file, errno=self.errno, data=None, version=None, state=RegionState.UNREADABLE, region=None
        )

    def verify(self, pace: Pace = AT_REST) -> Verified:
        return verify(self.case(pace))

    def summary(self, pace: Pace = AT_REST) -> list[str]:
        """What was found, as "TTS050 warning", in order."""
        return summary(self.verify(pace).all_findings)


def summary(findings: Sequence[Finding]) -> list[str]:
    for finding in findings:
        assert_counts_agree(finding.message)
    return sorted(f"{finding.id} {finding.severity.value}" for finding in findings)


def p150_host(root: Path) -> Host:
    """A host with the one chip of these tests."""
    return Host(root=root, system=system_of(P150), limits={0: P150_LIMITS})


def without_ids(chip: Chip) -> Chip:
    """A chip as masks: and board: describe it."""
    return msgspec.structs.replace(chip, unique_id=None, board_id=None, asic_location=None, kmd_id=None)
