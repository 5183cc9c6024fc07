"""Which chips a word means: a chip id, /dev/tenstorrent/N, a PCI BDF, a unique id or a board id."""

from collections.abc import Iterable

from ttinspect.facts.node import parse_unsigned
from ttinspect.model.chip import Chip
from ttinspect.model.pseudonyms import board_pseudonym, unique_pseudonym

KMD_PREFIX = "/dev/tenstorrent/"
_LARGEST_CHIP_ID = 0xFFFF
"""A larger number is a unique id or a board id."""


def chips_named(chips: Iterable[Chip], word: str) -> list[Chip]:
    """The chips that a word means: a chip id, /dev/tenstorrent/N, a PCI BDF, a unique id (decimal or 0x) or
    a board id (all its chips), tried in this order; none where it means none. Of a redacted snapshot the ids
    are known by those that they stand for, too."""
    there = list(chips)
    number = parse_unsigned(word)
    by_id = [chip for chip in there if number is not None and chip.id == number]
    if by_id:
        return by_id
    if word.startswith(KMD_PREFIX):
        kmd_id = parse_unsigned(word.removeprefix(KMD_PREFIX))
        return [chip for chip in there if kmd_id is not None and chip.kmd_id == kmd_id]
    by_bdf = [chip for chip in there if chip.pci_bdf is not None and chip.pci_bdf.lower() == word.lower()]
    if by_bdf or number is None:
        return by_bdf
    uniques = (str(number), str(unique_pseudonym(number)))
    by_unique_id = [chip for chip in there if chip.unique_id in uniques]
    return by_unique_id or [chip for chip in there if is_board_id(chip, number)]


def is_board_id(chip: Chip, number: int) -> bool:
    """Whether a number is the board id of a chip, or would be if the snapshot were not redacted."""
    return chip.board_id in (str(number), str(board_pseudonym(number)))


def unseen_name(chips: Iterable[Chip], word: str) -> str | None:
    """Why a chip of this name could be among those whose name the source does not tell; None where it tells
    the name of each."""
    there = list(chips)
    on_bus = [chip for chip in there if chip.mmio is not False]
    number = parse_unsigned(word)
    if number is not None:
        kind, told = "unique id", number <= _LARGEST_CHIP_ID or all(chip.unique_id for chip in there)
    elif word.startswith(KMD_PREFIX):
        kind, told = f"{KMD_PREFIX}N", all(chip.kmd_id is not None for chip in on_bus)
    else:
        kind, told = "bus address", all(chip.pci_bdf for chip in on_bus)
    return None if told else f"the source does not tell the {kind} of every chip"
