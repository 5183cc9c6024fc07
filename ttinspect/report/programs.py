"""The reports of ``programs``: programs, operations, L1 over them, the cores of the peak; csv, svg."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.programs import Capture, HeadroomCheck, Operation, Peak, Program, ProgramsAnswer
from ttinspect.facts.wording import first_of, plural, verb
from ttinspect.model.graph import CaptureKind, ChipHeld, Earlier, RunMode
from ttinspect.report.common import CsvRows, source_line, svg, xml_text
from ttinspect.report.screen import add_row, columns, harmless
from ttinspect.report.units import count, id_ranges, size, steps

_MOST_ROWS = 40
_TIGHTEST_ROWS = 20
_LONGEST_ERROR = 400
_OPERATIONS_NAMED = 8
Group = tuple[Program, int]
"""A program, and how often it is there, with the same operation and the same records."""


def programs_table(answer: ProgramsAnswer, exit_code: int) -> list[RenderableType]:
    """The answer for a terminal. ``exit_code`` is what the command will exit with."""
    parts: list[RenderableType] = [source_line(answer.source)]
    for capture in answer.captures:
        parts += _capture(capture, several=len(answer.captures) > 1)
    if isinstance(answer.headroom, HeadroomCheck):
        parts += [Text(""), *_check(answer, answer.headroom, exit_code)]
    return parts


def _capture(capture: Capture, *, several: bool) -> Iterator[RenderableType]:
    if several:
        yield Text("")
        yield Text(harmless(_title(capture)), style="bold")
    for line in _device(capture):
        yield Text(line)
    if capture.programs:
        yield Text("")
        yield from _programs(capture)
    if capture.operations:
        yield Text("")
        yield from _operations(capture)
    yield from timeline_picture(capture)
    yield from core_picture(capture)
    yield Text("")
    yield from (*_caveats(capture), *_failures(capture), *_last_lines(capture))


def _title(capture: Capture) -> str:
    rank = "" if capture.rank is None else f" rank {capture.rank}"
    return f"{capture.file}{rank}" + (f" with {capture.dry}" if capture.dry else "")


def _device(capture: Capture) -> Iterator[str]:
    mode = "mode unknown" if capture.mode is None else capture.mode.name
    if capture.dry is not None:
        mode = f"NORMAL joined with NO_DISPATCH ({capture.dry})"
    named = [each for each in (capture.runtime, None if capture.arch is None else capture.arch.value) if each]
    yield harmless(f"Run: {', '.join([*named, mode])}")
    if capture.bank_bytes is not None:
        yield (
            f"L1: {count(capture.banks)} banks of {count(capture.bank_bytes)} bytes, from "
            f"l1_base {count(capture.l1_base_bytes)}; L1_SMALL {count(capture.l1_small_bytes)}"
        )


def _programs(capture: Capture) -> Iterator[RenderableType]:
    groups = _grouped(capture.programs)
    shown = groups
    if len(groups) > _MOST_ROWS:
        most = sorted(groups, key=lambda group: -_most(group[0]))[:_TIGHTEST_ROWS]
        shown = sorted(most, key=lambda group: group[0].index)
    table = columns(">", "program", ">", ">cores", ">per core", ">per chip", "~records")
    for program, times in shown:
        for place, (chip, devices) in enumerate(_alike(program)):
            first = place == 0
            where = f"each of chips {id_ranges(devices)}" if len(devices) > 1 else ""
            where = where or (f"chip {devices[0]}" if devices and len(program.chips) > 1 else "")
            add_row(
                table,
                program.index if first else "",
                _short(program.op) if first else "",
                f"{times}x" if first and times > 1 else "",
                "-" if chip is None else f"{chip.cores}",
                _unrecorded(program) if chip is None else count(chip.max_per_core),
                "" if chip is None else count(chip.total),
                ", ".join(filter(None, (_records(program) if first else "", where))),
            )
    yield table
    if len(shown) < len(groups):
        yield Text(f" ... {len(groups) - len(shown)} more with less on a core: all are in --format csv")


def _alike(program: Program) -> list[tuple[ChipHeld | None, list[int]]]:
    """What a program holds on its chips, once for those on which it holds the same."""
    groups: dict[tuple[int, int, int], tuple[ChipHeld | None, list[int]]] = {}
    for chip in program.chips:
        _, devices = groups.setdefault((chip.cores, chip.max_per_core, chip.total), (chip, []))
        devices += [] if chip.device is None else [chip.device]
    return list(groups.values()) or [(None, [])]


def _short(op: str | None) -> str:
    """The name of a device operation without what all of them end with."""
    return (op or "-").removesuffix("DeviceOperation") or "-"


def _most(program: Program) -> int:
    return max((chip.max_per_core for chip in program.chips), default=0)


def _unrecorded(program: Program) -> str:
    return "0" if program.complete else "?"


def _records(program: Program) -> str:
    counts = program.records
    kinds = (
        (counts.circular, "circular"),
        (counts.dataflow, "dataflow"),
        (counts.scratchpad, "scratchpad"),
    )
    text = ", ".join(f"{number} {kind}" for number, kind in kinds if number)
    return text or ("cache hit" if program.cache_hit and not program.complete else "-")


def _grouped(programs: Iterable[Program]) -> list[Group]:
    groups: dict[object, list[Program]] = {}
    for program in programs:
        key = (program.op, program.cache_hit, program.complete, program.chips, program.records)
        groups.setdefault(key, []).append(program)
    return [(group[0], len(group)) for group in groups.values()]


def _operations(capture: Capture) -> Iterator[RenderableType]:
    shown = _chosen(capture)
    table = columns(">", "operation", ">tensors after", ">at peak", ">programs", ">headroom", "")
    for each in shown:
        add_row(
            table,
            each.index,
            each.name,
            _bytes(each.l1_after_bytes),
            _bytes(each.l1_peak_bytes),
            _bytes(each.program_bytes) if each.programs else "-",
            _bytes(each.headroom_bytes) if each.programs else "-",
            _mark(capture, each),
        )
    yield table
    missing = len(capture.operations) - len(shown)
    if missing:
        yield Text(f" ... {missing} more with more headroom: all are in --format csv")


def _bytes(number: int | None) -> str:
    return "?" if number is None else count(number)


def _mark(capture: Capture, operation: Operation) -> Text:
    if operation.error is not None or not operation.completed:
        return Text("FAILED", style="bold red")
    return Text("tightest", style="yellow") if operation.index == capture.tightest else Text("")


def _chosen(capture: Capture) -> Sequence[Operation]:
    """All operations; of many those with the least headroom or the highest peak, and what failed."""
    everything = capture.operations
    if len(everything) <= _MOST_ROWS:
        return everything
    known = [each for each in everything if each.headroom_bytes is not None]
    tightest = sorted(known, key=lambda each: each.headroom_bytes or 0)[:_TIGHTEST_ROWS]
    highest = sorted(everything, key=lambda each: -(each.l1_peak_bytes or 0))[: _MOST_ROWS - _TIGHTEST_ROWS]
    failed = [each for each in everything if each.error is not None or not each.completed]
    chosen = {each.index for each in (*tightest, *highest, *failed)}
    return [each for each in everything if each.index in chosen]


def _caveats(capture: Capture) -> Iterator[Text]:
    silent = [program for program in capture.programs if not program.complete and not program.chips]
    if any(not program.complete for program in capture.programs):
        text = (
            f"{len(silent)} of {plural(len(capture.programs), 'program')} "
            f"{verb(len(silent), 'has', 'have')} no record (?) and may hold anything"
            if silent
            else "programs may hold more than is shown"
        )
        yield Text(
            f"A NORMAL run records circular buffers alone, and nothing of a cached program: {text}. "
            "Run the script in RunMode.NO_DISPATCH too, and join it with --dry."
        )
    elif capture.mode is RunMode.NO_DISPATCH and capture.dry is None and capture.operations:
        yield Text(
            "A dry run has no addresses: headroom is the bank less tensors and programs, and fragmentation "
            "is not seen. Join it with the NORMAL run by --dry."
        )
    if capture.earlier is Earlier.SEEN and capture.operations:
        yield Text(
            "Buffers from before the capture count where it touches them; of others it knows nothing, and "
            "headroom is at most what is shown (ttnn.graph.enable_detailed_buffer_tracing() shows them all)."
        )
    elif capture.earlier is Earlier.UNKNOWN and capture.mode is RunMode.NO_DISPATCH:
        yield Text(
            "This database is of a dry run, of which ttnn's importer loses tensors: what they hold is not "
            "known. The report that it was made of tells it."
        )
    elif capture.earlier is Earlier.UNKNOWN:
        yield Text(
            "This database was made without snapshots: tensors are those allocated inside the capture, and "
            "peak and headroom are not known (ttnn.graph.enable_detailed_buffer_tracing(), or the report)."
        )


def _failures(capture: Capture) -> Iterator[Text]:
    for each in capture.operations:
        if each.error is not None or not each.completed:
            why = "it did not complete" if each.error is None else condensed(each.error)
            yield Text(harmless(f"Failed: operation {each.index}, {each.name}: {why}"), style="red")


def condensed(error: str) -> str:
    """ttnn's text without its place in the source and its backtrace, on one line."""
    text = error.partition("\nbacktrace:")[0].partition("\ninfo:\n")[2] or error.partition("\nbacktrace:")[0]
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_ERROR else f"{line[:_LONGEST_ERROR]}..."


def _last_lines(capture: Capture) -> Iterator[Text]:
    silent = sum(not program.complete and not program.chips for program in capture.programs)
    yield Text(f"Peak of programs: {_peak(capture, silent)}")
    tightest = None if capture.tightest is None else capture.operations[capture.tightest]
    if tightest is None or tightest.headroom_bytes is None:
        if capture.operations:
            bare = "; a bare capture says nothing of the bank, a report does (end_graph_capture_to_file)"
            why = bare if capture.source is CaptureKind.CAPTURE else ""
            yield Text(f"Tightest operation: unknown{why}", style="bold")
        return
    unknown = sum(1 for each in capture.operations if each.programs and each.headroom_bytes is None)
    room = tightest.headroom_bytes
    of = f" of those known ({unknown} are not)" if unknown else ""
    text = f"Tightest operation{of}: {tightest.index}, {tightest.name}: "
    if room >= 0:
        text += f"{count(room)} bytes ({size(room)}) between its programs and the tensors"
        yield Text(harmless(text), "bold")
    else:
        yield Text(harmless(f"{text}{count(-room)} bytes ({size(-room)}) too many"), "bold red")
    if capture.in_the_way:
        yield Text("  Tensors nearest to its programs, which would have to go first:")
    for line in _in_the_way(capture):
        yield Text(harmless(f"    {line}"))


def _in_the_way(capture: Capture) -> Iterator[str]:
    for each in capture.in_the_way:
        owner = (
            "a buffer from before the capture"
            if each.operation is None
            else f"the output of {each.operation}, {capture.operations[each.operation].name}"
        )
        where = "" if each.address is None else f" at {count(each.address)}"
        yield f"{_bytes(each.bytes)} bytes{where}, {owner}"


def _peak(capture: Capture, silent: int) -> str:
    peak = capture.peak
    if peak.max_per_core is None:
        return "unknown: no record says anything"
    least = f"at least (with {silent} not recorded) " if silent else ""
    text = f"{least}{count(peak.max_per_core)} bytes on a core, {count(peak.total)} on a chip"
    if peak.program is not None:
        text += f": program {peak.program}, {harmless(capture.programs[peak.program].op or '-')}"
    return text


def _check(answer: ProgramsAnswer, check: HeadroomCheck, exit_code: int) -> Iterator[Text]:
    def named(capture: int, operation: int) -> str:
        where = f"{answer.captures[capture].file}: " if len(answer.captures) > 1 else ""
        return f"{where}{operation} {answer.captures[capture].operations[operation].name}"

    below, unknown = (
        first_of([named(place.capture, place.operation) for place in places], _OPERATIONS_NAMED)
        for places in (check.below, check.unknown)
    )
    asked = f"{count(check.min_bytes)} bytes"
    if below:
        yield Text("FAIL", style="bold red").append(
            harmless(f"  less than {asked} of headroom, or failed: {below}  (exit {exit_code})"),
            "not bold default",
        )
    elif unknown:
        yield Text("INCONCLUSIVE", style="bold magenta").append(
            harmless(f"  the headroom is not known of {unknown}  (exit {exit_code})"),
            "not bold default",
        )
    else:
        yield Text("PASS", style="bold green").append(
            f"  at least {asked} of headroom everywhere  (exit {exit_code})", "not bold default"
        )


_TEXT_COLUMNS = 60
_TEXT_ROWS = 12
_TEXT_WIDEST = 4
_SHADES = "#=+-."
"""The most first; what holds nothing is a blank."""


class Column(msgspec.Struct, frozen=True):
    """One operation, or several beside each other that are drawn as one: the most that tensors and
    programs hold. None where that is not known of any of them."""

    first: int
    last: int
    tensors: int | None
    programs: int | None
    runs: bool
    failed: bool


def timeline(operations: tuple[Operation, ...], most: int) -> list[Column]:
    """The operations in at most so many columns."""
    each = -(-len(operations) // most) if operations else 1
    groups = [operations[start : start + each] for start in range(0, len(operations), each)]
    return [_column(group) for group in groups]


def _column(group: tuple[Operation, ...]) -> Column:
    running = [operation for operation in group if operation.programs]
    tensors = [operation.l1_peak_bytes for operation in group if operation.l1_peak_bytes is not None]
    programs = [operation.program_bytes for operation in running if operation.program_bytes is not None]
    return Column(
        first=group[0].index,
        last=group[-1].index,
        tensors=max(tensors) if len(tensors) == len(group) else None,
        programs=max(programs, default=0) if len(programs) == len(running) else None,
        runs=bool(running),
        failed=any(operation.error is not None or not operation.completed for operation in group),
    )


def timeline_picture(capture: Capture) -> Iterator[RenderableType]:
    """Tensors from above, programs from below, a column or more for each operation."""
    if capture.bank_bytes is None or capture.l1_base_bytes is None or not capture.operations:
        return
    drawn = timeline(capture.operations, _TEXT_COLUMNS)
    width = max(1, min(_TEXT_WIDEST, _TEXT_COLUMNS // len(drawn)))
    lines = [[" "] * len(drawn) for _ in range(_TEXT_ROWS)]
    for place, column in enumerate(drawn):
        _fill(lines, place, column, capture.bank_bytes)
    top, base = count(capture.l1_base_bytes + capture.bank_bytes), count(capture.l1_base_bytes)
    margin = max(len(top), len(base))
    labels = {0: top, _TEXT_ROWS - 1: base}
    picture = Text("\n", no_wrap=True, end="")
    for number, line in enumerate(lines):
        label = labels.get(number, "").rjust(margin)
        picture.append(f" {label} |{''.join(sign * width for sign in line)}|\n")
    last = f"{capture.operations[-1].index}"
    ruler = "0" + last.rjust(len(drawn) * width - 1) if len(drawn) * width > len(last) else "0"
    picture.append(f" {' ' * margin}  {ruler}\n")
    yield picture
    yield Text(" T tensors, from above   P programs, from l1_base   ? not known   X failed")


def _fill(lines: list[list[str]], place: int, column: Column, bank_bytes: int) -> None:
    if column.programs is None and column.runs:
        lines[_TEXT_ROWS - 1][place] = "?"
    for step in range(steps(column.programs or 0, bank_bytes, _TEXT_ROWS)):
        lines[_TEXT_ROWS - 1 - step][place] = "P"
    if column.tensors is None:
        lines[0][place] = "?"
    for step in range(steps(column.tensors or 0, bank_bytes, _TEXT_ROWS)):
        lines[step][place] = "T"
    if column.failed:
        lines[_TEXT_ROWS // 2][place] = "X"


def shades(peak: Peak) -> list[tuple[str, int, int]]:
    """Each shade with the bytes that it stands for, from and to: one for each amount where there are few."""
    amounts = sorted({core.bytes for core in peak.cores}, reverse=True)
    each = -(-len(amounts) // len(_SHADES)) if amounts else 1
    groups = [amounts[start : start + each] for start in range(0, len(amounts), each)]
    return [(sign, group[-1], group[0]) for sign, group in zip(_SHADES, groups, strict=False)]


def core_picture(capture: Capture) -> Iterator[RenderableType]:
    """The cores of the program with the most on one core, shaded by what it holds on them."""
    cores = capture.peak.cores
    if not cores or capture.peak.program is None:
        return
    legend = shades(capture.peak)
    signs = {
        core.xy: next(sign for sign, least, most in legend if least <= core.bytes <= most) for core in cores
    }
    wide, high = max(x for x, _ in signs) + 1, max(y for _, y in signs) + 1
    picture = Text(f"\n program {capture.peak.program} on logical cores, x\n", no_wrap=True, end="")
    picture.append("  y  " + "".join(f"{x:>2} " for x in range(wide)))
    for y in range(high):
        cells = "".join(f"{signs.get((x, y), ' '):>2} " for x in range(wide))
        picture.append(f"\n{y:>3}  {cells}".rstrip())
    picture.append("\n")
    yield picture
    text = "   ".join(
        f"{sign} {count(most)}" if least == most else f"{sign} {count(least)} to {count(most)}"
        for sign, least, most in legend
    )
    yield Text(f" bytes: {text}")


_LEFT, _GAP = 96, 46
_WIDTH, _HEIGHT = 720, 260
_CELL = 26
_SVG_COLUMNS = 360
_STYLE = (
    "text{font-family:monospace;font-size:12px;fill:#222}.name{font-weight:bold}"
    ".axis{text-anchor:end}.frame{fill:#fff;stroke:#555}.tensors{fill:#8fb4d9}.programs{fill:#e79c7d}"
    ".unknown{fill:#ddd}.failed{fill:none;stroke:#b03030;stroke-width:2}.cell{stroke:#555}"
    ".mid{text-anchor:middle}"
)


def programs_csv(answer: ProgramsAnswer) -> CsvRows:
    """A row for each operation, and for each program and device; one for a program that holds nothing."""
    header = (
        "what", "file", "rank", "index", "id", "name", "cache_hit", "complete", "device", "cores",
        "max_per_core", "total", "circular", "dataflow", "scratchpad", "l1_after_bytes", "l1_peak_bytes",
        "program_bytes", "headroom_bytes", "completed", "error",
    )  # fmt: skip
    return header, _csv_rows(answer)


def _csv_rows(answer: ProgramsAnswer) -> Iterator[tuple[object, ...]]:
    for capture in answer.captures:
        for each in capture.operations:
            yield (
                "operation", capture.file, capture.rank, each.index, each.id, each.name, *(None,) * 9,
                each.l1_after_bytes, each.l1_peak_bytes, each.program_bytes, each.headroom_bytes,
                each.completed, each.error,
            )  # fmt: skip
        for program in capture.programs:
            counts = program.records
            for chip in program.chips or (None,):
                held = (
                    (None,) * 4 if chip is None else (chip.device, chip.cores, chip.max_per_core, chip.total)
                )
                yield (
                    "program", capture.file, capture.rank, program.index, None, program.op,
                    program.cache_hit, program.complete, *held, counts.circular, counts.dataflow,
                    counts.scratchpad, *(None,) * 6,
                )  # fmt: skip


def programs_svg(answer: ProgramsAnswer) -> str:
    """A standalone SVG document: for each capture L1 over its operations, and the cores of the peak."""
    body: list[str] = []
    y = 0
    for capture in answer.captures:
        for draw in (_svg_heading, _svg_timeline, _svg_cores):
            lines, height = draw(capture, y)
            body += lines
            y += height
    width = _LEFT + _WIDTH + 20
    return svg(width, y, source_line(answer.source).plain, _STYLE, body)


Drawn = tuple[list[str], int]
"""Elements, and how high they are together."""


def _svg_heading(capture: Capture, y: int) -> Drawn:
    joined = "" if capture.dry is None else f" with {capture.dry}"
    rank = "" if capture.rank is None else f", rank {capture.rank}"
    return [_svg_text("name", 8, y + 22, f"{capture.file}{joined}{rank}")], 34


def _svg_timeline(capture: Capture, y: int) -> Drawn:
    """Tensors from above and programs from below, to scale."""
    if capture.bank_bytes is None or capture.l1_base_bytes is None or not capture.operations:
        return [], 0
    drawn = timeline(capture.operations, _SVG_COLUMNS)
    top = y + 26
    lines = [
        _svg_text(
            "", _LEFT, top - 8, "L1 of a bank over the operations: tensors from above, programs from below"
        ),
        f'<rect class="frame" x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}"/>',
        _svg_text("axis", _LEFT - 6, top + 12, count(capture.l1_base_bytes + capture.bank_bytes)),
        _svg_text("axis", _LEFT - 6, top + _HEIGHT, count(capture.l1_base_bytes)),
        _svg_text("", _LEFT, top + _HEIGHT + 16, "operation 0"),
        _svg_text("axis", _LEFT + _WIDTH, top + _HEIGHT + 16, f"{capture.operations[-1].index}"),
    ]
    for place, column in enumerate(drawn):
        left = _LEFT + place * _WIDTH // len(drawn)
        wide = _LEFT + (place + 1) * _WIDTH // len(drawn) - left
        lines.append(_svg_column(capture, column, left, wide, top))
    return lines, 26 + _HEIGHT + _GAP


def _svg_column(capture: Capture, column: Column, left: int, wide: int, top: int) -> str:
    whole = capture.bank_bytes or 0
    tensors = steps(column.tensors or 0, whole, _HEIGHT)
    programs = steps(column.programs or 0, whole, _HEIGHT)
    first, last = capture.operations[column.first], capture.operations[column.last]
    name = f"{first.index} {first.name}" + (f" to {last.index} {last.name}" if last is not first else "")
    held = size(column.programs) if column.runs else "none"
    title = xml_text(f"{name}: tensors {size(column.tensors)}, programs {held}")
    box = f'x="{left}" width="{max(wide - 1, 1)}"'
    parts = [
        f'<rect class="tensors" {box} y="{top}" height="{tensors}"/>',
        f'<rect class="programs" {box} y="{top + _HEIGHT - programs}" height="{programs}"/>',
    ]
    if column.runs and column.programs is None:
        parts.append(f'<rect class="unknown" {box} y="{top + _HEIGHT - 12}" height="12"/>')
    if column.failed:
        parts.append(f'<rect class="failed" {box} y="{top}" height="{_HEIGHT}"/>')
    return f"<g><title>{title}</title>{''.join(parts)}</g>"


def _svg_cores(capture: Capture, y: int) -> Drawn:
    """The core grid of the program with the most on one core, darker for more."""
    if not capture.peak.cores or capture.peak.program is None:
        return [], 0
    top, most = y + 44, capture.peak.max_per_core or 0
    op = capture.programs[capture.peak.program].op or "-"
    lines = [_svg_text("", 8, y + 16, f"program {capture.peak.program}, {op}: bytes on each logical core")]
    high = max(core.xy[1] for core in capture.peak.cores) + 1
    for x in range(max(core.xy[0] for core in capture.peak.cores) + 1):
        lines.append(_svg_text("mid", _LEFT + x * _CELL + _CELL // 2, top - 6, f"{x}"))
    for row in range(high):
        lines.append(_svg_text("axis", _LEFT - 6, top + row * _CELL + _CELL * 2 // 3, f"{row}"))
    for core in capture.peak.cores:
        x, row = core.xy
        shade = 250 - 17 * steps(core.bytes, most, 10)
        lines.append(
            f'<g><title>{x},{row}: {count(core.bytes)} bytes</title><rect class="cell" '
            f'x="{_LEFT + x * _CELL}" y="{top + row * _CELL}" width="{_CELL - 2}" height="{_CELL - 2}" '
            f'fill="rgb(231,{shade},{shade})"/></g>'
        )
    legend = "   ".join(
        f"{count(most)}" if least == most else f"{count(least)} to {count(most)}"
        for _, least, most in shades(capture.peak)
    )
    lines.append(_svg_text("", _LEFT, top + high * _CELL + 16, f"bytes, the darkest first: {legend}"))
    return lines, 44 + high * _CELL + _GAP


def _svg_text(look: str, x: int, y: int, text: str) -> str:
    named = f'class="{look}" ' if look else ""
    return f'<text {named}x="{x}" y="{y}">{xml_text(text)}</text>'
