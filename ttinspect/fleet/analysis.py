"""A fleet from its hosts: joined, grouped, compared with its cabling, and what is wrong with it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ttinspect.facts.firmware import dotted
from ttinspect.facts.wording import plural, verb
from ttinspect.fleet.cabling import compare
from ttinspect.fleet.cabling_findings import cabling_findings
from ttinspect.fleet.comparison import Comparison
from ttinspect.fleet.groups import Group, groups_of, outliers
from ttinspect.fleet.hosts import bundles_of_boards
from ttinspect.fleet.joining import Joined, Overlap, Pair, hosts_once, joined, overlaps
from ttinspect.fleet.ports import (
    UNKNOWN_TRAY,
    Contradiction,
    HalfPort,
    PortAt,
    Ports,
    contradictions,
    half_ports,
    listed_links,
)
from ttinspect.fleet.rules import (
    CABLE_CROSSED,
    CHANNEL_IN_TWO_LINKS,
    CHIP_IN_TWO_HOSTS,
    EXCHANGED,
    EXPECTED,
    FIRMWARE_DIFFERS,
    HOST_UNREADABLE,
    OF_CABLES,
    ONE_SIDED_LINK,
    PORT_PARTLY_UP,
    SNAPSHOT_OLD,
)
from ttinspect.fleet.words import (
    channel_words,
    links_missed,
    listed_briefly,
    names_listed,
    naturally,
    place_words,
    rack_words,
    two_ports,
)
from ttinspect.model.finding import Finding
from ttinspect.model.fleet import CabledHost, Cabling, End, FleetHost, Location, Unreadable
from ttinspect.verify.rule import found_by

SEVERAL = 2
"""So many neighbours that agree make it the host's own fault."""

_DAY_NS = 24 * 3600 * 10**9
_PATTERN = 8
"""So many cables must join equal port numbers before one that does not is worth a hint..."""
_EXCEPTIONS = 10
"""...and there must be so many times as many of them."""


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a fleet. ``hosts`` are counted once each; ``findings`` are about links and the
    whole; ``of_host`` are those that are a host's own, by position."""

    hosts: tuple[FleetHost, ...]
    joined: Joined
    ports: Ports
    groups: tuple[Group, ...]
    cabling: Cabling | None
    comparison: Comparison | None
    findings: tuple[Finding, ...]
    of_host: Mapping[int, tuple[Finding, ...]]


def analyse(
    documents: Sequence[FleetHost],
    unreadable: Sequence[Unreadable] = (),
    *,
    cabling: Cabling | None = None,
    map_host: Mapping[str, str] | None = None,
    now_ns: int | None = None,
    max_age_ns: int | None = None,
    equal_firmware: bool = False,
) -> Analysis:
    """Everything about a fleet. With ``max_age_ns`` snapshots are old by ``now_ns``, which is an error then,
    else when they are more than a day older than the newest. ``equal_firmware``: other firmware is an error.

    Raises:
        InspectError: 2 when ``map_host`` names a host that is not there.
    """
    twice = overlaps(documents)
    hosts = hosts_once(documents, twice)
    links, ports = joined(hosts), Ports(hosts)
    groups = groups_of(hosts)
    racks = _racks(cabling)
    wrong = contradictions(hosts, links, ports)
    doubtful = {pair for contradiction in wrong for pair in contradiction.links}
    ends = {end for pair in doubtful for end in pair}
    comparison = None
    judged: list[Finding] = []
    if cabling is not None:
        names = frozenset(document.stem for document in unreadable)
        comparison = compare(
            hosts, ports, listed_links(hosts, links), cabling, map_host or {}, names, doubtful=ends
        )
        judged = list(cabling_findings(hosts, cabling, comparison))
    general, of_host = _one_sided(hosts, links, ports, doubtful, racks)
    halves = [port for port in half_ports(links, ports, ends) if not _as_cabled(port, comparison)]
    findings = [
        *_unreadable(unreadable),
        *_twice(documents, twice),
        *general,
        *judged,
        *_half(hosts, ports, halves, racks),
        *_contradicting(hosts, ports, wrong, racks),
        *_firmware(hosts, EXPECTED if equal_firmware else ""),
        *_old(hosts, now_ns, max_age_ns),
    ]
    explained = _concerned(findings)
    findings += outliers(hosts, groups, ports, explained, comparison)
    if cabling is None:
        findings += _hints(hosts, links, ports)
    return Analysis(
        hosts=hosts,
        joined=links,
        ports=ports,
        groups=tuple(groups),
        cabling=cabling,
        comparison=comparison,
        findings=tuple(findings),
        of_host={number: tuple(findings_of) for number, findings_of in of_host.items()},
    )


def _racks(cabling: Cabling | None) -> dict[str, CabledHost]:
    return {} if cabling is None else {host.name: host for host in cabling.hosts}


def _unreadable(documents: Iterable[Unreadable]) -> Iterator[Finding]:
    for document in documents:
        yield HOST_UNREADABLE.finding_of(
            f"{document.place}: {document.why}", file=document.file, host=document.stem
        )


def _twice(documents: Sequence[FleetHost], twice: Iterable[Overlap]) -> Iterator[Finding]:
    for overlap in twice:
        first, second = documents[overlap.first], documents[overlap.second]
        if overlap.same:
            message = f"{first.file} and {second.file} are the same host: they have the same chips"
            message += _newer(first, second)
        else:
            ids = names_listed(map(str, overlap.unique_ids))
            message = (
                f"{first.file} and {second.file} both have {plural(len(overlap.unique_ids), 'chip')}: {ids}"
            )
        yield CHIP_IN_TWO_HOSTS.finding_of(
            message,
            hosts=[first.name, second.name],
            files=[first.file, second.file],
            chips=len(overlap.unique_ids),
            unique_ids=[str(unique_id) for unique_id in overlap.unique_ids],
        )


def _newer(first: FleetHost, second: FleetHost) -> str:
    """Which of two documents of one host counts, where both tell when they were taken."""
    if first.time_ns is None or second.time_ns is None or first.time_ns == second.time_ns:
        return ""
    if len(first.unique_ids) != len(second.unique_ids):
        return ""
    newer = first if first.time_ns > second.time_ns else second
    return f"; {newer.file} is {_age(abs(first.time_ns - second.time_ns))} newer, and counts"


def _one_sided(
    hosts: Sequence[FleetHost],
    links: Joined,
    ports: Ports,
    doubtful: set[Pair],
    racks: Mapping[str, CabledHost],
) -> tuple[list[Finding], dict[int, list[Finding]]]:
    """One finding per host that misses links; its own where several neighbours agree."""
    missed: dict[int, list[Pair]] = defaultdict(list)
    for pair in links.one_sided:
        if (min(pair), max(pair)) not in doubtful:
            missed[pair[1].host].append(pair)
    general: list[Finding] = []
    of_host: dict[int, list[Finding]] = {}
    for number, pairs in missed.items():
        neighbours = sorted({hosts[pair[0].host].name for pair in pairs})
        name = hosts[number].name
        where = rack_words(racks.get(name))
        others = {
            host: place for host, place in racks.items() if host != name
        }  # its own stands in the sentence
        cables = _cable_words(pairs, ports, others)
        finding = ONE_SIDED_LINK.finding_of(
            f"{links_missed(name, len(pairs), neighbours, where)}: {listed_briefly(cables)}",
            host=name,
            where=where,
            neighbours=neighbours,
            links=len(pairs),
            cables=cables,
            ends=[_end_words(hosts, end) for pair in pairs for end in pair],
        )
        if len(neighbours) >= SEVERAL:
            of_host.setdefault(number, []).append(finding)
        else:
            general.append(finding)
    return general, of_host


def _end_words(hosts: Sequence[FleetHost], end: End) -> str:
    return f"{hosts[end.host].name} chip {hosts[end.host].chip_ids[end.chip]} channel {end.channel}"


def _cable_words(pairs: Iterable[Pair], ports: Ports, racks: Mapping[str, CabledHost]) -> list[str]:
    """Cables with their channels: those of the near end first."""
    cables: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for far, near in pairs:
        key = tuple(place_words(ports.plug_location(end), racks) for end in (near, far))
        cables[key[0], key[1]].append((near, far))
    listed = sorted(cables.items(), key=lambda item: [naturally(word) for word in item[0]])
    return [
        f"{near} - {far} ({channel_words(_place(end, ports) for end, _ in pairs_of)})"
        for (near, far), pairs_of in listed
    ]


def _place(end: End, ports: Ports) -> tuple[int | None, int]:
    return ports.location(end).asic_location, end.channel


def _half(
    hosts: Sequence[FleetHost], ports: Ports, halves: Iterable[HalfPort], racks: Mapping[str, CabledHost]
) -> Iterator[Finding]:
    for half in halves:
        places = [place_words(ports.port_location(number, port), racks) for number, port in half.ends]
        yield PORT_PARTLY_UP.finding_of(
            f"{' - '.join(places)}: {half.up} of {plural(half.channels, 'channel')} "
            f"{verb(half.up, 'is', 'are')} up",
            hosts=list(dict.fromkeys(hosts[number].name for number, _ in half.ends)),
            ports=places,
            up=half.up,
            channels=half.channels,
        )


def _as_cabled(half: HalfPort, comparison: Comparison | None) -> bool:
    """Whether the cabling has no more channels on this port than are up."""
    if comparison is None:
        return False
    number, port = half.ends[0]
    index = comparison.matching.of_host.get(number, -1)
    return comparison.wanted_channels.get((index, port.tray, port.name)) == half.up


def _contradicting(
    hosts: Sequence[FleetHost],
    ports: Ports,
    wrong: Iterable[Contradiction],
    racks: Mapping[str, CabledHost],
) -> Iterator[Finding]:
    for contradiction in wrong:
        ends = [
            f"channel {end.channel} of {place_words(_chip_only(ports.location(end)), racks)}"
            for end in contradiction.ends
        ]
        links = [f"{_end_words(hosts, a)} - {_end_words(hosts, b)}" for a, b in contradiction.links]
        are = "is an end" if len(ends) == 1 else "are each an end"
        yield CHANNEL_IN_TWO_LINKS.finding_of(
            f"{listed_briefly(ends)} {are} of two links or more: {listed_briefly(links)}",
            hosts=sorted({hosts[end.host].name for end in contradiction.ends}),
            ends=ends,
            links=links,
        )


def _chip_only(location: Location) -> Location:
    return Location(
        host=location.host,
        tray=location.tray,
        chip=location.chip,
        asic_location=location.asic_location,
    )


def _firmware(hosts: Sequence[FleetHost], row: str) -> Iterator[Finding]:
    """One finding per board type: the bundle that most have, and the hosts that have another."""
    for board, bundles in bundles_of_boards(hosts).items():
        usual, *others = bundles
        if not others:
            continue
        text = "; ".join(f"{dotted(other)} on {names_listed(bundles[other])}" for other in others)
        yield FIRMWARE_DIFFERS.finding_of(
            f"{board}: {text}; {dotted(usual)} on {plural(len(bundles[usual]), 'host')}",
            row,
            board=board,
            most=dotted(usual),
            hosts=sorted({name for other in others for name in bundles[other]}),
        )


def _old(hosts: Sequence[FleetHost], now_ns: int | None, max_age_ns: int | None) -> Iterator[Finding]:
    times = [host.time_ns for host in hosts if host.time_ns is not None]
    if not times:
        return
    asked = max_age_ns is not None and now_ns is not None
    newest, most = (now_ns or 0, max_age_ns or 0) if asked else (max(times), _DAY_NS)
    for host in hosts:
        if host.time_ns is None or newest - host.time_ns <= most:
            continue
        than = "now" if asked else "the newest"
        yield SNAPSHOT_OLD.finding_of(
            f"{host.name}: its snapshot is {_age(newest - host.time_ns)} older than {than}",
            EXPECTED if asked else "",
            host=host.name,
            age_s=(newest - host.time_ns) // 10**9,
        )


def _age(age_ns: int) -> str:
    hours = age_ns // (3600 * 10**9)
    if hours >= 48:
        return plural(hours // 24, "day")
    minutes = age_ns // (60 * 10**9)
    if hours:
        return plural(hours, "hour")
    return plural(minutes, "minute") if minutes else plural(age_ns // 10**9, "second")


def _concerned(findings: Iterable[Finding]) -> set[str]:
    """Names of the hosts with a finding that makes them unlike others."""
    names: set[str] = set()
    for finding in found_by(OF_CABLES, findings):
        hosts = finding.evidence.get("hosts")
        names.update(map(str, hosts) if isinstance(hosts, list) else ())
    return names


def _hints(hosts: Sequence[FleetHost], links: Joined, ports: Ports) -> Iterator[Finding]:
    """Without a cabling: two cables between the same trays that join each other's port numbers, where all
    others join equal ones."""
    cables: dict[tuple[tuple[int, PortAt], tuple[int, PortAt]], None] = {}
    for pair in (*links.between, *links.one_sided):
        a, b = min(pair), max(pair)
        near, far = ports.at(a), ports.at(b)
        if near is not None and far is not None and near.is_cable and far.is_cable:
            cables[(a.host, near), (b.host, far)] = None
    odd = [cable for cable in cables if cable[0][1].name != cable[1][1].name]
    equal = len(cables) - len(odd)
    if not odd or equal < max(_PATTERN, _EXCEPTIONS * len(odd)):
        return
    by_trays: dict[tuple[int, int, int, int], list[tuple[str, str]]] = defaultdict(list)
    for (host, near), (far_host, far) in odd:
        if UNKNOWN_TRAY not in (near.tray, far.tray):
            by_trays[host, near.tray, far_host, far.tray].append((near.name, far.name))
    for (host, tray, far_host, far_tray), names in sorted(by_trays.items()):
        for first, second in sorted({pair for pair in names if pair[::-1] in names and pair[0] < pair[1]}):
            yield CABLE_CROSSED.finding_of(
                f"{two_ports(first, second)} between {hosts[host].name} tray {tray} and "
                f"{hosts[far_host].name} tray {far_tray} may be exchanged: the other "
                f"{plural(equal, 'cable')} between hosts {verb(equal, 'joins', 'join')} equal port numbers",
                EXCHANGED,
                hosts=[hosts[host].name, hosts[far_host].name],
                ports=[first, second],
            )
