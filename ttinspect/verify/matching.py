"""Which chip a region belongs to."""

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from ttinspect.facts.boards import product_of
from ttinspect.facts.trays import has_trays, tray_numbers, tray_of
from ttinspect.model.chip import Chip, pci_bus
from ttinspect.model.holder import Holders
from ttinspect.model.region import RegionHeader
from ttinspect.shm.layout import NamedBy, layout_of


class Basis(str, Enum):
    """What a region was matched by."""

    UNIQUE_ID = "unique_id"
    BOARD = "board"
    DEVICE_ID = "device_id"
    HOLDER = "holder"
    """The process that maps it has the chip's device open, and no other."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The chip that a region belongs to: id in the System, None if there is none."""

    chip: int | None
    basis: Basis | None


NO_MATCH = Match(chip=None, basis=None)


def match_region(
    chips: Sequence[Chip], file_id: int | None, header: RegionHeader | None, *, by_device_id: bool = True
) -> Match:
    """The chip that one region belongs to.

    1. By the ids in the header: UMD's chip_unique_id from v2 on, (board_id << 8) | asic_location in v1.
    2. Else by the id in the name of the file; that alone where the file could not be decoded (no header).
    3. Else, with ``by_device_id``, by the runtime's own number of the device: a runtime without unique ids
       publishes under it, and a source without unique ids can be matched by nothing else.
    """
    if header is None:
        by_name = _by_name(chips, file_id)
        if not by_device_id:
            return by_name
        named_after_device = (chip.id for chip in chips if chip.id == file_id)
        return by_name if by_name.chip is not None else _only(named_after_device, Basis.DEVICE_ID)
    match = _by_board(chips, header) if _named_by_board(header) else _by_unique_id(chips, int(header.asic_id))
    if match.chip is None:
        # A header that no chip has, in a file that is named after one, is that chip's (and TTS007).
        match = _by_name(chips, file_id)
    if match.chip is not None or not by_device_id:
        return match
    nameless = published_under_device_id(file_id, header)
    named_by = layout_of(header.version).named_by
    anonymous = [chip for chip in chips if nameless or not has_identity(chip, named_by)]
    return _only((chip.id for chip in anonymous if chip.id == header.device_id), Basis.DEVICE_ID)


def match_by_holder(chips: Sequence[Chip], path: str, holders: Holders | None) -> Match:
    """The chip of a region, by the process that maps it: where that process maps no other region and has
    exactly one device open, the region is that device's. No match where the device leads to a second chip as
    well (an n300): the region may belong to either."""
    mapping = () if holders is None else holders.of_region(path)
    if not mapping or any(holder.regions != (path,) for holder in mapping):
        return NO_MATCH
    devices = {holder.devices for holder in mapping if holder.devices}
    if len(devices) != 1 or len(only_device := devices.pop()) != 1:
        return NO_MATCH
    return _only((chip.id for chip in chips if chip.kmd_id in only_device and _is_alone(chip)), Basis.HOLDER)


def _is_alone(chip: Chip) -> bool:
    """Whether no other chip is reached through this one."""
    product = product_of(chip.board)
    return product is not None and product.mmio_chips == product.chips


def v1_keys(chip: Chip) -> frozenset[int]:
    """The asic_location words under which a v1 writer can have published this chip.

    On a Galaxy it holds the tray as well: (tray << 4) | chip in tray, both read off the PCI bus number.
    """
    if chip.pci_bdf is not None:
        bus = pci_bus(chip.pci_bdf)
        tray = tray_of(chip.board, bus)
        if tray is not None:
            return frozenset({tray << 4 | bus & 0x0F})
    if chip.asic_location is None:
        return frozenset()
    if has_trays(chip.board) and chip.asic_location < 0x10:
        return frozenset(tray << 4 | chip.asic_location for tray in tray_numbers(chip.board))
    return frozenset({chip.asic_location})


def name_agrees(file_id: int | None, header: RegionHeader) -> bool:
    """Whether the file is named after the chip that its header names."""
    if file_id is None:
        return False
    if published_under_device_id(file_id, header):
        return True
    return file_id == _named_by(header)


def _named_by_board(header: RegionHeader) -> bool:
    return layout_of(header.version).named_by is NamedBy.BOARD_AND_LOCATION


def _named_by(header: RegionHeader) -> int:
    if _named_by_board(header):
        return int(header.board_serial) << 8 | int(header.asic_id)
    return int(header.asic_id)


def published_under_device_id(file_id: int | None, header: RegionHeader) -> bool:
    """Whether the writer had no unique id and named the file after its device id."""
    asic_id = int(header.asic_id)
    return file_id == header.device_id and (asic_id in (0, header.device_id)) and not int(header.board_serial)


def names_chips(chips: Iterable[Chip], named_by: NamedBy) -> bool:
    """Whether the source gives any chip the ids that regions of this kind are named after. The sources board:
    and masks: give none; TTS008 to TTS010 are only info then."""
    return any(has_identity(chip, named_by) for chip in chips)


def has_identity(chip: Chip, named_by: NamedBy) -> bool:
    """Whether a region of the chip that is named so could be recognised."""
    if named_by is NamedBy.BOARD_AND_LOCATION:
        return chip.board_id is not None and bool(v1_keys(chip))
    return chip.unique_id is not None


def namesakes(chips: Iterable[Chip], header: RegionHeader) -> list[int]:
    """The chips that a header names when it names several: which of them is meant is not known."""
    if _named_by_board(header):
        named = [chip.id for chip in _of_board(chips, header)]
    else:
        named = [chip.id for chip in chips if chip.unique_id == header.asic_id]
    return named if len(named) > 1 else []


def _of_board(chips: Iterable[Chip], header: RegionHeader) -> list[Chip]:
    return [
        chip
        for chip in chips
        if chip.board_id is not None
        and int(chip.board_id) == int(header.board_serial)
        and int(header.asic_id) in v1_keys(chip)
    ]


def _by_unique_id(chips: Sequence[Chip], unique_id: int) -> Match:
    named = (chip.id for chip in chips if chip.unique_id is not None and int(chip.unique_id) == unique_id)
    return _only(named, Basis.UNIQUE_ID)


def _by_board(chips: Sequence[Chip], header: RegionHeader) -> Match:
    fitting = [chip.id for chip in _of_board(chips, header)]
    # Trays of a Galaxy may share a board id and be told apart by nothing else that the source knows.
    told_apart = [chip for chip in fitting if chip == header.device_id] if len(fitting) > 1 else fitting
    return _only(told_apart, Basis.BOARD)


def _by_name(chips: Sequence[Chip], file_id: int | None) -> Match:
    if file_id is None:
        return NO_MATCH
    by_id = _by_unique_id(chips, file_id)
    if by_id.chip is not None:
        return by_id
    boards = (
        chip.id
        for chip in chips
        if chip.board_id is not None
        and int(chip.board_id) == file_id >> 8
        and file_id & 0xFF in v1_keys(chip)
    )
    return _only(boards, Basis.BOARD)


def _only(ids: Iterable[int], basis: Basis) -> Match:
    candidates = list(ids)
    return Match(chip=candidates[0], basis=basis) if len(candidates) == 1 else NO_MATCH
