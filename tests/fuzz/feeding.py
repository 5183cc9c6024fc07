"""One input through its reader or its command lines, and what is promised of every answer."""

import contextlib
import csv
import functools
import gc
import io
import json
import os
import resource
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import yaml

from tests.fleet import plans
from tests.fuzz.targets import FILE, FOLDER, TARGETS, TEXT, Line
from ttinspect.answers.schemas import schema_of
from ttinspect.cli.main import main
from ttinspect.errors import ExitCode, InspectError

SLOWEST_SECONDS = 2.0
"""Of processor time, for one command line."""
MOST_BYTES = 300 << 20
_REFUSED = {
    ExitCode.USAGE,
    ExitCode.NO_DEVICES,
    ExitCode.UNSUPPORTED_ARCH,
    ExitCode.PERMISSION,
    ExitCode.NO_UMD,
}
_ERROR = (
    "Out of Memory: Not enough space to allocate 38928384 B L1 buffer across 64 banks, where each bank needs to "
    "store 608256 B, but bank size is 1329888 B (allocated: 323936 B, free: 1005952 B, largest free block: "
    "591872 B)"
)


class Broken(AssertionError):  # noqa: N818 - what an input broke
    """An answer, or the lack of one, that nobody should get."""


class Feeder:
    """A folder that inputs are written to, and what the command lines need beside them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "input"
        self._folder.mkdir()
        plans.write(folder / "hosts", plans.documents(plans.cards(2)))
        self._known = {"{hosts}": str(folder / "hosts"), "{error}": _ERROR}
        self._before = _most_bytes()

    def read(self, target: str, data: bytes) -> bool:
        """Give one input to its reader alone; whether it is accepted.

        Raises:
            Broken: too long, too much memory.
            Exception: anything that a reader may not raise.
        """
        wanted = TARGETS[target]
        path = self._folder / wanted.name
        if wanted.in_file:
            path.write_bytes(data)
        began = time.process_time()
        try:
            accepted = wanted.read(data, path) is not False
        except InspectError:
            accepted = False
        self._refuse_waste(f"{target} read", began)
        return accepted

    def answer(self, target: str, data: bytes, formats: tuple[str, ...] = ()) -> int:
        """Put one input through its command lines; how many of them accepted it. Asked in the formats of the
        lines where no others are named.

        Raises:
            Broken: an internal error, a document that is none, a control character, too long, too much memory.
        """
        wanted = TARGETS[target]
        path = self._folder / wanted.name
        path.write_bytes(data)
        path.chmod(0o600)
        return sum(self._line(line, path, data, formats) for line in wanted.lines)

    def _refuse_waste(self, where: str, began: float) -> None:
        took = time.process_time() - began
        if took > SLOWEST_SECONDS:
            raise Broken(f"{where}: {took:.1f} s")
        if _most_bytes() - self._before > MOST_BYTES:
            raise Broken(f"{where}: {_most_bytes() - self._before:,} bytes more than before")

    def _line(self, line: Line, path: Path, data: bytes, formats: tuple[str, ...]) -> bool:
        text = data.decode("utf-8", "surrogateescape").replace("\0", "")
        known = {**self._known, FILE: str(path), FOLDER: str(self._folder), TEXT: text}
        words = [_filled(word, known) for word in line.words.split()]
        command = words[0]
        first, *others = formats or line.formats
        accepted = self._asked(command, words, first)
        for other in others if accepted or formats else ():
            self._asked(command, words, other)
        return accepted

    def _asked(self, command: str, words: list[str], output_format: str) -> bool:
        output, errors = io.StringIO(), io.StringIO()
        began = time.process_time()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([*words, "--format", output_format])
        gc.unfreeze()  # main freezes what a process of one command keeps to its end
        where = f"{words!r} --format {output_format}: exit {code}"
        if code not in set(ExitCode) - {ExitCode.INTERNAL, ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
            raise Broken(f"{where}: {errors.getvalue()}")
        if "(in " in errors.getvalue() and ".py:" in errors.getvalue():
            raise Broken(f"{where}: met where it was not expected: {errors.getvalue()}")
        self._refuse_waste(where, began)
        _refuse_control_characters(where, output.getvalue() + errors.getvalue())
        if code not in _REFUSED or output_format == "json":
            try:
                _CHECKS[output_format](output.getvalue(), command)
            except Exception as error:
                raise Broken(f"{where}: the answer is no {output_format}: {error!r}") from error
        return code not in _REFUSED


def _filled(word: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        if name in word:
            return word.replace(name, value)
    return word


def _most_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _refuse_control_characters(where: str, text: str) -> None:
    harmful = {char for char in text if (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"}
    if harmful - {"\r"}:  # CSV ends its lines with it
        raise Broken(f"{where}: control characters {harmful!r}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not in JSON")


def _json(text: str, command: str) -> None:
    document = json.loads(text, parse_constant=_no_number)
    if document["schema"] == "ttinspect.error.v1":
        assert document["error"].keys() == {"what", "why", "next_step", "exit_code"}
        assert document["error"]["exit_code"]
        return
    assert document["schema"] == f"ttinspect.{command}.v1"
    _validator(command).validate(document)


@functools.cache
def _validator(command: str) -> Any:
    return jsonschema.Draft202012Validator(schema_of(command))


def _yaml(text: str, _command: str) -> None:
    assert yaml.load(text, yaml.CSafeLoader)["schema"]


def _csv(text: str, _command: str) -> None:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows, "no heading"
    assert {len(row) for row in rows} == {len(rows[0])}
    formulas = [cell for row in rows for cell in row if cell[:1] in _FORMULA and not _is_number(cell)]
    assert not formulas, formulas[:5]


_FORMULA = {*"=+-@\t\r"}
"""What makes a spreadsheet read a cell as a formula (OWASP)."""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(text: str, _command: str) -> None:
    assert text.strip()


def _xml(text: str, _command: str) -> None:
    ElementTree.fromstring(text)


def _dot(text: str, _command: str) -> None:
    assert text.startswith(("graph", "digraph"))
    assert text.rstrip().endswith("}")


def _markdown(text: str, _command: str) -> None:
    assert text.strip()


_CHECKS = {
    "table": _table,
    "markdown": _markdown,
    "json": _json,
    "yaml": _yaml,
    "csv": _csv,
    "svg": _xml,
    "junit": _xml,
    "dot": _dot,
}


@contextlib.contextmanager
def feeder() -> Any:
    """A Feeder in a folder of its own, which is the working directory, without the user's environment."""
    before, folder = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        for key in [key for key in os.environ if key.startswith("TTINSPECT_")]:
            del os.environ[key]
        os.environ.update(HOME=name, COLUMNS="80")
        os.chdir(name)
        try:
            yield Feeder(Path(name))
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)
