"""The table of ``programs``: programs, operations, two pictures, and what is tightest."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.programs import Capture, HeadroomCheck, Operation, Program, ProgramsAnswer
from ttinspect.facts.wording import plural, verb
from ttinspect.model.graph import CaptureKind, ChipHeld, Earlier, RunMode
from ttinspect.report.common import source_line
from ttinspect.report.programs_pictures import core_picture, timeline_picture
from ttinspect.report.screen import columns, harmless, row
from ttinspect.report.units import count, id_ranges, size

_MOST_ROWS = 40
_TIGHTEST_ROWS = 20
_LONGEST_ERROR = 400
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
            row(
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
        row(
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

    def listed(places: Sequence[str]) -> str:
        more = f" and {len(places) - 8} more" if len(places) > 8 else ""
        return ", ".join(places[:8]) + more

    below = [named(place.capture, place.operation) for place in check.below]
    unknown = [named(place.capture, place.operation) for place in check.unknown]
    asked = f"{count(check.min_bytes)} bytes"
    if below:
        yield Text("FAIL", style="bold red").append(
            harmless(f"  less than {asked} of headroom, or failed: {listed(below)}  (exit {exit_code})"),
            "not bold default",
        )
    elif unknown:
        yield Text("INCONCLUSIVE", style="bold magenta").append(
            harmless(f"  the headroom is not known of {listed(unknown)}  (exit {exit_code})"),
            "not bold default",
        )
    else:
        yield Text("PASS", style="bold green").append(
            f"  at least {asked} of headroom everywhere  (exit {exit_code})", "not bold default"
        )
