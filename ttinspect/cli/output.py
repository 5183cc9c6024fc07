"""Writing an answer: to standard output at once, or to a file that is whole or not there."""

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttinspect.errors import ExitCode, InspectError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ttinspect.cli.options import Common
    from ttinspect.model.system import System

_DEFAULT_SIZE = (80, 24)
_CELLS = {True: "true", False: "false"}


def to_json(answer: Any) -> str:
    """An answer as one line of JSON."""
    import msgspec

    return msgspec.json.encode(answer).decode() + "\n"


def to_yaml(answer: Any) -> str:
    """An answer as YAML: the same keys and values as its JSON."""
    import msgspec
    import yaml

    plain = msgspec.json.decode(msgspec.json.encode(answer))
    return yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; None is an empty cell, truth is true or false as in JSON."""
    import csv
    import io

    from ttinspect.report.screen import harmless

    def cell(value: object) -> object:
        if isinstance(value, bool):
            return _CELLS.get(value, value)
        return harmless(value) if isinstance(value, str) else value

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def to_table(parts: "Iterable[RenderableType]", common: "Common") -> str:
    """Renderables as text as wide as the terminal (COLUMNS, else 80 where there is none)."""
    import shutil

    from ttinspect.report.screen import Screen, render

    terminal = common.output is None and sys.stdout.isatty()
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return render(parts, Screen(width=shutil.get_terminal_size(_DEFAULT_SIZE).columns, color=color))


def emit(
    common: "Common", answer: Any, writers: dict[str, Callable[[], str]], *, in_place: bool = False
) -> None:
    """Write an answer in the chosen format; JSON and YAML are the same for every answer. ``in_place``: over
    the one before it on a terminal."""
    if common.format == "json":
        text = to_json(answer)
    elif common.format == "yaml":
        text = to_yaml(answer)
    else:
        text = writers[common.format]()
    if in_place:
        import shutil

        from ttinspect.report.screen import frame

        text = frame(text, shutil.get_terminal_size(_DEFAULT_SIZE).lines)
    write(text, common.output)


def write(text: str, output: str | None) -> None:
    """Write to standard output, or atomically to a file.

    Raises:
        InspectError: 2 or 6 when the file cannot be written; an old file is left as it was.
    """
    if output is None:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
        return
    target = Path(output)
    try:
        if target.is_symlink() or (target.exists() and not target.is_file()):
            target = Path(os.path.realpath(target))
            if target.is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8") as stream:  # /dev/null, a FIFO
                stream.write(text)
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())  # a power cut after the rename must not leave an empty file
            umask = os.umask(0)
            os.umask(umask)
            mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~umask
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        code = ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.USAGE
        raise InspectError(
            f"cannot write {output}",
            (error.strerror or str(error)).lower(),
            "name another file with --output",
            code,
        ) from None


def exit_code(system: "System") -> ExitCode:
    """Done, or 5 when a live source could not read some of its chips (the others are printed)."""
    unread = any(not trouble.readable for trouble in system.troubles)
    return ExitCode.UMD_FAILED if unread else ExitCode.DONE


def note(common: "Common", text: str) -> None:
    """A note on standard error."""
    if not common.quiet:
        sys.stderr.write(f"ttinspect: {text}\n")
