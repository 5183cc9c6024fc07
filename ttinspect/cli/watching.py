"""Answers again and again: ``--watch [SECONDS]`` and ``--count N``."""

import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer

from ttinspect.cli.options import Common
from ttinspect.cli.streams import write_out
from ttinspect.errors import InspectError

SHORTEST_S, LONGEST_S = 0.01, 86_400.0

WatchOption = Annotated[
    float | None,
    typer.Option(
        "--watch", "-w", metavar="[SECONDS]", help="again every SECONDS [default: 1]", show_default=False
    ),
]
IntervalOption = Annotated[float, typer.Option("--interval", metavar="SECONDS", help="between two readings")]
CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", metavar="N", help="stop after N answers", show_default=False),
]


def in_place(common: Common) -> bool:
    """Whether an answer that is watched stands where the one before it stood."""
    return common.format == "table" and sys.stdout.isatty()


def repeat(common: Common, seconds: float | None, count: int | None, answer: Callable[[], int]) -> int:
    """Call ``answer``, which writes one answer and returns its exit code; once if nothing is watched.

    On a terminal a table replaces the one before it; elsewhere they follow each other, JSON line by line,
    YAML as documents of one stream. The exit code is that of the last answer.

    Raises:
        InspectError: 2 for an interval or a count that makes no sense, or a file to write to.
    """
    if seconds is None and count is None:
        return answer()
    interval = 1.0 if seconds is None else seconds
    if not SHORTEST_S <= interval <= LONGEST_S:
        raise InspectError(f"--watch {interval:g}", "it is not 0.01 to 86400", "give a number of seconds")
    if count is not None and count < 1:
        raise InspectError(f"--count {count}", "it is less than 1", "give a number of answers")
    if common.output is not None:
        raise InspectError("--watch with --output", "a file holds one answer", "redirect standard output")
    number, due, code = 0, time.monotonic(), 0
    while True:
        if common.format == "yaml":
            write_out("---\n", machine=True)
        code = answer()
        number += 1
        if count is not None and number >= count:
            return code
        due += interval
        now = time.monotonic()
        if due > now:
            time.sleep(due - now)
        else:
            due = now  # an answer took longer than the interval
