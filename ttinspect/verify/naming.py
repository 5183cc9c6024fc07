"""Which chips a word means, and what a source may not show: facts that it makes up, links, remote chips."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import board_of_id, product_of
from ttinspect.facts.node import parse_unsigned
from ttinspect.facts.wording import first_of, verb
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip
from ttinspect.model.pseudonyms import board_pseudonym, unique_pseudonym
from ttinspect.model.system import System

UNSEEN_REMOTE = "a remote chip is seen through links, which this source does not show"
KMD_PREFIX = "/dev/tenstorrent/"
_SERIAL = re.compile(r"(?:0x)?[0-9a-fA-F]{16}")
"""A board id as tt-smi and the kernel driver print it."""
_CHIPS_NAMED = 8
_LARGEST_CHIP_ID = 0xFFFF
"""A larger number is a unique id or a board id."""


def chips_named(chips: Iterable[Chip], word: str, *, assumed: bool = True) -> list[Chip]:
    """The chips that a word means: a chip id, /dev/tenstorrent/N, a PCI BDF, a unique id (decimal or 0x), a
    board id (all its chips) or a serial, tried in this order; none where it means none. Of a redacted
    snapshot the ids are known by those that they stand for, too. Without ``assumed`` no id is taken that the
    source makes up.
    """
    known_chips = list(chips)
    number = parse_unsigned(word)
    by_id = [chip for chip in known_chips if number is not None and chip.id == number]
    if by_id:
        return by_id
    if word.startswith(KMD_PREFIX):
        kmd_id = parse_unsigned(word.removeprefix(KMD_PREFIX))
        return [chip for chip in known_chips if kmd_id is not None and chip.kmd_id == kmd_id]
    by_bdf = [
        chip for chip in known_chips if chip.pci_bdf is not None and chip.pci_bdf.lower() == word.lower()
    ]
    serial = int(word, 16) if _SERIAL.fullmatch(word) else None
    if by_bdf or (number is None and serial is None):
        return by_bdf
    by_unique_id = [
        chip
        for chip in known_chips
        if (assumed or knows(chip, "unique_id")) and is_unique_id(chip.unique_id, word)
    ]
    by_board = [chip for chip in known_chips if number is not None and is_board_id(chip, number)]
    return (
        by_unique_id
        or by_board
        or [chip for chip in known_chips if serial is not None and is_board_id(chip, serial)]
    )


def is_unique_id(known: str | None, word: str) -> bool:
    """Whether a word is this unique id, also where one of them is from a redacted snapshot."""
    number = parse_unsigned(word)
    return known is not None and number is not None and _is_same(int(known), number, unique_pseudonym)


def may_be_far(word: str) -> bool:
    """Whether a word can mean a chip of another host: only unique ids name those, and they are large."""
    number = parse_unsigned(word)
    return number is not None and number > _LARGEST_CHIP_ID


def is_board_id(chip: Chip, number: int) -> bool:
    """Whether a number is the board id of a chip, also where one of them is from a redacted snapshot."""
    return chip.board_id is not None and _is_same(int(chip.board_id), number, board_pseudonym)


def _is_same(known: int, number: int, pseudonym: Callable[[int], int]) -> bool:
    return known == number or known == pseudonym(number) or pseudonym(known) == number


def unseen_name(chips: Iterable[Chip], word: str) -> str | None:
    """Why a chip of this name could be among those whose name the source does not tell; None where it tells
    the name of each."""
    known_chips = list(chips)
    on_bus = [chip for chip in known_chips if chip.mmio is not False]
    number = parse_unsigned(word)
    if number is not None and number <= _LARGEST_CHIP_ID:
        return UNSEEN_REMOTE if unseen_remotes(known_chips) else None
    if number is not None:
        kinds = ["unique_id"] if board_of_id(number) is None else ["unique_id", "board_id"]
        unknown_kinds = [kind for kind in kinds if not all(knows(chip, kind) for chip in known_chips)]
        kind, is_known = " or ".join(unknown_kinds).replace("_", " "), not unknown_kinds
    elif word.startswith(KMD_PREFIX):
        kind, is_known = f"{KMD_PREFIX}N", all(chip.kmd_id is not None for chip in on_bus)
    else:
        kind, is_known = "bus address", all(chip.pci_bdf for chip in on_bus)
    return None if is_known else f"the source does not tell the {kind} of every chip"


def select_chips(system: System, wanted: list[str]) -> System:
    """The System with the wanted chips only, and the troubles of these chips and of the whole; the same
    System where no chip is named.

    A word is a chip id, /dev/tenstorrent/N, a PCI BDF, a unique id (decimal or 0x) or a board id (all
    its chips), tried in this order; several may stand in one word, separated by commas.

    Raises:
        InspectError: 3 when there are no chips at all, 2 when a word matches none of them.
    """
    if not system.chips:
        raise InspectError(
            "no devices",
            f"{system.source.detail or system.source.kind.value} has none",
            "check the source",
            ExitCode.NO_DEVICES,
        )
    if not wanted:
        return system
    chosen: set[int] = set()
    for word in (part.strip() for text in wanted for part in text.split(",")):
        matches = chips_named(system.chips, word)
        if not matches:
            raise InspectError(
                f"no device {word!r}", _what_there_is(system.chips), "choose one with --device"
            )
        chosen.update(chip.id for chip in matches)
    chips = tuple(chip for chip in system.chips if chip.id in chosen)
    troubles = tuple(trouble for trouble in system.troubles if trouble.chip is None or trouble.chip in chosen)
    return msgspec.structs.replace(system, chips=chips, troubles=troubles)


def _what_there_is(chips: tuple[Chip, ...]) -> str:
    names = [
        " ".join(filter(None, (str(chip.id), chip.pci_bdf, chip.unique_id and f"unique id {chip.unique_id}")))
        for chip in chips
    ]
    return f"there {verb(len(chips), 'is', 'are')} {first_of(names, _CHIPS_NAMED)}"


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
    """Whether one of these chips, of which the board type is unknown, could be on the board with this id.
    With None: on any of the boards that are counted together because their ids are unknown."""
    return any(
        board_id is None or not knows(chip, "board_id") or chip.board_id == board_id for chip in unknown
    )
