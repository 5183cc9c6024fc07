"""``fit`` says yes exactly when the real ttnn allocates or runs: at the edge, found by bisection.

tests/data/edge-BOARD.json.xz are what tests/data/ttnn/edge.py recorded with ttnn 0.81.1 on mocked boards.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.reading import unpack
from ttinspect.answers.fit import FitAnswer, FitVerdict, build_fit
from ttinspect.answers.fit_places import places_of_system
from ttinspect.capacity.diagnosis import diagnose
from ttinspect.capacity.error_text import find_errors
from ttinspect.capacity.settings import make_settings
from ttinspect.capacity.tensor_specs import parse_tensor
from ttinspect.model.capacity import Dispatch
from ttinspect.model.memory_error import Cause
from ttinspect.sources.graphs.opening import read_captures
from ttinspect.sources.opening import open_source

BOARDS = ("n150", "p150", "n300")
RECORDED = {board: unpack(f"edge-{board}.json.xz") for board in BOARDS}


def _fit(recorded: dict[str, Any], spec: str, capture: Path | None = None) -> FitAnswer:
    system = open_source(f"board:{recorded['board']}")
    settings = make_settings(
        dispatch=Dispatch.SLOW if recorded["dispatch"] == "slow" else Dispatch.AUTO,
        l1_small=recorded["l1_small"],
    )
    specs = [parse_tensor(spec)]
    captures = [] if capture is None else read_captures(str(capture))
    return build_fit(places_of_system(system, settings), specs, captures)


@pytest.mark.parametrize("board", BOARDS)
def test_the_largest_tensor_of_each_family_fits_and_the_next_does_not(board: str) -> None:
    recorded = RECORDED[board]
    assert len(recorded["tensors"]) >= 16
    for family in recorded["tensors"]:
        assert _fit(recorded, family["largest"]).verdict is FitVerdict.FITS, family
        beyond = _fit(recorded, family["next"])
        assert beyond.verdict is FitVerdict.DOES_NOT_FIT, family
        (error,) = map(diagnose, find_errors(family["error"]))
        (tensor,) = beyond.tensors
        assert error.cause is beyond.cause is Cause.NEVER_FITS
        assert error.needed_bytes == tensor.bytes_per_bank
        # ttnn counts aligned pages in its error, and unaligned ones in the size of a tensor
        if ",tile," in family["next"]:
            assert error.buffer_bytes == tensor.buffer_bytes


PROGRAMS = [(board, program) for board in BOARDS for program in RECORDED[board]["programs"]]


@pytest.mark.parametrize(
    ("board", "program"),
    PROGRAMS,
    ids=lambda parameter: parameter if isinstance(parameter, str) else parameter["operation"],
)
def test_a_program_fits_exactly_beside_the_fillers_beside_which_it_ran(
    tmp_path: Path, board: str, program: dict[str, Any]
) -> None:
    recorded = RECORDED[board]
    x, y = recorded["grid"]
    capture = tmp_path / "dry.json"
    for more, nodes in enumerate(program["captures"]):
        tiles = program["largest"] + more
        if nodes is None:  # the operation itself refused, before it had a program
            assert "allocator's L1 span" in program["error"]
            continue
        capture.write_text(json.dumps([{**node, "counter": at} for at, node in enumerate(nodes)]))
        answer = _fit(recorded, f"1x1x{32 * x * y}x{32 * tiles},bfloat16,tile,l1", capture)
        assert answer.verdict is (FitVerdict.DOES_NOT_FIT if more else FitVerdict.FITS)
        if more:
            (error,) = map(diagnose, find_errors(program["error"]))
            assert answer.programs is not None
            assert error.cause is answer.cause is Cause.CLASH
            assert (error.lowest_buffer, error.short_bytes) == (answer.lowest_buffer, answer.short_bytes)
            assert error.program_end == answer.programs.end
