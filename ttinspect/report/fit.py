"""The reports of ``fit``."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.fit import FitAnswer, FitBank, FitGroup, FitTensor, FitVerdict
from ttinspect.facts.wording import plural, verb
from ttinspect.model.memory_error import Cause
from ttinspect.report.common import CsvRows, source_line
from ttinspect.report.l1_map import l1_map
from ttinspect.report.screen import add_row, columns, harmless
from ttinspect.report.units import chips_named, count, grid, size

_VERDICTS = {FitVerdict.FITS: "FITS", FitVerdict.DOES_NOT_FIT: "DOES NOT FIT", FitVerdict.UNKNOWN: "UNKNOWN"}
_FITS = {True: "yes", False: "no", None: "unknown"}
_MOST_FREED = 4


def fit_table(answer: FitAnswer, code: int) -> list[RenderableType]:
    """Where, what is there, each tensor, why not, the map; the verdict last. Chips that differ stand one kind
    below the other, with the map of those that decide."""
    parts: list[RenderableType] = []
    if answer.source is not None:
        parts.append(Text(harmless(source_line(answer.source).plain)))
    for group in answer.groups:
        parts += [*map(Text, map(harmless, _heading(group))), Text(""), *_group(group)]
        parts += l1_map(group.map) if group == _decides(answer) else []
        parts += [Text(""), *(Text(harmless(sentence)) for sentence in _sentences(group))]
        if len(answer.groups) > 1:
            parts += [
                Text(f"{chips_named(group.target.chips)}: {_VERDICTS[group.verdict].lower()}"),
                Text(""),
            ]
    for finding in answer.findings:
        parts.append(Text(harmless(f"warning  {finding.id} {finding.name}   {finding.message}")))
    parts.append(Text(f"{_VERDICTS[answer.verdict]}  {_where(answer)}{_total(answer)}(exit {code})"))
    return parts


def _decides(answer: FitAnswer) -> FitGroup:
    return next(group for group in answer.groups if group.verdict is answer.verdict)


def _where(answer: FitAnswer) -> str:
    """On which chips, where it is not the same on all."""
    if len({group.verdict for group in answer.groups}) == 1:
        return ""
    chips = [
        chip for group in answer.groups if group.verdict is answer.verdict for chip in group.target.chips
    ]
    return f"on {chips_named(tuple(sorted(chips)))}  "


def _group(group: FitGroup) -> Iterator[RenderableType]:
    table = columns("a bank of", ">banks", ">bytes", ">allocated", ">free", ">largest piece")
    for bank in group.banks:
        figures = (bank.banks, bank.bytes, bank.allocated, bank.free, bank.largest)
        add_row(table, f" {bank.memory.value}", *map(count, figures))
    yield table
    if not group.tensors:
        return
    table = columns("~tensor", ">in all", ">banks", ">of each bank", "alone")
    for tensor in group.tensors:
        add_row(
            table,
            f" {tensor.spec}",
            "-" if tensor.buffer_bytes is None else size(tensor.buffer_bytes),
            "-" if tensor.banks is None else count(tensor.banks),
            "-" if tensor.allocated_per_bank is None else count(tensor.allocated_per_bank),
            _FITS[tensor.fits],
        )
    yield Text("")
    yield table


def _heading(group: FitGroup) -> Iterator[str]:
    target = group.target
    if target.allocator is not None:
        after = f", after {target.operation}" if target.operation else ""
        yield f"Allocator: {target.allocator}{after}"
    each = ", each" if len(target.chips) > 1 else ""
    words = [f"{chips_named(target.chips)}{each}"] if target.chips else []
    words += [target.board.value] if target.board else []
    words += [target.arch.value, f"  compute grid {grid(target.compute_grid)}"]
    words += [f"  {target.dispatch} dispatch"] if target.dispatch else []
    yield " ".join(words)
    runtimes = ", ".join(target.runtimes) or "unknown"
    yield f"Runtime: {runtimes}: l1_base {count(target.l1_base)}, l1_small {count(target.l1_small)} bytes"


def _sentences(answer: FitGroup) -> Iterator[str]:
    banks = {bank.memory: bank for bank in answer.banks}
    for tensor in answer.tensors:
        if tensor.refused is not None:
            yield f"{tensor.spec}: ttnn refuses: {tensor.refused}"
        elif tensor.unknown is not None:
            yield f"{tensor.spec}: {tensor.unknown}"
        elif tensor.fits is False:
            yield f"{tensor.spec}: {_why(tensor, banks[tensor.memory])}"
    first = answer.first_short
    if first is not None and answer.tensors[first].fits:
        tensor = answer.tensors[first]
        behind = "the tensors before it" if first > 1 else "the one before it"
        yield (
            f"{tensor.spec}: alone it has room; behind {behind}, {count(answer.short_bytes)} bytes are "
            f"missing in every {tensor.memory.value} bank"
        )
    yield from _of_programs(answer)


def _why(tensor: FitTensor, bank: FitBank) -> str:
    needed = f"{count(tensor.allocated_per_bank)} bytes of each bank"
    if tensor.cause is Cause.NEVER_FITS:
        return (
            f"needs {needed}, and a bank has {count(bank.bytes)}: it never fits, whatever is freed "
            f"({count(tensor.short_bytes)} too many)"
        )
    if tensor.cause is Cause.FULL:
        return f"needs {needed}, {count(bank.free)} are free: {count(tensor.short_bytes)} too few"
    largest = f"in pieces of at most {count(bank.largest)}"
    return f"needs {needed} in one piece; {count(bank.free)} are free, {largest}{_freeing(tensor)}"


def _freeing(tensor: FitTensor) -> str:
    if tensor.freeing is None:
        return ""
    blocks = tensor.freeing.blocks
    named = ", ".join(
        f"{count(block.size_bytes)} bytes at {count(block.address)}" for block in blocks[:_MOST_FREED]
    )
    more = f" and {len(blocks) - _MOST_FREED} more between them" if len(blocks) > _MOST_FREED else ""
    return f". Free the {named}{more}: {count(tensor.freeing.piece_bytes)} in one piece"


def _of_programs(answer: FitGroup) -> Iterator[str]:
    programs = answer.programs
    if programs is None:
        return
    least = "" if programs.complete else "at least "
    need = f"{plural(programs.programs, 'program')} {verb(programs.programs, 'needs', 'need')} "
    need += f"{least}{count(programs.extent_bytes)} bytes of a core"
    if not programs.programs:
        need = "the capture has no programs"
    end = "" if programs.end is None else f", up to {count(programs.end)}"
    lowest = (
        "no L1 buffer"
        if answer.lowest_buffer is None
        else f"the lowest L1 buffer at {count(answer.lowest_buffer)}"
    )
    if programs.short_bytes is None:
        yield f"{need}{end}; where the lowest L1 buffer lies is not known"
    elif programs.short_bytes:
        yield f"{need}{end}; that is {count(programs.short_bytes)} bytes into {lowest}"
    else:
        yield (
            f"{need}{end}; {lowest} is in the way"
            if answer.lowest_buffer is None
            else f"{need}{end}, below {lowest}"
        )
    if not programs.complete and not programs.short_bytes:
        yield (
            "A capture in RunMode.NORMAL leaves dataflow buffers and cached programs out: capture in "
            "RunMode.NO_DISPATCH to know."
        )


def _total(answer: FitAnswer) -> str:
    if answer.short_bytes and answer.bank is not None:
        return f"{count(answer.short_bytes)} bytes short in every {answer.bank.memory.value} bank  "
    return ""


_HEADER = (
    "chips", "spec", "refused", "unknown", "buffer_bytes", "page_bytes", "banks", "bytes_per_bank",
    "allocated_per_bank", "fits", "cause", "short_bytes",
)  # fmt: skip


def fit_csv(answer: FitAnswer) -> CsvRows:
    """A row per tensor, for each group of chips that are alike."""
    return _HEADER, (
        (
            " ".join(map(str, group.target.chips)), tensor.spec, tensor.refused, tensor.unknown,
            tensor.buffer_bytes, tensor.page_bytes, tensor.banks, tensor.bytes_per_bank,
            tensor.allocated_per_bank, tensor.fits, tensor.cause and tensor.cause.value, tensor.short_bytes,
        )
        for group in answer.groups
        for tensor in group.tensors
    )  # fmt: skip
