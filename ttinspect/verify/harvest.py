"""Findings about harvesting: what deviates from the product, what is doubtful, what is unknown."""

from collections.abc import Iterable

from ttinspect.facts.boards import Product, product_of, with_article
from ttinspect.facts.firmware import is_before
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import System

_MASK_NAMES = ("tensix", "dram", "eth", "pcie", "l2cpu")
_UNITS = ("arch", "tensix", "dram", "eth")
"""What a product has a word about."""


def plural(count: int, noun: str) -> str:
    """ "1 row", "2 rows", "0 rows"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def chip_findings(chip: Chip, unread: str | None = None) -> tuple[Finding, ...]:
    """Everything that is worth a sentence about the harvesting of one chip; ``unread`` says why it could not
    be read, if so."""
    found = [
        *_deviations(chip),
        _ignored_masks(chip),
        _unknown_masks(chip, unread),
        _unknown_board(chip),
        _placeholder(chip),
    ]
    return tuple(finding for finding in found if finding is not None)


def system_findings(system: System) -> tuple[Finding, ...]:
    """What is worth a sentence about the chips together, and about the source."""
    return (*differing_chips(system.chips), *doubts(system))


def doubts(system: System) -> tuple[Finding, ...]:
    """What the source warns of, such as files that do not agree, and what it cannot show."""
    told = [(Severity.WARNING, sentence) for sentence in system.warnings]
    told += [(Severity.INFO, sentence) for sentence in system.notes]
    return tuple(
        Finding(
            id="TTH007",
            name="doubtful source",
            severity=severity,
            message=sentence,
            evidence=system.evidence.get(sentence, {}),
        )
        for severity, sentence in told
    )


def as_expected(chip: Chip) -> bool | None:
    """Whether a chip is harvested as its product should be; None if that cannot be decided."""
    severities = [finding.severity for finding in _deviations(chip)]
    if Severity.WARNING in severities:
        return False
    if product_of(chip.board) is None or None in _harvested_counts(chip).values():
        return None
    return None if severities else True


def differing_units(chips: Iterable[Chip]) -> tuple[str, ...]:
    """Of arch, tensix, dram and eth those that are not what the product of one of the chips has."""
    found = {
        finding.evidence["unit"]
        for chip in chips
        for finding in _deviations(chip)
        if finding.severity is Severity.WARNING
    }
    return tuple(unit for unit in _UNITS if unit in found)


def _harvested_counts(chip: Chip) -> dict[str, int | None]:
    grid = chip_grid(chip.soc, chip.masks)
    lines, banks, channels = grid.tensix.harvested_lines, grid.dram.harvested, grid.eth.harvested
    return {
        "tensix": None if lines is None else len(lines),
        "dram": None if banks is None else len(banks),
        "eth": None if channels is None else len(channels),
    }


def _deviations(chip: Chip) -> list[Finding]:
    product = product_of(chip.board)
    if product is None:
        return []
    if product.arch is not chip.arch:
        return [_wrong_arch(product, chip.arch)]
    units = {
        "tensix": f"tensix {ARCHITECTURES[chip.arch].axis.value}",
        "dram": "DRAM bank",
        "eth": "eth channel",
    }
    findings = []
    for name, count in _harvested_counts(chip).items():
        expected: int = getattr(product, name)
        if count is None or count == expected:
            continue
        if name == "tensix" and count == 0 and product.unharvested_tensix_before is not None:
            finding = _unharvested_tensix(chip, product)
        else:
            finding = _deviation(
                product,
                name,
                count,
                f"{with_article(product.board)} should have {plural(expected, units[name])} harvested, "
                f"this chip has {count}",
                Severity.WARNING,
            )
        if finding is not None:
            findings.append(finding)
    return findings


def _wrong_arch(product: Product, arch: Arch) -> Finding:
    message = f"{with_article(product.board)} is a {product.arch.value} board, this chip is a {arch.value}"
    return Finding(
        id="TTH001",
        name="not as the product",
        severity=Severity.WARNING,
        message=message,
        evidence={
            "board": product.board.value,
            "unit": "arch",
            "expected": product.arch.value,
            "found": arch.value,
        },
    )


def _deviation(product: Product, unit: str, count: int, message: str, severity: Severity) -> Finding:
    return Finding(
        id="TTH001",
        name="not as the product",
        severity=severity,
        message=message,
        evidence={
            "board": product.board.value,
            "unit": unit,
            "expected": getattr(product, unit),
            "found": count,
        },
    )


def _unharvested_tensix(chip: Chip, product: Product) -> Finding | None:
    """No harvested tensix line is right before a firmware, wrong from it on, and undecided where the
    firmware is unknown."""
    before = product.unharvested_tensix_before
    if before is None or (chip.firmware is not None and is_before(chip.firmware, before)):
        return None
    axis = ARCHITECTURES[chip.arch].axis.value
    limit = ".".join(map(str, before))
    lines = plural(product.tensix, f"tensix {axis}")
    said = (
        f"{with_article(product.board)} with firmware {limit} or later should have {lines} harvested, "
        "this chip has 0"
    )
    if chip.firmware is None:
        return _deviation(
            product,
            "tensix",
            0,
            f"{said}; its firmware is unknown, before {limit} it is right",
            Severity.INCONCLUSIVE,
        )
    firmware = ".".join(map(str, chip.firmware))
    return _deviation(product, "tensix", 0, f"{said} and firmware {firmware}", Severity.WARNING)


def _ignored_masks(chip: Chip) -> Finding | None:
    ignored = {
        name: mask for name in ARCHITECTURES[chip.arch].ignored_masks if (mask := getattr(chip.masks, name))
    }
    if not ignored:
        return None
    told = " and ".join(f"{name} mask {mask:#x}" for name, mask in ignored.items())
    return Finding(
        id="TTH003",
        name="ignored mask",
        severity=Severity.WARNING,
        message=(
            f"the {told} {'is' if len(ignored) == 1 else 'are'} ignored: {chip.arch.value} has no "
            f"such harvesting"
        ),
        evidence=dict(ignored),
    )


def _unknown_masks(chip: Chip, unread: str | None) -> Finding | None:
    names = [name for name in _MASK_NAMES if getattr(chip.masks, name) is None]
    if not names:
        return None
    reasons = list(dict.fromkeys(unknown.why for unknown in chip.unknown if unknown.path.startswith("masks")))
    which = (
        "no harvesting mask is" if len(names) == len(_MASK_NAMES) else f"the {', '.join(names)} mask is not"
    )
    if unread is not None and all(reason in unread for reason in reasons):  # TTH009 tells it
        said = f"{which} known, because the chip could not be read"
    else:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        said = f"{which} known{why}; what depends on it is unknown, not unharvested"
    return Finding(
        id="TTH004",
        name="unknown mask",
        severity=Severity.WARNING,
        message=said,
        evidence={"masks": names, "reasons": reasons},
    )


def _unknown_board(chip: Chip) -> Finding | None:
    if chip.board is not None or chip.board_name is None:
        return None
    return Finding(
        id="TTH005",
        name="unknown board",
        severity=Severity.WARNING,
        message=f"UMD knows no board {chip.board_name!r}; what it should have is unknown",
        evidence={"board": chip.board_name},
    )


def _placeholder(chip: Chip) -> Finding | None:
    if chip.arch is not Arch.QUASAR or not chip.soc.built_in:
        return None
    return Finding(
        id="TTH006",
        name="placeholder design",
        severity=Severity.WARNING,
        message="the Quasar table is tt-umd's placeholder: cores outside its grid, nodes with two cores",
    )


def differing_chips(chips: tuple[Chip, ...]) -> list[Finding]:
    """Chips of one mesh should be alike; a MeshDevice uses what all of them have."""
    if len(chips) < 2:
        return []
    groups: dict[tuple[str, str, str], list[int]] = {}
    for chip in chips:
        grid = chip_grid(chip.soc, chip.masks)
        if grid.tensix.grid is None or grid.dram.active is None or grid.eth.active is None:
            return []
        width, height = grid.tensix.grid
        key = (
            f"{width}x{height} tensix",
            plural(grid.dram.active, "DRAM bank"),
            plural(grid.eth.active, "eth channel"),
        )
        groups.setdefault(key, []).append(chip.id)
    if len(groups) < 2:
        return []
    columns = list(zip(*groups, strict=True))
    differing = [index for index, column in enumerate(columns) if len(set(column)) > 1]
    told = "; ".join(
        f"{', '.join(key[index] for index in differing)}: {_chips(ids)}" for key, ids in groups.items()
    )
    return [
        Finding(
            id="TTH002",
            name="chips differ",
            severity=Severity.WARNING,
            message=f"the chips of this mesh differ ({told})",
            evidence={", ".join(key): ids for key, ids in groups.items()},
        )
    ]


def _chips(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:6]))
    more = f" and {len(ids) - 6} more" if len(ids) > 6 else ""
    return f"chip {shown}" if len(ids) == 1 else f"chips {shown}{more}"
