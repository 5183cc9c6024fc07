"""One self-contained HTML page of ``report``: no request leaves it, and it has no script."""

import base64
import io
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import msgspec

from ttinspect import __version__
from ttinspect.answers.fleet import findings_about
from ttinspect.answers.page import PLOTTED, Course, Page, PageFinding
from ttinspect.answers.top import History, Quantity, TopChip, state_of
from ttinspect.errors import missing_extra
from ttinspect.facts.wording import plural
from ttinspect.model.finding import Severity
from ttinspect.report.common import source_line
from ttinspect.report.fleet import fleet_svg
from ttinspect.report.harvest import SUMMARY, harvest_svg, summary_cells
from ttinspect.report.screen import harmless
from ttinspect.report.top import chip_cells, columns_at
from ttinspect.report.topology import topology_svg
from ttinspect.report.units import chips_named, instants, size, utc
from ttinspect.verify.verify import Verdict

MOST_BYTES = 5_000_000
_WIDE = 139
"""The columns of top that a page shows: all but the sparkline."""
_VERDICTS = {
    Verdict.PASS: "nothing is wrong that can be seen",
    Verdict.WARN: "there are warnings",
    Verdict.INCONCLUSIVE: "not everything could be judged",
    Verdict.FAIL: "something is wrong",
}
_MOST_OPEN = 5
_MOST_FLEET_HOSTS = 2_000


class _Picture(msgspec.Struct, frozen=True):
    title: str
    uri: str
    bytes: int


def page_html(page: Page) -> str:
    """The page; over 5 MB the largest pictures are left out, and it says so.

    Raises:
        InspectError: 4 without Jinja2 or matplotlib.
    """
    pictures, left_out = list(_pictures(page)), list(page.left_out)
    text = _rendered(page, pictures, left_out)
    while len(text.encode()) > MOST_BYTES and pictures:
        largest = max(pictures, key=lambda picture: picture.bytes)
        pictures.remove(largest)
        left_out.append(f"the picture {largest.title} ({size(largest.bytes)}: the page would be over 5 MB)")
        text = _rendered(page, pictures, left_out)
    return text


def require_libraries(who: str) -> None:
    """Refuse early where a library is missing; neither is imported for that, as most pages have no plot.

    Raises:
        InspectError: 4, with the command that installs them.
    """
    import logging

    # where it can keep no fonts it says so in two lines of its own
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    for library in ("jinja2", "matplotlib"):
        if find_spec(library) is None:
            raise missing_extra(who, library, "report")


def _rendered(page: Page, pictures: list[_Picture], left_out: list[str]) -> str:
    from jinja2 import Environment

    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE)
    source = page.fleet.source if page.view is None and page.fleet is not None else None
    source = page.view.source if page.view is not None else source
    return template.render(
        version=__version__,
        title=_title(page),
        verdict=page.verdict.value,
        says=_VERDICTS[page.verdict],
        source="" if source is None else source_line(source).plain,
        when=utc(page.time_ns),
        counts=_counts(page),
        headings=[column.heading or "state" for column in columns_at(_WIDE)],
        chips=[] if page.view is None else [_row(chip) for chip in page.view.chips],
        processes=[] if page.view is None else list(_processes(page.view.chips)),
        cores=[] if page.harvest is None else [summary_cells(device) for device in page.harvest.devices],
        core_headings=SUMMARY,
        findings=_findings(page),
        hosts=_hosts(page),
        groups=_groups(page),
        totals=[] if page.fleet is None else list(msgspec.structs.asdict(page.fleet.totals).items()),
        pictures=pictures,
        left_out=left_out,
    )


def _title(page: Page) -> str:
    if page.fleet is not None:
        return f"fleet of {plural(page.fleet.totals.hosts, 'host')}"
    chips = 0 if page.view is None else len(page.view.chips)
    return f"{page.host or 'host'}: {plural(chips, 'chip')}"


def _counts(page: Page) -> str:
    counts = dict.fromkeys(Severity, 0)
    for finding in page.findings:
        counts[finding.finding.severity] += max(1, len(finding.chips), len(finding.hosts))
    return ", ".join(_counted(number, severity) for severity, number in counts.items() if number)


def _counted(number: int, severity: Severity) -> str:
    """ "1 error", "2 errors", "2 inconclusive"."""
    counts = severity in (Severity.ERROR, Severity.WARNING) and number != 1
    return f"{number} {severity.value}{'s' if counts else ''}"


def _row(chip: TopChip) -> dict[str, object]:
    cells = [cell.plain for cell in chip_cells(chip, History(), _WIDE)]
    return {"cells": [*cells[:-1], state_of(chip)], "state": state_of(chip), "why": chip.unread or ""}


def _processes(chips: tuple[TopChip, ...]) -> Iterator[tuple[str, ...]]:
    """Slots of the regions, then who holds a chip and publishes nothing."""
    for chip in chips:
        slots = chip.slots
        for pid, slot in slots.items():
            alive = {True: "alive", False: "DEAD", None: "not known"}[slot["alive"]]
            used = (size(slot["l1"]), size(slot["dram"]))
            yield (str(chip.id), str(pid), harmless(slot["name"]), *used, alive)
        for holder in chip.held_by.processes:
            if holder.pid not in slots:
                name = harmless(holder.name or "-")
                yield (str(chip.id), str(holder.pid), name, "-", "-", "publishes nothing")


def _findings(page: Page) -> list[dict[str, object]]:
    """With the explanation open of the first that are wrong, of each kind once."""
    kinds: list[str] = []
    rows = []
    for finding in page.findings:
        new = finding.finding.id not in kinds
        kinds += [finding.finding.id] * new
        wrong = finding.finding.severity in (Severity.ERROR, Severity.WARNING)
        is_open = wrong and new and len(kinds) <= _MOST_OPEN
        rows.append({**_finding(finding, "fleet" if page.fleet else "host"), "open": is_open})
    return rows


def _finding(finding: PageFinding, whole: str) -> dict[str, str]:
    about = ", ".join(finding.hosts) or (chips_named(finding.chips) if finding.chips else whole)
    return {
        "severity": finding.finding.severity.value,
        "id": finding.finding.id,
        "name": finding.finding.name,
        "about": about,
        "message": harmless(finding.finding.message),
        "meaning": finding.explanation.meaning,
        "cause": finding.explanation.cause,
        "remedy": finding.explanation.remedy,
    }


def _hosts(page: Page) -> list[tuple[str, ...]]:
    if page.fleet is None:
        return []
    about = findings_about(page.fleet)
    return [
        (
            host.name,
            str(host.chips),
            ", ".join(dict.fromkeys(host.boards)),
            "-" if host.time_ns is None else utc(host.time_ns),
            str(len(about[host.name])),
        )
        for host in page.fleet.hosts[:_MOST_FLEET_HOSTS]
    ]


def _groups(page: Page) -> list[tuple[str, ...]]:
    if page.fleet is None:
        return []
    return [
        (
            str(len(group.hosts)),
            ", ".join(f"{count} x {board}" for board, count in group.boards.items()),
            ", ".join(group.firmware) or "-",
            "unlike the others" if group.unlike else "",
            ", ".join(group.hosts),
        )
        for group in page.fleet.groups
    ]


def _pictures(page: Page) -> Iterator[_Picture]:
    for quantity in PLOTTED:
        courses = [course for course in page.courses if course.quantity is quantity]
        if courses:
            yield _picture(f"{quantity.value} over time", plot_svg(quantity, courses))
    if page.harvest is not None:
        for group in page.drawings:
            title = f"NOC grid of {chips_named(group.chips)}"
            yield _picture(title, harvest_svg(page.harvest, (group,), "NOC0"))
    if page.topology is not None and len(page.topology.chips) > 1:
        yield _picture("eth links", topology_svg(page.topology))
    if page.fleet is not None:
        yield _picture("links between hosts", fleet_svg(page.fleet))


def _picture(title: str, svg: str) -> _Picture:
    encoded = base64.b64encode(svg.encode()).decode()
    return _Picture(title, f"data:image/svg+xml;base64,{encoded}", len(encoded))


_TITLES = {
    Quantity.TEMPERATURE: "ASIC temperature, degrees C",
    Quantity.POWER: "core power, W",
    Quantity.CLOCK: "AI clock, MHz",
    Quantity.L1: "L1 in use, bytes",
    Quantity.DRAM: "DRAM in use, bytes",
}
_GREY = "#808080"
"""Can be read on a light and on a dark page."""
_MOST_IN_LEGEND = 12


def plot_svg(quantity: Quantity, courses: Sequence[Course]) -> str:
    """One quantity of all chips over time, as an SVG document."""
    from matplotlib import dates as all_dates
    from matplotlib.figure import Figure

    dates: Any = all_dates
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    figure.patch.set_alpha(0)
    axes: Any = figure.subplots()
    axes.patch.set_alpha(0)
    for course in courses:
        times, values = zip(*course.points, strict=True)
        axes.plot(instants(times), values, linewidth=1, label=f"chip {course.chip}")
    axes.set_title(_TITLES[quantity], fontsize=9, color=_GREY, loc="left")
    axes.tick_params(colors=_GREY, labelsize=8)
    axes.grid(visible=True, color=_GREY, alpha=0.25)
    for spine in axes.spines.values():
        spine.set_color(_GREY)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(dates.AutoDateLocator()))
    if len(courses) <= _MOST_IN_LEGEND:
        axes.legend(fontsize=7, frameon=False, labelcolor=_GREY, ncols=2)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>ttinspect: {{ title }}</title>
<style>
:root { color-scheme: light dark; --text: #1c1c1c; --page: #fff; --line: #ccc; --dim: #666; --soft: #f4f4f4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e4e4e4; --page: #1b1b1b; --line: #444; --dim: #a0a0a0; --soft: #262626; }
}
body { font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2em auto;
  max-width: 75em; padding: 0 1em; }
h1 { margin: 0 0 .2em; font-size: 1.6em; } h2 { margin: 1.8em 0 .5em; font-size: 1.15em; }
.dim { color: var(--dim); } .verdict { font-size: 1.2em; font-weight: bold; margin: .6em 0; }
.pass { color: #2e8540; } .warn, .warning { color: #b36b00; } .fail, .error, .lost { color: #c62828; }
.inconclusive { color: #8e44ad; } .info { color: var(--dim); }
@media screen and (prefers-color-scheme: dark) {
  .pass { color: #6cc07a; } .warn, .warning { color: #e0a040; } .fail, .error, .lost { color: #ff7b72; }
  .inconclusive { color: #c79be0; }
}
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2em .7em .2em 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: normal; }
details { margin: .3em 0; border-bottom: 1px solid var(--line); padding-bottom: .3em; }
summary { cursor: pointer; } dl { margin: .4em 0 .4em 1.5em; } dt { color: var(--dim); } dd { margin: 0 0 .4em; }
figure { display: inline-block; margin: 0 1.2em 1.2em 0; background: #fff; color: #222; padding: .5em;
  max-width: 100%; vertical-align: top; } figcaption { color: #555; font-size: .9em; } img { max-width: 100%; }
@media print {
  :root { color-scheme: light; } body { margin: 0; max-width: none; } figure, tr, dl { break-inside: avoid; }
  h2 { break-after: avoid; } details::details-content { display: block; content-visibility: visible; height: auto; }
}
</style>
</head>
<body>
<h1>{{ title }}</h1>
<div class="dim">{{ source }} · {{ when }} · ttinspect {{ version }}</div>
<div class="verdict {{ verdict }}">{{ verdict | upper }}: {{ says }}{% if counts %} ({{ counts }}){% endif %}</div>
{% if totals %}
<h2>Totals</h2>
<table>{% for name, value in totals %}<tr><th>{{ name | replace("_", " ") }}</th><td>{{ value }}</td></tr>{% endfor %}</table>
{% endif %}
{% if findings %}
<h2>What was found</h2>
{% for finding in findings %}
<details{% if finding.open %} open{% endif %}>
<summary><b class="{{ finding.severity }}">{{ finding.severity }}</b> <b>{{ finding.id }}</b> {{ finding.about }}: {{ finding.message }}</summary>
<dl><dt>{{ finding.name }}</dt><dd>{{ finding.meaning }}</dd><dt>Cause</dt><dd>{{ finding.cause }}</dd>
<dt>Next step</dt><dd>{{ finding.remedy }}</dd></dl>
</details>
{% endfor %}
{% endif %}
{% if chips %}
<h2>Chips</h2>
<div class="wide"><table><tr>{% for name in headings %}<th>{{ name }}</th>{% endfor %}</tr>
{% for chip in chips %}
<tr>{% for cell in chip.cells %}<td{% if loop.last %} class="{{ chip.state }}"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% if chip.why %}<tr><td></td><td colspan="{{ headings | length - 1 }}" class="lost">{{ chip.why }}</td></tr>{% endif %}
{% endfor %}
</table></div>
{% endif %}
{% if cores %}
<h2>Cores</h2>
<div class="wide"><table>
<tr>{% for name in core_headings %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in cores %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if processes %}
<h2>Processes</h2>
<table><tr><th>chip</th><th>pid</th><th>process</th><th>L1</th><th>DRAM</th><th></th></tr>
{% for row in processes %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% endif %}
{% if groups %}
<h2>Groups of equal hosts</h2>
<div class="wide"><table><tr><th>hosts</th><th>boards</th><th>firmware</th><th></th><th>names</th></tr>
{% for row in groups %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if hosts %}
<h2>Hosts</h2>
<div class="wide"><table><tr><th>host</th><th>chips</th><th>boards</th><th>taken</th><th>findings</th></tr>
{% for row in hosts %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if pictures %}
<h2>Pictures</h2>
{% for picture in pictures %}
<figure><figcaption>{{ picture.title }}</figcaption><img alt="{{ picture.title }}" src="{{ picture.uri }}"></figure>
{% endfor %}
{% endif %}
{% if left_out %}
<p class="dim">Left out: {{ left_out | join("; ") }}.</p>
{% endif %}
</body>
</html>
"""
