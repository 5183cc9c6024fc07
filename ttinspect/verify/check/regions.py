"""Expectations of the regions: what verify-shm came to."""

from collections.abc import Sequence

from ttinspect.model.finding import Finding, Severity
from ttinspect.sources.check_file import Wanted
from ttinspect.verify.check.expectation import Expectation, Outcome
from ttinspect.verify.verdict import Verdict, verdict_of
from ttinspect.verify.verify import Verified

REGIONS = "TTC023"
_OUTCOMES = {
    Verdict.PASS: Outcome.PASS,
    Verdict.WARN: Outcome.PASS,
    Verdict.INCONCLUSIVE: Outcome.UNKNOWN,
    Verdict.FAIL: Outcome.FAIL,
}


def region_expectations(verified: Verified, wanted: Sequence[Wanted]) -> list[Expectation]:
    """One expectation for each region, and one for what is about all of them."""
    clean = any(one.file.regions == "clean" for one in wanted)
    where = next((one.where("regions") for one in wanted if one.file.regions is not None), None)
    parts: list[tuple[str, int | None, Sequence[Finding]]] = [
        (one.looked.looks.file.path.rpartition("/")[2], one.chip, one.findings) for one in verified.regions
    ]
    return [
        _of_region(name, chip, findings, clean=clean, where=where)
        for name, chip, findings in [*parts, ("all regions", None, verified.findings)]
    ]


def _of_region(
    name: str, chip: int | None, findings: Sequence[Finding], *, clean: bool, where: str | None
) -> Expectation:
    verdict = verdict_of(findings)
    outcome = Outcome.FAIL if clean and verdict is Verdict.WARN else _OUTCOMES[verdict]
    told = sorted({one.id for one in findings if one.severity is not Severity.INFO})
    found = f"{verdict.value}: {', '.join(told)}" if told else verdict.value
    why = "" if outcome is Outcome.PASS else f"verify-shm says {found} of {name}"
    return Expectation(
        id=REGIONS, subject=name, chip=chip, fact="published memory",
        expected="no warning either" if clean else "verify-shm passes", found=found, outcome=outcome,
        why=why, where=where,
    )  # fmt: skip
