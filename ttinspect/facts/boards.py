"""Boards: their names and codes, and what every chip of a product should be. All of it is boards.yaml."""

import functools
from collections.abc import Iterator

import msgspec

from ttinspect.facts.board_table import board_entry, board_type_names
from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.node import Node
from ttinspect.facts.socs import builtin_soc
from ttinspect.facts.wiring import inside_links
from ttinspect.model.arch import Arch, Board

_PRODUCT_CODE_SHIFT = 36
_PRODUCT_CODE_MASK = 0xFFFFF
_REVISION_SHIFT = 32
_REVISION_MASK = 0xF


class PcieRule(msgspec.Struct, frozen=True, kw_only=True):
    """The pcie mask that tt-umd insists on, at a place on the board (None: at any), and its refusal."""

    asic_location: int | None
    mask: int
    refusal: str


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What every chip of a board should have: ``tensix``, ``dram`` and ``eth`` are harvested units.

    ``chips`` are those of one board, or of a Galaxy, which has ``trays``, those of one host: there the trays
    and even hosts share board ids. ``mmio_chips`` of them are on the PCIe bus, the others are reached
    through these. ``links`` is how many eth links join the chips of one board on the board itself; None
    where that is not known of a board id alone: of one chip, and of a Galaxy.
    ``pcie_lanes`` and ``pcie_generation`` are those of the card's own link; None where no document says it.
    ``unharvested_tensix_before`` is the firmware bundle before which a chip without a harvested tensix line
    is right too; None where it never is. ``eth_dispatch``: tt-metal's fast dispatch runs on eth cores there
    by default.
    """

    board: Board
    arch: Arch
    chips: int
    mmio_chips: int
    links: int | None
    trays: bool
    tensix: int
    dram: int
    eth: int
    unharvested_tensix_before: tuple[int, int, int] | None
    pcie: tuple[PcieRule, ...]
    pcie_lanes: int | None
    pcie_generation: int | None
    eth_dispatch: bool

    @property
    def linked_inside(self) -> bool:
        """Whether its chips are linked without cables."""
        return self.trays or bool(self.links)


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """Boards by the names that they have elsewhere, in lower case."""

    umd: dict[str, Board]
    tt_smi: dict[str, Board]
    driver: dict[str, Board]
    example: dict[str, Board]


def _entries() -> Iterator[tuple[Board, Node]]:
    return ((Board(name), board_entry(name)) for name in board_type_names())


@functools.cache
def _names() -> _Names:
    names: dict[str, dict[str, Board]] = {"umd": {}, "tt_smi": {}, "driver": {}, "example": {}}
    for board, entry in _entries():
        for place, node in entry.child("names").entries():
            names[place] |= {name.text(): board for name in node.sequence()}
        if entry.child("example"):
            names["example"] |= {
                name.text(): board for name in entry.child("example").child("names").sequence()
            }
    return _Names(**names)


@functools.cache
def _codes() -> dict[int, Board]:
    return {code.unsigned(): board for board, entry in _entries() for code in entry.child("codes").sequence()}


def board_named(name: str) -> Board | None:
    """The board type that UMD reads from a name, any case; None for a name it does not know."""
    return _names().umd.get(name.lower())


def board_meant(name: str) -> Board | None:
    """The board type that people mean by a name: what UMD reads, or a built-in example's; None if none."""
    return board_named(name) or _names().example.get(name.lower())


def board_of_card(name: str) -> Board | None:
    """The board type of a card as tt-kmd names it, any case; None for a name that is none."""
    return _names().driver.get(name.lower()) or board_meant(name)


def board_in_tt_smi(name: str) -> Board | None:
    """The board type of a name that tt-smi prints, "n300 L", "p150b", "tt-galaxy-bh"; None for another."""
    lower = name.lower()
    return _names().tt_smi.get(lower.removesuffix(" l").removesuffix(" r")) or board_named(name)


def board_names() -> list[str]:
    """Every name that board_meant knows, in lower case."""
    names = _names()
    return list(dict.fromkeys((*names.umd, *names.example)))


def board_of_id(board_id: int) -> Board | None:
    """The board type of a board id's product code; None for a code that UMD does not know."""
    return _codes().get(board_id >> _PRODUCT_CODE_SHIFT & _PRODUCT_CODE_MASK)


def revision_of(board: Board | None, board_id: int | None) -> str | None:
    """The revision of a board, as its id tells: "C"; None where it does not, or not in a known way."""
    if board is None or board_id is None:
        return None
    revisions = board_entry(board.value).child("revisions")
    name = revisions.child(board_id >> _REVISION_SHIFT & _REVISION_MASK) if revisions else revisions
    return name.text() if name else None


def has_revisions(board: Board | None) -> bool:
    """Whether the ids of a board tell its revision."""
    return board is not None and bool(board_entry(board.value).child("revisions"))


def revision_names(board: Board | None) -> tuple[str, ...]:
    """The revisions that a board is known to have."""
    node = None if board is None else board_entry(board.value).child("revisions")
    return tuple(name.text() for _, name in node.entries()) if node else ()


@functools.cache
def product_of(board: Board | None) -> Product | None:
    """What a board should have; None for an unknown board, and for one that is no product yet."""
    if board is None:
        return None
    entry = board_entry(board.value)
    if not entry.child("harvest"):
        return None
    harvest, before, mmio = (
        entry.child(key) for key in ("harvest", "unharvested_tensix_before", "mmio_chips")
    )
    chips, trays = entry.child("chips").unsigned(), bool(entry.child("trays"))
    pcie, dispatch = entry.child("pcie"), entry.child("dispatch")
    link = entry.child("pcie_link")
    return Product(
        board=board,
        arch=Arch(entry.child("arch").text([arch.value for arch in Arch])),
        chips=chips,
        mmio_chips=mmio.unsigned() if mmio else chips,
        links=None if trays else len(inside_links(board)) or None,
        trays=trays,
        tensix=harvest.child("tensix").unsigned(),
        dram=harvest.child("dram").unsigned(),
        eth=harvest.child("eth").unsigned(),
        unharvested_tensix_before=firmware_version(before.text()) if before else None,
        pcie=tuple(_pcie_rule(rule) for rule in pcie.sequence()) if pcie else (),
        pcie_lanes=link.child("lanes").unsigned() if link else None,
        pcie_generation=link.child("generation").unsigned() if link else None,
        eth_dispatch=bool(dispatch) and dispatch.text(("eth", "tensix")) == "eth",
    )


def arch_of(board: Board | None) -> Arch | None:
    """The architecture of its chips, also of a board that is no product yet; None for an unknown board."""
    entry = None if board is None else board_entry(board.value)
    return Arch(entry.child("arch").text([arch.value for arch in Arch])) if entry else None


def _pcie_rule(node: Node) -> PcieRule:
    location = node.child("asic_location")
    return PcieRule(
        asic_location=location.unsigned() if location else None,
        mask=node.child("mask").unsigned(),
        refusal=node.child("refusal").text(),
    )


def has_asic_id_as_unique_id(board: Board | None) -> bool:
    """Whether tt_umd takes the ASIC id of its chips as their unique id: of a Blackhole without a live eth
    link. Others have it from their eth cores."""
    product = product_of(board)
    return product is not None and product.arch is Arch.BLACKHOLE and not _has_eth(product)


def _has_eth(product: Product) -> bool:
    return product.eth < len(builtin_soc(product.arch).eth)


def with_article(board: Board) -> str:
    """ "an n300", "a p150"."""
    return f"{'an' if board.value.startswith('n') else 'a'} {board.value}"
