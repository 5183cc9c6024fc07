"""The reports of ``explain``."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from ttinspect.answers.explain import MOST_KINDS, MOST_LISTED, ExplainAnswer, L1Holder
from ttinspect.answers.memory_faults import ExplainedError
from ttinspect.facts.wording import plural, verb
from ttinspect.model.memory_error import Cause, RuntimePair
from ttinspect.report.common import CsvRows, markdown_text
from ttinspect.report.l1_map import l1_map
from ttinspect.report.screen import add_row, columns, harmless
from ttinspect.report.units import count, grid, size

_MARKDOWN_HEAD = """\
# Findings

Everything that `ttinspect` can find, by id: TTC capacity and check, TTF fleets, TTH harvest, TTP readiness of
a host, TTS shared memory, TTT topology and telemetry. Written by `ttinspect explain --format markdown`.
"""


def explain_table(answer: ExplainAnswer) -> list[RenderableType]:
    """One finding at length, or the list of all; or memory errors, equal ones once."""
    if not answer.findings:
        return _errors(answer)
    if len(answer.findings) == 1:
        text = answer.findings[0]
        parts: list[RenderableType] = [Text(f"{text.id} {text.name}: {text.title}")]
        for heading, body in (("Meaning", text.meaning), ("Cause", text.cause), ("Next", text.remedy)):
            parts += [Text(""), Text(heading, style="bold"), Padding(Text(body), (0, 0, 0, 2))]
        return parts
    table = columns("id", "name", "~")
    for text in answer.findings:
        add_row(table, text.id, text.name, text.title)
    return [table]


def explain_markdown(answer: ExplainAnswer) -> str:
    """All of the findings as one document, each under a heading of its own; or memory errors."""
    if not answer.findings:
        return _errors_markdown(answer)
    parts = [] if len(answer.findings) == 1 else [_MARKDOWN_HEAD]
    for text in answer.findings:
        parts.append(f"## {text.id} {markdown_text(text.name)}\n\n{markdown_text(text.title)}\n")
        for heading, body in (("Meaning", text.meaning), ("Cause", text.cause), ("Next", text.remedy)):
            parts.append(f"**{heading}.** {markdown_text(body)}\n")
    return "\n".join(parts)


def explain_csv(answer: ExplainAnswer) -> CsvRows:
    """A row per finding, or per memory error."""
    if not answer.findings:
        return _ERROR_HEADER, map(_cells, answer.errors)
    header = ("id", "name", "title", "meaning", "cause", "remedy")
    return header, ((t.id, t.name, t.title, t.meaning, t.cause, t.remedy) for t in answer.findings)


_CAUSES = {
    Cause.NEVER_FITS: "never fits",
    Cause.FULL: "full",
    Cause.FRAGMENTED: "fragmented",
    Cause.CLASH: "clash of a program and a tensor",
    Cause.PROGRAM_TOO_BIG: "program too big",
    Cause.OPERATION_TOO_BIG: "refused by an operation itself",
    Cause.VIEW_TOO_BIG: "buffer larger than the tensor that it lies in",
    Cause.KERNELS_TOO_BIG: "kernels too big",
    Cause.TRACE_TOO_BIG: "trace region too small",
    Cause.TRACE_CLASH: "no room for a trace",
    Cause.RESERVED_TOO_BIG: "more set aside than there is",
    None: "no room",
}
_MOST_ERRORS = 20


def _errors(answer: ExplainAnswer) -> list[RenderableType]:
    groups = _groups(answer.errors)
    if not groups:
        return [Text("No memory error of tt-metal is in this text  (exit 11)")]
    parts: list[RenderableType] = []
    for number, error in enumerate(groups[:_MOST_ERRORS], 1):
        parts += [
            *([Text("")] if number > 1 else []),
            *_error(error, _heading(error, number, len(groups))),
        ]
    if len(groups) > _MOST_ERRORS:
        parts += [Text(""), Text(f"and {len(groups) - _MOST_ERRORS} more kinds (--json has all)")]
    if answer.unlisted_errors:
        parts += [Text(""), Text(_unlisted(answer))]
    if answer.holders:
        parts += _holders(answer.holders)
    return parts


def _groups(errors: Sequence[ExplainedError]) -> list[ExplainedError]:
    """Equal errors once."""
    return [*{error.text: error for error in reversed(errors)}.values()][::-1]


def _unlisted(answer: ExplainAnswer) -> str:
    """What the bounds of an answer leave out."""
    return (
        f"{count(answer.unlisted_errors or 0)} more errors have no entry of their own: equal ones are "
        f"listed up to {count(MOST_LISTED)} and then counted, and at most {count(MOST_KINDS)} kinds are kept"
    )


def _heading(error: ExplainedError, number: int, of: int) -> str:
    which = f"{number} of {of}  " if of > 1 else ""
    often = f"  ({count(error.times)} times)" if error.times > 1 else ""
    sharded = "sharded " if error.sharded else ""
    where = f", {sharded}{_where(error)}" if error.banks or error.core_range else ""
    return f"{which}{error.memory.value}: {_CAUSES[error.cause]}{where}{often}"


def _where(error: ExplainedError) -> str:
    if error.core_range is not None:
        (left, top), (right, bottom) = error.core_range
        return f"cores {left}-{top} to {right}-{bottom}"
    return f"over {count(error.banks)} {'cores' if error.sharded else 'banks'}"


def _error(error: ExplainedError, heading: str) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(heading, style="bold"), _indented(error.meaning)]
    steps = columns("", "~", header=False)
    for number, step in enumerate(error.help, 1):
        add_row(steps, f"  {number}.", step)
    parts += [Text(""), Text("What would help, the best first"), steps]
    sentences = list(_about_runtime(error))
    if sentences:
        parts += [Text(""), *map(_indented, sentences)]
    if error.map:
        parts += l1_map(error.map)
        if error.lowest_buffer is None and error.program_end is None:
            parts.append(Text(" (sums: where the free pieces lie, the error does not tell)"))
    return parts


def _indented(text: str) -> RenderableType:
    return Padding(Text(harmless(text)), (0, 0, 0, 2))


def _about_runtime(error: ExplainedError) -> Iterator[str]:
    """What the figures tell of the runtime."""
    likely = [pair for pair in error.runtimes if pair.likely]
    if likely:
        yield f"Runtime: {_releases(likely)}, by {_by(error)}"
    elif error.runtimes:
        yield (
            f"Runtime: not known: {len(error.runtimes)} releases give such a bank, none of them with a usual "
            "l1_small or trace region (--json has them)"
        )
    if error.grids and not error.sharded:
        by_lines: dict[int, list[str]] = {}
        for fitting in error.grids:
            by_lines.setdefault(fitting.harvested_lines, []).append(fitting.dispatch.value)
        ways = ", ".join(
            f"{' or '.join(dispatches)} dispatch with {lines or 'no'} harvested "
            f"line{'' if lines == 1 else 's'}"
            for lines, dispatches in by_lines.items()
        )
        banks = error.banks or 0
        are = verb(banks, "is", "are")
        yield f"{plural(banks, 'bank')} {are} a compute grid of {grid(error.grids[0].grid)}: {ways}"
    if error.newest is not None:
        yield _newest(error)


def _by(error: ExplainedError) -> str:
    return "where the program begins" if error.program_end is not None else "the size of a bank"


def _releases(pairs: Sequence[RuntimePair]) -> str:
    groups: dict[tuple[str, int | None, int | None], list[str]] = {}
    for pair in pairs:
        key = (pair.arch.value, pair.l1_small, pair.trace_per_view)
        groups.setdefault(key, []).append(pair.name)
    return "; or ".join(
        f"{_range(names)} on {arch}{_opened(l1_small, trace)}"
        for (arch, l1_small, trace), names in groups.items()
    )


def _range(names: list[str]) -> str:
    """Newest first, as the releases are: "ttnn-0.80.0 to 0.78.0"."""
    last = names[-1].removeprefix("ttnn-")
    return names[0] if len(names) == 1 else f"{names[0]} {'or' if len(names) == 2 else 'to'} {last}"


def _opened(l1_small: int | None, trace: int | None) -> str:
    if l1_small is not None:
        return f" with l1_small {count(l1_small)}"
    return "" if trace is None else f" with {count(trace)} bytes of trace in every view"


def _newest(error: ExplainedError) -> str:
    newest = error.newest
    if newest is None:
        return ""
    if newest.program_end is not None:
        text = f"With {newest.name} the program would end at {count(newest.program_end)}"
    else:
        text = f"With {newest.name}, opened alike, a bank has {count(newest.bank_bytes)} bytes"
    if newest.short_bytes is None:
        return text
    return f"{text}: {f'{count(newest.short_bytes)} too few' if newest.short_bytes else 'it would fit'}"


def _holders(holders: Sequence[L1Holder]) -> list[RenderableType]:
    table = columns("", ">pid", "name", ">L1", ">DRAM", "~where")
    for holder in holders:
        state = {False: " GHOST", True: "", None: ""}[holder.alive]
        add_row(
            table,
            f" {state}",
            "-" if holder.pid is None else holder.pid,
            holder.name or "-",
            size(holder.l1_bytes),
            size(holder.dram_bytes),
            holder.where,
        )
    return [Text(""), Text("Who holds L1 now"), table]


def _errors_markdown(answer: ExplainAnswer) -> str:
    parts = ["# Memory errors\n"]
    groups = _groups(answer.errors)
    for number, error in enumerate(groups, 1):
        parts.append(f"## {markdown_text(_heading(error, number, len(groups)))}\n")
        parts.append(f"{markdown_text(error.meaning)}\n")
        parts.append(
            "\n".join(f"{at}. {markdown_text(step)}" for at, step in enumerate(error.help, 1)) + "\n"
        )
        parts += [f"{markdown_text(text)}\n" for text in _about_runtime(error)]
        parts.append(f"`{error.text}`\n")
    return "\n".join(parts)


_ERROR_HEADER = (
    "cause", "memory", "buffer_bytes", "needed_bytes", "bank_bytes", "allocated_bytes", "free_bytes",
    "largest_bytes", "short_bytes", "banks", "sharded", "arch", "runtimes", "program_bytes", "program_end",
    "lowest_buffer", "meaning", "text", "times", "operation", "available_bytes", "freeing_helps",
)  # fmt: skip


def _cells(error: ExplainedError) -> tuple[object, ...]:
    likely = " ".join(pair.name for pair in error.runtimes if pair.likely)
    return (
        error.cause and error.cause.value, error.memory.value, error.buffer_bytes, error.needed_bytes,
        error.bank_bytes, error.allocated_bytes, error.free_bytes, error.largest_bytes, error.short_bytes,
        error.banks, error.sharded, error.arch and error.arch.value, likely, error.program_bytes,
        error.program_end, error.lowest_buffer, error.meaning, error.text, error.times, error.operation,
        error.available_bytes, error.freeing_helps,
    )  # fmt: skip
