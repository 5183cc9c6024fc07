"""Writing an answer: to standard output at once, or to a file that is whole or not there."""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttinspect.cli.commands import STDOUT
from ttinspect.cli.streams import tell, write_out
from ttinspect.errors import ExitCode, InspectError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ttinspect.cli.options import Common
    from ttinspect.cli.terminal import Watched
    from ttinspect.model.system import System
    from ttinspect.report.screen import Fitting

_DEFAULT_SIZE = (80, 24)
_MOST_LINKS = 40
"""As many as Linux follows."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CELLS = {True: "true", False: "false"}


_ODD = "\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Characters that a terminal obeys or hides instead of showing them: DEL, C1, marks of direction, separators
of lines, marks without width."""


def to_json(answer: Any) -> str:
    """An answer as one line of JSON. Characters that a terminal would obey are escaped."""
    import msgspec

    return _escaped(msgspec.json.encode(answer).decode()) + "\n"


def _escaped(text: str) -> str:
    """JSON with odd characters as ``\\uXXXX``: they can only stand within strings there."""
    if text.isascii() and "\x7f" not in text:
        return text
    import re

    return re.sub(f"[{_ODD}]", lambda match: f"\\u{ord(match[0]):04x}", text)


def to_yaml(answer: Any) -> str:
    """An answer as YAML, with the keys and values of its JSON. If a character stands in it that a terminal
    would obey, everything outside ASCII is escaped."""
    import msgspec
    import yaml

    text = msgspec.json.encode(answer).decode()
    readable = text.isascii() or _escaped(text) == text
    return yaml.dump(
        msgspec.json.decode(text), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=readable, width=120
    )


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; None is an empty cell, truth is true or false as in JSON. What a spreadsheet would take
    for a formula has an apostrophe before it."""
    import csv
    import io

    from ttinspect.report.screen import harmless

    def cell(value: object) -> object:
        if isinstance(value, bool):
            return _CELLS.get(value, value)
        if not isinstance(value, str):
            return value
        return (
            f"'{harmless(value)}" if value.startswith(_FORMULA) and not _is_number(value) else harmless(value)
        )

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def to_table(parts: "Iterable[RenderableType | Fitting]", common: "Common") -> str:
    """Renderables as text as wide as the terminal (COLUMNS, else 80 where there is none)."""
    import shutil

    from ttinspect.report.screen import Screen, render

    terminal = common.output is None and sys.stdout.isatty()
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return render(parts, Screen(width=shutil.get_terminal_size(_DEFAULT_SIZE).columns, color=color))


def emit(
    common: "Common",
    answer: Any,
    writers: dict[str, Callable[[], str]],
    *,
    screen: "Watched | None" = None,
    private: bool = False,
) -> None:
    """Write an answer in the chosen format; JSON and YAML are the same for every answer. ``screen``: where a
    table that is watched stands. ``private``: as in write."""
    if screen is not None:
        screen.show(writers[common.format])
        return
    if common.format == "json":
        text = to_json(answer)
    elif common.format == "yaml":
        text = to_yaml(answer)
    else:
        text = writers[common.format]()
    write(text, common.output, machine=common.format != "table", private=private)


def write(text: str, output: str | None, *, machine: bool = True, private: bool = False) -> None:
    """Write to standard output (None or "-"), or atomically to a file, which is UTF-8 always; ``private``: a
    file that nobody else can read.

    Raises:
        InspectError: 2 or 6 when it cannot be written; an old file is left as it was.
    """
    if output in (None, STDOUT):
        write_out(text, machine=machine)
        return
    try:
        _write_file(text.encode("utf-8", "backslashreplace"), output, private=private)
    except (OSError, ValueError) as error:
        code = ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.USAGE
        strerror = error.strerror if isinstance(error, OSError) else None
        raise InspectError(
            f"cannot write {output}",
            (strerror or str(error)).lower(),
            "name another file with --output",
            code,
        ) from None


def _write_file(content: bytes, output: str, *, private: bool) -> None:
    import tempfile

    target = _followed(Path(output))
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:  # /dev/null, a FIFO
            stream.write(content)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())  # a power cut after the rename must not leave an empty file
        umask = os.umask(0)
        os.umask(umask)
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~umask
        Path(name).chmod(0o600 if private else mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _followed(target: Path) -> Path:
    """The file behind links. In a directory where everybody may write, only links of its owner and our own
    are followed, as Linux does with fs.protected_symlinks.

    Raises:
        OSError: the links go round, or one is somebody else's.
    """
    for _ in range(_MOST_LINKS):
        if not target.is_symlink():
            return target
        folder, link = target.parent.stat(), target.lstat()
        everybodys = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
        if everybodys and link.st_uid not in (os.geteuid(), folder.st_uid):
            raise PermissionError(
                errno.EACCES, "it is another user's link in a directory where everybody may write"
            )
        if target.exists() and not target.is_file():
            return target  # /dev/stdout of a pipe
        target = target.parent.joinpath(target.readlink())
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def exit_code(system: "System") -> ExitCode:
    """Done, or 5 when a live source could not read some of its chips (the others are printed)."""
    unread = any(not trouble.readable for trouble in system.troubles)
    return ExitCode.UMD_FAILED if unread else ExitCode.DONE


def note(common: "Common", text: str) -> None:
    """A note on standard error."""
    if not common.quiet:
        tell(f"ttinspect: {text}\n")
