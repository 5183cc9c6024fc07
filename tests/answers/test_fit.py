"""``fit`` of a chip against the real allocator of such a chip."""

from typing import Any

import msgspec
import pytest

from tests.golden.reading import unpack
from ttinspect.answers.fit import build_fit
from ttinspect.answers.fit_places import places_of_system
from ttinspect.capacity.settings import make_settings
from ttinspect.capacity.tensor_specs import parse_tensor
from ttinspect.model.capacity import Dispatch
from ttinspect.model.tensor import BufferType
from ttinspect.sources.opening import open_source

RANDOM = unpack("random-tensors.json.xz")
"""Made by data/ttnn/random_tensors.py, by board and dispatch."""
BOARDS = {"t3k": "n300"}


@pytest.mark.parametrize("name", sorted(RANDOM))
def test_what_random_tensors_take_of_a_bank_is_what_the_allocator_says(name: str) -> None:
    recorded: dict[str, Any] = RANDOM[name]
    board, dispatch = name.rsplit("-", 1)
    system = open_source(f"board:{BOARDS.get(board, board)}")
    places = places_of_system(
        msgspec.structs.replace(system, chips=system.chips[:1]),
        make_settings(runtime="ttnn-0.81.1", dispatch=Dispatch(dispatch), l1_small=recorded["l1_small"]),
    )
    assert places[0].target.grid == tuple(recorded["compute_grid"])
    for memory, kind in (("l1", BufferType.L1), ("dram", BufferType.DRAM)):
        bank = places[0].target.memories[kind]
        assert [bank.banks, bank.size_bytes] == recorded[memory]
    assert len(recorded["records"]) >= 150
    for record in recorded["records"]:
        (tensor,) = build_fit(places, [parse_tensor(record["spec"])], []).tensors
        why = record.get("refused")
        if why is None:
            assert (tensor.fits, tensor.allocated_per_bank) == (True, record["allocated_per_bank"]), record
        elif why.startswith("Out of Memory"):
            assert tensor.fits is False, record
            assert f"each bank needs to store {tensor.bytes_per_bank} B" in why
            assert f"across {tensor.banks} banks" in why
        else:
            assert tensor.refused == why, record
