"""host[:ROOT]: this host without opening anything, and what was remembered of it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import Run
from tests.sources.fake_sysfs import N300_BOARD_ID, device, kernel_driver, write
from ttinspect.errors import InspectError
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Masks
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.opening import open_source
from ttinspect.sources.remembered import Remembered, file_of, to_remember

BOOT = "0b4f9f3a-7f5f-4b1e-9c52-1f1c8f1d6f0a"
TIME_NS = 1_795_362_000_000_000_000
MASKS = Masks(tensix=0x41, dram=0, eth=0, pcie=0, l2cpu=0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    kernel_driver(folder)
    write(folder / "proc/sys/kernel/random/boot_id", BOOT)
    return folder


def n300(chip: int, bdf: str | None, via: int | None = None) -> Chip:
    return Chip(
        id=chip, arch=Arch.WORMHOLE_B0, soc=builtin_soc(Arch.WORMHOLE_B0), board=Board("n300"),
        board_name=None, board_id=str(N300_BOARD_ID), unique_id=str(7000 + chip), asic_location=chip % 2,
        noc_translation=True, masks=MASKS, mmio=via is None, via=via, pci_bdf=bdf,
        kmd_id=0 if via is None else None,
    )  # fmt: skip


def remember(root: Path, *chips: Chip, boot: str = BOOT, time_ns: int = TIME_NS) -> None:
    path = file_of(root / "var/lib/ttinspect")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(Remembered(boot_id=boot, time_ns=time_ns, chips=chips)))


def test_without_anything_remembered_it_is_what_sysfs_shows(root: Path) -> None:
    device(root, 0)
    system = open_source(f"host:{root}")
    assert (system.source.kind, system.source.remembered_time_ns) == (SourceKind.HOST, msgspec.UNSET)
    assert (system.chips[0].masks.tensix, system.chips[0].unique_id) == (None, None)


def test_what_was_inspected_in_this_boot_is_known(root: Path) -> None:
    device(root, 3, bdf="0000:c1:00.0", pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    remember(root, n300(4, "0000:c1:00.0"), n300(5, None, via=4))
    system = open_source(f"host:{root}")
    assert [(chip.id, chip.kmd_id, chip.unique_id) for chip in system.chips] == [
        (4, 3, "7004"), (5, None, "7005"),
    ]  # fmt: skip
    assert system.chips[0].masks == MASKS
    assert system.source.remembered_time_ns == TIME_NS


@pytest.mark.parametrize("other", ["boot", "bus address", "serial", "file"])
def test_another_boot_slot_or_card_is_not_taken_for_it(root: Path, other: str) -> None:
    serial = N300_BOARD_ID + (other == "serial")
    bdf = "0000:c2:00.0" if other == "bus address" else "0000:c1:00.0"
    device(root, 3, bdf=bdf, pci_id=0x401E, board_id=serial, card="n300")
    remember(root, n300(4, "0000:c1:00.0"), boot="another" if other == "boot" else BOOT)
    if other == "file":
        file_of(root / "var/lib/ttinspect").write_text("{")
    (chip,) = open_source(f"host:{root}").chips
    assert (chip.id, chip.unique_id, chip.masks.tensix) == (3, None, None)


def test_where_one_device_is_not_remembered_ids_are_those_of_the_nodes(root: Path) -> None:
    device(root, 0, bdf="0000:01:00.0")
    device(root, 1, bdf="0000:c1:00.0", pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    remember(root, n300(0, "0000:c1:00.0"), n300(1, None, via=0))
    chips = open_source(f"host:{root}").chips
    assert [(chip.id, chip.unique_id) for chip in chips] == [(0, None), (1, "7000")]


def test_only_devices_of_this_host_are_remembered() -> None:
    recorded = System(
        source=Source(kind=SourceKind.CLUSTER, detail="c.yaml", live=False, example=False),
        chips=(n300(0, "0000:c1:00.0"),),
    )
    with pytest.raises(InspectError, match="remember"):
        to_remember(recorded, 1)
    live = msgspec.structs.replace(
        recorded, source=Source(kind=SourceKind.UMD, detail="", live=True, example=False)
    )
    assert to_remember(live, 1).chips == recorded.chips


def test_memory_asks_the_host_by_default_and_says_what_was_remembered(run: Run, root: Path) -> None:
    device(root, 3, bdf="0000:c1:00.0", pci_id=0x401E, board_id=N300_BOARD_ID, card="n300")
    (root / "dev/shm").mkdir()
    remember(root, n300(4, "0000:c1:00.0"), n300(5, None, via=4))
    done = run("memory", "--json", TTINSPECT_FROM=f"host:{root}")
    answer: Any = json.loads(done.stdout)
    assert (answer["source"]["kind"], answer["source"]["remembered_time_ns"]) == ("host", TIME_NS)
    assert [device["id"] for device in answer["devices"]] == [4, 5]
    if not Path("/sys/class/tenstorrent").is_dir():
        done = run("memory", "--shm-dir", str(root / "dev/shm"))
        assert (done.returncode, "/sys/class/tenstorrent" in done.stderr) == (3, True)
