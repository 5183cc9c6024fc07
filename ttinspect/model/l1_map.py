"""The map of one Tensix core, and the holes of a bank. Bytes."""

from enum import Enum

import msgspec

from ttinspect.model.allocator import Block


class Part(str, Enum):
    """What a piece of a core's L1 is for.

    ``firmware``: firmware, kernels' configuration and stacks, below l1_base. ``programs``: circular buffers,
    dataflow buffers and scratchpads, from l1_base upward. ``free``: nobody's. ``buffers``: tensors and other
    L1 buffers, from the top downward. ``l1_small``: cut off at the top for L1_SMALL buffers.
    """

    FIRMWARE = "firmware"
    PROGRAMS = "programs"
    FREE = "free"
    BUFFERS = "buffers"
    L1_SMALL = "l1_small"


class MapPart(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a core's L1: absolute addresses, the end not included."""

    what: Part
    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")
    size_bytes: int = msgspec.field(name="bytes")


class Freeing(msgspec.Struct, frozen=True, kw_only=True):
    """Allocations that, freed, leave one piece of ``piece_bytes``: the fewest bytes that make room.
    ``blocks`` have offsets in the bank, as the dump has them."""

    blocks: tuple[Block, ...]
    freed_bytes: int
    piece_bytes: int
