"""What a snapshot has to answer like its source."""

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

from ttinspect.cli.main import main

COMMANDS = (
    ("harvest",),
    ("harvest", "--cores"),
    ("capacity", "--sources"),
    ("topology",),
    ("telemetry",),
    ("list",),
    ("memory", "--raw"),
    ("verify-shm",),
    ("check",),
    ("check", "--expect", "cores=64", "--expect", "eth_links=2..", "--expect", "firmware=19.0.0.."),
    ("check", "--init"),
)
_WHEN_AND_OF_WHAT = ("source", "time_ns", "heartbeat")


def asked(*arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of a command line that runs in this process: many are asked."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*arguments, "--json"])
    assert output.getvalue(), errors.getvalue()
    return int(code), json.loads(output.getvalue())


def timeless(document: Any) -> Any:
    """The document without what tells when it was made, and of what."""
    if isinstance(document, dict):
        return {key: timeless(value) for key, value in document.items() if key not in _WHEN_AND_OF_WHAT}
    if isinstance(document, list):
        return [timeless(value) for value in document]
    return document


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document; of lists the first three."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    )
    for key, part in entries:
        yield (*path, key)
        yield from paths_in(part, (*path, key))
