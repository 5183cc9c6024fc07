"""From what a user names to captures: files and folders, by their content."""

import io
import os
import re
import sys
from typing import BinaryIO

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import document_name, open_regular, os_error, readable
from ttinspect.model.graph import Recorded
from ttinspect.sources.graphs.kinds import HEAD_BYTES, is_capture, is_database, is_report
from ttinspect.sources.graphs.report import cluster_descriptor_of, read_json

_SIDECAR = ".python_io.json"
_OF_RANKS = re.compile(r"_(\d+)_of_(\d+)\.json$")


def read_captures(path: str) -> list[Recorded]:
    """The captures of a file, of standard input (-), or of a folder: one for each rank.

    Raises:
        InspectError: 2 for what is no capture, 6 for what may not be read.
    """
    if path == "-":
        return [_read_stdin()]
    if os.path.isdir(path):  # noqa: PTH112 - bytes that are no UTF-8
        return [capture for file in files_in(path) for capture in read_captures(file)]
    name = readable(path)
    with open_regular(path) as stream:
        head = stream.read(HEAD_BYTES)
        if is_database(head):
            from ttinspect.sources.graphs.database import read_database

            return read_database(path, name)
        if not head.strip():
            raise InspectError(name, "it is empty", "name a capture, a report or a database of ttnn")
        stream.seek(0)
        return [read_json(stream, name, _sidecar(path))]


def _read_stdin() -> Recorded:
    if sys.stdin is None or sys.stdin.closed:
        raise InspectError("cannot read standard input", "it is closed", "pipe a capture into ttinspect")
    return read_json(io.BytesIO(sys.stdin.buffer.read()), document_name("-"))


def _sidecar(path: str) -> bytes | None:
    """The Python calls that ttnn wrote beside a report, where they are."""
    beside = f"{path.removesuffix('.json')}{_SIDECAR}"
    if beside == path or not os.path.isfile(beside):  # noqa: PTH113
        return None
    with open_regular(beside) as stream:
        return stream.read()


def files_in(folder: str) -> list[str]:
    """The files of a folder that a report is made of: its JSON, in the order of the ranks, which says more
    than a database; databases where there is none.

    Raises:
        InspectError: 2 where it holds neither, 6 where it may not be listed.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError as error:
        raise os_error(readable(folder), error) from None
    paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118
    files = [path for path in paths if os.path.isfile(path)]  # noqa: PTH113
    reports = [path for path in files if path.endswith(".json") and _is_graph(path)]
    if reports:
        return sorted(reports, key=_by_rank)
    databases = [path for path in files if is_database(_head(path))]
    if not databases:
        raise InspectError(
            readable(folder), "this directory has no report and no database of ttnn", "name a file of it"
        )
    return databases


def holds_captures(path: str) -> bool:
    """Whether a file or a folder is one that ``read_captures`` reads, by its first bytes."""
    if path == "-":
        return False
    if os.path.isdir(path):  # noqa: PTH112 - bytes that are no UTF-8
        try:
            return bool(files_in(path))
        except InspectError:
            return False
    if not os.path.isfile(path):  # noqa: PTH113
        return False
    head = _head(path)
    return is_report(head) or is_capture(head) or is_database(head)


def _by_rank(path: str) -> tuple[str, int]:
    rank = _OF_RANKS.search(path)
    return (path, 0) if rank is None else (path[: rank.start()], int(rank[1]))


def _head(path: str) -> bytes:
    try:
        with open_regular(path) as stream:
            return stream.read(HEAD_BYTES)
    except InspectError as error:
        if error.exit_code is ExitCode.PERMISSION:
            raise
        return b""


def _is_graph(path: str) -> bool:
    if path.endswith(_SIDECAR):
        return False
    head = _head(path)
    return is_report(head) or is_capture(head)


def read_descriptor(path: str, stream: BinaryIO | None = None) -> tuple[str, str]:
    """The text of the cluster descriptor in a report, or in the only report of a folder, and the path of
    that report; ``stream`` is read instead where it is given.

    Raises:
        InspectError: 2 where there is none, or one for each of several ranks.
    """
    if stream is None and os.path.isdir(path):  # noqa: PTH112 - bytes that are no UTF-8
        path = _report_in(path)
    name = document_name(readable(path))
    try:
        if stream is None:
            with open_regular(path) as file:
                descriptor = cluster_descriptor_of(file)
        else:
            descriptor = cluster_descriptor_of(stream)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise InspectError(name, "it is not valid JSON", "write the report anew") from None
    if descriptor is None:
        raise InspectError(
            name, "this report has no cluster_descriptor", "name the cluster descriptor of its host"
        )
    return descriptor, path


def _report_in(folder: str) -> str:
    """The report of a folder whose cluster descriptor stands for it."""
    files = [path for path in files_in(folder) if is_report(_head(path))]
    if files and len({read_descriptor(path)[0] for path in files}) == 1:
        return files[0]
    names = ", ".join(os.path.basename(path) for path in files)  # noqa: PTH119
    why = (
        f"it holds reports of different hosts: {names}"
        if files
        else "it holds no report, which has a descriptor"
    )
    raise InspectError(readable(folder), why, "name one of its files, or a cluster descriptor")
