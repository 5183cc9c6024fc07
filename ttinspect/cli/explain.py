"""``ttinspect explain``."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ttinspect.answers.explain import (
    ExplainAnswer,
    build_explain,
    build_explained_errors,
    finding_words,
    findings_named,
    looks_like_an_id,
)
from ttinspect.capacity.error_text import find_errors
from ttinspect.cli.opened import AllocatorOption
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    JsonOption,
    OutputOption,
    QuietOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.cli.regions import ProcfsOption, ShmDirOption
from ttinspect.errors import ExitCode

if TYPE_CHECKING:
    from ttinspect.answers.memory import MemoryAnswer
    from ttinspect.model.allocator import AllocatorStatistics
    from ttinspect.model.memory_error import ErrorText

FORMATS = (*COMMON_FORMATS, "markdown")


def run(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID, NAME, ERROR TEXT, FILE or -]",
            help="a finding; or a pasted error, a log, a report of ttnn, its sidecar or its database",
            show_default=False,
            autocompletion=finding_words,
        ),
    ] = None,
    *,
    allocator: AllocatorOption = None,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """What a finding means; or why an allocation of tt-metal failed, and what would help.

    Without a word, all findings. Of a text every memory error is explained, whatever stands around
    it. --allocator says which allocation, freed, makes room; --shm-dir who else holds L1. Exit code
    11: the text holds no memory error.

    \b
    Examples:
      ttinspect explain TTH004
      ttinspect explain - < pytest.log
      ttinspect explain generated/ttnn/reports/1234 --allocator dump.json
      ttinspect explain "Out of Memory: Not enough space to allocate ..."
      ttinspect explain -o findings.md
    """
    common = Common.of("explain", FORMATS, None, None, format_, json, output, timeout, verbose, quiet)
    answer = _answer(what or [], allocator, shm_dir, procfs)
    failed = bool(what) and not (answer.findings or answer.errors)
    code = ExitCode.INCONCLUSIVE if failed else ExitCode.DONE

    def table() -> str:
        from ttinspect.report.explain import explain_table

        return to_table(explain_table(answer), common)

    def csv() -> str:
        from ttinspect.report.explain import explain_csv

        return to_csv(*explain_csv(answer))

    def markdown() -> str:
        from ttinspect.report.explain import explain_markdown

        return explain_markdown(answer)

    emit(common, answer, {"table": table, "csv": csv, "markdown": markdown})
    return code


def _answer(
    words: list[str], allocator: str | None, shm_dir: str | None, procfs: str | None
) -> ExplainAnswer:
    """What is meant: a finding where one has that id or name, a file where there is one, else a text."""
    text = " ".join(words)
    if not words or findings_named(text) or looks_like_an_id(text):
        return build_explain(text if words else None)
    errors: Iterable[ErrorText]
    if len(words) == 1 and (text == "-" or _is_path(text)):
        from ttinspect.sources.error_log import read_errors

        errors = read_errors(text)
    else:
        errors = find_errors(text)
        if len(text.split()) == 1:  # no sentence: a finding or a file was meant
            return build_explain(text)
    statistics: tuple[AllocatorStatistics, ...] = ()
    if allocator is not None:
        from ttinspect.sources.allocator import read_allocator

        statistics = read_allocator(allocator)
    return build_explained_errors(errors, statistics, _memory(shm_dir, procfs))


def _is_path(text: str) -> bool:
    """Whether a file is meant: one that is there, or a word with the look of a path."""
    if "\n" in text or "\0" in text:
        return False
    return os.path.exists(text) or (len(text.split()) == 1 and "/" in text)  # noqa: PTH110


def _memory(shm_dir: str | None, procfs: str | None) -> "MemoryAnswer | None":
    """What processes publish there; None where no directory is named."""
    if shm_dir is None:
        return None
    from ttinspect.answers.memory import build_memory
    from ttinspect.gathering.regions import Host, gather, places_of
    from ttinspect.model.system import Source, SourceKind, System
    from ttinspect.verify.verify import matched

    nothing = Source(kind=SourceKind.SYSFS, detail="", live=True, example=False)
    host = Host(system=System(source=nothing, chips=()), chosen=None)
    case = gather(host, places_of("", shm_dir, procfs))
    return build_memory(case, matched(case))
