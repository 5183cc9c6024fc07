"""What a site expects of a fleet, host by host."""

import msgspec

from ttinspect.model.finding import Finding
from ttinspect.verify.check.expectation import Fact, Outcome


class HostOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an expectation came to on one host. ``finding`` is there where it is not met, or unknown."""

    host: str
    id: str
    fact: str
    expected: Fact
    found: Fact
    outcome: Outcome
    why: str
    finding: Finding | None
