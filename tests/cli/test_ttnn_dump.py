"""Dumps of a real ttnn by ``ttnn_stats.dump``, read back: the allocator's own views, and what it then did.

Made by data/ttnn/dump.py with ttnn 0.81.1 on mocked boards: N150 in slow dispatch, P150, both chips of an N300.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from ttinspect.sources.allocator import read_allocator

DUMPS = Path(__file__).resolve().parent.parent / "data" / "dumps"
BOARDS = ("n150", "p150", "n300")
L1_BASE = {"n150": 105_824, "p150": 111_744, "n300": 105_824}  # of ttnn 0.81.1
SOFTMAX_BYTES = 161_792  # what a softmax of 1024 x 1024 holds on a core


def _truth(board: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((DUMPS / f"{board}-ttnn.truth.json").read_text())
    return truth


def _dump(board: str) -> str:
    return str(DUMPS / f"{board}-ttnn.json")


@pytest.mark.parametrize("board", BOARDS)
def test_a_dump_says_what_the_allocator_said(board: str) -> None:
    (statistics,) = read_allocator(_dump(board))
    truth = _truth(board)
    assert list(statistics.compute_grid or ()) == truth["grid"]
    assert statistics.l1_base_bytes == L1_BASE[board]
    for name, view in truth["views"].items():
        banks = getattr(statistics.memory_view, name.lower())
        assert {figure: getattr(banks, figure) for figure in view} == view
        if banks.blocks:
            free = [block.size_bytes for block in banks.blocks if not block.allocated]
            assert sum(block.size_bytes for block in banks.blocks) == view["total_bytes_per_bank"]
            assert sum(free) == view["total_bytes_free_per_bank"]
            assert max(free, default=0) == view["largest_contiguous_bytes_free_per_bank"]


@pytest.mark.parametrize("board", BOARDS)
def test_what_fits_beside_a_live_allocator_is_what_it_then_took(run: Run, board: str) -> None:
    edges = _truth(board)["edges"]
    specs = [word for edge in edges for word in ("--tensor", edge["spec"])]
    answer = json.loads(run("fit", "--allocator", _dump(board), *specs, "--json").stdout)
    assert [tensor["fits"] for tensor in answer["tensors"]] == [edge["fits"] for edge in edges]
    assert {edge["fits"] for edge in edges} == {True, False}


@pytest.mark.parametrize("board", BOARDS)
def test_the_programs_of_a_dump_count(run: Run, board: str) -> None:
    done = run("fit", "--allocator", _dump(board), "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["verdict"]) == (0, "fits")
    assert answer["programs"]["extent_bytes"] == SOFTMAX_BYTES
    assert answer["programs"]["end"] == L1_BASE[board] + SOFTMAX_BYTES


def test_a_tensor_that_leaves_the_programs_of_a_dump_no_room_does_not_fit(run: Run) -> None:
    """475 tiles are 972,800 of the 975,520 bytes below the lowest buffer: 2,720 are left for a softmax."""
    done = run("fit", "--allocator", _dump("n150"), "--tensor", "1x1x2304x15200,bfloat16,tile,l1", "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["tensors"][0]["fits"]) == (10, True)
    assert answer["programs"]["short_bytes"] == SOFTMAX_BYTES - 2_720


@pytest.mark.parametrize("command", ["memory", "list", "verify-shm"])
@pytest.mark.parametrize("board", BOARDS)
def test_other_commands_read_it_too(run: Run, tmp_path: Path, command: str, board: str) -> None:
    (tmp_path / "shm").mkdir()
    done = run(command, "--from", f"board:{board}", "--shm-dir", "shm", "--allocator", _dump(board), "--json")
    assert done.returncode in (0, 11), done.stderr  # 11: nothing is published here
    assert json.loads(done.stdout)["schema"] == f"ttinspect.{command}.v1"


def test_nothing_personal_is_in_a_dump() -> None:
    for board in BOARDS:
        environment = json.loads(Path(_dump(board)).read_text())["environment"]
        assert all(value.startswith("/home/user/") for value in environment.values() if "/" in value)
