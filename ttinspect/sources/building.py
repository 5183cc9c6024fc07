"""What the offline sources share when they build chips."""

from collections.abc import Iterable

from ttinspect.errors import InspectError
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.chip import Chip


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
