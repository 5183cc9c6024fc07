"""Findings about capacity: where allocatable memory cannot be told."""

from collections.abc import Callable, Iterator, Sequence

from ttinspect.capacity.chip import NotAllocatable, has_known_banks, resolved_dispatch, why_not_allocatable
from ttinspect.capacity.releases import Release, same_figures
from ttinspect.capacity.settings import Settings
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.grid import ChipGrid
from ttinspect.verify.rule import Hit, I, Rule, W


class CapacityRule(Rule, frozen=True, kw_only=True):
    """A rule of one chip under the settings of a runtime."""

    of_capacity: Callable[[Chip, ChipGrid, Settings], Iterator[Hit]]


def allocation_findings(chip: Chip, grid: ChipGrid, settings: Settings) -> tuple[Finding, ...]:
    """Why the allocatable bytes of a chip are unknown, if they are."""
    findings = (rule.finding(hit) for rule in _OF_CAPACITY for hit in rule.of_capacity(chip, grid, settings))
    return tuple(finding for finding in findings if finding is not None)


def _reason(chip: Chip, grid: ChipGrid, settings: Settings) -> NotAllocatable | None:
    return why_not_allocatable(chip.soc, grid, resolved_dispatch(settings.dispatch, chip.board))


def _does_not_open(chip: Chip, grid: ChipGrid, settings: Settings) -> Iterator[Hit]:
    if _reason(chip, grid, settings) is NotAllocatable.DOES_NOT_OPEN:
        dispatch = resolved_dispatch(settings.dispatch, chip.board).value
        yield Hit(
            "does not open",
            f"tt-metal cannot open a {chip.arch.value} device with {dispatch} dispatch; nothing is "
            "allocatable",
            {"arch": chip.arch.value, "dispatch": dispatch},
        )


DISPATCH_NOT_SUPPORTED = CapacityRule(
    id="TTC001",
    name="dispatch not supported",
    severities={"does not open": W},
    of_capacity=_does_not_open,
    title="tt-metal cannot open this device with the chosen dispatch.",
    meaning="Nothing is allocatable, because no workload can open the device this way.",
    cause=(
        "On Blackhole tt-metal's tables place eth dispatch on eth cores that the chip does not have; ttnn "
        '0.81.1 fails with "No core coordinate found" when the device is opened.'
    ),
    remedy="Use --dispatch tensix (the default of Blackhole) or slow.",
)


def _no_table(chip: Chip, grid: ChipGrid, settings: Settings) -> Iterator[Hit]:
    if _reason(chip, grid, settings) is not NotAllocatable.NO_TABLE:
        return
    tensix = grid.tensix
    shape = (
        "an unknown grid" if tensix.grid is None else f"{tensix.grid[0]}x{tensix.grid[1]} live tensix cores"
    )
    yield Hit(
        "no table",
        f"tt-metal has no compute grid for {chip.arch.value} with {shape} "
        f"of {tensix.full_grid[0]}x{tensix.full_grid[1]}; what is allocatable is unknown",
        {
            "arch": chip.arch.value,
            "dispatch": resolved_dispatch(settings.dispatch, chip.board).value,
            "harvested_lines": None if tensix.harvested_lines is None else len(tensix.harvested_lines),
        },
    )


NO_COMPUTE_GRID = CapacityRule(
    id="TTC002",
    name="no compute grid",
    severities={"no table": W},
    of_capacity=_no_table,
    title="tt-metal has no compute grid for this harvest.",
    meaning=(
        "Physical memory is known; what a workload would get is not, because tt-metal has no table for it."
    ),
    cause=(
        "More than two harvested rows (Wormhole) or columns (Blackhole), a SoC descriptor with another "
        "worker grid, or Quasar."
    ),
    remedy="Ask the allocator itself on a live device (ttnn.get_memory_view).",
)


def _unknown_mask(chip: Chip, grid: ChipGrid, settings: Settings) -> Iterator[Hit]:
    if _reason(chip, grid, settings) is NotAllocatable.UNKNOWN_MASK:
        message = "the tensix mask is unknown, and so is the L1 that this chip has"
        yield Hit("unknown mask", message, {"arch": chip.arch.value})


CAPACITY_UNKNOWN = CapacityRule(
    id="TTC003",
    name="capacity unknown",
    severities={"unknown mask": W},
    of_capacity=_unknown_mask,
    title="The L1 of this chip is unknown, because its tensix mask is.",
    meaning="Without the mask the number of live cores is unknown; it is not the full grid.",
    cause="See TTH004: the source does not tell the mask.",
    remedy="Use a source that has the mask: a cluster descriptor of the host, or the live device.",
)


def _other_banks(chip: Chip, _grid: ChipGrid, _settings: Settings) -> Iterator[Hit]:
    if not has_known_banks(chip.soc):
        yield Hit(
            "other banks",
            f"the descriptor's DRAM banks have {chip.soc.dram_bank_bytes:,} bytes, not those of "
            f"{chip.arch.value}: what is allocatable of them is unknown",
            {"arch": chip.arch.value, "dram_bank_bytes": chip.soc.dram_bank_bytes},
        )


NO_DRAM_VIEW = CapacityRule(
    id="TTC004",
    name="no DRAM view",
    severities={"other banks": W},
    of_capacity=_other_banks,
    title="The DRAM banks of this descriptor are not those of the architecture.",
    meaning="Physical DRAM is known; how tt-metal would cut it into views is not.",
    cause="A SoC descriptor file with another dram_bank_size than the built-in one.",
    remedy="Ask the allocator itself on such a device (ttnn.get_memory_view).",
)


def _differ(releases: Sequence[Release], settings: Settings) -> Iterator[Hit]:
    """What other releases give for the same call, the one that is nearest in time first."""
    used = next(release for release in releases if release.name == settings.runtime.name)
    others = [release for release in releases if not same_figures(used, release)]
    if not others:
        return
    differences = []
    for what, unit in (("l1_allocatable", "L1"), ("dram_allocatable", "DRAM")):
        values = sorted({value for other in others if (value := getattr(other, what)) is not None})
        if values and values != [getattr(used, what)]:
            differences.append(f"{values[0]:,} to {values[-1]:,} bytes of {unit}")
    more = [other for other in others if (other.trace or 0) > (used.trace or 0)]
    if more:
        most = max(release.trace or 0 for release in more)
        which = _span([release.name for release in more])
        differences.append(f"{most:,} bytes to the trace region ({which}; here {used.trace or 0:,})")
    refused = [other.name for other in others if other.refused is not None]
    if refused:
        differences.append(f"nothing at all, because it does not fit ({_span(refused)})")
    names = [other.name for other in others]
    yield Hit(
        "differ",
        f"other releases ({_span(names)}) give {', '.join(differences)}; --runtime all compares them",
        {"runtime": used.name, "others": names},
    )


def _span(names: Sequence[str]) -> str:
    """Of names in the order of time, newest first: "ttnn-0.66.0 to ttnn-0.73.1"."""
    return names[0] if len(names) == 1 else f"{names[-1]} to {names[0]}"


RELEASES_DIFFER = Rule(
    id="TTC005",
    name="releases differ",
    severities={"differ": I},
    title="Other releases of tt-metal hand out other amounts for the same call.",
    meaning="What is allocatable holds for the runtime that the answer names, and not for these.",
    cause=(
        "What a release keeps below l1_base and dram_base changes with almost every one. Before ttnn 0.74 "
        "every DRAM view gave the whole trace region; from then on each gives its part of it."
    ),
    remedy="Name the release that will run with --runtime; ttinspect capacity --runtime all shows all.",
)


def release_findings(releases: Sequence[Release], settings: Settings) -> tuple[Finding, ...]:
    """Whether it matters which release runs."""
    findings = (RELEASES_DIFFER.finding(hit) for hit in _differ(releases, settings))
    return tuple(finding for finding in findings if finding is not None)


_OF_CAPACITY = (DISPATCH_NOT_SUPPORTED, NO_COMPUTE_GRID, CAPACITY_UNKNOWN, NO_DRAM_VIEW)
RULES = (*_OF_CAPACITY, RELEASES_DIFFER)
