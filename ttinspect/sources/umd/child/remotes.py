"""In the child: the remote chips of a Wormhole host, one by one.

Discovery brings up all chips that are reached over eth, or none when one of them does not start. Here each
is opened by itself, as discovery would: through the eth cores whose links lead to it. The words that these
keep in their L1 are those that tt-umd 0.9.14 reads in its discovery. A chip that only other remote chips are
linked to is not found.
"""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ttinspect.sources.umd.child.chips import MASK_KEYS, id_of, live_cores, read_device, read_location
from ttinspect.sources.umd.child.discovery import Facts, attempt, first_line, umd_errors

if TYPE_CHECKING:
    from ttinspect.sources.umd.child.main import Wire
    from ttinspect.sources.umd.request import Request

LINK_STATE, LINK_UP = 0x1104, 1
FAR_PLACE, FAR_RACK = 0x1124, 0x1128
FAR_ID, FAR_CHANNEL = 0x1FE0, 0x1FF0
WORD = 0xFFFFFFFF


def open_singly(
    tt_umd: Any, ids: dict[int, int], devices: dict[int, Any], request: "Request", wire: "Wire"
) -> None:
    """Open the chips that the boards of this host have and tt_umd has not opened, and say what they are; then
    the links of all chips. ``ids`` are the unique ids of those that it has opened, by chip; ``devices`` gets
    the new ones too."""
    ends: dict[int, list[Facts]] = {}
    for chip, device in devices.items():
        wire.at("reading chip", chip)
        ends[chip] = attempt(eth_ends, tt_umd, device) or []  # none of a chip that did not start
    for chip, link in enumerate(linked_chips(ids.values(), devices, ends), max(ids, default=-1) + 1):
        ids[chip], via = link["unique_id"], link["via"]
        if chip in request.skipped:
            continue
        facts: Facts = {"id": chip, "arch": "wormhole_b0", "unique_id": ids[chip], "mmio": False, "via": via}
        wire.say("chip", **facts)  # opening it may be the end of us
        wire.at("reading chip", chip, via)
        device = opened(tt_umd, link, facts, request.remote_firmware_seconds or 0.0)
        wire.say("chip", **facts)
        if device is not None:
            devices[chip] = device
            ends[chip] = attempt(eth_ends, tt_umd, device) or []
    wire.say("links", chips=len(ids), singly=True, **link_facts(ids, ends))


def linked_chips(known: Iterable[int], devices: Any, ends: dict[int, list[Facts]]) -> list[Facts]:
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
    chip, its channel, and its place in eth coordinates."""
    if device is None or device.get_arch() != tt_umd.ARCH.WORMHOLE_B0:
        return []
    ends: list[Facts] = []
    cores = device.get_soc_descriptor().get_cores(tt_umd.CoreType.ETH, tt_umd.CoordSystem.TRANSLATED)
    for channel, core in enumerate(cores):

        def word(address: int, x: int = core.x, y: int = core.y) -> int:
            return int(device.noc_read32(x, y, address))

        if word(LINK_STATE) != LINK_UP:
            continue
        place, rack = word(FAR_PLACE), word(FAR_RACK)
        ends.append(
            {
                "channel": channel,
                "core": (core.x, core.y),
                "far": word(FAR_ID + 4) << 32 | word(FAR_ID),
                "far_channel": word(FAR_CHANNEL),
                "place": (rack & 0xFF, rack >> 8 & 0xFF, place >> 16 & 0x3F, place >> 22 & 0x3F),
            }
        )
    return ends


def link_facts(ids: dict[int, int], ends: dict[int, list[Facts]]) -> Facts:
    """Both kinds of links, as link_facts of discovery has them."""
    chip_of = {unique_id: chip for chip, unique_id in ids.items()}
    links = [
        [chip, end["channel"], chip_of.get(end["far"]), end["far"], end["far_channel"]]
        for chip, own_ends in ends.items()
        for end in own_ends
    ]
    return {
        "ends": sorted([a, b, chip, d] for a, b, chip, _, d in links if chip is not None),
        "remote": [[a, b, far, d] for a, b, chip, far, d in links if chip is None],
    }


def opened(tt_umd: Any, link: Facts, facts: Facts, patience_seconds: float) -> Any:
    """The device of a linked chip, None where it does not open; the facts of the chip get what it says."""
    facts["tags"] = {}
    device = None
    try:
        device = tt_umd.create_remote_tt_device_from_coord(link["device"], *link["place"])
        device.get_remote_communication().set_remote_transfer_ethernet_cores(link["cores"])
        device.init_tt_device(datetime.timedelta(seconds=patience_seconds))
        soc = device.get_soc_descriptor()
        read_device(device, facts, harvesting_of(tt_umd, soc, device))
        facts["cores"] = live_cores(tt_umd, soc)
        facts["asic_location"] = attempt(device.get_firmware_info_provider().get_asic_location)
        facts["board_id"] = id_of(attempt(device.get_board_id)) or None
        read_location(device, facts)
        facts["board"] = device.get_board_type().name.lower()
    except umd_errors() as error:
        facts["error"] = first_line(error)
    return device if facts.get("masks") else None


def harvesting_of(tt_umd: Any, soc: Any, device: Any) -> Facts:
    """The masks that its SoC descriptor was made with. To ask the chip would be one more ARC message."""
    tensix, noc0 = tt_umd.CoreType.TENSIX, tt_umd.CoordSystem.NOC0
    harvested = {core.y for core in soc.get_harvested_cores(tensix, noc0)}
    rows = sorted({core.y for core in soc.get_cores(tensix, noc0)} | harvested)
    masks = dict.fromkeys(MASK_KEYS.values(), "0")
    masks[MASK_KEYS["tensix"]] = str(sum(1 << rows.index(y) for y in harvested))
    return {**masks, "noc_translation": "true" if device.get_noc_translation_enabled() else "false"}
