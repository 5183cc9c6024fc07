"""Fleets written for tests from a plan of their cables: cluster descriptors, and what their cabling should be."""

import copy
import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from tests.fleet.products import GALAXY_BLACKHOLE, P150, Product

Plug = tuple[int, int, str]
"""Position of the host, tray, port."""

Cable = tuple[Plug, Plug]
End = tuple[int, int, int, int]
"""Position of the host, tray, ASIC location, eth channel."""

Document = dict[str, Any]
Documents = dict[str, Document]
"""By host."""


class Plan(NamedTuple):
    """Hosts of one product and the cables between their trays."""

    product: Product
    hosts: tuple[str, ...]
    cables: tuple[Cable, ...]
    boards: Mapping[tuple[int, int], str] = MappingProxyType({})
    """Boards of the cabling that are others, by host and tray; "" is none."""
    seed: int | None = None
    """Chip ids in another order than that of their places."""

    @property
    def places(self) -> list[tuple[int, int]]:
        """(tray, ASIC location) of the chips of a host, by chip id: those on the bus first."""
        product = self.product
        every = [(tray, place) for tray in product.trays for place in product.locations]
        if self.seed is not None:
            random.Random(self.seed).shuffle(every)
        return sorted(every, key=lambda place: place[1] in product.remote)


def cards(hosts: int = 4) -> Plan:
    """Hosts with four P150, each cabled inside as a ring of two ports, outside in a ring of hosts."""
    return ring(P150, tuple(f"qb-{number:02}" for number in range(1, hosts + 1)))


def galaxies(hosts: int = 6) -> Plan:
    """Blackhole Galaxies in a ring, all four trays, equal port numbers, nothing cabled inside."""
    names = tuple(f"glx-{number:02}" for number in range(1, hosts + 1))
    cables = [
        ((host, tray, f"QSFP-DD {port}"), ((host + 1) % hosts, tray, f"QSFP-DD {port}"))
        for host in range(hosts)
        for tray in GALAXY_BLACKHOLE.trays
        for port in ((7, 9) if host % 2 else (8, 10))
    ]
    return Plan(GALAXY_BLACKHOLE, names, tuple(cables))


def ring(product: Product, hosts: tuple[str, ...], seed: int | None = None) -> Plan:
    """Hosts of a product with the cables that it has inside, each cabled to the next one."""
    cables: list[Cable] = []
    for number in range(len(hosts)):
        following = (number + 1) % len(hosts)
        cables += [((number, a, near), (number, b, far)) for a, near, b, far in product.cables]
        if following != number:
            cables += [((number, a, near), (following, b, far)) for a, near, b, far in product.outward]
    return Plan(product, hosts, tuple(cables), seed=seed)


def wild(plan: Plan, rng: random.Random) -> Plan:
    """The plan with cables to other hosts in any of the ports that are free."""
    taken = {plug for cable in plan.cables for plug in cable}
    free = [
        (host, tray, port)
        for host in range(len(plan.hosts))
        for tray in plan.product.trays
        for port in plan.product.ports
        if (host, tray, port) not in taken
    ]
    rng.shuffle(free)
    pairs = zip(free[::2], free[1::2], strict=False)
    return plan._replace(cables=(*plan.cables, *((a, b) for a, b in pairs if a[0] != b[0])))


def links_of(plan: Plan, cable: Cable) -> list[tuple[End, End]]:
    """The eth links of a cable."""
    (a, tray, port), (b, far_tray, far_port) = cable
    ports = plan.product.ports
    return [
        ((a, tray, *near), (b, far_tray, *far))
        for near, far in zip(ports[port], ports[far_port], strict=True)
    ]


def fixed_links(product: Product) -> list[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """Links of a host that no cable makes: on its boards, in its trays and by linking boards; each end is
    tray, ASIC location, channel."""
    boards = [((tray, *near), (tray, *far)) for tray in product.trays for near, far in product.inside]
    joints = [
        ((a, *place), (b, *place)) for name, a, b in product.joints for place in product.joint_places[name]
    ]
    return boards + joints


def unique_id(host: int, chip: int) -> int:
    """The unique id of a chip of a plan."""
    return 10**12 + host * 1000 + chip


def documents(plan: Plan) -> dict[str, Document]:
    """The cluster descriptor of every host, by name."""
    chip_at = {place: chip for chip, place in enumerate(plan.places)}
    by_host: dict[str, Document] = {}
    for number, name in enumerate(plan.hosts):
        by_host[name] = _empty(plan, number)
        by_host[name]["ethernet_connections"] += [
            [{"chip": chip_at[end[:2]], "chan": end[2]} for end in pair] for pair in fixed_links(plan.product)
        ]
    for cable in plan.cables:
        for a, b in links_of(plan, cable):
            add_link(by_host, plan, a, b)
    return by_host


def add_link(by_host: dict[str, Document], plan: Plan, a: End, b: End) -> None:
    """A link as both ends list it."""
    chip_at = {place: chip for chip, place in enumerate(plan.places)}
    if a[0] == b[0]:
        by_host[plan.hosts[a[0]]]["ethernet_connections"].append(
            [{"chip": chip_at[end[1], end[2]], "chan": end[3]} for end in (a, b)]
        )
        return
    for near, far in ((a, b), (b, a)):
        by_host[plan.hosts[near[0]]]["ethernet_connections_to_remote_devices"].append(
            [
                {"chip": chip_at[near[1], near[2]], "chan": near[3]},
                {"remote_chip_id": unique_id(far[0], chip_at[far[1], far[2]]), "chan": far[3]},
            ]
        )


def _empty(plan: Plan, host: int) -> Document:
    product, places = plan.product, plan.places
    chips = range(len(places))
    tensix, dram, eth, _ = product.masks
    masks = {"harvest_mask": tensix, "dram_harvesting_mask": dram, "eth_harvesting_mask": eth}
    masks |= {"l2cpu_harvesting_mask": 0}
    code = product.code << 36 | product.revision << 32
    boards: dict[int, list[int]] = {}
    for chip, (tray, _) in enumerate(places):
        boards.setdefault(code if product.galaxy else code | (host * 100 + tray), []).append(chip)
    return {
        "arch": dict.fromkeys(chips, product.arch),
        "chips": {},
        "chip_unique_ids": {chip: unique_id(host, chip) for chip in chips},
        "ethernet_connections": [],
        "ethernet_connections_to_remote_devices": [],
        "chips_with_mmio": [
            {chip: chip} for chip, (_, place) in enumerate(places) if place not in product.remote
        ],
        "harvesting": {
            chip: {"noc_translation": True, **masks, "pcie_harvesting_mask": product.pcie_mask(place)}
            for chip, (_, place) in enumerate(places)
        },
        "chip_to_bus_id": {chip: product.bus(*place) for chip, place in enumerate(places)},
        "boards": [
            [{"board_id": board_id}, {"board_type": product.board}, {"chips": of}]
            for board_id, of in boards.items()
        ],
        "asic_locations": {chip: place for chip, (_, place) in enumerate(places)},
    }


class Dumper(yaml.CSafeDumper):
    """No anchors for values that stand twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write(folder: Path, by_host: dict[str, Document]) -> None:
    """A file per host."""
    folder.mkdir(exist_ok=True)
    for name, document in by_host.items():
        (folder / f"{name}.yaml").write_text(yaml.dump(document, Dumper=Dumper, sort_keys=False))


def fsd(plan: Plan, motherboard: str | None = None) -> str:
    """The factory system descriptor of a plan; what is 0 is left out, as proto3 does."""
    lines = []
    motherboard = plan.product.motherboard if motherboard is None else motherboard
    for number, name in enumerate(plan.hosts):
        lines.append(
            f'hosts {{ hostname: "{name}" hall: "H1" aisle: "A" rack: {number + 1} shelf_u: 8 '
            f'motherboard: "{motherboard}" }}'
        )
    lines.append("board_types {")
    for number in range(len(plan.hosts)):
        for tray in plan.product.trays:
            board = plan.boards.get((number, tray), plan.product.cabled)
            for each in plan.product.trays_of(tray) if board else ():
                place = f"{_field('host_id', number)}tray_id: {each}"
                lines.append(f'  board_locations {{ {place} board_type: "{board}" }}')
    lines.append("}\neth_connections {")
    for pair in _wanted_links(plan):
        ends = " ".join(
            f"endpoint_{letter} {{ {_field('host_id', host)}{_field('tray_id', plan.product.tray(tray, place))}"
            f"{_field('asic_location', place)}{_field('chan_id', channel)}}}"
            for letter, (host, tray, place, channel) in zip("ab", pair, strict=True)
        )
        lines.append(f"  connection {{ {ends} }}")
    return "\n".join([*lines, "}"]) + "\n"


def _wanted_links(plan: Plan) -> list[tuple[End, End]]:
    """Those of the cables, and of the boards and trays that are as they should be."""
    links = [pair for cable in plan.cables for pair in links_of(plan, cable)]
    if plan.seed is not None and plan.seed % 2:
        for host in range(len(plan.hosts)):
            for a, b in fixed_links(plan.product):
                if (host, a[0]) not in plan.boards and (host, b[0]) not in plan.boards:
                    links.append(((host, *a), (host, *b)))
    return links


def _field(name: str, value: int) -> str:
    return f"{name}: {value} " if value else ""


def gsd(plan: Plan, motherboard: str | None = None) -> str:
    """The global system descriptor of a plan."""
    motherboard = plan.product.motherboard if motherboard is None else motherboard
    specs: dict[str, Any] = {}
    for number, name in enumerate(plan.hosts):
        trays = [
            {
                "tray_id": each,
                "board_type": plan.boards.get((number, tray), plan.product.cabled),
                "asics": [
                    {"asic_location": place, "asic_id": unique_id(number, chip)}
                    for chip, (of, place) in enumerate(plan.places)
                    if of == tray and plan.product.tray(tray, place) == each
                ],
            }
            for tray in plan.product.trays
            for each in plan.product.trays_of(tray)
            if plan.boards.get((number, tray)) != ""
        ]
        specs[name] = {"motherboard": motherboard, "asic_info": trays}
    links: dict[str, list[Any]] = {"local_eth_connections": [], "global_eth_connections": []}
    for pair in _wanted_links(plan):
        key = "local_eth_connections" if pair[0][0] == pair[1][0] else "global_eth_connections"
        links[key].append(
            [
                {
                    "host_name": plan.hosts[host],
                    "tray_id": plan.product.tray(tray, place),
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
            f"{plan.hosts[host]},H1,A,{host + 1:02},U08,{plan.product.tray(tray)},{port.removeprefix('QSFP-DD ')},c{number},X"
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


def moved_trays(plan: Plan, host: int, tray: int, other: int) -> Plan:
    """Two trays of a host exchanged, with all their cables."""
    swap = {tray: other, other: tray}

    def plug(old: Plug) -> Plug:
        return (old[0], swap.get(old[1], old[1]), old[2]) if old[0] == host else old

    return plan._replace(cables=tuple((plug(a), plug(b)) for a, b in plan.cables))


def copied(by_host: dict[str, Document]) -> dict[str, Document]:
    """Documents that can be changed."""
    return copy.deepcopy(by_host)
