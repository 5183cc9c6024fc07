"""What the chips of a host should be, whatever site it is at: expectations of their products.

No second engine: an expectation fails where the finding that other commands give is there. What is added
here is only when a fact is unknown, so that it cannot pass.
"""

from collections.abc import Iterable, Iterator

from ttinspect.facts.boards import Product, product_of
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.grids import chip_grid
from ttinspect.harvesting.refusal import expected_pcie_mask, refusal
from ttinspect.model.arch import Board
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import SourceKind, System
from ttinspect.verify.check.expectation import Expectation, Fact, Outcome, outcome_of, subject_of
from ttinspect.verify.harvest import chip_findings, differing_chips, plural, with_article
from ttinspect.verify.live import live_findings, trouble_findings
from ttinspect.verify.telemetry import telemetry_findings
from ttinspect.verify.topology import GALAXIES, board_links, links_unknown, links_up, topology_findings

_NO_PRODUCT = "the board is unknown, and so is what it should have"


def product_expectations(system: System, chosen: frozenset[int] | None) -> list[Expectation]:
    """Everything that the chosen chips (None: all) should be; those of a board that is cut by the choice are
    judged with the whole board."""
    shown = [chip for chip in system.chips if chosen is None or chip.id in chosen]
    topology = topology_findings(system)
    found: list[Expectation] = [*_ids(system, shown, topology), *_boards(system, shown, topology)]
    found += _uniform(shown)
    up, on_board = links_up(system), board_links(system)
    for chip in shown:
        links = _links(chip, system.asked, topology.get(chip.id, []), up[chip.id], on_board.get(chip.id))
        found += _chip(chip, links, system.asked)
    return [*found, *_troubles(system, shown)]


def product_findings(system: System) -> dict[int, list[Finding]]:
    """What other commands say of each chip, by chip id."""
    topology = topology_findings(system)
    return {
        chip.id: [
            *chip_findings(chip),
            *live_findings(chip),
            *topology.get(chip.id, []),
            *telemetry_findings(chip),
        ]
        for chip in system.chips
    }


def _chip(chip: Chip, links: Expectation, kind: SourceKind) -> Iterator[Expectation]:
    findings = chip_findings(chip)
    product = product_of(chip.board)
    if product is None:
        yield _known(
            chip, "TTH005", "board", "a board that UMD knows", chip.board_name, Outcome.UNKNOWN, _NO_PRODUCT
        )
    else:
        yield from _harvested(chip, product, findings)
        yield from _pcie(chip)
    live = live_findings(chip)
    if chip.live_cores is not None:
        expected = "as tt_umd says"
        yield _judged(chip, "TTH008", "cores", expected, live, _told(live) or expected)
    yield links
    yield from _telemetry(chip, kind)


def _harvested(chip: Chip, product: Product, findings: Iterable[Finding]) -> Iterator[Expectation]:
    grid = chip_grid(chip.soc, chip.masks)
    units = {
        "tensix": (f"harvested tensix {ARCHITECTURES[chip.arch].axis.value}s", grid.tensix.harvested_lines),
        "dram": ("harvested DRAM banks", grid.dram.harvested),
        "eth": ("harvested eth channels", grid.eth.harvested),
    }
    for name, (fact, harvested) in units.items():
        expected: Fact = getattr(product, name)
        if harvested is None:
            why = f"the {name} mask is unknown"
            yield _known(chip, "TTH001", fact, expected, None, Outcome.UNKNOWN, why)
            continue
        mine = [one for one in findings if one.id == "TTH001" and one.evidence.get("unit") == name]
        if not mine and len(harvested) != expected and product.unharvested_tensix_before is not None:
            before = ".".join(map(str, product.unharvested_tensix_before))
            expected = f"{expected}, or 0 with firmware before {before}"
        yield _judged(chip, "TTH001", fact, expected, mine, len(harvested))


def _pcie(chip: Chip) -> Iterator[Expectation]:
    expected, found = expected_pcie_mask(chip.board, chip.asic_location), chip.masks.pcie
    if expected is None:
        return
    outcome = Outcome.UNKNOWN if found is None else Outcome.PASS if found == expected else Outcome.FAIL
    why = "the pcie mask is unknown" if found is None else ""
    if outcome is Outcome.FAIL:
        why = refusal(chip.soc, chip.masks, chip.board, chip.asic_location) or ""
    shown = None if found is None else f"{found:#x}"
    yield _known(chip, "TTH001", "harvested PCIe mask", f"{expected:#x}", shown, outcome, why)


def _links(
    chip: Chip,
    kind: SourceKind,
    findings: Iterable[Finding],
    up: int | None,
    on_board: tuple[int, int] | None,
) -> Expectation:
    """Discovery lists links that trained. What a board has between its own chips must be among them, unless
    that is no fault (of a simulator); whether a cable should be there, only a site knows (eth_links)."""
    mine = [one for one in findings if one.id in ("TTT003", "TTT004", "TTT005", "TTT006", "TTT008", "TTT009")]
    serious = [one for one in mine if one.severity is not Severity.INFO]
    expected, why = "all listed up", None
    if on_board is not None and (serious or on_board[0] >= on_board[1]):
        expected = f"{on_board[1]} on the board"
    if links_unknown(chip):
        why = next(one.why for one in chip.unknown if one.path == "links")
    elif on_board is None and kind is SourceKind.CLUSTER and chip_grid(chip.soc, chip.masks).eth.active != 0:
        why = "a cluster descriptor lists the links that trained; one that is down is not in it"
    elif up is None:
        why = "only one end tells of a link, or none whether it is up"
    if why is not None and outcome_of(mine) is Outcome.PASS:
        return _known(chip, "TTT005", "eth links", expected, None, Outcome.UNKNOWN, why)
    return _judged(chip, "TTT005", "eth links", expected, mine, _told(serious) or f"{up} up")


def _telemetry(chip: Chip, kind: SourceKind) -> Iterator[Expectation]:
    """DRAM training and firmware must be known; the rest is held against what it should be where it is.
    A functional simulator answers for the firmware and runs none, so that no heartbeat has to move."""
    findings = telemetry_findings(chip)
    reading = chip.telemetry
    untrained = [one for one in findings if one.id == "TTT011"]
    modules = None if reading is None else reading.gddr
    known = modules is not None and all(module.trained is not None for module in modules)
    if untrained or known:
        trained = [module for module in modules or () if module.trained]
        found = f"{len(trained)} of {len(modules or ())} live"
        yield _judged(chip, "TTT011", "DRAM trained", "all live", untrained, found)
    else:
        why = "the source does not tell whether DRAM is trained"
        yield _known(chip, "TTT011", "DRAM trained", "all live", None, Outcome.UNKNOWN, why)
    minimum = None if reading is None else reading.firmware_minimum
    bundle = None if reading is None else reading.firmware_bundle
    expected = "tt_umd's minimum" if minimum is None else f"at least {minimum}"
    if bundle is None or minimum is None:
        why = "the source does not tell the firmware" if bundle is None else "tt_umd's minimum is unknown"
        yield _known(chip, "TTT013", "firmware", expected, bundle, Outcome.UNKNOWN, why)
    else:
        mine = [one for one in findings if one.id == "TTT013"]
        yield _judged(chip, "TTT013", "firmware", expected, mine, bundle)
    beats = kind is not SourceKind.SIM and reading is not None and reading.heartbeat_moves is not None
    for finding_id, fact, expected, is_known in (
        ("TTT012", "heartbeat", "moves", beats),
        ("TTT014", "temperature", "below throttling", _has(chip, "asic_celsius", "throttle_celsius")),
        ("TTT015", "DRAM errors", "none uncorrected", _counts_errors(chip)),
    ):
        mine = [one for one in findings if one.id == finding_id]
        if is_known or (mine and is_known is None):
            yield _judged(chip, finding_id, fact, expected, mine, _told(mine) or expected)
        elif is_known is None:
            why = "some of its DRAM channels do not tell their errors"
            yield _known(chip, finding_id, fact, expected, None, Outcome.UNKNOWN, why)


def _has(chip: Chip, *names: str) -> bool:
    return chip.telemetry is not None and all(getattr(chip.telemetry, name) is not None for name in names)


def _counts_errors(chip: Chip) -> bool | None:
    """Whether the chip counts uncorrected errors of its DRAM; None where it does for some of it only."""
    modules = (chip.telemetry.gddr if chip.telemetry is not None else None) or ()
    known = {
        count is not None
        for module in modules
        for count in (module.uncorrected_read_errors, module.uncorrected_write_errors)
    }
    return None if len(known) == 2 else True in known


def _ids(
    system: System, shown: list[Chip], topology: dict[int | None, list[Finding]]
) -> Iterator[Expectation]:
    """Ids that more than one chip could share."""
    if len(system.chips) < 2:
        return
    for finding_id, name, expected in (
        ("TTT001", "unique_id", "all differ"),
        ("TTT002", "board_id", "one per board"),
    ):
        fact = name.replace("_", " ") + "s"
        mine = [one for one in _of_host(topology, finding_id) if one.is_about({chip.id for chip in shown})]
        missing = [chip for chip in shown if getattr(chip, name) is None or name in chip.assumed]
        if missing and not mine:
            have = "has" if len(missing) == 1 else "have"
            why = f"{len(missing)} of {plural(len(shown), 'chip')} {have} no {fact[:-1]} that is known"
            yield _host(finding_id, fact, expected, None, Outcome.UNKNOWN, why)
        else:
            why = _told(mine)
            yield _host(finding_id, fact, expected, why or expected, outcome_of(mine), why)


def _boards(
    system: System, shown: list[Chip], topology: dict[int | None, list[Finding]]
) -> Iterator[Expectation]:
    """As many chips as a board has: by board id; where there is none, and of a Galaxy, by all of the type."""
    incomplete = _of_host(topology, "TTT007")
    ids = {chip.id for chip in shown}
    for board in dict.fromkeys(chip.board for chip in shown):
        product = product_of(board)
        if board is None or product is None:
            continue
        whole, fact = product.chips, f"chips per {board.value}"
        chips = [chip for chip in system.chips if chip.board is board]
        groups = _boards_of(chips)
        sizes = [len(group) for group in groups if not ids.isdisjoint(one.id for one in group)]
        wrong = [size for size in sizes if (size % whole if len(groups) == 1 else size != whole)]
        if board is Board.N300 and wrong and max(wrong) < whole and any(map(links_unknown, chips)):
            why = "a remote chip is seen through links, which this source does not show"
            yield _host("TTT007", fact, whole, wrong[0], Outcome.UNKNOWN, why)
        elif wrong:
            mine = [one for one in incomplete if one.is_about({chip.id for chip in chips})]
            why = _told(mine) or f"{with_article(board)} has {plural(whole, 'chip')}, here are {wrong[0]}"
            yield _host("TTT007", fact, whole, wrong[0], Outcome.FAIL, why)
        else:
            yield _host("TTT007", fact, whole, whole, Outcome.PASS, "")


def _boards_of(chips: list[Chip]) -> list[list[Chip]]:
    groups: dict[str | None, list[Chip]] = {}
    for chip in chips:
        counted_together = chip.board in GALAXIES or "board_id" in chip.assumed
        groups.setdefault(None if counted_together else chip.board_id, []).append(chip)
    return list(groups.values())


def _uniform(shown: list[Chip]) -> Iterator[Expectation]:
    """Chips of one board type should be alike."""
    for board in dict.fromkeys(chip.board for chip in shown):
        chips = tuple(chip for chip in shown if chip.board is board)
        if len(chips) < 2:
            continue
        name = f"grids of {'boards that are unknown' if board is None else board.value}"
        if any(chip_grid(chip.soc, chip.masks).tensix.grid is None for chip in chips):
            why = "a mask is unknown, and so is the grid"
            yield _host("TTH002", name, "one for all chips", None, Outcome.UNKNOWN, why)
            continue
        mine = differing_chips(chips)
        grids = {chip_grid(chip.soc, chip.masks).tensix.grid for chip in chips}
        told = ", ".join(sorted(f"{grid[0]}x{grid[1]}" for grid in grids if grid is not None))
        why = _told(mine)
        yield _host("TTH002", name, "one for all chips", told, outcome_of(mine), why)


def _troubles(system: System, shown: list[Chip]) -> Iterator[Expectation]:
    """Chips that a live source could not read, or finds unhealthy."""
    asked = system.asked in (SourceKind.UMD, SourceKind.SIM)
    troubled = dict(zip(system.troubles, trouble_findings(system), strict=True))
    for trouble, finding in troubled.items():
        if trouble.chip is None or any(chip.id == trouble.chip for chip in shown):
            yield Expectation(
                id=finding.id, subject="host" if trouble.chip is None else subject_of(trouble.chip),
                chip=trouble.chip, fact="health", expected="healthy", found=trouble.why,
                outcome=Outcome.FAIL, why=finding.message,
            )  # fmt: skip
    for chip in shown:
        if asked and all(trouble.chip != chip.id for trouble in system.troubles):
            yield _known(chip, "TTH009", "health", "healthy", "healthy", Outcome.PASS, "")


def _of_host(topology: dict[int | None, list[Finding]], finding_id: str) -> list[Finding]:
    return [one for one in topology.get(None, ()) if one.id == finding_id]


def _told(findings: Iterable[Finding]) -> str:
    return "; ".join(one.message for one in findings)


def _judged(
    chip: Chip, finding_id: str, fact: str, expected: Fact, findings: Iterable[Finding], found: Fact
) -> Expectation:
    """Failed by the findings that stand for it."""
    serious = [one for one in findings if one.severity is not Severity.INFO]
    known_as = serious[0].id if serious else finding_id
    return _known(chip, known_as, fact, expected, found, outcome_of(serious), _told(serious))


def _known(
    chip: Chip, finding_id: str, fact: str, expected: Fact, found: Fact, outcome: Outcome, why: str
) -> Expectation:
    return Expectation(
        id=finding_id, subject=subject_of(chip.id), chip=chip.id, fact=fact, expected=expected, found=found,
        outcome=outcome, why=why,
    )  # fmt: skip


def _host(finding_id: str, fact: str, expected: Fact, found: Fact, outcome: Outcome, why: str) -> Expectation:
    return Expectation(
        id=finding_id, subject="host", chip=None, fact=fact, expected=expected, found=found, outcome=outcome,
        why=why,
    )  # fmt: skip
