"""The answer of ``verify-shm``: are the published memory statistics true?"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from ttinspect.answers.shm import RegionFacts, limits_for, region_facts
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import OfHost, Source
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.case import Case
from ttinspect.verify.findings.files import FORBIDDEN, UNREADABLE
from ttinspect.verify.findings.rules import REGION_RULES
from ttinspect.verify.verify import Verdict, Verified, exit_code_of, verdict_of, verify


class VerifiedRegion(RegionFacts, frozen=True, kw_only=True):
    """One candidate file and what was found about it."""

    findings: tuple[Finding, ...]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many findings there are, the ignored ones apart."""

    error: int
    warning: int
    inconclusive: int
    info: int
    ignored: int


class VerifyShmAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.verify-shm.v1"):
    """What ``verify-shm`` says. ``findings`` are those about the host: a chip without a region has none to
    stand in. ``ignored`` are the ids that do not count."""

    tool: Tool = TOOL
    source: Source
    verdict: Verdict
    counts: Counts
    ignored: tuple[str, ...]
    regions: tuple[VerifiedRegion, ...]
    findings: tuple[Finding, ...]


def region_rule_ids() -> list[str]:
    """The ids that can be ignored."""
    return [rule.id for rule in REGION_RULES]


def ignored_ids(words: Iterable[str]) -> frozenset[str]:
    """The ids of --ignore: any case, several in one word with commas between them.

    Raises:
        InspectError: 2 for an id that verify-shm does not have.
    """
    ids = frozenset(part.strip().upper() for word in words for part in word.split(","))
    unknown = sorted(ids.difference(region_rule_ids()))
    if unknown:
        raise InspectError(
            f"--ignore {unknown[0]}", "verify-shm has no such finding", "ttinspect explain lists all of them"
        )
    return ids


def build_verify_shm(case: Case, ignore: frozenset[str] = frozenset()) -> VerifyShmAnswer:
    """Judge a Case."""
    verified = verify(case)
    return VerifyShmAnswer(
        source=case.system.source,
        host=case.system.read_at.host,
        time_ns=case.system.read_at.time_ns,
        verdict=verdict_of(verified.all_findings, ignore),
        counts=_counts(verified, ignore),
        ignored=tuple(sorted(ignore)),
        regions=tuple(
            VerifiedRegion(
                **msgspec.structs.asdict(region_facts(region, limits_for(case, region))),
                findings=region.findings,
            )
            for region in verified.regions
        ),
        findings=verified.findings,
    )


def verify_shm_exit_code(answer: VerifyShmAnswer, *, strict: bool = False) -> ExitCode:
    """The exit code of an answer: 0, 10, 11, or 6 where no region could be read."""
    findings = (*answer.findings, *(finding for region in answer.regions for finding in region.findings))
    forbidden = sum(
        finding.id == UNREADABLE.id and finding.evidence.get("errno") in FORBIDDEN for finding in findings
    )
    return exit_code_of(
        findings,
        frozenset(answer.ignored),
        strict=strict,
        forbidden=forbidden,
        candidates=len(answer.regions),
    )


def _counts(verified: Verified, ignore: frozenset[str]) -> Counts:
    severities = Counter(finding.severity for finding in verified.all_findings if finding.id not in ignore)
    return Counts(
        error=severities[Severity.ERROR],
        warning=severities[Severity.WARNING],
        inconclusive=severities[Severity.INCONCLUSIVE],
        info=severities[Severity.INFO],
        ignored=sum(finding.id in ignore for finding in verified.all_findings),
    )
