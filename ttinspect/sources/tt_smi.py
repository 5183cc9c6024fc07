"""tt-smi -s documents.

Blackhole's raw telemetry has its harvesting, in physical order. Wormhole's has none: its masks are
unknown. A tag that is missing (null), or reads as all ones because the chip is off the bus, is
unknown too, never 0.
"""

import re
from collections.abc import Callable

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import board_in_tt_smi, board_of_id, has_asic_id_as_unique_id, product_of
from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.node import U32_MAX, U64_MAX, parse_unsigned
from ttinspect.facts.socs import GRAYSKULL_CARDS, builtin_soc
from ttinspect.harvesting import shuffle
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import BDF, Chip, Masks, PcieLink, Unknown
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.building import refuse_impossible_masks
from ttinspect.sources.gddr_words import STATUS_WORD, modules_of_words, training_of_word
from ttinspect.sources.jsontext import decode_json
from ttinspect.sources.telemetry_tags import TAG_OF_NAME, telemetry_of_tags, word_of
from ttinspect.sources.tt_smi_formatted import filled, whole_of
from ttinspect.sources.tt_smi_gddr import gddr_modules

Scalar = str | int | float | bool | None
_TAGS: dict[str, tuple[str, Callable[[int], int]]] = {
    "tensix": ("ENABLED_TENSIX_COL", shuffle.tensix_from_enabled_columns),
    "dram": ("ENABLED_GDDR", shuffle.dram_from_enabled_gddr),
    "eth": ("ENABLED_ETH", shuffle.eth_from_enabled),
    "pcie": ("PCIE_USAGE", shuffle.pcie_from_usage),
    "l2cpu": ("ENABLED_L2CPU", shuffle.l2cpu_from_enabled),
}
_NOT_AVAILABLE = "N/A"
_LEGACY_NAMES = frozenset(("ENUM_VERSION", "ARC0_FW_VERSION", "ASIC_RO", "THM_LIMITS"))
"""Words of the legacy table that the present one does not have."""
_OLD_PREFIX = "SMBUS_TX_"
_BDF = re.compile(BDF)
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_WORMHOLE_NAMES = ("n150", "n300", "wormhole", "nebula", "galaxy")
_BLACKHOLE_NAMES = ("p100", "p150", "p300", "blackhole", "galaxy-bh")


class _BoardInfo(msgspec.Struct):
    bus_id: Scalar = None
    board_type: Scalar = None
    board_id: Scalar = None
    pcie_speed: Scalar = None
    pcie_width: Scalar = None


class _Device(msgspec.Struct):
    smbus_telem: dict[str, Scalar] | None
    board_info: _BoardInfo = msgspec.field(default_factory=_BoardInfo)
    telemetry: msgspec.Raw = msgspec.Raw()
    limits: msgspec.Raw = msgspec.Raw()
    firmwares: msgspec.Raw = msgspec.Raw()
    gddr_telemetry: msgspec.Raw = msgspec.Raw()


class _HostInfo(msgspec.Struct, rename="pascal"):
    driver: Scalar = None


class _Document(msgspec.Struct):
    device_info: list[_Device]
    host_info: _HostInfo | None = None


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
    chips = [
        _chip(index, device, f"{name}: device_info[{index}]")
        for index, device in enumerate(document.device_info)
    ]
    refuse_impossible_masks(chips, name)
    driver = _VERSION.search(str(document.host_info.driver)) if document.host_info is not None else None
    return System(
        source=Source(kind=SourceKind.TT_SMI, detail=name, live=False, example=False),
        chips=tuple(chips),
        kmd_version=None if driver is None else driver[0],
    )


class _Telemetry:
    """smbus_telem with its raw values as numbers."""

    def __init__(self, raw: dict[str, Scalar] | None, where: str) -> None:
        self.where = where
        self.raw = {key.removeprefix(_OLD_PREFIX): value for key, value in (raw or {}).items()}
        self.legacy = not _LEGACY_NAMES.isdisjoint(self.raw)
        """Whether the words are of the table of old firmware, which packs them otherwise."""

    def number(self, tag: str) -> int | None:
        """The value of a tag; None where it is missing, null, "N/A" or all ones."""
        value = self.raw.get(tag)
        if value is None or value == _NOT_AVAILABLE:
            return None
        number = parse_unsigned(value) if isinstance(value, str) else value
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= U32_MAX:
            raise InspectError(
                f"{self.where}.smbus_telem.{tag}",
                f"found {value!r}, expected a 32-bit number or null",
                "write the document anew with tt-smi -s",
            )
        return None if number == U32_MAX else number


def _chip(index: int, device: _Device, where: str) -> Chip:
    telemetry = _Telemetry(device.smbus_telem, where)
    info = device.board_info
    board_id = _board_id(telemetry, info)
    board = _board(board_id, info)
    arch = _arch(telemetry, board, info, where)
    masks, unknown = _masks(arch, telemetry)
    translation = telemetry.number("NOC_TRANSLATION")
    if translation is None:
        unknown.append(Unknown(path="noc_translation", why="telemetry NOC_TRANSLATION is missing"))
    location = telemetry.number("ASIC_LOCATION")
    unique_id = _unique_id(board, telemetry)
    if unique_id is None:
        unknown.append(Unknown(path="unique_id", why="tt-smi documents do not show it"))
    unknown.append(Unknown(path="links", why="tt-smi documents do not show eth links"))
    reading = _reading(device, telemetry, arch, masks)
    bdf = info.bus_id if isinstance(info.bus_id, str) and _BDF.fullmatch(info.bus_id) else None
    return Chip(
        id=index,
        arch=arch,
        soc=builtin_soc(arch),
        board=board,
        board_name=info.board_type if board is None and isinstance(info.board_type, str) else None,
        board_id=None if board_id is None else str(board_id),
        unique_id=unique_id,
        asic_location=location,
        noc_translation=None if translation is None else bool(translation),
        masks=masks,
        firmware=firmware_version(reading.firmware_bundle or ""),
        mmio=True if bdf else None,
        pci_bdf=bdf,
        pcie=_pcie(info),
        telemetry=None if reading == Telemetry() else reading,
        unknown=tuple(unknown),
    )


def _reading(device: _Device, telemetry: _Telemetry, arch: Arch, masks: Masks) -> Telemetry:
    tags = {tag: None if telemetry.legacy else telemetry.number(name) for name, tag in TAG_OF_NAME.items()}
    gddr = gddr_modules(device.gddr_telemetry, masks.dram)
    training = training_of_word(word_of(tags, STATUS_WORD))
    if gddr is None and training and masks.dram is not None:
        live = [channel for channel in range(len(training)) if not masks.dram >> channel & 1]
        gddr = modules_of_words(lambda name: word_of(tags, name), live, training)
    reading = msgspec.structs.replace(telemetry_of_tags(tags, arch), gddr=gddr)
    return filled(reading, device.telemetry, device.limits, device.firmwares)


def _pcie(info: _BoardInfo) -> PcieLink | None:
    """The generation and lanes of the link as tt-smi 6.8 prints them: 4 and 16, or "N/A"."""
    generation, lanes = (
        number if number is not None and number > 0 else None
        for number in (whole_of(info.pcie_speed), whole_of(info.pcie_width))
    )
    found = PcieLink(generation=generation, lanes=lanes)
    return None if found == PcieLink() else found


def _board_id(telemetry: _Telemetry, info: _BoardInfo) -> int | None:
    high, low = telemetry.number("BOARD_ID_HIGH"), telemetry.number("BOARD_ID_LOW")
    if high is not None and low is not None:
        return (high << 32 | low) or None
    if isinstance(info.board_id, str) and re.fullmatch(r"(?:0x)?[0-9a-fA-F]{1,16}", info.board_id):
        number = int(info.board_id, 16)
        return number if 0 < number <= U64_MAX else None
    return None


def _board(board_id: int | None, info: _BoardInfo) -> Board | None:
    """The board of the id; the name tt-smi prints counts only where there is no id."""
    if board_id is not None:
        return board_of_id(board_id)
    return board_in_tt_smi(info.board_type) if isinstance(info.board_type, str) else None


def _arch(telemetry: _Telemetry, board: Board | None, info: _BoardInfo, where: str) -> Arch:
    product = product_of(board)
    if product is not None:
        return product.arch
    name = info.board_type.lower() if isinstance(info.board_type, str) else ""
    if any(part in name for part in (*GRAYSKULL_CARDS, "grayskull")):
        raise InspectError(
            f"{where}: unsupported architecture grayskull",
            f"the board is {info.board_type!r}",
            f"ttinspect knows {', '.join(arch.value for arch in Arch)}",
            ExitCode.UNSUPPORTED_ARCH,
        )
    if "ENABLED_TENSIX_COL" in telemetry.raw or any(part in name for part in _BLACKHOLE_NAMES):
        return Arch.BLACKHOLE
    if any(part in name for part in _WORMHOLE_NAMES):
        return Arch.WORMHOLE_B0
    raise InspectError(
        f"{where}: cannot tell the architecture",
        f"neither the board id nor the board type ({info.board_type!r}) names a product that ttinspect knows",
        "describe the chip with masks:ARCH,tensix=MASK",
    )


def _masks(arch: Arch, telemetry: _Telemetry) -> tuple[Masks, list[Unknown]]:
    values: dict[str, int | None] = dict.fromkeys(_TAGS)
    unknown = []
    for mask, (tag, convert) in _TAGS.items():
        if arch is not Arch.BLACKHOLE:
            why = f"tt-smi documents carry no harvesting of {arch.value}"
        else:
            number = telemetry.number(tag)
            values[mask] = None if number is None else convert(number)
            why = f"telemetry {tag} is missing"
        if values[mask] is None:
            unknown.append(Unknown(path=f"masks.{mask}", why=why))
    return Masks(**values), unknown


def _unique_id(board: Board | None, telemetry: _Telemetry) -> str | None:
    """The ASIC id where tt_umd takes it as the unique id. Others have it from their eth cores, which these
    documents do not show."""
    high, low = telemetry.number("ASIC_ID_HIGH"), telemetry.number("ASIC_ID_LOW")
    if not has_asic_id_as_unique_id(board) or high is None or low is None:
        return None
    return str(high << 32 | low)
