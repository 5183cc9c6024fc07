"""What goes wrong inside tt_umd: a message and a code, never a dead tool or a stray line."""

import _ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.device.conftest import Answer, RunOn
from tests.device.simulated import (
    ASIC_ID_HIGH,
    DDR_STATUS,
    ENABLED_ETH,
    FIRMWARE,
    PCIE_USAGE,
    Chip,
    Device,
    blackhole,
    wormhole,
)
from tests.device.test_topology import n300s
from tests.processes import wait_until, with_variable

TOO_OLD = Chip(tags={FIRMWARE: 0x11000000})
"""A Wormhole that tt_umd opens no device for."""
_DESCRIPTORS = Path(__file__).resolve().parents[2] / "soc_descriptors"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("abort", "killed by SIGABRT"),
        ("exit", 'last it said "ERROR: UnimplementedFunctionality: offset=0x1c"'),
        ("segfault", "killed by SIGSEGV"),
    ],
)
@pytest.mark.parametrize("access", [0, 1, 400])
def test_a_crash_inside_is_5_and_says_what_was_being_done(
    run_on: RunOn, kind: str, access: int, words: str
) -> None:
    done = run_on(blackhole(crash=(kind, access)), "harvest", "--json")
    assert done.returncode == 5
    assert words in done.stderr
    document = json.loads(done.stdout)
    assert document["error"]["exit_code"] == 5
    stage = "opening the simulator" if access < 2 else "discovering chips"
    assert f"while {stage}" in document["error"]["what"]


def test_a_hang_meets_the_deadline(run_on: RunOn) -> None:
    done = run_on(blackhole(crash=("hang", 300)), "harvest", "--timeout", "1")
    assert done.returncode == 5
    assert done.stdout == ""
    assert "hung while discovering chips" in done.stderr
    assert "did not answer within 1 s" in done.stderr


def test_when_every_chip_hangs_the_one_that_is_waited_for_is_named(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(hung=True), Chip(hung=True)), "harvest", "--timeout", "6")
    assert done.returncode == 5
    assert done.stdout == ""
    assert "waiting for ARC firmware on chip 0" in done.stderr
    assert "its firmware never runs: try the newest release of the simulator" in done.stderr


@pytest.mark.parametrize("command", ["harvest", "capacity", "list", "topology", "telemetry", "check"])
def test_what_is_wrong_with_a_chip_that_was_not_asked_for_is_not_told(run_on: RunOn, command: str) -> None:
    """A script that looks at one chip is not to fail for another."""
    good = Chip(harvested_rows=1, tags={DDR_STATUS: 0x555}, beating=True)
    host = wormhole(good, TOO_OLD)
    ours = run_on(host, command, "--device", "0", "--json")
    assert ours.returncode == 0, ours.stdout
    assert "chip 1" not in ours.stdout
    assert run_on(host, command, "--device", "1", "--json").returncode in (5, 10)


def test_a_descriptor_of_another_architecture_is_2_and_not_the_devices_fault(
    run: Run, library: Path, tmp_path: Path
) -> None:
    """Nor does tt_umd get to wait for its firmware until the timeout."""
    folder = tmp_path / "simulator"
    folder.mkdir()
    shutil.copy(library, folder / "libttsim.so")
    shutil.copy(_DESCRIPTORS / "wormhole_b0.yaml", folder / "soc_descriptor.yaml")
    script = blackhole().write(tmp_path / "script")
    done = run("harvest", "--from", f"sim:{folder}/libttsim.so", "--timeout", "200", **script)
    assert done.returncode == 2
    assert "it describes a wormhole_b0, but the simulator beside it is a blackhole" in done.stderr
    watched = run("telemetry", "--from", f"sim:{folder}/libttsim.so", "-n", "2", "--timeout", "4", **script)
    assert (watched.returncode, watched.stderr) == (2, done.stderr)
    wait_until(lambda: not with_variable("TTDEVICE_SCRIPT", tmp_path / "script"))


def test_old_firmware_is_a_warning_and_the_chip_is_shown(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(tags={FIRMWARE: 0x12000000})), "harvest", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["devices"][0]["tensix"]["active"] == 120
    (finding,) = document["findings"]
    assert finding["id"] == "TTH010"
    assert "18.0.0" in finding["message"]
    assert "18.5.0" in finding["message"]


def test_a_chip_that_tt_umd_does_not_open_is_unknown_and_5(run_on: RunOn) -> None:
    done = run_on(wormhole(Chip(tags={FIRMWARE: 0x11000000})), "harvest", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 5
    (device,) = document["devices"]
    assert (device["tensix"]["active"], device["board_id"]) == (None, None)
    assert "TTH009" in [finding["id"] for finding in document["findings"]]


def test_what_discovery_refuses_is_5_in_its_words(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(tags={ASIC_ID_HIGH: None})), "harvest")
    assert done.returncode == 5
    assert done.stdout == ""
    assert "Telemetry entry" in done.stderr


def test_missing_eth_telemetry_is_an_unknown_mask_and_the_rest_is_shown(run_on: RunOn) -> None:
    """tt-umd makes mask 0 of it, and then refuses to describe the chip."""
    done = run_on(blackhole(Chip(tags={ENABLED_ETH: None})), "harvest", "--json")
    document = json.loads(done.stdout)
    device = document["devices"][0]
    assert done.returncode == 0
    assert (device["masks"]["eth"], device["eth"]["active"], device["tensix"]["active"]) == (None, None, 120)
    assert not device["checked"]
    (finding,) = document["findings"]
    assert "Exactly 2 or 14 ETH cores should be harvested" in finding["message"]


@pytest.mark.parametrize(("tag", "name"), [(ENABLED_ETH, "ENABLED_ETH"), (PCIE_USAGE, "PCIE_USAGE")])
def test_what_a_refused_chip_does_not_tell_is_missing_telemetry_and_no_mask(
    answer: Answer, tag: int, name: str
) -> None:
    """tt-umd refuses the mask 0 that it made up; what is wrong with the chip is the telemetry."""
    (device,) = answer(blackhole(Chip(tags={tag: None})), "harvest")["devices"]
    whys = {unknown["path"]: unknown["why"] for unknown in device["unknown"]}
    for path in ("unique_id", "mmio", "via"):
        assert whys[path].endswith(f" Telemetry {name} is missing, which tt_umd takes for 0.")


def test_a_mask_that_the_chip_has_and_tt_umd_refuses_is_told_in_its_words(answer: Answer) -> None:
    (device,) = answer(blackhole(Chip(tags={PCIE_USAGE: 2})), "harvest")["devices"]
    assert {unknown["why"] for unknown in device["unknown"]} == {
        "P150 card should always have PCIe core (11, 0) harvested."
    }


@pytest.mark.parametrize("command", ["harvest", "capacity", "list"])
def test_that_a_chip_could_not_be_read_is_told_at_length_once(answer: Answer, command: str) -> None:
    document = answer(wormhole(Chip(), TOO_OLD), command, code=5)
    (unread,) = [finding for finding in document["findings"] if finding["id"] == "TTH009"]
    assert "No existing board type" in unread["message"]
    (mask,) = [finding for finding in document["devices"][1]["findings"] if finding["id"] == "TTH004"]
    assert mask["message"] == "no harvesting mask is known, because the chip could not be read"
    assert mask["evidence"]["masks"] == ["tensix", "dram", "eth", "pcie", "l2cpu"]
    assert "No existing board type" in mask["evidence"]["reasons"][0]


def test_json_stays_one_document_while_tt_umd_and_the_device_shout(run_on: RunOn) -> None:
    done = run_on(blackhole(shout=True), "harvest", "--json", TT_LOGGER_LEVEL="debug")
    assert json.loads(done.stdout)["schema"] == "ttinspect.harvest.v1"
    assert done.stderr == ""


def test_verbose_shows_the_log_on_standard_error(run_on: RunOn) -> None:
    done = run_on(blackhole(shout=True), "harvest", "--json", "--verbose", TT_LOGGER_LEVEL="debug")
    json.loads(done.stdout)
    assert "a line that nobody asked for" in done.stderr
    assert "Completed topology discovery" in done.stderr


def _other_library() -> str:
    """Some shared library that is no simulator: a module of Python's own."""
    return next(str(path) for path in Path(_ctypes.__file__).parent.glob("*.so"))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nothing.so", "no such file"),
        ("script", "no such file"),
        (".", "it is a directory"),
        ("", "it is a directory"),
        (str(_DESCRIPTORS / "blackhole.yaml"), "not a .so file"),
        ("text.so", "not a shared library"),
        (_other_library(), "undefined symbol: libttsim_init"),
    ],
)
def test_what_is_no_simulator_is_2(run: Run, tmp_path: Path, path: str, why: str) -> None:
    (tmp_path / "text.so").write_text("#!/bin/sh\n")
    done = run("harvest", "--from", f"sim:{tmp_path / path if path == 'text.so' else path}")
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize(("at", "bits"), [(4, 3), (18, 0xFF)], ids=["word size", "processor"])
def test_a_simulator_for_another_machine_is_2(
    run: Run, library: Path, tmp_path: Path, at: int, bits: int
) -> None:
    foreign = bytearray(library.read_bytes())
    foreign[at] ^= bits
    (tmp_path / "libttsim.so").write_bytes(foreign)
    done = run("harvest", "--from", f"sim:{tmp_path}/libttsim.so")
    assert done.returncode == 2
    assert "it is built for another machine than this" in done.stderr


def test_a_terminal_sees_what_takes_so_long_and_nothing_of_it_stays(library: Path, tmp_path: Path) -> None:
    env = {**os.environ, **blackhole(crash=("hang", 300)).write(tmp_path / "script")}
    script = str(Path(sys.executable).with_name("ttinspect"))
    command = f"{script} harvest --from sim:{library} --timeout 1.5"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], capture_output=True, text=True, env=env, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "discovering chips ..." in done.stdout
    assert done.stdout.rpartition("discovering chips ...")[2].lstrip().startswith("\x1b[K")


_SCRIPT = Path(sys.executable).with_name("ttinspect")


def _with_a_memory_of_its_own(
    commands: str, env: dict[str, str], *arguments: str | Path
) -> "subprocess.CompletedProcess[str]":
    """Commands of bash in a mount namespace: what they mount on /dev/shm no other test sees."""
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "bash", "-c", commands, "-", *map(str, arguments)],
        capture_output=True, text=True, env=env, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("this host does not let a test have a /dev/shm of its own")
    return done


_HOLDING = """
mount -t tmpfs tmpfs /dev/shm || exit 99
"$1" -c "
import os, sys, time, tt_umd
tt_umd.logging.set_level(tt_umd.logging.Level.Off)
lock = tt_umd.RobustMutex('ARC_MSG')
lock.lock()
print(os.getpid(), flush=True)
time.sleep(30)
" > "$4/holder" &
while ! [ -s "$4/holder" ]; do sleep 0.05; done
"$2" harvest --from "sim:$3" --timeout 3
code=$?
kill %1
exit $code
"""


def test_who_holds_a_lock_that_tt_umd_waits_for_is_said(library: Path, tmp_path: Path) -> None:
    """In a /dev/shm of its own, so that no other test waits for the lock."""
    env = {**os.environ, **wormhole().write(tmp_path / "script")}
    done = _with_a_memory_of_its_own(_HOLDING, env, sys.executable, _SCRIPT, library, tmp_path)
    holder = (tmp_path / "holder").read_text().strip()
    assert done.returncode == 5
    assert "waiting for lock 'ARC_MSG'" in done.stderr
    assert f"PID: {holder}" in done.stderr
    assert "end the process that holds the lock" in done.stderr


_LOOKING = """
mount -t tmpfs tmpfs /dev/shm || exit 99
"$1" list --from "sim:$2" --timeout 12 --json >"$3"
ls /dev/shm
"""


def test_no_locks_of_a_simulators_chips_are_left_in_memory(library: Path, tmp_path: Path) -> None:
    """tt_umd makes some for every process, and leaves them there."""
    env = {**os.environ, **n300s(1).write(tmp_path / "script")}
    done = _with_a_memory_of_its_own(_LOOKING, env, _SCRIPT, library, tmp_path / "answer")
    boards = [device["board"] for device in json.loads((tmp_path / "answer").read_text())["devices"]]
    assert boards == ["n300", "n300"]
    assert set(done.stdout.split()) <= {"TT_UMD_LOCK.ARC_MSG"}


@pytest.mark.parametrize("access", [0, 1, 300])
def test_the_child_dies_with_a_parent_that_is_killed(library: Path, tmp_path: Path, access: int) -> None:
    """Even while tt_umd hangs: nothing is left behind that holds a device."""
    (tmp_path / "own").mkdir()
    own = tmp_path / "own" / "libttsim.so"
    own.symlink_to(library)
    env = {
        **os.environ,
        **blackhole(crash=("hang", access)).write(tmp_path / "script"),
        "TMPDIR": str(tmp_path),
    }
    script = str(Path(sys.executable).with_name("ttinspect"))
    with subprocess.Popen(
        [script, "harvest", "--from", f"sim:{own}"], env=env, stdin=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: len(with_variable("TTDEVICE_SCRIPT", tmp_path / "script")) == 2)
        process.kill()
        process.wait()
        wait_until(lambda: not with_variable("TTDEVICE_SCRIPT", tmp_path / "script"))


def test_reasons_are_told_however_quiet_tt_umd_was_asked_to_be(run_on: RunOn) -> None:
    done = run_on(blackhole(Chip(tags={ENABLED_ETH: None})), "harvest", "--json", TT_LOGGER_LEVEL="off")
    (finding,) = json.loads(done.stdout)["findings"]
    assert "Exactly 2 or 14 ETH cores should be harvested" in finding["message"]


@pytest.mark.parametrize(
    ("device", "code"),
    [
        (blackhole(Chip(tags={ENABLED_ETH: None})), 0),
        (wormhole(Chip(), TOO_OLD), 5),
    ],
    ids=["unhealthy", "refused"],
)
def test_a_host_is_told_the_same_where_tt_umd_colours_its_log(
    run_on: RunOn, device: Device, code: int
) -> None:
    """tt-umd 0.9.14 does so for the environment variable CI, also in a file."""
    plain, coloured = (
        run_on(device, "harvest", "--timeout", "8", "--json", **more) for more in ({}, {"CI": "true"})
    )
    assert (plain.returncode, coloured.returncode) == (code, code)
    findings = [json.loads(done.stdout)["findings"] for done in (plain, coloured)]
    assert [finding["id"] for finding in findings[0]] == [finding["id"] for finding in findings[1]]
    assert "\\u001b" not in coloured.stdout
    seconds = re.compile(r"within [0-9.]+ s")
    assert [seconds.sub("", finding["message"]) for finding in findings[1]] == [
        seconds.sub("", finding["message"]) for finding in findings[0]
    ]


@pytest.mark.parametrize("kind", ["dangling link", "folder", "fifo"])
def test_a_descriptor_that_is_no_file_is_refused_and_not_replaced(
    run: Run, library: Path, tmp_path: Path, kind: str
) -> None:
    """It was put there to be used: a built-in one in its place could describe another chip."""
    shutil.copy(library, tmp_path / "libttsim.so")
    beside = tmp_path / "soc_descriptor.yaml"
    if kind == "dangling link":
        beside.symlink_to("nowhere.yaml")
    elif kind == "folder":
        beside.mkdir()
    else:
        os.mkfifo(beside)
    done = run("harvest", "--from", "sim:libttsim.so", **blackhole().write(tmp_path / "script"))
    assert done.returncode == 2
    assert "soc_descriptor.yaml: " in done.stderr


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with a descriptor"])
@pytest.mark.parametrize(("crash", "code"), [(None, 0), (("abort", 0), 5)])
def test_nothing_that_a_simulator_started_stays_or_holds_us_up(
    run: Run, library: Path, tmp_path: Path, beside: bool, crash: tuple[str, int] | None, code: int
) -> None:
    folder = tmp_path / "simulator"
    folder.mkdir()
    shutil.copy(library, folder / "libttsim.so")
    if beside:
        shutil.copy(_DESCRIPTORS / "blackhole.yaml", folder / "soc_descriptor.yaml")
    script = blackhole(fork=True, crash=crash).write(tmp_path / "script")
    start = time.monotonic()
    done = run("harvest", "--from", f"sim:{folder}/libttsim.so", "--timeout", "30", **script)
    assert done.returncode == code, done.stderr
    assert time.monotonic() - start < 20
    wait_until(lambda: not with_variable("TTDEVICE_SCRIPT", tmp_path / "script"))


def test_a_simulator_that_leaves_its_group_and_hangs_does_not_stay(run_on: RunOn, tmp_path: Path) -> None:
    done = run_on(blackhole(leave=True, crash=("hang", 0)), "harvest", "--timeout", "1")
    assert done.returncode == 5
    wait_until(lambda: not with_variable("TTDEVICE_SCRIPT", tmp_path / "script"))


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with a descriptor"])
def test_a_simulator_without_a_device_is_3(run: Run, library: Path, tmp_path: Path, beside: bool) -> None:
    (tmp_path / "simulator").mkdir()
    own = tmp_path / "simulator" / "libttsim.so"
    own.symlink_to(library)
    if beside:
        shutil.copy(_DESCRIPTORS / "blackhole.yaml", own.with_name("soc_descriptor.yaml"))
    done = run("harvest", "--from", f"sim:{own}", **Device("blackhole", []).write(tmp_path / "script"))
    assert done.returncode == 3, done.stderr
    assert "no Tenstorrent devices found: no PCI device of" in done.stderr


def test_why_a_silent_chip_is_unhealthy_is_told_from_the_log(run_on: RunOn) -> None:
    """tt_umd opens no device for it; its own reason is in its log only."""
    done = run_on(wormhole(Chip(), Chip(tags={FIRMWARE: 0x11000000})), "list", "--json")
    (trouble,) = [
        finding["message"] for finding in json.loads(done.stdout)["findings"] if finding["id"] == "TTH009"
    ]
    assert "No existing board type" in trouble
    assert "before initializing TTDevice" not in trouble


@pytest.mark.parametrize("command", ["harvest", "capacity", "topology", "list"])
def test_a_chip_that_leaves_the_bus_during_discovery_is_no_healthy_one(answer: Answer, command: str) -> None:
    """Its ids are read late, and are all ones then."""
    document = answer(blackhole(Chip(), Chip(off_after=640)), command, code=5)
    (finding,) = [finding for finding in document["findings"] if finding["id"] == "TTH009"]
    assert "it left the bus while it was discovered" in finding["message"]


def test_chips_are_found_at_any_device_number(answer: Answer) -> None:
    document = answer(wormhole(Chip(), Chip(), spread=(5, 26)), "list")
    assert [chip["board"] for chip in document["devices"]] == ["n150", "n150"]


@pytest.mark.parametrize("make", [blackhole, wormhole])
@pytest.mark.parametrize("at", [100, 250])
def test_one_chip_alone_with_which_tt_umd_dies_is_an_error(
    run_on: RunOn, make: Callable[..., Device], at: int
) -> None:
    """What is asked again in vain shows nothing that was not found the first time."""
    done = run_on(make(Chip(), crash=("abort", at)), "harvest", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["exit_code"]) == (5, 5)
    assert "died while discovering chips" in error["what"]
    assert "SIGABRT" in error["why"]


def test_what_a_killed_run_left_is_swept_by_the_next(library: Path, tmp_path: Path) -> None:
    """Nobody cleans up after SIGKILL: not the folder that links a simulator and its descriptor, nor the locks
    that tt_umd makes for its chips."""
    own = tmp_path / "own" / "libttsim.so"
    own.parent.mkdir()
    own.symlink_to(library)
    script = wormhole(crash=("hang", 120)).write(tmp_path / "script")
    env = {**os.environ, **script, "TMPDIR": str(tmp_path)}
    command = [str(_SCRIPT), "harvest", "--from", f"sim:{own}"]

    def left() -> list[Path]:
        locks = [Path("/dev/shm").glob(f"TT_UMD_LOCK.*_{32 * pid}_*") for pid in pids]
        return [*tmp_path.glob("ttinspect-*"), *(lock for each in locks for lock in each)]

    pids: list[int] = []
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL) as process:
        wait_until(lambda: bool([*tmp_path.glob("ttinspect-*/libttsim.so")]))
        pids += with_variable("TTDEVICE_SCRIPT", tmp_path / "script")
        wait_until(lambda: len(left()) > 1)
        process.kill()
        process.wait()
        wait_until(lambda: not with_variable("TTDEVICE_SCRIPT", tmp_path / "script"))
    assert left()
    blackhole().write(tmp_path / "script")
    subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    assert left() == []


@pytest.mark.parametrize(
    ("device", "more", "next_step"),
    [
        (blackhole(crash=("hang", 300)), ("--timeout", "1"), "give it more time with --timeout"),
        (blackhole(crash=("exit", 300)), (), "an error of the simulator: try its newest release"),
        (blackhole(crash=("segfault", 300)), (), "report it to tt-umd"),
        (blackhole(crash=("kill", 300)), (), "look at free memory"),
    ],
    ids=["short timeout", "not modelled", "crash", "killed"],
)
def test_the_next_step_is_about_what_went_wrong(
    run_on: RunOn, device: Device, more: tuple[str, ...], next_step: str
) -> None:
    done = run_on(device, "harvest", *more)
    assert done.returncode == 5
    assert next_step in done.stderr.partition("Next: ")[2]


def test_a_library_that_is_cut_is_2_and_says_so(run: Run, library: Path, tmp_path: Path) -> None:
    (tmp_path / "libttsim.so").write_bytes(library.read_bytes()[:9000])
    done = run("harvest", "--from", "sim:libttsim.so")
    assert done.returncode == 2
    assert "the file is cut: it has 9,000 of" in done.stderr
    assert "name a whole one as sim:PATH.so" in done.stderr


def test_a_simulator_in_the_home_folder_is_found(run: Run, library: Path, tmp_path: Path) -> None:
    """After "sim:" no shell expands a ~; the folder of the test is home."""
    shutil.copy(library, tmp_path / "libttsim.so")
    script = blackhole().write(tmp_path / "script")
    assert run("harvest", "--from", "sim:~/libttsim.so", **script).returncode == 0


def test_a_script_that_reads_a_simulator_leaves_nothing_either(library: Path, tmp_path: Path) -> None:
    """Without the command line that cleans up at its end."""
    env = {**os.environ, **blackhole().write(tmp_path / "script"), "TMPDIR": str(tmp_path)}
    program = (
        "import sys; from ttinspect.sources.opening import open_source; open_source(f'sim:{sys.argv[1]}')"
    )
    subprocess.run([sys.executable, "-c", program, str(library)], env=env, check=True, timeout=60)
    assert [path.name for path in tmp_path.iterdir()] == ["script"]
