"""What a source may not show: facts that it makes up, links, chips behind them."""

from collections import Counter
from collections.abc import Iterable

from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip

UNSEEN_REMOTE = "a remote chip is seen through links, which this source does not show"


def knows(chip: Chip, name: str) -> bool:
    """Whether the source tells a fact of a chip, and does not make it up."""
    return getattr(chip, name) is not None and name not in chip.assumed


def links_unknown(chip: Chip) -> bool:
    """Whether the source sees no links, and so no chips behind them either."""
    return any(unknown.path == "links" for unknown in chip.unknown)


def unseen_remotes(chips: Iterable[Chip]) -> int:
    """How many remote chips there can be at most that the source does not show: the second one of an N300 of
    which it shows one, and of a Wormhole whose board is unknown. Two chips are of one board where they say so
    by their board id."""
    there = [chip for chip in chips if chip.arch is Arch.WORMHOLE_B0]
    if any(chip.mmio is False for chip in there):
        return 0  # it shows them
    shown = Counter(chip.board_id for chip in there if knows(chip, "board_id"))
    return sum(
        links_unknown(chip)
        and chip.board in (Board.N300, None)
        and not (knows(chip, "board_id") and shown[chip.board_id] > 1)
        for chip in there
    )


def of_unknown_board(chips: Iterable[Chip]) -> list[Chip]:
    """The chips of which the source does not tell the board."""
    return [chip for chip in chips if chip.board is None]


def may_have_another(unknown: Iterable[Chip], board_id: str | None) -> bool:
    """Whether one of the chips of unknown board could be on a board, too, known by its id; None: on one of
    those that are counted together."""
    return any(
        board_id is None or not knows(chip, "board_id") or chip.board_id == board_id for chip in unknown
    )
