"""Whether tensors and programs fit into the banks of a chip, each alone and all together. Pure."""

from collections.abc import Sequence

import msgspec

from ttinspect.capacity.banks import (
    Blocks,
    Core,
    core_map,
    free_bytes,
    largest_free,
    lowest_buffer,
    placed,
    what_to_free,
)
from ttinspect.capacity.tensors import Banks, tensor_size
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.l1_map import Freeing, MapPart
from ttinspect.model.memory_error import Cause
from ttinspect.model.tensor import BufferType, Refused, TensorSize, TensorSpec, Unseen


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """The banks of one memory, all alike: how many, their bytes, and what of them is handed out. ``blocks``
    is None where only the sums are known."""

    banks: int
    size_bytes: int
    allocated_bytes: int
    largest_bytes: int | None
    blocks: Blocks | None

    @property
    def free_bytes(self) -> int:
        """What of a bank is free."""
        return self.size_bytes - self.allocated_bytes


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are to fit: the banks of a chip by memory (missing: not known), its compute grid, and its
    cores (None: not known)."""

    arch: Arch
    grid: Coord | None
    core: Core | None
    memories: dict[BufferType, Bank]


class ProgramMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What programs need on a core, from l1_base upward: ``extent_bytes`` to their highest end. ``complete``
    is False where the capture leaves program memory out."""

    extent_bytes: int
    complete: bool


class TensorFit(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor, alone in what is free now. ``fits`` None: not known, ``unknown`` says why. ``refused`` is
    ttnn's own reason. ``short_bytes`` of every bank are missing, for ``cause``."""

    spec: TensorSpec
    size: TensorSize | None = None
    refused: str | None = None
    unknown: str | None = None
    fits: bool | None = None
    cause: Cause | None = None
    short_bytes: int | None = None
    freeing: Freeing | None = None


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Everything: the tensors alone, and all together with the programs.

    ``together`` is None where it is not known. ``first_short`` is the index of the first tensor that finds
    no room behind those before it. ``after`` are the memories with the tensors that found room in them,
    ``lowest_l1`` the absolute address of the lowest L1 buffer then. ``program_short_bytes``: how far the
    programs reach into it; None where that is not known or there are no programs.
    """

    tensors: tuple[TensorFit, ...]
    together: bool | None
    first_short: int | None
    short_bytes: int | None
    cause: Cause | None
    program_short_bytes: int | None
    lowest_l1: int | None
    after: dict[BufferType, Bank]
    map: tuple[MapPart, ...]


def fit(target: Target, specs: Sequence[TensorSpec], programs: ProgramMemory | None) -> Fit:
    """Whether these tensors, in this order, and these programs fit there."""
    tensors = tuple(_alone(target, spec) for spec in specs)
    together, first_short, cause, short, after = _together(target, tensors)
    lowest, program_short = _programs(target, after, programs)
    if program_short is not None and program_short > 0:
        together, cause = False, cause or Cause.CLASH
        short = short if short is not None else program_short
    elif programs is not None and together and (program_short is None or not programs.complete):
        together = None
    l1 = after.get(BufferType.L1)
    parts: tuple[MapPart, ...] = ()
    if target.core is not None and l1 is not None and l1.blocks is not None:
        parts = core_map(target.core, l1.blocks, None if programs is None else programs.extent_bytes)
    return Fit(
        tensors=tensors,
        together=together,
        first_short=first_short,
        short_bytes=0 if together else short,
        cause=cause,
        program_short_bytes=program_short,
        lowest_l1=lowest,
        after=after,
        map=parts,
    )


def _alone(target: Target, spec: TensorSpec) -> TensorFit:
    bank = target.memories.get(spec.memory)
    if bank is None:
        return TensorFit(spec=spec, unknown=f"the {spec.memory.value} banks are not known")
    size = tensor_size(spec, Banks(arch=target.arch, banks=bank.banks, grid=target.grid))
    if isinstance(size, Refused):
        return TensorFit(spec=spec, refused=size.why, fits=False)
    if isinstance(size, Unseen):
        return TensorFit(spec=spec, unknown=size.why)
    cause, short = shortage(bank, size.allocated_per_bank)
    if cause is None and short is None:
        return TensorFit(spec=spec, size=size, unknown="how large the largest free piece is, is not known")
    return TensorFit(
        spec=spec,
        size=size,
        fits=cause is None,
        cause=cause,
        short_bytes=short,
        freeing=None if bank.blocks is None else what_to_free(bank.blocks, size.allocated_per_bank),
    )


def shortage(bank: Bank, needed_bytes: int) -> tuple[Cause | None, int | None]:
    """Why a bank has no room for so much, and the bytes that are missing; (None, 0) where it has room,
    (None, None) where that is not known."""
    if needed_bytes > bank.size_bytes:
        return Cause.NEVER_FITS, needed_bytes - bank.size_bytes
    if needed_bytes > bank.free_bytes:
        return Cause.FULL, needed_bytes - bank.free_bytes
    if bank.largest_bytes is None:
        return None, None
    if needed_bytes > bank.largest_bytes:
        return Cause.FRAGMENTED, needed_bytes - bank.largest_bytes
    return None, 0


_Together = tuple[bool | None, int | None, Cause | None, int | None, dict[BufferType, Bank]]


def _together(target: Target, tensors: Sequence[TensorFit]) -> _Together:
    """All of them, one behind the other, as the allocator places them."""
    memories = dict(target.memories)
    known = True
    for index, tensor in enumerate(tensors):
        if tensor.fits is False:
            return False, index, tensor.cause, tensor.short_bytes, memories
        bank = memories.get(tensor.spec.memory)
        if tensor.size is None or bank is None:
            known = False
            continue
        cause, short = shortage(bank, tensor.size.allocated_per_bank)
        if cause is not None:
            return False, index, cause, short, memories
        known = known and short == 0
        memories[tensor.spec.memory] = _with(bank, tensor)
    return True if known else None, None, None, None, memories


def _with(bank: Bank, tensor: TensorFit) -> Bank:
    """A bank after an allocation; of one whose blocks are not known the largest piece is not known then,
    unless it was the only one."""
    needed = tensor.size.allocated_per_bank if tensor.size else 0
    blocks = bank.blocks and placed(bank.blocks, needed, from_top=tensor.spec.memory is not BufferType.DRAM)
    if blocks is not None:
        largest: int | None = largest_free(blocks)
    else:
        largest = bank.free_bytes - needed if bank.largest_bytes == bank.free_bytes else None
    return Bank(
        banks=bank.banks,
        size_bytes=bank.size_bytes,
        allocated_bytes=bank.size_bytes - free_bytes(blocks) if blocks else bank.allocated_bytes + needed,
        largest_bytes=largest,
        blocks=blocks,
    )


def _programs(
    target: Target, after: dict[BufferType, Bank], programs: ProgramMemory | None
) -> tuple[int | None, int | None]:
    """The lowest L1 buffer, and how far the programs reach into it."""
    core, l1 = target.core, after.get(BufferType.L1)
    if core is None or l1 is None or l1.blocks is None:
        return None, None
    offset = lowest_buffer(l1.blocks)
    lowest = None if offset is None else core.l1_base + offset
    if programs is None:
        return lowest, None
    limit = l1.size_bytes if offset is None else offset
    return lowest, max(programs.extent_bytes - limit, 0)
