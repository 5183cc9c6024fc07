"""What lives after every operation, against ttnn's own allocator on three boards, step by step."""

import json
from pathlib import Path

import pytest

from tests.golden.compact_runs import runs
from ttinspect.capacity.headroom import memory_of
from ttinspect.model.graph import Earlier, Recorded
from ttinspect.sources.graphs.opening import read_captures


def read(name: str, folder: Path) -> Recorded:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(runs()[name]["report"], indent=2, sort_keys=True))
    (recorded,) = read_captures(str(path))
    return recorded


@pytest.mark.parametrize("name", ["a-detail", "p-detail", "m-detail"])
def test_with_snapshots_every_byte_is_known(name: str, tmp_path: Path) -> None:
    memory = memory_of(read(name, tmp_path))
    views = [allocated for _, allocated, _ in runs()[name]["views"]]
    assert [each.l1_after for each in memory.operations] == views[1:]
    assert memory.earlier is Earlier.ALL


@pytest.mark.parametrize("name", ["a-normal", "p-normal", "m-normal"])
def test_without_them_all_but_what_nothing_touches(name: str, tmp_path: Path) -> None:
    """Each script made a tensor that no operation touches: the same bytes are missing after every one."""
    memory = memory_of(read(name, tmp_path))
    views = [allocated for _, allocated, _ in runs()[name]["views"]]
    hidden = {view - (each.l1_after or 0) for view, each in zip(views[1:], memory.operations, strict=True)}
    assert len(hidden) == 1
    assert hidden.pop() > 0


@pytest.mark.parametrize("board", ["a", "p", "m"])
def test_a_dry_run_holds_what_the_run_in_earnest_holds(board: str, tmp_path: Path) -> None:
    dry, normal = (memory_of(read(f"{board}-{mode}", tmp_path)) for mode in ("dry", "normal"))
    assert [each.l1_after for each in dry.operations] == [each.l1_after for each in normal.operations]
    assert [each.l1_peak for each in dry.operations] == [each.l1_peak for each in normal.operations]
    views = {allocated for _, allocated, _ in runs()[f"{board}-dry"]["views"]}
    assert len(views) == 1  # the allocator itself took nothing
