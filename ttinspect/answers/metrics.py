"""What ``metrics`` and ``serve`` export: a Case as metric families.

Every series of a chip has two labels, ``chip`` and ``unique_id`` (empty where it is unknown); all else that
identifies a chip is in ``ttinspect_chip_info``, to be joined. What is unknown has no sample; a true 0 is 0.
Values are in base units: bytes, hertz, volts, watts, degrees Celsius.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ttinspect import __version__
from ttinspect.answers.memory import MemoryDevice, build_memory
from ttinspect.answers.metric_names import COUNTERS, GAUGES, PREFIX
from ttinspect.answers.shm import RegionFacts
from ttinspect.harvesting.grids import harvested_units
from ttinspect.host.traffic import PcieBytes
from ttinspect.model.arch import CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.grid import ChipGrid
from ttinspect.model.metric import Family, MetricType, Sample
from ttinspect.model.region import RegionState
from ttinspect.model.system import LinkEnd, System
from ttinspect.model.telemetry import MaxArbiter, Telemetry
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import chip_findings, system_findings
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.rules import RULES
from ttinspect.verify.findings.telemetry import hottest_gddr_celsius, telemetry_findings
from ttinspect.verify.findings.topology import topology_findings
from ttinspect.verify.findings.use import Uses, use_findings, uses_of
from ttinspect.verify.holding import ChipHolders, holders_by_chip
from ttinspect.verify.rule import ChipRule, RegionRule, SystemRule, UseRule
from ttinspect.verify.verify import Verified, verify

_MEGA = 1_000_000
_MILLI = 1_000
_PER_CENT = 100
_TRANSFERS_PER_SECOND = {
    1: 2_500_000_000,
    2: 5_000_000_000,
    3: 8_000_000_000,
    4: 16_000_000_000,
    5: 32_000_000_000,
    6: 64_000_000_000,
}
"""By PCIe generation (PCI Express base specification)."""

Labels = tuple[tuple[str, str], ...]


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """How one reading of the source went: whether it was read at all, how long that took, when it ended
    (realtime, None where none ever did)."""

    success: bool
    duration_seconds: float
    success_time_ns: int | None


class MetricsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is exported beyond the usual: a series per process; and whether eth channels have series."""

    per_process: bool = False
    eth_channels: bool = True


class _Families:
    """The samples of every metric that there is, in the order of the table of names."""

    def __init__(self) -> None:
        self._samples: dict[str, list[Sample]] = {name: [] for name in (*GAUGES, *COUNTERS)}

    def add(self, name: str, labels: Labels, value: float | None) -> None:
        """One sample; nothing where the value is unknown."""
        if value is not None:
            self._samples[name].append(Sample(labels, value))

    def all(self) -> tuple[Family, ...]:
        """The metrics that have a sample."""
        return tuple(
            Family(f"{PREFIX}{name}", kind, texts[name], tuple(self._samples[name]))
            for kind, texts in ((MetricType.GAUGE, GAUGES), (MetricType.COUNTER, COUNTERS))
            for name in texts
            if self._samples[name]
        )


def build_metrics(
    case: Case | None,
    last: Pass,
    options: MetricsOptions,
    traffic: dict[int, PcieBytes] | None = None,
    uses: Uses | None = None,
) -> tuple[Family, ...]:
    """Everything about the chosen chips of a Case; of none (the source could not be read) only how the
    reading went. ``traffic`` is by N of /dev/tenstorrent/N, None where nobody counts it,
    ``uses`` how they were used in the readings before (None: this is the first)."""
    families = _Families()
    _exporter(families, case, last)
    if case is None:
        return families.all()
    verified = verify(case)
    memory = {device.id: device for device in build_memory(case, verified).devices}
    holders = holders_by_chip(case)
    links = {chip.id: list(_links(case.system, chip)) for chip in case.shown}
    for chip in case.shown:
        labels = chip_labels(chip)
        _identity(families, chip, labels, case.system)
        _cores(families, case.grids[chip.id], labels)
        _memory(families, memory[chip.id], labels, options)
        _holders(families, holders.get(chip.id), labels)
        _pcie(families, chip, labels, (traffic or {}).get(-1 if chip.kmd_id is None else chip.kmd_id))
        if chip.telemetry is not None:
            _telemetry(families, chip, chip.telemetry, labels, options)
        if options.eth_channels:
            for channel, unique_id, remote_channel in links[chip.id]:
                whole = (*labels, ("channel", str(channel)), ("remote_unique_id", unique_id))
                families.add("eth_link_info", (*whole, ("remote_channel", str(remote_channel))), 1)
    _findings(families, case, verified, uses_of(case) if uses is None else uses)
    return families.all()


def chip_labels(chip: Chip) -> Labels:
    """The two labels of every series of a chip; both, since two chips can show one unique id."""
    return (("chip", str(chip.id)), ("unique_id", chip.unique_id or ""))


def _exporter(families: _Families, case: Case | None, last: Pass) -> None:
    whole = case is not None and all(
        trouble.chip is not None or trouble.readable for trouble in case.system.troubles
    )
    families.add("up", (), int(whole))
    families.add("build_info", (("version", __version__),), 1)
    if case is not None:
        source = case.system.source
        labels = (
            ("kind", source.kind.value),
            ("live", str(source.live).lower()),
            ("driver", case.system.kmd_version or ""),
        )
        families.add("source_info", labels, 1)
    families.add("last_collect_success", (), int(last.success))
    families.add("last_collect_duration_seconds", (), last.duration_seconds)
    if last.success_time_ns is not None:
        families.add("last_collect_success_timestamp_seconds", (), last.success_time_ns / 1e9)


def _identity(families: _Families, chip: Chip, labels: Labels, system: System) -> None:
    unread = any(trouble.chip in (chip.id, None) and not trouble.readable for trouble in system.troubles)
    families.add("chip_up", labels, int(not unread))
    info = {
        "board": chip.board.value if chip.board is not None else chip.board_name,
        "board_id": chip.board_id,
        "arch": chip.arch.value,
        "pci_bdf": chip.pci_bdf,
        "asic_location": chip.asic_location,
        "tray": chip.tray,
        "mmio": None if chip.mmio is None else str(chip.mmio).lower(),
    }
    known = tuple((name, "" if value is None else str(value)) for name, value in info.items())
    families.add("chip_info", (*labels, *known), 1)
    reading = chip.telemetry
    versions = {} if reading is None else {"bundle": reading.firmware_bundle, "eth": reading.firmware_eth}
    for component, version in versions.items():
        if version is not None:
            families.add("firmware_info", (*labels, ("component", component), ("version", version)), 1)


def _cores(families: _Families, grid: ChipGrid, labels: Labels) -> None:
    harvested = {
        "tensix": (grid.tensix.active, grid.tensix.harvested),
        "dram": (grid.dram.active, _count(grid.dram.harvested)),
        "eth": (grid.eth.active, _count(grid.eth.harvested)),
    }
    for kind, (active, lost) in harvested.items():
        families.add("cores", (*labels, ("kind", kind), ("state", "active")), active)
        families.add("cores", (*labels, ("kind", kind), ("state", "harvested")), lost)


def _count(units: tuple[int, ...] | None) -> int | None:
    return None if units is None else len(units)


def _memory(families: _Families, memory: MemoryDevice, labels: Labels, options: MetricsOptions) -> None:
    capacity = memory.capacity
    for kind in ("l1", "dram"):
        own = (*labels, ("type", kind))
        families.add("memory_physical_bytes", own, getattr(capacity, f"{kind}_physical"))
        families.add("memory_allocatable_bytes", own, getattr(capacity, f"{kind}_allocatable"))
    region = _trustworthy(memory)
    if region is None or region.totals is None or region.used is None:
        return
    left_out = {"kernel"} if region.used.cb_is_counted else {"kernel", "cb"}  # neither is usage then
    totals: dict[str, Any] = {kind: n for kind, n in region.totals.items() if kind not in left_out}
    for kind, used_bytes in totals.items():
        families.add("memory_used_bytes", (*labels, ("type", kind)), used_bytes)
    if not options.per_process:
        return
    known: set[int] = set()
    for process in region.processes:
        pid, figures = process["pid"], dict[str, Any](process)
        if pid in known or pid < 1:
            continue  # a pid twice is a finding; a series twice would void the whole scrape
        known.add(pid)
        for kind in totals:
            own = (*labels, ("pid", str(pid)), ("type", kind))
            families.add("process_memory_used_bytes", own, figures[kind])


def _trustworthy(memory: MemoryDevice) -> RegionFacts | None:
    """The one region of a chip, where it can be true."""
    if len(memory.regions) != 1 or memory.regions[0].state is not RegionState.READY:
        return None
    used = memory.regions[0].used
    return None if used is None or used.l1 is None or used.dram is None else memory.regions[0]


def _holders(families: _Families, by: ChipHolders | None, labels: Labels) -> None:
    """How many hold the chip; those outside this pid namespace count as one, as they cannot be told apart."""
    if by is not None and by.held is not None:
        families.add("device_processes", labels, len(by.holders) + (1 if by.outside else 0))


def _pcie(families: _Families, chip: Chip, labels: Labels, traffic: PcieBytes | None) -> None:
    if chip.pcie is not None:
        families.add("pcie_lanes", labels, chip.pcie.lanes)
        families.add("pcie_lanes_max", labels, chip.pcie.max_lanes)
        speed, most = chip.pcie.generation, chip.pcie.max_generation
        families.add("pcie_transfers_per_second", labels, _TRANSFERS_PER_SECOND.get(speed or 0))
        families.add("pcie_transfers_per_second_max", labels, _TRANSFERS_PER_SECOND.get(most or 0))
    if traffic is not None:
        for name in PcieBytes.__struct_fields__:
            families.add(f"pcie_{name}_bytes_total", labels, getattr(traffic, name))


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _telemetry(
    families: _Families, chip: Chip, reading: Telemetry, labels: Labels, options: MetricsOptions
) -> None:
    sensors = {
        "asic": reading.asic_celsius,
        "board": reading.board_celsius,
        "gddr_max": hottest_gddr_celsius(chip),
    }
    for sensor, celsius in sensors.items():
        families.add("temperature_celsius", (*labels, ("sensor", sensor)), celsius)
    limits = {"throttle": reading.throttle_celsius, "shutdown": reading.shutdown_celsius}
    for limit, celsius in limits.items():
        families.add("temperature_limit_celsius", (*labels, ("limit", limit)), celsius)
    families.add("core_power_watts", labels, reading.power_w)
    families.add("core_power_limit_watts", labels, reading.power_limit_w)
    families.add("board_input_power_watts", labels, reading.board_power_w)
    families.add("board_power_limit_watts", labels, reading.board_power_limit_w)
    families.add("core_volts", labels, None if reading.vcore_mv is None else reading.vcore_mv / _MILLI)
    families.add("core_amperes", labels, reading.current_a)
    families.add("core_current_limit_amperes", labels, reading.current_limit_a)
    clocks = {"ai": reading.aiclk_mhz, "axi": reading.axiclk_mhz, "arc": reading.arcclk_mhz}
    for clock, mhz in clocks.items():
        families.add("clock_hertz", (*labels, ("clock", clock)), _scaled(mhz, _MEGA))
    families.add("clock_limit_hertz", (*labels, ("clock", "ai")), _scaled(reading.aiclk_max_mhz, _MEGA))
    families.add("busy", labels, None if reading.busy is None else int(reading.busy))
    down = reading.aiclk_max_by
    for arbiter in MaxArbiter if down is not None else ():
        if arbiter is not MaxArbiter.FMAX:
            families.add("throttling", (*labels, ("reason", arbiter.value)), int(arbiter is down))
    families.add("fan_rpm", labels, reading.fan_rpm)
    per_cent = reading.fan_percent
    families.add("fan_duty_ratio", labels, None if per_cent is None else per_cent / _PER_CENT)
    families.add("heartbeat_total", labels, reading.heartbeat)
    families.add("thermal_trips_total", labels, reading.thermal_trips)
    families.add("dram_transfers_per_second", labels, _scaled(reading.gddr_speed_mts, _MEGA))
    taken = reading.time_ns
    families.add("telemetry_timestamp_seconds", labels, None if taken is None else taken / 1e9)
    for module in reading.gddr or ():
        own = (*labels, ("channel", str(module.channel)))
        trained = module.trained
        families.add("dram_channel_trained", own, None if trained is None else int(trained))
        for side, celsius in (("top", module.top_celsius), ("bottom", module.bottom_celsius)):
            families.add("dram_channel_temperature_celsius", (*own, ("side", side)), celsius)
        for direction in ("read", "write"):
            whole = (*own, ("direction", direction))
            corrected = getattr(module, f"corrected_{direction}_errors")
            uncorrected = getattr(module, f"uncorrected_{direction}_errors")
            families.add("dram_corrected_errors", whole, corrected)
            families.add(
                "dram_uncorrected_error", whole, None if uncorrected is None else int(uncorrected > 0)
            )
    for channel in (reading.eth or ()) if options.eth_channels else ():
        own = (*labels, ("channel", str(channel.channel)))
        families.add("eth_link_up", own, None if channel.up is None else int(channel.up))


def _links(system: System, chip: Chip) -> Iterator[tuple[int, str, int]]:
    """(channel here, unique id there, channel there), channels counted among all of a chip, harvested ones
    included; a link whose far end has no unique id, or whose channel cannot be counted, is left out."""
    for link in system.links:
        for end, other_end in ((link.a, link.b), (link.b, link.a)):
            other = system.by_id.get(other_end.chip)
            if end.chip != chip.id or other is None or other.unique_id is None:
                continue
            channel, other_channel = _channel(chip, end), _channel(other, other_end)
            if channel is not None and other_channel is not None:
                yield channel, other.unique_id, other_channel
    for remote in system.remote_links:
        channel = _channel(chip, remote.a) if remote.a.chip == chip.id else None
        if channel is not None:
            yield channel, remote.remote_unique_id, remote.remote_channel


def _channel(chip: Chip, end: LinkEnd) -> int | None:
    """A link counts the live channels; this is the channel among all of the chip's."""
    harvested = harvested_units(chip.arch, chip.masks, CoreType.ETH)
    if harvested is None:
        return None
    live = [channel for channel in range(len(chip.soc.eth)) if channel not in harvested]
    return live[end.channel] if end.channel < len(live) else None


def _of_chips(case: Case, verified: Verified, uses: Uses) -> Iterator[tuple[int | None, Finding]]:
    """Every finding about the shown chips, with the chip that it is about, None for the host's."""
    system = case.system
    shown = {chip.id for chip in case.shown}
    for chip in case.shown:
        unread = system.unread(chip.id)
        of_chip = (*chip_findings(chip, unread), *telemetry_findings(chip, unread))
        for finding in (*of_chip, *use_findings(uses.get(chip.id))):
            yield chip.id, finding
    for about, findings in topology_findings(system).items():
        for finding in findings:
            if about in shown or (about is None and finding.is_about(shown)):
                yield about, finding
    for finding in (*system_findings(system, case.grids), *trouble_findings(system), *verified.findings):
        named = finding.evidence.get("chip")
        yield (named if isinstance(named, int) and named in shown else None), finding
    for region in verified.regions:
        for finding in region.findings:
            yield region.chip, finding


def _findings(families: _Families, case: Case, verified: Verified, uses: Uses) -> None:
    labels_of = {chip.id: chip_labels(chip) for chip in case.shown}
    findings = list(_of_chips(case, verified, uses))
    counts = Counter((finding.id, finding.severity) for _, finding in findings)
    for finding_id, severity in sorted({*counts, *_looked_for()}):
        own: Labels = (("finding", finding_id), ("severity", severity.value))
        if severity is Severity.INCONCLUSIVE:
            families.add("finding_inconclusive", own[:1], 1 if counts[finding_id, severity] else None)
        else:
            families.add("findings", own, counts[finding_id, severity])
    for chip, finding_id, severity in sorted(_by_chip(findings)):
        labels = labels_of.get(chip)
        if labels is not None:
            own = (*labels, ("finding", finding_id), ("severity", severity.value))
            families.add("chip_finding", own, 1)


def _by_chip(findings: Iterable[tuple[int | None, Finding]]) -> set[tuple[int, str, Severity]]:
    return {(chip, finding.id, finding.severity) for chip, finding in findings if chip is not None}


@functools.cache
def _looked_for() -> set[tuple[str, Severity]]:
    """What has a series also while there is none of it: every rule of chips, hosts and regions, with the
    severities that it has for the newest version of a region. Else nobody could see the first one come."""
    return {
        (rule.id, severity)
        for rule in RULES
        if isinstance(rule, ChipRule | SystemRule | RegionRule | UseRule)
        for by_version in rule.severities.values()
        if (severity := by_version if isinstance(by_version, Severity) else by_version[-1]) is not None
    }
