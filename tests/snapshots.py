"""What a snapshot has to answer like its source."""

from typing import Any

COMMANDS = (
    ("harvest",),
    ("harvest", "--cores"),
    ("capacity", "--sources"),
    ("topology",),
    ("telemetry",),
    ("list",),
    ("memory", "--raw"),
    ("verify-shm",),
)
_WHEN_AND_OF_WHAT = ("source", "time_ns", "heartbeat")


def timeless(document: Any) -> Any:
    """The document without what tells when it was made, and of what."""
    if isinstance(document, dict):
        return {key: timeless(value) for key, value in document.items() if key not in _WHEN_AND_OF_WHAT}
    if isinstance(document, list):
        return [timeless(value) for value in document]
    return document
