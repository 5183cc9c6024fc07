"""Captures of any layout, size and kind; and files that are none."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import Made, graphs, write_database, write_report
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.graph import CaptureKind, Recorded
from ttinspect.sources.graphs import pieces, report
from ttinspect.sources.graphs.opening import read_captures


def read(path: str | Path) -> Recorded:
    (recorded,) = read_captures(str(path))
    return recorded


@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4])
@pytest.mark.parametrize("name", sorted(graphs()["reports"]))
def test_the_layout_of_a_report_does_not_matter(name: str, indent: int | None, tmp_path: Path) -> None:
    expected = read(write_report(tmp_path, name))
    assert expected.kind is CaptureKind.REPORT
    assert read(write_report(tmp_path, name, indent=indent)) == expected


@pytest.mark.parametrize("name", sorted(graphs()["reports"]))
@pytest.mark.parametrize("how", [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 3}], ids=str)
def test_a_report_is_never_in_memory_as_a_whole(
    name: str, how: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read(write_report(tmp_path, name))
    monkeypatch.setattr(report, "_decoded", None)  # the whole decoder
    path = tmp_path / "report.json"
    path.write_text(json.dumps(graphs()["reports"][name], **how))
    again = read(path)
    assert (again.graph, again.device, again.snapshot) == (expected.graph, expected.device, expected.snapshot)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 200)
    assert read(path) == again


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_report_that_is_cut_off_is_refused(indent: int | None, share: float, tmp_path: Path) -> None:
    text = json.dumps(graphs()["reports"]["n150-detail"], indent=indent)
    path = tmp_path / "report.json"
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(InspectError, match="not valid JSON"):
        read(path)


def test_a_key_of_a_report_inside_another_value_is_no_key_of_the_report(tmp_path: Path) -> None:
    document = graphs()["reports"]["n150-normal"]
    path = tmp_path / "report.json"
    inside = [{"pages": [{"a": 1}], "graph": [{"counter": 1, "node_type": "x"}]}]
    path.write_text(json.dumps(document))
    expected = read(path)
    rest = {key: value for key, value in document.items() if key != "buffer_pages"}
    for order in ({"buffer_pages": inside, **rest}, {**rest, "buffer_pages": inside}):
        for indent in (None, 2):
            path.write_text(json.dumps(order, indent=indent))
            assert read(path) == expected


@pytest.mark.parametrize("size", [64, 1000, 65_536])
def test_where_a_file_is_cut_into_pieces_does_not_matter(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_report(tmp_path, "n150-detail")
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(graphs()["reports"]["n150-detail"]["graph"]))
    expected = read(path), read(bare)
    monkeypatch.setattr(pieces, "PIECE_BYTES", size)
    assert (read(path), read(bare)) == expected


def test_the_order_of_the_keys_does_not_matter(tmp_path: Path) -> None:
    path = write_report(tmp_path, "n150-normal")
    expected = read(path)
    document = graphs()["reports"]["n150-normal"]
    Path(path).write_text(json.dumps(dict(reversed(document.items())), indent=2))
    assert read(path) == expected
    nodes = [dict(reversed(node.items())) for node in document["graph"]]
    Path(path).write_text(json.dumps({**document, "graph": nodes}))
    assert read(path) == expected


def test_text_that_looks_like_a_node_is_text(tmp_path: Path) -> None:
    made = Made()
    made.nodes[0]["arguments"] = ['}, {"arguments": [', '\n  "graph": [', "]}"]
    made.start("ttnn.a")
    made.end("ttnn.a")
    for indent in (None, 2):
        path = tmp_path / "capture.json"
        path.write_text(json.dumps(made.nodes * 400, indent=indent))
        assert len(read(path).graph.operations) == 400


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty"),
        ("hello", "neither JSON nor a database"),
        ("{}", "no graph"),
        ('{"arch": 1}', "no graph"),
        ("[1, 2]", "no capture of ttnn"),
        ('[{"counter": "x"}]', "no capture of ttnn"),
        ('[{"counter": 1, "node_type": "a"}', "not valid JSON"),
        ('{"graph": [{"counter": 1, "node_type": "a"}]', "not valid JSON"),
        ('[{"arguments": [], "counter": 1, "node_type": "a"}, {"arguments": [], "coun', "not valid JSON"),
        ("[" * 100_000, "nests too deep|no capture|not valid JSON"),
        ("SQLite format 3\0 and nothing more", "cannot be read as a database"),
    ],
)
def test_what_is_no_capture_is_refused(content: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(InspectError, match=why) as caught:
        read(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(path) in caught.value.what


@pytest.mark.parametrize(
    ("params", "why"),
    [({"size": 64}, "no core_range_set"), ({"size": 64, "core_range_set": "all"}, "no set of core ranges")],
)
def test_a_record_without_size_or_cores_is_refused(params: dict[str, Any], why: str, tmp_path: Path) -> None:
    made = Made()
    made.program()
    made.add("circular_buffer_allocate", 2, **params)
    with pytest.raises(InspectError, match=r"made\.json") as caught:
        read(made.write(tmp_path / "made.json"))
    assert why in caught.value.why


def test_reading_a_database_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = Path(write_database(tmp_path, "n150-normal"))
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE operations SET name = 'ttnn.renamed' WHERE operation_id = 1")
    writer.commit()
    files_before = {entry.name: entry.stat().st_mtime_ns for entry in tmp_path.iterdir()}
    assert len(files_before) == 3  # the writer's own log and index
    assert read(path).graph.operations[0].name == "ttnn.renamed"
    assert {entry.name: entry.stat().st_mtime_ns for entry in tmp_path.iterdir()} == files_before
    writer.close()
    before = sorted(tmp_path.iterdir())
    assert read(path).graph.operations[0].name == "ttnn.renamed"
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_without_ranks_and_metadata_is_read_too(tmp_path: Path) -> None:
    """Up to 0.73 ttnn wrote such databases itself."""
    path = write_database(tmp_path, "n150-normal")
    expected = read(path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE report_metadata")
    for table in ("operations", "buffers", "captured_graph", "devices", "errors", "buffer_chunks"):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "rank"]
        connection.execute(f"CREATE TABLE old AS SELECT {', '.join(columns)} FROM {table}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE old RENAME TO {table}")
    connection.commit()
    connection.close()
    older = read(path)
    assert (older.rank, older.runtime) == (None, None)
    assert (older.graph, older.rows, older.device) == (expected.graph, expected.rows, expected.device)


def test_a_database_with_several_ranks_gives_a_capture_for_each(tmp_path: Path) -> None:
    path = write_database(tmp_path, "n150-normal")
    expected = read(path)
    connection = sqlite3.connect(path)
    for table in ("operations", "buffers", "captured_graph", "devices"):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "rank"]
        connection.execute(f"INSERT INTO {table} SELECT {', '.join(columns)}, 1 FROM {table}")
    connection.execute("DELETE FROM buffers WHERE rank = 1 AND operation_id = 2")
    connection.commit()
    connection.close()
    first, second = read_captures(path)
    assert (first.rank, second.rank) == (0, 1)
    assert first == expected
    assert second.rows is not None
    assert expected.rows is not None
    assert second.rows[0] == expected.rows[0]
    assert second.rows[1].l1_rows == ()


def test_the_errors_of_a_database_are_those_of_its_operations(tmp_path: Path) -> None:
    path = write_database(tmp_path, "n150-normal")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO errors (operation_id, error_message) VALUES (3, 'Out of Memory: ...')")
    connection.commit()
    connection.close()
    assert [(error.operation, error.text) for error in read(path).errors] == [(2, "Out of Memory: ...")]


def test_the_errors_of_a_report_are_in_the_file_beside_it(tmp_path: Path) -> None:
    path = write_report(tmp_path, "n150-normal")
    names = [operation.name for operation in read(path).graph.operations]
    calls = [{"name": name, "arguments": {}} for name in names]
    calls[7] |= {"error": {"type": "RuntimeError", "message": "Out of Memory: ..."}}
    (tmp_path / "n150-normal.python_io.json").write_text(json.dumps(calls))
    assert [(error.operation, error.text) for error in read(path).errors] == [(7, "Out of Memory: ...")]


def test_a_folder_gives_the_reports_of_its_ranks_in_order(tmp_path: Path) -> None:
    for rank in (10, 9):
        path = Path(write_report(tmp_path, "n150-normal"))
        document = json.loads(path.read_text())
        document["metadata"] |= {"rank": rank, "world_size": 11}
        (tmp_path / f"graph_capture_{rank}_of_11.json").write_text(json.dumps(document, indent=2))
        path.unlink()
    (tmp_path / "graph_capture_9_of_11.python_io.json").write_text("[]")
    (tmp_path / "config.json").write_text("{}")
    write_database(tmp_path, "n150-dry")
    assert [recorded.rank for recorded in read_captures(str(tmp_path))] == [9, 10]


def test_a_folder_without_a_report_gives_its_database(tmp_path: Path) -> None:
    write_database(tmp_path, "n150-dry")
    (tmp_path / "config.json").write_text("{}")
    assert [recorded.kind for recorded in read_captures(str(tmp_path))] == [CaptureKind.DATABASE]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InspectError, match="no report and no database"):
        read_captures(str(tmp_path))


def test_snapshots_of_older_databases_have_a_row_for_each_page(tmp_path: Path) -> None:
    """Schema 2.1, as ttnn 0.72.0 writes it: buffer_pages instead of buffer_chunks."""
    path = write_database(tmp_path, "n150-detail")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE buffer_chunks RENAME TO buffer_pages")
    connection.commit()
    connection.close()
    assert read(path).snapshots
    assert not read(write_database(tmp_path, "n150-normal")).snapshots


@pytest.mark.parametrize("column", ["operations.operation_id", "operations.rank", "buffers.address",
    "buffers.max_size_per_bank", "devices.l1_num_banks", "captured_graph.captured_graph"])  # fmt: skip
@pytest.mark.parametrize("value", [None, "x", b"\xff", 1.5])
def test_a_value_of_another_type_in_a_database_is_refused(tmp_path: Path, column: str, value: object) -> None:
    """A column of sqlite holds values of any type, whatever its table declares."""
    path = write_database(tmp_path, "n150-normal")
    connection = sqlite3.connect(path)
    table, _, name = column.partition(".")
    if name == "rank" and value is None:
        value = "NULL"  # the column does not take it
    connection.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = 1", (value,))
    connection.commit()
    connection.close()
    if name == "captured_graph" and value is None:
        assert read(path).graph  # an operation without a graph
        return
    with pytest.raises(InspectError, match=r"db\.sqlite|sqlite") as caught:
        read(path)
    assert "cannot be read as a database of ttnn" in caught.value.why
