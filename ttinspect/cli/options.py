"""The options of every command, each declared once, and what they mean together."""

import contextlib
import math
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ttinspect.cli.commands import ENVIRONMENT_SOURCE, STDOUT
from ttinspect.cli.scanner import default_source, format_named, format_of_file
from ttinspect.cli.streams import tell
from ttinspect.errors import InspectError
from ttinspect.model.size import parse_size
from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions

if TYPE_CHECKING:
    from ttinspect.sources.opening import Opened

COMMON_FORMATS = ("table", "json", "yaml", "csv")


class _Progress:
    """A line on the terminal that says what takes so long, and is cleared afterwards."""

    def __init__(self) -> None:
        self._shown = False

    def __call__(self, stage: str) -> None:
        tell(f"{_CLEAR_LINE}{stage} ...")
        self._shown = True

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._shown:
            tell(_CLEAR_LINE)


_CLEAR_LINE = "\r\x1b[K"


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """The options of every command that reads a source.

    ``source_given`` is False when the source came from the environment or the default.
    """

    source: str
    source_given: bool
    devices: tuple[str, ...]
    format: str
    output: str | None
    quiet: bool

    timeout_seconds: float
    verbose: bool

    @classmethod
    def of(
        cls,
        command: str,
        formats: tuple[str, ...],
        source: str | None,
        devices: list[str] | None,
        format_: str | None,
        json: bool,
        output: str | None,
        timeout: float,
        verbose: bool,
        quiet: bool,
        *,
        free: bool = False,
    ) -> "Common":
        """What the options mean that a command declares, in the order in which it declares them.

        ``formats`` are those it writes, the first where none is chosen; ``source`` and ``devices`` are None
        where it has no such option, and so is ``output`` where its answer goes to no file. ``free``: whether
        it is list --free, which opens no device.

        Raises:
            InspectError: 2 for a format that the command does not write, and a timeout that is none.
        """
        output = None if output == STDOUT else output
        chosen = _format_of(formats, format_, json, output, quiet)
        if not math.isfinite(timeout):
            raise InspectError(
                f"--timeout {timeout}", "it is no number of seconds", "give one, or leave it out"
            )
        default = default_source(command, free=free)
        return cls(
            source=source if source is not None else os.environ.get(ENVIRONMENT_SOURCE) or default,
            source_given=source is not None,
            devices=tuple(devices or ()),
            format=chosen,
            output=output,
            quiet=quiet,
            timeout_seconds=timeout,
            verbose=verbose,
        )

    def open(self, *, ask: Ask = Ask.CHIPS) -> System:
        """The System of the source, with the chosen devices only; and what is asked of live ones.

        Raises:
            InspectError: with the exit code of what went wrong.
        """
        from ttinspect.verify.naming import select_chips

        return select_chips(self.open_all(ask=ask).system, list(self.devices))

    def open_all(self, *, ask: Ask = Ask.CHIPS) -> "Opened":
        """Everything that the source says, whatever devices were chosen.

        Raises:
            InspectError: with the exit code of what went wrong.
        """
        from ttinspect.sources.opening import open_all

        if self.source == "umd" and not self.quiet:
            _tell_holders()
        options = LiveOptions(timeout_seconds=self.timeout_seconds, ask=ask)
        try:
            with self.telling() as options.progress:
                return open_all(self.source, options)
        finally:
            self.show(options.log)

    @contextlib.contextmanager
    def telling(self) -> "Iterator[_Progress | None]":
        """What tells on a terminal what takes so long; nothing of it stays."""
        progress = None if self.quiet or not sys.stderr.isatty() else _Progress()
        try:
            yield progress
        finally:
            if progress is not None:
                progress.clear()

    def show(self, log: list[str]) -> None:
        """The log of a live source, on standard error, if it is wanted."""
        if self.verbose:
            tell("".join(log))


def _tell_holders() -> None:
    """Say on standard error who works with the devices that are about to be opened."""
    from ttinspect.gathering.regions import devices_held

    held = devices_held()
    if held:
        text = "; ".join(f"/dev/tenstorrent/{device} by {who}" for device, who in held.items())
        tell(f"ttinspect: opening devices that others hold: {text} (--from host opens none)\n")


def sources() -> list[str]:
    """The words that a SOURCE can be, or begin with."""
    from ttinspect.facts.examples import example_names
    from ttinspect.facts.socs import arch_names

    examples = [f"board:{name}" for name in example_names()]
    return ["umd", "host", "sysfs", "sim:", *examples, *(f"masks:{name}," for name in arch_names())]


SourceOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="umd, sim:PATH.so, sysfs[:ROOT], host, FILE, - , board:NAME or masks:ARCH,KEY=VALUE,... "
        "[default: TTINSPECT_FROM, else umd; memory: host]",
        show_default=False,
        autocompletion=sources,
    ),
]
DevicesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        "-d",
        "-i",
        metavar="ID",
        help="only these: chip id, /dev/tenstorrent/N, PCI BDF, unique id or board id; also 0,2; repeatable",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", "-j", help="same as --format json")]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="write the answer there (-: standard output); the suffix chooses the format",
        show_default=False,
    ),
]
TextOutputOption = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="write it there", show_default=False)
]
"""Of a command that writes one text and has no formats."""
TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=0.1, help="how long devices may take to answer"),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="show tt_umd's log on standard error")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="no notes on standard error")]
StrictOption = Annotated[bool, typer.Option("--strict", help="exit 10 for warnings too")]
OnelineOption = Annotated[
    bool, typer.Option("--oneline", help="the verdict and the first thing that is wrong, in 80 characters")
]


def refuse_oneline(common: Common, oneline: bool) -> None:
    """Refuse --oneline together with a format that is not text.

    Raises:
        InspectError: 2 for --oneline with a format that is not text.
    """
    if oneline and common.format != "table":
        raise InspectError(
            f"--oneline and --format {common.format}", "they contradict each other", "give one of them"
        )


def size_option(name: str, text: str) -> Any:
    """An option that takes a size in bytes, as ``parse_size`` reads it; for ``Annotated[int, ...]``."""
    return typer.Option(
        name, metavar="SIZE", help=text, show_default=False, parser=lambda given: parse_size(str(given), name)
    )


def format_option(formats: tuple[str, ...]) -> Any:
    """The option that chooses one of the formats that a command writes, the first by default."""
    return typer.Option(
        "--format",
        metavar="FORMAT",
        help=", ".join(formats),
        show_default=False,
        autocompletion=lambda: [*formats],
    )


def refuse_format_name(output: str) -> None:
    """Refuse ``-o json``, which is ``--format json`` with the wrong letter.

    Raises:
        InspectError: 2 for a file that is called like a format.
    """
    meant = format_named(output)
    if meant is not None:
        raise InspectError(
            f"--output {output}",
            "that is the name of a format, and --output takes a file",
            f"--format {meant}; or --output ./{output} for a file of that name",
        )


def _format_of(
    formats: tuple[str, ...], chosen: str | None, json: bool, output: str | None, quiet: bool
) -> str:
    """The format of the answer: the one that is named, else the one of the file's suffix, else the first."""
    if json:
        if chosen not in (None, "json"):
            raise InspectError(
                f"--json and --format {chosen}", "they contradict each other", "give one of them"
            )
        chosen = "json"
    asked = f"unknown format {chosen!r}"
    if output is not None:
        refuse_format_name(output)
        if chosen is None:
            chosen = format_of_file(output)
            asked = f"--output {output} would be {chosen}"
            a_file = not os.path.exists(output) or os.path.isfile(output)  # noqa: PTH110, PTH113
            if chosen is None and a_file and len(formats) > 1 and not quiet:
                tell(f"ttinspect: {output} is written as {formats[0]}; --format chooses another\n")
            if chosen == "table":
                chosen = formats[0]  # plain text: what the command writes by itself
    chosen = chosen or formats[0]
    if chosen not in formats:
        raise InspectError(asked, f"this command writes {', '.join(formats)}", "choose one with --format")
    return chosen
