"""What a tensor is short of in a bank, and what a bank has left behind it: sums worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capacity.test_banks import banks
from ttinspect.capacity.banks import Blocks, free_bytes, largest_free, placed
from ttinspect.capacity.fitting import Bank, Target, fit, shortage
from ttinspect.capacity.tensor_specs import parse_tensor
from ttinspect.model.arch import Arch
from ttinspect.model.memory_error import Cause
from ttinspect.model.tensor import BufferType


def _bank(size: int, *, allocated: int = 0, largest: int | None = None) -> Bank:
    return Bank(banks=64, size_bytes=size, allocated_bytes=allocated, largest_bytes=largest, blocks=None)


@pytest.mark.parametrize(
    ("needed", "cause", "short"),
    [
        (1025, Cause.NEVER_FITS, 1),
        (1500, Cause.NEVER_FITS, 476),
        (1024, Cause.FULL, 424),  # 600 are free
        (601, Cause.FULL, 1),
        (600, Cause.FRAGMENTED, 300),  # in pieces of at most 300
        (301, Cause.FRAGMENTED, 1),
        (300, None, 0),
        (0, None, 0),
    ],
)
def test_what_is_missing_is_counted_against_what_refuses_first(
    needed: int, cause: Cause | None, short: int
) -> None:
    assert shortage(_bank(1024, allocated=424, largest=300), needed) == (cause, short)


@given(banks(), st.integers(1, 3000))
def test_a_bank_refuses_exactly_what_the_allocator_does_not_place(blocks: Blocks, needed: int) -> None:
    bank = Bank(
        banks=64,
        size_bytes=sum(block.size_bytes for block in blocks),
        allocated_bytes=sum(block.size_bytes for block in blocks) - free_bytes(blocks),
        largest_bytes=largest_free(blocks),
        blocks=blocks,
    )
    cause, short = shortage(bank, needed)
    assert (placed(blocks, needed, from_top=True) is None) == (cause is not None)
    assert short is not None
    if (
        cause is not None
    ):  # so many bytes less, and it is not refused for that any more; one byte less, and it is
        assert shortage(bank, needed - short)[0] is not cause
        assert shortage(bank, needed - short + 1)[0] is cause


HALF_A_MIB = "1x1x4096x4096,bfloat16,tile,l1,block:8x8"
"""16,384 tiles of 2,048 bytes on 64 cores: 524,288 bytes each."""


def _after(largest: int | None, *specs: str) -> tuple[Cause | None, int | None, Bank]:
    target = Target(
        arch=Arch.WORMHOLE_B0,
        grid=(8, 8),
        core=None,
        memories={BufferType.L1: _bank(1_393_312, largest=largest)},
    )
    answer = fit(target, [parse_tensor(spec) for spec in specs], None)
    return answer.cause, answer.short_bytes, answer.after[BufferType.L1]


def test_of_one_free_piece_the_rest_is_the_largest_piece() -> None:
    cause, short, bank = _after(1_393_312, HALF_A_MIB)
    assert (cause, short) == (None, 0)
    assert (bank.allocated_bytes, bank.free_bytes, bank.largest_bytes) == (524_288, 869_024, 869_024)


def test_three_of_which_two_have_room_are_short_of_what_the_two_leave() -> None:
    cause, short, bank = _after(1_393_312, *[HALF_A_MIB] * 3)
    assert (cause, short) == (Cause.FULL, 179_552)  # 524,288 of 344,736
    assert bank.largest_bytes == 344_736


def test_of_several_free_pieces_the_largest_is_not_known_afterwards() -> None:
    assert _after(1_000_000, HALF_A_MIB)[2].largest_bytes is None
