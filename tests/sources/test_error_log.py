"""Memory errors in logs, reports, sidecars and databases."""

import io
import json
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttinspect.capacity.error_text import WINDOW_BYTES
from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources import error_log
from ttinspect.sources.error_log import read_errors

CLASH = (
    "Statically allocated dataflow buffers in program 2 clash with L1 buffers on core range [0-0 - 7-3]. "
    "L1 buffer allocated at 114688 and static dataflow buffer region ends at 267616"
)
TOO_BIG = (
    "Statically allocated circular buffers on core range [0-0 - 3-3] grow to 1949024 B which is beyond max L1 "
    "size of 1499136 B"
)


def _texts(path: Path | str) -> list[str]:
    return [error.text for error in read_errors(str(path))]


@given(st.integers(0, 3 * WINDOW_BYTES), st.integers(1, 3 * WINDOW_BYTES), st.integers(1, 2 * WINDOW_BYTES))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_a_piece_of_a_log_ends_does_not_matter(
    tmp_path: Path, before: int, between: int, piece: int
) -> None:
    text = "x" * before + f"\n2026 | {CLASH}\n" + "y " * between + TOO_BIG + "\n" + CLASH
    (tmp_path / "log").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(error_log, "_PIECE_BYTES", piece)
        assert _texts(tmp_path / "log") == [CLASH, TOO_BIG, CLASH]


def test_standard_input_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CLASH.encode()), closed=False))
    assert _texts("-") == [CLASH]


def test_bytes_that_are_no_text_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff\xfe\0" * 1000 + CLASH.encode() + b"\x80\n")
    assert _texts(tmp_path / "log") == [CLASH]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report with the Python calls beside it, as ttnn writes them, and the database made of them."""
    (tmp_path / "report.json").write_text('{"version": 1, "graph": []}')
    calls = [
        {
            "name": "ttnn.softmax",
            "error": {"type": "RuntimeError", "message": f"TT_THROW @ x\ninfo:\n{CLASH}\nbacktrace:"},
        }
    ]
    (tmp_path / "report.python_io.json").write_text(json.dumps(calls))
    return tmp_path


def test_the_sidecar_of_a_report_is_read_with_it(report: Path) -> None:
    assert _texts(report / "report.json") == _texts(report / "report.python_io.json") == [CLASH]


def test_a_folder_of_a_report_is_its_sidecars(report: Path) -> None:
    assert _texts(report) == [CLASH]


def test_a_database_has_its_errors_in_a_table(shared: Path, tmp_path: Path) -> None:
    data = (shared / "reports" / "n150-normal.sqlite").read_bytes()
    (tmp_path / "db.sqlite").write_bytes(data)
    assert _texts(tmp_path / "db.sqlite") == []
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        row = "INSERT INTO errors (operation_id, operation_name, error_type, error_message) VALUES (1, 'a', 'b', ?)"
        database.execute(row, [f"info:\n{CLASH}"])
    database.close()
    assert _texts(tmp_path / "db.sqlite") == [CLASH]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InspectError) as refused:
        _texts(tmp_path / "nothing.log")
    assert refused.value.exit_code is ExitCode.USAGE
