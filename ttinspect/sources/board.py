"""board:NAME, the built-in examples."""

from ttinspect.errors import InspectError
from ttinspect.facts.examples import example_named, example_names
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.chip import Chip, PcieLink, Unknown
from ttinspect.model.system import Source, SourceKind, System

_LINKLESS = (Unknown(path="links", why="the built-in example has no eth links"),)


def read_board(name: str) -> System:
    """The System of a built-in example; it has no ids, because no real board has them.

    Raises:
        InspectError: 2 for an unknown name.
    """
    example = example_named(name)
    if example is None:
        raise InspectError(
            f"unknown board {name!r}",
            f"the built-in examples are {', '.join(example_names())}",
            "name one of them, or describe a chip with masks:ARCH,tensix=MASK",
        )
    mmio_ids = [index for index, chip in enumerate(example.chips) if chip.mmio]
    chips = tuple(
        Chip(
            id=index,
            arch=example.arch,
            soc=builtin_soc(example.arch),
            board=example.board,
            board_name=None,
            board_id=None,
            unique_id=None,
            asic_location=chip.asic_location,
            noc_translation=True,
            masks=chip.masks,
            mmio=chip.mmio,
            via=None if chip.mmio else mmio_ids[0],
            pcie=None if chip.bus_id is None else PcieLink(bus_id=chip.bus_id),
            tray=chip.tray,
            unknown=() if example.links else _LINKLESS,
        )
        for index, chip in enumerate(example.chips)
    )
    return System(
        source=Source(kind=SourceKind.BOARD, detail=name, live=False, example=True),
        chips=chips,
        links=example.links,
    )
