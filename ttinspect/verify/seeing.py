"""What a source may not show: facts that it makes up, links, chips behind them."""

from collections import Counter
from collections.abc import Iterable

from ttinspect.facts.boards import product_of
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
    """How many remote chips there can be at most that the source does not show: those of a board of which it
    shows the ones on the bus, and one behind each Wormhole whose board is unknown. Two chips are of one board
    where they say so by their board id."""
    shown_chips = list(chips)
    if any(chip.mmio is False for chip in shown_chips):
        return 0  # it shows them
    shown = Counter(chip.board_id for chip in shown_chips if knows(chip, "board_id"))
    behind = 0
    for chip in shown_chips:
        on_bus, remote = _chips_of(chip)
        whole = knows(chip, "board_id") and shown[chip.board_id] > on_bus
        if links_unknown(chip) and not whole:
            behind += remote // on_bus
    return behind


def _chips_of(chip: Chip) -> tuple[int, int]:
    """How many chips of a board are on the bus, and how many are reached through these. No other
    architecture than Wormhole is known to be reached through a link on a board of unknown type."""
    product = product_of(chip.board)
    if product is not None:
        return product.mmio_chips, product.chips - product.mmio_chips
    return 1, int(chip.board is None and chip.arch is Arch.WORMHOLE_B0)


def has_remote_chips(board: Board | None) -> bool:
    """Whether chips of a board are reached through others of it."""
    product = product_of(board)
    return product is not None and product.mmio_chips < product.chips


def of_unknown_board(chips: Iterable[Chip]) -> list[Chip]:
    """The chips of which the source does not tell the board."""
    return [chip for chip in chips if chip.board is None]


def may_have_another(unknown: Iterable[Chip], board_id: str | None) -> bool:
    """Whether one of the chips of unknown board could be on a board, too, known by its id; None: on one of
    those that are counted together."""
    return any(
        board_id is None or not knows(chip, "board_id") or chip.board_id == board_id for chip in unknown
    )
