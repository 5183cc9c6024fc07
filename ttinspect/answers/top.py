"""What ``top`` shows: one moment of a host, filtered and sorted, and what was before it. No screen here."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

import msgspec

from ttinspect.answers.holders import HeldBy
from ttinspect.answers.listing import ListDevice, list_devices
from ttinspect.answers.memory import MemoryAnswer, MemoryDevice, build_memory
from ttinspect.answers.shm import ProcessSlot
from ttinspect.answers.telemetry import TelemetryDevice, build_telemetry
from ttinspect.answers.topology import build_topology
from ttinspect.errors import InspectError
from ttinspect.model.chip import Chip
from ttinspect.model.finding import WORST_FIRST, Finding, Severity
from ttinspect.model.system import Source
from ttinspect.verify.case import Case
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.use import Uses
from ttinspect.verify.verify import Verified, verify

HISTORY = 240
"""Readings that are kept of each quantity."""


class TopChip(msgspec.Struct, frozen=True, kw_only=True):
    """One chip: everything that a row, and the page behind it, shows. ``links`` are (up, known) eth links
    where the firmware tells, ``neighbours`` (chip, links) pairs; None is unknown. ``unread``: why it gave no
    reading."""

    chip: Chip
    row: ListDevice
    telemetry: TelemetryDevice
    memory: MemoryDevice
    links: tuple[int, int] | None
    neighbours: tuple[tuple[int, int], ...] | None
    unread: str | None
    findings: tuple[Finding, ...]

    @property
    def id(self) -> int:
        """The chip id."""
        return self.chip.id

    @property
    def held_by(self) -> HeldBy:
        """Who holds it."""
        return self.row.held_by

    @property
    def slots(self) -> dict[int, ProcessSlot]:
        """The slots of its regions by pid, as this host knows it, where that is known."""
        return {
            slot["host_pid"] or slot["pid"]: slot
            for region in self.memory.regions
            for slot in region.processes
        }


class TopView(msgspec.Struct, frozen=True, kw_only=True):
    """One moment: realtime, the source, the chips in the order of their ids, findings about the host."""

    time_ns: int
    source: Source
    driver: str | None
    chips: tuple[TopChip, ...]
    findings: tuple[Finding, ...]

    @property
    def all_findings(self) -> tuple[tuple[int | None, Finding], ...]:
        """Every finding with the chip that it is about, the worst first."""
        all_of_them = [(chip.id, finding) for chip in self.chips for finding in chip.findings]
        findings: list[tuple[int | None, Finding]] = [
            *((None, finding) for finding in self.findings),
            *all_of_them,
        ]
        return tuple(sorted(findings, key=lambda entry: (WORST_FIRST.index(entry[1].severity), entry[1].id)))


class JudgedRegions(NamedTuple):
    """What the regions of a Case come to: the part of a moment that is as it was until they are read again,
    or the chips are others."""

    verified: Verified
    memory: MemoryAnswer


def judge_regions(case: Case) -> JudgedRegions:
    """Judge the regions of a Case, and add up what is held."""
    verified = verify(case)
    return JudgedRegions(verified, build_memory(case, verified))


def build_top(case: Case, uses: Uses | None = None, judged: JudgedRegions | None = None) -> TopView:
    """One moment of the chosen chips of a Case; ``uses`` is how they were used in the moments before.
    ``judged`` is there where the same regions were judged already."""
    verified, memory_answer = judge_regions(case) if judged is None else judged
    memory = {device.id: device for device in memory_answer.devices}
    listed = {device.id: device for device in list_devices(case, memory_answer)}
    telemetry = build_telemetry(case.system, case, uses)
    readings = {device.id: device for device in telemetry.devices}
    topology = build_topology(case.system, case.chosen)
    places = {each.id: each for each in topology.chips}
    of_region: dict[int | None, list[Finding]] = {}
    for region in verified.regions:
        of_region.setdefault(region.chip, []).extend(region.findings)
    chips = []
    for chip in case.shown:
        findings = (
            *listed[chip.id].findings,
            *readings[chip.id].findings,
            *places[chip.id].findings,
            *of_region.get(chip.id, ()),
        )
        reading, neighbours = readings[chip.id], places[chip.id].neighbours
        chips.append(
            TopChip(
                chip=chip,
                row=listed[chip.id],
                telemetry=reading,
                memory=memory[chip.id],
                links=_links(reading),
                neighbours=None
                if neighbours is None
                else tuple((neighbour.chip, neighbour.links) for neighbour in neighbours),
                unread=case.system.unread(chip.id),
                findings=_each_once(findings),
            )
        )
    return TopView(
        time_ns=case.now_realtime_ns,
        source=case.system.source,
        driver=case.system.kmd_version,
        chips=tuple(chips),
        findings=_each_once((*topology.findings, *trouble_findings(case.system), *verified.findings)),
    )


def _links(reading: TelemetryDevice) -> tuple[int, int] | None:
    known = [up for up in reading.eth_up or () if up is not None]
    return (sum(known), len(known)) if known else None


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple({(finding.id, finding.message): finding for finding in findings}.values())


class Quantity(str, Enum):
    """What can be sorted and filtered by."""

    ID = "id"
    BOARD = "board"
    ARCH = "arch"
    CLOCK = "clock"
    POWER = "power"
    TEMPERATURE = "temp"
    L1 = "l1"
    DRAM = "dram"
    LINKS = "links"
    HOLDER = "holder"
    STATE = "state"


Value = int | float | str | None


def value_of(chip: TopChip, quantity: Quantity) -> Value:
    """A quantity of a chip: MHz, watts, degrees Celsius, bytes; None is unknown."""
    return _VALUES[quantity](chip)


_STATES: tuple[Severity, ...] = (Severity.ERROR, Severity.WARNING)


def state_of(chip: TopChip) -> str:
    """ "lost" for a chip without a reading, the worst severity of its findings, else "well"."""
    if chip.unread is not None:
        return "lost"
    for severity in _STATES:
        if any(finding.severity is severity for finding in chip.findings):
            return severity.value
    return "well"


def _holder(chip: TopChip) -> str | None:
    names = [f"{process.pid} {process.name or ''} {process.user or ''}" for process in chip.held_by.processes]
    return " ".join(names) or None


_VALUES: dict[Quantity, Callable[[TopChip], Value]] = {
    Quantity.ID: lambda chip: chip.id,
    Quantity.BOARD: lambda chip: chip.row.board.value if chip.row.board else None,
    Quantity.ARCH: lambda chip: chip.row.arch.value,
    Quantity.CLOCK: lambda chip: chip.telemetry.aiclk_mhz,
    Quantity.POWER: lambda chip: chip.telemetry.power_w,
    Quantity.TEMPERATURE: lambda chip: chip.telemetry.asic_celsius,
    Quantity.L1: lambda chip: chip.row.l1_used,
    Quantity.DRAM: lambda chip: chip.row.dram_used,
    Quantity.LINKS: lambda chip: None if chip.links is None else chip.links[0],
    Quantity.HOLDER: _holder,
    Quantity.STATE: state_of,
}

_TERM = re.compile(r"([a-z0-9]+)(<=|>=|!=|=|<|>)(.+)")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


class Term(msgspec.Struct, frozen=True):
    """One condition; ``quantity`` None is any text of the chip."""

    quantity: Quantity | None
    comparison: str
    value: str


def parse_filter(text: str) -> tuple[Term, ...]:
    """Conditions that all have to hold: ``temp>80 board=n300 python3``.

    Raises:
        InspectError: 2 for a quantity that there is none of, or a number that is none.
    """
    terms = []
    for word in text.lower().split():
        match = _TERM.fullmatch(word)
        if match is None:
            terms.append(Term(None, "=", word))
            continue
        name, comparison, value = match.groups()
        if name not in [quantity.value for quantity in Quantity]:
            raise InspectError(
                f"filter {word}", f"unknown field {name!r}", f"the fields are {', '.join(Quantity)}"
            )
        if comparison not in ("=", "!=") and _number(value) is None:
            raise InspectError(f"filter {word}", f"{value!r} is no number", "for instance temp>80")
        terms.append(Term(Quantity(name), comparison, value))
    return tuple(terms)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def passes(chip: TopChip, terms: Iterable[Term]) -> bool:
    """Whether every condition holds; what is unknown passes none."""
    return all(_holds(chip, term) for term in terms)


def _holds(chip: TopChip, term: Term) -> bool:
    if term.quantity is None:
        texts = (chip.row.pci_bdf, chip.row.unique_id, chip.row.board_id, *map(_text, _of_all(chip)))
        return any(term.value in (text or "").lower() for text in texts)
    value, number = value_of(chip, term.quantity), _number(term.value)
    if value is None:
        return False
    if isinstance(value, str):
        same = (
            term.value in value.lower() if term.quantity is Quantity.HOLDER else term.value == value.lower()
        )
        return same is (term.comparison == "=")
    return number is not None and _COMPARISONS[term.comparison](value, number)


def _of_all(chip: TopChip) -> tuple[Value, ...]:
    return tuple(value_of(chip, quantity) for quantity in Quantity)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def arranged(
    view: TopView, terms: Iterable[Term], by: Quantity, *, backwards: bool = False
) -> tuple[TopChip, ...]:
    """The chips that pass, sorted by a quantity and then by id; unknown ones last, whichever way."""
    conditions = tuple(terms)
    chips = [chip for chip in view.chips if passes(chip, conditions)]
    known = [chip for chip in chips if value_of(chip, by) is not None]
    unknown = [chip for chip in chips if value_of(chip, by) is None]
    known.sort(key=lambda chip: _sortable(value_of(chip, by)), reverse=backwards)
    return (*known, *unknown)


def _sortable(value: Value) -> tuple[float, str]:
    return (0.0, value) if isinstance(value, str) else (float(value or 0), "")


class Span(msgspec.Struct, frozen=True):
    """The readings of a quantity, oldest first, with the least and the most since the beginning."""

    values: tuple[float | None, ...]
    least: float | None
    most: float | None


class History:
    """What was before, by chip and quantity, and which findings came and went."""

    QUANTITIES = (Quantity.CLOCK, Quantity.POWER, Quantity.TEMPERATURE, Quantity.L1, Quantity.DRAM)

    def __init__(self) -> None:
        self._values: dict[tuple[int, Quantity], deque[float | None]] = {}
        self._ends: dict[tuple[int, Quantity], tuple[float, float]] = {}
        self._present: dict[tuple[int | None, str], Finding] | None = None
        self.events: deque[Event] = deque(maxlen=500)

    def add(self, view: TopView) -> None:
        """Another moment."""
        for chip in view.chips:
            for quantity in self.QUANTITIES:
                value = value_of(chip, quantity)
                number = None if value is None or isinstance(value, str) else float(value)
                key = (chip.id, quantity)
                self._values.setdefault(key, deque(maxlen=HISTORY)).append(number)
                if number is not None:
                    least, most = self._ends.get(key, (number, number))
                    self._ends[key] = (min(least, number), max(most, number))
        present = {(chip, finding.id): finding for chip, finding in view.all_findings}
        if self._present is not None:
            for about, name in present.keys() - self._present.keys():
                self.events.appendleft(Event(view.time_ns, about, present[about, name], began=True))
            for about, name in self._present.keys() - present.keys():
                self.events.appendleft(Event(view.time_ns, about, self._present[about, name], began=False))
        self._present = present

    def span(self, chip: int, quantity: Quantity) -> Span:
        """What is known of a quantity of a chip."""
        least, most = self._ends.get((chip, quantity), (None, None))
        return Span(tuple(self._values.get((chip, quantity), ())), least, most)

    def reset(self) -> None:
        """Least and most begin anew."""
        self._ends.clear()
        self._values.clear()


class Event(msgspec.Struct, frozen=True):
    """A finding that came (``began``) or went while somebody looked."""

    time_ns: int
    chip: int | None
    finding: Finding
    began: bool
