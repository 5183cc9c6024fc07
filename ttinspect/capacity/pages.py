"""Bytes that a buffer takes of every bank, where only its whole size and a tensor in it are known. Pure.

Measured with ttnn 0.81.1: interleaved pages go round the banks; a shard lies in one bank whole; pages are
aligned to 16 bytes in L1; the allocator rounds what a bank stores up to 32 (Wormhole) or 64 (Blackhole).
"""

import math
import re

from ttinspect.model.arch import Arch
from ttinspect.model.graph import TensorSpec

ALLOCATED_ALIGNMENT = {Arch.WORMHOLE_B0: 32, Arch.BLACKHOLE: 64}
"""The allocator gives every bank a multiple of this."""

_L1_PAGE_ALIGNMENT = 16
_TILE = 32
_TILE_BYTES = {
    "BFLOAT16": 2048, "FLOAT32": 4096, "UINT32": 4096, "INT32": 4096, "UINT16": 2048, "BFLOAT8_B": 1088,
    "BFLOAT4_B": 576, "UINT8": 1024,
}  # fmt: skip
_ELEMENT_BYTES = {"BFLOAT16": 2, "FLOAT32": 4, "UINT32": 4, "INT32": 4, "UINT16": 2, "UINT8": 1}
_SHARD = re.compile(r"shape=\[(\d+), (\d+)\]")
_LAST = re.compile(r"(\d+)\]\)")


def allocated(bank_bytes: int | None, arch: Arch | None) -> int | None:
    """What the allocator takes of a bank for so many bytes; None where the rounding depends on an
    architecture that is not known."""
    if bank_bytes is None:
        return None
    if arch is None or arch not in ALLOCATED_ALIGNMENT:
        return bank_bytes if bank_bytes % max(ALLOCATED_ALIGNMENT.values()) == 0 else None
    return _aligned(bank_bytes, ALLOCATED_ALIGNMENT[arch])


def stored_per_bank(size: int | None, spec: TensorSpec | None, banks: int | None) -> int | None:
    """Bytes per bank of an L1 buffer of ``size`` bytes that holds such a tensor; None where that is not
    known."""
    if size is None or spec is None or spec.memory_config is None:
        return None
    dtype = (spec.dtype or "").rpartition("::")[2].rpartition(".")[2].upper()
    tiled = (spec.layout or "").upper().endswith("TILE")
    if "INTERLEAVED" in spec.memory_config:
        page = _TILE_BYTES.get(dtype) if tiled else _row_bytes(dtype, spec.shape)
        if not page or not banks or size % page:
            return None
        return math.ceil(size // page / banks) * _aligned(page, _L1_PAGE_ALIGNMENT)
    shard = _SHARD.search(spec.memory_config)
    if shard is None:
        return None
    height, width = int(shard[1]), int(shard[2])
    if tiled:
        tile = _TILE_BYTES.get(dtype)
        return None if tile is None else math.ceil(height / _TILE) * math.ceil(width / _TILE) * tile
    element = _ELEMENT_BYTES.get(dtype)
    return None if element is None else height * _aligned(width * element, _L1_PAGE_ALIGNMENT)


def _row_bytes(dtype: str, shape: str | None) -> int | None:
    last = _LAST.search(shape or "")
    element = _ELEMENT_BYTES.get(dtype)
    return None if last is None or element is None else int(last[1]) * element


def _aligned(size: int, alignment: int) -> int:
    return math.ceil(size / alignment) * alignment
