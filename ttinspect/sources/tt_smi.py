"""tt-smi -s documents.

Blackhole's raw telemetry has its harvesting, in physical order. Wormhole's has none: its masks are
unknown. A tag that is missing (null), or reads as all ones because the chip is off the bus, is
unknown too, never 0. A board that UMD does not know leaves its row without a product, and the others as
they are.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import arch_of, board_in_tt_smi, board_of_id, has_asic_id_as_unique_id, product_of
from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.node import U64_MAX, show
from ttinspect.facts.socs import GRAYSKULL_CARDS, builtin_soc
from ttinspect.facts.trays import tray_of
from ttinspect.harvesting.shuffle import MASK_WORDS
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import BDF, Chip, Masks, PcieLink, Unknown, pci_bus
from ttinspect.model.system import HostName, OfHost, Source, SourceKind, System
from ttinspect.model.telemetry import Telemetry
from ttinspect.shm.names import harmless
from ttinspect.sources.building import place_on_board, refuse_impossible_masks
from ttinspect.sources.jsontext import decode_json
from ttinspect.sources.tt_smi_formatted import Section, whole_of
from ttinspect.sources.tt_smi_reading import reading_of
from ttinspect.sources.tt_smi_words import Words

_NO_NAMES = ("n/a", "unknown", "")
_ARCH_OF_DEVICE_ID = {0x401E1E52: Arch.WORMHOLE_B0, 0xB1401E52: Arch.BLACKHOLE}
_BDF = re.compile(BDF)
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})")


class _Document(msgspec.Struct):
    """What a document needs to be one; every cell within a device may be anything."""

    device_info: list[Any]
    host_info: Any = None
    time: Any = None


class _Row:
    """One device of the document, with what is known of it before the others are looked at."""

    def __init__(self, index: int, entry: Any, name: str) -> None:
        self.where = f"{name}: device_info[{index}]"
        self.wrong = None if isinstance(entry, dict) else f"found {show(entry)}, expected a mapping"
        device = entry if isinstance(entry, dict) else {}
        self.index = index
        self.device = device
        self.smbus = Section(device, "smbus_telem")
        self.info = Section(device, "board_info")
        self.words = Words(self.smbus.cells)
        self.board_id = _board_id(self.words, self.info)
        self.board_type = self.info.text("board_type")
        self.board = _board(self.board_id, self.board_type)
        bus = self.info.text("bus_id")
        self.bdf = bus if bus is not None and _BDF.fullmatch(bus) else None
        self.arch = _arch(self)


class _Siblings(msgspec.Struct, frozen=True):
    """What the rows of a document say of one another."""

    arch: Arch | None
    """That of all rows whose own is known."""
    zero_is_null: bool
    """Words of 0 are written as null, as by tt-smi up to 4.0.0."""
    mmio_of_board: dict[int, int]
    """The first chip with a bus address of each board id."""
    placed_boards: frozenset[int]
    """Boards of which a chip tells an ASIC location other than 0."""


def read_tt_smi(content: bytes, name: str) -> System:
    """The System of a tt-smi -s document; chip ids are positions in device_info.

    Raises:
        InspectError: 2 for a document that is not one, or masks that are refused; 3 when it lists no
            device; 7 for a Grayskull.
    """
    document = decode_json(content, _Document, name)
    if not document.device_info:
        raise InspectError(
            f"{name}: no devices",
            "device_info is empty",
            "run tt-smi -s on a host with devices",
            ExitCode.NO_DEVICES,
        )
    rows = [_Row(index, device, name) for index, device in enumerate(document.device_info)]
    siblings = _siblings(rows)
    chips = [_chip(row, siblings) for row in rows]
    refuse_impossible_masks(chips, name)
    host = document.host_info if isinstance(document.host_info, dict) else {}
    driver = _VERSION.search(str(host.get("Driver")))
    return System(
        source=Source(kind=SourceKind.TT_SMI, detail=name, live=False, example=False),
        chips=tuple(chips),
        kmd_version=None if driver is None else driver[0],
        of_host=_of_host(host.get("Hostname"), document.time),
    )


def _of_host(name: Any, time: Any) -> OfHost:
    shown = harmless(name.encode("utf-8", "surrogatepass")) if isinstance(name, str) else ""
    time_ns = _realtime_ns(time) if isinstance(time, str) else None
    return OfHost(
        host=HostName(name=shown) if shown else msgspec.UNSET,
        time_ns=msgspec.UNSET if time_ns is None else time_ns,
    )


def _realtime_ns(text: str) -> int | None:
    """When a tt-smi document was taken: local time of its host, which says no zone; taken as UTC, it is wrong
    by hours at most."""
    match = _TIME.match(text)
    if match is None:
        return None
    try:
        instant = datetime.datetime(*(int(part) for part in match.groups()), tzinfo=datetime.timezone.utc)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return int(instant.timestamp()) * 10**9


def _siblings(rows: Sequence[_Row]) -> _Siblings:
    archs = {row.arch for row in rows if row.arch is not None}
    mmio: dict[int, int] = {}
    for row in rows:
        if row.board_id is not None and row.bdf is not None:
            mmio.setdefault(row.board_id, row.index)
    placed = {row.board_id for row in rows if row.board_id is not None and row.words.number("ASIC_LOCATION")}
    return _Siblings(
        arch=archs.pop() if len(archs) == 1 else None,
        zero_is_null=not any(row.words.have_a_zero for row in rows),
        mmio_of_board=mmio,
        placed_boards=frozenset(placed),
    )


def _chip(row: _Row, siblings: _Siblings) -> Chip:
    arch = row.arch or siblings.arch
    if arch is None:
        nothing = "it has neither smbus_telem nor board_info: nothing tells what chip it is"
        if row.smbus.is_there or row.info.is_there:
            nothing = (
                f"neither the board id nor the board type ({row.board_type!r}) names a product that "
                "ttinspect knows, and no word tells it"
            )
        raise InspectError(
            f"{row.where}: cannot tell the architecture",
            row.wrong or row.smbus.wrong or row.info.wrong or nothing,
            "write the document anew with tt-smi -s, or describe the chip with masks:ARCH,tensix=MASK",
        )
    soc = builtin_soc(arch)
    masks, unknown = _masks(arch, row, siblings)
    translation = row.words.number("NOC_TRANSLATION")
    if translation is None:
        unknown.append(Unknown(path="noc_translation", why=_why_unknown(row, "NOC_TRANSLATION")))
    unique_id = _unique_id(row)
    if unique_id is None:
        asic = row.words.wrong("ASIC_ID_HIGH", "ASIC_ID_LOW") if has_asic_id_as_unique_id(row.board) else None
        unknown.append(Unknown(path="unique_id", why=asic or "tt-smi documents do not show it"))
    unknown.append(Unknown(path="links", why="tt-smi documents do not show eth links"))
    bus_id = None if row.bdf is None else pci_bus(row.bdf)
    mmio = _mmio(row, arch)
    via = siblings.mmio_of_board.get(row.board_id) if mmio is False and row.board_id is not None else None
    if mmio is False and via is None:
        unknown.append(Unknown(path="via", why="tt-smi documents do not show eth links"))
    reading, silent = (
        (Telemetry(), [Unknown(path="telemetry", why=row.wrong)])
        if row.wrong
        else reading_of(row.device, row.smbus, row.info, row.words, arch, masks, remote=mmio is False)
    )
    location = _location(row, siblings, bus_id, mmio=mmio)
    unknown += silent
    unknown += _wrong_identity(row, location)
    return Chip(
        id=row.index,
        arch=arch,
        soc=soc,
        board=row.board,
        board_name=_board_name(row),
        board_id=None if row.board_id is None else str(row.board_id),
        unique_id=unique_id,
        asic_location=location,
        noc_translation=None if translation is None else bool(translation),
        masks=masks,
        firmware=firmware_version(reading.firmware_bundle or ""),
        mmio=mmio,
        via=via,
        pci_bdf=row.bdf,
        pcie=_pcie(row.info, bus_id),
        tray=tray_of(row.board, bus_id),
        telemetry=None if reading == Telemetry() else reading,
        unknown=tuple(unknown),
    )


def _why_unknown(row: _Row, word: str) -> str:
    """Why what a word says is not known."""
    return row.wrong or row.smbus.wrong or row.words.why_unknown(word)


def _wrong_identity(row: _Row, location: int | None) -> Iterator[Unknown]:
    """What of the identity of a chip is unknown because a cell was not understood."""
    words, info = row.words, row.info
    if row.wrong:
        paths = ("board_id", "board", "asic_location", "mmio", "pci_bdf", "pcie")
        yield from (Unknown(path=path, why=row.wrong) for path in paths)
        return
    of_id = words.wrong("BOARD_ID_HIGH", "BOARD_ID_LOW")
    if row.board_id is None and (why := of_id or info.why_not("board_id")):
        yield Unknown(path="board_id", why=why)
    if row.board is None and row.board_type is None and (why := of_id or info.why_not("board_type")):
        yield Unknown(path="board", why=why)
    if location is None and (why := words.wrong("ASIC_LOCATION")):
        yield Unknown(path="asic_location", why=why)
    if row.bdf is None and str(info.cells.get("bus_id")).lower() != "n/a" and (why := info.why_not("bus_id")):
        yield from (Unknown(path=path, why=why) for path in ("mmio", "pci_bdf", "pcie.bus_id"))
    for path, cell in {"pcie.generation": "pcie_speed", "pcie.lanes": "pcie_width"}.items():
        if not (whole_of(info.cells.get(cell)) or 0) > 0 and (why := info.why_not(cell)):
            yield Unknown(path=path, why=why)


def _mmio(row: _Row, arch: Arch) -> bool | None:
    """tt-smi prints "N/A" as the bus id of a Wormhole that is reached through another one."""
    if row.bdf is not None:
        return True
    remote = arch is Arch.WORMHOLE_B0 and str(row.info.cells.get("bus_id")).lower() == "n/a"
    return False if remote and not row.words.are_off_the_bus else None


def _location(row: _Row, siblings: _Siblings, bus_id: int | None, *, mmio: bool | None) -> int | None:
    place = place_on_board(row.board, bus_id, mmio=mmio)
    if place is not None:
        return place
    word = row.words.number("ASIC_LOCATION")
    if word is not None or row.words.raw_number("ASIC_LOCATION") is not None:
        return word
    return 0 if siblings.zero_is_null and _can_be_first(row, siblings) else None


def _can_be_first(row: _Row, siblings: _Siblings) -> bool:
    """Whether an ASIC location that is not written can only be 0: of the one chip of its board, or of one
    of two of which the other tells that it is not."""
    product = product_of(row.board)
    if product is None or product.trays or not row.words.look_blackhole:
        return False
    return product.chips == 1 or row.board_id in siblings.placed_boards


def _pcie(info: Section, bus_id: int | None) -> PcieLink | None:
    """The generation and lanes of the link as tt-smi 6.8 prints them: 4 and 16, or "N/A"."""
    generation, lanes = (
        number if number is not None and number > 0 else None
        for number in (whole_of(info.cells.get("pcie_speed")), whole_of(info.cells.get("pcie_width")))
    )
    link = PcieLink(bus_id=bus_id, generation=generation, lanes=lanes)
    return None if link == PcieLink() else link


def _board_id(words: Words, info: Section) -> int | None:
    high, low = words.raw_number("BOARD_ID_HIGH"), words.raw_number("BOARD_ID_LOW")
    number = None if high is None or low is None else high << 32 | low
    if number is None:
        printed = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{1,16})", info.text("board_id") or "")
        number = None if printed is None else int(printed[1], 16)
    return None if number in (0, U64_MAX) else number


def _board(board_id: int | None, name: str | None) -> Board | None:
    """The board of the id; the name tt-smi prints counts only where there is no id."""
    if board_id is not None:
        return board_of_id(board_id)
    return None if name is None else board_in_tt_smi(name)


def _board_name(row: _Row) -> str | None:
    """The board as tt-smi spells it, where UMD knows none."""
    name = row.board_type
    return None if row.board is not None or name is None or name.lower() in _NO_NAMES else name


def _arch(row: _Row) -> Arch | None:
    """The architecture that a row tells: by its board, by the PCI device id, by its words, by its name."""
    by_board = arch_of(row.board)
    if by_board is not None:
        return by_board
    name = (row.board_type or "").lower()
    if any(part in name for part in (*GRAYSKULL_CARDS, "grayskull")):
        raise InspectError(
            f"{row.where}: unsupported architecture grayskull",
            f"the board is {row.board_type!r}",
            f"ttinspect knows {', '.join(arch.value for arch in Arch)}",
            ExitCode.UNSUPPORTED_ARCH,
        )
    by_device = _ARCH_OF_DEVICE_ID.get(row.words.number("DEVICE_ID") or 0)
    if by_device is not None:
        return by_device
    if row.words.look_blackhole:
        return Arch.BLACKHOLE
    if row.words.look_wormhole:
        return Arch.WORMHOLE_B0
    return arch_of(board_in_tt_smi(name))


def _masks(arch: Arch, row: _Row, siblings: _Siblings) -> tuple[Masks, list[Unknown]]:
    values: dict[str, int | None] = dict.fromkeys(MASK_WORDS)
    unknown = []
    for mask, (word, convert) in MASK_WORDS.items():
        if arch is not Arch.BLACKHOLE:
            why = f"tt-smi documents carry no harvesting of {arch.value}"
        else:
            number = row.words.number(word)
            if number is None and mask == "eth" and _has_no_eth(row, siblings):
                number = 0
            values[mask] = None if number is None else convert(number)
            why = _why_unknown(row, word)
        if values[mask] is None:
            unknown.append(Unknown(path=f"masks.{mask}", why=why))
    return Masks(**values), unknown


def _has_no_eth(row: _Row, siblings: _Siblings) -> bool:
    """Whether a missing ENABLED_ETH is a 0 that was not written: of a product without eth, among words of
    the same table."""
    written = row.words.raw_number("ENABLED_ETH") is not None or row.words.number("ENABLED_GDDR") is None
    return siblings.zero_is_null and not written and has_asic_id_as_unique_id(row.board)


def _unique_id(row: _Row) -> str | None:
    """The ASIC id where tt_umd takes it as the unique id. Others have it from their eth cores, which these
    documents do not show."""
    high, low = row.words.number("ASIC_ID_HIGH"), row.words.number("ASIC_ID_LOW")
    if not has_asic_id_as_unique_id(row.board) or high is None or low is None:
        return None
    return str(high << 32 | low)
