"""The source sysfs[:ROOT]: what the kernel driver (tt-kmd) shows of its devices, none of which is opened.

Harvesting is not among it, nor is anything of chips that are reached through another one.
"""

import os
import re
from collections.abc import Set
from pathlib import Path

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.boards import (
    arch_of,
    board_of_card,
    board_of_id,
    has_asic_id_as_unique_id,
    product_of,
    with_article,
)
from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.node import U64_MAX
from ttinspect.facts.socs import GRAYSKULL_CARDS, builtin_soc
from ttinspect.facts.trays import tray_of
from ttinspect.facts.wording import first_of, plural, verb
from ttinspect.host.attributes import read_decimal, read_file, read_hexadecimal, read_text
from ttinspect.host.driver import HOST, device_folders, device_nodes, driver_version, no_devices
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import BDF, UNKNOWN_MASKS, Chip, PcieLink, Unknown, pci_bus
from ttinspect.model.finding import Evidence
from ttinspect.model.system import Source, SourceKind, System, Trouble
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.plausible import plausible
from ttinspect.sources.sysfs_telemetry import (
    hwmon_of,
    is_off_the_bus,
    read_telemetry,
    version_text,
    with_moving_heartbeats,
)

_ARCH_OF_PCI_DEVICE = {0x401E: Arch.WORMHOLE_B0, 0xB140: Arch.BLACKHOLE}
_BDF = re.compile(BDF)
_SLOT = re.compile(r"PCI_SLOT_NAME=(\S+)")
_GENERATION_OF_SPEED = {"2.5": 1, "5": 2, "8": 3, "16": 4, "32": 5, "64": 6}
"""Gigatransfers per second, by the PCI Express base specification."""
_LANES = (1, 2, 4, 8, 12, 16, 32)
_NO_NAME = "unknown"
"""What the driver writes as tt_card_type of a board that it does not know."""


def read_sysfs(root: str, options: LiveOptions | None = None) -> System:
    """The devices that sysfs under ``root`` ("" is this host's) lists; a chip's id is N of
    /dev/tenstorrent/N. Telemetry is read if the options ask for it.

    A file that is missing, unreadable or garbage makes its fact unknown.

    Raises:
        InspectError: 2 for a root that is no folder, 3 without devices or driver, 5 when of no device the
            architecture can be told, 6 without permission to list them, 7 when ttinspect knows none.
    """
    ask = options.ask if options is not None else Ask.CHIPS
    top = Path(root or HOST)
    if not os.path.isdir(top):  # noqa: PTH112 - False also where it may not be looked at
        raise InspectError(
            f"cannot read sysfs:{root}", "it is not a folder", "name the folder that sys and dev are in"
        )
    folders = device_folders(top)
    if not folders:
        listed = "lists none" if folders is not None else "does not exist"
        raise no_devices(f"{top / 'sys/class/tenstorrent'} {listed}", top)
    hwmons = {number: hwmon_of(folder) for number, folder in folders.items()}
    gone = {
        number: _OFF_THE_BUS for number, folder in folders.items() if is_off_the_bus(folder, hwmons[number])
    }
    chips, errors = [], {}
    for number, folder in folders.items():
        try:
            reading = None
            if ask is not Ask.CHIPS and number not in gone:
                reading = read_telemetry(folder, hwmons[number])
            chips.append(_chip(number, folder, reading, telemetry=ask is not Ask.CHIPS, gone=number in gone))
        except InspectError as error:
            errors[number] = error
    if not chips:
        refusals = list(errors.values())
        raise next((error for error in refusals if error.exit_code is ExitCode.UMD_FAILED), refusals[0])
    gone = dict(sorted({**{number: error.why for number, error in errors.items()}, **gone}.items()))
    live = _is_live(top)
    if ask is Ask.TELEMETRY:
        chips = with_moving_heartbeats(chips, folders, live=live)
    warnings, notes = _without_nodes(top, folders.keys()), _without_remote(chips)
    return System(
        source=Source(kind=SourceKind.SYSFS, detail=root, live=live, example=False),
        chips=tuple(chips),
        warnings=tuple(warnings),
        notes=tuple(notes),
        evidence={**warnings, **notes},
        troubles=tuple(Trouble(chip=number, why=why, readable=False) for number, why in gone.items()),
        kmd_version=driver_version(top),
    )


def _is_live(top: Path) -> bool:
    """A copied tree is not live; this host's, or one that a kernel's sysfs is mounted in, is."""
    return os.path.realpath(top) == str(HOST) or os.path.ismount(top / "sys")


def _without_nodes(top: Path, devices: Set[int]) -> dict[str, Evidence]:
    """A container often has some of the nodes only: the other devices cannot be used in it."""
    try:
        nodes = device_nodes(top) or {}
    except InspectError as error:
        return {f"{error.what}: {error.why}": {"devices": sorted(devices), "with_node": None}}
    usable = sorted(devices & nodes.keys())
    if len(usable) == len(devices):
        return {}
    shows = f"the kernel driver shows {plural(len(devices), 'device')}"
    have = verb(len(usable), "has", "have") if usable else "has"
    which = f" ({first_of(usable, _MOST_NUMBERS)})" if usable else ""
    sentence = f"{shows}, {len(usable) or 'none'} {have} a node in /dev/tenstorrent{which}"
    return {sentence: {"devices": sorted(devices), "with_node": usable}}


_MOST_NUMBERS = 6


def _without_remote(chips: list[Chip]) -> dict[str, Evidence]:
    notes: dict[str, Evidence] = {}
    for board in dict.fromkeys(chip.board for chip in chips):
        product = product_of(board)
        if board is None or product is None or product.mmio_chips == product.chips:
            continue
        which = "the second chip" if product.chips == 2 else "some chips"
        verb, through = ("is", "the first") if product.chips == 2 else ("are", "others")
        sentence = (
            f"sysfs does not show {which} of {with_article(board)}, which {verb} reached through {through}"
        )
        notes[sentence] = {"chips": [chip.id for chip in chips if chip.board is board]}
    return notes


def _chip(number: int, folder: Path, reading: Telemetry | None, *, telemetry: bool, gone: bool) -> Chip:
    """One device, and its ``reading`` if ``telemetry`` was asked for.

    Raises:
        InspectError: 5 when its architecture cannot be told (then nothing is known of it), 7 when
            ttinspect does not know it.
    """
    board_id = _board_id(folder)
    card = read_text(folder / "tt_card_type")
    if card == _NO_NAME:
        card = None
    board = board_of_id(board_id) if board_id is not None else board_of_card(card or "")
    arch = _arch(number, folder, board, card)
    bdf, bus_id = _pci_address(folder)
    unique_id = _unique_id(folder, board)
    firmware = firmware_version(version_text(folder / "tt_fw_bundle_ver") or "")
    reading, impossible = (None, ()) if reading is None else plausible(reading)
    known = {
        "board": board or card,
        "board_id": board_id,
        "unique_id": unique_id,
        "firmware": firmware,
        "pci_bdf": bdf,
        "telemetry": reading or not telemetry,
    }
    why = {**_WHY, "telemetry": _OFF_THE_BUS} if gone else _WHY
    return Chip(
        id=number,
        arch=arch,
        soc=builtin_soc(arch),
        board=board,
        board_name=card if board is None else None,
        board_id=None if board_id is None else str(board_id),
        unique_id=unique_id,
        asic_location=None,
        noc_translation=None,
        masks=UNKNOWN_MASKS,
        firmware=firmware,
        mmio=True,
        kmd_id=number,
        pci_bdf=bdf,
        pcie=_pcie_link(folder, bus_id),
        tray=tray_of(board, bus_id),
        telemetry=reading,
        unknown=(
            *_NEVER,
            *(Unknown(path=path, why=why[path]) for path, fact in known.items() if not fact),
            *impossible,
        ),
    )


_NEVER = (
    Unknown(path="masks", why="sysfs does not carry harvesting"),
    Unknown(path="noc_translation", why="sysfs does not carry it"),
    Unknown(path="asic_location", why="sysfs does not carry it"),
    Unknown(path="links", why="sysfs does not carry eth links"),
)
_OFF_THE_BUS = "it is off the bus: its registers read as all ones"
_WHY = {
    "board": "sysfs has neither a board id nor the name of a board (tt_serial, tt_card_type)",
    "board_id": "tt_serial is missing, unreadable or no id",
    "unique_id": "tt_asic_id is UMD's unique id on a p100 only",
    "pci_bdf": "the device link names no PCI function",
    "firmware": "tt_fw_bundle_ver is missing, unreadable or no version",
    "telemetry": "sysfs has none of it",
}


def _arch(number: int, folder: Path, board: Board | None, card: str | None) -> Arch:
    """The architecture by the PCI device id, else by the board."""
    device_id = read_hexadecimal(folder / "device" / "device")
    if device_id is None:
        by_board = arch_of(board)
        if by_board is not None:
            return by_board
        if card in GRAYSKULL_CARDS:
            raise _unsupported(number, f"the card is an {card}")
        raise InspectError(
            f"cannot tell the architecture of device {number}",
            "neither its PCI device id nor its board id can be read",
            "try --from umd",
            ExitCode.UMD_FAILED,
        )
    if device_id not in _ARCH_OF_PCI_DEVICE:
        raise _unsupported(number, f"its PCI device id is {device_id:#06x}")
    return _ARCH_OF_PCI_DEVICE[device_id]


def _unsupported(number: int, why: str) -> InspectError:
    return InspectError(
        f"unsupported architecture of device {number}",
        why,
        f"ttinspect knows {', '.join(arch.value for arch in Arch)}",
        ExitCode.UNSUPPORTED_ARCH,
    )


def _board_id(folder: Path) -> int | None:
    number = read_hexadecimal(folder / "tt_serial")
    return None if number in (0, U64_MAX) else number


def _unique_id(folder: Path, board: Board | None) -> str | None:
    """tt_asic_id where tt_umd takes the same words as the unique id. Others have it from their eth cores,
    which sysfs does not show."""
    asic_id = read_hexadecimal(folder / "tt_asic_id") if has_asic_id_as_unique_id(board) else None
    return None if asic_id in (None, 0, U64_MAX) else str(asic_id)


def _pci_address(folder: Path) -> tuple[str | None, int | None]:
    """The BDF and its bus, from where the device link points, or from uevent in a copied tree."""
    try:
        target = Path(os.readlink(folder / "device")).name  # noqa: PTH115
    except OSError:
        target = ""
    match = _BDF.fullmatch(target.lower())
    if match is None:
        slot = _SLOT.search(_uevent(folder / "device" / "uevent"))
        match = _BDF.fullmatch(slot[1].lower()) if slot else None
    return (match[0], pci_bus(match[0])) if match else (None, None)


def _uevent(path: Path) -> str:
    try:
        return read_file(path).decode("ascii", "replace")
    except OSError:
        return ""


def _pcie_link(folder: Path, bus_id: int | None) -> PcieLink:
    device = folder / "device"
    port = device / ".."  # of where the link leads to: the port above the device
    return PcieLink(
        bus_id=bus_id,
        lanes=_lanes(device / "current_link_width"),
        max_lanes=_lanes(device / "max_link_width"),
        generation=_generation(device / "current_link_speed"),
        max_generation=_generation(device / "max_link_speed"),
        slot_lanes=_lanes(port / "max_link_width"),
        slot_generation=_generation(port / "max_link_speed"),
    )


def _lanes(path: Path) -> int | None:
    """A width that there is: 0 is a link that is down, 63 and 255 a device that does not answer."""
    lanes = read_decimal(path)
    return lanes if lanes in _LANES else None


def _generation(path: Path) -> int | None:
    """ "16.0 GT/s PCIe" is generation 4; kernels differ in ".0" and " PCIe"."""
    words = (read_text(path) or "").split()
    if words[1:2] != ["GT/s"]:
        return None
    return _GENERATION_OF_SPEED.get(words[0].removesuffix(".0"))
