"""A bank as its allocator keeps it: blocks that are handed out or free, and where the next one goes. Pure.

ttnn 0.81.1 takes an L1 buffer from the highest free block that has room, at its top, and a DRAM buffer
from the lowest one, at its bottom; a block has the same address in every bank
(tests/data/placements.json.xz).
"""

from collections.abc import Sequence

import msgspec

from ttinspect.model.allocator import Block
from ttinspect.model.l1_map import Freeing, MapPart, Part

Blocks = tuple[Block, ...]


def empty_bank(size_bytes: int) -> Blocks:
    """A bank of which nothing is handed out."""
    return (Block(address=0, size_bytes=size_bytes, allocated=False),) if size_bytes else ()


def free_bytes(blocks: Blocks) -> int:
    """What of a bank is free, in however many pieces."""
    return sum(block.size_bytes for block in blocks if not block.allocated)


def largest_free(blocks: Blocks) -> int:
    """The largest free piece."""
    return max((block.size_bytes for block in blocks if not block.allocated), default=0)


def placed(blocks: Blocks, size_bytes: int, *, from_top: bool) -> Blocks | None:
    """The bank after an allocation, as the allocator makes it; None where no piece has room."""
    if size_bytes == 0:
        return blocks
    order = range(len(blocks) - 1, -1, -1) if from_top else range(len(blocks))
    for index in order:
        block = blocks[index]
        if block.allocated or block.size_bytes < size_bytes:
            continue
        rest = block.size_bytes - size_bytes
        taken = Block(
            address=block.address + (rest if from_top else 0), size_bytes=size_bytes, allocated=True
        )
        left = Block(address=block.address if from_top else taken.end, size_bytes=rest, allocated=False)
        pieces = [piece for piece in ((left, taken) if from_top else (taken, left)) if piece.size_bytes]
        return (*blocks[:index], *pieces, *blocks[index + 1 :])
    return None


def lowest_buffer(blocks: Blocks) -> int | None:
    """The offset of the lowest allocation; None where there is none."""
    return next((block.address for block in blocks if block.allocated), None)


def what_to_free(blocks: Blocks, needed_bytes: int) -> Freeing | None:
    """The neighbouring allocations that make room when they are freed, with the fewest bytes in them; None
    where the whole bank is too small, or nothing has to be freed."""
    if needed_bytes <= largest_free(blocks) or sum(block.size_bytes for block in blocks) < needed_bytes:
        return None
    best: tuple[int, int, int, int] | None = None
    first = whole = held = 0
    for last, block in enumerate(blocks):
        whole += block.size_bytes
        held += block.size_bytes * block.allocated
        while whole - blocks[first].size_bytes >= needed_bytes:
            whole -= blocks[first].size_bytes
            held -= blocks[first].size_bytes * blocks[first].allocated
            first += 1
        if whole >= needed_bytes:
            candidate = (held, last - first, first, last)
            best = candidate if best is None else min(best, candidate)
    if best is None:
        return None
    _, _, first, last = best
    freed = tuple(block for block in blocks[first : last + 1] if block.allocated)
    return Freeing(
        blocks=freed,
        freed_bytes=sum(block.size_bytes for block in freed),
        piece_bytes=_joined(blocks, first, last),
    )


def _joined(blocks: Blocks, first: int, last: int) -> int:
    """The piece that is free once all from the first to the last block are: with free neighbours."""
    if first > 0 and not blocks[first - 1].allocated:
        first -= 1
    if last + 1 < len(blocks) and not blocks[last + 1].allocated:
        last += 1
    return sum(block.size_bytes for block in blocks[first : last + 1])


class Core(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed of a core's L1: its size, where program memory begins, and what L1_SMALL takes."""

    worker_l1_bytes: int
    l1_base: int
    l1_small: int

    @property
    def bank_bytes(self) -> int:
        """What is left for programs and buffers."""
        return self.worker_l1_bytes - self.l1_base - self.l1_small


def core_map(core: Core, blocks: Blocks, program_bytes: int | None = None) -> tuple[MapPart, ...]:
    """A core's L1 from 0 to its end, without gaps: every byte is in one part. A program that would reach into
    a buffer is cut off there."""
    pieces: list[tuple[Part, int]] = [(Part.FIRMWARE, core.l1_base)]
    programs = program_bytes or 0
    for block in _merged(blocks):
        used = 0 if block.allocated else max(min(programs - block.address, block.size_bytes), 0)
        pieces.append((Part.PROGRAMS, used))
        pieces.append((Part.BUFFERS if block.allocated else Part.FREE, block.size_bytes - used))
        if block.allocated:
            programs = min(programs, block.address)
    pieces.append((Part.L1_SMALL, core.l1_small))
    parts, start = [], 0
    for what, size in pieces:
        if size:
            parts.append(MapPart(what=what, start=start, end=start + size, size_bytes=size))
            start += size
    return tuple(parts)


def _merged(blocks: Sequence[Block]) -> list[Block]:
    """Neighbours of a kind as one."""
    merged: list[Block] = []
    for block in blocks:
        if merged and merged[-1].allocated == block.allocated:
            last = merged.pop()
            block = Block(  # noqa: PLW2901
                address=last.address,
                size_bytes=last.size_bytes + block.size_bytes,
                allocated=last.allocated,
            )
        merged.append(block)
    return merged
