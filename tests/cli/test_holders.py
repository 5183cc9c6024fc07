"""Who holds a chip, for each way in which it can be known: real processes beside the tree of a driver."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_live_writers import publish
from tests.conftest import Run
from tests.holding import holding, needs_root, nodes_alone, sees_the_machine
from tests.sources.fake_sysfs import device, host, kernel_driver, write

pytestmark = [needs_root]
GONE = 4_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with three P150, below a folder; its regions are in ROOT/dev/shm."""
    folder = host(tmp_path / "root", 3)
    (folder / "dev/shm").mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with nodes_alone():
        yield


Driver = Callable[[dict[int, str]], Path]


@pytest.fixture
def procfs(tmp_path: Path) -> Driver:
    """The procfs of this machine, with a driver that lists these lines by device."""

    def make(lists: dict[int, str]) -> Path:
        folder = tmp_path / "proc"
        folder.mkdir()
        for entry in Path("/proc").iterdir():
            (folder / entry.name).symlink_to(entry)
        (folder / "driver").unlink(missing_ok=True)
        for number, lines in lists.items():
            write(folder / f"driver/tenstorrent/{number}/pids", lines)
        return folder

    return make


def held(run: Run, root: Path, *more: str) -> dict[int, Any]:
    done = run("list", "--from", f"host:{root}", "--json", *more)
    assert done.returncode == 0, done.stderr
    return {device["id"]: device["held_by"] for device in json.loads(done.stdout)["devices"]}


def ways(by: Any) -> dict[int, list[str]]:
    return {process["pid"]: process["known_by"] for process in by["processes"]}


def test_an_open_descriptor_tells(run: Run, root: Path) -> None:
    with holding(node=root / "dev/tenstorrent/1") as holder:
        by = held(run, root)
    assert ways(by[1]) == {holder.pid: ["descriptor"]}
    assert (by[1]["held"], by[0]["processes"], by[2]["processes"]) == (True, [], [])


def test_an_inherited_descriptor_tells_after_its_opener_is_gone(run: Run, root: Path, procfs: Driver) -> None:
    with holding(node=root / "dev/tenstorrent/1") as holder:
        by = held(run, root, "--procfs", str(procfs({0: "", 1: str(GONE), 2: ""})))
    assert ways(by[1]) == {holder.pid: ["descriptor"]}
    assert by[1]["openers_gone"] == [GONE]
    assert (by[0]["held"], by[2]["held"]) == (False, False)


def test_the_driver_tells_of_somebody_outside_and_of_an_opener_that_is_gone(
    run: Run, root: Path, procfs: Driver
) -> None:
    by = held(run, root, "--procfs", str(procfs({0: "0\n0", 1: str(GONE), 2: ""})))
    assert [(by[n]["held"], by[n]["outside"], by[n]["openers_gone"]) for n in range(3)] == [
        (True, 2, []), (True, 0, [GONE]), (False, 0, []),
    ]  # fmt: skip


def test_the_drivers_list_alone_tells_where_descriptors_may_not_be_read(
    run: Run, root: Path, procfs: Driver
) -> None:
    with holding() as holder:
        by = held(run, root, "--procfs", str(procfs({0: "", 1: "", 2: "1"})))
        assert ways(by[2]).get(1, ["driver"]) == ["driver"]
        assert holder.pid not in ways(by[2])


@sees_the_machine
def test_a_region_tells_by_the_device_that_its_mapper_has_open_and_a_slot_by_its_pid(
    run: Run, root: Path, procfs: Driver
) -> None:
    path = publish(root / "dev/shm")
    driver = str(procfs({0: "", 1: "", 2: ""}))
    with holding(path, root / "dev/tenstorrent/2", namespace=True) as holder:
        publish(root / "dev/shm", (holder.own_pid, b"vllm"))
        by = held(run, root)
        assert ways(by[2]) == {holder.pid: ["descriptor", "region", "slot"]}
        (process,) = by[2]["processes"]
        assert (process["own_pid"], process["uid"], process["user"]) == (holder.own_pid, 0, "root")
        assert process["command"].endswith("0") or "python" in process["command"]
    with holding(path):
        assert all(not ways(held_by) for held_by in held(run, root, "--procfs", driver).values())


def test_a_container_is_named_by_its_control_group(tmp_path: Path) -> None:
    from ttinspect.host.procfs import read_processes

    ids = "5f" * 32
    names = {
        f"0::/system.slice/docker-{ids}.scope": ids[:12], f"12:cpu:/docker/{ids}": ids[:12],
        f"0::/kubepods.slice/x.slice/cri-containerd-{ids}.scope": ids[:12], "0::/lxc/build": "build",
        f"0::/../{ids}": ids[:12], "0::/user.slice/user-0.slice": None, "0::/": None,
    }  # fmt: skip
    for number, group in enumerate(names, 10):
        write(tmp_path / str(number) / "stat", f"{number} (a) S 1 1")
        write(tmp_path / str(number) / "cgroup", group)
    table = read_processes(tmp_path, range(10, 10 + len(names)), named=True, personal=True)
    assert [process.container for process in table.found.values()] == list(names.values())


@pytest.mark.parametrize(
    ("lists", "free", "code"),
    [
        ({0: "", 1: str(GONE), 2: ""}, "0,2\n", 0),
        ({0: "0", 1: "0", 2: "0"}, "", 10),
        ({0: "0", 1: "0", 2: "unreadable"}, "", 11),
        ({0: "", 1: "unreadable", 2: "0"}, "0\n", 0),
    ],
)
def test_free_devices_are_those_that_nobody_holds(
    run: Run, root: Path, procfs: Driver, lists: dict[int, str], free: str, code: int
) -> None:
    driver = str(procfs(lists))
    done = run("list", "--free", "--procfs", driver, TTINSPECT_FROM=f"host:{root}")
    assert (done.stdout, done.returncode) == (free, code), done.stderr
    done = run("list", "--free", "--json", "--procfs", driver, TTINSPECT_FROM=f"host:{root}")
    assert json.loads(done.stdout)["free"] == [int(n) for n in free.split(",") if n.strip()]


def free_of(run: Run, root: Path, *more: str) -> tuple[str, int]:
    """What --free prints of a host with a driver that lists nobody, and its exit code."""
    for number in (int(path.name.partition("!")[2]) for path in (root / "sys/class/tenstorrent").iterdir()):
        write(root / f"proc/driver/tenstorrent/{number}/pids", "")
    done = run("list", "--free", "--procfs", str(root / "proc"), *more, TTINSPECT_FROM=f"host:{root}")
    return done.stdout, done.returncode


def test_where_numbers_are_not_places_by_bus_address_the_addresses_are_printed(
    run: Run, tmp_path: Path
) -> None:
    """Up to 0.9.2 tt_umd takes a number for N of the node, from 0.9.3 on for the place by bus address."""
    kernel_driver(tmp_path)
    for number, bdf in ((0, "0000:81:00.0"), (2, "0000:01:00.0"), (5, "0000:41:00.0")):
        device(tmp_path, number, bdf=bdf)
    assert free_of(run, tmp_path) == ("0000:81:00.0,0000:01:00.0,0000:41:00.0\n", 0)
    assert free_of(run, tmp_path, "--device", "2") == ("0000:01:00.0\n", 0)
    assert free_of(run, tmp_path, "--format", "csv")[0].splitlines() == [
        "kmd_id,pci_bdf", "0,0000:81:00.0", "2,0000:01:00.0", "5,0000:41:00.0",
    ]  # fmt: skip
    document = json.loads(free_of(run, tmp_path, "--json")[0])
    assert (document["free"], document["visible_devices"]) == (
        [0, 2, 5], "0000:81:00.0,0000:01:00.0,0000:41:00.0",
    )  # fmt: skip


def test_a_device_that_cannot_be_read_is_not_free(run: Run, tmp_path: Path) -> None:
    kernel_driver(tmp_path)
    device(tmp_path, 0)
    write(device(tmp_path, 1) / "tt_aiclk", "65535")  # all ones: it is off the bus
    assert free_of(run, tmp_path) == ("0\n", 0)
    assert free_of(run, tmp_path, "--device", "1") == ("", 11)


def test_what_has_no_device_is_neither_free_nor_held(run: Run) -> None:
    done = run("list", "--free", "--from", "board:n300")
    assert (done.stdout, done.returncode) == ("", 11)
    assert "chips 0, 1: the source does not tell which device it is" in done.stderr


def test_free_without_devices_is_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    assert run("list", "--free", "--from", f"host:{tmp_path}").returncode == 3


def test_opening_devices_that_others_hold_is_said(console_script: str, tmp_path: Path) -> None:
    """In a mount namespace with a /dev of its own, in which /dev/tenstorrent/0 is no device."""
    node = tmp_path / "dev/tenstorrent/0"
    write(node, "no device")
    (tmp_path / "dev/null").touch()
    mounts = f"mount --bind /dev/null {tmp_path}/dev/null && mount --rbind {tmp_path}/dev /dev"
    command = ["unshare", "--mount", "sh", "-c", f"{mounts} && exec {console_script} list"]
    with holding(node=node) as holder:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "ttinspect: opening devices that others hold: /dev/tenstorrent/0 by pid" in done.stderr
    assert str(holder.pid) in done.stderr.partition("(--from host opens none)")[0]


@pytest.mark.parametrize("command", ["verify-shm", "check"])
def test_one_line_begins_with_the_verdict_and_is_short(run: Run, tmp_path: Path, command: str) -> None:
    publish(tmp_path, (GONE, b"killed" * 2))
    done = run(command, "--from", "board:p150", "--shm-dir", str(tmp_path), "--oneline")
    (line,) = done.stdout.splitlines()
    assert len(line) <= 80
    assert line.split()[0] in ("PASS", "WARN", "INCONCLUSIVE", "FAIL")
    assert run(command, "--from", "board:p150", "--oneline", "--json").returncode == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    failed = run(command, "--from", f"host:{tmp_path}", "--shm-dir", str(empty), "--oneline")
    (line,) = failed.stdout.splitlines()
    assert (line.split()[0], len(line) <= 80, failed.returncode) == ("ERROR", True, 3)


def test_one_line_tells_what_all_chips_have_once(run: Run, root: Path) -> None:
    wanted = ("--expect", "pcie_lanes=4", "--expect", "numa_node=0")
    done = run("check", "--from", f"sysfs:{root}", *wanted, "--oneline")
    assert done.stdout == "FAIL TTP006 chips 0-2: pcie_lanes should be 4, it is 8 (+1)\n"


@pytest.mark.parametrize("command", ["verify-shm", "check"])
def test_many_ghosts_of_a_region_are_told_by_the_first_few_and_their_number(
    run: Run, tmp_path: Path, command: str
) -> None:
    publish(tmp_path, *((GONE + number, b"worker") for number in range(64)))
    places = ("--from", "board:p150", "--shm-dir", str(tmp_path))
    lines = run(command, *places, COLUMNS="80").stdout.splitlines()
    assert sum("TTS050" in line and "warning" in line for line in lines) == 3
    assert [line.strip() for line in lines if "more TTS050" in line] == [
        "and 61 more TTS050: --json has all of them"
    ]
    document = json.loads(run(command, *places, "--json").stdout)
    findings = [finding["id"] for region in document["regions"] for finding in region["findings"]]
    assert findings.count("TTS050") == 64


def test_one_line_of_a_check_that_passes_with_a_warning_tells_the_warning(run: Run, tmp_path: Path) -> None:
    publish(tmp_path, (GONE, b"killed"))
    places = ("--from", "board:p150", "--shm-dir", str(tmp_path))
    done = run("check", *places, "--expect", "regions=pass", "--oneline")
    assert (done.stdout.split()[:3], done.returncode) == (["WARN", "TTS050", "ghost:"], 0)
