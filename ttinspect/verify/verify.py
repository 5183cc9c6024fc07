"""Case -> findings -> verdict -> exit code: every rule applied to every file, every region, and the host."""

from collections.abc import Iterable
from enum import Enum

import msgspec

from ttinspect.errors import ExitCode
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.region import Region, RegionFile
from ttinspect.shm.differences import Quantity
from ttinspect.shm.published import LookedAt
from ttinspect.verify.case import Case
from ttinspect.verify.findings.accounting import UNDERFLOW, row_of
from ttinspect.verify.findings.allocator import PUBLISHED_OVER_RESERVED, pair_statistics
from ttinspect.verify.findings.chips import NOT_DECIDABLE_NOW
from ttinspect.verify.findings.files import is_judgable
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.holding import region_match
from ttinspect.verify.matching import name_agrees
from ttinspect.verify.rule import Hit, RegionRule
from ttinspect.verify.subject import Subject, make_subject
from ttinspect.verify.words import which

_FILE_RULES = tuple(rule for rule in REGION_RULES if rule.of_file is not None)
_BY_ID = {rule.id: rule for rule in REGION_RULES}
_FAULTS = (Severity.ERROR, Severity.WARNING)


class RegionVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The findings about one file. ``subject`` is None where its content cannot be judged; ``chip`` is
    then from the name of the file, or is None."""

    looked: LookedAt
    subject: Subject | None
    chip: int | None
    findings: tuple[Finding, ...]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """All findings: of the files, in the order of the Case, and of the host. ``unpaired`` says in a sentence,
    for each of the allocator's statistics that was not compared, why not."""

    regions: tuple[RegionVerdict, ...]
    findings: tuple[Finding, ...]
    unpaired: tuple[str, ...] = ()

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """The findings of the host and of every file: the verdict is about these."""
        return (*self.findings, *(finding for region in self.regions for finding in region.findings))


def verify(case: Case) -> Verified:
    """Judge a whole Case. Pure: the same Case has the same findings."""
    subjects, unpaired = _subjects(case)
    regions = tuple(
        _region(case, looked, subject) for looked, subject in zip(case.regions, subjects, strict=True)
    )
    judged = [subject for subject in subjects if subject is not None]
    findings = [
        finding
        for rule in REGION_RULES
        if rule.of_host is not None
        for hit in rule.of_host(case, judged)
        if (finding := _finding(rule, hit, hit.version)) is not None
    ]
    shown = [region for region in regions if case.chosen is None or region.chip in case.chosen]
    findings += [finding for why in unpaired if (finding := _not_compared(why)) is not None]
    return Verified(regions=tuple(shown), findings=tuple(findings), unpaired=unpaired)


def matched(case: Case) -> Verified:
    """Every file with its chip and its processes, for an answer that judges nothing: without findings, which
    of thousands of regions take more memory than the regions."""
    subjects, unpaired = _subjects(case)
    regions = (
        RegionVerdict(looked=looked, subject=subject, chip=_chip_of(case, looked, subject), findings=())
        for looked, subject in zip(case.regions, subjects, strict=True)
    )
    shown = tuple(region for region in regions if case.chosen is None or region.chip in case.chosen)
    return Verified(regions=shown, findings=(), unpaired=unpaired)


def _subjects(case: Case) -> tuple[list[Subject | None], tuple[str, ...]]:
    made = {
        at: make_subject(case, looked, looked.looks.file.region)
        for at, looked in enumerate(case.regions)
        if looked.looks.file.region is not None and is_judgable(looked.looks.file)
    }
    paired = pair_statistics(_with_twins(list(made.values())), case.allocator)
    of_file = dict(zip(made, paired.subjects, strict=True))
    return [of_file.get(at) for at in range(len(case.regions))], paired.unpaired


def _with_twins(subjects: list[Subject]) -> list[Subject]:
    first: dict[int, str] = {}
    with_twins = []
    for subject in subjects:
        chip, path = subject.match.chip, subject.file.path
        # A copy under another name is TTS007, and no second region of the chip.
        named = subject.unfinished or name_agrees(subject.file_id, subject.header)
        twin = None if chip is None or not named else first.setdefault(chip, path)
        with_twins.append(subject if twin in (None, path) else msgspec.structs.replace(subject, twin=twin))
    return with_twins


def _region(case: Case, looked: LookedAt, subject: Subject | None) -> RegionVerdict:
    file = looked.looks.file
    findings = []
    for rule in REGION_RULES if subject is not None else _FILE_RULES:
        hits = [] if rule.of_file is None else list(rule.of_file(file))
        if subject is not None and rule.of_region is not None:
            hits += rule.of_region(case, subject)
        if hits:
            findings += [_finding(rule, _stopped(rule, hit, file, subject), file.version) for hit in hits]
    return RegionVerdict(
        looked=looked,
        subject=subject,
        chip=_chip_of(case, looked, subject),
        findings=tuple(finding for finding in findings if finding is not None),
    )


def _chip_of(case: Case, looked: LookedAt, subject: Subject | None) -> int | None:
    """By its file's name, where nothing in it can be judged."""
    if subject is not None:
        return subject.match.chip
    return region_match(case, looked.looks.file, by_name=True).chip


def _stopped(rule: RegionRule, hit: Hit, file: RegionFile, subject: Subject | None) -> Hit:
    """An accounting error beside a stopped writer may be an update that it stands in the middle of."""
    if subject is None or not rule.accounting or rule.severity(hit.row, file.version) is not Severity.ERROR:
        return hit
    pids = subject.stopped
    if not pids:
        return hit
    who = which("pid", pids)
    return Hit(hit.row, hit.message, hit.evidence, f"{who} is stopped, maybe in the middle of an update")


def _finding(rule: RegionRule, hit: Hit, version: int | None) -> Finding | None:
    if hit.undecided is None or rule.severity(hit.row, version) not in _FAULTS:
        return rule.finding(hit, version)
    message = f"{rule.id} {rule.name}: {hit.message} Not decidable now: {hit.undecided}."
    return NOT_DECIDABLE_NOW.finding(Hit("undecided", message, {**hit.evidence, "rule": rule.id}))


def _not_compared(why: str) -> Finding | None:
    rule = PUBLISHED_OVER_RESERVED
    message = f"{rule.id} {rule.name}: not compared, {why}."
    return NOT_DECIDABLE_NOW.finding(Hit("undecided", message, {"rule": rule.id}))


def is_illegal(region: Region, quantity: Quantity, difference: int) -> bool:
    """Whether the sampler has to look again at a difference: it is an error or a warning in this version,
    unless it is an update in progress.

    A difference that is only info counts as legal. An underflow is never an update in progress, so that one
    look is enough.
    """
    if quantity.rule == UNDERFLOW.id:
        return False
    row = row_of(region, quantity, difference)
    return row != "explained" and _BY_ID[quantity.rule].severity(row, region.version) in _FAULTS


class Verdict(str, Enum):
    """What a check came to. ``inconclusive`` is never a pass: it could not be checked."""

    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


def verdict_of(findings: Iterable[Finding], ignore: frozenset[str] = frozenset()) -> Verdict:
    """The worst of what was found: fail > inconclusive > warn > pass. Ids in ``ignore`` do not count."""
    severities = {finding.severity for finding in findings if finding.id not in ignore}
    if Severity.ERROR in severities:
        return Verdict.FAIL
    if Severity.INCONCLUSIVE in severities:
        return Verdict.INCONCLUSIVE
    if Severity.WARNING in severities:
        return Verdict.WARN
    return Verdict.PASS


def exit_code_of(
    findings: Iterable[Finding],
    ignore: frozenset[str] = frozenset(),
    *,
    strict: bool = False,
    forbidden: int = 0,
    candidates: int = 0,
) -> ExitCode:
    """The exit code of a check: 10 > 6 > 11 > 0. ``strict`` lets warnings give 10, and changes only this.

    ``forbidden`` counts the files that this user may not read, of ``candidates`` in all: when none could be
    read the answer is 6, because the next step is another one than for an undecided check.
    """
    findings = tuple(findings)
    verdict = verdict_of(findings, ignore)
    warned = any(finding.severity is Severity.WARNING and finding.id not in ignore for finding in findings)
    if verdict is Verdict.FAIL or (strict and warned):
        return ExitCode.CHECK_FAILED
    if verdict is Verdict.INCONCLUSIVE:
        return ExitCode.PERMISSION if forbidden and forbidden == candidates else ExitCode.INCONCLUSIVE
    return ExitCode.DONE
