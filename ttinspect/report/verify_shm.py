"""The table of ``verify-shm``: what is used, what was found, and the verdict as the last line."""

from collections import Counter

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.verify_shm import VerifiedRegion, VerifyShmAnswer
from ttinspect.model.finding import Finding, Severity
from ttinspect.report.common import source_line
from ttinspect.report.screen import columns, harmless, row
from ttinspect.report.shm_usage import basis_line, common_basis, more, region_label, usage_block
from ttinspect.verify.verdict import Verdict

_STYLES = {
    Severity.ERROR: "bold red",
    Severity.INCONCLUSIVE: "magenta",
    Severity.WARNING: "yellow",
    Severity.INFO: "",
}
_WORST_FIRST = tuple(_STYLES)
_MOST_REGIONS = 64
_MOST_FINDINGS = 200
"""So much of a table can be read; json, csv and junit have everything."""

_VERDICT_STYLES = {
    Verdict.PASS: "bold green",
    Verdict.WARN: "bold yellow",
    Verdict.INCONCLUSIVE: "bold magenta",
    Verdict.FAIL: "bold red",
}


def verify_shm_table(answer: VerifyShmAnswer, exit_code: int) -> list[RenderableType]:
    """The answer for a terminal. ``exit_code`` is what the command will exit with."""
    basis = common_basis(region.capacity for region in answer.regions)
    parts: list[RenderableType] = [source_line(answer.source), *basis_line(basis)]
    for region in answer.regions[:_MOST_REGIONS]:
        parts += [Text(""), *usage_block(region, basis)]
    parts += more(answer.regions, _MOST_REGIONS, "regions")
    devices = Counter(region.device for region in answer.regions)
    found = [
        (_where(region, alone=devices[region.device] == 1), one)
        for region in answer.regions
        for one in region.findings
    ]
    found += [("", one) for one in answer.findings]
    if found:
        found.sort(key=lambda one: _WORST_FIRST.index(one[1].severity))
        parts += [Text(""), _findings(found[:_MOST_FINDINGS], frozenset(answer.ignored))]
        parts += more(found, _MOST_FINDINGS, "findings")
    return [*parts, Text(""), _verdict(answer, exit_code)]


def _where(region: VerifiedRegion, *, alone: bool) -> str:
    label = region_label(region)
    if region.device is None or alone:
        return f"{label}: "
    return f"{label}, {harmless(region.path.rpartition('/')[2])}: "


def _findings(found: list[tuple[str, Finding]], ignored: frozenset[str]) -> RenderableType:
    table = columns("", "", "~", header=False)
    explained: set[str] = set()
    for where, finding in found:
        severity = Text(f" {finding.severity.value}", style=_STYLES[finding.severity])
        if finding.id in ignored:
            severity = Text(" ignored")
        message = where + finding.message
        if finding.severity is not Severity.INFO and finding.id not in explained | ignored:
            explained.add(finding.id)
            message += f"\nNext: ttinspect explain {finding.id}"
        # The name may wrap between its words, the id stays whole.
        row(table, severity, finding.id, Text(f"{finding.name}: {message}"))
    return table


def _verdict(answer: VerifyShmAnswer, exit_code: int) -> Text:
    counts = answer.counts
    parts = [
        _counted(counts.warning, "warning"),
        _counted(counts.error, "error"),
        f"{counts.inconclusive} inconclusive",
    ]
    if counts.ignored:
        parts.append(f"{counts.ignored} ignored")
    if not answer.regions:
        parts.insert(0, "nothing published")
    code = f"exit {exit_code}"
    if answer.verdict is Verdict.WARN and exit_code == 0:
        code += "; with --strict 10"
    verdict = Text(answer.verdict.value.upper(), style=_VERDICT_STYLES[answer.verdict])
    return verdict.append(f"  {', '.join(parts)}  ({code})", style="not bold default")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
