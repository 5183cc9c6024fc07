"""From the nodes of a ttnn graph capture to its programs, operations and L1 buffers. Pure.

The nodes are taken one by one, so that a capture of any length needs no more memory than what it says.
Checked against ttnn 0.81.1: every program of the captures and every operation of the reports.
"""

import functools
import re
from collections.abc import Iterable

import msgspec

from ttinspect.capacity.cores import Held, chips_held, peak_cores
from ttinspect.errors import InspectError
from ttinspect.model.graph import (
    BufferLife,
    CoreHeld,
    Graph,
    Node,
    OperationSpan,
    Params,
    ProgramHeld,
    RecordCounts,
    RecordedTensor,
    RunMode,
)

_L1 = "L1"
_L1_TENSOR = "BufferType::L1,"
_ADDRESS = re.compile(r'"address":\s*(\d{1,18})')
_NOTHING = Params()
_KINDS = {"circular_buffer_allocate": 0, "dataflow_buffer_allocate": 1, "scratchpad_allocate": 2}


@functools.lru_cache(maxsize=256)
def _counted(circular: int, dataflow: int, scratchpad: int) -> RecordCounts:
    return RecordCounts(circular=circular, dataflow=dataflow, scratchpad=scratchpad)


def follow(parts: Iterable[Iterable[Node]]) -> Graph:
    """Everything that the nodes of one capture say about L1; they come in parts, one after the other.

    Raises:
        InspectError: 2 for a record whose size or cores are missing or no such thing.
    """
    followed = _Followed()
    taken = _TAKE.get
    for nodes in parts:
        for node in nodes:
            take = taken(node.node_type)
            if take is not None:
                take(followed, node)
    return followed.graph()


class _Buffer:
    """An L1 buffer node while the capture goes on."""

    __slots__ = ("address", "bank_bytes", "born", "died", "linked", "mesh", "size")

    def __init__(self, params: Params, linked: tuple[int, ...]) -> None:
        self.mesh, self.size, self.linked = params.device_id, params.size, linked
        self.address: int | None = None
        self.bank_bytes: int | None = None
        self.born: int | None = None
        self.died: int | None = None


_Call = tuple[int, Params, int | None]
"""A function_start that is still open: its stacking level, its params, and the operation it is in."""


class _Program:
    """A program while its records are read."""

    __slots__ = ("counter", "counts", "device_op", "end", "held", "mesh", "outer")

    def __init__(self, node: Node, calls: list[_Call]) -> None:
        self.counter = node.counter
        self.mesh = (node.params or _NOTHING).device_id
        self.outer = calls[0][1] if calls else None
        self.device_op: Params | None = None
        for _, params, _ in reversed(calls):
            if params.program_factory_type is not None:
                self.device_op = params
                break
        self.held: Held = {}
        self.counts = [0, 0, 0]
        self.end: int | None = None


class _Followed:
    """What the nodes so far come to."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self.starts: list[tuple[str, int]] = []
        self.ends: dict[int, int] = {}
        self.aborted: set[int] = set()
        self.programs: list[ProgramHeld] = []
        self.program: _Program | None = None
        self.most: tuple[int, int] | None = None  # bytes, index of the program
        self.cores: tuple[CoreHeld, ...] = ()
        self.buffers: dict[int, _Buffer] = {}
        self.finished: list[_Buffer] = []
        self.tensors: dict[int, tuple[RecordedTensor, int | None, str | None]] = {}
        self.specs: dict[RecordedTensor, RecordedTensor] = {}
        self.mode: RunMode | None = None
        self.last = 0

    def start(self, node: Node) -> None:
        level, calls, params = node.stacking_level, self.calls, node.params or _NOTHING
        while calls and calls[-1][0] >= level:
            calls.pop()
        operation = calls[0][2] if calls else None
        if level == 1:
            operation = len(self.starts)
            self.starts.append((params.name or "", node.counter))
        calls.append((level, params, operation))
        self.last = node.counter

    def end(self, node: Node) -> None:
        level, calls = node.stacking_level, self.calls
        operation = calls[0][2] if calls else None
        if operation is not None:
            if node.params is not None and node.params.aborted:
                self.aborted.add(operation)
            if level == 1:
                self.ends[operation] = node.counter
        while calls and calls[-1][0] >= level:
            calls.pop()
        self.last = node.counter

    def deallocate_all(self, node: Node) -> None:
        self.close()
        self.program = _Program(node, self.calls)

    def record(self, node: Node) -> None:
        params, kind = node.params or _NOTHING, _KINDS[node.node_type]
        if params.size is None or params.core_range_set is None or params.size < 0:
            raise InspectError(
                f"node {node.counter}, {node.node_type}",
                "it has no size or no core_range_set",
                "write the capture anew with ttnn.graph",
            )
        if self.program is None:  # a capture that began inside a program
            self.program = _Program(node, self.calls)
            self.program.mesh = None
        program = self.program
        program.counts[kind] += 1
        view = params.globally_allocated or params.borrows_memory
        if self.mode is None and (view or not params.address):
            self.mode = RunMode.NO_DISPATCH  # NORMAL has addresses, and leaves views on tensors out
        if view:
            return
        place = (params.device_id, params.core_range_set)
        program.held[place] = program.held.get(place, 0) + params.size
        if params.address:
            self.mode = RunMode.NORMAL
            program.end = max(program.end or 0, params.address + params.size)

    def execution(self, node: Node) -> None:
        self.mode = RunMode.NORMAL

    def tensor(self, node: Node) -> None:
        params = node.params or _NOTHING
        if params.memory_config is None or _L1_TENSOR not in params.memory_config:
            return
        spec = RecordedTensor(params.dtype, params.layout, params.shape, params.memory_config)
        spec = self.specs.setdefault(spec, spec)
        self.tensors[node.counter] = (spec, params.address, None if params.address else params.device_tensors)

    def buffer(self, node: Node) -> None:
        params = node.params or _NOTHING
        if params.type == _L1:
            self.buffers[node.counter] = _Buffer(params, node.connections)

    def allocate(self, node: Node) -> None:
        params = node.params or _NOTHING
        if params.address:
            self.mode = RunMode.NORMAL
        elif self.mode is None:  # releases before program_execution was recorded are told by addresses alone
            self.mode = RunMode.NO_DISPATCH
        buffer = self._named(node, params)
        if buffer is not None:
            if buffer.died is not None:  # its node, or its address, is used again
                self.finished.append(buffer)
                buffer = self.buffers[node.connections[0]] = _Buffer(params, ())
            buffer.born, buffer.bank_bytes = node.counter, params.max_size_per_bank
            buffer.address = params.address

    def deallocate(self, node: Node) -> None:
        params = node.params or _NOTHING
        buffer = self._named(node, params)
        if buffer is not None and buffer.died is None:
            buffer.died = node.counter
            if buffer.born is None:
                buffer.bank_bytes, buffer.address = params.max_size_per_bank, params.address

    def _named(self, node: Node, params: Params) -> _Buffer | None:
        """The L1 buffer that an allocation or deallocation is of: it names the node."""
        if params.type != _L1:
            return None
        name = node.connections[0] if node.connections else -node.counter
        buffer = self.buffers.get(name)
        if buffer is None:
            buffer = self.buffers[name] = _Buffer(params, ())
        return buffer

    def finish(self, node: Node) -> None:
        self.last = node.counter

    def close(self) -> None:
        """The program whose records are read has no more of them."""
        open_ = self.program
        if open_ is None:
            return
        self.program = None
        named = open_.device_op or open_.outer
        chips = chips_held(open_.held)
        program = ProgramHeld(
            op=None if named is None else named.name,
            cache_hit=None if open_.device_op is None else open_.device_op.program_cache_hit,
            counter=open_.counter,
            mesh=open_.mesh,
            chips=chips,
            records=_counted(*open_.counts),
            end=open_.end,
        )
        most = max([chip.max_per_core for chip in chips], default=0)
        if chips and (self.most is None or most > self.most[0]):
            self.most = (most, len(self.programs))
            self.cores = peak_cores(open_.held)
        self.programs.append(program)

    def graph(self) -> Graph:
        self.close()
        return Graph(
            mode=self.mode,
            programs=tuple(self.programs),
            operations=tuple(self._operations()),
            buffers=tuple(self._lives()),
            peak=None if self.most is None else self.most[1],
            peak_cores=self.cores,
        )

    def _operations(self) -> Iterable[OperationSpan]:
        begins = [*(counter for _, counter in self.starts[1:]), self.last + 1][: len(self.starts)]
        for index, ((name, start), following) in enumerate(zip(self.starts, begins, strict=True)):
            ended = self.ends.get(index)
            yield OperationSpan(
                name=name,
                start=start,
                end=following - 1 if ended is None else ended,
                completed=ended is not None and index not in self.aborted,
            )

    def _lives(self) -> Iterable[BufferLife]:
        for buffer in (*self.finished, *self.buffers.values()):
            life = BufferLife(
                mesh=buffer.mesh,
                born=buffer.born,
                died=buffer.died,
                address=buffer.address,
                bank_bytes=buffer.bank_bytes,
            )
            if buffer.born is None and buffer.died is None:  # from before the capture, and never freed in it
                known = [self.tensors[name] for name in buffer.linked if name in self.tensors]
                spec, address, spelled = known[0] if known else (None, None, None)
                if not address and spelled is not None:
                    match = _ADDRESS.search(spelled)
                    address = int(match[1]) if match else None
                life = msgspec.structs.replace(life, address=address, size=buffer.size, spec=spec)
            yield life


_TAKE = {
    "function_start": _Followed.start,
    "function_end": _Followed.end,
    "circular_buffer_deallocate_all": _Followed.deallocate_all,
    "circular_buffer_allocate": _Followed.record,
    "dataflow_buffer_allocate": _Followed.record,
    "scratchpad_allocate": _Followed.record,
    "program_execution": _Followed.execution,
    "tensor": _Followed.tensor,
    "buffer": _Followed.buffer,
    "buffer_allocate": _Followed.allocate,
    "buffer_deallocate": _Followed.deallocate,
    "capture_end": _Followed.finish,
}
