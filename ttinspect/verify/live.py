"""Findings about a live source: where tt_umd's own SoC descriptor says otherwise, what it could not read."""

from ttinspect.harvesting.coordinates import chip_coordinates
from ttinspect.model.arch import CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.grid import TypeCores
from ttinspect.model.system import System, Trouble

_EXAMPLES = 3


def live_findings(chip: Chip) -> tuple[Finding, ...]:
    """Every core type and coordinate system in which the live chip and our computation differ.

    Types whose mask is unknown are not compared: tt_umd answers as if nothing were harvested.
    """
    if chip.live_cores is None:
        return ()
    coordinates = chip_coordinates(chip.soc, chip.masks, chip.noc_translation)
    differences = []
    for core_type in CoreType:
        ours, theirs = coordinates.type_cores(core_type), chip.live_cores.get(core_type.value)
        if ours is not None and theirs is not None:
            differences += [f"{core_type.value} {what}" for what in _differing(ours, theirs)]
    if not differences:
        return ()
    more = f" and {len(differences) - _EXAMPLES} more" if len(differences) > _EXAMPLES else ""
    return (
        Finding(
            id="TTH008",
            name="live chip differs",
            severity=Severity.WARNING,
            message=(
                "tt_umd's live SoC descriptor differs from the computed one in "
                f"{'; '.join(differences[:_EXAMPLES])}{more}"
            ),
            evidence={"differences": differences},
        ),
    )


def is_compared(chip: Chip) -> bool:
    """Whether every core type of a chip was compared."""
    if chip.live_cores is None:
        return False
    coordinates = chip_coordinates(chip.soc, chip.masks, chip.noc_translation)
    told = [one for one in CoreType if one.value in chip.live_cores]
    return all(coordinates.type_cores(core_type) is not None for core_type in told)


def _differing(ours: TypeCores, theirs: TypeCores) -> list[str]:
    found = []
    for name in ("noc0", "noc1", "translated", "logical"):
        mine, live = getattr(ours, name), getattr(theirs, name)
        if mine is not None and live is not None and mine != live:
            found.append(_told(name, mine, live))
    for name in ("noc0", "noc1", "translated"):
        mine, live = getattr(ours.harvested, name), getattr(theirs.harvested, name)
        if mine is not None and live is not None and mine != live:
            found.append(_told(f"harvested {name}", mine, live))
    return found


def _told(name: str, ours: tuple[object, ...], theirs: tuple[object, ...]) -> str:
    if len(ours) != len(theirs):
        return f"{name}: {len(theirs)} cores live, {len(ours)} computed"
    index = next(at for at, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return f"{name}: {theirs[index]} live, {ours[index]} computed"


def trouble_findings(system: System) -> tuple[Finding, ...]:
    """Chips that a live source could not read, or finds something wrong with, in its words."""
    return tuple(_trouble(trouble) for trouble in system.troubles)


def _trouble(trouble: Trouble) -> Finding:
    whole = trouble.why if trouble.chip is None else None
    if trouble.readable:
        return Finding(
            id="TTH010",
            name="unhealthy chip",
            severity=Severity.WARNING,
            message=whole or f"tt_umd says of chip {trouble.chip}: {trouble.why}",
            evidence={"chip": trouble.chip},
        )
    return Finding(
        id="TTH009",
        name="unreadable chip",
        severity=Severity.ERROR,
        message=whole or f"chip {trouble.chip} could not be read: {trouble.why}",
        evidence={"chip": trouble.chip},
    )
