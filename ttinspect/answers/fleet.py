"""The answer of ``fleet``: many hosts as one machine."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.firmware import dotted
from ttinspect.fleet.analysis import Analysis
from ttinspect.fleet.cabling_findings import host_names, plug_location
from ttinspect.fleet.checking import HostOutcome
from ttinspect.fleet.comparison import Cable, Comparison
from ttinspect.fleet.groups import Group
from ttinspect.model.arch import Arch
from ttinspect.model.finding import Finding
from ttinspect.model.fleet import CabledEnd, CabledHost, Cabling, End, FleetHost, Location
from ttinspect.model.system import Source, SourceKind
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.verify import Verdict, exit_code_of, verdict_of


class FleetTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the whole fleet. ``links_between`` are links between hosts that both ends list,
    ``links_one_sided`` those that one end only lists, ``links_leaving`` lead to chips of no host here."""

    hosts: int
    chips: int
    links_inside: int
    links_between: int
    links_one_sided: int
    links_leaving: int


class FleetMember(msgspec.Struct, frozen=True, kw_only=True):
    """One host: where it was read, when it was taken, how many chips on which boards, and what is wrong with
    it alone. ``revision`` is that of a Galaxy; None is unknown."""

    name: str
    source: str
    kind: SourceKind
    time_ns: int | None
    chips: int
    boards: tuple[str, ...]
    revision: str | None
    motherboard: str | None
    findings: tuple[Finding, ...]


class FleetGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Hosts that are equal: architecture, boards, trays, links inside, firmware. ``unlike``: they differ from
    a group that is at least twice as large."""

    hosts: tuple[str, ...]
    arch: Arch | None
    chips: int
    boards: dict[str, int]
    revision: str | None
    firmware: tuple[str, ...]
    links_inside: int | None
    unlike: bool


class FleetPair(msgspec.Struct, frozen=True, kw_only=True):
    """How many links join two hosts: that both ends list, and that one of them only lists."""

    a: str
    b: str
    links: int
    one_sided: int


class FleetLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link, or of a cutsheet a cable, by its ends."""

    a: Location
    b: Location


class FleetCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """Cables that lead to each other's ports: as they should be, and as they are."""

    expected: tuple[FleetLink, ...]
    found: tuple[FleetLink, ...]


class FleetCabling(msgspec.Struct, frozen=True, kw_only=True):
    """The fleet against its cabling. ``expected`` and ``found`` count links (cables, of a cutsheet) between
    hosts that are there; ``hosts`` is the host of the cabling by the name of the host here."""

    file: str
    kind: str
    hosts: dict[str, str]
    expected: int
    found: int
    missing: tuple[FleetLink, ...]
    unexpected: tuple[FleetLink, ...]
    crossed: tuple[FleetCrossing, ...]


class FleetAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.fleet.v1"):
    """What ``fleet`` says. ``findings`` are about links and the whole; those of one host alone are with it.
    ``expectations`` are there when a check file was given."""

    tool: Tool = TOOL
    source: Source
    verdict: Verdict
    at_fault: tuple[str, ...]
    totals: FleetTotals
    groups: tuple[FleetGroup, ...]
    pairs: tuple[FleetPair, ...]
    cabling: FleetCabling | None
    findings: tuple[Finding, ...]
    expectations: tuple[HostOutcome, ...]
    hosts: tuple[FleetMember, ...]


def build_fleet(analysis: Analysis, detail: str, expectations: tuple[HostOutcome, ...] = ()) -> FleetAnswer:
    """The answer of an analysed fleet; ``detail`` names what was read."""
    hosts = tuple(_member(number, host, analysis) for number, host in enumerate(analysis.hosts))
    everything = [*analysis.findings, *(finding for host in hosts for finding in host.findings)]
    return FleetAnswer(
        source=Source(kind=SourceKind.FLEET, detail=detail, live=False, example=False),
        verdict=verdict_of(
            [
                *everything,
                *(expectation.finding for expectation in expectations if expectation.finding is not None),
            ]
        ),
        at_fault=tuple(analysis.hosts[number].name for number in sorted(analysis.of_host)),
        totals=_totals(analysis),
        groups=tuple(_group(group, analysis) for group in analysis.groups),
        pairs=_pairs(analysis),
        cabling=_cabling(analysis),
        findings=analysis.findings,
        expectations=expectations,
        hosts=hosts,
    )


def all_findings(answer: FleetAnswer) -> list[Finding]:
    """The findings of the fleet, of every host, and of expectations that are not met."""
    return [
        *answer.findings,
        *(finding for host in answer.hosts for finding in host.findings),
        *(expectation.finding for expectation in answer.expectations if expectation.finding is not None),
    ]


def findings_about(answer: FleetAnswer) -> dict[str, list[Finding]]:
    """By the name of a host: the findings of that host, and those of the fleet that name it."""
    about: dict[str, list[Finding]] = {host.name: [] for host in answer.hosts}
    for host in answer.hosts:
        about[host.name] += host.findings
    for finding in answer.findings:
        named = finding.evidence.get("hosts")
        names = [finding.evidence.get("host"), *(named if isinstance(named, list) else ())]
        for name in dict.fromkeys(name for name in names if isinstance(name, str)):
            if name in about:
                about[name].append(finding)
    return about


def fleet_exit_code(answer: FleetAnswer, *, strict: bool = False) -> ExitCode:
    """0, 10 or 11; ``strict``: 10 for warnings too."""
    return exit_code_of(all_findings(answer), strict=strict)


def _member(number: int, host: FleetHost, analysis: Analysis) -> FleetMember:
    return FleetMember(
        name=host.name,
        source=host.file,
        kind=host.kind,
        time_ns=host.time_ns,
        chips=len(host.shape.spots),
        boards=tuple(dict.fromkeys(spot.board.value for spot in host.shape.spots if spot.board)),
        revision=host.shape.revision,
        motherboard=host.motherboard,
        findings=(*analysis.of_host.get(number, ()), *host.findings),
    )


def _totals(analysis: Analysis) -> FleetTotals:
    known = {chip_id for host in analysis.hosts for chip_id in host.unique_ids if chip_id is not None}
    nameless = sum(chip_id is None for host in analysis.hosts for chip_id in host.unique_ids)
    return FleetTotals(
        hosts=len(analysis.hosts),
        chips=len(known) + nameless + _doubled(analysis),
        links_inside=sum(len(host.shape.links) for host in analysis.hosts),
        links_between=len(analysis.joined.between),
        links_one_sided=len(analysis.joined.one_sided),
        links_leaving=len(analysis.joined.leaving),
    )


def _doubled(analysis: Analysis) -> int:
    """How many chips of one host share a unique id with another one of that host. They still count as two
    chips (TTT001)."""
    return sum(
        count - 1
        for host in analysis.hosts
        for unique_id, count in Counter(host.unique_ids).items()
        if unique_id is not None
    )


def _group(group: Group, analysis: Analysis) -> FleetGroup:
    shape = group.shape
    boards = Counter("unknown" if spot.board is None else spot.board.value for spot in shape.spots)
    firmware = dict.fromkeys(dotted(spot.firmware) for spot in shape.spots if spot.firmware is not None)
    return FleetGroup(
        hosts=tuple(analysis.hosts[number].name for number in group.hosts),
        arch=shape.spots[0].arch if shape.spots else None,
        chips=len(shape.spots),
        boards=dict(sorted(boards.items())),
        revision=shape.revision,
        firmware=tuple(firmware),
        links_inside=len(shape.links) if shape.links_known else None,
        unlike=group.like is not None,
    )


def _pairs(analysis: Analysis) -> tuple[FleetPair, ...]:
    both = analysis.joined.pairs()
    halves = Counter((min(a.host, b.host), max(a.host, b.host)) for a, b in analysis.joined.one_sided)
    return tuple(
        FleetPair(
            a=analysis.hosts[a].name, b=analysis.hosts[b].name, links=both[a, b], one_sided=halves[a, b]
        )
        for a, b in sorted({*both, *halves})
    )


def _cabling(analysis: Analysis) -> FleetCabling | None:
    cabling, comparison = analysis.cabling, analysis.comparison
    if cabling is None or comparison is None:
        return None
    names = host_names(analysis.hosts, cabling, comparison)
    links = _Links(names, comparison)
    return FleetCabling(
        file=cabling.file,
        kind=cabling.kind,
        hosts={
            analysis.hosts[number].name: cabling.hosts[index].name
            for number, index in sorted(comparison.matching.of_host.items())
        },
        expected=comparison.expected,
        found=comparison.found,
        missing=(*links.of(comparison.missing), *links.partly()),
        unexpected=links.of(comparison.unexpected),
        crossed=tuple(
            FleetCrossing(expected=links.of(crossing.expected), found=links.of(crossing.found))
            for crossing in comparison.crossed
        ),
    )


class _Links:
    """Cables as the links that they carry."""

    def __init__(self, names: list[str], comparison: Comparison) -> None:
        self._names, self._comparison = names, comparison

    def of(self, cables: Iterable[Cable]) -> tuple[FleetLink, ...]:
        """The links of cables; of a cable whose channels nobody tells, the cable."""
        fleet_links = []
        for cable in cables:
            pairs = self._comparison.links.get(cable, ())
            if not pairs:
                fleet_links.append(
                    FleetLink(a=plug_location(cable[0], self._names), b=plug_location(cable[1], self._names))
                )
            fleet_links += [self._link(pair) for pair in pairs]
        return tuple(fleet_links)

    def partly(self) -> tuple[FleetLink, ...]:
        """The links that are not there of cables whose other links are."""
        return tuple(self._link(pair) for pairs in self._comparison.partly.values() for pair in pairs)

    def _link(self, pair: tuple[CabledEnd, CabledEnd]) -> FleetLink:
        ends = []
        for index, tray, location, channel in pair:
            plug = self._comparison.plugs[index, tray, location, channel]
            ends.append(
                Location(
                    host=self._names[index],
                    tray=tray,
                    asic_location=location,
                    channel=channel,
                    port=plug[2] or None,
                )
            )
        return FleetLink(a=ends[0], b=ends[1])


def present_cabling(analysis: Analysis) -> Cabling:
    """The cabling that is there: every link that both ends list, or that is inside a host.

    Raises:
        InspectError: 2 when the place of a chip is unknown: a cabling that leaves cables out is none.
    """
    for host in analysis.hosts:
        if any(spot.tray is None or spot.asic_location is None for spot in host.shape.spots):
            raise InspectError(
                "--init-cabling",
                f"the trays of {host.name} are unknown, as nobody tells its motherboard",
                "take a snapshot on the host itself, which tells it",
            )
    hosts = tuple(
        CabledHost(
            name=host.name,
            motherboard=host.motherboard,
            boards={
                spot.tray: spot.board.value.upper() for spot in host.shape.spots if spot.tray and spot.board
            },
        )
        for host in analysis.hosts
    )
    links = [
        (End(number, a, b), End(number, c, d))
        for number, host in enumerate(analysis.hosts)
        for a, b, c, d in host.shape.links
    ]

    def end(chip_end: End) -> CabledEnd:
        spot = analysis.hosts[chip_end.host].shape.spots[chip_end.chip]
        return chip_end.host, spot.tray or 0, spot.asic_location or 0, chip_end.channel

    every = (*links, *analysis.joined.between)
    return Cabling(file="", kind="", hosts=hosts, links=tuple((end(a), end(b)) for a, b in every))
