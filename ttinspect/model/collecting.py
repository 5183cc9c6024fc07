"""What became of a host that was asked for its snapshot."""

from enum import Enum

import msgspec


class Collected(str, Enum):
    """``collected``: its file was written now; ``there``: it was there already, and was not asked again;
    ``failed``: the command failed; ``timed_out``: it did not answer in time; ``rubbish``: what it sent is no
    snapshot."""

    COLLECTED = "collected"
    THERE = "there"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    RUBBISH = "rubbish"


class CollectedHost(msgspec.Struct, frozen=True, kw_only=True):
    """One host. ``exit_code`` is what the command ended with, None where it did not end; ``said`` the last
    line that it sent beside a snapshot; ``file`` where its snapshot is."""

    host: str
    state: Collected
    file: str | None
    exit_code: int | None
    said: str | None
    why: str | None
    """What is wrong, in a sentence; None where nothing is."""
