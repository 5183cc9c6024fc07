"""Answers again and again: ``--watch [SECONDS]`` and ``--count N``."""

import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from ttinspect.cli.options import Common
from ttinspect.cli.streams import write_out
from ttinspect.cli.terminal import Watched, can_place_text, watched_on
from ttinspect.errors import InspectError

SHORTEST_S, LONGEST_S = 0.01, 86_400.0

WatchOption = Annotated[
    float | None,
    typer.Option(
        "--watch",
        "-w",
        metavar="[SECONDS]",
        help="again every SECONDS [default: 1]; q ends it",
        show_default=False,
    ),
]
IntervalOption = Annotated[float, typer.Option("--interval", metavar="SECONDS", help="between two readings")]
CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", metavar="N", help="stop after N answers", show_default=False),
]


def in_place(common: Common, seconds: float | None, count: int | None) -> bool:
    """Whether an answer stands where the one before it stood: watched tables on a terminal that can."""
    watched = count != 1 and not (seconds is None and count is None)
    return common.format == "table" and watched and can_place_text()


def repeat(
    common: Common,
    command: str,
    seconds: float | None,
    count: int | None,
    answer: Callable[[Watched | None], int],
) -> int:
    """Call ``answer``, which writes one answer and returns its exit code; once if nothing is watched.

    On a terminal a table replaces the one before it, on the alternate screen that ``answer`` is given; there
    q ends it. Elsewhere they follow each other, JSON line by line, YAML as documents of one stream. The exit
    code is that of the last answer.

    Raises:
        InspectError: 2 for an interval or a count that makes no sense, or a file to write to.
    """
    if seconds is None and count is None:
        return answer(None)
    interval = 1.0 if seconds is None else seconds
    if not SHORTEST_S <= interval <= LONGEST_S:
        raise InspectError(f"--watch {interval:g}", "it is not 0.01 to 86400", "give a number of seconds")
    if count is not None and count < 1:
        raise InspectError(f"--count {count}", "it is less than 1", "give a number of answers")
    if common.output is not None:
        raise InspectError("--watch with --output", "a file holds one answer", "redirect standard output")
    code = 0
    with watched_on(in_place(common, seconds, count), f"{command} every {interval:g} s") as screen:
        for _ in turns(interval, count):
            if common.format == "yaml":
                write_out("---\n", machine=True)
            code = answer(screen)
    return code


def turns(interval_s: float, most: int | None = None, total_s: float | None = None) -> Iterator[int]:
    """Numbers from 1 on, one every ``interval_s`` seconds: at most ``most`` of them, and none later than
    ``total_s`` seconds after the first. A turn that takes longer than the interval is followed by the next at
    once; turns that were missed are left out."""
    begun = due = time.monotonic()
    number = 1
    while True:
        yield number
        due = max(due + interval_s, time.monotonic())
        if number == most or (total_s is not None and due - begun >= total_s):
            return
        time.sleep(max(0.0, due - time.monotonic()))
        number += 1
