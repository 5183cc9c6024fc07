"""``ttinspect fit``: what is said, and with which exit code."""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Run
from ttinspect.answers.fit import FitAnswer, FitVerdict, build_fit
from ttinspect.answers.fit_places import places_of_system
from ttinspect.capacity.settings import make_settings
from ttinspect.capacity.tensor_specs import parse_tensor
from ttinspect.errors import InspectError
from ttinspect.model.capacity import Dispatch
from ttinspect.sources.opening import open_source

DATA = Path(__file__).resolve().parent.parent / "data"
DUMP = DATA / "dumps" / "n150-detailed_memory_usage.csv"
N150 = ("--from", "board:n150", "--dispatch", "slow")
_EXIT = {"fits": 0, "does_not_fit": 10, "unknown": 11}


def _answer(run: Run, *words: str) -> dict[str, Any]:
    done = run("fit", *words, "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == _EXIT[answer["verdict"]], done.stderr
    jsonschema.validate(answer, json.loads(run("schema", "fit").stdout))
    return answer


def _tensors(*specs: str) -> list[str]:
    return [word for spec in specs for word in ("--tensor", spec)]


def test_a_tensor_that_fits_leaves_a_map_that_adds_up(run: Run) -> None:
    answer = _answer(run, *N150, *_tensors("1x1x4096x4096,bfloat16,tile,l1"))
    (tensor,) = answer["tensors"]
    assert (answer["verdict"], tensor["fits"], answer["short_bytes"]) == ("fits", True, 0)
    assert (tensor["buffer_bytes"], tensor["banks"]) == (33_554_432, 72)
    assert tensor["allocated_per_bank"] == 228 * 2048  # 16,384 tiles over 72 banks
    assert answer["bank"] == {
        "memory": "L1", "banks": 72, "bytes": 1_393_312, "allocated": 0, "free": 1_393_312, "largest": 1_393_312,
    }  # fmt: skip
    assert [part["what"] for part in answer["map"]] == ["firmware", "free", "buffers"]
    assert sum(part["bytes"] for part in answer["map"]) == 1_499_136
    assert answer["lowest_buffer"] == 1_499_136 - 228 * 2048


def test_each_fits_alone_but_not_all_together(run: Run) -> None:
    specs = ["1x1x4096x4096,bfloat16,tile,l1"] * 3
    answer = _answer(run, *N150, *_tensors(*specs))
    assert [tensor["fits"] for tensor in answer["tensors"]] == [True] * 3
    assert (answer["verdict"], answer["first_short"]) == ("does_not_fit", 2)
    assert answer["short_bytes"] == 3 * 228 * 2048 - 1_393_312
    text = " ".join(run("fit", *N150, *_tensors(*specs)).stdout.split())
    assert "behind the tensors before it, 7,520 bytes are missing in every L1 bank" in text


def test_the_banks_are_those_that_capacity_says(run: Run) -> None:
    words = ("--from", "board:p150", "--l1-small", "32K", "--trace-region", "50000000")
    spec = _tensors("64,float32,tile,l1", "64,float32,tile,dram")
    banks = {bank["memory"]: bank for bank in _answer(run, *words, *spec)["banks"]}
    capacity = json.loads(run("capacity", *words, "--json").stdout)["devices"][0]
    assert banks["L1"]["bytes"] == capacity["l1"]["bank_bytes"]
    assert banks["DRAM"]["bytes"] == capacity["dram"]["view_bytes"]
    assert (banks["L1"]["banks"], banks["DRAM"]["banks"]) == (110, 8)


@pytest.mark.parametrize(
    ("spec", "verdict", "text"),
    [
        ("1x1x48x48,bfloat16,tile,l1,block:2x3", "does_not_fit", "must be tile {32, 32} sized!"),
        ("64x64,bfloat16,tile,l1,block:2x2", "unknown", "fewer than 4 dimensions"),
        ("1x1x65536x65536,bfloat16,tile,l1", "does_not_fit", "it never fits, whatever is freed"),
    ],
)
def test_why_not_is_said_before_the_verdict(run: Run, spec: str, verdict: str, text: str) -> None:
    assert _answer(run, *N150, "--tensor", spec)["verdict"] == verdict
    done = run("fit", *N150, "--tensor", spec)
    assert text in " ".join(done.stdout.split())
    assert done.stdout.splitlines()[-1].startswith(verdict.upper().replace("_", " "))


def test_into_what_a_dump_has_left(run: Run) -> None:
    """65 tiles by 19 fill what is free, but not in one piece."""
    answer = _answer(run, "--allocator", str(DUMP), *_tensors("1x1x2048x18496,bfloat16,tile,l1"))
    assert answer["source"] is None
    assert answer["target"] | {"allocator": ""} == {
        "chips": [], "allocator": "", "operation": None, "arch": "wormhole_b0", "board": None,
        "compute_grid": [8, 8], "worker_l1_bytes": 1_499_136, "l1_base": 105_824, "l1_small": 16_384,
        "dispatch": None, "runtimes": ["ttnn-0.81.1"],
    }  # fmt: skip
    (tensor,) = answer["tensors"]
    assert tensor["allocated_per_bank"] == 64 * 578 * 2048 // 64
    assert (tensor["cause"], answer["short_bytes"]) == ("fragmented", 578 * 2048 - 1_180_320)
    assert tensor["freeing"] == {
        "blocks": [{"address": 1_180_320, "size_bytes": 24_576, "allocated": True}],
        "freed_bytes": 24_576,
        "piece_bytes": 1_180_320 + 24_576,
    }
    assert sum(part["bytes"] for part in answer["map"]) == 1_499_136
    assert len(answer["map"]) == 10


def test_the_sums_alone_tell_what_is_short_but_draw_no_map(run: Run, tmp_path: Path) -> None:
    view = {"num_banks": 64, "total_bytes_per_bank": 1_376_928, "total_bytes_allocated_per_bank": 131_072}
    small = {"num_banks": 64, "total_bytes_per_bank": 16_384, "total_bytes_allocated_per_bank": 0}
    for largest, verdict in ((1_180_320, "does_not_fit"), (1_245_856, "fits"), (None, "unknown")):
        l1 = view if largest is None else {**view, "largest_contiguous_bytes_free_per_bank": largest}
        (tmp_path / "a.json").write_text(json.dumps({"memory_view": {"L1": l1, "L1_SMALL": small}}))
        answer = _answer(run, "--allocator", "a.json", *_tensors("1x1x2048x18496,bfloat16,tile,l1"))
        assert (answer["verdict"], answer["map"]) == (verdict, [])


GRAPHS = (("add", 12_288), ("matmul", 163_840), ("softmax", 161_792))


@pytest.mark.parametrize(("op", "needed"), GRAPHS[::2])
def test_programs_count_against_the_lowest_buffer(
    run: Run, shared: Path, tmp_path: Path, op: str, needed: int
) -> None:
    shutil.copy(shared / "captures" / f"op-{op}-NO_DISPATCH-0.json", tmp_path / "dry.json")
    room = 1_393_312 - needed
    tiles = room // 2048
    for more, verdict in ((0, "fits"), (1, "does_not_fit")):
        spec = f"1x1x{32 * 72}x{32 * (tiles + more)},bfloat16,tile,l1"
        answer = _answer(run, *N150, *_tensors(spec), "--graph", "dry.json")
        assert answer["verdict"] == verdict
        assert answer["programs"]["extent_bytes"] == needed
        assert answer["programs"]["short_bytes"] == (more and 2048 - room % 2048)
        assert "programs" in [part["what"] for part in answer["map"]]


def test_a_capture_that_leaves_programs_out_does_not_say_that_they_fit(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    shutil.copy(shared / "captures" / "op-softmax-NORMAL-0.json", tmp_path / "normal.json")
    assert _answer(run, *N150, "--graph", "normal.json")["verdict"] == "unknown"
    assert "RunMode.NO_DISPATCH" in run("fit", *N150, "--graph", "normal.json").stdout.replace("\n", " ")


def test_what_is_no_question_is_refused(run: Run) -> None:
    done = run("fit", "--from", "masks:wormhole_b0", "--tensor", "32,bfloat16,tile,l1")
    assert done.returncode == 0
    done = run("fit", "--tensor", "32,bfloat16,tile", *N150)
    assert done.returncode == 2
    assert "3 parts" in done.stderr
    done = run("fit", *N150)
    assert (done.returncode, "nothing to fit" in done.stderr) == (2, True)


def _unlike(run: Run, tmp_path: Path) -> Path:
    """An n300 of which the first chip has a row more than it should."""
    document = json.loads(run("snapshot", "--from", "board:n300").stdout)
    system = document.get("system", document)
    system["chips"][0]["masks"]["tensix"] &= system["chips"][0]["masks"]["tensix"] - 1
    path = tmp_path / "unlike.json"
    path.write_text(json.dumps(document))
    return path


def test_chips_that_differ_are_answered_one_kind_after_the_other(run: Run, tmp_path: Path) -> None:
    words = ("--from", str(_unlike(run, tmp_path)), "--dispatch", "slow", *_tensors(SPEC_OF_72))
    answer = json.loads(run("fit", *words, "--json").stdout)
    assert [group["target"]["chips"] for group in answer["groups"]] == [[0], [1]]
    assert [group["verdict"] for group in answer["groups"]] == ["fits", "does_not_fit"]
    assert (answer["verdict"], answer["target"]["chips"]) == ("does_not_fit", [1])
    done = run("fit", *words)
    assert done.returncode == 10
    assert done.stdout.splitlines()[-1].startswith("DOES NOT FIT  on chip 1  ")
    rows = run("fit", *words, "--format", "csv").stdout.splitlines()
    assert [row.split(",", 1)[0] for row in rows] == ["chips", "0", "1"]


SPEC_OF_72 = f"1x1x{32 * 72}x{32 * 640},bfloat16,tile,l1"
"""640 tiles in each of 72 banks, 720 in each of 64: 1,474,560 of 1,393,312 bytes."""


def test_a_dump_of_another_chip_is_told(run: Run) -> None:
    dump = str(Path(__file__).parents[1] / "data" / "dumps" / "n150-detailed_memory_usage.csv")
    words = ("--allocator", dump, *_tensors("1x1x32x32,bfloat16,tile,l1"), "--json")
    same = json.loads(run("fit", "--from", "board:n150", *words).stdout)
    assert same["findings"] == []
    other = json.loads(run("fit", "--from", "board:p150", *words).stdout)
    (finding,) = other["findings"]
    assert (finding["id"], finding["evidence"]["kind"]) == ("TTS061", "arch")
    older = json.loads(run("fit", "--from", "board:n150", "--runtime", "0.68", *words).stdout)
    assert [finding["evidence"]["kind"] for finding in older["findings"]] == ["L1"]
    assert same["verdict"] == other["verdict"] == older["verdict"] == "fits"


def test_the_map_is_a_picture_too(run: Run) -> None:
    done = run("fit", *N150, *_tensors("1x1x4096x4096,bfloat16,tile,l1"), "--format", "svg")
    root = ElementTree.fromstring(done.stdout)
    widths = [int(box.attrib["width"]) for box in root.iter() if box.attrib.get("height") == "46"]
    assert (len(widths), sum(widths)) == (3, 760)


@pytest.mark.parametrize(
    "words", [("board:n150",), ("board:p150", "--l1-small", "32K"), ("board:galaxy-wh",)]
)
def test_capacity_draws_the_map_of_a_core(run: Run, words: tuple[str, ...]) -> None:
    answer = json.loads(run("capacity", "--from", *words, "--map", "--json").stdout)
    for device in answer["devices"]:
        assert sum(part["bytes"] for part in device["map"]) == device["l1"]["per_core"]
        free = [part["bytes"] for part in device["map"] if part["what"] == "free"]
        assert free == [device["l1"]["bank_bytes"]]
    assert run("capacity", "--from", *words, "--map").stdout.count("one core,") == 1


SYSTEM = open_source("board:n150")


def _fit(l1_small: int, *specs: str) -> FitAnswer:
    places = places_of_system(SYSTEM, make_settings(dispatch=Dispatch.SLOW, l1_small=l1_small))
    return build_fit(places, [parse_tensor(spec) for spec in specs], ())


@given(st.integers(0, 21_000), st.integers(1, 2000), st.integers(1, 2000), st.integers(1, 900))
@settings(deadline=None)
def test_what_does_not_fit_does_not_with_more_l1_small_or_a_larger_tensor(
    small: int, rows: int, tiles: int, more: int
) -> None:
    spec = f"1x1x{rows}x{32 * tiles},bfloat16,tile,l1"
    if _fit(64 * small, spec).verdict is FitVerdict.DOES_NOT_FIT:
        larger = f"1x1x{rows + more}x{32 * tiles},bfloat16,tile,l1"
        assert _fit(64 * small, larger).verdict is FitVerdict.DOES_NOT_FIT
        try:
            assert _fit(64 * (small + more), spec).verdict is FitVerdict.DOES_NOT_FIT
        except InspectError:
            assert 64 * (small + more) > 1_393_312
