"""What a site expects of its machine: a check file, or the pairs of --expect, held against a System."""

from collections.abc import Iterator, Sequence

import msgspec

from ttinspect.capacity.chip import chip_capacity
from ttinspect.capacity.settings import Settings
from ttinspect.facts.boards import board_meant
from ttinspect.facts.firmware import dotted, firmware_order
from ttinspect.facts.node import parse_unsigned
from ttinspect.harvesting.grids import Grids
from ttinspect.model.check_file import BoardWants, ChipWants, LinkWanted, Number, Range, VersionRange
from ttinspect.model.chip import Chip, PcieLink
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.grid import ChipGrid
from ttinspect.model.readiness import DeviceReadiness, Readiness
from ttinspect.model.system import LinkEnd, LinkState, System
from ttinspect.sources.check_file import Wanted
from ttinspect.verify.check.expectation import (
    Expectation,
    Fact,
    Outcome,
    compared,
    of_host,
    subject_of,
    why_unknown,
)
from ttinspect.verify.findings import readiness, site
from ttinspect.verify.findings.site import ETH_LINKS
from ttinspect.verify.findings.telemetry import THERMAL_TRIP, hottest_gddr_celsius
from ttinspect.verify.findings.topology import link_counts
from ttinspect.verify.naming import (
    UNSEEN_REMOTE,
    chips_named,
    is_board_id,
    is_unique_id,
    knows,
    links_unknown,
    may_be_far,
    unseen_name,
    unseen_remotes,
)
from ttinspect.verify.verify import Verdict, Verified, verdict_of

_RULE_OF_FACT = {
    "arch": site.OTHER_ARCHITECTURE,
    "board": site.OTHER_BOARD,
    "grid": site.OTHER_TENSIX_GRID,
    "cores": site.NUMBER_OF_TENSIX_CORES,
    "l1_bytes": site.AMOUNT_OF_L1,
    "dram_bytes": site.AMOUNT_OF_DRAM,
    "eth_links": site.ETH_LINKS,
    "eth_heartbeats": site.ETH_CORES,
    "eth_retrained": site.ETH_CORES,
    "firmware": site.FIRMWARE_VERSION,
    "asic_celsius": site.TEMPERATURE,
    "board_celsius": site.TEMPERATURE,
    "gddr_celsius": site.TEMPERATURE,
    "aiclk_mhz": site.CLOCK,
    "power_w": site.POWER,
    "board_power_w": site.POWER,
    "thermal_trips": THERMAL_TRIP,
    "pcie_lanes": readiness.NARROW_PCIE,
    "pcie_generation": readiness.NARROW_PCIE,
    "numa_node": readiness.NUMA_NODE,
    "node_access": readiness.NODE_PERMISSIONS,
    "iommu": readiness.IOMMU,
    "hugepages_1g": readiness.HUGEPAGES,
    "driver": readiness.NO_DRIVER_VERSION,
    "kernel": readiness.KERNEL,
    "motherboard": readiness.MOTHERBOARD,
}

_Want = str | Number | VersionRange
Path = tuple[str, ...]


def site_expectations(
    wanted: Wanted, system: System, chosen: frozenset[int] | None, grids: Grids, settings: Settings
) -> Iterator[Expectation]:
    """Everything that the file says of the chosen chips (None: all)."""
    return _Site(wanted, system, chosen, grids, settings).expectations()


class _Site:
    """One file against one System."""

    def __init__(
        self,
        wanted: Wanted,
        system: System,
        chosen: frozenset[int] | None,
        grids: Grids,
        settings: Settings,
    ) -> None:
        self._wanted, self._file, self._system = wanted, wanted.file, system
        self._shown = [chip for chip in system.chips if chosen is None or chip.id in chosen]
        self._all = chosen is None
        links = link_counts(system)
        self._facts = {
            chip.id: chip_facts(chip, grids[chip.id], links[chip.id].up, settings, system)
            for chip in self._shown
        }

    def expectations(self) -> Iterator[Expectation]:
        """In the order of the file's parts."""
        file = self._file
        if file.chips is not None:
            unseen = self._unseen(self._shown)
            yield self._number(file.chips, len(self._shown), unseen, "chips", ("chips",), UNSEEN_REMOTE)
        if file.each is not None:
            if self._unseen(self._shown):
                yield self._absent("every chip", ("each",), UNSEEN_REMOTE, known=False)
            for chip in self._shown:
                yield from self._of_chip(chip, file.each, ("each",))
        for name, board in file.boards.items():
            yield from self._of_board(name, board)
        for name, want in file.by_chip.items():
            yield from self._of_named(name, want)
        for index, link in enumerate(file.links):
            yield link_expectation(link, self._system, self._wanted.where("links", f"[{index}]"))

    def _of_board(self, name: str, want: BoardWants) -> Iterator[Expectation]:
        path = ("boards", name)
        number = parse_unsigned(name)
        meant = None if number is not None else board_meant(name)
        chips = [
            chip
            for chip in self._shown
            if (is_board_id(chip, number) if number is not None else chip.board is meant)
        ]
        fact = "board" if number is None else "board_id"
        unsure = [chip for chip in self._shown if not knows(chip, fact)]
        more = self._unseen(chips) + len(unsure) + self._unseen(unsure)
        why = f"the {fact.replace('_', ' ')}s of some chips are unknown" if unsure else UNSEEN_REMOTE
        if want.chips is not None:
            yield self._number(want.chips, len(chips), more, f"chips of {name}", (*path, "chips"), why)
        if more and msgspec.structs.replace(want, chips=None) != BoardWants():
            yield self._absent(f"board {name}", path, why, known=False)
        elif want.chips is None and not chips:
            yield self._absent(f"board {name}", path, "no chip of this board is there", known=True)
        for chip in chips:
            yield from self._of_chip(chip, want, path)

    def _of_named(self, name: str, want: ChipWants) -> Iterator[Expectation]:
        path = ("by_chip", name)
        meant = chips_named(self._system.chips, name, assumed=False)
        if not meant:
            unseen = unseen_name(self._system.chips, name)
            why = unseen or "no chip has this id, bus address or unique id"
            yield self._absent(f"chip {name}", path, why, known=unseen is None)
        for chip in meant:
            if chip.id in self._facts:
                yield from self._of_chip(chip, want, path)

    def _absent(self, fact: str, path: Path, why: str, *, known: bool) -> Expectation:
        """A chip or board that is not there, or may not be."""
        found, outcome = ("not there", Outcome.FAIL) if known else (None, Outcome.UNKNOWN)
        where = self._wanted.where(*path)
        return of_host(site.NOT_THERE.id, fact, "there", found, outcome, f"{fact}: {why}", where)

    def _of_chip(self, chip: Chip, want: ChipWants, path: Path) -> Iterator[Expectation]:
        facts = self._facts[chip.id]
        for name, rule in _RULE_OF_FACT.items():
            expected: _Want | None = getattr(want, name)
            if expected is None:
                continue
            fact: Fact = getattr(facts, name)
            shown = _shown(expected)
            outcome = _compare(name, expected, fact)
            why = ""
            if outcome is Outcome.UNKNOWN:
                why = f"{name} is unknown: {why_unknown(chip, name)}"
            elif outcome is Outcome.FAIL:
                why = f"{name} should be {shown}, it is {fact}"
            yield Expectation(
                id=rule.id, subject=subject_of(chip.id), chip=chip.id, fact=name, expected=shown,
                found=fact, outcome=outcome, why=why, where=self._wanted.where(*path, name),
            )  # fmt: skip

    def _unseen(self, chips: list[Chip]) -> int:
        """How many more there can be: none where the user has chosen them."""
        return unseen_remotes(chips) if self._all else 0

    def _number(self, want: Number, least: int, more: int, fact: str, path: Path, why: str) -> Expectation:
        """A number of chips; ``why`` there can be ``more`` than those that are shown."""
        right = {_in_range(want, number) for number in range(least, least + more + 1)}
        outcome = Outcome.UNKNOWN if len(right) > 1 else _verdict(right == {True})
        found: Fact = f"{least} to {least + more}" if more else least
        if outcome is Outcome.UNKNOWN:
            found = None
        else:
            why = "" if outcome is Outcome.PASS else f"{fact} should be {_shown(want)}, there are {found}"
        return Expectation(
            id=site.NUMBER_OF_CHIPS.id, subject="host", chip=None, fact=fact, expected=_shown(want),
            found=found, outcome=outcome, why=why, where=self._wanted.where(*path),
        )  # fmt: skip


def _compare(name: str, want: _Want, fact: Fact) -> Outcome:
    if fact is None:
        return Outcome.UNKNOWN
    if name == "firmware":
        return _verdict(_version_in_range(want, str(fact)))
    if name == "driver" and isinstance(want, VersionRange):
        comparable = firmware_order(str(fact)) is not None
        return _verdict(_version_in_range(want, str(fact))) if comparable else Outcome.UNKNOWN
    if isinstance(want, str):
        meant = board_meant(want) if name == "board" else None
        return _verdict(fact == (want if meant is None else meant.value))
    if isinstance(want, VersionRange) or isinstance(fact, str):
        return Outcome.FAIL
    return _verdict(_in_range(want, fact))


def _verdict(holds: bool) -> Outcome:
    return Outcome.PASS if holds else Outcome.FAIL


def _in_range(want: Number, value: float) -> bool:
    if not isinstance(want, Range):
        return value == want
    return (want.min is None or value >= want.min) and (want.max is None or value <= want.max)


def _version_in_range(want: _Want, version: str) -> bool:
    have = firmware_order(version)
    if have is None:
        return False
    if isinstance(want, VersionRange):
        low, high = firmware_order(want.min), firmware_order(want.max)
        return (low is None or have >= low) and (high is None or have <= high)
    return have == firmware_order(str(want))


def _shown(want: _Want) -> Fact:
    if not isinstance(want, Range | VersionRange):
        return getattr(want, "value", want)
    if want.min is None:
        return f"at most {want.max}"
    return f"at least {want.min}" if want.max is None else f"{want.min} to {want.max}"


class ChipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is so; None is unknown. ``l1_bytes`` and ``dram_bytes`` are physical, ``gddr_celsius`` the
    hottest reading there is."""

    arch: str
    board: str | None
    grid: str | None
    cores: int | None
    l1_bytes: int | None
    dram_bytes: int | None
    eth_links: int | None
    eth_heartbeats: int | None
    eth_retrained: int | None
    firmware: str | None
    asic_celsius: float | None
    board_celsius: float | None
    gddr_celsius: float | None
    aiclk_mhz: int | None
    power_w: int | float | None
    board_power_w: int | float | None
    thermal_trips: int | None
    pcie_lanes: int | None
    pcie_generation: int | None
    numa_node: int | None
    node_access: str | None
    iommu: str | None
    hugepages_1g: int | None
    driver: str | None
    kernel: str | None
    motherboard: str | None


def chip_facts(
    chip: Chip, grid: ChipGrid, eth_links: int | None, settings: Settings, system: System
) -> ChipFacts:
    """The facts of one chip of a System; ``eth_links`` is how many link_counts finds up."""
    host = system.readiness or Readiness()
    device = host.of(system.device_of(chip.id)) or DeviceReadiness(device=-1)
    gateway = None if chip.via is None else system.by_id.get(chip.via)
    pcie = chip.pcie or (None if gateway is None else gateway.pcie) or PcieLink()
    tensix, capacity = grid.tensix, chip_capacity(chip, grid, settings)
    reading = chip.telemetry
    channels = (None if reading is None else reading.eth) or ()
    return ChipFacts(
        arch=chip.arch.value,
        board=None if chip.board is None else chip.board.value,
        grid=None if tensix.grid is None else f"{tensix.grid[0]}x{tensix.grid[1]}",
        cores=tensix.active,
        l1_bytes=capacity.l1.physical,
        dram_bytes=capacity.dram.physical,
        eth_links=eth_links,
        eth_heartbeats=_count([channel.heartbeat for channel in channels]),
        eth_retrained=_count([channel.retrained for channel in channels]),
        firmware=_firmware(chip),
        asic_celsius=None if reading is None else reading.asic_celsius,
        board_celsius=None if reading is None else reading.board_celsius,
        gddr_celsius=hottest_gddr_celsius(chip),
        aiclk_mhz=None if reading is None else reading.aiclk_mhz,
        power_w=None if reading is None else reading.power_w,
        board_power_w=None if reading is None else reading.board_power_w,
        thermal_trips=None if reading is None else reading.thermal_trips,
        pcie_lanes=pcie.lanes,
        pcie_generation=pcie.generation,
        numa_node=device.numa_node,
        node_access=None if device.accessible is None else "rw" if device.accessible else "none",
        iommu=None if device.iommu is None else device.iommu.value,
        hugepages_1g=host.hugepages_1g,
        driver=system.kmd_version,
        kernel=host.kernel,
        motherboard=host.motherboard,
    )


def _count(states: Sequence[bool | None]) -> int | None:
    """How many are so; None where that is not known of one."""
    return None if None in states or not states else states.count(True)


def _firmware(chip: Chip) -> str | None:
    """The bundle in the words of the chip; None for what is no version, which cannot be compared."""
    bundle = None if chip.telemetry is None else chip.telemetry.firmware_bundle
    if firmware_order(bundle) is not None:
        return bundle
    return None if chip.firmware is None else dotted(chip.firmware)


_OUTCOMES = {
    Verdict.PASS: Outcome.PASS,
    Verdict.WARN: Outcome.PASS,
    Verdict.INCONCLUSIVE: Outcome.UNKNOWN,
    Verdict.FAIL: Outcome.FAIL,
}


def region_expectations(verified: Verified, wanted: Sequence[Wanted]) -> list[Expectation]:
    """One expectation for each region, and one for what is about all of them."""
    clean = any(wanted_file.file.regions == "clean" for wanted_file in wanted)
    where = next(
        (wanted_file.where("regions") for wanted_file in wanted if wanted_file.file.regions is not None), None
    )
    parts: list[tuple[str, int | None, Sequence[Finding]]] = [
        (region.looked.looks.file.path.rpartition("/")[2], region.chip, region.findings)
        for region in verified.regions
    ]
    return [
        _of_region(name, chip, findings, clean=clean, where=where)
        for name, chip, findings in [*parts, ("all regions", None, verified.findings)]
    ]


def regions_unknown(wanted: Wanted) -> Expectation:
    """What a file expects of regions, of a source that holds none."""
    return Expectation(
        id=site.REGIONS_NOT_CLEAN.id, subject="all regions", chip=None, fact="published memory",
        expected=_expected_of_regions(clean=wanted.file.regions == "clean"), found=None,
        outcome=Outcome.UNKNOWN, why="its document holds no regions: take a snapshot on the host",
        where=wanted.where("regions"),
    )  # fmt: skip


def _expected_of_regions(*, clean: bool) -> str:
    return "no warning either" if clean else "verify-shm passes"


def _of_region(
    name: str, chip: int | None, findings: Sequence[Finding], *, clean: bool, where: str | None
) -> Expectation:
    verdict = verdict_of(findings)
    outcome = Outcome.FAIL if clean and verdict is Verdict.WARN else _OUTCOMES[verdict]
    ids = sorted({finding.id for finding in findings if finding.severity is not Severity.INFO})
    text = f"{verdict.value}: {', '.join(ids)}" if ids else verdict.value
    why = "" if outcome is Outcome.PASS else f"verify-shm says {text} of {name}"
    return Expectation(
        id=site.REGIONS_NOT_CLEAN.id, subject=name, chip=chip, fact="published memory",
        expected=_expected_of_regions(clean=clean), found=text, outcome=outcome,
        why=why, where=where,
    )  # fmt: skip


_LINK_UP, _NO_LINK = "up", "not there"
LinkFound = tuple[str | None, str]
"""The state that a link is found in (None: unknown), and why that is not a link that is up."""


def link_expectation(wanted: LinkWanted, system: System, where: str) -> Expectation:
    """A link that has to be there, and up, whichever end is named first. One end may be a chip that is not of
    this System: it is known by its unique id."""
    first, channel, other, other_channel = wanted
    fact = f"link of chip {first} channel {channel} to chip {other} channel {other_channel}"
    value, why = _link_found(wanted, system)
    outcome = compared(_LINK_UP, value)
    return of_host(ETH_LINKS.id, fact, _LINK_UP, value, outcome, f"{fact}: {why}" if why else "", where)


def _link_found(wanted: LinkWanted, system: System) -> LinkFound:
    first, channel, other, other_channel = wanted
    ends = [chips_named(system.chips, name, assumed=False) for name in (first, other)]
    for name, meant in zip((first, other), ends, strict=True):
        if len(meant) > 1:
            return None, f"{name} is the id of {len(meant)} chips, name one of them"
    first_chip, other_chip = ((meant[0] if meant else None) for meant in ends)
    if first_chip is not None and other_chip is not None:
        return _link_inside(system, (first_chip, channel), (other_chip, other_channel))
    if first_chip is not None:
        return _link_leaving(system, first_chip, channel, other, other_channel)
    if other_chip is not None:
        return _link_leaving(system, other_chip, other_channel, first, channel)
    return _end_missing(system, first)


def _link_inside(system: System, first: tuple[Chip, int], other: tuple[Chip, int]) -> LinkFound:
    wanted = {(chip.id, channel) for chip, channel in (first, other)}
    for link in system.links:
        if {(link.a.chip, link.a.channel), (link.b.chip, link.b.channel)} == wanted:
            if link.state is LinkState.UP:
                return _LINK_UP, ""
            value = None if link.state is LinkState.UNKNOWN else link.state.value
            return value, f"it is {link.state.value}"
    for chip, _ in (first, other):
        if links_unknown(chip):
            return None, why_unknown(chip, "eth_links")
    return _NO_LINK, "no such link is there"


def _link_leaving(system: System, chip: Chip, channel: int, other: str, other_channel: int) -> LinkFound:
    """Links that leave the system are listed where they trained."""
    end = LinkEnd(chip=chip.id, channel=channel)
    leaving = [link for link in system.remote_links if link.a == end and link.remote_channel == other_channel]
    if any(is_unique_id(link.remote_unique_id, other) for link in leaving):
        return _LINK_UP, ""
    if may_be_far(other) and links_unknown(chip):
        return None, why_unknown(chip, "eth_links")
    return _end_missing(system, other)


def _end_missing(system: System, name: str) -> LinkFound:
    unseen = unseen_name(system.chips, name)
    if unseen is not None:
        return None, unseen
    return _NO_LINK, f"chip {name} is not there, and no such link leaves the host"
