"""Findings about harvesting: what deviates from the product, what is doubtful, what is unknown."""

from collections.abc import Iterable, Iterator

from ttinspect.facts.boards import Product, product_of, with_article
from ttinspect.facts.firmware import dotted, is_before
from ttinspect.facts.wording import first_of, plural
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.grids import Grids, grids_of, harvested_units
from ttinspect.model.arch import Arch, CoreType
from ttinspect.model.chip import MASK_NAMES, Chip
from ttinspect.model.finding import Finding
from ttinspect.model.system import System
from ttinspect.verify.rule import ChipRule, Hit, I, Q, SystemRule, W, judge_chip, judge_system

_UNITS = ("arch", "tensix", "dram", "eth")
"""What a product has a word about."""


def chip_findings(chip: Chip, unread: str | None = None) -> tuple[Finding, ...]:
    """Everything that is worth a sentence about the harvesting of one chip; ``unread`` says why it could not
    be read, if so."""
    return judge_chip(CHIP_RULES, chip, unread)


def system_findings(system: System, grids: Grids) -> tuple[Finding, ...]:
    """What is worth a sentence about the chips together, and about the source."""
    return (*differing_chips(system.chips, grids), *doubts(system))


def doubts(system: System) -> tuple[Finding, ...]:
    """What the source warns of, such as files that do not agree, and what it cannot show."""
    return tuple(judge_system((DOUBTFUL_SOURCE,), system).get(None, ()))


def differing_chips(chips: tuple[Chip, ...], grids: Grids) -> tuple[Finding, ...]:
    """Chips of one mesh should be alike; a MeshDevice uses what all of them have."""
    findings = (CHIPS_DIFFER.finding(hit) for hit in _differing(chips, grids))
    return tuple(finding for finding in findings if finding is not None)


def as_expected(chip: Chip) -> bool | None:
    """Whether a chip is harvested as its product should be; None if that cannot be decided."""
    rows = {hit.row for hit in _deviations(chip)}
    if "deviates" in rows:
        return False
    if product_of(chip.board) is None or None in _harvested_counts(chip).values():
        return None
    return None if rows else True


def differing_units(chips: Iterable[Chip]) -> tuple[str, ...]:
    """Of arch, tensix, dram and eth those that are not what the product of one of the chips has."""
    units = {hit.evidence["unit"] for chip in chips for hit in _deviations(chip) if hit.row == "deviates"}
    return tuple(unit for unit in _UNITS if unit in units)


def _harvested_counts(chip: Chip) -> dict[str, int | None]:
    """How many tensix lines, DRAM banks and eth channels are harvested; None is unknown."""
    harvested = {
        core_type.value: harvested_units(chip.arch, chip.masks, core_type)
        for core_type in (CoreType.TENSIX, CoreType.DRAM, CoreType.ETH)
    }
    return {name: None if units is None else len(units) for name, units in harvested.items()}


def _deviations(chip: Chip, _unread: str | None = None) -> Iterator[Hit]:
    product = product_of(chip.board)
    if product is None:
        return
    if product.arch is not chip.arch:
        yield _wrong_arch(product, chip.arch)
        return
    units = {
        "tensix": f"tensix {ARCHITECTURES[chip.arch].axis.value}",
        "dram": "DRAM bank",
        "eth": "eth channel",
    }
    for name, count in _harvested_counts(chip).items():
        expected: int = getattr(product, name)
        if count is None or count == expected:
            continue
        if count == 0 and chip.simulated:
            has = f"{with_article(product.board)} has {plural(expected, units[name])} harvested"
            yield _deviation(product, name, count, f"{has}, this simulated chip has 0", "simulated")
        elif name == "tensix" and count == 0 and product.unharvested_tensix_before is not None:
            yield from _unharvested_tensix(chip, product)
        else:
            should = f"{with_article(product.board)} should have {plural(expected, units[name])} harvested"
            yield _deviation(product, name, count, f"{should}, this chip has {count}")


def _wrong_arch(product: Product, arch: Arch) -> Hit:
    return Hit(
        "deviates",
        f"{with_article(product.board)} is a {product.arch.value} board, this chip is a {arch.value}",
        {
            "board": product.board.value,
            "unit": "arch",
            "expected": product.arch.value,
            "found": arch.value,
        },
    )


def _deviation(product: Product, unit: str, count: int, message: str, row: str = "deviates") -> Hit:
    return Hit(
        row,
        message,
        {
            "board": product.board.value,
            "unit": unit,
            "expected": getattr(product, unit),
            "found": count,
        },
    )


def _unharvested_tensix(chip: Chip, product: Product) -> Iterator[Hit]:
    """No harvested tensix line is right before a firmware, wrong from it on, and undecided where the
    firmware is unknown."""
    before = product.unharvested_tensix_before
    if before is None or (chip.firmware is not None and is_before(chip.firmware, before)):
        return
    axis = ARCHITECTURES[chip.arch].axis.value
    limit = dotted(before)
    lines = plural(product.tensix, f"tensix {axis}")
    has = (
        f"{with_article(product.board)} with firmware {limit} or later should have {lines} harvested, "
        "this chip has 0"
    )
    if chip.firmware is None:
        why = f"{has}; its firmware is unknown, before {limit} it is right"
        yield _deviation(product, "tensix", 0, why, "firmware unknown")
    else:
        yield _deviation(product, "tensix", 0, f"{has} and firmware {dotted(chip.firmware)}")


NOT_AS_THE_PRODUCT = ChipRule(
    id="TTH001",
    name="not as the product",
    severities={"deviates": W, "firmware unknown": Q, "simulated": I},
    of_chip=_deviations,
    title="A chip is not what its product should be.",
    meaning=(
        "The number of harvested tensix rows or columns, DRAM banks or eth channels differs from what every "
        "board of this type is sold with, or the chip is of another architecture than its board."
    ),
    cause=(
        "The wrong firmware or eFuse data, a board type read wrongly, or an engineering sample. A p150 "
        "without harvested columns is right with firmware before 19.5 and wrong from 19.5 on: where the "
        "firmware is unknown the finding is inconclusive."
    ),
    remedy=(
        "Compare the board type and the firmware with the label of the card. tt-umd and tt-metal take the "
        "masks as they are; workloads that were compiled for the product's grid may not fit."
    ),
)


def _differing(chips: tuple[Chip, ...], grids: Grids) -> Iterator[Hit]:
    if len(chips) < 2:
        return
    groups: dict[tuple[str, str, str], list[int]] = {}
    for chip in chips:
        grid = grids[chip.id]
        if grid.tensix.grid is None or grid.dram.active is None or grid.eth.active is None:
            return
        width, height = grid.tensix.grid
        key = (
            f"{width}x{height} tensix",
            plural(grid.dram.active, "DRAM bank"),
            plural(grid.eth.active, "eth channel"),
        )
        groups.setdefault(key, []).append(chip.id)
    if len(groups) < 2:
        return
    columns = list(zip(*groups, strict=True))
    differing = [index for index, column in enumerate(columns) if len(set(column)) > 1]
    unlike = "; ".join(
        f"{', '.join(key[index] for index in differing)}: {_chips(ids)}" for key, ids in groups.items()
    )
    yield Hit(
        "differ",
        f"the chips of this mesh differ ({unlike})",
        {", ".join(key): ids for key, ids in groups.items()},
    )


_CHIPS_SHOWN = 6


def _chips(ids: list[int]) -> str:
    return f"chip{'' if len(ids) == 1 else 's'} {first_of(ids, _CHIPS_SHOWN)}"


CHIPS_DIFFER = SystemRule(
    id="TTH002",
    name="chips differ",
    severities={"differ": W},
    of_system=lambda system: _differing(system.chips, grids_of(system.chips)),
    title="The chips of one mesh do not have the same grid, DRAM banks or eth channels.",
    meaning="A MeshDevice uses only what every chip has; the rest of the better chips lies idle.",
    cause="Boards of different products or harvests stand in one system.",
    remedy="Expect the common grid that harvest shows, or choose chips that are alike with --device.",
)


def _ignored_masks(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    ignored = {
        name: mask for name in ARCHITECTURES[chip.arch].ignored_masks if (mask := getattr(chip.masks, name))
    }
    if ignored:
        masks = " and ".join(f"{name} mask {mask:#x}" for name, mask in ignored.items())
        yield Hit(
            "ignored",
            f"the {masks} {'is' if len(ignored) == 1 else 'are'} ignored: {chip.arch.value} has no such "
            "harvesting",
            ignored,
        )


IGNORED_MASK = ChipRule(
    id="TTH003",
    name="ignored mask",
    severities={"ignored": W},
    of_chip=_ignored_masks,
    title="A harvesting mask is set that the architecture does not have.",
    meaning=(
        "Wormhole and Quasar have no PCIe or L2CPU harvesting; tt-umd ignores these masks, and so do we."
    ),
    cause="A descriptor that was written by hand, or for another architecture.",
    remedy="Remove the mask from the source.",
)


def _unknown_masks(chip: Chip, unread: str | None) -> Iterator[Hit]:
    names = [name for name in MASK_NAMES if getattr(chip.masks, name) is None]
    if not names:
        return
    reasons = list(dict.fromkeys(unknown.why for unknown in chip.unknown if unknown.path.startswith("masks")))
    which = (
        "no harvesting mask is" if len(names) == len(MASK_NAMES) else f"the {', '.join(names)} mask is not"
    )
    if unread is not None and all(reason in unread for reason in reasons):  # TTH009 has the reason
        message = f"{which} known, because the chip could not be read"
    else:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        message = f"{which} known{why}; what depends on it is unknown, not unharvested"
    yield Hit("unknown", message, {"masks": names, "reasons": reasons})


UNKNOWN_MASK = ChipRule(
    id="TTH004",
    name="unknown mask",
    severities={"unknown": W},
    of_chip=_unknown_masks,
    title="The source does not tell a harvesting mask.",
    meaning=(
        "What depends on the mask is unknown: null in JSON, unknown in tables. It is not an unharvested "
        "chip, although tt-umd reports a missing telemetry tag as mask 0."
    ),
    cause=(
        "Firmware without the telemetry tag, a Wormhole tt-smi document (it carries no harvesting), a "
        "cluster descriptor without a harvesting table, or a chip that did not answer."
    ),
    remedy=(
        "Use a source that has it: a cluster descriptor of the host, or the live device with newer firmware."
    ),
)


def _unknown_board(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    if chip.board is None and chip.board_name is not None:
        yield Hit(
            "unknown",
            f"UMD knows no board {chip.board_name!r}; what it should have is unknown",
            {"board": chip.board_name},
        )


UNKNOWN_BOARD = ChipRule(
    id="TTH005",
    name="unknown board",
    severities={"unknown": W},
    of_chip=_unknown_board,
    title="UMD does not know the board's name.",
    meaning="The chip is described in full, but what its product should have is not known.",
    cause="A board name that UMD does not read (it knows p150a, but not p150b), or a newer product.",
    remedy="Nothing, if the name is right; expectations about the product are not checked.",
)


def _placeholder(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    if chip.arch is Arch.QUASAR and chip.soc.built_in:
        yield Hit(
            "placeholder",
            "the Quasar table is tt-umd's placeholder: cores outside its grid, nodes with two cores",
        )


PLACEHOLDER_DESIGN = ChipRule(
    id="TTH006",
    name="placeholder design",
    severities={"placeholder": W},
    of_chip=_placeholder,
    title="The Quasar table is a placeholder.",
    meaning=(
        "tt-umd's Quasar descriptor has 22 cores outside its own 12x8 grid and 8 nodes that two cores "
        "share. Grids and coordinates are what tt-umd computes from it, not what a Quasar chip has."
    ),
    cause="tt-umd 0.9.14 ships it so that software can be written before the hardware.",
    remedy="Give the real descriptor with masks:quasar,soc=FILE when you have one.",
)


def _doubts(system: System) -> Iterator[Hit]:
    for row, sentences in (("warning", system.warnings), ("note", system.notes)):
        for sentence in sentences:
            yield Hit(row, sentence, system.evidence.get(sentence, {}))


DOUBTFUL_SOURCE = SystemRule(
    id="TTH007",
    name="doubtful source",
    severities={"warning": W, "note": I},
    of_system=_doubts,
    title="The source contradicts itself or leaves out what it should say.",
    meaning="The facts are shown as the source has them; the sentence says what is doubtful.",
    cause=(
        "A file of another age of UMD, or one that was edited; TT_VISIBLE_DEVICES, which hides devices; a "
        "container with some of the device nodes. As info: sysfs shows no chip behind another one."
    ),
    remedy=(
        "Write the file anew on the host that it describes; unset TT_VISIBLE_DEVICES; ask the devices "
        "themselves (--from umd) for what sysfs does not show."
    ),
)


CHIP_RULES = (NOT_AS_THE_PRODUCT, IGNORED_MASK, UNKNOWN_MASK, UNKNOWN_BOARD, PLACEHOLDER_DESIGN)
"""What every command that shows a chip's harvesting says of it."""

RULES = (*CHIP_RULES, CHIPS_DIFFER, DOUBTFUL_SOURCE)
