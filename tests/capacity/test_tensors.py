"""What a tensor takes of a bank is what ttnn 0.81.1 said it takes, or why it refused."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.reading import unpack
from ttinspect.capacity.tensor_specs import parse_tensor, spelled
from ttinspect.capacity.tensors import Banks, tensor_size
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.arch import Arch, Coord
from ttinspect.model.tensor import (
    BufferType,
    Dtype,
    Layout,
    Orientation,
    Refused,
    Sharding,
    Strategy,
    TensorSize,
    TensorSpec,
    Unseen,
)  # fmt: skip

GRIDS: dict[tuple[str, str], tuple[Arch, Coord, int]] = {  # architecture, compute grid, DRAM views
    ("n150", "slow"): (Arch.WORMHOLE_B0, (8, 9), 12),
    ("p150", "fast"): (Arch.BLACKHOLE, (11, 10), 8),
}
RECORDS = [
    (name, (document["board"], document["dispatch"]), record)
    for name, document in unpack("tensors.json.xz").items()
    for record in document["records"]
]
_OUT_OF_MEMORY = re.compile(
    r"Out of Memory: .* allocate (\d+) B .* across (\d+) banks, .* store (\d+) B, but"
)


def _sharding(shard: Any, orientation: str | None = None) -> Sharding | None:
    if not shard:
        return None
    if isinstance(shard, list):  # of a refusal: strategy, columns, rows; its orientation is not reliable
        shard = {"strategy": shard[0], "grid": shard[1:3]}
    return Sharding(
        strategy=Strategy(shard["strategy"]),
        grid=tuple(shard["grid"]),
        orientation=Orientation((orientation or shard["orientation"]).lower()),
    )


def _spec(record: dict[str, Any], orientation: str | None = None) -> TensorSpec:
    return TensorSpec(
        shape=tuple(record["shape"]),
        dtype=Dtype(record["dtype"]),
        layout=Layout(record["layout"].lower()),
        memory=BufferType(record["memory"]),
        sharding=_sharding(record.get("shard"), orientation),
    )


def _banks(board: tuple[str, str], memory: str) -> Banks:
    arch, grid, views = GRIDS[board]
    return Banks(arch=arch, banks=views if memory == "DRAM" else grid[0] * grid[1], grid=grid)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in RECORDS}))
def test_sizes_and_refusals_are_ttnns(name: str) -> None:
    records = [(board, record) for of, board, record in RECORDS if of == name]
    assert len(records) >= 250
    for board, record in records:
        banks = _banks(board, record["memory"])
        if "config_error" in record:
            sizes = {tensor_size(_spec(record, order), banks) for order in ("row_major", "col_major")}
            assert Refused(why=record["config_error"]) in sizes, record
            continue
        size = tensor_size(_spec(record), banks)
        error = record["error"] or ""
        if error.startswith("Out of Memory"):
            assert isinstance(size, TensorSize)
            wanted = _OUT_OF_MEMORY.match(error)
            assert wanted is not None
            assert (size.buffer_bytes, size.banks, size.bytes_per_bank) == tuple(map(int, wanted.groups()))
            assert size.allocated_per_bank > record["view"][1]
        elif error:
            assert size == Refused(why=error), record
        else:
            assert size == TensorSize(
                buffer_bytes=record["size"],
                page_bytes=record["page_size"],
                banks=record["num_cores"] or banks.banks,
                bytes_per_bank=record["max_size_per_bank"],
                allocated_per_bank=record["allocated_per_bank"],
            ), record


N150 = Banks(arch=Arch.WORMHOLE_B0, banks=72, grid=(8, 9))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1x2x48x128,bfloat16,tile,l1,block:2x3", "Number of shards along height 4 must not exceed number of rows 3 for row major orientation!"),
        ("1x2x48x192,bfloat16,tile,l1,block:3x2:col_major", "Number of shards along height 4 must not exceed number of columns 3 for column major orientation!"),
        ("1x2x48x128,bfloat16,tile,l1,height:1x3", "Number of shards along height 4 must not exceed number of cores 3"),
        ("1x1x320x320,bfloat16,tile,l1_small", "L1_SMALL only supports sharded allocations, see validate_num_banks"),
    ],
)  # fmt: skip
def test_refusals_that_only_a_run_showed(text: str, why: str) -> None:
    """By hand, with ttnn 0.81.1 on a mocked N150, slow dispatch."""
    assert tensor_size(parse_tensor(text), N150) == Refused(why=why)


@pytest.mark.parametrize(
    "text",
    [
        "64x128,bfloat16,tile,l1,height:1x2",
        "1x64x128,bfloat16,tile,l1,height:1x2",
        "1x1x64x128,bfloat16,tile,dram,height:1x2",
        "1x1x64x128,bfloat8_b,row_major,l1",
        "1x1x64x128,bfloat4_b,row_major,dram",
        "1x1x320x128,bfloat16,tile,l1,height:1x10",
        "1x1x288x288,bfloat16,tile,l1,block:9x9",
    ],
)
def test_what_ttnn_was_not_seen_to_do_is_unknown(text: str) -> None:
    assert isinstance(tensor_size(parse_tensor(text), N150), Unseen)


def test_an_architecture_that_was_not_measured_is_unknown() -> None:
    quasar = Banks(arch=Arch.QUASAR, banks=32, grid=(8, 4))
    assert isinstance(tensor_size(parse_tensor("32x32,bfloat16,tile,l1"), quasar), Unseen)


SPECS = st.builds(
    TensorSpec,
    shape=st.lists(st.integers(1, 600), min_size=1, max_size=5).map(tuple),
    dtype=st.sampled_from(Dtype),
    layout=st.sampled_from(Layout),
    memory=st.sampled_from([BufferType.DRAM, BufferType.L1, BufferType.L1_SMALL]),
    sharding=st.none()
    | st.builds(
        Sharding,
        strategy=st.sampled_from(Strategy),
        grid=st.tuples(st.integers(1, 8), st.integers(1, 9)),
        orientation=st.sampled_from(Orientation),
    ),
)


@given(SPECS)
def test_a_spelled_tensor_is_read_back(spec: TensorSpec) -> None:
    assert parse_tensor(spelled(spec)) == spec
    assert parse_tensor(spelled(spec).upper()) == spec


@given(SPECS)
def test_a_tensor_takes_what_its_pages_need_and_no_bank_more_than_a_rounding(spec: TensorSpec) -> None:
    size = tensor_size(spec, N150)
    if isinstance(size, TensorSize):
        assert size.buffer_bytes <= size.banks * size.bytes_per_bank
        assert size.bytes_per_bank <= size.allocated_per_bank < size.bytes_per_bank + 32
        assert size.buffer_bytes % size.page_bytes == 0


@given(SPECS.filter(lambda spec: spec.sharding is None), st.integers(0, 4), st.integers(1, 200))
def test_a_larger_tensor_takes_no_less(spec: TensorSpec, axis: int, more: int) -> None:
    axis %= len(spec.shape)
    shape = tuple(length + more * (axis == at) for at, length in enumerate(spec.shape))
    larger = TensorSpec(shape=shape, dtype=spec.dtype, layout=spec.layout, memory=spec.memory)
    sizes = [tensor_size(tensor, N150) for tensor in (spec, larger)]
    known = [size.allocated_per_bank for size in sizes if isinstance(size, TensorSize)]
    assert known == sorted(known)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "1 part,"),
        ("32x32,bfloat16,tile", "3 parts"),
        ("32x0,bfloat16,tile,l1", "no shape"),
        ("32x-1,bfloat16,tile,l1", "no shape"),
        ("1e3,bfloat16,tile,l1", "no shape"),
        ("32x32,bfloat61,tile,l1", "did you mean bfloat16?"),
        ("32x32,bfloat16,tiles,l1", "did you mean tile?"),
        ("32x32,bfloat16,tile,l2", "memory"),
        ("32x32,bfloat16,tile,trace", "trace region"),
        ("32x32,bfloat16,tile,l1,block", "no sharding"),
        ("32x32,bfloat16,tile,l1,block:8", "core grid"),
        ("32x32,bfloat16,tile,l1,block:41x25", "core grid"),  # 1,025 cores: no chip has so many
        ("32x32,bfloat16,tile,l1,blocks:8x8", "did you mean block?"),
        ("32x32,bfloat16,tile,l1,block:8x8:rows", "they are row_major, col_major"),
        ("x".join(["9999999999999999"] * 9) + ",bfloat16,tile,l1", "any memory"),
    ],
)
def test_a_wrong_spelling_says_which_part_is_wrong(text: str, why: str) -> None:
    with pytest.raises(InspectError) as refused:
        parse_tensor(text)
    assert refused.value.exit_code is ExitCode.USAGE
    assert why in refused.value.why
    assert "such as" in refused.value.next_step


def test_a_core_grid_may_be_larger_than_any_chip_of_today() -> None:
    sharding = parse_tensor("32x32,bfloat16,tile,l1,block:32x32").sharding
    assert sharding is not None
    assert sharding.grid == (32, 32)


@given(st.text(alphabet="x123,:blockl1tilefa \n٣²"))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        parse_tensor(text)
    except InspectError as error:
        assert error.exit_code is ExitCode.USAGE


def test_every_data_type_and_layout_was_measured_but_block_floats_by_rows() -> None:
    measured = {(record["dtype"], record["layout"].lower()) for _, _, record in RECORDS}
    for dtype, layout in itertools.product(Dtype, Layout):
        rows_of_blocks = layout is Layout.ROW_MAJOR and dtype in (Dtype.BFLOAT8_B, Dtype.BFLOAT4_B)
        assert ((dtype.value, layout.value) in measured) != rows_of_blocks
