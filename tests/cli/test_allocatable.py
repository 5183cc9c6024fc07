"""By what memory, list and verify-shm divide: the user says it, or the allocator itself; every table names it."""

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.verify.build import MIB, Bytes, RegionSpec, SlotSpec

L1_SMALL = 32_768
BANKS, BANK_BYTES = 72, 1_360_544
"""What the allocator of an N150 says that was opened with slow dispatch and this L1_SMALL."""


def _banks(banks: int, size: int) -> dict[str, int]:
    return {"num_banks": banks, "total_bytes_per_bank": size, "total_bytes_allocated_per_bank": size}


@pytest.fixture
def n150(tmp_path: Path) -> tuple[str, ...]:
    """An N150 whose region holds 90 MiB of L1: more than fast dispatch leaves, and less than slow does."""
    held = Bytes(l1=90 * MIB - BANKS * 4_096, l1_small=BANKS * 4_096, dram=1 << 30)
    region = RegionSpec(version=3, slots=[SlotSpec(pid=2**22, held=held)], asic_id=0, updated=10**18)
    path = tmp_path / "shm" / "tt_device_0_memory"
    path.parent.mkdir()
    path.write_bytes(region.encode())
    path.chmod(0o600)
    view = {
        "L1": _banks(BANKS, BANK_BYTES), "L1_SMALL": _banks(BANKS, L1_SMALL),
        "DRAM": _banks(12, 1_072_603_136), "TRACE": _banks(12, 90_112),
    }  # fmt: skip
    (tmp_path / "dump.json").write_text(json.dumps({"device": 0, "dispatch": "slow", "memory_view": view}))
    return ("--from", "board:n150", "--shm-dir", str(path.parent))


def _over(run: Run, *arguments: str) -> list[str]:
    done = run("verify-shm", "--json", "--samples", "2", "--window", "0", *arguments)
    (region,) = json.loads(done.stdout)["regions"]
    return [finding["message"] for finding in region["findings"] if finding["id"] == "TTS042"]


def test_what_is_over_says_by_what_and_how_it_would_fit(run: Run, n150: tuple[str, ...]) -> None:
    (message,) = _over(run, *n150)
    assert "hand out 85.0 MiB on chip 0 (ttnn-0.81.1, tensix dispatch)" in message
    assert "Another dispatch mode has 100,318,464 bytes, and with that it fits." in message


def test_the_options_of_capacity_are_taken(run: Run, n150: tuple[str, ...]) -> None:
    assert not _over(run, *n150, "--dispatch", "slow", "--l1-small", "32K")
    done = run("memory", *n150, "--dispatch", "slow", "--runtime", "0.78", "--l1-small", "32K")
    assert done.stdout.splitlines()[1].startswith("Allocatable: ttnn-0.78")
    assert "slow dispatch" in done.stdout
    listed = json.loads(run("list", *n150, "--dispatch", "slow", "--json").stdout)["devices"][0]
    assert listed["l1_allocatable"] == BANKS * (BANK_BYTES + L1_SMALL)
    assert listed["allocatable_by"]["dispatch"] == "slow"


def test_the_allocator_is_believed_before_what_is_computed(
    run: Run, n150: tuple[str, ...], tmp_path: Path
) -> None:
    dump = ("--allocator", str(tmp_path / "dump.json"))
    assert not _over(run, *n150, *dump)
    capacity = json.loads(run("memory", *n150, *dump, "--json").stdout)["devices"][0]["capacity"]
    assert capacity["l1_allocatable"] == BANKS * (BANK_BYTES + L1_SMALL)
    assert capacity["dram_allocatable"] == 12 * (1_072_603_136 + 90_112)
    assert capacity["basis"]["allocator"] == ["l1", "dram"]
    assert capacity["basis"]["l1_banks"] == BANKS
    table = run("memory", *n150, *dump).stdout.splitlines()
    assert table[1] == "Allocatable: its own allocator, L1_SMALL and trace included"


def test_the_rows_of_a_list_say_by_what_they_divide(run: Run, n150: tuple[str, ...], tmp_path: Path) -> None:
    dump = ("--allocator", str(tmp_path / "dump.json"))
    for options, line, all_l1 in (
        ((), "All: what a chip has (physical)", "102.9 MiB"),
        (("--dispatch", "tensix"), "All: allocatable by ttnn-0.81.1, tensix dispatch", "85.0 MiB"),
        (("--dispatch", "slow"), "All: allocatable by ttnn-0.81.1, slow dispatch", "95.7 MiB"),
        (dump, "All: allocatable by its own allocator", "95.7 MiB"),
    ):
        source, divided, _, _, row, *_ = run("list", *n150, *options).stdout.splitlines()
        assert source.startswith("Source:")
        assert divided.startswith(line)
        assert f"90.0/{all_l1}" in row
    (cells,) = csv.DictReader(run("list", *n150, *dump, "--format", "csv").stdout.splitlines())
    assert int(cells["l1_allocatable"]) == BANKS * (BANK_BYTES + L1_SMALL)
    assert cells["allocatable_by"] == "its own allocator"
    (device,) = json.loads(run("list", *n150, *dump, "--json").stdout)["devices"]
    assert device["allocatable_by"]["allocator"] == ["l1", "dram"]


def test_a_chip_that_is_divided_by_something_else_is_named(
    run: Run, n150: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("--from", "board:galaxy-wh", *n150[2:], "--allocator", str(tmp_path / "dump.json"))
    lines = run("list", *words).stdout.splitlines()
    assert lines[1] == "All: allocatable by ttnn-0.81.1, slow dispatch, L1_SMALL and trace included"
    assert lines[2] == "     of chip 0 by its own allocator"


@pytest.mark.parametrize("command", ["list", "memory"])
def test_a_dump_that_changes_nothing_is_no_secret(
    run: Run, n150: tuple[str, ...], tmp_path: Path, command: str
) -> None:
    dump, summary = tmp_path / "dump.json", tmp_path / "memory_usage_summary.csv"
    dump.write_text(dump.read_text().replace('"device": 0', '"device": 7'))
    done = run(command, *n150, "--allocator", str(dump))
    assert done.returncode == 0
    assert "--allocator: no region belongs to the allocator statistics of device 7" in done.stderr
    summary.write_text(
        ", Total Allocatable Size (B), Total Allocated (B), Total Free (B), Largest Free Block (B)\n"
        ",1072603072,0,1072603072,1072603072\n,1376928,0,1376928,1376928\n,16384,0,16384,16384\n"
    )
    done = run(command, *n150, "--allocator", str(summary))
    assert "the file does not say how many banks there are" in done.stderr
    assert not run(command, *n150, "--allocator", str(summary), "--quiet").stderr


def test_l1_small_has_a_limit_of_its_own(run: Run, n150: tuple[str, ...]) -> None:
    (message,) = _over(run, *n150, "--dispatch", "slow", "--l1-small", "64")
    assert message.startswith(
        "288.0 KiB of L1_SMALL published, but tt-metal's allocator can hand out 4.5 KiB"
    )


@pytest.mark.parametrize("command", ["memory", "list", "verify-shm"])
def test_an_l1_small_that_cannot_be_is_refused(run: Run, n150: tuple[str, ...], command: str) -> None:
    done = run(command, *n150, "--l1-small", "2M")
    assert (done.returncode, done.stdout) == (2, "")
