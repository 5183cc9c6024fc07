"""boards.yaml: products, board names and codes, built-in examples."""

import functools

import msgspec

from ttinspect.facts.files import data_directory, read_document
from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.node import Node
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Masks
from ttinspect.model.system import Link, LinkEnd

_PRODUCT_CODE_SHIFT = 36
_PRODUCT_CODE_MASK = 0xFFFFF
_TRAY_BUS_MASK = 0xF0
_BUS_MASK = 0xFF


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What every chip of a board should have: harvested units per type, chips per board.

    ``links`` is how many eth links join the two chips of a board on the board itself; None where a board
    has one chip, or as many as a Galaxy.
    ``unharvested_tensix_before`` is the firmware bundle before which a chip without a harvested
    tensix line is right too; None where it never is.
    """

    board: Board
    arch: Arch
    chips: int
    links: int | None
    tensix: int
    dram: int
    eth: int
    unharvested_tensix_before: tuple[int, int, int] | None


class ExampleChip(msgspec.Struct, frozen=True, kw_only=True):
    """One chip of a built-in example."""

    masks: Masks
    asic_location: int | None
    mmio: bool


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A built-in example: a board as it should be."""

    board: Board
    arch: Arch
    chips: tuple[ExampleChip, ...]
    links: tuple[Link, ...]


class _Boards(msgspec.Struct, frozen=True, kw_only=True):
    products: dict[Board, Product]
    names: dict[str, Board]
    card_names: dict[str, Board]
    codes: dict[int, Board]
    tray_bus_ids: dict[Board, tuple[int, ...]]
    examples: dict[str, Node]
    aliases: dict[str, str]


@functools.cache
def _boards() -> _Boards:
    path = str(data_directory() / "boards.yaml")
    root = Node(parse_yaml(read_document(path), path), path)
    return _Boards(
        products={
            Board(name): _product(Board(name), node) for name, node in root.child("products").entries()
        },
        names={name: Board(node.text()) for name, node in root.child("names").entries()},
        card_names={name: Board(node.text()) for name, node in root.child("card_names").entries()},
        codes={code: Board(node.text()) for code, node in root.child("board_id_codes").entries()},
        tray_bus_ids={
            Board(name): tuple(bus.unsigned() for bus in node.sequence())
            for name, node in root.child("tray_bus_ids").entries()
        },
        examples=dict(root.child("examples").entries()),
        aliases={name: node.text() for name, node in root.child("example_aliases").entries()},
    )


def _product(board: Board, node: Node) -> Product:
    before, links = node.child("unharvested_tensix_before"), node.child("links")
    return Product(
        board=board,
        arch=Arch(node.child("arch").text()),
        chips=node.child("chips").unsigned(),
        links=links.unsigned() if links else None,
        tensix=node.child("tensix").unsigned(),
        dram=node.child("dram").unsigned(),
        eth=node.child("eth").unsigned(),
        unharvested_tensix_before=firmware_version(before.text()) if before else None,
    )


def board_named(name: str) -> Board | None:
    """The board type that UMD reads from a name, any case; None for a name it does not know."""
    return _boards().names.get(name.lower())


def board_meant(name: str) -> Board | None:
    """The board type that people mean by a name: what UMD reads, or a built-in example's; None if none."""
    example = example_named(name)
    return board_named(name) or (None if example is None else example.board)


def board_of_card(name: str) -> Board | None:
    """The board type of a card as tt-kmd names it, any case; None for a name that is none."""
    return _boards().card_names.get(name.lower()) or board_meant(name)


def board_names() -> list[str]:
    """Every name that board_meant knows, in lower case."""
    boards = _boards()
    return list(dict.fromkeys((*boards.names, *boards.examples, *boards.aliases)))


def board_of_id(board_id: int) -> Board | None:
    """The board type of a board id's product code; None for a code that UMD does not know."""
    return _boards().codes.get(board_id >> _PRODUCT_CODE_SHIFT & _PRODUCT_CODE_MASK)


def tray_of(board: Board | None, bus_id: int | None) -> int | None:
    """The tray (from 1) of a Galaxy chip by its PCI bus id; None for other boards and bus ids."""
    if board is None or bus_id is None:
        return None
    buses = _boards().tray_bus_ids.get(board, ())
    tray_bus = bus_id & _TRAY_BUS_MASK
    return buses.index(tray_bus) + 1 if tray_bus in buses and bus_id <= _BUS_MASK else None


def has_trays(board: Board) -> bool:
    """Whether chips of a board are in trays."""
    return board in _boards().tray_bus_ids


def product_of(board: Board | None) -> Product | None:
    """What a board should have; None for an unknown board and for Quasar, which has no product."""
    return None if board is None else _boards().products.get(board)


def example_names() -> tuple[str, ...]:
    """The names of the built-in examples, without aliases."""
    return tuple(_boards().examples)


@functools.cache
def example_named(name: str) -> Example | None:
    """A built-in example by name or alias, any case; None if there is none."""
    boards = _boards()
    lower = name.lower()
    node = boards.examples.get(boards.aliases.get(lower, lower))
    if node is None:
        return None
    board = Board(node.child("board").text())
    chips = [_example_chip(chip) for chip in node.child("chips").sequence()]
    if node.child("repeat"):
        chips = chips * node.child("repeat").unsigned()
    links = node.child("links")
    return Example(
        board=board,
        arch=boards.products[board].arch,
        chips=tuple(chips),
        links=tuple(_link(link) for link in links.sequence()) if links else (),
    )


def example_chip(board: Board, asic_location: int | None) -> ExampleChip | None:
    """The chip of a board type's built-in example that is at a place, the first one if the place is not
    given or not there; None without an example."""
    for name in example_names():
        example = example_named(name)
        if example is not None and example.board is board:
            there = [chip for chip in example.chips if chip.asic_location == asic_location]
            return (there or example.chips)[0]
    return None


def _example_chip(node: Node) -> ExampleChip:
    tensix, dram, eth, pcie, l2cpu = (mask.unsigned() for mask in node.child("masks").sequence())
    location = node.child("asic_location")
    return ExampleChip(
        masks=Masks(tensix=tensix, dram=dram, eth=eth, pcie=pcie, l2cpu=l2cpu),
        asic_location=location.unsigned() if location else None,
        mmio=node.child("mmio").boolean(),
    )


def _link(node: Node) -> Link:
    chip_a, channel_a, chip_b, channel_b = (number.unsigned() for number in node.sequence())
    return Link(a=LinkEnd(chip=chip_a, channel=channel_a), b=LinkEnd(chip=chip_b, channel=channel_b))
