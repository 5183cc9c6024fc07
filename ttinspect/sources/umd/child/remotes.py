"""In the child: the remote chips of a Wormhole host, one by one.

Discovery brings up all chips that are reached over eth, or none when one of them does not start. Here each
is opened by itself, as discovery would: through the eth cores whose links lead to it. The words that these
keep in their L1 are those that tt-umd 0.9.14 reads in its discovery. A chip that only other remote chips are
linked to is not found.
"""

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ttinspect.sources.umd.child.chips import MASK_TAGS, live_cores, location, read_device
from ttinspect.sources.umd.child.discovery import Facts, attempt, first_line, umd_errors

if TYPE_CHECKING:
    from ttinspect.sources.umd.child.main import Wire
    from ttinspect.sources.umd.request import Request

Ends = dict[int, list[Facts]]
REMOTE_ARCH = "wormhole_b0"
LINK_STATE, LINK_UP = 0x1104, 1
FAR_PLACE, FAR_RACK = 0x1124, 0x1128
FAR_ID, FAR_CHANNEL = 0x1FE0, 0x1FF0
WORD = 0xFFFFFFFF


def open_singly(
    tt_umd: Any, ids: dict[int, int], devices: dict[int, Any], ends: Ends, request: "Request", wire: "Wire"
) -> None:
    """Open the chips that the boards of this host have and tt_umd has not opened, and say what they are.
    ``ids`` are the unique ids of those that it has opened, and ``ends`` their links, by chip; ``devices``
    gets the new ones too."""
    for chip, link in enumerate(linked_chips(ids.values(), devices, ends), max(ids, default=-1) + 1):
        if chip in request.skipped:
            continue
        via, unique_id = link["via"], str(link["unique_id"])
        facts: Facts = {"id": chip, "arch": REMOTE_ARCH, "unique_id": unique_id, "mmio": False, "via": via}
        wire.say("chip", **facts)  # opening it may be the end of us
        wire.at("reading chip", chip, via)
        device = opened(tt_umd, link, facts, request.remote_firmware_seconds or 0.0)
        if device is not None:
            devices[chip], facts["ends"] = device, eth_ends(tt_umd, device)
        wire.say("chip", **facts)


def linked_chips(known: Iterable[int], devices: Any, ends: Ends) -> list[Facts]:
    """The chips of this host's boards that are not among the known unique ids: unique id, the chip that leads
    there (its number and device), the eth cores that do, and the place in eth coordinates."""
    known = set(known)
    boards = {unique_id & WORD for unique_id in known}
    links: dict[int, Facts] = {}
    for chip, device in devices.items():
        for end in ends[chip]:
            far = end["far"]
            if far in known or far & WORD not in boards:
                continue  # tt_umd has it, or it belongs to another host
            new = {"unique_id": far, "via": chip, "device": device, "cores": [], "place": end["place"]}
            link = links.setdefault(far, new)
            if link["via"] == chip:
                link["cores"].append(end["core"])
    return list(links.values())


def eth_ends(tt_umd: Any, device: Any) -> list[Facts]:
    """Where each eth link of a Wormhole that is up leads to, as the eth core there says: the unique id of the
    chip, its channel, and its place in eth coordinates. None of a chip that did not start."""
    if device is None or device.get_arch() != tt_umd.ARCH.WORMHOLE_B0:
        return []
    try:
        cores = device.get_soc_descriptor().get_cores(tt_umd.CoreType.ETH, tt_umd.CoordSystem.TRANSLATED)
        return [end for channel, core in enumerate(cores) for end in eth_end(device, channel, core)]
    except umd_errors():
        return []


def eth_end(device: Any, channel: int, core: Any) -> Iterator[Facts]:
    """Where this channel leads to, if its link is up."""

    def word(address: int) -> int:
        return int(device.noc_read32(core.x, core.y, address))

    if word(LINK_STATE) == LINK_UP:
        place, rack = word(FAR_PLACE), word(FAR_RACK)
        yield {
            "channel": channel,
            "core": (core.x, core.y),
            "far": word(FAR_ID + 4) << 32 | word(FAR_ID),
            "far_channel": word(FAR_CHANNEL),
            "place": (rack & 0xFF, rack >> 8 & 0xFF, place >> 16 & 0x3F, place >> 22 & 0x3F),
        }


def opened(tt_umd: Any, link: Facts, facts: Facts, patience_seconds: float) -> Any:
    """The device of a linked chip, None where it does not open; the facts of the chip get what it says."""
    try:
        device = tt_umd.create_remote_tt_device_from_coord(link["device"], *link["place"])
        device.get_remote_communication().set_remote_transfer_ethernet_cores(link["cores"])
        device.init_tt_device(datetime.timedelta(seconds=patience_seconds))
        soc = device.get_soc_descriptor()
        read_device(device, facts)
        facts["masks"] = masks_of(tt_umd, soc)
        facts["noc_translation"] = device.get_noc_translation_enabled()
        facts["cores"] = live_cores(tt_umd, soc)
        board_id = attempt(device.get_board_id)
        facts["board_id"] = str(board_id) if board_id else None
        facts["asic_location"] = location(device, device.get_firmware_info_provider().get_asic_location())
    except umd_errors() as error:
        facts["error"] = first_line(error)
    return device if facts.get("masks") else None


def masks_of(tt_umd: Any, soc: Any) -> dict[str, int]:
    """The masks that its SoC descriptor was made with. To ask the chip would be one more ARC message."""
    tensix, noc0 = tt_umd.CoreType.TENSIX, tt_umd.CoordSystem.NOC0
    harvested = {core.y for core in soc.get_harvested_cores(tensix, noc0)}
    rows = sorted({core.y for core in soc.get_cores(tensix, noc0)} | harvested)
    return {**dict.fromkeys(MASK_TAGS, 0), "tensix": sum(1 << rows.index(y) for y in harvested)}
