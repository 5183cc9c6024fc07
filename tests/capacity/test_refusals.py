"""What operations and tt-metal refuse beside the allocator: recognised, with the numbers of their sentences."""

import json
from pathlib import Path

import pytest

from ttinspect.answers.memory_faults import explain_error
from ttinspect.capacity.diagnosis import diagnose
from ttinspect.capacity.error_text import find_errors
from ttinspect.capacity.sentences import REFUSALS
from ttinspect.model.memory_error import Cause, MemoryFault
from ttinspect.model.tensor import BufferType

DATA = Path(__file__).resolve().parent.parent / "data" / "refusals.json"
MESSAGES = {record["name"]: record["message"] for record in json.loads(DATA.read_text())}
"""Of ttnn 0.81.1 on a mocked N150: made by data/ttnn/refuse.py."""


def _fault(text: str) -> MemoryFault:
    (fault,) = [diagnose(error) for error in find_errors(text)]
    return fault


@pytest.mark.parametrize(
    ("name", "cause", "operation", "needed", "available", "freeing_helps"),
    [
        ("l1_small", Cause.RESERVED_TOO_BIG, None, None, None, False),
        ("worker_l1", Cause.RESERVED_TOO_BIG, None, 2_000_000, 1_463_968, False),
        ("concat", Cause.OPERATION_TOO_BIG, "concat", 1_600_000, 1_393_312, False),
        ("pad", Cause.OPERATION_TOO_BIG, "pad", 800_064, 643_744, None),
        ("nonzero", Cause.OPERATION_TOO_BIG, "nonzero", 3_200_000, 1_499_136, False),
        # 600 of 680 tiles of a bank are held: 95 % of what is free
        ("layer_norm", Cause.OPERATION_TOO_BIG, "layer_norm", 167_936, 156_286, True),
        ("slice", Cause.OPERATION_TOO_BIG, "slice", 256_000, 164_512, True),
        ("pool", Cause.OPERATION_TOO_BIG, "pool", None, None, True),
        ("slices", Cause.OPERATION_TOO_BIG, "conv2d or a pool", None, 164_512, True),
    ],
)  # fmt: skip
def test_what_a_real_runtime_refuses_is_understood(
    name: str,
    cause: Cause,
    operation: str | None,
    needed: int | None,
    available: int | None,
    freeing_helps: bool | None,
) -> None:
    fault = _fault(MESSAGES[name])
    assert (fault.cause, fault.operation) == (cause, operation)
    assert (fault.needed_bytes, fault.available_bytes, fault.freeing_helps) == (
        needed,
        available,
        freeing_helps,
    )


def test_an_allocator_that_shares_its_banks_is_understood() -> None:
    fault = _fault(MESSAGES["dependencies"])
    assert (fault.cause, fault.memory, fault.banks) == (Cause.FULL, BufferType.L1, 72)
    assert (fault.needed_bytes, fault.bank_bytes, fault.free_bytes) == (204_800, 1_393_312, 164_512)
    assert fault.short_bytes == 204_800 - 164_512


def test_what_other_allocators_hold_counts_as_held() -> None:
    """3 KiB are free in one piece, but another allocator holds the middle of it."""
    fault = _fault(
        "Out of Memory: Not enough space after considering dependencies to allocate 4096 B DRAM across 2 banks "
        "(2048 B per bank), bank size is 8192 B (allocated: 3072 B, free: 5120 B, largest free block: 3072 B). "
        "After subtracting 1 dependency range(s) and 0 additional occupied range(s), 2048 B remained placeable "
        "across 2 window(s), largest 1024 B"
    )
    assert (fault.cause, fault.short_bytes) == (Cause.FRAGMENTED, 1024)


@pytest.mark.parametrize(
    ("text", "cause", "needed", "available"),
    [
        ("Program size (70688) too large for kernel config buffer (70656) on TENSIX", Cause.KERNELS_TOO_BIG, 70_688, 70_656),
        ("Creating trace buffers of size 751616B on MeshDevice 1, but only 65536B is allocated for trace region.", Cause.TRACE_TOO_BIG, 751_616, 65_536),
        ("Creating trace buffers of size 751616B on device 0, but only 0B is allocated for trace region.", Cause.TRACE_TOO_BIG, 751_616, 0),
        ("Trace buffer at address 1048640 overlaps with DRAM activity during trace capture.", Cause.TRACE_CLASH, None, None),
        ("Cannot set to globally allocated buffer. Circular buffer size 98304 B exceeds allocated L1 buffer bank size of 81920 B", Cause.VIEW_TOO_BIG, 98_304, 81_920),
        ("Cannot set circular buffer size to 4096. This is larger than the associated dynamically allocated L1 buffer bank size of 2048 B", Cause.VIEW_TOO_BIG, 4096, 2048),
    ],
)  # fmt: skip
def test_what_people_reported_is_understood(
    text: str, cause: Cause, needed: int | None, available: int | None
) -> None:
    for logged in (text, f"TT_FATAL @ /project/x.cpp:5: a <= b\ninfo:\n{text}\nbacktrace:\n --- f"):
        fault = _fault(logged)
        assert (fault.cause, fault.needed_bytes, fault.available_bytes) == (cause, needed, available)


@pytest.mark.parametrize("template", [sentence.template for sentence in REFUSALS])
def test_every_sentence_is_found_and_means_something(template: str) -> None:
    text = (
        template.replace("{needed_bytes}", "4096").replace("{available_bytes}", "2048").replace("{_}", "7,")
    )
    (error,) = find_errors(f"TT_FATAL: {text} (assert.hpp:104)")
    explained = explain_error(error)
    assert explained.needed_bytes == (4096 if "{needed_bytes}" in template else None)
    assert explained.available_bytes == (2048 if "{available_bytes}" in template else None)
    assert explained.short_bytes in (None, 2048)
    assert explained.help
    assert "None" not in explained.meaning + " ".join(explained.help)


def test_an_error_is_found_in_its_log_line_and_in_its_exception() -> None:
    message = MESSAGES["layer_norm"]
    log = f"... | critical | Always | TT_FATAL: {message.splitlines()[-1]} (assert.hpp:104)\nRuntimeError: {message}"
    assert len([*find_errors(log)]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "TT_FATAL: In-place operation not supported: Tile layout requires non-inplace tensors. (inplace=true)",
        "TT_FATAL: Number of shards along height 9 must not exceed number of cores 8",
        "TT_FATAL @ a.cpp:1: false\ninfo:\nPhysical shard shape (20, 32) must be tile {32, 32} sized!",
        "ttnn.split: L1 budget exceeded (need ~4096 B, have 2048 B for 2 chunks); DRAM downgrade.",
        "TT_FATAL: Shard page size must be aligned to 16B. info: need 12 bytes of something",
        "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "Allocating semaphores in L1, which may fragment L1 and reduce headroom for subsequent op allocations.",
    ],
)  # fmt: skip
def test_what_is_no_memory_error_is_not_called_one(text: str) -> None:
    assert [*find_errors(text)] == []
