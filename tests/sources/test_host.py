"""host[:ROOT]: this host without opening anything, and what was remembered of it."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests.conftest import Run
from tests.holding import needs_root
from tests.sources.fake_sysfs import N300_BOARD_ID, device, kernel_driver, write
from ttinspect.errors import InspectError
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Masks
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.opening import open_source
from ttinspect.sources.remembered import Remembered, boot_id, file_of, recall, state_folder, to_remember

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


_WRONG = {
    "architecture": ('"arch":"wormhole_b0"', '"arch":"blackhole"'),
    "masks": ('"tensix":65', '"tensix":1048576'),
    "negative mask": ('"tensix":65', '"tensix":-1'),
    "names": ('"unique_id":"7004"', '"unique_id":"\\u001b[2J"'),
}


@pytest.mark.parametrize("other", ["boot", "bus address", "serial", "file", "half", *_WRONG])
def test_another_boot_slot_or_card_is_not_taken_for_it(root: Path, other: str) -> None:
    serial = N300_BOARD_ID + (other == "serial")
    bdf = "0000:c2:00.0" if other == "bus address" else "0000:c1:00.0"
    device(root, 3, bdf=bdf, pci_id=0x401E, board_id=serial, card="n300")
    remember(root, n300(4, "0000:c1:00.0"), boot="another" if other == "boot" else BOOT)
    path = file_of(root / "var/lib/ttinspect")
    if other in ("file", "half"):
        path.write_bytes(b"{" if other == "file" else path.read_bytes()[:-100])
    elif other in _WRONG:
        path.write_text(path.read_text().replace(*_WRONG[other]))
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
    for kind in (SourceKind.HOST, SourceKind.SYSFS):  # what they show would be kept as all that there is
        shown = msgspec.structs.replace(
            recorded, source=Source(kind=kind, detail="", live=True, example=False)
        )
        with pytest.raises(InspectError, match="another"):
            to_remember(shown, 1)
    nameless = msgspec.structs.replace(live, chips=(n300(0, None),))
    with pytest.raises(InspectError, match="no device tells its bus address"):
        to_remember(nameless, 1)


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


@needs_root
def test_what_a_stranger_owns_is_not_remembered_by_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(root, n300(4, "0000:c1:00.0"), boot=boot_id() or "")
    path = file_of(root / "var/lib/ttinspect")
    monkeypatch.setattr("ttinspect.sources.remembered.state_folder", lambda _: path.parent)
    assert recall() is not None
    os.chown(path, 12345, -1)
    assert recall() is None


def test_a_user_without_a_home_directory_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert state_folder() is None
    recall()


def keep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What snapshot --remember does with an inspected chip."""
    from ttinspect.cli import snapshot

    source = Source(kind=SourceKind.UMD, detail="", live=True, example=False)
    system = System(source=source, chips=(n300(0, "0000:c1:00.0"),))
    monkeypatch.setattr(snapshot, "state_folder", lambda: folder)
    snapshot._remember(SimpleNamespace(quiet=True), SimpleNamespace(system=system))  # type: ignore[arg-type]


@needs_root
def test_what_root_remembers_every_user_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o077)
    try:
        keep(tmp_path / "new", monkeypatch)
    finally:
        os.umask(before)
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "new", file_of(tmp_path / "new"))]
    assert modes == [0o755, 0o644]


@pytest.mark.parametrize("in_the_way", ["folder", "pipe", "file instead of the folder"])
def test_what_cannot_be_kept_is_told_by_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_the_way: str
) -> None:
    folder = tmp_path / "state"
    path = file_of(folder)
    if in_the_way == "file instead of the folder":
        folder.write_text("")
    else:
        folder.mkdir()
        path.mkdir() if in_the_way == "folder" else os.mkfifo(path)
    with pytest.raises(InspectError, match=f"cannot keep anything in {folder}") as error:
        keep(folder, monkeypatch)
    assert error.value.exit_code == 2
