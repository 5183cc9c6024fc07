"""The entry point, and the only place that turns an exception into text or JSON."""

import gc
import os
import sys
from typing import Any

from ttinspect import __version__
from ttinspect.cli import signals
from ttinspect.cli.commands import COMMANDS, DEFAULT_COMMAND, ENVIRONMENT_SOURCE, help_text
from ttinspect.cli.early import early_request
from ttinspect.cli.scanner import CommandLine, scan
from ttinspect.cli.streams import answer_begun, leave_stdout, reopen_closed, tell, write_out
from ttinspect.errors import ExitCode, InspectError

_PROCESS = "ttinspect.sources.umd.process"


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    line = scan(sys.argv[1:] if argv is None else argv)
    reopen_closed()
    try:
        signals.raise_from_now_on()
        code = _code(line)
        signals.stop_raising()
        return code
    except KeyboardInterrupt:
        return _stopped("interrupted", "by SIGINT (Ctrl-C)", ExitCode.INTERRUPTED, line)
    except signals.TerminatedError:
        return _stopped("terminated", "by a signal", ExitCode.TERMINATED, line)


def _code(line: CommandLine) -> int:
    """The exit code of a command line; but for signals nothing is raised."""
    try:
        return _run(line)
    except InspectError as error:
        return _report(error, line)
    except BrokenPipeError:
        leave_stdout()  # the reader has seen enough
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours, told as one
        if isinstance(error.__cause__, KeyboardInterrupt | signals.TerminatedError):
            raise error.__cause__ from None  # Python before 3.12 wraps what __set_name__ raises
        return _report(_unforeseen(error), line)


def _run(line: CommandLine) -> int:
    if line.command is None and (line.has("--help") or line.has("--version")):
        write_out(help_text() if line.has("--help") else f"ttinspect {__version__}\n", machine=False)
        return ExitCode.DONE
    command = line.command or DEFAULT_COMMAND
    if command not in COMMANDS:
        raise _unknown_command(command)
    repeated = line.repeated()
    if repeated is not None:
        raise InspectError(f"{command}: {repeated}", "it is given twice", "give it once")
    request = early_request(line._replace(command=command), os.environ.get(ENVIRONMENT_SOURCE))
    if request is not None:
        from ttinspect.sources.umd.process import start_early

        start_early(request)
    try:
        return _invoke(command, line)
    finally:
        if _PROCESS in sys.modules:
            sys.modules[_PROCESS].finish()


def _invoke(command: str, line: CommandLine) -> int:
    """Run a typer application in its own words for usage errors, without its boxes."""
    import typer
    from typer.exceptions import TyperException

    from ttinspect.cli.parsers import parser_of

    name = f"ttinspect {command}"
    parser = parser_of(command)
    gc.freeze()  # what was imported stays; from here on there can be garbage
    gc.enable()
    if line.has("--help"):
        with parser.make_context(name, [], resilient_parsing=True) as context:
            write_out(f"{parser.get_help(context)}\n", machine=False)
        return ExitCode.DONE
    try:
        code = parser.main(line.arguments, prog_name=name, standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as stop:
        return stop.exit_code
    except TyperException as error:
        raise _usage_error(command, line, parser, error) from None
    except SystemExit as stop:  # the CLI library's own way with a closed pipe
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        raise
    if code == ExitCode.INTERRUPTED:  # typer's own word for Ctrl-C
        raise KeyboardInterrupt
    return int(code or ExitCode.DONE)


def _usage_error(command: str, line: CommandLine, parser: Any, error: Any) -> InspectError:
    takes = [parameter.nargs for parameter in parser.params if parameter.param_type_name == "argument"]
    surplus = () if -1 in takes else line.words[len(takes) :]
    source = _source_meant(surplus[0]) if surplus else None
    if source is not None:
        return InspectError(
            f"{command} {surplus[0]}", "a source is named with --from", f"ttinspect {command} --from {source}"
        )
    message = " ".join(error.format_message().split()).rstrip(".")
    return InspectError(
        f"{command}: wrong usage", message[:1].lower() + message[1:], f"see ttinspect {command} --help"
    )


def _unknown_command(command: str) -> InspectError:
    import difflib

    source = _source_meant(command)
    if source is not None:
        return InspectError(
            f"unknown command {command!r}",
            "it is a source, which is named with --from",
            f"ttinspect {DEFAULT_COMMAND} --from {source} (or any other command)",
        )
    close = difflib.get_close_matches(command, COMMANDS, n=1)
    return InspectError(
        f"unknown command {command!r}",
        f"did you mean {close[0]}?" if close else f"the commands are {', '.join(COMMANDS)}",
        "see ttinspect --help",
    )


def _source_meant(word: str) -> str | None:
    from ttinspect.sources.opening import source_meant

    return source_meant(word)


def _unforeseen(error: Exception) -> InspectError:
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119
        trace = trace.tb_next
    if isinstance(error, MemoryError):
        return InspectError(
            "out of memory", "the system gives no more", "end something else, or ask for less"
        )
    if (
        isinstance(error, OSError) and error.errno is not None
    ):  # the machine's doing, in a place we did not expect
        what = "the system refused" if error.filename is None else f"cannot use {error.filename}"
        why = f"{os.strerror(error.errno).lower()}{place}"
        return InspectError(what, why, "mend that; if it comes again, please report it with the command line")
    return InspectError(
        "internal error",
        f"{type(error).__name__}{place}: {error}",
        "this is a bug of ttinspect; please report it with the command line",
        ExitCode.INTERNAL,
    )


def _report(error: InspectError, line: CommandLine) -> int:
    """Two lines on stderr; on stdout the one document with JSON, one line where a verdict would be one."""
    from ttinspect.report.failure import failure_text

    if line.wants_json or line.has("--oneline"):
        _write_failure(error, line)
    tell(failure_text(error))
    return error.exit_code


def _stopped(what: str, why: str, code: ExitCode, line: CommandLine) -> int:
    """Ended by a signal: with JSON the one document still comes, with --oneline the line, unless it, or a
    part of it, is there; and but where lines were watched."""
    wanted = line.wants_json or line.has("--oneline")
    if wanted and not line.watches and not answer_begun():
        _write_failure(InspectError(f"ttinspect was {what}", why, "run it again", code), line)
    signals.forget()
    return code


def _write_failure(error: InspectError, line: CommandLine) -> None:
    from ttinspect.report.failure import failure_json, failure_oneline

    try:
        if line.wants_json:
            write_out(failure_json(error), machine=True)
        else:
            write_out(failure_oneline(error), machine=False)
    except (BrokenPipeError, InspectError):  # full or closed: the exit code and stderr tell
        leave_stdout()
