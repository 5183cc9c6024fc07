"""``programs`` as scripts and people use it."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.graphs import Made, graphs, write_database, write_report

PAIR = ("n150-normal", "n150-dry")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """The two runs of one script."""
    return write_report(tmp_path, PAIR[0]), write_report(tmp_path, PAIR[1])


def test_the_json_has_the_contract(run: Run, pair: tuple[str, str]) -> None:
    document: dict[str, Any] = json.loads(run("programs", pair[0], "--json").stdout)
    assert document["schema"] == "ttinspect.programs.v1"
    assert document["source"] == {"kind": "report", "detail": pair[0], "live": False, "example": False}
    (capture,) = document["captures"]
    contract = {
        "file", "mode", "programs", "peak", "highest_end", "source", "runtime", "arch", "banks", "bank_bytes",
        "l1_base_bytes", "l1_small_bytes", "rank", "snapshots", "earlier", "operations", "tightest",
    }  # fmt: skip
    assert contract <= capture.keys()
    assert {"index", "op", "cache_hit", "complete", "chips", "records"} <= capture["programs"][0].keys()
    assert capture["programs"][0]["chips"] == [
        {"device": 0, "cores": 64, "max_per_core": 12_288, "total": 786_432}
    ]
    assert capture["programs"][0]["records"] == {"circular": 3, "dataflow": 0, "scratchpad": 0}
    assert {"program", "max_per_core", "total"} <= capture["peak"].keys()
    assert {
        "index", "id", "name", "l1_after_bytes", "l1_peak_bytes", "program_bytes", "headroom_bytes", "error",
    } <= capture["operations"][0].keys()  # fmt: skip
    assert (capture["tightest"], capture["operations"][capture["tightest"]]["name"]) == (5, "ttnn.untilize")


def test_the_console_script_joins_the_two_runs(cold_run: Run, pair: tuple[str, str]) -> None:
    done = cold_run("programs", pair[0], "--dry", pair[1], "--json")
    assert done.returncode == 0
    (capture,) = json.loads(done.stdout)["captures"]
    truth = graphs()["report_truth"][" with ".join(PAIR)]["operations"]
    assert [each["headroom_bytes"] for each in capture["operations"]] == [
        each["headroom_bytes"] for each in truth
    ]
    assert (capture["file"], capture["dry"]) == pair


@pytest.mark.parametrize(
    ("asked", "files", "code", "last"),
    [
        ("1000K", PAIR, 0, "PASS  at least 1,024,000 bytes of headroom everywhere  (exit 0)"),
        ("1110688", PAIR, 0, "PASS  at least 1,110,688 bytes of headroom everywhere  (exit 0)"),
        ("1110689", PAIR, 10, "FAIL  less than 1,110,689 bytes of headroom, or failed: 6 ttnn.layer_norm"),
        ("64K", PAIR[:1], 11, "INCONCLUSIVE  the headroom is not known of 1 ttnn.matmul,"),
        ("2M", PAIR[:1], 10, "FAIL"),
    ],
)
def test_min_headroom_is_for_ci(
    run: Run, pair: tuple[str, str], asked: str, files: tuple[str, ...], code: int, last: str
) -> None:
    dry = ["--dry", pair[1]] if len(files) > 1 else []
    done = run("programs", pair[0], *dry, "--min-headroom", asked, COLUMNS="200")
    assert done.returncode == code
    assert done.stdout.splitlines()[-1].startswith(last)


def test_what_failed_for_want_of_memory_has_no_headroom(
    run: Run, pair: tuple[str, str], tmp_path: Path
) -> None:
    names = [each["name"] for each in graphs()["report_truth"][PAIR[0]]["operations"]]
    text = (
        "TT_FATAL @ /project/tt_metal/impl/allocator/bank_manager.cpp:514: false\ninfo:\nOut of Memory: Not "
        "enough space to allocate 268435456 B L1 buffer across 64 banks, where each bank needs to store "
        "4194304 B, but bank size is 1376928 B\nbacktrace:\n --- tt::tt_metal::BankManager"
    )
    for number, message in ((7, text), (8, "The width must be equal")):
        calls: list[dict[str, Any]] = [{"name": name} for name in names]
        calls[number]["error"] = {"type": "RuntimeError", "message": message}
        (tmp_path / "n150-normal.python_io.json").write_text(json.dumps(calls))
        done = run("programs", pair[0], "--dry", pair[1], "--min-headroom", "1K", COLUMNS="200")
        assert done.returncode == (10 if number == 7 else 11)
        if number == 7:
            assert (
                "Failed: operation 7, ttnn.add: Out of Memory: Not enough space to allocate 268435456 B L1 "
                "buffer across 64 banks" in " ".join(done.stdout.split())
            )
            (capture,) = json.loads(run("programs", pair[0], "--json").stdout)["captures"]
            assert capture["operations"][7]["error"] == text


def test_what_a_mode_leaves_out_is_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "softmax.json"
    path.write_text(json.dumps(graphs()["captures"]["op-softmax-NORMAL-0"]))
    table = " ".join(run("programs", str(path)).stdout.split())
    assert "1 of 1 program has no record (?) and may hold anything" in table
    assert "Peak of programs: unknown" in table


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize("name", sorted(graphs()["reports"]))
def test_tables_fit_the_terminal(run: Run, tmp_path: Path, name: str, width: str) -> None:
    done = run("programs", write_report(tmp_path, name), COLUMNS=width)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= int(width)


def test_the_csv_has_a_row_for_each_operation_and_program(run: Run, pair: tuple[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("programs", pair[0], "--format", "csv").stdout)))
    assert [row["what"] for row in rows] == ["operation"] * 12 + ["program"] * 11
    assert (rows[1]["name"], rows[1]["headroom_bytes"]) == ("ttnn.matmul", "")
    assert (rows[12]["name"], rows[12]["max_per_core"]) == ("BinaryNgDeviceOperation", "12288")


def test_the_svg_draws_tensors_programs_and_cores(run: Run, pair: tuple[str, str]) -> None:
    picture = run("programs", pair[0], "--dry", pair[1], "--format", "svg").stdout
    root = ElementTree.fromstring(picture)
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "6 ttnn.layer_norm: tensors 22.0 KiB, programs 232.0 KiB" in titles
    assert "7,0: 237,568 bytes" in titles


def test_text_pictures_show_what_lies_where(run: Run, tmp_path: Path) -> None:
    made = Made()
    made.start("ttnn.op")
    made.program()
    made.circular("{[0-0 - 1-0]}", 8192)
    made.circular("{[1-0 - 1-1]}", 4096)
    made.end("ttnn.op")
    table = run("programs", made.write(tmp_path / "made.json")).stdout
    assert "  y   0  1\n  0   =  #\n  1      +\n" in table
    assert " bytes: # 12,288   = 8,192   + 4,096\n" in table


def test_many_operations_are_shown_by_the_tightest(run: Run, tmp_path: Path) -> None:
    path = write_report(tmp_path, PAIR[1])
    document = json.loads(Path(path).read_text())
    graph, length = document["graph"], len(document["graph"])
    document["graph"] = [
        {
            **node,
            "counter": node["counter"] + length * turn,
            "connections": [name + length * turn for name in node["connections"]],
        }
        for turn in range(50)
        for node in graph
    ]
    Path(path).write_text(json.dumps(document))
    table = run("programs", path).stdout
    assert len(table.splitlines()) < 120
    assert "more with more headroom: all are in --format csv" in table


def test_several_files_and_ranks_are_told_apart(run: Run, tmp_path: Path) -> None:
    files = [write_report(tmp_path, "n150-normal"), write_database(tmp_path, "n150-detail")]
    table = run("programs", *files, COLUMNS="200").stdout.splitlines()
    assert f"{files[0]} rank 0" in table
    assert f"{files[1]} rank 0" in table


@pytest.mark.parametrize("arguments", [(), ("nowhere.json",), ("--dry", "x.json")])
def test_a_missing_file_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("programs", *arguments, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["exit_code"] == 2


def test_a_capture_is_read_from_standard_input(run: Run) -> None:
    nodes = json.dumps(graphs()["captures"]["gen-disjoint"])
    (capture,) = json.loads(run("programs", "-", "--json", stdin=nodes).stdout)["captures"]
    assert (capture["file"], capture["source"]) == ("standard input", "capture")
