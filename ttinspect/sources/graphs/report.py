"""Bare captures and reports of ttnn: the JSON that end_graph_capture and end_graph_capture_to_file give.

Most of a report with snapshots is pages, which nobody needs here: they are passed over unread.
"""

from typing import Any, BinaryIO, TypeVar

import msgspec

from ttinspect.capacity.graph import follow
from ttinspect.errors import InspectError
from ttinspect.model.arch import Arch
from ttinspect.model.graph import (
    BufferLife,
    CaptureKind,
    DeviceFacts,
    Graph,
    Node,
    RaisedError,
    Recorded,
    Snapshot,
)
from ttinspect.sources.graphs.kinds import REPORT_KEYS
from ttinspect.sources.graphs.pieces import OtherLayoutError, Pieces, elements, entries, whole

T = TypeVar("T")
L1_BUFFER_TYPE = 1
_HINT = (
    "name what ttnn.graph.end_graph_capture or end_graph_capture_to_file gave, a db.sqlite, or their folder"
)
_NODES: msgspec.json.Decoder[list[Node]] = msgspec.json.Decoder(list[Node], strict=False)


class _Metadata(msgspec.Struct, frozen=True):
    """Who wrote a report."""

    version: str | None = None
    rank: int | None = None


class _Device(msgspec.Struct):
    """A device of a report; a mesh is one of them."""

    l1_num_banks: int
    l1_bank_size: int
    worker_l1_size: int
    address_at_first_l1_cb_buffer: int
    device_id: int | None = None
    arch: str | None = None


class _Buffer(msgspec.Struct):
    """A buffer of a snapshot."""

    address: int
    max_size_per_bank: int
    buffer_type: int
    device_id: int | None = None


class _Facts:
    """What a report says beside its graph."""

    def __init__(self) -> None:
        self.graph: Graph | None = None
        self.devices: tuple[_Device, ...] = ()
        self.metadata = _Metadata()
        self.first: tuple[int, tuple[_Buffer, ...]] | None = None

    def snapshot(self, counter: bytes, buffers: bytes) -> None:
        """Keep the earliest snapshot."""
        at = int(counter)
        if self.first is None or at < self.first[0]:
            self.first = (at, msgspec.json.decode(buffers, type=tuple[_Buffer, ...]))


def read_json(stream: BinaryIO, name: str, sidecar: bytes | None = None) -> Recorded:
    """A bare capture or a report; ``sidecar`` is the text of the python_io.json beside it.

    Raises:
        InspectError: 2 for what is neither.
    """
    start = stream.tell()
    try:
        try:
            facts = _streamed(stream)
        except (OtherLayoutError, msgspec.MsgspecError, ValueError):
            stream.seek(start)
            facts = _decoded(stream.read(), name)
        errors = () if sidecar is None or facts.graph is None else _errors(facts.graph, sidecar)
    except RecursionError:
        raise InspectError(name, "it nests too deep", _HINT) from None
    except msgspec.ValidationError as error:
        raise InspectError(name, f"it is no capture of ttnn: {error}", _HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InspectError(name, "it is not valid JSON", _HINT) from None
    except InspectError as error:
        raise InspectError(f"{name}, {error.what}", error.why, error.next_step) from None
    if facts.graph is None:
        raise InspectError(name, "this JSON has no graph: it is no capture and no report of ttnn", _HINT)
    version = facts.metadata.version
    return Recorded(
        file=name,
        kind=CaptureKind.REPORT if facts.devices else CaptureKind.CAPTURE,
        graph=facts.graph,
        device=_device(facts.devices, facts.graph),
        runtime=None if version is None else f"ttnn-{version}",
        rank=facts.metadata.rank,
        snapshot=_snapshot(facts.first),
        snapshots=facts.first is not None,
        errors=errors,
    )


def _streamed(stream: BinaryIO) -> _Facts:
    pieces, facts = Pieces(stream), _Facts()
    if pieces.head.lstrip()[:1] == b"[":
        facts.graph = follow(map(_NODES.decode, elements(pieces.rest())))
        return facts
    for key, value in pieces.members(REPORT_KEYS):
        if key == "graph":
            facts.graph = follow(map(_NODES.decode, elements(value)))
        elif key == "devices":
            facts.devices = msgspec.json.decode(whole(value), type=tuple[_Device, ...])
        elif key == "metadata":
            facts.metadata = msgspec.json.decode(whole(value), type=_Metadata)
        elif key == "per_operation_buffers":
            for counter, buffers in entries(value):
                facts.snapshot(counter, buffers)
    return facts


class _Document(msgspec.Struct):
    """A report as a whole."""

    graph: list[Node] | None = None
    devices: tuple[_Device, ...] = ()
    metadata: _Metadata = _Metadata()
    per_operation_buffers: dict[str, msgspec.Raw] = {}


def _decoded(content: bytes, name: str) -> _Facts:
    """Whatever layout the document has."""
    facts = _Facts()
    stripped = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stripped[:1] not in (b"{", b"["):
        raise InspectError(name, "it is neither JSON nor a database", _HINT)
    if stripped[:1] == b"[":
        facts.graph = follow([_NODES.decode(stripped)])
        return facts
    document = msgspec.json.decode(stripped, type=_Document, strict=False)
    if document.graph is not None:
        facts.graph = follow([document.graph])
    facts.devices, facts.metadata = document.devices, document.metadata
    for counter, buffers in document.per_operation_buffers.items():
        facts.snapshot(counter.encode(), bytes(buffers))
    return facts


def arch_of(name: str | None, worker_l1_bytes: int) -> Arch | None:
    """The architecture by ttnn's name of it, else by what only its cores have of L1."""
    known = {each.value.upper(): each for each in Arch}
    by_size = {1_499_136: Arch.WORMHOLE_B0, 1_572_864: Arch.BLACKHOLE}
    return by_size.get(worker_l1_bytes) if name is None else known.get(name.upper())


def _device(devices: tuple[_Device, ...], graph: Graph) -> DeviceFacts | None:
    """The device that the buffers and programs name; the first where none of them does."""
    if not devices:
        return None
    named = {life.mesh for life in graph.buffers} | {program.mesh for program in graph.programs}
    device = next((each for each in devices if each.device_id in named), devices[0])
    return DeviceFacts(
        arch=arch_of(device.arch, device.worker_l1_size),
        banks=device.l1_num_banks,
        bank_bytes=device.l1_bank_size,
        l1_base_bytes=device.address_at_first_l1_cb_buffer,
        worker_l1_bytes=device.worker_l1_size,
    )


def _snapshot(first: tuple[int, tuple[_Buffer, ...]] | None) -> Snapshot | None:
    if first is None:
        return None
    return Snapshot(
        counter=first[0],
        buffers=tuple(
            BufferLife(
                mesh=each.device_id,
                born=None,
                died=None,
                address=each.address,
                bank_bytes=each.max_size_per_bank,
            )
            for each in first[1]
            if each.buffer_type == L1_BUFFER_TYPE
        ),
    )


class _Raised(msgspec.Struct):
    """An exception of a Python call."""

    message: str
    type: str | None = None


class _Call(msgspec.Struct):
    """A Python call of a sidecar."""

    name: str
    error: _Raised | None = None


def _errors(graph: Graph, sidecar: bytes) -> tuple[RaisedError, ...]:
    """The exceptions of a sidecar, each with its operation: the calls stand in the order of the operations,
    of which only the runtime's own (Tensor::deallocate) are missing."""
    names = [operation.name for operation in graph.operations]
    raised_errors, at = [], 0
    for call in msgspec.json.decode(sidecar, type=list[_Call]):
        place = next((i for i in range(at, len(names)) if names[i] == call.name), None)
        if place is None:
            continue
        at = place + 1
        if call.error is not None:
            raised_errors.append(RaisedError(operation=place, text=call.error.message))
    return tuple(raised_errors)


def cluster_descriptor_of(stream: BinaryIO) -> str | None:
    """The text of the cluster descriptor in a report, which is read no further than that; None where it has
    none.

    Raises:
        ValueError: it is no such JSON.
    """
    start = stream.tell()
    try:
        for key, value in Pieces(stream).members(REPORT_KEYS):
            if key == "cluster_descriptor":
                return _text(msgspec.json.decode(whole(value)))
    except (OtherLayoutError, msgspec.MsgspecError):
        stream.seek(start)
        document = msgspec.json.decode(stream.read(), type=dict[str, msgspec.Raw])
        if "cluster_descriptor" in document:
            return _text(msgspec.json.decode(document["cluster_descriptor"]))
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
