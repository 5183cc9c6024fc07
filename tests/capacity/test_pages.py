"""What a recorded L1 buffer takes of every bank, from its size and the tensor in it: pages counted by hand."""

import pytest

from ttinspect.capacity.pages import stored_per_bank
from ttinspect.model.graph import RecordedTensor


def _tensor(layout: str, config: str, *, dtype: str = "DataType::BFLOAT16", last: int = 64) -> RecordedTensor:
    return RecordedTensor(
        dtype=dtype, layout=f"Layout::{layout}", shape=f"Shape([1, 1, 100, {last}])", memory_config=config
    )


def _sharded(height: int, width: int) -> str:
    return (
        "MemoryConfig(memory_layout=TensorMemoryLayout::HEIGHT_SHARDED,buffer_type=BufferType::L1,"
        'shard_spec=ShardSpec{grid=[{"start":{"x":0,"y":0},"end":{"x":7,"y":7}}], '
        f"shape=[{height}, {width}], orientation=ShardOrientation::ROW_MAJOR}},nd_shard_spec=std::nullopt)"
    )


INTERLEAVED = (
    "MemoryConfig(memory_layout=TensorMemoryLayout::INTERLEAVED,buffer_type=BufferType::L1,"
    "shard_spec=std::nullopt,nd_shard_spec=std::nullopt)"
)


@pytest.mark.parametrize(
    ("height", "width", "layout", "expected"),
    [
        (64, 96, "TILE", 2 * 3 * 2048),
        (100, 50, "TILE", 4 * 2 * 2048),  # both begin a tile more
        (33, 32, "TILE", 2 * 2048),
        (100, 64, "ROW_MAJOR", 100 * 128),
        (7, 50, "ROW_MAJOR", 7 * 112),  # rows of 100 bytes, in steps of 16
    ],
)
def test_a_shard_is_its_pages(height: int, width: int, layout: str, expected: int) -> None:
    assert stored_per_bank(1_000_000, _tensor(layout, _sharded(height, width)), 64) == expected


@pytest.mark.parametrize(
    ("size", "banks", "expected"),
    [(64 * 2048, 64, 2048), (65 * 2048, 64, 2 * 2048), (63 * 2048, 64, 2048), (1000 * 2048, 72, 14 * 2048)],
)
def test_interleaved_tiles_go_round_the_banks(size: int, banks: int, expected: int) -> None:
    assert stored_per_bank(size, _tensor("TILE", INTERLEAVED), banks) == expected


def test_interleaved_rows_are_aligned_one_by_one() -> None:
    rows = _tensor("ROW_MAJOR", INTERLEAVED, last=50)
    assert stored_per_bank(640 * 100, rows, 64) == 10 * 112


@pytest.mark.parametrize(
    ("size", "tensor", "banks"),
    [
        (None, _tensor("TILE", INTERLEAVED), 64),
        (2048, None, 64),
        (2048, _tensor("TILE", INTERLEAVED), None),
        (2049, _tensor("TILE", INTERLEAVED), 64),  # no whole number of pages
        (2048, _tensor("TILE", INTERLEAVED, dtype="DataType::COMPLEX"), 64),
        (2048, _tensor("SPARSE", INTERLEAVED), 64),
        (2048, _tensor("TILE", "MemoryConfig(memory_layout=TensorMemoryLayout::HEIGHT_SHARDED)"), 64),
    ],
)
def test_what_is_not_told_is_unknown(
    size: int | None, tensor: RecordedTensor | None, banks: int | None
) -> None:
    assert stored_per_bank(size, tensor, banks) is None
