"""Findings about a live source: where tt_umd's own SoC descriptor says otherwise, what it could not read."""

from collections.abc import Iterator

from ttinspect.facts.wording import first_of, plural
from ttinspect.harvesting.coordinates import chip_coordinates
from ttinspect.model.arch import CoreType
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.grid import TypeCores
from ttinspect.model.system import System, Trouble
from ttinspect.verify.rule import ChipRule, E, Hit, SystemRule, W, judge_chip

_EXAMPLES = 3


def live_findings(chip: Chip) -> tuple[Finding, ...]:
    """Every core type and coordinate system in which the live chip and our computation differ."""
    return judge_chip((LIVE_CHIP_DIFFERS,), chip)


def trouble_findings(system: System) -> tuple[Finding, ...]:
    """Chips that a live source could not read, or finds something wrong with, in its words; one finding for
    each of the System's troubles, in their order."""
    findings = (
        (UNHEALTHY_CHIP if trouble.readable else UNREADABLE_CHIP).finding(_trouble(trouble))
        for trouble in system.troubles
    )
    return tuple(finding for finding in findings if finding is not None)


def _differing_cores(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    """Types whose mask is unknown are not compared: tt_umd answers as if nothing were harvested."""
    if chip.live_cores is None:
        return
    coordinates = chip_coordinates(chip.soc, chip.masks, chip.noc_translation)
    differences = []
    for core_type in CoreType:
        ours, theirs = coordinates.type_cores(core_type), chip.live_cores.get(core_type.value)
        if ours is not None and theirs is not None:
            differences += [f"{core_type.value} {what}" for what in _differing(ours, theirs)]
    if differences:
        yield Hit(
            "differs",
            "tt_umd's live SoC descriptor differs from the computed one in "
            f"{first_of(differences, _EXAMPLES, '; ')}",
            {"differences": differences},
        )


LIVE_CHIP_DIFFERS = ChipRule(
    id="TTH008",
    name="live chip differs",
    severities={"differs": W},
    of_chip=_differing_cores,
    title="tt_umd's live SoC descriptor says otherwise than the computed one.",
    meaning=(
        "The grid and all coordinates of a live chip are computed from its masks and compared with what "
        "tt_umd itself answers for it. One of the two is wrong."
    ),
    cause=("A tt-umd of another version than 0.9.14, whose rules ttinspect follows, or a bug in either."),
    remedy="Trust tt_umd for this chip; report the difference with the versions of both.",
)


def is_compared(chip: Chip) -> bool:
    """Whether every core type of a chip was compared."""
    if chip.live_cores is None:
        return False
    coordinates = chip_coordinates(chip.soc, chip.masks, chip.noc_translation)
    compared = [core_type for core_type in CoreType if core_type.value in chip.live_cores]
    return all(coordinates.type_cores(core_type) is not None for core_type in compared)


def _differing(ours: TypeCores, theirs: TypeCores) -> list[str]:
    differences = []
    for name in ("noc0", "noc1", "translated", "logical"):
        computed, live = getattr(ours, name), getattr(theirs, name)
        if computed is not None and live is not None and computed != live:
            differences.append(_first_difference(name, computed, live))
    for name in ("noc0", "noc1", "translated"):
        computed, live = getattr(ours.harvested, name), getattr(theirs.harvested, name)
        if computed is not None and live is not None and computed != live:
            differences.append(_first_difference(f"harvested {name}", computed, live))
    return differences


def _first_difference(name: str, ours: tuple[object, ...], theirs: tuple[object, ...]) -> str:
    if len(ours) != len(theirs):
        return f"{name}: {plural(len(theirs), 'core')} live, {len(ours)} computed"
    index = next(at for at, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return f"{name}: {theirs[index]} live, {ours[index]} computed"


def _unreadable(system: System) -> Iterator[Hit]:
    return (_trouble(trouble) for trouble in system.troubles if not trouble.readable)


UNREADABLE_CHIP = SystemRule(
    id="TTH009",
    name="unreadable chip",
    severities={"unreadable": E},
    of_system=_unreadable,
    title="A chip of a live source could not be read, or was not found at all.",
    meaning="The other chips are shown; what could not be read is unknown. The exit code is 5.",
    cause=(
        "A hung chip, one that is off the bus, firmware that tt_umd refuses, a crash inside tt_umd, or eth "
        "links with which its discovery fails. Of two chips with one unique id tt_umd reports one."
    ),
    remedy="Look at the log with --verbose; reset the board (tt-smi -r) and look again.",
)


def _unhealthy(system: System) -> Iterator[Hit]:
    return (_trouble(trouble) for trouble in system.troubles if trouble.readable)


UNHEALTHY_CHIP = SystemRule(
    id="TTH010",
    name="unhealthy chip",
    severities={"unhealthy": W},
    of_system=_unhealthy,
    title="tt_umd finds something wrong with a chip that it could read.",
    meaning="The chip's facts are shown; the sentence is tt_umd's own.",
    cause="Firmware older than tt_umd supports, eth firmware that differs, a failed health check.",
    remedy=("Update the firmware (tt-flash), or reset the board (tt-smi -r), as the sentence suggests."),
)


def _trouble(trouble: Trouble) -> Hit:
    """A host's trouble is a sentence of its own."""
    row, words = (
        ("unhealthy", "tt_umd says of chip {}: {}")
        if trouble.readable
        else ("unreadable", "chip {} could not be read: {}")
    )
    message = trouble.why if trouble.chip is None else words.format(trouble.chip, trouble.why)
    return Hit(row, message, {"chip": trouble.chip})


RULES = (LIVE_CHIP_DIFFERS, UNREADABLE_CHIP, UNHEALTHY_CHIP)
