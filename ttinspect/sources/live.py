"""What sources that ask devices are told."""

import msgspec


class LiveOptions(msgspec.Struct, kw_only=True):
    """How long devices may take, whether their telemetry is read too, and where their log goes."""

    timeout_seconds: float = 60.0
    telemetry: bool = False
    log: list[str] = msgspec.field(default_factory=list)
