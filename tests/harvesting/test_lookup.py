"""What is at a coordinate, also where a mask is unknown."""

import json

import pytest

from tests.conftest import Run
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting.coordinates import chip_coordinates
from ttinspect.harvesting.lookup import cores_at
from ttinspect.model.arch import Arch, Coord, CoordSystem, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.grid import CoreAt, CoreState


def at(
    system: CoordSystem, coord: Coord, *, tensix: int | None, translation: bool | None = True
) -> tuple[CoreAt, ...]:
    """Of a Wormhole, on which row 2 of the descriptor (NOC0 y=3) is harvested if its bit is set."""
    masks = Masks(tensix=tensix, dram=0, eth=0, pcie=0, l2cpu=0)
    return cores_at(chip_coordinates(builtin_soc(Arch.WORMHOLE_B0), masks, translation), system, coord)


def test_a_translated_coordinate_names_a_tensix_core_only_where_the_mask_is_known() -> None:
    """Live rows come first from (18, 18) on: with row 0 live it is (1, 1), with rows 0 and 1 harvested (1, 3)."""
    (core,) = at(CoordSystem.TRANSLATED, (18, 18), tensix=0)
    assert (core.type, core.state, core.noc0) == (CoreType.TENSIX, CoreState.LIVE, (1, 1))
    (core,) = at(CoordSystem.TRANSLATED, (18, 18), tensix=0b11)
    assert (core.state, core.noc0) == (CoreState.LIVE, (1, 3))
    assert at(CoordSystem.TRANSLATED, (18, 18), tensix=None) == ()
    assert at(CoordSystem.LOGICAL, (3, 3), tensix=None) == ()


def test_a_type_whose_mask_is_known_is_found_while_that_of_another_is_not() -> None:
    """WH eth (9, 0) is translated (25, 16) whatever happens to tensix rows."""
    for tensix in (0, None):
        (core,) = at(CoordSystem.TRANSLATED, (25, 16), tensix=tensix)
        assert (core.type, core.noc0) == (CoreType.ETH, (9, 0))
    assert at(CoordSystem.TRANSLATED, (25, 16), tensix=0, translation=None) == ()


def test_a_noc0_coordinate_names_its_core_whatever_is_known_and_nothing_that_depends_on_the_mask() -> None:
    (core,) = at(CoordSystem.NOC0, (1, 3), tensix=None)
    assert (core.type, core.state, core.noc1) == (CoreType.TENSIX, CoreState.UNKNOWN, (8, 8))
    assert core.translated is core.logical is None
    (core,) = at(CoordSystem.NOC0, (1, 3), tensix=0b100)
    assert (core.state, core.translated, core.logical) == (CoreState.HARVESTED, (18, 27), None)


@pytest.mark.parametrize("system", ["translated", "logical"])
def test_the_command_says_that_masks_are_unknown_and_not_that_there_is_no_core(run: Run, system: str) -> None:
    document = {"device_info": [{"board_info": {"board_type": "n150 L", "board_id": "0100018611703043"}}]}
    done = run("harvest", "--from", "-", "--core", f"{system}:18-18", "--json", stdin=json.dumps(document))
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["exit_code"]) == (2, 2)
    assert "masks are unknown" in error["why"]
