"""Pictures, held to what is known of the dies."""

from tests.harvesting.strategies import SOCS
from ttinspect.harvesting.picture import draw
from ttinspect.model.arch import Arch, CoordSystem, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.grid import CoreState


def _masks(tensix: int) -> Masks:
    return Masks(tensix=tensix, dram=0, eth=0, pcie=0, l2cpu=0)


def test_harvested_wormhole_rows_stand_at_noc0_y_1_and_8() -> None:
    picture = draw(SOCS[Arch.WORMHOLE_B0], _masks(0x041), True, CoordSystem.NOC0)
    lost = {y for y, nodes in enumerate(picture.rows) for n in nodes if n and n.state is CoreState.HARVESTED}
    assert lost == {1, 8}
    assert picture.x_labels == tuple("0123456789")


def test_logical_labels_skip_harvested_rows() -> None:
    picture = draw(SOCS[Arch.WORMHOLE_B0], _masks(0x041), True, CoordSystem.LOGICAL)
    assert picture.y_labels == ("", "-", "0", "1", "2", "3", "", "4", "-", "5", "6", "7")
    assert picture.x_labels == ("", "0", "1", "2", "3", "", "4", "5", "6", "7")


def test_translated_labels_are_unknown_where_translation_is() -> None:
    picture = draw(SOCS[Arch.WORMHOLE_B0], _masks(0x041), None, CoordSystem.TRANSLATED)
    assert {label for label in picture.y_labels if label != "-"} == {""}


def test_quasar_is_drawn_on_the_bounding_box_of_its_cores() -> None:
    picture = draw(SOCS[Arch.QUASAR], _masks(0), True, CoordSystem.NOC0)
    assert (len(picture.x_labels), len(picture.y_labels)) == (17, 12)


def test_at_a_shared_node_the_core_that_tt_umd_lets_answer_is_shown() -> None:
    picture = draw(SOCS[Arch.QUASAR], _masks(0), True, CoordSystem.NOC0)
    node = picture.rows[3][8]  # a tensix and an L2CPU core
    assert node is not None
    assert node.core_type is CoreType.TENSIX
