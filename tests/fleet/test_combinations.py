"""Fleets of hosts of many products with several faults at once: each is found once, and nothing else is told.

The fleet is a set of links between places here, made by hand and not from a plan; faults touch hosts of their
own, so that none hides another.
"""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import yaml

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import findings_of
from tests.fleet.products import PRODUCTS, Product

Place = tuple[int, int, int, int]
"""Host, slot, ASIC location, eth channel."""

Link = tuple[Place, Place]
Cable = tuple[tuple[int, int, str], tuple[int, int, str]]
Expected = tuple[str, str, tuple[str, ...]]
"""Id, severity, words."""


class Fleet:
    """Hosts, and the cables that join them; what documents say of it, and what a cabling does."""

    def __init__(self, rng: Random, products: list[Product]) -> None:
        self.products = products
        self.names = [f"{product.name}-{number:02}" for number, product in enumerate(products)]
        self.cables: list[Cable] = []
        free: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
        for host, product in enumerate(products):
            for slot in product.trays:
                for port, places in product.ports.items():
                    free.setdefault((product.arch, len(places)), []).append((host, slot, port))
        for plugs in free.values():
            rng.shuffle(plugs)
            pairs = zip(plugs[::2], plugs[1::2], strict=False)
            self.cables += [(a, b) for a, b in pairs if a[0] != b[0] and rng.random() < 0.8]
        self.documents = {name: self._document(host) for host, name in enumerate(self.names)}

    def chip(self, host: int, slot: int, location: int) -> int:
        """Chips are numbered as they are listed, those on the bus first."""
        return self.chips(host).index((slot, location))

    def chips(self, host: int) -> list[tuple[int, int]]:
        product = self.products[host]
        every = [(slot, location) for slot in product.trays for location in product.locations]
        return sorted(every, key=lambda chip: chip[1] in product.remote)

    @staticmethod
    def unique_id(host: int, chip: int) -> int:
        return 7_000_000_000 + 64 * host + chip

    def links(self, cable: Cable) -> list[Link]:
        (a, slot, port), (b, far_slot, far_port) = cable
        near, far = self.products[a].ports[port], self.products[b].ports[far_port]
        return [
            ((a, slot, *near_place), (b, far_slot, *other))
            for near_place, other in zip(near, far, strict=True)
        ]

    def _document(self, host: int) -> dict[str, Any]:
        product = self.products[host]
        single = plans.Plan(product, (self.names[host],), ())
        document = plans.documents(single)[self.names[host]]
        document["chip_unique_ids"] = {chip: self.unique_id(host, chip) for chip in document["arch"]}
        for board in document["boards"]:
            if not product.galaxy:
                board[0]["board_id"] += host << 8
        for cable in self.cables:
            for a, b in self.links(cable):
                for near, far in ((a, b), (b, a)):
                    if near[0] == host:
                        document["ethernet_connections_to_remote_devices"].append(self._remote(near, far))
        return document

    def _remote(self, near: Place, far: Place) -> list[dict[str, int]]:
        far_id = self.unique_id(far[0], self.chip(*far[:3]))
        return [{"chip": self.chip(*near[:3]), "chan": near[3]}, {"remote_chip_id": far_id, "chan": far[3]}]

    def unlist(self, near: Place, far: Place) -> None:
        """Take a link out of the document of its near end."""
        self.documents[self.names[near[0]]]["ethernet_connections_to_remote_devices"].remove(
            self._remote(near, far)
        )

    def unplug(self, cable: Cable) -> None:
        for a, b in self.links(cable):
            self.unlist(a, b)
            self.unlist(b, a)

    def plug(self, cable: Cable) -> None:
        for a, b in self.links(cable):
            for near, far in ((a, b), (b, a)):
                remote = self.documents[self.names[near[0]]]["ethernet_connections_to_remote_devices"]
                remote.append(self._remote(near, far))

    def words(self, *cables: Cable) -> tuple[str, ...]:
        words = []
        for host, slot, port in (plug for cable in cables for plug in cable):
            tray = self.products[host].tray(slot)
            words += [self.names[host], f"tray {tray} port {port.removeprefix('QSFP-DD ')}"]
        return tuple(words)

    def end(self, place: Place) -> tuple[int, int, int, int]:
        """Host, tray, ASIC location, channel."""
        host, slot, location, channel = place
        return host, self.products[host].tray(slot, location), location, channel

    def fixed(self, host: int) -> list[Link]:
        return [((host, *a), (host, *b)) for a, b in plans.fixed_links(self.products[host])]


class Cabling(NamedTuple):
    """What a cabling is written of: hosts, cables, and boards that it calls otherwise."""

    fleet: Fleet
    cables: list[Cable]
    hosts: list[int]
    boards: dict[tuple[int, int], str]

    def links(self) -> list[tuple[Place, Place]]:
        fleet = self.fleet
        links = [link for cable in self.cables for link in fleet.links(cable)]
        links += [link for host in self.hosts for link in fleet.fixed(host)]
        return [(fleet.end(a), fleet.end(b)) for a, b in links if {a[0], b[0]} <= {*self.hosts}]

    def trays(self) -> Iterator[tuple[int, int, str, list[tuple[int, int]]]]:
        """Host, tray, board, (ASIC location, unique id) of its chips."""
        for host in self.hosts:
            product = self.fleet.products[host]
            for slot in product.trays:
                for tray in product.trays_of(slot):
                    asics = [
                        (location, self.fleet.unique_id(host, self.fleet.chip(host, slot, location)))
                        for location in product.locations
                        if product.tray(slot, location) == tray
                    ]
                    yield host, tray, self.boards.get((host, slot), product.cabled), asics

    def textproto(self) -> str:
        number = {host: index for index, host in enumerate(self.hosts)}
        lines = [
            f'hosts {{ hostname: "{self.fleet.names[host]}" motherboard: "{self.fleet.products[host].motherboard}" }}'
            for host in self.hosts
        ]
        lines.append("board_types {")
        for host, tray, board, _ in self.trays():
            lines.append(
                f'  board_locations {{ host_id: {number[host]} tray_id: {tray} board_type: "{board}" }}'
            )
        lines.append("}\neth_connections {")
        for pair in self.links():
            ends = " ".join(
                f"endpoint_{letter} {{ host_id: {number[host]} tray_id: {tray} asic_location: {location} "
                f"chan_id: {channel} }}"
                for letter, (host, tray, location, channel) in zip("ab", pair, strict=True)
            )
            lines.append(f"  connection {{ {ends} }}")
        return "\n".join([*lines, "}\n"])

    def yaml(self) -> str:
        specs: dict[str, Any] = {
            self.fleet.names[host]: {"motherboard": self.fleet.products[host].motherboard, "asic_info": []}
            for host in self.hosts
        }
        for host, tray, board, asics in self.trays():
            specs[self.fleet.names[host]]["asic_info"].append(
                {
                    "tray_id": tray,
                    "board_type": board,
                    "asics": [
                        {"asic_location": location, "asic_id": unique_id} for location, unique_id in asics
                    ],
                }
            )
        keys = ("host_name", "tray_id", "asic_location", "chan_id")
        document: dict[str, list[Any]] = {"local_eth_connections": [], "global_eth_connections": []}
        for pair in self.links():
            key = "local_eth_connections" if pair[0][0] == pair[1][0] else "global_eth_connections"
            document[key].append(
                [dict(zip(keys, (self.fleet.names[end[0]], *end[1:]), strict=True)) for end in pair]
            )
        return yaml.dump({"compute_node_specs": specs, **document}, Dumper=plans.Dumper)


class Seeding:
    """Faults in a fleet, each at hosts that no other touches."""

    def __init__(self, fleet: Fleet, rng: Random) -> None:
        self.fleet, self.rng = fleet, rng
        self.cabling = Cabling(fleet, list(fleet.cables), [*range(len(fleet.names))], {})
        self.touched: set[int] = set()
        self.expected: list[Expected] = []

    def _neighbours(self, host: int) -> set[int]:
        return {
            plug[0] for cable in self.fleet.cables for plug in cable if host in (cable[0][0], cable[1][0])
        }

    def _cable(self) -> Cable | None:
        free = [cable for cable in self.fleet.cables if not {cable[0][0], cable[1][0]} & self.touched]
        if not free:
            return None
        cable = self.rng.choice(free)
        self.touched |= {cable[0][0], cable[1][0]}
        return cable

    def _host(self) -> int | None:
        free = [
            host
            for host in range(len(self.fleet.names))
            if host not in self.touched and not self._neighbours(host) & self.touched
        ]
        if not free:
            return None
        host = self.rng.choice(free)
        self.touched |= {host, *self._neighbours(host)}
        return host

    def one_end_lists(self) -> None:
        if (cable := self._cable()) is not None:
            flip = self.rng.random() < 0.5
            links = [pair[::-1] if flip else pair for pair in self.fleet.links(cable)]
            for near, far in links:
                self.fleet.unlist(near, far)
            host, other = (self.fleet.names[place[0]] for place in links[0])
            miss = f"{host} misses {len(links)} link{'s' if len(links) > 1 else ''} that {other} lists"
            self.expected.append(("TTF002", "error", (miss, *self.fleet.words(cable))))

    def cable_out(self) -> None:
        if (cable := self._cable()) is not None:
            self.fleet.unplug(cable)
            self.expected.append(("TTF005", "error", (*self.fleet.words(cable), "is missing")))

    def extra_cable(self) -> None:
        if (cable := self._cable()) is not None:
            self.cabling.cables.remove(cable)
            self.expected.append(("TTF006", "error", (*self.fleet.words(cable), "is there, and not in")))

    def crossed(self) -> None:
        if (wanted := self._cable()) is None or (other := self._cable()) is None:
            return
        first = (self.fleet.products[wanted[0][0]].arch, len(self.fleet.links(wanted)))
        if first != (self.fleet.products[other[0][0]].arch, len(self.fleet.links(other))):
            return
        for cable in (wanted, other):
            self.fleet.unplug(cable)
        for cable in ((wanted[0], other[1]), (other[0], wanted[1])):
            self.fleet.plug(cable)
        words = ("2 cables crossed. Should be: ", *self.fleet.words(wanted, other))
        self.expected.append(("TTF007", "error", words))

    def half_port(self) -> None:
        if (cable := self._cable()) is not None:
            links = self.fleet.links(cable)
            near, far = self.rng.choice(links)
            self.fleet.unlist(near, far)
            self.fleet.unlist(far, near)
            words = (*self.fleet.words(cable), f"{len(links) - 1} of {len(links)} channel")
            self.expected.append(("TTF013", "warning", words))

    def host_missing(self) -> None:
        if (host := self._host()) is not None:
            del self.fleet.documents[self.fleet.names[host]]
            self.expected.append(("TTF010", "error", (self.fleet.names[host], "no document is of it")))

    def host_twice(self) -> None:
        if (host := self._host()) is not None:
            name = self.fleet.names[host]
            self.fleet.documents[f"{name}-again"] = self.fleet.documents[name]
            self.expected.append(("TTF003", "error", (f"{name}.yaml", f"{name}-again.yaml", "same host")))

    def unknown_host(self) -> None:
        if (host := self._host()) is not None:
            self.cabling.hosts.remove(host)
            self.expected.append(("TTF015", "warning", (f"{self.fleet.names[host]} is not in",)))

    def other_board(self) -> None:
        if (host := self._host()) is not None:
            product = self.fleet.products[host]
            slot = self.rng.choice(product.trays)
            self.cabling.boards[host, slot] = other = "N150" if product.cabled != "N150" else "N300"
            words = (self.fleet.names[host], f"the cabling has {other}, there is {product.board}")
            self.expected.append(("TTF011", "error", words))


FAULTS: dict[str, Callable[[Seeding], None]] = {
    name: getattr(Seeding, name)
    for name in (
        "one_end_lists", "cable_out", "extra_cable", "crossed", "half_port", "host_missing", "host_twice",
        "unknown_host", "other_board",
    )
}  # fmt: skip
CABLED = {name: product for name, product in PRODUCTS.items() if product.ports}


def seeded(seed: int, faults: int) -> tuple[Fleet, Cabling, list[Expected]]:
    rng = Random(seed)
    names = rng.sample(sorted(CABLED), 3)
    products = [CABLED[rng.choice(names)] for _ in range(rng.randint(8, 14))]
    fleet = Fleet(rng, products)
    seeding = Seeding(fleet, rng)
    for name in rng.sample(sorted(FAULTS), faults):
        FAULTS[name](seeding)
    return fleet, seeding.cabling, seeding.expected


def unmatched(answer: dict[str, Any], expected: list[Expected]) -> tuple[list[Any], list[Expected]]:
    """What is told and was not seeded, and what was seeded and is not told."""
    findings = findings_of(answer)
    left = copy.copy(expected)
    for finding in list(findings):
        for each in left:
            same = (finding["id"], finding["severity"]) == each[:2]
            if same and all(word in finding["message"] for word in each[2]):
                left.remove(each)
                findings.remove(finding)
                break
    return [(each["id"], each["message"]) for each in findings], left


SEEDS = [pytest.param(seed, marks=[pytest.mark.system] if seed else []) for seed in range(24)]


@pytest.mark.parametrize("seed", SEEDS)
def test_several_faults_in_a_fleet_of_many_products_are_each_found_once(
    run: Run, tmp_path: Path, seed: int
) -> None:
    fleet, cabling, expected = seeded(seed, seed % 4)
    plans.write(tmp_path / "hosts", fleet.documents)
    name = "gsd.yaml" if seed % 2 else "fsd.textproto"
    (tmp_path / name).write_text(cabling.yaml() if seed % 2 else cabling.textproto())
    done = run("fleet", str(tmp_path / "hosts"), "--cabling", str(tmp_path / name), "--json")
    assert unmatched(json.loads(done.stdout), expected) == ([], [])
