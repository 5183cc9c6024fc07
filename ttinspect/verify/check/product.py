"""What the chips of a host should be, whatever site it is at: expectations of their products.

No second engine: an expectation fails where the finding that other commands give is there. What is added
here is only when a fact is unknown, so that it cannot pass.
"""

from collections.abc import Iterable, Iterator

from ttinspect.facts.boards import Product, product_of, with_article
from ttinspect.facts.firmware import dotted
from ttinspect.facts.trays import has_trays
from ttinspect.facts.wording import plural
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.grids import Grids
from ttinspect.harvesting.refusal import expected_pcie_masks, refusal
from ttinspect.model.arch import Board
from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.grid import ChipGrid
from ttinspect.model.readiness import Iommu
from ttinspect.model.system import SourceKind, System
from ttinspect.verify.check.expectation import (
    Expectation,
    Fact,
    Outcome,
    judged,
    known,
    messages_of,
    of_host,
    outcome_of,
    subject_of,
)
from ttinspect.verify.check.telemetry import telemetry_expectations
from ttinspect.verify.findings.harvest import (
    CHIPS_DIFFER,
    NOT_AS_THE_PRODUCT,
    UNKNOWN_BOARD,
    chip_findings,
    differing_chips,
)
from ttinspect.verify.findings.live import (
    LIVE_CHIP_DIFFERS,
    UNREADABLE_CHIP,
    is_compared,
    live_findings,
    trouble_findings,
)
from ttinspect.verify.findings.readiness import (
    FIRMWARE_DIFFERS,
    HUGEPAGES,
    NARROW_PCIE,
    NODE_PERMISSIONS,
    pcie_measures,
    readiness_findings,
)
from ttinspect.verify.findings.telemetry import telemetry_findings
from ttinspect.verify.findings.topology import (
    DUPLICATE_BOARD_ID,
    DUPLICATE_UNIQUE_ID,
    INCOMPLETE_BOARD,
    ISOLATED_CHIP,
    LINKS,
    MISSING_LINK,
    LinkCounts,
    link_counts,
    topology_findings,
    without_eth,
)
from ttinspect.verify.naming import (
    UNSEEN_REMOTE,
    knows,
    links_unknown,
    may_have_another,
    of_unknown_board,
    unseen_remotes,
)
from ttinspect.verify.rule import found_by
from ttinspect.verify.words import numbers

_DESCRIPTORS = (SourceKind.CLUSTER, SourceKind.REPORT)
_NO_PRODUCT = "the board is unknown, and so is what it should have"


def product_expectations(system: System, chosen: frozenset[int] | None, grids: Grids) -> list[Expectation]:
    """Everything that the chosen chips (None: all) should be; those of a board that is cut by the choice are
    judged with the whole board."""
    shown = [chip for chip in system.chips if chosen is None or chip.id in chosen]
    topology = topology_findings(system)
    expectations = list(_ids(system, shown, topology))
    expectations += _boards(system, shown, found_by((INCOMPLETE_BOARD,), topology.get(None, ())))
    expectations += _uniform(shown, grids)
    counts = link_counts(system)
    for chip in shown:
        links = _links(chip, system.asked, topology.get(chip.id, []), counts[chip.id])
        expectations += _chip(chip, grids[chip.id], links, system.asked)
    return [*expectations, *_readiness(system, shown), *_troubles(system, shown)]


def product_findings(system: System) -> dict[int, list[Finding]]:
    """What other commands say of each chip, by chip id."""
    topology, readiness = topology_findings(system), readiness_findings(system)
    return {
        chip.id: [
            *chip_findings(chip, system.unread(chip.id)),
            *live_findings(chip),
            *topology.get(chip.id, []),
            *telemetry_findings(chip, system.unread(chip.id)),
            *(finding for finding in readiness.get(chip.id, ())),
        ]
        for chip in system.chips
    }


def _chip(
    chip: Chip, grid: ChipGrid, links: Iterator[Expectation], kind: SourceKind
) -> Iterator[Expectation]:
    findings = chip_findings(chip)
    product = product_of(chip.board)
    if product is None:
        yield known(
            chip,
            UNKNOWN_BOARD.id,
            "board",
            "a board that UMD knows",
            chip.board_name,
            Outcome.UNKNOWN,
            _NO_PRODUCT,
        )
    else:
        yield from _harvested(chip, grid, product, findings)
        yield from _pcie(chip)
    yield from _cores(chip, kind)
    yield from links
    yield from telemetry_expectations(chip, kind)


def _cores(chip: Chip, kind: SourceKind) -> Iterator[Expectation]:
    """Cores that were not all compared with those of tt_umd do not pass."""
    live, expected = live_findings(chip), "as tt_umd says"
    if chip.live_cores is None and kind not in (SourceKind.UMD, SourceKind.SIM):
        return
    if not live and not is_compared(chip):
        why = "not every core was compared with those that tt_umd names"
        yield known(chip, LIVE_CHIP_DIFFERS.id, "cores", expected, None, Outcome.UNKNOWN, why)
    else:
        yield judged(chip, LIVE_CHIP_DIFFERS.id, "cores", expected, live, messages_of(live) or expected)


def _harvested(
    chip: Chip, grid: ChipGrid, product: Product, findings: Iterable[Finding]
) -> Iterator[Expectation]:
    if product.arch is not chip.arch:
        deviations = found_by((NOT_AS_THE_PRODUCT,), findings)
        expected_arch, arch = product.arch.value, chip.arch.value
        yield judged(chip, NOT_AS_THE_PRODUCT.id, "architecture", expected_arch, deviations, arch)
        return
    units = {
        "tensix": (f"harvested tensix {ARCHITECTURES[chip.arch].axis.value}s", grid.tensix.harvested_lines),
        "dram": ("harvested DRAM banks", grid.dram.harvested),
        "eth": ("harvested eth channels", grid.eth.harvested),
    }
    for name, (fact, harvested) in units.items():
        expected: Fact = getattr(product, name)
        if harvested is None:
            why = _why_no_mask(chip, name)
            yield known(chip, NOT_AS_THE_PRODUCT.id, fact, expected, None, Outcome.UNKNOWN, why)
            continue
        of_product = found_by((NOT_AS_THE_PRODUCT,), findings)
        deviations = [finding for finding in of_product if finding.evidence.get("unit") == name]
        if not deviations and len(harvested) != expected and product.unharvested_tensix_before is not None:
            before = dotted(product.unharvested_tensix_before)
            expected = f"{expected}, or 0 with firmware before {before}"
        if chip.simulated and not harvested and expected:
            expected = f"{expected}, or 0 in a simulator"
        yield judged(chip, NOT_AS_THE_PRODUCT.id, fact, expected, deviations, len(harvested))


def _why_no_mask(chip: Chip, unit: str) -> str:
    """Why the harvesting mask of a unit is unknown: one sentence for those of one reason."""
    paths = ("masks", f"masks.{unit}")
    why = next((fact.why for fact in chip.unknown if fact.path in paths), "the source does not tell")
    return f"the harvesting mask is unknown: {why}"


def _pcie(chip: Chip) -> Iterator[Expectation]:
    right, mask = expected_pcie_masks(chip.board, chip.asic_location), chip.masks.pcie
    if not right:
        return
    expected, shown = " or ".join(f"{mask:#x}" for mask in right), None if mask is None else f"{mask:#x}"
    outcome, why = Outcome.PASS, ""
    if mask is None:
        outcome, why = Outcome.UNKNOWN, _why_no_mask(chip, "pcie")
    elif mask not in right:
        words = refusal(chip.soc, chip.masks, chip.board, chip.asic_location)
        outcome, why = Outcome.FAIL, words or f"the pcie mask should be {expected}, it is {shown}"
    elif len(right) > 1:
        outcome, why = Outcome.UNKNOWN, "its place on the board is unknown, and so which mask is right"
    yield known(chip, NOT_AS_THE_PRODUCT.id, "harvested PCIe mask", expected, shown, outcome, why)


def _links(
    chip: Chip, kind: SourceKind, findings: Iterable[Finding], links: LinkCounts
) -> Iterator[Expectation]:
    """Discovery lists links that trained. What a board has between its own chips must be among them, unless
    that is no fault (of a simulator); whether a cable should be there, only a site knows (eth_links)."""
    missing = found_by((MISSING_LINK,), findings)
    if links.on_board is not None and links.listed:
        present, should = links.on_board
        modelled = bool(missing) and outcome_of(missing) is Outcome.PASS
        text: Fact = f"{should}, or {present} in a simulator" if modelled else should
        yield judged(chip, MISSING_LINK.id, "links on the board", text, missing, present)
    of_links = [finding for finding in found_by(LINKS, findings) if finding not in missing]
    good = outcome_of(of_links) is Outcome.PASS
    expected, why = f"{links.listed} of {links.listed} up", None
    if links_unknown(chip):
        expected, why = "all listed up", next(fact.why for fact in chip.unknown if fact.path == "links")
    elif links.on_board is None and kind in _DESCRIPTORS and not without_eth(chip):
        why = "a cluster descriptor lists the links that trained; one that is down is not in it"
        expected = "all listed up"
    elif not links.listed:
        expected = "none listed" if good else "at least 1 up"
    elif links.up is None:
        why = "only one end tells of a link, or none whether it is up"
    if why is not None and good:
        yield known(chip, ISOLATED_CHIP.id, "eth links", expected, None, Outcome.UNKNOWN, why)
        return
    shown = f"{links.up} of {links.listed} up" if links.listed else "none listed"
    if not good and (links.up is None or shown == expected):  # what is wrong is not in the figures
        shown = messages_of(of_links)
    yield judged(chip, ISOLATED_CHIP.id, "eth links", expected, of_links, shown)


def _ids(
    system: System, shown: list[Chip], topology: dict[int | None, list[Finding]]
) -> Iterator[Expectation]:
    """Ids that more than one chip could share."""
    if len(system.chips) < 2:
        return
    for rule, name, expected in (
        (DUPLICATE_UNIQUE_ID, "unique_id", "all differ"),
        (DUPLICATE_BOARD_ID, "board_id", "one per board"),
    ):
        fact = name.replace("_", " ") + "s"
        duplicates = [
            finding
            for finding in found_by((rule,), topology.get(None, ()))
            if finding.is_about({chip.id for chip in shown})
        ]
        missing = [chip for chip in shown if not knows(chip, name)]
        if missing and not duplicates:
            have = "has" if len(missing) == 1 else "have"
            why = f"{len(missing)} of {plural(len(shown), 'chip')} {have} no {fact[:-1]} that is known"
            yield of_host(rule.id, fact, expected, None, Outcome.UNKNOWN, why)
        else:
            why = messages_of(duplicates)
            yield of_host(rule.id, fact, expected, why or expected, outcome_of(duplicates), why)


def _uniform(shown: list[Chip], grids: Grids) -> Iterator[Expectation]:
    """Chips of one board type should be alike."""
    for board in dict.fromkeys(chip.board for chip in shown):
        chips = tuple(chip for chip in shown if chip.board is board)
        if len(chips) < 2:
            continue
        name = f"grids of {'boards that are unknown' if board is None else board.value}"
        shapes = {grids[chip.id].tensix.grid for chip in chips}
        if None in shapes:
            why = "a mask is unknown, and so is the grid"
            yield of_host(CHIPS_DIFFER.id, name, "one for all chips", None, Outcome.UNKNOWN, why)
            continue
        differences = differing_chips(chips, grids)
        words = ", ".join(sorted(f"{shape[0]}x{shape[1]}" for shape in shapes if shape is not None))
        why = messages_of(differences)
        yield of_host(CHIPS_DIFFER.id, name, "one for all chips", words, outcome_of(differences), why)


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
            yield known(chip, UNREADABLE_CHIP.id, "health", "healthy", "healthy", Outcome.PASS, "")


def _boards(system: System, shown: list[Chip], incomplete: list[Finding]) -> Iterator[Expectation]:
    """As many chips as a board has: by board id; where there is none, and of a Galaxy, by all chips of the
    type. ``incomplete`` are the findings that a board lacks chips."""
    for board in dict.fromkeys(chip.board for chip in shown):
        if board is not None:
            yield from _boards_of_type(board, system, shown, incomplete)


def _boards_of_type(
    board: Board, system: System, shown: list[Chip], incomplete: list[Finding]
) -> Iterator[Expectation]:
    product = product_of(board)
    if product is None:
        return
    whole, outcome, why = product.chips, Outcome.PASS, ""
    count: int | None = whole
    chips = [chip for chip in system.chips if chip.board is board]
    wrong = _wrong_counts(_chips_by_board(chips), {chip.id for chip in shown}, whole)
    if wrong:
        count = next(iter(wrong.values()))
        why = _why_boards_undecided(board, system, wrong, whole)
        outcome = Outcome.UNKNOWN if why else Outcome.FAIL
    elif unseen_remotes(chips):
        count, outcome, why = None, Outcome.UNKNOWN, UNSEEN_REMOTE
    if outcome is Outcome.FAIL:
        about = [finding for finding in incomplete if finding.is_about({chip.id for chip in chips})]
        why = messages_of(about) or f"{with_article(board)} has {plural(whole, 'chip')}, here are {count}"
    yield _board_row(board, whole, count, outcome, why)


def _board_row(board: Board, whole: int, fact: Fact, outcome: Outcome, why: str) -> Expectation:
    return of_host(INCOMPLETE_BOARD.id, f"chips per {board.value}", whole, fact, outcome, why)


def _chips_by_board(chips: list[Chip]) -> dict[str | None, list[Chip]]:
    """Chips by board id; None for those that are counted together."""
    groups: dict[str | None, list[Chip]] = {}
    for chip in chips:
        counted_together = has_trays(chip.board) or "board_id" in chip.assumed
        groups.setdefault(None if counted_together else chip.board_id, []).append(chip)
    return groups


def _wrong_counts(boards: dict[str | None, list[Chip]], shown: set[int], whole: int) -> dict[str | None, int]:
    """The number of chips of each board that has not as many as it should."""
    return {
        board_id: len(chips)
        for board_id, chips in boards.items()
        if not shown.isdisjoint(chip.id for chip in chips)
        and (len(chips) % whole if len(boards) == 1 else len(chips) != whole)
    }


def _why_boards_undecided(board: Board, system: System, wrong: dict[str | None, int], whole: int) -> str:
    """Why boards that lack chips need not; empty where one of them does, or has too many."""
    if any(size > whole and board_id is not None for board_id, size in wrong.items()):
        return ""
    chips = [chip for chip in system.chips if chip.board is board]
    if unseen_remotes(chips):
        return UNSEEN_REMOTE
    unknown = of_unknown_board(system.chips)
    if all(may_have_another(unknown, board_id) for board_id in wrong):
        return "the board of another chip is unknown, which could be this one"
    return ""


def _readiness(system: System, shown: list[Chip]) -> Iterator[Expectation]:
    """Of what is known; what a source does not tell of a host is not expected of it."""
    findings = readiness_findings(system)
    of_system = findings.get(None, ())
    ready = system.readiness
    if ready is not None:
        needing = [
            device.device for device in ready.devices if device.iommu in (Iommu.OFF, Iommu.PASSTHROUGH)
        ]
        if ready.hugepages_1g is not None and needing:
            of_rule = found_by((HUGEPAGES,), of_system)
            expected = f"at least {len(needing)}"
            yield of_host(
                HUGEPAGES.id,
                "hugepages of 1 GiB",
                expected,
                ready.hugepages_1g,
                outcome_of(of_rule),
                messages_of(of_rule),
            )
        nodes = [device for device in ready.devices if device.accessible is not None]
        if nodes:
            of_rule = found_by((NODE_PERMISSIONS,), of_system)
            able = [node.device for node in nodes if node.accessible]
            text = f"{numbers(able)} of {numbers(node.device for node in nodes)}" if able else "none"
            yield of_host(
                NODE_PERMISSIONS.id, "nodes", "read and write", "read and write" if not of_rule else text,
                outcome_of(of_rule), messages_of(of_rule),
            )  # fmt: skip
    if sum(chip.firmware is not None for chip in shown) > 1:
        of_rule = found_by((FIRMWARE_DIFFERS,), of_system)
        bundles = sorted({dotted(chip.firmware) for chip in shown if chip.firmware is not None})
        yield of_host(
            FIRMWARE_DIFFERS.id,
            "firmware bundles",
            "one for all",
            ", ".join(bundles),
            outcome_of(of_rule),
            messages_of(of_rule),
        )
    for chip in shown:
        known_of_link = [
            measure for measure in pcie_measures(chip) if None not in (measure.now, measure.most)
        ]
        if known_of_link:
            of_rule = found_by((NARROW_PCIE,), findings.get(chip.id, ()))
            expected = " ".join(
                measure.in_words(max(measure.most or 0, measure.board or 0)) for measure in known_of_link
            )
            now = " ".join(measure.in_words(measure.now) for measure in known_of_link)
            yield judged(chip, NARROW_PCIE.id, "PCIe", expected, of_rule, now)
