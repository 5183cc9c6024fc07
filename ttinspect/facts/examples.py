"""The built-in examples of boards.yaml: boards as they should be."""

import functools

import msgspec

from ttinspect.facts.board_table import board_entry, board_type_names
from ttinspect.facts.boards import Product, product_of
from ttinspect.facts.node import Node
from ttinspect.facts.trays import bus_id_in_tray, chips_per_tray, tray_numbers
from ttinspect.facts.wiring import Place, inside_links, tray_joints
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Masks
from ttinspect.model.system import Link, LinkEnd


class ExampleChip(msgspec.Struct, frozen=True, kw_only=True):
    """One chip of a built-in example. ``tray`` and ``bus_id`` are there on a Galaxy, ``asic_location``
    where a board has more than one chip."""

    masks: Masks
    asic_location: int | None
    mmio: bool
    tray: int | None
    bus_id: int | None


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A built-in example: a board as it should be, with the links that no cable makes."""

    board: Board
    arch: Arch
    chips: tuple[ExampleChip, ...]
    links: tuple[Link, ...]


@functools.cache
def _board_of_name() -> dict[str, Board]:
    """The board of each example, by all of its names; the first name of each is in front."""
    names: dict[str, Board] = {}
    aliases: dict[str, Board] = {}
    for board in map(Board, board_type_names()):
        example = board_entry(board.value).child("example")
        if example:
            first, *others = (name.text() for name in example.child("names").sequence())
            names[first] = board
            aliases |= dict.fromkeys(others, board)
    return {**names, **aliases}


@functools.cache
def example_names() -> tuple[str, ...]:
    """The names of the built-in examples, without aliases."""
    known: dict[Board, str] = {}
    for name, board in _board_of_name().items():
        known.setdefault(board, name)
    return tuple(known.values())


def example_chip_ids() -> dict[str, range]:
    """The chip ids of every built-in example, by its name."""
    examples = {name: example_named(name) for name in example_names()}
    return {name: range(len(example.chips)) for name, example in examples.items() if example is not None}


def example_named(name: str) -> Example | None:
    """A built-in example by name or alias, any case; None if there is none."""
    board = _board_of_name().get(name.lower())
    return None if board is None else _example(board)


def example_chip(board: Board, asic_location: int | None) -> ExampleChip | None:
    """The chip of a board type's built-in example that is at a place, the first one if the place is not
    given or not there; None without an example."""
    if board not in _board_of_name().values():
        return None
    chips = _example(board).chips
    return next((chip for chip in chips if chip.asic_location == asic_location), chips[0])


@functools.cache
def _example(board: Board) -> Example:
    entry, product = board_entry(board.value).child("example"), product_of(board)
    if product is None:
        entry.refuse("an example is of a product: the board needs chips and harvest")
    masks = [_masks(node) for node in entry.child("masks").sequence("a list of masks")]
    if len(masks) not in (1, product.chips):
        entry.child("masks").fail(f"masks for {product.chips} chips, or once for all")
    masks = masks * (product.chips // len(masks))
    chips = _in_trays(product, masks) if product.trays else _on_board(product, masks)
    revision = entry.child("revision")
    return Example(
        board=board,
        arch=product.arch,
        chips=tuple(chips),
        links=_links(product, chips, revision.text() if revision else None),
    )


def _on_board(product: Product, masks: list[Masks]) -> list[ExampleChip]:
    return [
        ExampleChip(
            masks=chip_masks,
            asic_location=index if product.chips > 1 else None,
            mmio=index < product.mmio_chips,
            tray=None,
            bus_id=None,
        )
        for index, chip_masks in enumerate(masks)
    ]


def _in_trays(product: Product, masks: list[Masks]) -> list[ExampleChip]:
    places = [
        (tray, location)
        for tray in tray_numbers(product.board)
        for location in range(1, chips_per_tray(product.board) + 1)
    ]
    return [
        ExampleChip(
            masks=chip_masks,
            asic_location=location,
            mmio=True,
            tray=tray,
            bus_id=bus_id_in_tray(product.board, tray, location),
        )
        for chip_masks, (tray, location) in zip(masks, places, strict=True)
    ]


def _links(product: Product, chips: list[ExampleChip], revision: str | None) -> tuple[Link, ...]:
    """Inside the board, or each tray, and through the linking boards between trays."""
    index = {(chip.tray, chip.asic_location): number for number, chip in enumerate(chips)}

    def end(tray: int | None, place: Place) -> LinkEnd:
        return LinkEnd(chip=index[tray, place.asic_location], channel=place.channel)

    trays: list[int | None] = [*tray_numbers(product.board)] or [None]
    links = [
        Link(a=end(tray, link.a), b=end(tray, link.b))
        for tray in trays
        for link in inside_links(product.board)
    ]
    for joint in tray_joints(product.board, revision):
        first, second = joint.trays
        links += [Link(a=end(first, place), b=end(second, place)) for place in joint.port.places]
    return tuple(links)


def _masks(node: Node) -> Masks:
    tensix, dram, eth, pcie, l2cpu = (mask.unsigned() for mask in node.sequence())
    return Masks(tensix=tensix, dram=dram, eth=eth, pcie=pcie, l2cpu=l2cpu)
