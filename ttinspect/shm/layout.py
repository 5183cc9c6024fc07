"""The published layouts, declared once: where the fields of a version lie, and what they mean there.

Little-endian, x86-64 alignment, offsets in bytes. Source: tt-metal, memory_stats_shm.hpp; versions 2, 3 and 4
share every offset, and only v4 has init_state. A new version is one Layout here and one column of severities
in verify/findings/; nothing else compares version numbers.
"""

import struct
from collections.abc import Iterator
from enum import Enum
from functools import cached_property

import msgspec

from ttinspect.model.region import EMPTY_CHIP_ID

INIT_UNINITIALIZED = 0
INIT_IN_PROGRESS = 1
INIT_READY = 0x52454459

CHIP_COUNT = 16
SLOT_COUNT = 64
NAME_BYTES = 64


class Memory(Enum):
    """Where the bytes of a buffer type lie."""

    DRAM = "DRAM"
    L1 = "L1"


class BufferType(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of bytes, in the totals, in every chip entry and in every slot.

    ``memory`` is None for a counter that is no usage. ``of_programs``: programs hold it, not the allocator,
    and what the counter says depends on the version (Layout.programs_are_a_sum).
    """

    name: str
    label: str
    memory: Memory | None
    of_programs: bool = False


DRAM = BufferType(name="dram", label="DRAM", memory=Memory.DRAM)
L1 = BufferType(name="l1", label="L1", memory=Memory.L1)
L1_SMALL = BufferType(name="l1_small", label="L1_SMALL", memory=Memory.L1)
TRACE = BufferType(name="trace", label="TRACE", memory=Memory.DRAM)
CB = BufferType(name="cb", label="CB", memory=Memory.L1, of_programs=True)
KERNEL = BufferType(name="kernel", label="KERNEL", memory=None)
"""It grows for ever: kernels lie in a fixed area, and cached programs never report that they are gone."""

BUFFER_TYPES = (DRAM, L1, L1_SMALL, TRACE, CB, KERNEL)
"""Every counter of every published version, in the order of the layouts. The answers name all of them; one
that a version does not publish is null."""


class NamedBy(Enum):
    """What a writer calls a chip, in the header and in the file's name."""

    BOARD_AND_LOCATION = "board and location"
    """board_serial and asic_id of the header; (board_id << 8) | asic_location in the name. On a UBB the
    location is (tray << 4) | chip in tray."""
    UNIQUE_ID = "unique id"
    """UMD's chip_unique_id, in asic_id and in the name."""


class Clock(Enum):
    """What a writer's timestamps count."""

    MONOTONIC = "monotonic"
    """Nanoseconds since the host was started; realtime after a CB update."""
    REALTIME = "realtime"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its offset inside its part, and its struct format character."""

    name: str
    offset: int
    code: str

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(f"<{self.code}")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` equal entries from ``offset`` on, every ``stride`` bytes."""

    offset: int
    stride: int
    count: int
    fields: tuple[Field, ...]

    @property
    def end(self) -> int:
        """The first byte behind the table."""
        return self.offset + self.stride * self.count


class Layout(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One version's file of ``size`` bytes, and what it means.

    ``counters`` are the buffer types that it publishes. ``free_chip_ids``: an entry without bytes that has
    one of these ids is nobody's. ``programs_are_a_sum``: the totals of programs are sums over the processes,
    and resident at dispatch; else whoever wrote last. ``frees_dead_slots``: the next attach or detach does.
    ``counts_everybody``: a process that finds no slot is still in the totals. ``cut_size``: a newer runtime
    that attaches to a live file cuts it to this size; its first slots remain and are written to.
    """

    version: int
    size: int
    counters: tuple[BufferType, ...]
    header: tuple[Field, ...]
    totals: tuple[Field, ...]
    chips: Table
    slots: Table
    init_state: Field | None
    named_by: NamedBy
    clock: Clock
    free_chip_ids: frozenset[int]
    programs_are_a_sum: bool
    frees_dead_slots: bool
    counts_everybody: bool
    cut_size: int | None = None

    @cached_property
    def usage(self) -> tuple[BufferType, ...]:
        """The counters that are usage."""
        return tuple(counter for counter in self.counters if counter.memory is not None)

    @cached_property
    def buffers(self) -> tuple[BufferType, ...]:
        """The counters of what the allocator hands out."""
        return tuple(counter for counter in self.usage if not counter.of_programs)

    @cached_property
    def sums(self) -> tuple[BufferType, ...]:
        """The counters whose total is the sum of the slots."""
        return self.usage if self.programs_are_a_sum else self.buffers

    def extents(self) -> Iterator[tuple[int, int]]:
        """Offset and size of every field; what is between them means nothing."""
        for field in (*self.header, *self.totals, *((self.init_state,) if self.init_state else ())):
            yield field.offset, field.size
        for table in (self.chips, self.slots):
            for index in range(table.count):
                for field in table.fields:
                    yield table.offset + index * table.stride + field.offset, field.size

    def name_offset(self, slot: int) -> int:
        """Where the name of a slot stands."""
        (name,) = (field for field in self.slots.fields if field.name == "name")
        return self.slots.offset + slot * self.slots.stride + name.offset


HEADER = (
    Field(name="version", offset=0, code="I"),
    Field(name="num_active_processes", offset=4, code="I"),
    Field(name="last_update", offset=8, code="Q"),
    Field(name="reference_count", offset=16, code="I"),
    Field(name="board_serial", offset=24, code="Q"),
    Field(name="asic_id", offset=32, code="Q"),
    Field(name="device_id", offset=40, code="i"),
)


def make_layout(
    *,
    version: int,
    size: int,
    counters: tuple[BufferType, ...],
    named_by: NamedBy = NamedBy.UNIQUE_ID,
    clock: Clock = Clock.REALTIME,
    free_chip_ids: frozenset[int] = frozenset({EMPTY_CHIP_ID}),
    programs_are_a_sum: bool = True,
    frees_dead_slots: bool = True,
    counts_everybody: bool = False,
    has_init_state: bool = True,
    cut_size: int | None = None,
) -> Layout:
    """A layout of the usual shape: header, totals, chip entries, slots, init_state, one behind the other.
    What is not said is as in v4."""
    first = 48
    width = 8 * len(counters)
    chips_at = first + width
    slots_at = chips_at + CHIP_COUNT * (8 + width)
    stride = 8 + width + 8 + NAME_BYTES
    return Layout(
        version=version,
        size=size,
        counters=counters,
        header=HEADER,
        totals=_figures(first, counters),
        chips=Table(
            offset=chips_at,
            stride=8 + width,
            count=CHIP_COUNT,
            fields=(
                Field(name="chip_id", offset=0, code="I"),
                Field(name="is_remote", offset=4, code="I"),
                *_figures(8, counters),
            ),
        ),
        slots=Table(
            offset=slots_at,
            stride=stride,
            count=SLOT_COUNT,
            fields=(
                Field(name="pid", offset=0, code="i"),
                *_figures(8, counters),
                Field(name="last_update", offset=8 + width, code="Q"),
                Field(name="name", offset=16 + width, code=f"{NAME_BYTES}s"),
            ),
        ),
        init_state=Field(name="init_state", offset=slots_at + SLOT_COUNT * stride, code="I")
        if has_init_state
        else None,
        named_by=named_by,
        clock=clock,
        free_chip_ids=free_chip_ids,
        programs_are_a_sum=programs_are_a_sum,
        frees_dead_slots=frees_dead_slots,
        counts_everybody=counts_everybody,
        cut_size=cut_size,
    )


def _figures(offset: int, counters: tuple[BufferType, ...]) -> tuple[Field, ...]:
    return tuple(
        Field(name=counter.name, offset=offset + 8 * at, code="Q") for at, counter in enumerate(counters)
    )


_SIZE = 8576
_CHIP_0_IS_FREE = frozenset({0, EMPTY_CHIP_ID})

V1 = make_layout(
    version=1,
    size=9280,
    counters=BUFFER_TYPES,
    named_by=NamedBy.BOARD_AND_LOCATION,
    clock=Clock.MONOTONIC,
    free_chip_ids=_CHIP_0_IS_FREE,
    programs_are_a_sum=False,
    frees_dead_slots=False,
    counts_everybody=True,
    has_init_state=False,
    cut_size=_SIZE,
)
V2 = make_layout(
    version=2,
    size=_SIZE,
    counters=BUFFER_TYPES[:5],
    clock=Clock.MONOTONIC,
    free_chip_ids=_CHIP_0_IS_FREE,
    programs_are_a_sum=False,
    frees_dead_slots=False,
    counts_everybody=True,
    has_init_state=False,
)
V3 = make_layout(
    version=3,
    size=_SIZE,
    counters=BUFFER_TYPES[:5],
    programs_are_a_sum=False,
    frees_dead_slots=False,
    counts_everybody=True,
    has_init_state=False,
)
V4 = make_layout(version=4, size=_SIZE, counters=BUFFER_TYPES[:5])

LAYOUTS = {layout.version: layout for layout in (V1, V2, V3, V4)}
"""Every known version."""


def layout_of(version: int) -> Layout:
    """The layout of a decoded region's version.

    Raises:
        KeyError: no such version is known; nothing of it is ever decoded.
    """
    return LAYOUTS[version]


def sizes() -> frozenset[int]:
    """The sizes of whole regions, in bytes."""
    return frozenset(layout.size for layout in LAYOUTS.values())


def slots_in(layout: Layout, size: int) -> int | None:
    """How many slots a file of this version and size holds, None if it is too short to be decoded.

    A file that is longer than its layout holds all of it. A shorter one is decoded only if a newer runtime
    cut it (v1): its first 59 slots are whole and still written to.
    """
    if size >= layout.size:
        return layout.slots.count
    if size == layout.cut_size:
        return (size - layout.slots.offset) // layout.slots.stride
    return None


def pack_format(fields: tuple[Field, ...], length: int) -> str:
    """The struct format (without byte order) of a part of ``length`` bytes, gaps between fields skipped."""
    parts, at = [], 0
    for field in fields:
        if field.offset > at:
            parts.append(f"{field.offset - at}x")
        parts.append(field.code)
        at = field.offset + field.size
    if length > at:
        parts.append(f"{length - at}x")
    return "".join(parts)
