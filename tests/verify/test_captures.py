"""Which rules fire on the captured regions, and why: written by reading what was recorded, not the output."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.shm.captures import Capture, captures
from tests.verify.build import BOARD_ID, UNIQUE_ID
from tests.verify.host import P150, P150_LIMITS, Host, system_of
from ttinspect.model.arch import Arch, Board
from ttinspect.verify.limits import Limits

BARE_CHIP = "TTS009 info"
"""The other chip of the board has no file beside this one."""

NO_SLOT_YET = "TTS024 info"
"""Before v4 a process is counted at attach and gets its slot with the first allocation."""

KERNELS = "TTS044 info"
"""A KERNEL allocation was recorded; v1 counts it and never takes it back."""

UNTRACKED = "TTS020 warning"
"""Tracking was disabled: totals and chips moved, no slot was claimed."""

FULL = "TTS030 warning"
"""64 live processes hold all 64 slots; the totals of the 65th come after the capture."""

GHOST = "TTS050 warning"
"""One process was SIGKILLed and its slot still holds what it had."""

NOTHING_YET = "TTS005 inconclusive"
"""No bytes, or version 0: the writer died before there was anything to judge."""

UNFINISHED = "TTS005 warning"
"""The writer was SIGKILLed inside initialize_region(), before the timestamp."""

CB_OF_ANOTHER = "TTS046 info"
"""Before v4 the cb total is the last writer's, so that another slot can be above it."""

TAKEN_OVER = "TTS021 info"
"""In v1 and v2 register_chip(1) took over chip 0's entry, whose bytes are then in no entry."""

LEFT_IN_CHIPS = "TTS021 info"
"""The process exited without freeing: releasing its slot took its bytes off the totals, not off the chip
entry. dram, l1, l1_small and trace; v3 and v4 reset the entries when nobody is attached."""

PHANTOMS = "TTS028 warning"
"""Sixteen entries say chip 0: the writer died before it made them empty (0xFFFFFFFF from v3 on)."""

EXPECTED: dict[str, list[str]] = {
    # v1: two processes attached with update_from_allocator(): A's cb 100,000 is above the total of 30,000.
    "v1-cb-update": [CB_OF_ANOTHER],
    "v1-clean-exit": [LEFT_IN_CHIPS] * 4,
    "v1-disabled": ["TTS020 info"] * 4 + [NO_SLOT_YET, KERNELS],
    "v1-full64": [FULL],
    "v1-ghost": [GHOST, KERNELS],
    "v1-idle": [NO_SLOT_YET],
    "v1-midinit": [UNFINISHED],
    "v1-names": [],
    "v1-remote": [TAKEN_OVER, TAKEN_OVER],  # dram and l1: chip 1 holds the trace itself
    "v1-single": [KERNELS],
    "v1-single-dealloc": [KERNELS],
    "v1-two": [KERNELS],
    "v1-uninit-empty": [NOTHING_YET],
    "v1-uninit-zero": [NOTHING_YET],
    "v2-cb-update": [CB_OF_ANOTHER],
    "v2-clean-exit": [LEFT_IN_CHIPS] * 4,
    # dram, l1, l1_small and trace; cb is not compared before v4.
    "v2-disabled": [UNTRACKED] * 4 + [NO_SLOT_YET],
    "v2-full64": [FULL],
    "v2-ghost": [GHOST],
    "v2-idle": [NO_SLOT_YET],
    "v2-midinit": [UNFINISHED],
    "v2-names": [],
    "v2-remote": [TAKEN_OVER, TAKEN_OVER],
    "v2-single": [],
    "v2-single-dealloc": [],
    "v2-two": [],
    "v2-uninit-empty": [NOTHING_YET],
    "v2-uninit-zero": [NOTHING_YET],
    "v3-cb-update": [CB_OF_ANOTHER],
    "v3-clean-exit": [],
    "v3-disabled": [UNTRACKED] * 4 + [NO_SLOT_YET],
    "v3-full64": [FULL],
    "v3-ghost": [GHOST],
    "v3-idle": [NO_SLOT_YET],
    "v3-midinit": [UNFINISHED, PHANTOMS],
    "v3-names": [],
    "v3-remote": [],
    "v3-single": [],
    "v3-single-dealloc": [],
    "v3-two": [],
    "v3-uninit-empty": [NOTHING_YET],
    "v3-uninit-zero": [NOTHING_YET],
    # Its pids 2 and 3 are of the writers' pid namespace; judged with a procfs of that namespace.
    "v3pidns-two": [],
    # v4 sums cb over processes.
    "v4-cb-update": [],
    "v4-clean-exit": [],
    # cb too; an untracked process is not in v4's reference_count.
    "v4-disabled": [UNTRACKED] * 5,
    "v4-full64": [FULL],
    "v4-ghost": [GHOST],
    "v4-idle": [],
    "v4-inprogress-zero": [NOTHING_YET],
    "v4-midinit": [UNFINISHED],
    "v4-names": [],
    "v4-remote": [],
    "v4-single": [],
    "v4-single-dealloc": [],
    "v4-two": [],
    "v4-uninit-empty": [NOTHING_YET],
    "v4-uninit-zero": [NOTHING_YET],
    # The whole ttnn 0.81.1 runtime (v3).
    "real-fastN300-closed-14251245764": [BARE_CHIP],
    "real-fastN300-closed-9956278468": [BARE_CHIP],
    "real-fastN300-dram-14251245764": [BARE_CHIP],
    "real-fastN300-dram-9956278468": [BARE_CHIP],
    "real-fastN300-idle-14251245764": [BARE_CHIP, NO_SLOT_YET],
    "real-fastN300-idle-9956278468": [BARE_CHIP, NO_SLOT_YET],
    "real-fastN300-l1-14251245764": [BARE_CHIP],
    "real-fastN300-l1-9956278468": [BARE_CHIP],
    "real-fastP100-closed-17716556166399396846": [],
    "real-fastP100-dram": [],
    "real-fastP100-idle": [NO_SLOT_YET],
    "real-fastP100-l1": [],
    "real-mockN150-closed-72059269368820857": [],
    "real-mockN150-dram": [],
    "real-mockN150-free": [],
    "real-mockN150-idle": [NO_SLOT_YET],
    "real-mockN150-l1": [],
    "real-mockN150-l1shard": [],
    "real-mockN150-l1small": [],
    # The operation failed to compile, its process went on.
    "real-mockN150-op-failed": [],
    "real-multiP150-cb-all-closed": [],
    # B closed last and set the cb total to 0, A's cb is still there.
    "real-multiP150-cb-b-closed": [CB_OF_ANOTHER],
    "real-multiP150-cb-one": [],
    # The cb total is the last writer's 1,474,560 bytes, and A has exactly as many.
    "real-multiP150-cb-two": [],
    # B was SIGKILLed, and stays in all that follows: v3 never frees a dead slot.
    "real-multiP150-ghost": [GHOST],
    "real-multiP150-ghost-a-closed": [GHOST],
    "real-multiP150-ghost-all-closed": [GHOST],
    "real-multiP150-ghost-then-attach": [GHOST],
    "real-multiP150-one": [],
    "real-multiP150-two": [],
    "real-simwh-closed-1649267441665": [],
    "real-simwh-dram": [],
    "real-simwh-free": [],
    "real-simwh-idle": [NO_SLOT_YET],
    "real-simwh-l1": [],
    "real-simwh-l1shard": [],
    "real-simwh-l1small": [],
}

WORMHOLE_LIMITS = Limits(
    l1_physical=64 * 1_499_136,
    l1_allocatable=64 * (1_499_136 - 105_824),
    dram_physical=12 * 1_073_741_824,
    dram_allocatable=12 * (1_073_741_824 - 1_048_640),
    l1_allocatable_others=(72 * (1_499_136 - 105_824),),
)
"""64 banks with fast dispatch, on N150 72 with slow; 12 views (ttnn 0.81.1)."""

P100_LIMITS = Limits(
    l1_physical=120 * 1_572_864,
    l1_allocatable=110 * (1_572_864 - 111_744),
    dram_physical=7 * 4_294_967_296,
    dram_allocatable=7 * (4_278_190_080 - 1_048_704),
)

AFTER_ALL_CAPTURES_NS = 1_795_361_500_000_000_000
"""The captures of a closed device have no clock beside them."""

N300_IDS = ("9956278468", "14251245764")


def _host(capture: Capture, root: Path) -> Host:
    chip = msgspec.structs.replace(P150, kmd_id=None)
    if capture.name.startswith("real-"):
        chip = msgspec.structs.replace(chip, unique_id=capture.file_id, board_id=None)
    if "N300" in capture.name:
        wormhole = msgspec.structs.replace(chip, arch=Arch.WORMHOLE_B0, board=Board("n300"))
        chips = [
            msgspec.structs.replace(wormhole, id=at, unique_id=unique_id)
            for at, unique_id in enumerate(N300_IDS)
        ]
        limits = dict.fromkeys(range(2), WORMHOLE_LIMITS)
        return Host(root=root, system=system_of(*chips), limits=limits)
    if "N150" in capture.name or "simwh" in capture.name:
        chip = msgspec.structs.replace(chip, arch=Arch.WORMHOLE_B0, board=Board("n150"))
        return Host(root=root, system=system_of(chip), limits={0: WORMHOLE_LIMITS})
    limits = {0: P100_LIMITS if "P100" in capture.name else P150_LIMITS}
    return Host(root=root, system=system_of(chip), limits=limits)


def _place(capture: Capture, host: Host) -> None:
    """The file with the mode it had, the processes that lived, and the clocks of that moment."""
    truth = capture.truth
    files = [file for file in truth.get("regions", [truth]) if file["shm_file"].endswith(capture.file_name)]
    host.put(capture.data, capture.file_id, int(files[0].get("mode", "600").removeprefix("0o"), 8))
    host.now_ns = truth.get("captured_realtime_ns", truth.get("realtime_ns", AFTER_ALL_CAPTURES_NS))
    host.monotonic_ns = truth.get("captured_monotonic_ns", host.monotonic_ns)
    names = {process["pid"]: process["comm"].encode("latin-1") for process in truth.get("recorded", [])}
    live = truth.get("live_pids", [truth["pid"]] if "pid" in truth else [])
    for pid in live:
        host.run(pid, "placeholder", age_s=60)
        (host.proc / str(pid) / "comm").write_bytes(names.get(pid, b"python")[:15] + b"\n")


def test_every_capture_is_in_the_table() -> None:
    assert sorted(EXPECTED) == sorted(captures())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_findings_fit_what_was_recorded(name: str, tmp_path: Path) -> None:
    capture = captures()[name]
    host = _host(capture, tmp_path)
    _place(capture, host)
    assert host.summary() == sorted(EXPECTED[name])


WITH_ALLOCATOR = sorted(name for name, capture in captures().items() if "memory_view" in str(capture.truth))


@pytest.mark.parametrize("name", WITH_ALLOCATOR)
def test_what_the_runtime_published_is_what_its_allocator_reserved(name: str, tmp_path: Path) -> None:
    capture = captures()[name]
    host = _host(capture, tmp_path)
    _place(capture, host)
    processes = capture.truth.get("processes", {"the only one": capture.truth}).values()
    # What a process of an earlier step says about itself is as old as that step.
    current = [
        process
        for process in processes
        if "live_pids" not in capture.truth or process["pid"] in capture.truth["live_pids"]
    ]
    documents = [
        {
            "pid": statistics["pid"],
            "device": statistics["caps"]["ids"],
            "memory_view": statistics["memory_view"],
        }
        for statistics in current
    ]
    if documents:
        host.allocator = json.dumps(documents).encode()
    # Nothing beyond what is found without the allocator: 72 banks of L1 with slow dispatch, 64 with fast.
    assert host.summary() == sorted(EXPECTED[name])


def test_the_ghost_is_the_process_that_was_killed(tmp_path: Path) -> None:
    capture = captures()["v3-ghost"]
    host = _host(capture, tmp_path)
    _place(capture, host)
    (ghost,) = host.verify().all_findings
    (killed,) = (process for process in capture.truth["recorded"] if process["fate"].startswith("SIGKILLed"))
    assert ghost.evidence["pid"] == killed["pid"] == capture.truth["dead_pids"][0]
    assert ghost.evidence["name"] == "killed-proc"
    held = {op["type"].lower(): op["size"] for op in killed["ops"]}
    assert {name: ghost.evidence[name] for name in held} == held
    assert "512.0 MiB of DRAM" in ghost.message


def test_seen_from_the_host_a_container_s_pids_are_not_ghosts(tmp_path: Path) -> None:
    capture = captures()["v3pidns-two"]
    host = _host(capture, tmp_path)
    host.put(capture.data, capture.file_id)
    host.now_ns = capture.truth["captured_realtime_ns"]
    for pid, comm in ((2, "kthreadd"), (3, "pool_workqueue_")):
        host.run(pid, comm, age_s=90_000)
    assert host.summary() == ["TTS053 inconclusive"] * 2


def test_the_ids_of_these_tests_are_those_of_the_captures() -> None:
    assert captures()["v1-two"].file_id == str(BOARD_ID << 8 | 1)
    assert captures()["v3-two"].file_id == str(UNIQUE_ID)
