"""What the offline sources share when they build chips."""

from collections.abc import Iterable

from ttinspect.errors import InspectError
from ttinspect.facts.boards import product_of
from ttinspect.facts.trays import tray_location_of
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip


def place_on_board(board: Board | None, bus_id: int | None, *, mmio: bool | None) -> int | None:
    """The ASIC location of a chip as far as it follows from how it is reached; None where the source has to
    tell it.

    On a Galaxy it is the low four bits of the PCI bus id. On a Wormhole card it is the position in the
    tunnel, 0 for the MMIO-capable chip and 1 for the one behind it: what files say of these is not to be
    trusted, many say 0 of both.
    """
    in_tray = tray_location_of(board, bus_id)
    if in_tray is not None:
        return in_tray
    product = product_of(board)
    if product is None or product.arch is not Arch.WORMHOLE_B0 or product.trays or product.chips > 2:
        return None
    if product.chips == 1:
        return 0
    return None if mmio is None else int(not mmio)


def refuse_impossible_masks(chips: Iterable[Chip], where: str) -> None:
    """One refused chip refuses its source.

    Raises:
        InspectError: 2, naming the chip and giving tt-umd's reason.
    """
    for chip in chips:
        why = refusal(chip.soc, chip.masks, chip.board, chip.asic_location)
        if why is not None:
            raise InspectError(
                f"{where}: chip {chip.id}: its harvesting masks are refused",
                why,
                "check the masks and the board; ttinspect harvest --help says how they are counted",
            )
