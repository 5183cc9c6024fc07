"""Bytes that a recorded buffer takes of every bank, where only its whole size and a tensor in it are known.
Pure; the rules are those of ``tensors``."""

import math
import re

from ttinspect.capacity.tensors import TILE, allocated, l1_page_bytes, page_bytes
from ttinspect.model.arch import Arch
from ttinspect.model.graph import RecordedTensor
from ttinspect.model.tensor import Dtype, Layout

_SHARD = re.compile(r"shape=\[(\d+), (\d+)\]")
_LAST = re.compile(r"(\d+)\]\)")


def reserved(bank_bytes: int | None, arch: Arch | None) -> int | None:
    """What the allocator takes of a bank for so many bytes; None where the rounding depends on an
    architecture that is not known."""
    if bank_bytes is None:
        return None
    archs = (Arch.WORMHOLE_B0, Arch.BLACKHOLE) if arch is None else (arch,)
    sizes = {allocated(bank_bytes, each) for each in archs}
    return sizes.pop() if len(sizes) == 1 else None


def stored_per_bank(size: int | None, tensor: RecordedTensor | None, banks: int | None) -> int | None:
    """Bytes per bank of an L1 buffer of ``size`` bytes that holds such a tensor; None where that is not
    known."""
    if size is None or tensor is None or tensor.memory_config is None:
        return None
    dtype, layout = _dtype(tensor.dtype), _layout(tensor.layout)
    if dtype is None or layout is None:
        return None
    if "INTERLEAVED" in tensor.memory_config:
        last = _LAST.search(tensor.shape or "")
        page = page_bytes(dtype, layout, int(last[1]) if last else 0)
        if not page or not banks or size % page:
            return None
        return math.ceil(size // page / banks) * l1_page_bytes(page)
    return _shard_bytes(tensor.memory_config, dtype, layout)


def _shard_bytes(memory_config: str, dtype: Dtype, layout: Layout) -> int | None:
    shard = _SHARD.search(memory_config)
    height, width = (int(shard[1]), int(shard[2])) if shard else (0, 0)
    page = page_bytes(dtype, layout, width)
    if shard is None or page is None:
        return None
    pages = height if layout is Layout.ROW_MAJOR else math.ceil(height / TILE) * math.ceil(width / TILE)
    return pages * l1_page_bytes(page)


def _dtype(text: str | None) -> Dtype | None:
    """ "DataType::BFLOAT16", in older releases "DataType.BFLOAT16"."""
    name = re.split(r"::|\.", text or "")[-1].lower()
    return Dtype(name) if name in {each.value for each in Dtype} else None


def _layout(text: str | None) -> Layout | None:
    name = re.split(r"::|\.", text or "")[-1].lower()
    return Layout(name) if name in {each.value for each in Layout} else None
