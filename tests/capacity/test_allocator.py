"""Allocatable memory is what ttnn 0.81.1's allocator hands out, to the byte."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.reading import allocator_records, runtime_records
from tests.grids import capacity_of
from ttinspect.capacity.settings import make_settings, parse_grid
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.examples import example_named
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch, Board
from ttinspect.model.capacity import ChipCapacity, Dispatch
from ttinspect.model.chip import Chip, Masks


def chip(arch: Arch, board: Board | None, masks: Masks) -> Chip:
    return Chip(
        id=0,
        arch=arch,
        soc=builtin_soc(arch),
        board=board,
        board_name=None,
        board_id=None,
        unique_id=None,
        asic_location=0,
        noc_translation=True,
        masks=masks,
    )


def _chip_of(board: str) -> Chip:
    if board == "8xp150":  # one harvested column where a p150 has two
        masks = Masks(tensix=0x10, dram=0, eth=0x120, pcie=2, l2cpu=0)
        return chip(Arch.BLACKHOLE, Board("p150"), masks)
    example = example_named(board)
    assert example is not None
    return chip(example.arch, example.board, example.chips[0].masks)


def _figures(capacity: ChipCapacity) -> dict[str, Any]:
    return {
        "l1": {"banks": capacity.l1.banks, "bytes_per_bank": capacity.l1.bank_bytes},
        "dram": {"banks": capacity.dram.views, "bytes_per_bank": capacity.dram.view_bytes},
        "l1_small": {"banks": capacity.l1_small.banks, "bytes_per_bank": capacity.l1_small.bank_bytes},
        "trace": {"banks": capacity.trace.banks, "bytes_per_bank": capacity.trace.bank_bytes},
    }


def _record_id(record: dict[str, Any]) -> str:
    sizes = f"{record['l1_small_size']}-{record['trace_region_size']}"
    return f"{record['board']}-{record['dispatch']}-{sizes}"


@pytest.mark.parametrize("record", allocator_records(), ids=_record_id)
def test_banks_and_bytes_equal_the_allocators(record: dict[str, Any]) -> None:
    settings = make_settings(
        dispatch=Dispatch(record["dispatch"]),
        l1_small=record["l1_small_size"],
        trace_region=record["trace_region_size"],
    )
    capacity = capacity_of(_chip_of(record["board"]), settings)
    if "error" in record:  # the device does not open
        assert all(figure is None for part in _figures(capacity).values() for figure in part.values())
        assert capacity.l1.compute_grid is None
        assert capacity.l1.allocatable is capacity.dram.allocatable is None
        return
    assert capacity.l1.compute_grid == tuple(record["compute_grid"])
    assert _figures(capacity) == {part: record[part] for part in ("l1", "dram", "l1_small", "trace")}


def _release_id(record: dict[str, Any]) -> str:
    return f"{record['runtime']}-{record['board']}-{record['dispatch']}-{record['trace']}"


@pytest.mark.parametrize("record", runtime_records(), ids=_release_id)
def test_banks_and_bytes_equal_those_of_every_public_release(record: dict[str, Any]) -> None:
    settings = make_settings(
        runtime=record["runtime"],
        dispatch=Dispatch.AUTO if record["dispatch"] == "fast" else Dispatch.SLOW,
        l1_small=record["l1_small"],
        trace_region=record["trace"],
    )
    capacity = capacity_of(_chip_of(record["board"]), settings)
    assert [capacity.l1.banks, capacity.l1.bank_bytes] == record["l1"]
    assert [capacity.dram.views, capacity.dram.view_bytes] == record["dram"]
    if "compute_grid" in record:
        assert capacity.l1.compute_grid == tuple(record["compute_grid"])
    if "l1_small_view" in record:
        assert [capacity.l1_small.banks, capacity.l1_small.bank_bytes] == record["l1_small_view"]
        assert [capacity.trace.banks, capacity.trace.bank_bytes] == record["trace_view"]


BOARD_OF_CAPTURE = {
    "mockN150": "n150",
    "fastN300": "n300",
    "fastP100": "p100",
    "multiP150": "p150",
    "simwh": "n150",
}


def test_banks_and_bytes_equal_the_memory_views_of_real_runs(shared: Path) -> None:
    compared = 0
    for path in sorted((shared / "regions").glob("real-*.json")):
        view = json.loads(path.read_text()).get("memory_view")
        if not view:
            continue
        board = BOARD_OF_CAPTURE[path.stem.split("-")[1]]
        fast = path.stem.split("-")[1].startswith("fast")
        settings = make_settings(
            dispatch=Dispatch.AUTO if fast else Dispatch.SLOW,
            l1_small=32768,
            trace_region=50_000_000 if fast else 1_048_576,
        )
        figures = _figures(capacity_of(_chip_of(board), settings))
        assert figures == {
            part: {
                "banks": view[part.upper()]["num_banks"],
                "bytes_per_bank": view[part.upper()]["total_bytes_per_bank"],
            }
            for part in figures
        }, path.stem
        compared += 1
    assert compared >= 15


def test_an_override_of_the_core_grid_leaves_what_ttnn_left() -> None:
    """By hand, with ttnn 0.81.1 and TT_METAL_CORE_GRID_OVERRIDE_TODEPRECATE=3,4 on a mocked N150: 20 banks in
    fast dispatch; 72 in slow, where it is not looked at; 9,9 is fatal."""
    l1 = capacity_of(_chip_of("n150"), make_settings(core_grid=(4, 5))).l1
    assert (l1.compute_grid, l1.banks, l1.bank_bytes) == ((4, 5), 20, 1_393_312)
    for settings in (
        make_settings(core_grid=(10, 10)),
        make_settings(core_grid=(4, 5), dispatch=Dispatch.SLOW),
    ):
        with pytest.raises(InspectError) as refused:
            capacity_of(_chip_of("n150"), settings)
        assert refused.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("text", ["", "8", "0x7", "8x", "8x8x8", "ax7", "8,8"])
def test_what_is_no_core_grid_is_refused(text: str) -> None:
    assert parse_grid("8X7", "--core-grid") == (8, 7)
    with pytest.raises(InspectError):
        parse_grid(text, "--core-grid")
