"""Captures of meshes and submeshes: what the real allocators held after every call (data/ttnn/meshes.py)."""

import json
from pathlib import Path

import pytest

from tests.golden.reading import unpack
from ttinspect.answers.programs import Capture, build_programs
from ttinspect.sources.graphs.opening import read_captures

MESHES = unpack("meshes.json.xz")
CHIPS = {"t3k": 8, "galaxy": 32, "8xp150": 8, "bhgalaxy": 32, "n300": 2}


def _captures(name: str, folder: Path) -> dict[str, Capture]:
    """NORMAL, NO_DISPATCH, and both joined."""
    recorded = {}
    for mode, run in MESHES[name]["reports"].items():
        path = folder / f"{name}-{mode}.json"
        path.write_text(json.dumps(run["report"]))
        recorded[mode] = read_captures(str(path))
    captures = {mode: build_programs(recording).captures[0] for mode, recording in recorded.items()}
    captures["joined"] = build_programs(recorded["NORMAL"], recorded["NO_DISPATCH"]).captures[0]
    return captures


@pytest.mark.parametrize("name", sorted(MESHES))
def test_what_lives_after_every_call_is_what_the_fullest_allocator_says(name: str, tmp_path: Path) -> None:
    captures, held = _captures(name, tmp_path), MESHES[name]["reports"]["NORMAL"]["held_after"]
    assert [captures["NORMAL"].banks, captures["NORMAL"].bank_bytes] == MESHES[name]["bank"]
    expected = [max(of_devices) for of_devices in held]
    for mode in ("NORMAL", "joined"):
        assert [each.l1_after_bytes for each in captures[mode].operations] == expected


@pytest.mark.parametrize("name", sorted(MESHES))
def test_a_dry_run_allocates_nothing_and_tells_the_same(name: str, tmp_path: Path) -> None:
    captures, dry = _captures(name, tmp_path), MESHES[name]["reports"]["NO_DISPATCH"]["held_after"]
    assert len({tuple(of_devices) for of_devices in dry}) == 1  # of the real allocators
    after_operations = [
        [each.l1_after_bytes for each in captures[mode].operations] for mode in ("NORMAL", "NO_DISPATCH")
    ]
    assert after_operations[0] == after_operations[1]


@pytest.mark.parametrize("name", sorted(MESHES))
def test_a_program_is_told_for_every_chip_of_its_mesh_or_once_for_the_mesh(name: str, tmp_path: Path) -> None:
    captures = _captures(name, tmp_path)
    first = captures["NORMAL"].programs[0]
    assert {chip.device for chip in first.chips} == {*range(CHIPS[name])}
    assert {(chip.cores, chip.max_per_core) for chip in first.chips} == {(MESHES[name]["bank"][0], 12_288)}
    (of_mesh,) = captures["NO_DISPATCH"].programs[0].chips
    assert (of_mesh.cores, of_mesh.max_per_core) == (MESHES[name]["bank"][0], 12_288)
    assert len(captures["NORMAL"].programs) == len(captures["NO_DISPATCH"].programs)


@pytest.mark.parametrize("name", sorted(name for name in MESHES if name != "galaxy"))
def test_a_submesh_has_the_room_of_its_own_allocator(name: str, tmp_path: Path) -> None:
    """Every device runs the same calls with an allocator of its own: the programs of the mesh and of both
    submeshes have the same headroom, although some chips are in all of them."""
    operations = _captures(name, tmp_path)["joined"].operations
    third = len(operations) // 3
    rooms = [each.headroom_bytes for each in operations]
    assert rooms[:third] == rooms[third : 2 * third] == rooms[2 * third :]
    assert sum(room is not None for room in rooms) == 27
