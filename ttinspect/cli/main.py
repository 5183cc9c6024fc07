"""The entry point, and the only place that turns an exception into text or JSON."""

import contextlib
import errno
import importlib
import os
import signal
import sys
from types import FrameType
from typing import Annotated, Any, NoReturn

from ttinspect import __version__
from ttinspect.cli.argv import split_command, wants_json, watches, with_watch_interval
from ttinspect.cli.commands import COMMANDS, DEFAULT_COMMAND, ENVIRONMENT_SOURCE, help_text
from ttinspect.cli.early import early_child
from ttinspect.errors import ExitCode, InspectError

_LAUNCH = "ttinspect.sources.umd.launch"
_VERSION = ("--version", "-V")
_UNWRITABLE = (errno.ENOSPC, errno.EBADF, errno.EIO)
"""What writing to standard output fails with, wherever it is done; files have their own message."""

_CLOSED = "/dev/full"
"""Stands for a stream that the caller closed: nothing can be written to either."""

_HELP = ("--help", "-h")


class _TerminatedError(BaseException):
    """SIGTERM arrived, or the terminal is gone (SIGHUP)."""


def _on_sigterm(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _TerminatedError


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    args = sys.argv[1:] if argv is None else argv
    for name in ("stdout", "stderr"):  # closed by the caller: like /dev/full
        if getattr(sys, name) is None:
            setattr(sys, name, open(_CLOSED, "w"))  # noqa: PTH123, SIM115
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                signal.signal(number, _on_sigterm)
        code = _run(args)
        sys.stdout.flush()
        return code
    except InspectError as error:
        return _report(error, args)
    except BrokenPipeError:
        _give_up_stdout()  # the reader has seen enough
        return ExitCode.DONE
    except KeyboardInterrupt:
        return _stopped("interrupted", "by SIGINT (Ctrl-C)", ExitCode.INTERRUPTED, args)
    except _TerminatedError:
        return _stopped("terminated", "by a signal", ExitCode.TERMINATED, args)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours, told as one
        return _report(_unforeseen(error), args)


def _run(args: list[str]) -> int:
    command, rest = split_command(args)
    if command is None:
        if {*_HELP, *_VERSION} & {*args}:
            return _about(args)
        command = DEFAULT_COMMAND
    if command not in COMMANDS:
        raise _unknown_command(command)
    child = early_child(command, rest, os.environ.get(ENVIRONMENT_SOURCE))
    if child is not None:
        from ttinspect.sources.umd.launch import start_early

        start_early(child)
    try:
        return _invoke(command, rest)
    finally:
        if _LAUNCH in sys.modules:
            sys.modules[_LAUNCH].finish()


def _about(args: list[str]) -> int:
    """The options of the program itself; importing the CLI library is all that they cost."""
    import typer

    def about(version: bool = False, show_help: bool = False) -> None:
        sys.stdout.write(f"ttinspect {__version__}\n" if version and not show_help else help_text())

    app = typer.Typer(add_completion=False, rich_markup_mode=None, add_help_option=False)
    app.command()(about)
    about.__annotations__ = {
        "version": Annotated[bool, typer.Option(*_VERSION)],
        "show_help": Annotated[bool, typer.Option(*_HELP)],
    }
    return _parse(app, [word for word in args if word in (*_HELP, *_VERSION)], "ttinspect")


def _invoke(command: str, rest: list[str]) -> int:
    import typer

    module = importlib.import_module(f"ttinspect.cli.{command.replace('-', '_')}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(context_settings={"help_option_names": [*_HELP], "max_content_width": 100})(module.run)
    return _parse(app, with_watch_interval(rest), f"ttinspect {command}")


def _parse(app: Any, args: list[str], name: str) -> int:
    """Run a typer application in its own words for usage errors, without its boxes."""
    import typer
    from typer.exceptions import TyperException

    parser: Any = typer.main.get_command(app)
    try:
        code = parser.main(args, prog_name=name, standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as stop:
        return stop.exit_code
    except TyperException as error:
        raise _usage_error(name, error) from None
    except SystemExit as stop:  # the CLI library's own way with a closed pipe
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        raise
    if code == ExitCode.INTERRUPTED:  # typer's own word for Ctrl-C
        raise KeyboardInterrupt
    return int(code or ExitCode.DONE)


def _usage_error(name: str, error: Any) -> InspectError:
    message = " ".join(error.format_message().split()).rstrip(".")
    return InspectError(
        f"{name.removeprefix('ttinspect ')}: wrong usage",
        message[:1].lower() + message[1:],
        f"see {name} --help",
    )


def _unknown_command(command: str) -> InspectError:
    import difflib

    close = difflib.get_close_matches(command, COMMANDS, n=1)
    return InspectError(
        f"unknown command {command!r}",
        f"did you mean {close[0]}?" if close else f"the commands are {', '.join(COMMANDS)}",
        "see ttinspect --help",
    )


def _unforeseen(error: Exception) -> InspectError:
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        why = "it is closed" if sys.stdout.name == _CLOSED else (error.strerror or str(error)).lower()
        return InspectError("cannot write to standard output", why, "write to a file with --output")
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119
        trace = trace.tb_next
    return InspectError(
        "internal error",
        f"{type(error).__name__}{place}: {error}",
        "this is a bug of ttinspect; please report it with the command line",
        ExitCode.INTERNAL,
    )


def _report(error: InspectError, args: list[str]) -> int:
    """Two lines on stderr; with JSON also the one document on stdout."""
    from ttinspect.report.failure import failure_text

    if wants_json(args):
        _write_failure(error)
    else:
        _flush_or_give_up()
    try:
        sys.stderr.write(failure_text(error))
        sys.stderr.flush()
    except OSError:  # nobody is left to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return error.exit_code


def _stopped(what: str, why: str, code: ExitCode, args: list[str]) -> int:
    """Ended by a signal: with JSON the one document still comes, but where lines were watched."""
    if wants_json(args) and not watches(args):
        _write_failure(InspectError(f"ttinspect was {what}", why, "run it again", code))
    return code


def _write_failure(error: InspectError) -> None:
    from ttinspect.report.failure import failure_json

    with contextlib.suppress(OSError):  # full or closed: the exit code and stderr tell
        sys.stdout.write(failure_json(error))
    _flush_or_give_up()


def _flush_or_give_up() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _give_up_stdout()


def _give_up_stdout() -> None:
    """Keep the interpreter from complaining about stdout at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
