"""Laws that hold for every mask."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harvesting.strategies import SOCS, arch_and_masks, masks_with_unknowns
from ttinspect.harvesting.coordinates import ChipCoordinates
from ttinspect.harvesting.grids import chip_grid
from ttinspect.harvesting.lookup import cores_at
from ttinspect.harvesting.picture import draw
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.arch import Arch, CoordSystem, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.grid import CoreState

OTHER_SYSTEMS = (CoordSystem.NOC1, CoordSystem.TRANSLATED, CoordSystem.LOGICAL)


@given(arch_and_masks(), st.booleans())
@settings(deadline=None)
def test_live_and_harvested_are_all_cores_but_for_l2cpu(case: tuple[Arch, Masks], translation: bool) -> None:
    arch, masks = case
    coordinates = ChipCoordinates(SOCS[arch], masks, translation)
    for core_type in CoreType:
        cores = coordinates.type_cores(core_type)
        assert cores is not None
        together = [*cores.noc0, *cores.harvested.noc0]
        if core_type is CoreType.L2CPU:  # tt-umd lists a harvested L2CPU core nowhere
            harvested = masks.l2cpu.bit_count() if arch is Arch.BLACKHOLE and masks.l2cpu else 0
            assert len(together) == len(SOCS[arch].l2cpu) - harvested
        else:
            assert sorted(map(str, together)) == sorted(map(str, SOCS[arch].cores(core_type)))


@given(arch_and_masks(), st.booleans())
@settings(deadline=None)
def test_translations_are_injective_within_a_type(case: tuple[Arch, Masks], translation: bool) -> None:
    arch, masks = case
    coordinates = ChipCoordinates(SOCS[arch], masks, translation)
    for core_type in CoreType:
        for system in OTHER_SYSTEMS:
            own = [
                answer
                for place in coordinates.places[core_type]
                if isinstance(answer := coordinates.answer(core_type, place.noc0, system), tuple)
            ]
            assert len(own) == len(set(own)), (core_type, system)


@given(arch_and_masks())
@settings(deadline=None)
def test_logical_tensix_coordinates_fill_the_grid(case: tuple[Arch, Masks]) -> None:
    arch, masks = case
    cores = ChipCoordinates(SOCS[arch], masks, True).type_cores(CoreType.TENSIX)
    grid = chip_grid(SOCS[arch], masks).tensix.grid
    assert cores is not None
    assert grid is not None
    assert set(cores.logical) == {(x, y) for x in range(grid[0]) for y in range(grid[1])}


@given(arch_and_masks(), st.booleans(), st.sampled_from(list(CoordSystem)), st.data())
@settings(deadline=None)
def test_a_core_is_found_at_each_of_its_coordinates(
    case: tuple[Arch, Masks], translation: bool, system: CoordSystem, data: st.DataObject
) -> None:
    arch, masks = case
    coordinates = ChipCoordinates(SOCS[arch], masks, translation)
    core_type = data.draw(st.sampled_from([t for t in CoreType if coordinates.places[t]]))
    place = data.draw(st.sampled_from(coordinates.places[core_type]))
    answer = coordinates.answer(core_type, place.noc0, system)
    if isinstance(answer, tuple):
        cores = cores_at(coordinates, system, answer)
        assert (core_type, place.noc0) in [(core.type, core.noc0) for core in cores]


@given(masks_with_unknowns())
@settings(deadline=None)
def test_what_is_unknown_is_none_and_never_a_count(case: tuple[Arch, Masks]) -> None:
    arch, masks = case
    assert refusal(SOCS[arch], masks, None, None) is None
    grid = chip_grid(SOCS[arch], masks)
    coordinates = ChipCoordinates(SOCS[arch], masks, True)
    if masks.tensix is None:
        assert grid.tensix.grid is None
        assert grid.tensix.active is grid.tensix.harvested is None
        assert grid.tensix.harvested_lines is grid.tensix.harvested_noc0 is None
        assert coordinates.type_cores(CoreType.TENSIX) is None
    assert grid.tensix.full_grid == chip_grid(SOCS[arch], Masks(**{**_zero(), "tensix": 0})).tensix.full_grid
    for name in ("dram", "eth"):
        units = getattr(grid, name)
        assert (units.active is None) == (getattr(masks, name) is None)
        assert units.total > 0


def _zero() -> dict[str, int | None]:
    return dict.fromkeys(("tensix", "dram", "eth", "pcie", "l2cpu"), 0)


@given(masks_with_unknowns(), st.sampled_from(list(CoordSystem)))
@settings(deadline=None)
def test_a_picture_shows_as_many_live_and_harvested_tensix_as_the_grid(
    case: tuple[Arch, Masks], labels: CoordSystem
) -> None:
    arch, masks = case
    picture = draw(SOCS[arch], masks, True, labels)
    assert len(picture.rows) == len(picture.y_labels)
    assert all(len(nodes) == len(picture.x_labels) for nodes in picture.rows)
    tensix = [n.state for nodes in picture.rows for n in nodes if n and n.core_type is CoreType.TENSIX]
    grid = chip_grid(SOCS[arch], masks).tensix
    if grid.active is None:
        assert tensix.count(CoreState.UNKNOWN) == len(SOCS[arch].tensix)
    else:
        assert tensix.count(CoreState.LIVE) == grid.active
        assert tensix.count(CoreState.HARVESTED) == grid.harvested
