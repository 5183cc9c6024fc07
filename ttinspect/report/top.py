"""What stands on the screen of ``top``: rows, pages and lines as rich texts. Nothing here knows Textual."""

from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ttinspect.answers.harvest import build_pictures
from ttinspect.answers.shm import ProcessSlot
from ttinspect.answers.top import Event, History, Quantity, Span, TopChip, TopView, state_of
from ttinspect.facts.wording import plural, verb
from ttinspect.model.arch import CoordSystem
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.system import System
from ttinspect.report.common import SEVERITY_STYLES, source_line
from ttinspect.report.harvest import pictures
from ttinspect.report.screen import harmless
from ttinspect.report.units import age, chips_named, clock_time, percent, size, steps, used_of
from ttinspect.verify.findings.rules import RULE_BY_ID

_DASH = "-"
_BLOCKS = " ▁▂▃▄▅▆▇█"
_STATES = {"well": "", "warning": "yellow", "error": "red", "lost": "red"}
_MARKS = {"well": "", "warning": "!", "error": "!!", "lost": "lost"}


class Column(msgspec.Struct, frozen=True):
    """One column: its heading, what it is sorted by, and from which width of the screen on it is there."""

    heading: str
    quantity: Quantity
    from_width: int = 0


CHIP_COLUMNS = (
    Column("id", Quantity.ID),
    Column("dev", Quantity.ID, 100),
    Column("PCI", Quantity.ID, 120),
    Column("board", Quantity.BOARD),
    Column("MHz", Quantity.CLOCK),
    Column("W", Quantity.POWER),
    Column("C", Quantity.TEMPERATURE),
    Column("heat", Quantity.TEMPERATURE, 140),
    Column("L1", Quantity.L1),
    Column("DRAM", Quantity.DRAM),
    Column("links", Quantity.LINKS, 90),
    Column("held by", Quantity.HOLDER),
    Column("", Quantity.STATE),
)


def columns_at(width: int) -> tuple[Column, ...]:
    """The columns of the chips on a screen of this width."""
    return tuple(column for column in CHIP_COLUMNS if column.from_width <= width)


def chip_cells(chip: TopChip, history: History, width: int) -> tuple[Text, ...]:
    """The cells of a chip's row, for ``columns_at`` the same width."""
    row, reading = chip.row, chip.telemetry
    wide = width >= 120
    cells: dict[str, str | Text] = {
        "id": str(chip.id),
        "dev": _or_dash(row.kmd_id),
        "PCI": row.pci_bdf or _DASH,
        "board": row.board.value if row.board else row.arch.value,
        "MHz": _or_dash(reading.aiclk_mhz),
        "W": _against(reading.power_w, reading.power_limit_w),
        "C": _heat(chip),
        "heat": sparkline(history.span(chip.id, Quantity.TEMPERATURE), 16),
        "L1": _usage(row.l1_used, row.l1_allocatable, wide=wide),
        "DRAM": _usage(row.dram_used, row.dram_allocatable, wide=wide),
        "links": _DASH if chip.links is None else f"{chip.links[0]}/{chip.links[1]}",
        "held by": holders_text(chip, 30 if wide else 14),
        "": _MARKS[state_of(chip)],
    }
    style = _STATES[state_of(chip)] if chip.unread is not None else ""
    texts = []
    for column in columns_at(width):
        cell = cells[column.heading]
        text = cell.copy() if isinstance(cell, Text) else Text(harmless(cell))
        if column.heading == "":
            text.stylize(_STATES[state_of(chip)])
        elif style:
            text.stylize(style)
        texts.append(text)
    return tuple(texts)


def _or_dash(value: float | None) -> str:
    return _DASH if value is None else f"{value:g}"


def _against(value: float | None, limit: float | None) -> str:
    if value is None:
        return _DASH
    return f"{value:.0f}" if limit is None else f"{value:.0f}/{limit:.0f}"


def _heat(chip: TopChip) -> Text:
    """The temperature, in colour where it comes near the limit of this chip."""
    celsius, limit = chip.telemetry.asic_celsius, chip.telemetry.throttle_celsius
    if celsius is None:
        return Text(_DASH)
    text = Text(f"{celsius:.0f}" if limit is None else f"{celsius:.0f}/{limit:.0f}")
    if limit is not None and celsius >= limit:
        text.stylize("bold red")
    elif limit is not None and celsius + 5 >= limit:
        text.stylize("yellow")
    return text


def _usage(used: int | None, whole: int | None, *, wide: bool) -> str:
    if used is None:
        return _DASH
    if whole is None:
        return size(used)
    share = percent(used, whole)
    return f"{bar(used, whole, 10)} {share:>6}" if wide else share


def bar(part: int, whole: int, width: int) -> str:
    """A part of a whole as a bar."""
    filled = steps(part, whole, width)
    return "█" * filled + "░" * (width - filled)


def holders_text(chip: TopChip, width: int) -> str:
    """Who holds a chip, in few characters."""
    held = chip.held_by
    names = [f"{process.pid} {process.name or ''}".strip() for process in held.processes]
    if held.outside:
        names.append("outside")
    if held.openers_gone and not held.processes:
        names.append("orphaned")
    if not names:
        return "unknown" if held.held is None else "free"
    first = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
    return first if len(first) <= width else f"{first[: width - 1]}…"


def sparkline(span: Span, width: int) -> str:
    """The last readings as blocks between the least and the most; a gap is a reading that was not there."""
    if span.least is None or span.most is None:
        return ""
    whole = round((span.most - span.least) * 1000)
    return "".join(
        " " if value is None else _BLOCKS[max(1, steps(round((value - span.least) * 1000), whole, 8))]
        for value in span.values[-width:]
    )


def status_line(view: TopView, now_ns: int, *, paused: bool, why: str | None, shown: int) -> Text:
    """The first line: how old what is shown is, how many chips, what is wrong, the source."""
    of = f"{shown} of " if shown != len(view.chips) else ""
    text = Text(f"{clock_time(view.time_ns)}  {age(now_ns - view.time_ns)} ago  ")
    text.append(f"{of}{plural(len(view.chips), 'chip')}  ")
    if paused:
        text.append("PAUSED  ", "bold yellow")
    if why is not None:
        text.append(f"{harmless(why)}  ", "bold red")
    return text.append_text(source_line(view.source, now_ns))


def summary_line(view: TopView) -> Text:
    """The verdict on all that is known: how many findings of which severity, how many silent chips, and the
    worst of them."""
    counts = dict.fromkeys(Severity, 0)
    for _, finding in view.all_findings:
        counts[finding.severity] += 1
    lost = sum(chip.unread is not None for chip in view.chips)
    undecided = counts[Severity.INCONCLUSIVE]
    parts = [
        (
            f"{lost} of {plural(len(view.chips), 'chip')} {verb(lost, 'gives', 'give')} no reading",
            "bold red",
        )
        if lost
        else None,
        (plural(counts[Severity.ERROR], "error"), "bold red") if counts[Severity.ERROR] else None,
        (plural(counts[Severity.WARNING], "warning"), "yellow") if counts[Severity.WARNING] else None,
        (f"{undecided} not decidable", "magenta") if undecided else None,
    ]
    text = Text()
    for part in filter(None, parts):
        text.append(("  " if text else "") + part[0], part[1])
    if not text:
        return Text("nothing is wrong that can be seen from here")
    if view.all_findings:
        worst = view.all_findings[0][1]
        chips = [chip for chip, finding in view.all_findings if chip is not None and finding.id == worst.id]
        about = f" on {chips_named(chips)}" if chips else ""
        text.append(f"  {worst.id} {worst.name}{about}")
    return text


def links_page(chips: Sequence[TopChip]) -> RenderableType:
    """Which channels of each chip are up, and where links lead."""
    table = Table(
        "id", "board", "up", "channels (1 up, 0 down, ? unknown)", "leads to", box=None, padding=(0, 1)
    )
    for chip in chips:
        eth_up = chip.telemetry.eth_up
        channels = _DASH if eth_up is None else "".join("?" if up is None else str(int(up)) for up in eth_up)
        near = chip.neighbours
        text = _DASH if near is None else ", ".join(f"{other} ({count})" for other, count in near) or "none"
        links = _DASH if chip.links is None else f"{chip.links[0]}/{chip.links[1]}"
        _add_row(table, str(chip.id), _board(chip), links, channels, text)
    return table


def dram_page(chips: Sequence[TopChip]) -> RenderableType:
    """Training, temperatures and errors of the DRAM channels."""
    table = Table(
        "id",
        "board",
        "trained",
        "hottest C",
        "corrected",
        "uncorrected in channels",
        box=None,
        padding=(0, 1),
    )
    for chip in chips:
        modules = chip.telemetry.gddr
        if modules is None:
            _add_row(table, str(chip.id), _board(chip), *[_DASH] * 4)
            continue
        trained = "".join("?" if module.trained is None else str(int(module.trained)) for module in modules)
        corrected = sum(
            (module.corrected_read_errors or 0) + (module.corrected_write_errors or 0) for module in modules
        )
        bad = [
            module.channel
            for module in modules
            if module.uncorrected_read_errors or module.uncorrected_write_errors
        ]
        hottest = chip.telemetry.gddr_max_celsius
        _add_row(
            table,
            str(chip.id),
            _board(chip),
            trained,
            _or_dash(hottest),
            str(corrected),
            Text(", ".join(map(str, bad)) or "none", "bold red" if bad else ""),
        )
    return table


def processes_page(chips: Sequence[TopChip]) -> RenderableType:
    """Who holds which chip, and how much of its memory."""
    table = Table("id", "pid", "process", "user", "L1", "DRAM", "", box=None, padding=(0, 1))
    for chip in chips:
        slots, pids = chip.slots, [process.pid for process in chip.held_by.processes]
        for holder in chip.held_by.processes:
            user = holder.user or (_DASH if holder.uid is None else str(holder.uid))
            _process_row(table, chip, holder.pid, holder.name, user, slots.get(holder.pid))
        for pid, slot in slots.items():
            if pid not in pids:
                _process_row(table, chip, pid, slot["name"], _DASH, slot)
        if chip.held_by.outside:
            _add_row(table, str(chip.id), "?", "a process outside this pid namespace", *[_DASH] * 3, "")
    return table if table.row_count else Text("nobody is known to hold a chip")


def _add_row(table: Table, *cells: str | Text, style: str | None = None) -> None:
    """A row of texts as they are: rich reads a str as markup, where a process called [kworker] is nothing."""
    table.add_row(*(Text(harmless(cell)) if isinstance(cell, str) else cell for cell in cells), style=style)


def _process_row(
    table: Table, chip: TopChip, pid: int, name: str | None, user: str, slot: ProcessSlot | None
) -> None:
    if slot is None:
        _add_row(
            table, str(chip.id), str(pid), harmless(name or _DASH), user, _DASH, _DASH, "publishes nothing"
        )
        return
    dead = {True: "", False: "DEAD", None: "not known whether it is alive"}[slot["alive"]]
    _add_row(
        table,
        str(chip.id),
        str(pid),
        harmless(slot["name"] if name is None else name),
        user,
        size(slot["l1"]),
        size(slot["dram"]),
        Text(dead, "bold red" if dead == "DEAD" else "magenta"),
    )


def findings_page(view: TopView, events: Iterable[Event]) -> RenderableType:
    """What was found, the worst first and equal ones together, and what came and went since the beginning."""
    groups: dict[tuple[str, Severity, str], list[int]] = {}
    for chip, finding in view.all_findings:
        groups.setdefault((finding.id, finding.severity, finding.message), []).extend(
            [] if chip is None else [chip]
        )
    table = Table("", "id", "about", "what", box=None, padding=(0, 1))
    for (finding_id, severity, message), chips in groups.items():
        about = chips_named(chips) if chips else "host"
        _add_row(table, Text(severity.value, SEVERITY_STYLES[severity]), finding_id, about, harmless(message))
    shown = list(events)[:20]
    if not groups and not shown:
        return Text("nothing was found")
    history = Table(box=None, padding=(0, 1), show_header=False)
    for event in shown:
        about = "host" if event.chip is None else f"chip {event.chip}"
        came = Text("came", "yellow") if event.began else Text("went", "green")
        _add_row(history, clock_time(event.time_ns), came, event.finding.id, event.finding.name, about)
    return Group(table, Text("\nsince the beginning" if shown else ""), history)


def chip_page(chip: TopChip, view: TopView, history: History) -> RenderableType:
    """Everything about one chip: facts, the course of its readings, grid, processes, findings explained."""
    row, reading = chip.row, chip.telemetry
    facts = Table(box=None, show_header=False, padding=(0, 1))
    names = (
        ("board", _board(chip)),
        ("serial", row.serial or _DASH),
        ("unique id", row.unique_id or _DASH),
        ("PCI", row.pci_bdf or _DASH),
        ("firmware", reading.firmware_bundle or _DASH),
        ("L1", used_of(row.l1_used, row.l1_allocatable)),
        ("DRAM", used_of(row.dram_used, row.dram_allocatable)),
        ("reading", "none: " + chip.unread if chip.unread else "there"),
    )
    for name, value in names:
        _add_row(facts, name, harmless(value))
    course = Table("", "now", "least", "most", "", box=None, padding=(0, 1))
    for quantity, unit in (
        (Quantity.CLOCK, "MHz"),
        (Quantity.POWER, "W"),
        (Quantity.TEMPERATURE, "C"),
        (Quantity.L1, "B"),
        (Quantity.DRAM, "B"),
    ):
        span = history.span(chip.id, quantity)
        now = span.values[-1] if span.values else None
        figures = [_DASH if value is None else _figure(value, unit) for value in (now, span.least, span.most)]
        _add_row(course, quantity.value, *figures, sparkline(span, 40))
    alone = System(source=view.source, chips=(chip.chip,))
    drawn = pictures(build_pictures(alone, CoordSystem.NOC0), CoordSystem.NOC0.value.upper())
    parts: list[RenderableType] = [facts, course, *drawn, Text(""), processes_page([chip]), Text("")]
    parts += [explained(finding) for finding in chip.findings]
    return Group(*parts)


def _figure(value: float, unit: str) -> str:
    return size(round(value)) if unit == "B" else f"{value:g} {unit}"


def explained(finding: Finding) -> RenderableType:
    """A finding with what ``explain`` says of it."""
    rule = RULE_BY_ID[finding.id]
    text = Text()
    text.append(f"{finding.severity.value} {finding.id} {finding.name}\n", SEVERITY_STYLES[finding.severity])
    text.append(f"{harmless(finding.message)}\n")
    text.append(f"Cause: {rule.cause}\nNext: {rule.remedy}\n", "dim")
    return text


def _board(chip: TopChip) -> str:
    return chip.row.board.value if chip.row.board else chip.row.arch.value


HELP = """\
 1 chips   2 links   3 DRAM   4 processes   5 findings

 up, down      choose a chip           Enter   all about it; Esc goes back
 s, S          sort by the next, the previous column      r   the other way
 /             filter: temp>80 board=n300 python3; empty shows all
               fields: id board arch clock power temp l1 dram links holder state
 p, Space      pause                   + -     slower, faster
 z             least and most begin anew
 !             findings, and what came and went
 w             save a snapshot in this folder
 h, ?          this page               q       quit

 A recording is played: Space stops it, + and - change its pace.
"""
