"""The cluster descriptor in a report is a source like any other."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.graphs import graphs, write_database, write_report

NAME = "n300-mesh-normal"


@pytest.fixture
def report(tmp_path: Path) -> str:
    """A report, and beside it its descriptor as a file."""
    (tmp_path / "descriptor.yaml").write_text(graphs()["reports"][NAME]["cluster_descriptor"])
    return write_report(tmp_path, NAME)


@pytest.mark.parametrize("command", ["harvest", "capacity", "topology"])
def test_a_report_answers_as_its_cluster_descriptor(command: str, report: str, run: Run) -> None:
    answers = [
        json.loads(run(command, "--from", source, "--json").stdout) for source in (report, "descriptor.yaml")
    ]
    assert answers[0].pop("source") == {
        "kind": "report", "detail": report, "live": False, "example": False
    }  # fmt: skip
    assert answers[1].pop("source")["kind"] == "cluster_descriptor"
    assert answers[0] == answers[1]


def test_a_report_is_read_from_standard_input_and_from_its_folder(
    report: str, run: Run, tmp_path: Path
) -> None:
    expected = run("harvest", "--from", report, "--format", "csv").stdout
    piped = run("harvest", "--from", "-", "--format", "csv", stdin=Path(report).read_text())
    assert (piped.returncode, piped.stdout) == (0, expected)
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(report, folder)
    assert run("harvest", "--from", str(folder), "--format", "csv").stdout == expected
    write_report(folder, "n150-normal")
    refused = run("harvest", "--from", str(folder))
    assert refused.returncode == 2
    assert "different hosts: n150-normal.json, n300-mesh-normal.json" in refused.stderr


def test_pages_of_any_size_stand_before_the_descriptor(report: str, run: Run) -> None:
    expected = run("harvest", "--from", report, "--format", "csv").stdout
    page = '    {\n      "address": 1\n    }'
    pages = ",\n".join([page] * 2_500_000)
    text = Path(report).read_text()
    Path(report).write_text(f'{{\n  "buffer_pages": [\n{pages}\n  ],{text[1:]}')
    assert Path(report).stat().st_size > 64 * 1024 * 1024
    assert run("harvest", "--from", report, "--format", "csv").stdout == expected


def test_what_has_no_descriptor_is_told_so(run: Run, tmp_path: Path) -> None:
    database = run("harvest", "--from", write_database(tmp_path, "n150-dry"))
    assert (database.returncode, "has no cluster descriptor" in database.stderr) == (2, True)
    (tmp_path / "capture.json").write_text(json.dumps(graphs()["captures"]["gen-disjoint"]))
    capture = run("harvest", "--from", "capture.json")
    assert (capture.returncode, "ttinspect programs capture.json" in capture.stderr) == (2, True)
    (tmp_path / "report.json").write_text('{"graph": []}')
    assert "has no cluster_descriptor" in run("harvest", "--from", "report.json").stderr
