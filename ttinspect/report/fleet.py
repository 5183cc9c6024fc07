"""``fleet`` in every format but JSON: a table, Markdown, csv, JUnit XML, a graph, a picture."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from ttinspect.answers.fleet import FleetAnswer, FleetGroup, all_findings, findings_about
from ttinspect.facts.wording import plural
from ttinspect.fleet.checking import HostOutcome
from ttinspect.fleet.words import links_missed
from ttinspect.model.finding import WORST_FIRST, Finding, Severity
from ttinspect.report.common import (
    SEVERITY_STYLES,
    VERDICT_STYLES,
    CsvRows,
    Result,
    TestCase,
    findings_markdown,
    junit,
    markdown_table,
    markdown_text,
    names_of_hosts,
    source_line,
    svg,
    xml_text,
)
from ttinspect.report.screen import harmless
from ttinspect.report.units import circle, count, utc
from ttinspect.verify.check.expectation import Outcome
from ttinspect.verify.verify import Verdict

_CABLES_SHOWN = 40


def fleet_table(answer: FleetAnswer, exit_code: int) -> list[RenderableType]:
    """Totals, groups with the outliers first, the cabling, what is wrong, and the verdict."""
    parts: list[RenderableType] = [source_line(answer.source), Text("")]
    parts += [Text(f" {line}") for line in _totals(answer)]
    parts += [Text(""), *_groups(answer.groups)]
    if answer.cabling is not None:
        lines = (Padding(Text(harmless(line)), (0, 0, 0, 1)) for line in _cabling(answer))
        parts += [Text(""), *lines]
    parts += _expectations(answer)
    findings = _distinct_findings(answer)
    parts += _findings(findings)
    parts += _next_step(findings)
    return [*parts, Text(""), _verdict(answer, exit_code)]


def _totals(answer: FleetAnswer) -> list[str]:
    totals = answer.totals
    lines = [
        f"{plural(totals.hosts, 'host')}, {plural(totals.chips, 'chip')}, "
        f"{plural(totals.links_inside, 'link')} inside hosts, {count(totals.links_between)} between hosts"
    ]
    more = []
    if totals.links_one_sided:
        more.append(f"{plural(totals.links_one_sided, 'link')} between hosts that one end only lists")
    if totals.links_leaving:
        more.append(f"{plural(totals.links_leaving, 'link')} to chips of no host here")
    times = sorted(host.time_ns for host in answer.hosts if host.time_ns is not None)
    taken = [f"taken {utc(times[0])} to {utc(times[-1])}"] if times else []
    return [*lines, *([", ".join(more)] if more else []), *taken]


def _groups(groups: Iterable[FleetGroup]) -> list[RenderableType]:
    """A line for each group, the names below it."""
    parts: list[RenderableType] = []
    for group in groups:
        line = Text(harmless(f" {_group(group)}"))
        if group.unlike:
            line.append("  unlike the others", "bold yellow")
        parts += [line, Padding(Text(harmless(names_of_hosts(group.hosts))), (0, 0, 0, 5))]
    return parts


def _group(group: FleetGroup) -> str:
    """ "16 hosts with 32 ubb_blackhole chips each, revision C, 120 links inside, firmware 19.5.0"."""
    chips = " + ".join(plural(number, f"{board} chip") for board, number in group.boards.items())
    revision = f", revision {group.revision}" if group.revision else ""
    links = "links unknown" if group.links_inside is None else f"{plural(group.links_inside, 'link')} inside"
    firmware = f", firmware {', '.join(group.firmware)}" if group.firmware else ""
    return f"{plural(len(group.hosts), 'host')} with {chips or 'no chips'} each{revision}, {links}{firmware}"


def _cabling(answer: FleetAnswer) -> Iterator[str]:
    cabling = answer.cabling
    if cabling is None:
        return
    what = "cables" if cabling.kind == "cutsheet" else "links"
    yield (
        f"Cabling: {cabling.kind} {cabling.file}: {count(cabling.found)} of {count(cabling.expected)} {what} "
        "are there"
    )
    renamed = [f"{name} is {host} there" for name, host in cabling.hosts.items() if name != host]
    if renamed:
        yield f"Hosts by other names: {names_of_hosts(tuple(renamed))}"


def _expectations(answer: FleetAnswer) -> list[RenderableType]:
    if not answer.expectations:
        return []
    counts = {
        outcome: sum(expectation.outcome is outcome for expectation in answer.expectations)
        for outcome in Outcome
    }
    text = (
        f" Check: {count(counts[Outcome.PASS])} as expected, {count(counts[Outcome.FAIL])} failed, "
        f"{count(counts[Outcome.UNKNOWN])} unknown"
    )
    return [Text(""), Text(text)]


def _distinct_findings(answer: FleetAnswer) -> list[Finding]:
    """Findings, the worst first; equal ones of several hosts once, with the hosts' names."""
    hosts: dict[tuple[str, Severity, str], list[str]] = {}
    kept: dict[tuple[str, Severity, str], Finding] = {}
    for finding in answer.findings:
        key = (finding.id, finding.severity, finding.message)
        kept[key], hosts[key] = finding, []
    for host in answer.hosts:
        for finding in host.findings:
            key = (finding.id, finding.severity, finding.message)
            kept.setdefault(key, finding)
            hosts.setdefault(key, []).append(host.name)
    for expectation in answer.expectations:
        if expectation.finding is not None:
            key = (expectation.finding.id, expectation.finding.severity, expectation.finding.message)
            kept.setdefault(key, expectation.finding)
            hosts.setdefault(key, []).append(expectation.host)
    findings = [_named(kept[key], hosts[key]) for key in kept]
    return sorted(findings, key=lambda each: WORST_FIRST.index(each.severity))


def _named(finding: Finding, hosts: list[str]) -> Finding:
    if not hosts or "host" in finding.evidence:
        return finding
    return Finding(
        id=finding.id,
        name=finding.name,
        severity=finding.severity,
        message=f"{names_of_hosts(tuple(dict.fromkeys(hosts)))}: {finding.message}",
        evidence=finding.evidence,
    )


def _findings(findings: list[Finding]) -> list[RenderableType]:
    """A heading for each finding, its sentence below: the names of both ends of a cable are long."""
    parts: list[RenderableType] = []
    for finding in findings:
        heading = Text(f" {finding.severity.value}", style=SEVERITY_STYLES[finding.severity])
        heading.append(f"  {finding.id} {finding.name}", "not bold default")
        parts += [
            Text(""),
            heading,
            *(Padding(Text(harmless(line)), (0, 0, 0, 5)) for line in _lines(finding)),
        ]
    return parts


def _lines(finding: Finding) -> list[str]:
    """The sentence of a finding; the cables of links that a host misses below one another."""
    cables, neighbours = finding.evidence.get("cables"), finding.evidence.get("neighbours")
    host, links = finding.evidence.get("host"), finding.evidence.get("links")
    if not (isinstance(cables, list) and isinstance(neighbours, list) and isinstance(links, int)):
        return [finding.message]
    where = str(finding.evidence.get("where") or "")
    head = links_missed(str(host), links, [str(name) for name in neighbours], where)
    more = [f"and {len(cables) - _CABLES_SHOWN} more: see --json"] if len(cables) > _CABLES_SHOWN else []
    return [f"{head}:", *(str(cable) for cable in cables[:_CABLES_SHOWN]), *more]


def _next_step(findings: list[Finding]) -> list[RenderableType]:
    worst = next((finding for finding in findings if finding.severity is not Severity.INFO), None)
    return [] if worst is None else [Text(f"\n Next: ttinspect explain {worst.id}")]


def _verdict(answer: FleetAnswer, exit_code: int) -> Text:
    severities = [finding.severity for finding in all_findings(answer)]
    code = f"exit {exit_code}"
    if answer.verdict is Verdict.WARN and exit_code == 0:
        code += "; with --strict 10"
    fault = f"; at fault: {', '.join(answer.at_fault)}" if answer.at_fault else ""
    counted = (
        f"  {plural(severities.count(Severity.ERROR), 'error')}, "
        f"{plural(severities.count(Severity.WARNING), 'warning')}, "
        f"{severities.count(Severity.INCONCLUSIVE)} inconclusive{fault}  ({code})"
    )
    verdict = Text(answer.verdict.value.upper(), style=VERDICT_STYLES[answer.verdict])
    return verdict.append(harmless(counted), "not bold default")


def fleet_markdown(answer: FleetAnswer, exit_code: int) -> str:
    """The same as a Markdown document."""
    groups = [(_group(group), names_of_hosts(group.hosts)) for group in answer.groups]
    return "\n".join(
        [
            f"{markdown_text(source_line(answer.source).plain)}\n",
            *(f"{markdown_text(line)}\n" for line in (*_totals(answer), *_cabling(answer))),
            markdown_table(("group", "names"), groups),
            *(
                f"{part}\n"
                for part in findings_markdown([((), finding) for finding in _distinct_findings(answer)])
            ),
            f"**{markdown_text(_verdict(answer, exit_code).plain)}**\n",
        ]
    )


def fleet_csv(answer: FleetAnswer) -> CsvRows:
    """A row per host."""
    header = (
        "host", "source", "kind", "time_ns", "chips", "boards", "revision", "motherboard", "links_between",
        "links_one_sided", "findings",
    )  # fmt: skip
    between: dict[str, int] = {}
    halves: dict[str, int] = {}
    for pair in answer.pairs:
        for name in (pair.a, pair.b):
            between[name] = between.get(name, 0) + pair.links
            halves[name] = halves.get(name, 0) + pair.one_sided
    about = findings_about(answer)
    rows: list[tuple[object, ...]] = [
        (
            host.name,
            host.source,
            host.kind.value,
            host.time_ns,
            host.chips,
            " ".join(host.boards),
            host.revision,
            host.motherboard,
            between.get(host.name, 0),
            halves.get(host.name, 0),
            " ".join(dict.fromkeys(finding.id for finding in about[host.name])),
        )
        for host in answer.hosts
    ]
    return header, rows


_RESULTS = {
    Severity.ERROR: Result.FAILURE,
    Severity.INCONCLUSIVE: Result.ERROR,
    Severity.WARNING: Result.PASSED,
    Severity.INFO: Result.PASSED,
}
_OUTCOMES = {Outcome.PASS: Result.PASSED, Outcome.FAIL: Result.FAILURE, Outcome.UNKNOWN: Result.ERROR}


def fleet_junit(answer: FleetAnswer, *, strict: bool = False) -> str:
    """A suite per host: a case per expectation of a check file, and per finding of its own; a host without
    any has one that passes. One suite for what is about links and the whole."""
    by_host: dict[str, list[TestCase]] = {host.name: [] for host in answer.hosts}
    for expectation in answer.expectations:
        by_host.setdefault(expectation.host, []).append(
            TestCase(
                name=f"{expectation.id} {expectation.fact}",
                result=_OUTCOMES[expectation.outcome],
                message=expectation.why,
                text="" if expectation.outcome is Outcome.PASS else _compared(expectation),
            )
        )
    for host in answer.hosts:
        by_host[host.name] += [_case(finding, strict) for finding in host.findings]
        if not by_host[host.name]:
            by_host[host.name].append(TestCase(name="nothing found", result=Result.PASSED))
    whole = [_case(finding, strict) for finding in answer.findings]
    if not whole:
        whole = [TestCase(name="links and cabling", result=Result.PASSED)]
    return junit("ttinspect fleet", [("fleet", whole), *by_host.items()])


def _compared(outcome: HostOutcome) -> str:
    return f"expected: {outcome.expected}\nfound: {'unknown' if outcome.found is None else outcome.found}"


def _case(finding: Finding, strict: bool) -> TestCase:
    fails = strict and finding.severity is Severity.WARNING
    return TestCase(
        name=f"{finding.id} {finding.name}",
        result=Result.FAILURE if fails else _RESULTS[finding.severity],
        message=finding.message,
        text=finding.message,
    )


def fleet_dot(answer: FleetAnswer) -> str:
    """A Graphviz graph: hosts, and how many links join them; those with one-sided ones dashed and red."""
    number = {host.name: index for index, host in enumerate(answer.hosts)}
    lines = ["graph fleet {", "  node [shape=box, fontname=monospace];"]
    for host in answer.hosts:
        boards = ", ".join(host.boards) or "unknown"
        label = _dot(f"{host.name}\n{plural(host.chips, 'chip')}, {boards}")
        color = ", color=red" if host.name in answer.at_fault else ""
        lines.append(f"  h{number[host.name]} [label={label}{color}];")
    for pair in answer.pairs:
        text = count(pair.links) + (f" + {pair.one_sided} one-sided" if pair.one_sided else "")
        style = ", style=dashed, color=red" if pair.one_sided else ""
        lines.append(f'  h{number[pair.a]} -- h{number[pair.b]} [label="{text}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def _dot(text: str) -> str:
    shown = "\n".join(map(harmless, text.split("\n")))
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222;text-anchor:middle}"
    ".host{fill:#e8f0ee;stroke:#555}.fault{fill:#f6d5d5;stroke:#b03030;stroke-width:2}"
    ".link{stroke:#3b7d6b;stroke-width:1.5}.half{stroke:#b03030;stroke-width:2;stroke-dasharray:5 3}"
)
_BOX = (132, 36)


def fleet_svg(answer: FleetAnswer) -> str:
    """A standalone SVG: hosts in a circle, a line for every pair that is joined, one-sided ones dashed."""
    names = [host.name for host in answer.hosts]
    centres, size = circle(len(names), _BOX)
    place = dict(zip(names, centres, strict=True))
    lines, boxes = [], []
    for pair in sorted(answer.pairs, key=lambda each: each.one_sided):
        (x1, y1), (x2, y2) = place[pair.a], place[pair.b]
        look = "half" if pair.one_sided else "link"
        title = f"{pair.a} - {pair.b}: {plural(pair.links, 'link')}"
        title += f", {pair.one_sided} that one end only lists" if pair.one_sided else ""
        lines.append(
            f'<line class="{look}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">'
            f"<title>{xml_text(title)}</title></line>"
        )
    for host in answer.hosts:
        x, y = place[host.name]
        look = "fault" if host.name in answer.at_fault else "host"
        boards, chips = ", ".join(host.boards), plural(host.chips, "chip")
        boxes.append(
            f"<g><title>{xml_text(f'{host.name}: {chips}, {boards}')}</title>"
            f'<rect class="{look}" x="{x - _BOX[0] // 2}" y="{y - _BOX[1] // 2}" width="{_BOX[0]}" '
            f'height="{_BOX[1]}" rx="4"/>'
            f'<text x="{x}" y="{y - 3}">{xml_text(host.name[:18])}</text>'
            f'<text x="{x}" y="{y + 12}">{plural(host.chips, "chip")}</text></g>'
        )
    hosts = plural(len(names), "host")
    return svg(size, size, f"fleet of {hosts}", _STYLE, [*lines, *boxes])
