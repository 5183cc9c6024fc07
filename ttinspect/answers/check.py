"""The answer of ``check``: is this machine what it should be?"""

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from ttinspect.answers.unknowns import Reasons, explained, reasons_of
from ttinspect.capacity.settings import make_settings
from ttinspect.errors import ExitCode, InspectError, most_important
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.readiness import Readiness
from ttinspect.model.system import OfHost, Source
from ttinspect.model.tool import TOOL, Tool
from ttinspect.sources.check_file import Wanted
from ttinspect.verify.case import Case
from ttinspect.verify.check.expectation import Expectation, Outcome
from ttinspect.verify.check.product import product_expectations, product_findings
from ttinspect.verify.check.site import region_expectations, site_expectations
from ttinspect.verify.check.telemetry import use_expectations
from ttinspect.verify.findings.files import FORBIDDEN, UNREADABLE
from ttinspect.verify.findings.harvest import differing_chips, doubts
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.readiness import readiness_findings
from ttinspect.verify.findings.rules import SAYING_UNKNOWN
from ttinspect.verify.findings.site import RULES as SITE_RULES
from ttinspect.verify.findings.topology import topology_findings
from ttinspect.verify.findings.use import Uses, use_findings, uses_of
from ttinspect.verify.rule import Hit
from ttinspect.verify.verify import Verdict, exit_code_of, verify

_SITE_RULES = {rule.id: rule for rule in SITE_RULES}


class CheckCounts(msgspec.Struct, frozen=True, kw_only=True, rename={"passed": "pass"}):
    """How many expectations passed, failed, or are unknown; and how many warnings there are besides: findings
    that no expectation reports already, and that say more than that a fact is unknown."""

    passed: int
    fail: int
    unknown: int
    warning: int


class CheckDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One chip and what was found about it. None is unknown."""

    id: int
    arch: Arch
    board: Board | None
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class CheckRegion(msgspec.Struct, frozen=True, kw_only=True):
    """One region and what verify-shm found about it; ``device`` is a chip id."""

    path: str
    device: int | None
    findings: tuple[Finding, ...]


class CheckAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.check.v1"):
    """What ``check`` says. ``files`` are where the expectations come from: check files, --expect, product.
    ``regions`` are there when they were checked; ``kmd_version`` and ``readiness`` are of the whole host,
    whichever chips were chosen; None where the source does not tell."""

    tool: Tool = TOOL
    source: Source
    kmd_version: str | None
    readiness: Readiness | None
    verdict: Verdict
    counts: CheckCounts
    files: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    devices: tuple[CheckDevice, ...]
    regions: tuple[CheckRegion, ...]
    findings: tuple[Finding, ...]


def checks_products(wanted: Sequence[Wanted], product: bool) -> bool:
    """Whether products are checked: always without files, else where it is asked for."""
    return product or not wanted or any(wanted_file.file.product for wanted_file in wanted)


def checks_regions(wanted: Sequence[Wanted], product: bool) -> bool:
    """Whether regions are looked at."""
    return checks_products(wanted, product) or any(
        wanted_file.file.regions is not None for wanted_file in wanted
    )


def build_check(
    case: Case, wanted: Sequence[Wanted], *, product: bool = False, uses: Uses | None = None
) -> CheckAnswer:
    """Hold a Case against the expectations of check files; without any file, against the products of its
    chips. ``uses`` is what earlier readings showed of the use of the chips, None where this is the only
    reading.

    Raises:
        InspectError: 2 when nothing is expected of the chosen chips: that must not pass.
    """
    system, settings = case.system, make_settings()
    products = checks_products(wanted, product)
    used = (uses_of(case) if uses is None else uses) if products else {}
    expectations: list[Expectation] = []
    for wanted_file in wanted:
        expectations += site_expectations(wanted_file, system, case.chosen, case.grids, settings)
    if products:
        expectations += product_expectations(system, case.chosen, case.grids)
        expectations += use_expectations(case.shown, used)
    regions_wanted = any(each.file.regions is not None for each in wanted)
    verified = verify(case) if regions_wanted or (products and case.regions) else None
    if verified is not None:
        expectations += region_expectations(verified, wanted)
    of_chip = product_findings(system) if products else {}
    for chip_id, use in used.items():
        of_chip[chip_id] += use_findings(use)
    failed = _findings(expectations)
    reasons = reasons_of(system)
    devices = tuple(
        _device(chip, reasons, (*failed.get(chip.id, ()), *of_chip.get(chip.id, ()))) for chip in case.shown
    )
    regions = tuple(
        CheckRegion(path=region.looked.looks.file.path, device=region.chip, findings=region.findings)
        for region in (() if verified is None else verified.regions)
    )
    findings = [*failed.get(None, ()), *(() if verified is None else verified.findings)]
    if products:
        shown = {chip.id for chip in case.shown}
        findings += [
            finding for finding in topology_findings(system).get(None, ()) if finding.is_about(shown)
        ]
        findings += readiness_findings(system).get(None, ())
        for board in dict.fromkeys(chip.board for chip in case.shown):  # others need not be alike
            alike = tuple(chip for chip in case.shown if chip.board is board)
            findings += differing_chips(alike, case.grids)
    findings += [*doubts(system), *trouble_findings(system)]
    per_part = [*(device.findings for device in devices), *(region.findings for region in regions)]
    everything = [*findings, *itertools.chain.from_iterable(per_part)]
    covered = covered_ids(expectations)
    warned = [finding.id for finding in everything if finding.severity is Severity.WARNING]
    warnings = sum(finding_id not in covered for finding_id in warned)
    if not expectations:
        raise InspectError(
            "nothing to check",
            f"{', '.join(each.name for each in wanted)} says nothing of the chosen chips",
            "choose other chips with --device, or leave it out",
        )
    outcomes = [expectation.outcome for expectation in expectations]
    return CheckAnswer(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        kmd_version=system.kmd_version,
        readiness=system.readiness,
        verdict=_verdict(outcomes, warnings, unread=any(not trouble.readable for trouble in system.troubles)),
        counts=CheckCounts(
            passed=outcomes.count(Outcome.PASS),
            fail=outcomes.count(Outcome.FAIL),
            unknown=outcomes.count(Outcome.UNKNOWN),
            warning=warnings,
        ),
        files=(*(each.name for each in wanted), *(("product",) if products else ())),
        expectations=tuple(expectations),
        devices=devices,
        regions=regions,
        findings=tuple(findings),
    )


def covered_ids(expectations: Iterable[Expectation]) -> set[str]:
    """The ids of findings that are not listed beside the expectations: an expectation that is not met says
    the same, or the finding only says that something is unknown."""
    unmet = {expectation.id for expectation in expectations if expectation.outcome is not Outcome.PASS}
    return unmet | {rule.id for rule in SAYING_UNKNOWN}


def check_exit_code(answer: CheckAnswer, *, strict: bool = False) -> ExitCode:
    """0, 10, 11, or 6 where this user may read none of the regions. ``strict``: 10 for warnings too."""
    if answer.verdict is Verdict.FAIL or (strict and answer.counts.warning):
        return ExitCode.CHECK_FAILED
    code = ExitCode.INCONCLUSIVE if answer.counts.unknown else ExitCode.DONE
    findings = [finding for region in answer.regions for finding in region.findings]
    forbidden = sum(
        finding.id == UNREADABLE.id and finding.evidence.get("errno") in FORBIDDEN for finding in findings
    )
    regions = exit_code_of(findings, forbidden=forbidden, candidates=len(answer.regions))
    return most_important(code, regions) if regions is ExitCode.PERMISSION else code


def _verdict(outcomes: Sequence[Outcome], warnings: int, *, unread: bool) -> Verdict:
    """The verdict of all expectations and warnings. It is no pass where a chip could not be read."""
    if Outcome.FAIL in outcomes:
        return Verdict.FAIL
    if Outcome.UNKNOWN in outcomes or unread:
        return Verdict.INCONCLUSIVE
    return Verdict.WARN if warnings else Verdict.PASS


def _device(chip: Chip, reasons: Reasons, findings: tuple[Finding, ...]) -> CheckDevice:
    device = CheckDevice(id=chip.id, arch=chip.arch, board=chip.board, unknown=(), findings=findings)
    return explained(device, chip, reasons)


def _findings(expectations: Iterable[Expectation]) -> dict[int | None, list[Finding]]:
    """The findings that stand for expectations of a site that are not met, by chip id (None: about the host).
    Unmet expectations of a product are findings of other commands already."""
    findings: dict[int | None, list[Finding]] = {}
    for expectation in expectations:
        rule = _SITE_RULES.get(expectation.id)
        if expectation.outcome is Outcome.PASS or rule is None:
            continue
        message = expectation.why if expectation.where is None else f"{expectation.why} ({expectation.where})"
        evidence = {
            "fact": expectation.fact,
            "expected": expectation.expected,
            "found": expectation.found,
            "where": expectation.where,
        }
        finding = rule.finding(Hit(expectation.outcome.value, message, evidence))
        if finding is not None:
            findings.setdefault(expectation.chip, []).append(finding)
    return findings
