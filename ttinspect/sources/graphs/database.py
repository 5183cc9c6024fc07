"""Databases that ttnn's importer, or before 0.74 ttnn itself, writes for ttnn-visualizer.

Read-only, and by the tables and columns that are there: every release has others.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import quote

import msgspec

from ttinspect.capacity.graph import follow
from ttinspect.errors import InspectError
from ttinspect.model.graph import (
    BufferLife,
    CaptureKind,
    DeviceFacts,
    Graph,
    Node,
    OperationRows,
    OperationSpan,
    RaisedError,
    Recorded,
)
from ttinspect.sources.graphs.report import L1_BUFFER_TYPE, arch_of

T = TypeVar("T")
_Count = Annotated[int, msgspec.Meta(ge=0)]
_NODES: msgspec.json.Decoder[list[Node]] = msgspec.json.Decoder(list[Node], strict=False)
_HINT = "name a db.sqlite that ttnn wrote, or the report that it was made of"
_PAGES = ("buffer_chunks", "buffer_pages")
"""Where the pages of snapshots are; up to schema 2.1 each page has a row of its own."""

_BY_ADDRESS = ("buffer_allocate", "buffer_deallocate")


@contextlib.contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """A database that is only read: nothing is written beside it, no lock is taken. One with a write-ahead
    log that was not folded in yet is read from a copy, since sqlite would make files beside it."""
    with contextlib.ExitStack() as stack:
        log = f"{path}-wal"
        if os.path.exists(log) and os.path.getsize(log):  # noqa: PTH110, PTH202 - bytes that are no UTF-8
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ttinspect-"))
            copy = str(Path(folder, "db.sqlite"))
            shutil.copyfile(path, copy)
            shutil.copyfile(log, f"{copy}-wal")
            connection = sqlite3.connect(copy)
        else:
            uri = f"file:{quote(os.fsencode(os.path.abspath(path)))}?mode=ro&immutable=1"  # noqa: PTH100
            connection = sqlite3.connect(uri, uri=True)
        yield stack.enter_context(contextlib.closing(connection))


def read_database(path: str, name: str) -> list[Recorded]:
    """The captures of a database, one for each rank.

    Raises:
        InspectError: 2 for a database that holds no operations of ttnn, or is damaged.
    """
    try:
        with _opened(path) as connection:
            tables = _Tables(connection)
            if not {"operations", "captured_graph"} <= tables.columns.keys():
                raise InspectError(name, "this database has no operations and graphs of ttnn", _HINT)
            ranks: list[int | None] = [None]
            if "rank" in tables.columns["operations"]:
                distinct = connection.execute("SELECT DISTINCT rank FROM operations ORDER BY 1")
                ranks = [msgspec.convert(rank, int) for (rank,) in distinct]
            return [_Rank(tables, rank).recorded(name) for rank in ranks or [None]]
    except (sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InspectError(name, f"it cannot be read as a database of ttnn: {error}", _HINT) from None


class _DeviceRow(msgspec.Struct, frozen=True, array_like=True):
    device: int
    banks: _Count
    bank_bytes: _Count
    l1_base_bytes: _Count
    worker_l1_bytes: _Count


class _BufferRow(msgspec.Struct, frozen=True, array_like=True):
    operation: int
    device: int
    address: _Count
    bank_bytes: _Count


class _Tables:
    """The columns of every table that is there."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        self.columns = {
            table: {row[1] for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))}
            for table in names
        }


class _Rank:
    """What a database says about one rank; None where it has no ranks."""

    def __init__(self, tables: _Tables, rank: int | None) -> None:
        self._tables, self._rank = tables, rank
        ids = self._rows(tuple[int], "operations", "operation_id", order="operation_id")
        self._ids = [operation for (operation,) in ids]
        self._names = dict(self._rows(tuple[int, str | None], "operations", "operation_id", "name"))

    def _rows(
        self, kind: type[T], table: str, *columns: str, where: str = "", order: str = ""
    ) -> Iterator[T]:
        """Rows of this rank, as tuples of a kind, since a column of sqlite holds values of any type; none
        where a column is not there.

        Raises:
            msgspec.ValidationError: from the iterator, for a value of another type.
        """
        existing = self._tables.columns.get(table, set())
        if not existing.issuperset(columns):
            return iter(())
        conditions = [where] if where else []
        values: tuple[int, ...] = ()
        if self._rank is not None and "rank" in existing:
            conditions.append("rank = ?")
            values = (self._rank,)
        query = f"SELECT {', '.join(columns)} FROM {table}"
        query += f" WHERE {' AND '.join(conditions)}" if conditions else ""
        query += f" ORDER BY {order}" if order else ""
        rows = self._tables.connection.execute(query, values)
        return (msgspec.convert(row, kind, strict=False) for row in rows)

    def recorded(self, name: str) -> Recorded:
        spans: list[OperationSpan] = []
        graph = msgspec.structs.replace(follow(self._nodes(spans)), operations=tuple(spans))
        pages = (next(self._rows(tuple[int], table, "operation_id"), None) for table in _PAGES)
        version = dict(self._metadata()).get("version")
        return Recorded(
            file=name,
            kind=CaptureKind.DATABASE,
            graph=graph,
            device=self._device(graph),
            runtime=None if version is None else f"ttnn-{version}",
            rank=self._rank,
            snapshots=any(row is not None for row in pages),
            rows=tuple(self._operations()),
            errors=tuple(self._errors()),
        )

    def _metadata(self) -> Iterator[tuple[str, str]]:
        if {"key", "value"} <= self._tables.columns.get("report_metadata", set()):
            for key, value in self._tables.connection.execute("SELECT key, value FROM report_metadata"):
                yield str(key), str(value)

    def _nodes(self, spans: list[OperationSpan]) -> Iterator[Iterator[Node]]:
        """The nodes of each operation, numbered through. Each graph has its own numbers, and a deallocation
        may name a node of another graph: only the address says what is freed."""
        offset = 0
        columns = ("operation_id", "captured_graph")
        graphs = self._rows(tuple[int, str | None], "captured_graph", *columns, order="operation_id")
        following = next(graphs, None)
        for operation in self._ids:
            start, completed = offset, True
            while following is not None and following[0] <= operation:
                if following[0] == operation and following[1]:
                    nodes = _NODES.decode(following[1])
                    last = max((node.counter for node in nodes), default=0)
                    completed = not any(node.params and node.params.aborted for node in nodes)
                    yield _renumbered(nodes, offset)
                    offset += last + 1
                following = next(graphs, None)
            offset = max(offset, start + 1)
            name = str(self._names.get(operation) or "")
            spans.append(OperationSpan(name=name, start=start, end=offset - 1, completed=completed))

    def _device(self, graph: Graph) -> DeviceFacts | None:
        columns = (
            "device_id",
            "l1_num_banks",
            "l1_bank_size",
            "address_at_first_l1_cb_buffer",
            "worker_l1_size",
        )
        devices = list(self._rows(_DeviceRow, "devices", *columns))
        if not devices:
            return None
        named = {program.mesh for program in graph.programs}
        row = next((row for row in devices if row.device in named), devices[0])
        return DeviceFacts(
            arch=arch_of(None, row.worker_l1_bytes),
            banks=row.banks,
            bank_bytes=row.bank_bytes,
            l1_base_bytes=row.l1_base_bytes,
            worker_l1_bytes=row.worker_l1_bytes,
        )

    def _operations(self) -> Iterator[OperationRows]:
        rows: dict[int, list[BufferLife]] = {}
        equal: dict[BufferLife, BufferLife] = {}
        usable = True
        columns = ("operation_id", "device_id", "address", "max_size_per_bank")
        where = f"buffer_type = {L1_BUFFER_TYPE}"
        for row in self._rows(_BufferRow, "buffers", *columns, where=where):
            usable = usable and row.address != 0
            life = BufferLife(
                mesh=row.device, born=None, died=None, address=row.address, bank_bytes=row.bank_bytes
            )
            rows.setdefault(row.operation, []).append(equal.setdefault(life, life))
        has_buffers = "buffers" in self._tables.columns
        for operation in self._ids:
            buffers = tuple(rows.get(operation, ())) if usable and has_buffers else None
            name = str(self._names.get(operation) or "")
            yield OperationRows(id=operation, name=name, l1_rows=buffers)

    def _errors(self) -> Iterator[RaisedError]:
        places = {operation: place for place, operation in enumerate(self._ids)}
        for operation, text in self._rows(tuple[int, str | None], "errors", "operation_id", "error_message"):
            if operation in places:
                yield RaisedError(operation=places[operation], text=text or "")


def _renumbered(nodes: list[Node], offset: int) -> Iterator[Node]:
    """The nodes of one operation's graph in the numbering of all. Buffers are known by their address here:
    what a deallocation connects to may be the number of a node in another graph."""
    for node in nodes:
        if node.node_type in _BY_ADDRESS and node.params is not None:
            place = (node.params.address or 0) * 4096 + (node.params.device_id or 0)
            node.connections = (-place - 1,)
        if node.node_type != "buffer":
            node.counter += offset
            yield node
