"""A global system descriptor as a source: the hosts of an existing run, without a device."""

from collections.abc import Iterator

from ttinspect.errors import InspectError
from ttinspect.facts.boards import board_meant, product_of
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Unknown
from ttinspect.model.fleet import CabledEnd, Cabling
from ttinspect.model.system import Link, LinkEnd, RemoteLink, Source, SourceKind, System

_NO_HARVESTING = "a global system descriptor has no harvesting"


def systems_of_gsd(cabling: Cabling) -> Iterator[System]:
    """The System of every host of a global system descriptor, in its order. Chips are numbered as it lists
    them.

    Raises:
        InspectError: 2 for a board that ttinspect does not know, or a link to a chip that is not listed.
    """
    chips = [{place: number for number, place in enumerate(sorted(host.asic_ids))} for host in cabling.hosts]
    inside: list[list[Link]] = [[] for _ in cabling.hosts]
    outside: list[list[RemoteLink]] = [[] for _ in cabling.hosts]

    def end(cabled_end: CabledEnd) -> LinkEnd:
        index, tray, location, channel = cabled_end
        number = chips[index].get((tray, location))
        if number is None:
            raise InspectError(
                cabling.file,
                f"a link names {cabling.hosts[index].name} tray {tray} ASIC {location}, which is not listed",
                "correct the file",
            )
        return LinkEnd(chip=number, channel=channel)

    for a, b in cabling.links:
        first, other_end = end(a), end(b)
        if a[0] == b[0]:
            inside[a[0]].append(Link(a=first, b=other_end))
            continue
        for own_end, own_place, other_place in ((first, a, b), (other_end, b, a)):
            index, tray, location, channel = other_place
            unique_id = str(cabling.hosts[index].asic_ids[tray, location])
            link = RemoteLink(a=own_end, remote_unique_id=unique_id, remote_channel=channel)
            outside[own_place[0]].append(link)
    for index, host in enumerate(cabling.hosts):
        yield System(
            source=Source(kind=SourceKind.GSD, detail=cabling.file, live=False, example=False),
            chips=tuple(
                _chip(number, tray, location, host.asic_ids[tray, location], host.boards[tray], cabling.file)
                for (tray, location), number in chips[index].items()
            ),
            links=tuple(inside[index]),
            remote_links=tuple(outside[index]),
        )


def _chip(number: int, tray: int, location: int, unique_id: int, name: str, file: str) -> Chip:
    board = board_meant(name)
    product = product_of(board)
    if product is None:
        raise InspectError(
            file, f"it has a board {name!r}, which ttinspect does not know", "correct the file"
        )
    return Chip(
        id=number,
        arch=product.arch,
        soc=builtin_soc(product.arch),
        board=board,
        board_name=None,
        board_id=None,
        unique_id=str(unique_id),
        asic_location=location,
        noc_translation=None,
        masks=UNKNOWN_MASKS,
        tray=tray,
        unknown=(
            Unknown(path="masks", why=_NO_HARVESTING),
            Unknown(path="noc_translation", why=_NO_HARVESTING),
        ),
    )
