"""Memory errors in logs, reports, sidecars and databases."""

import codecs
import io
import json
import sqlite3
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttinspect.capacity.error_text import ALONE_BYTES, WINDOW_BYTES
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_log_of_windows_is_read(tmp_path: Path, encoding: str) -> None:
    """PowerShell writes UTF-16 with a byte order mark, and line ends of its own."""
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    text = f"starting the model\r\n{CLASH}\r\n".encode(encoding)
    (tmp_path / "log").write_bytes(mark + text)
    assert _texts(tmp_path / "log") == [CLASH]


REFUSED = "LayerNorm streaming circular buffers require 4096 bytes, but only 2048 bytes of the allocator's L1 span are available"


@given(st.integers(0, 3 * WINDOW_BYTES), st.integers(1, 2 * WINDOW_BYTES))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_operations_refuse_is_found_wherever_a_piece_ends(
    tmp_path: Path, before: int, piece: int
) -> None:
    text = (
        "x" * before
        + f"\n{CLASH}\nTT_FATAL: {REFUSED}\nE  TT_FATAL @ a.cpp:5: a <= b\nE  info:\nE  {REFUSED}"
    )
    (tmp_path / "log").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(error_log, "_PIECE_BYTES", piece)
        assert _texts(tmp_path / "log") == [CLASH, REFUSED, REFUSED]


def test_a_short_text_may_be_the_sentence_of_an_operation_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"{REFUSED}\n")
    assert _texts(tmp_path / "log") == [REFUSED]
    (tmp_path / "log").write_text(f"{REFUSED}\n" + "x" * ALONE_BYTES)
    assert _texts(tmp_path / "log") == []


class _Endless(io.RawIOBase):
    """A log without an end, one line of it without an end, until the user interrupts."""

    def __init__(self, line: bytes, pieces: int) -> None:
        self.line, self.pieces = line, pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.pieces:
            raise KeyboardInterrupt
        self.pieces -= 1
        buffer[: len(self.line)] = self.line
        return len(self.line)


@pytest.mark.parametrize("line", [b"x" * 60_000, (f"TT_FATAL: {CLASH}\n" * 250).encode()])
def test_a_log_without_an_end_is_read_in_bounded_memory_until_the_user_interrupts(
    monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    stream = io.BufferedReader(_Endless(line, 12), buffer_size=65_536)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream, closed=False))
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_errors("-"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == line.count(b"Statically") * 12
    assert peak < 4_000_000


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
