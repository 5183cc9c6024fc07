"""Fleets written for tests from a plan of their cables: cluster descriptors, and what their cabling should be.

Nothing here is taken from the package: the tables are those on the metal, written down once more.
"""

import copy
import itertools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

P150_PORTS = {1: [(0, 9), (0, 11)], 2: [(0, 8), (0, 10)], 3: [(0, 5), (0, 7)], 4: [(0, 4), (0, 6)]}
GALAXY_PORTS = {
    1: [(5, 2), (5, 3)], 2: [(1, 2), (1, 3)], 3: [(1, 0), (1, 1)], 4: [(2, 0), (2, 1)],
    5: [(3, 0), (3, 1)], 6: [(4, 0), (4, 1)], 7: [(1, 8), (2, 8)], 8: [(5, 8), (6, 8)],
    9: [(3, 8), (4, 8)], 10: [(7, 8), (8, 8)], 11: [(1, 9), (2, 9)], 12: [(5, 9), (6, 9)],
    13: [(3, 9), (4, 9)], 14: [(7, 9), (8, 9)],
}  # fmt: skip
N300_PORTS = {1: [(0, 6), (0, 7)], 2: [(0, 0), (0, 1)]}
CARD_BUSES = [0xC1, 0x01, 0x41, 0x42]
GALAXY_BUSES = [0x00, 0x40, 0xC0, 0x80]
Plug = tuple[int, int, int]
"""Position of the host, tray, number of the QSFP-DD port."""

Cable = tuple[Plug, Plug]
End = tuple[int, int, int, int]
"""Position of the host, tray, ASIC location, eth channel."""

Document = dict[str, Any]


class Plan(NamedTuple):
    """Hosts of one kind and the cables between their trays."""

    board: str
    hosts: tuple[str, ...]
    cables: tuple[Cable, ...]
    boards: Mapping[tuple[int, int], str] = MappingProxyType({})
    """Boards of the cabling that are others, by host and tray; "" is none."""

    @property
    def galaxy(self) -> bool:
        return self.board == "ubb_blackhole"

    @property
    def ports(self) -> dict[int, list[tuple[int, int]]]:
        return GALAXY_PORTS if self.galaxy else P150_PORTS

    @property
    def places(self) -> list[tuple[int, int]]:
        """(tray, ASIC location) of the chips of a host, by chip id."""
        return [(tray, place) for tray in range(1, 5) for place in (range(1, 9) if self.galaxy else (0,))]


def cards(hosts: int = 4) -> Plan:
    """Hosts with four P150, each cabled inside as a ring of two ports, outside in a ring of hosts."""
    names = tuple(f"qb-{number:02}" for number in range(1, hosts + 1))
    cables: list[Cable] = []
    for host in range(hosts):
        cables += [((host, 1, 3), (host, 2, 3)), ((host, 3, 3), (host, 4, 3))]
        cables += [((host, 1, 2), (host, 4, 2)), ((host, 2, 2), (host, 3, 2))]
        cables += [((host, tray, 1), ((host + 1) % hosts, tray, 4)) for tray in range(1, 5)]
    return Plan("p150", names, tuple(cables))


def galaxies(hosts: int = 6) -> Plan:
    """Blackhole Galaxies in a ring, all four trays, equal port numbers."""
    names = tuple(f"glx-{number:02}" for number in range(1, hosts + 1))
    cables: list[Cable] = []
    for host in range(hosts):
        for tray in range(1, 5):
            for port in (7, 9) if host % 2 else (8, 10):
                cables.append(((host, tray, port), ((host + 1) % hosts, tray, port)))
    return Plan("ubb_blackhole", names, tuple(cables))


def links_of(plan: Plan, cable: Cable) -> list[tuple[End, End]]:
    """The eth links of a cable."""
    (a, tray, port), (b, far_tray, far_port) = cable
    return [
        ((a, tray, *near), (b, far_tray, *far))
        for near, far in zip(plan.ports[port], plan.ports[far_port], strict=True)
    ]


def _tray_links(
    plan: Plan,
) -> list[tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Inside a Galaxy: the grid of two by four chips of each tray, and linking board 1 of revision C."""
    if not plan.galaxy:
        return []
    found = []
    for tray in range(1, 5):
        for row in (0, 4):
            for place in range(row + 1, row + 4):
                found += [((tray, place), (4 + n, 0), (tray, place + 1), (2 + n, 0)) for n in (0, 1)]
        for place in range(1, 5):
            found += [((tray, place), (6 + n, 0), (tray, place + 4), (n, 0)) for n in (0, 1)]
    for tray, far in ((1, 2), (3, 4)):
        found += [
            ((tray, place), (channel, 0), (far, place), (channel, 0))
            for place in (5, 6)
            for channel in (6, 7)
        ]
    return found


def unique_id(host: int, chip: int) -> int:
    """The unique id of a chip of a plan."""
    return 10**12 + host * 1000 + chip


def documents(plan: Plan) -> dict[str, Document]:
    """The cluster descriptor of every host, by name."""
    chip_at = {place: chip for chip, place in enumerate(plan.places)}
    found: dict[str, Document] = {}
    for number, name in enumerate(plan.hosts):
        found[name] = _empty(plan, number)
        for near, near_channel, far, far_channel in _tray_links(plan):
            found[name]["ethernet_connections"].append(
                [
                    {"chip": chip_at[near], "chan": near_channel[0]},
                    {"chip": chip_at[far], "chan": far_channel[0]},
                ]
            )
    for cable in plan.cables:
        for a, b in links_of(plan, cable):
            add_link(found, plan, a, b)
    return found


def add_link(found: dict[str, Document], plan: Plan, a: End, b: End) -> None:
    """A link as both ends list it."""
    chip_at = {place: chip for chip, place in enumerate(plan.places)}
    if a[0] == b[0]:
        found[plan.hosts[a[0]]]["ethernet_connections"].append(
            [{"chip": chip_at[end[1], end[2]], "chan": end[3]} for end in (a, b)]
        )
        return
    for near, far in ((a, b), (b, a)):
        found[plan.hosts[near[0]]]["ethernet_connections_to_remote_devices"].append(
            [
                {"chip": chip_at[near[1], near[2]], "chan": near[3]},
                {"remote_chip_id": unique_id(far[0], chip_at[far[1], far[2]]), "chan": far[3]},
            ]
        )


def _empty(plan: Plan, host: int) -> Document:
    chips = range(len(plan.places))
    buses = GALAXY_BUSES if plan.galaxy else CARD_BUSES
    masks = {"harvest_mask": 0x100 if plan.galaxy else 0x60, "dram_harvesting_mask": 0}
    masks |= {"eth_harvesting_mask": 0x120, "pcie_harvesting_mask": 1 if plan.galaxy else 2}
    code = 0x47 if plan.galaxy else 0x40
    board_ids = [
        (code << 36 | 3 << 32) if plan.galaxy else (code << 36 | (host * 100 + chip + 1)) for chip in chips
    ]
    boards = (
        [[{"board_id": board_ids[0]}, {"board_type": plan.board}, {"chips": list(chips)}]]
        if plan.galaxy
        else [
            [{"board_id": board_ids[chip]}, {"board_type": plan.board}, {"chips": [chip]}] for chip in chips
        ]
    )
    return {
        "arch": dict.fromkeys(chips, "blackhole"),
        "chips": {},
        "chip_unique_ids": {chip: unique_id(host, chip) for chip in chips},
        "ethernet_connections": [],
        "ethernet_connections_to_remote_devices": [],
        "chips_with_mmio": [{chip: chip} for chip in chips],
        "harvesting": {
            chip: {"noc_translation": True, **masks, "l2cpu_harvesting_mask": 0} for chip in chips
        },
        "chip_to_bus_id": {
            chip: buses[tray - 1] | (place if plan.galaxy else 0)
            for chip, (tray, place) in enumerate(plan.places)
        },
        "boards": boards,
        "asic_locations": {chip: place for chip, (_, place) in enumerate(plan.places)},
    }


class Dumper(yaml.CSafeDumper):
    """No anchors for values that stand twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write(folder: Path, found: dict[str, Document]) -> None:
    """A file per host."""
    folder.mkdir(exist_ok=True)
    for name, document in found.items():
        (folder / f"{name}.yaml").write_text(yaml.dump(document, Dumper=Dumper, sort_keys=False))


def fsd(plan: Plan, motherboard: str = "SIENAD8-2L2T") -> str:
    """The factory system descriptor of a plan; what is 0 is left out, as proto3 does."""
    lines = []
    for number, name in enumerate(plan.hosts):
        lines.append(
            f'hosts {{ hostname: "{name}" hall: "H1" aisle: "A" rack: {number + 1} shelf_u: 8 '
            f'motherboard: "{motherboard}" }}'
        )
    lines.append("board_types {")
    for number in range(len(plan.hosts)):
        for tray in range(1, 5):
            board = plan.boards.get((number, tray), plan.board.upper())
            if board:
                place = f"{_field('host_id', number)}tray_id: {tray}"
                lines.append(f'  board_locations {{ {place} board_type: "{board}" }}')
    lines.append("}\neth_connections {")
    for cable in plan.cables:
        for pair in links_of(plan, cable):
            ends = " ".join(
                f"endpoint_{letter} {{ {_field('host_id', host)}{_field('tray_id', tray)}"
                f"{_field('asic_location', place)}{_field('chan_id', channel)}}}"
                for letter, (host, tray, place, channel) in zip("ab", pair, strict=True)
            )
            lines.append(f"  connection {{ {ends} }}")
    return "\n".join([*lines, "}"]) + "\n"


def _field(name: str, value: int) -> str:
    return f"{name}: {value} " if value else ""


def gsd(plan: Plan, motherboard: str = "SIENAD8-2L2T") -> str:
    """The global system descriptor of a plan."""
    specs: dict[str, Any] = {}
    for number, name in enumerate(plan.hosts):
        trays = [
            {
                "tray_id": tray,
                "board_type": plan.boards.get((number, tray), plan.board.upper()),
                "asics": [
                    {"asic_location": place, "asic_id": unique_id(number, chip)}
                    for chip, (of, place) in enumerate(plan.places)
                    if of == tray
                ],
            }
            for tray in range(1, 5)
            if plan.boards.get((number, tray)) != ""
        ]
        specs[name] = {"motherboard": motherboard, "asic_info": trays}
    links: dict[str, list[Any]] = {"local_eth_connections": [], "global_eth_connections": []}
    for cable in plan.cables:
        for pair in links_of(plan, cable):
            key = "local_eth_connections" if pair[0][0] == pair[1][0] else "global_eth_connections"
            links[key].append(
                [
                    {
                        "host_name": plan.hosts[host],
                        "tray_id": tray,
                        "asic_location": place,
                        "chan_id": channel,
                    }
                    for host, tray, place, channel in pair
                ]
            )
    return yaml.dump({"compute_node_specs": specs, **links}, Dumper=Dumper, sort_keys=False)


def cutsheet(plan: Plan) -> str:
    """The cutsheet of a plan: a cable a row, the same header names twice."""
    names = "Hostname,Hall,Aisle,Rack,Shelf U,Tray,Port,Label,Node Type"
    lines = [f"{names},{names}"]
    for number, cable in enumerate(plan.cables):
        ends = [
            f"{plan.hosts[host]},H1,A,{host + 1:02},U08,{tray},{port},c{number},X"
            for host, tray, port in cable
        ]
        lines.append(",".join(ends))
    return "\n".join(lines) + "\n"


def without(plan: Plan, *cables: Cable) -> Plan:
    """The plan with some cables less."""
    return plan._replace(cables=tuple(cable for cable in plan.cables if cable not in cables))


def cables_between(plan: Plan) -> list[Cable]:
    """Cables that join two hosts."""
    return [cable for cable in plan.cables if cable[0][0] != cable[1][0]]


def moved_trays(plan: Plan, host: int, one: int, other: int) -> Plan:
    """Two trays of a host exchanged, with all their cables."""
    swap = {one: other, other: one}

    def plug(old: Plug) -> Plug:
        return (old[0], swap.get(old[1], old[1]), old[2]) if old[0] == host else old

    return plan._replace(cables=tuple((plug(a), plug(b)) for a, b in plan.cables))


def copied(found: dict[str, Document]) -> dict[str, Document]:
    """Documents that can be changed."""
    return copy.deepcopy(found)


def pairs(items: list[Cable]) -> list[tuple[Cable, Cable]]:
    """All pairs."""
    return list(itertools.combinations(items, 2))
