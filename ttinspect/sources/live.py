"""What sources that ask devices are told."""

from collections.abc import Callable
from enum import Enum

import msgspec


class Ask(str, Enum):
    """How much is asked of a device: its facts, one reading of its telemetry too, or also whether its
    heartbeat moves, which takes half a second."""

    CHIPS = "chips"
    READING = "reading"
    TELEMETRY = "telemetry"


class LiveOptions(msgspec.Struct, kw_only=True):
    """How long devices may take, what is asked of them, and where their log goes."""

    timeout_seconds: float = 60.0
    ask: Ask = Ask.CHIPS
    log: list[str] = msgspec.field(default_factory=list)
    progress: Callable[[str], None] | None = None
    """Told what is being done, from half a second on."""
