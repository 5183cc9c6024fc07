"""Every table of a host that is at work, for 1, 8 and 32 chips at 80 and 200 columns, as it was looked at.

Remake them after a change that is meant: ``python -m tests.report.test_tables``, and read every line.
"""

import os
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Run
from tests.sources.fake_sysfs import N150_BOARD_ID, device, kernel_driver, write
from tests.sources.test_host import BOOT, TIME_NS
from tests.verify.build import NOW, Bytes, RegionSpec, SlotSpec
from ttinspect.model.chip import Masks
from ttinspect.sources.opening import open_source
from ttinspect.sources.remembered import Remembered, file_of

TEXTS = Path(__file__).resolve().parents[1] / "data" / "tables"
COMMANDS = ("list", "memory", "telemetry", "harvest", "topology")
CHIPS = (1, 8, 32)
WIDTHS = (80, 200)
UNIQUE_ID = 5000


def a_host(root: Path, chips: int) -> None:
    """N150 cards; the first is used by a live and a dead process, the last but one held without a region."""
    kernel_driver(root)
    for number in range(chips):
        folder = device(root, number, pci_id=0x401E, board_id=N150_BOARD_ID + number, card="n150")
        write(folder / "tt_therm_trip_count", "0")
        write(root / f"proc/driver/tenstorrent/{number}/pids", "")
        for end in ("current", "max"):
            write(folder / f"device/{end}_link_width", "16")
            write(folder / f"device/{end}_link_speed", "16.0 GT/s PCIe")
    write(root / "proc/sys/kernel/random/boot_id", BOOT)
    write(root / "proc/stat", "btime 1700000000")
    (root / "proc/self").symlink_to("1")
    region = root / f"dev/shm/tt_device_{UNIQUE_ID}_memory"
    region.parent.mkdir(parents=True)
    slots = [
        SlotSpec(pid=17706, held=Bytes(l1=900 << 10, dram=1 << 30), name=b"python3"),
        SlotSpec(pid=17707, held=Bytes(l1=128 << 10, dram=512 << 20), name=b"killed-proc"),
    ]
    region.write_bytes(RegionSpec(version=3, slots=slots, asic_id=UNIQUE_ID, updated=NOW).encode())
    region.chmod(0o600)
    status = region.stat()
    key = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x} {status.st_ino}"
    _process(root, 1, "ttinspect", 0, "")
    _process(root, 17706, "python3", 1000, f"7f00-7f01 rw-s 0000 {key} /dev/shm/{region.name}\n")
    write(root / "proc/driver/tenstorrent/0/pids", "17706")
    if chips > 1:
        _process(root, 4242, "vllm", 1001, "")
        (root / "proc/4242/fd/3").symlink_to("/dev/tenstorrent/3")
        write(root / "proc/driver/tenstorrent/3/pids", "4242")
    chips_of_host = open_source(f"sysfs:{root}").chips
    masks = Masks(tensix=0x1, dram=0, eth=0, pcie=0, l2cpu=0)
    known = tuple(
        msgspec.structs.replace(
            chip, unique_id=str(UNIQUE_ID + chip.id), masks=masks, noc_translation=True, asic_location=0
        )
        for chip in chips_of_host
    )
    path = file_of(root / "var/lib/ttinspect")
    path.parent.mkdir(parents=True)
    path.write_bytes(msgspec.json.encode(Remembered(boot_id=BOOT, time_ns=TIME_NS, chips=known)))


def _process(root: Path, pid: int, comm: str, uid: int, maps: str) -> None:
    folder = root / f"proc/{pid}"
    write(folder / "stat", f"{pid} ({comm}) S 0 " + "0 " * 20)
    write(folder / "comm", comm)
    write(folder / "status", f"Name:\t{comm}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nNSpid:\t{pid}")
    write(folder / "cmdline", comm)
    (folder / "maps").write_text(maps)
    (folder / "fd").mkdir()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("chips", CHIPS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_is_as_it_was_looked_at(
    run: Run, tmp_path: Path, command: str, chips: int, width: int
) -> None:
    a_host(tmp_path / "root", chips)
    done = run(command, "--from", "host:root", COLUMNS=str(width))
    assert done.stdout == (TEXTS / f"{command}-{chips}-{width}.txt").read_text(), done.stderr
    longest = max(len(line) for line in done.stdout.splitlines())
    assert longest <= width


@pytest.mark.parametrize("command", ["list", "memory", "telemetry", "topology"])
def test_why_it_is_not_known_who_holds_a_chip_is_said_once(run: Run, tmp_path: Path, command: str) -> None:
    root = tmp_path / "root"
    a_host(root, 8)
    for number in range(8):
        write(root / f"proc/driver/tenstorrent/{number}/pids", "unreadable")
    (root / "proc/17706/fd").rmdir()
    table = " ".join(run(command, "--from", "host:root", COLUMNS="80").stdout.split())
    assert table.count("is not known: the driver does not tell") == 1
    assert "is not known" not in run(command, "--from", "board:n300").stdout or command == "memory"


@pytest.mark.parametrize("command", ["list", "telemetry", "topology"])
def test_a_long_name_goes_on_below_its_first_word(run: Run, tmp_path: Path, command: str) -> None:
    root = tmp_path / "root"
    a_host(root, 8)
    for pid in (5001, 5002, 5003):
        _process(root, pid, "VLLM::EngineCor", 1002, "")
        (root / f"proc/{pid}/fd/3").symlink_to("/dev/tenstorrent/7")
    write(root / "proc/driver/tenstorrent/7/pids", "5001\n5002\n5003")
    lines = run(command, "--from", "host:root", COLUMNS="80").stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith(" 7: held by 5001")]
    assert lines[at + 1].startswith("    ")
    assert not lines[at + 1].startswith("     ")


def _remake() -> None:
    import subprocess

    TEXTS.mkdir(exist_ok=True)
    script = str(Path(sys.executable).with_name("ttinspect"))
    for chips in CHIPS:
        with tempfile.TemporaryDirectory() as folder:
            a_host(Path(folder) / "root", chips)
            for command in COMMANDS:
                for width in WIDTHS:
                    done = subprocess.run(
                        [script, command, "--from", "host:root"], capture_output=True, text=True, check=False,
                        cwd=folder, env={"PATH": os.environ["PATH"], "COLUMNS": str(width)},
                    )  # fmt: skip
                    (TEXTS / f"{command}-{chips}-{width}.txt").write_text(done.stdout)


if __name__ == "__main__":
    _remake()
