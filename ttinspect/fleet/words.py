"""Ends and cables in the words of the person who stands before the rack."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ttinspect.facts.wording import first_of, plural, verb
from ttinspect.model.fleet import CabledHost, Location

_SHOWN = 6
_DIGITS = re.compile(r"([0-9]+)")


def place_words(location: Location, racks: Mapping[str, CabledHost] | None = None) -> str:
    """ "c10u08 (rack 3, U08) tray 2 port 14"."""
    parts = [location.host, rack_words((racks or {}).get(location.host))]
    if location.tray is not None:
        parts.append(f"tray {location.tray}")
    else:
        parts.append("tray unknown" if location.chip is None else f"chip {location.chip}")
    if location.port is not None:
        parts.append(port_words(location.port))
    else:
        if location.asic_location is not None and location.tray is not None:
            parts.append(f"ASIC {location.asic_location}")
        if location.channel is not None:
            parts.append(f"channel {location.channel}")
    return " ".join(filter(None, parts))


def port_words(port: str) -> str:
    """A QSFP-DD port is known by its number alone; the others by their kind too."""
    kind, _, number = port.rpartition(" ")
    if kind == "QSFP-DD":
        return f"port {number}"
    return port if kind == "linking board" else f"port {kind} {number}"


def two_ports(port: str, other_port: str) -> str:
    """ "ports 11 and 12"."""
    (kind, _, first), (other_kind, _, second) = port.rpartition(" "), other_port.rpartition(" ")
    if kind == other_kind == "QSFP-DD":
        return f"ports {first} and {second}"
    return f"{port_words(port)} and {port_words(other_port)}"


def rack_words(host: CabledHost | None) -> str:
    """Where a host stands, as far as a cabling tells: "(hall A, aisle 2, rack 3, U08)"."""
    if host is None:
        return ""
    places = [
        f"hall {host.hall}" if host.hall else "",
        f"aisle {host.aisle}" if host.aisle else "",
        f"rack {host.rack}" if host.rack is not None else "",
        f"U{host.shelf_u}" if host.shelf_u is not None else "",
    ]
    words = ", ".join(filter(None, places))
    return f"({words})" if words else ""


def links_missed(host: str, links: int, neighbours: Sequence[str], where: str = "") -> str:
    """ "c10u08 misses 23 links that c01u08 and c03u08 list"; ``where`` the host stands follows."""
    lists = verb(len(neighbours), "lists", "list")
    stands = f"; it stands in {where.strip('()')}" if where else ""
    return f"{host} misses {plural(links, 'link')} that {names_listed(neighbours)} {lists}{stands}"


def naturally(text: str) -> list[tuple[int, str]]:
    """A key by which port 9 stands before port 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(text)]


def names_listed(names: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c", "a, b, c, d, e, f and 12 more"."""
    listed = list(names)
    if len(listed) > _SHOWN + 1:
        return first_of(listed, _SHOWN)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def listed_briefly(phrases: Sequence[str], most: int = _SHOWN) -> str:
    """Phrases with semicolons, the first few of many."""
    more = f"; and {len(phrases) - most} more" if len(phrases) > most else ""
    return "; ".join(phrases[:most]) + more


def channel_words(places: Iterable[tuple[int | None, int]]) -> str:
    """Eth channels behind a port, each with the ASIC location that it is on: "channels 9, 11"; of several
    ASICs "channel 8 of ASICs 1, 2"."""
    by_asic: dict[int | None, list[int]] = {}
    for location, channel in sorted({*places}, key=lambda place: (place[0] or 0, place[1])):
        by_asic.setdefault(location, []).append(channel)
    by_channels: dict[tuple[int, ...], list[int | None]] = {}
    for location, channels in by_asic.items():
        by_channels.setdefault(tuple(channels), []).append(location)
    words = []
    for numbers, asics in by_channels.items():
        of_these = f"channel{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
        of = f" of ASIC{'s' if len(asics) > 1 else ''} {', '.join(map(str, asics))}"
        words.append(of_these + (of if len(by_asic) > 1 else ""))
    return ", ".join(words)
