"""One scan of a procfs, at the edges that a whole machine shows by chance only."""

import os
import shutil
from pathlib import Path

import pytest

from tests.verify.build import RegionSpec, SlotSpec
from ttinspect.host.holders import scan_holders
from ttinspect.host.maps import MapsReader, SharedFile
from ttinspect.shm.reader import read_regions

WRITER, STRANGER, GHOST = 7, 8, 4_000_000


@pytest.mark.parametrize("ends", [True, False])
def test_a_process_that_ended_since_the_scan_leaves_no_slot_undecided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """Nobody may look into the stranger, and where it is gone its status does not tell what it was."""
    procfs, shm = tmp_path / "proc", tmp_path / "shm"
    for pid in (WRITER, STRANGER):
        (procfs / str(pid)).mkdir(parents=True)
    (procfs / f"{WRITER}/status").write_text(f"NSpid:\t{WRITER}\n")
    (procfs / "self").symlink_to(str(WRITER))
    shm.mkdir()
    region = shm / "tt_device_5000_memory"
    slots = [SlotSpec(pid=STRANGER, name=b"a"), SlotSpec(pid=GHOST, name=b"b")]
    region.write_bytes(RegionSpec(version=3, slots=slots, asic_id=5000).encode())

    def refused(_: MapsReader, path: bytes) -> list[SharedFile]:
        if os.fsdecode(path).endswith(f"/{STRANGER}/maps"):
            if ends:
                shutil.rmtree(procfs / str(STRANGER))
            raise PermissionError
        return []

    monkeypatch.setattr(MapsReader, "shared_files", refused)
    holders = scan_holders(procfs, read_regions(shm, named=True), named=True).holders
    assert holders.unread_pids == (frozenset() if ends else {STRANGER, GHOST})
