"""Answers again and again: refreshed in place on a terminal, appended line by line when piped."""

import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ttinspect.cli.options import Common
from ttinspect.errors import InspectError

Watch = Annotated[
    float | None,
    typer.Option(
        "--watch", "-w", metavar="[SECONDS]", help="again every so many seconds [1]", show_default=False
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        "--count", "-n", metavar="N", min=1, help="with --watch: stop after so many", show_default=False
    ),
]
_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_FORMATS = ("table", "json", "csv")
_LEAST_SECONDS = 0.01


def watch(
    common: Common,
    seconds: float,
    count: int | None,
    once: Callable[[], Any],
    writers: dict[str, Callable[[Any, bool], str]],
) -> None:
    """Write an answer every so many seconds, ``count`` times or until interrupted.

    ``writers`` turn an answer into text, told whether it is the first one (a CSV header stands once).
    The pace is kept by the clock: a slow reading does not shift the following ones.

    Raises:
        InspectError: 2 for a format or an output that cannot be appended to.
    """
    if common.format not in _FORMATS or common.output is not None:
        raise InspectError(
            "--watch",
            f"it writes {', '.join(_FORMATS)} to standard output",
            "leave out --output, or choose one",
        )
    if seconds < _LEAST_SECONDS:
        raise InspectError(f"--watch {seconds:g}", "the least is 0.01 s", "give a number of seconds")
    in_place = common.format == "table" and sys.stdout.isatty()
    due = time.monotonic()
    done = 0
    while count is None or done < count:
        text = writers[common.format](once(), done == 0)
        sys.stdout.write(_HOME_AND_CLEAR + text if in_place else text)
        sys.stdout.flush()
        done += 1
        due = max(due + seconds, time.monotonic() - seconds)
        if count is None or done < count:
            time.sleep(max(due - time.monotonic(), 0))
