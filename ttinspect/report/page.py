"""One self-contained HTML page: no request leaves it, and it has no script."""

import base64
from collections.abc import Iterator
from importlib.util import find_spec

import msgspec

from ttinspect import __version__
from ttinspect.answers.page import PLOTTED, Page, PageFinding
from ttinspect.answers.top import History, TopChip, state_of
from ttinspect.errors import missing_extra
from ttinspect.facts.wording import plural
from ttinspect.model.finding import Severity
from ttinspect.report.common import source_line
from ttinspect.report.fleet import fleet_svg
from ttinspect.report.harvest import SUMMARY, summary_cells
from ttinspect.report.page_template import TEMPLATE
from ttinspect.report.picture import harvest_svg
from ttinspect.report.screen import harmless
from ttinspect.report.top import chip_cells, columns_at
from ttinspect.report.topology_svg import topology_svg
from ttinspect.report.units import chips_named, size, utc
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
    while len(text) > MOST_BYTES and pictures:
        largest = max(pictures, key=lambda picture: picture.bytes)
        pictures.remove(largest)
        left_out.append(f"{largest.title} ({size(largest.bytes)})")
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
    return f"{page.host or 'host'}: {chips} chip{'' if chips == 1 else 's'}"


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
        slots = {
            slot["host_pid"] or slot["pid"]: slot
            for region in chip.memory.regions
            for slot in region.processes
        }
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
    found = []
    for finding in page.findings:
        new = finding.finding.id not in kinds
        kinds += [finding.finding.id] * new
        wrong = finding.finding.severity in (Severity.ERROR, Severity.WARNING)
        is_open = wrong and new and len(kinds) <= _MOST_OPEN
        found.append({**_finding(finding, "fleet" if page.fleet else "host"), "open": is_open})
    return found


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
    return [
        (
            host.name,
            str(host.chips),
            ", ".join(dict.fromkeys(host.boards)),
            "-" if host.time_ns is None else utc(host.time_ns),
            str(len(host.findings)),
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
            from ttinspect.report.plots import plot_svg

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
    data = base64.b64encode(svg.encode()).decode()
    return _Picture(title, f"data:image/svg+xml;base64,{data}", len(data))
