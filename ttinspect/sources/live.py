"""How devices are asked: what for, how long, and where notes about it go."""

import time
from collections.abc import Callable
from enum import Enum

import msgspec

from ttinspect.host.identity import host_name
from ttinspect.model.system import HostName, OfHost, System


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


def read_here(system: System) -> System:
    """The System, with this host's name and the time if it is live: a copy of a host has neither."""
    if not system.source.live:
        return system
    name = host_name()
    of_host = OfHost(host=msgspec.UNSET if name is None else HostName(name=name), time_ns=time.time_ns())
    return msgspec.structs.replace(system, of_host=of_host)
