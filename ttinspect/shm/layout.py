"""The four published layouts, declared once. Little-endian, x86-64 alignment, offsets in bytes.

Source: tt-metal, memory_stats_shm.hpp; versions 2, 3 and 4 share every offset, and only v4 has init_state.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

INIT_UNINITIALIZED = 0
INIT_IN_PROGRESS = 1
INIT_READY = 0x52454459

CHIP_COUNT = 16
SLOT_COUNT = 64
NAME_BYTES = 64

BUFFER_TYPES = ("dram", "l1", "l1_small", "trace", "cb", "kernel")
"""u64 counters in the order of the layouts; kernel in v1 only."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its offset inside its part, and its struct format character."""

    name: str
    offset: int
    code: str

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(f"<{self.code}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """``count`` equal entries from ``offset`` on, every ``stride`` bytes."""

    offset: int
    stride: int
    count: int
    fields: tuple[Field, ...]

    @property
    def end(self) -> int:
        """The first byte behind the table."""
        return self.offset + self.stride * self.count


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One version's file of ``size`` bytes."""

    version: int
    size: int
    header: tuple[Field, ...]
    totals: tuple[Field, ...]
    chips: Table
    slots: Table
    init_state: Field | None

    @property
    def figures(self) -> tuple[str, ...]:
        """The buffer types that this version publishes."""
        return tuple(field.name for field in self.totals)

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


def _figures(offset: int, names: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(Field(name=name, offset=offset + 8 * at, code="Q") for at, name in enumerate(names))


_V1_TYPES = BUFFER_TYPES
_V2_TYPES = BUFFER_TYPES[:5]

V1 = Layout(
    version=1,
    size=9280,
    header=HEADER,
    totals=_figures(48, _V1_TYPES),
    chips=Table(
        offset=96,
        stride=56,
        count=CHIP_COUNT,
        fields=(
            Field(name="chip_id", offset=0, code="I"),
            Field(name="is_remote", offset=4, code="I"),
            *_figures(8, _V1_TYPES),
        ),
    ),
    slots=Table(
        offset=992,
        stride=128,
        count=SLOT_COUNT,
        fields=(
            Field(name="pid", offset=0, code="i"),
            *_figures(8, _V1_TYPES),
            Field(name="last_update", offset=56, code="Q"),
            Field(name="name", offset=64, code=f"{NAME_BYTES}s"),
        ),
    ),
    init_state=None,
)


def _v2_to_v4(version: int, init_state: Field | None) -> Layout:
    return Layout(
        version=version,
        size=8576,
        header=HEADER,
        totals=_figures(48, _V2_TYPES),
        chips=Table(
            offset=88,
            stride=48,
            count=CHIP_COUNT,
            fields=(
                Field(name="chip_id", offset=0, code="I"),
                Field(name="is_remote", offset=4, code="I"),
                *_figures(8, _V2_TYPES),
            ),
        ),
        slots=Table(
            offset=856,
            stride=120,
            count=SLOT_COUNT,
            fields=(
                Field(name="pid", offset=0, code="i"),
                *_figures(8, _V2_TYPES),
                Field(name="last_update", offset=48, code="Q"),
                Field(name="name", offset=56, code=f"{NAME_BYTES}s"),
            ),
        ),
        init_state=init_state,
    )


V2 = _v2_to_v4(2, None)
V3 = _v2_to_v4(3, None)
V4 = _v2_to_v4(4, Field(name="init_state", offset=8536, code="I"))

LAYOUTS = {layout.version: layout for layout in (V1, V2, V3, V4)}

SHRUNK_V1_SIZE = V3.size
"""A v3 or v4 runtime that attaches to a live v1 file cuts it to its own size first."""

LARGEST_SIZE = V1.size


def slots_in(layout: Layout, size: int) -> int | None:
    """How many slots a file of this version and size holds, None if it is too short to be decoded.

    A file that is longer than its layout holds all of it. A shorter one is decoded only if it is a v1 file
    that was shrunk: its first 59 slots are whole and still written to.
    """
    if size >= layout.size:
        return layout.slots.count
    if layout.version == 1 and size == SHRUNK_V1_SIZE:
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
