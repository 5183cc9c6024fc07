"""What ``report`` puts on its page: one host, or a fleet, with what was found, explained, and its course."""

from collections.abc import Iterable, Iterator

import msgspec

from ttinspect.answers.explain import EXPLANATIONS
from ttinspect.answers.fleet import FleetAnswer
from ttinspect.answers.harvest import HarvestAnswer, build_harvest, build_pictures
from ttinspect.answers.top import Quantity, TopView, build_top, value_of
from ttinspect.answers.topology import TopologyAnswer, build_topology
from ttinspect.model.arch import CoordSystem
from ttinspect.model.finding import WORST_FIRST, Explanation, Finding, Severity
from ttinspect.model.picture import PictureGroup
from ttinspect.verify.case import Case
from ttinspect.verify.findings.use import Uses
from ttinspect.verify.verify import Verdict, verdict_of

MOST_PICTURES = 24
MOST_CHIPS_LINKED = 64
"""Chips of which a picture of the links can still be read."""
MOST_POINTS = 400
PLOTTED = (Quantity.TEMPERATURE, Quantity.POWER, Quantity.CLOCK, Quantity.L1, Quantity.DRAM)


class PageFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Findings of one kind: about which chips (ids; empty: the host) or hosts (names), in which words, and
    what ``explain`` says of it."""

    finding: Finding
    chips: tuple[int, ...]
    hosts: tuple[str, ...]
    explanation: Explanation


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of a chip over time: (realtime ns, value) pairs, oldest first; of readings that share a
    point it is the highest."""

    chip: int
    quantity: Quantity
    points: tuple[tuple[int, float], ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page: of a host (``view``, ``drawings``, ``topology``) or of a fleet. ``left_out`` says what is not
    on it, a sentence each."""

    verdict: Verdict
    host: str | None
    time_ns: int
    view: TopView | None
    harvest: HarvestAnswer | None
    drawings: tuple[PictureGroup, ...]
    topology: TopologyAnswer | None
    fleet: FleetAnswer | None
    findings: tuple[PageFinding, ...]
    courses: tuple[Course, ...]
    left_out: tuple[str, ...]


class Courses:
    """Collects readings: as many points as a plot can show, however many there are."""

    def __init__(self) -> None:
        self._points: dict[tuple[int, Quantity], list[tuple[int, float]]] = {}
        self._stride = 1
        self._count = 0

    def add(self, view: TopView) -> None:
        """Another moment."""
        fresh = self._count % self._stride == 0
        for chip in view.chips:
            for quantity in PLOTTED:
                value = value_of(chip, quantity)
                if value is None or isinstance(value, str):
                    continue
                points = self._points.setdefault((chip.id, quantity), [])
                if points and not fresh:
                    points[-1] = (points[-1][0], max(points[-1][1], value))
                else:
                    points.append((view.time_ns, value))
        self._count += 1
        if self._count >= 2 * MOST_POINTS * self._stride:
            self._thin()

    def _thin(self) -> None:
        """Two points become one, the higher."""
        for key, points in self._points.items():
            pairs = zip(points[::2], [*points[1::2], points[-1]], strict=False)
            self._points[key] = [(a[0], max(a[1], b[1])) for a, b in pairs]
        self._stride *= 2

    def all(self) -> tuple[Course, ...]:
        """What was collected, where there is more than one point of it."""
        return tuple(
            Course(chip=chip, quantity=quantity, points=tuple(points))
            for (chip, quantity), points in self._points.items()
            if len(points) > 1
        )


def build_host_page(
    case: Case, host: str | None, courses: Courses | None = None, uses: Uses | None = None
) -> Page:
    """The page of the chosen chips of a Case on ``host`` (None: unknown; a recorded source says it itself);
    ``courses`` and ``uses`` of a recording of them."""
    view = build_top(case, uses)
    shown = msgspec.structs.replace(case.system, chips=case.shown)
    drawings = build_pictures(shown, CoordSystem.NOC0)
    left_out = []
    if len(drawings) > MOST_PICTURES:
        left_out.append(f"grids of {len(drawings) - MOST_PICTURES} more kinds of chips")
    topology = build_topology(case.system, case.chosen)
    if len(case.shown) > MOST_CHIPS_LINKED:
        left_out.append(f"the picture of the links of {len(case.shown)} chips")
    recorded = case.system.source.recorded or None
    return Page(
        verdict=verdict_of([finding for _, finding in view.all_findings]),
        host=host if recorded is None else recorded.host or host,
        time_ns=view.time_ns if recorded is None else recorded.time_ns or view.time_ns,
        view=view,
        harvest=build_harvest(shown, grids=case.grids),
        drawings=drawings[:MOST_PICTURES],
        topology=None if len(case.shown) > MOST_CHIPS_LINKED else topology,
        fleet=None,
        findings=tuple(_grouped((chip, None, finding) for chip, finding in view.all_findings)),
        courses=() if courses is None else courses.all(),
        left_out=tuple(left_out),
    )


def build_fleet_page(fleet: FleetAnswer, time_ns: int) -> Page:
    """The page of a fleet."""
    findings: list[tuple[int | None, str | None, Finding]]
    findings = [(None, None, finding) for finding in fleet.findings]
    findings += [(None, host.name, finding) for host in fleet.hosts for finding in host.findings]
    return Page(
        verdict=fleet.verdict,
        host=None,
        time_ns=time_ns,
        view=None,
        harvest=None,
        drawings=(),
        topology=None,
        fleet=fleet,
        findings=tuple(_grouped(findings)),
        courses=(),
        left_out=(),
    )


_BY_ID = {explanation.id: explanation for explanation in EXPLANATIONS}


def _grouped(findings: Iterable[tuple[int | None, str | None, Finding]]) -> Iterator[PageFinding]:
    groups: dict[tuple[str, Severity, str], tuple[Finding, list[int], list[str]]] = {}
    for chip, host, finding in findings:
        _, chips, hosts = groups.setdefault(
            (finding.id, finding.severity, finding.message), (finding, [], [])
        )
        chips += [] if chip is None else [chip]
        hosts += [] if host is None else [host]
    ordered = sorted(groups.values(), key=lambda group: (WORST_FIRST.index(group[0].severity), group[0].id))
    for finding, chips, hosts in ordered:
        yield PageFinding(
            finding=finding, chips=tuple(chips), hosts=tuple(hosts), explanation=_BY_ID[finding.id]
        )
