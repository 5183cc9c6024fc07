"""As many chips as a board has."""

from collections.abc import Iterator

from ttinspect.facts.boards import product_of, with_article
from ttinspect.facts.trays import has_trays
from ttinspect.model.arch import Board
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.system import System
from ttinspect.verify.check.expectation import Expectation, Fact, Outcome, messages_of, of_host
from ttinspect.verify.findings.harvest import plural
from ttinspect.verify.seeing import UNSEEN_REMOTE, may_have_another, of_unknown_board, unseen_remotes


def board_expectations(system: System, shown: list[Chip], incomplete: list[Finding]) -> Iterator[Expectation]:
    """By board id; where there is none, and of a Galaxy, by all chips of the type. ``incomplete`` are the
    findings that a board lacks chips."""
    for board in dict.fromkeys(chip.board for chip in shown):
        if board is not None:
            yield from _of_type(board, system, shown, incomplete)


def _of_type(
    board: Board, system: System, shown: list[Chip], incomplete: list[Finding]
) -> Iterator[Expectation]:
    product = product_of(board)
    if product is None:
        return
    whole, outcome, why = product.chips, Outcome.PASS, ""
    found: int | None = whole
    chips = [chip for chip in system.chips if chip.board is board]
    wrong = _wrong(_boards_of(chips), {chip.id for chip in shown}, whole)
    if wrong:
        found = next(iter(wrong.values()))
        why = _undecided(board, system, wrong, whole)
        outcome = Outcome.UNKNOWN if why else Outcome.FAIL
    elif unseen_remotes(chips):
        found, outcome, why = None, Outcome.UNKNOWN, UNSEEN_REMOTE
    if outcome is Outcome.FAIL:
        about = [one for one in incomplete if one.is_about({chip.id for chip in chips})]
        why = messages_of(about) or f"{with_article(board)} has {plural(whole, 'chip')}, here are {found}"
    yield _row(board, whole, found, outcome, why)


def _row(board: Board, whole: int, found: Fact, outcome: Outcome, why: str) -> Expectation:
    return of_host("TTT007", f"chips per {board.value}", whole, found, outcome, why)


def _boards_of(chips: list[Chip]) -> dict[str | None, list[Chip]]:
    """Chips by board id; None for those that are counted together."""
    groups: dict[str | None, list[Chip]] = {}
    for chip in chips:
        counted_together = has_trays(chip.board) or "board_id" in chip.assumed
        groups.setdefault(None if counted_together else chip.board_id, []).append(chip)
    return groups


def _wrong(boards: dict[str | None, list[Chip]], shown: set[int], whole: int) -> dict[str | None, int]:
    """The number of chips of each board that has not as many as it should."""
    return {
        board_id: len(chips)
        for board_id, chips in boards.items()
        if not shown.isdisjoint(chip.id for chip in chips)
        and (len(chips) % whole if len(boards) == 1 else len(chips) != whole)
    }


def _undecided(board: Board, system: System, wrong: dict[str | None, int], whole: int) -> str:
    """Why boards that lack chips need not; empty where one of them does, or has too many."""
    if any(size > whole and board_id is not None for board_id, size in wrong.items()):
        return ""
    chips = [chip for chip in system.chips if chip.board is board]
    if unseen_remotes(chips):
        return UNSEEN_REMOTE
    unknown = of_unknown_board(system.chips)
    if all(may_have_another(unknown, board_id) for board_id in wrong):
        return "the board of another chip is unknown, which could be this one"
    return ""
