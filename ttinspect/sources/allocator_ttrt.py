"""``memory_results.json`` of ttrt (tt-mlir): an entry per operation, or per device and operation.

Not run here: the names are those of tt-mlir's pull requests 1616, 1726 and 3564. What has other names there
is unknown, not wrong.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, Block, Count, MemoryView

_TYPES = MemoryView.__struct_fields__
_DEVICE = re.compile(r"device_(\d{1,9})")
_DEEPEST = 4
"""Levels down to the figures: operation, device, buffer type, and one to spare."""


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    address: Count
    size: Count
    allocated: Literal["yes", "no"]


class _Banks(msgspec.Struct, frozen=True, kw_only=True):
    total_bytes_per_bank: Count
    total_bytes_allocated_per_bank: Count
    num_banks: Count | None = None
    largest_contiguous_bytes_free_per_bank: Count | None = None
    block_table: list[object] | None = None


def decode_block_table(table: object) -> tuple[Block, ...]:
    """The block table of a bank as ``ttnn.get_memory_view`` gives it, numbers as text; lowest address first.

    Raises:
        msgspec.ValidationError: it has another shape.
    """
    blocks = (
        Block(address=block.address, size_bytes=block.size, allocated=block.allocated == "yes")
        for block in msgspec.convert(table, type=list[_Block], strict=False)
        if block.size
    )
    return tuple(sorted(blocks, key=lambda block: block.address))


def decode_ttrt(document: object) -> tuple[AllocatorStatistics, ...]:
    """Each device after the last operation that has figures of it; none if it is another document."""
    last = {device: (operation, views) for device, operation, views in _entries(document, None, None, 0)}
    return tuple(
        AllocatorStatistics(
            device=device,
            operation=operation or "the last",
            memory_view=MemoryView(**{kind: _banks(views.get(kind)) for kind in _TYPES}),
        )
        for device, (operation, views) in last.items()
    )


_Entry = tuple[int | None, str | None, Mapping[str, object]]


def _entries(node: object, device: int | None, operation: str | None, depth: int) -> Iterator[_Entry]:
    """Device, operation and the figures by buffer type, in the order of the file."""
    if depth > _DEEPEST or not isinstance(node, dict | list):
        return
    children = node.items() if isinstance(node, dict) else enumerate(node)
    if isinstance(node, dict):
        operation = next((str(node[key]) for key in ("loc", "debug_str") if node.get(key)), operation)
        views = {kind: node[kind] for kind in _TYPES if isinstance(node.get(kind), dict)}
        by_device = {key: kind for kind, view in views.items() for key in view if _DEVICE.fullmatch(str(key))}
        if views and not by_device:
            yield device, operation, views
            return
        for key in by_device:
            yield _number(key), operation, {kind: view.get(key) for kind, view in views.items()}
    for key, child in children:
        yield from _entries(
            child, device if (number := _number(key)) is None else number, operation, depth + 1
        )


def _number(key: object) -> int | None:
    match = _DEVICE.fullmatch(str(key))
    return int(match[1]) if match else None


def _banks(view: object) -> BankStatistics | None:
    try:
        banks = msgspec.convert(view, type=_Banks, strict=False)
        blocks = decode_block_table(banks.block_table) if banks.block_table else None
    except msgspec.ValidationError:
        return None
    return BankStatistics(
        num_banks=banks.num_banks,
        total_bytes_per_bank=banks.total_bytes_per_bank,
        total_bytes_allocated_per_bank=banks.total_bytes_allocated_per_bank,
        largest_contiguous_bytes_free_per_bank=banks.largest_contiguous_bytes_free_per_bank,
        blocks=blocks,
    )
