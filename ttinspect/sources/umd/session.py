"""Everything that a child said, and how it ended."""

import re

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.log import FIRMWARE, TRAINING

DISCOVERING = "discovering chips"
"""The child's stage in which all chips are brought up."""
READING = re.compile(r"reading (?:telemetry of )?chip (\d+)(, behind chip \d+)?$")
"""Its stages in which it has to do with one of them."""

_HUNG_HINT = "reset the device (tt-smi -r), or give it more time with --timeout 330"
_LOCK_HINT = "end the process that holds the lock, or wait until it is done"
_CRASH_HINT = "look at its log with --verbose; if it happens again, report it to tt-umd"


class Session(msgspec.Struct):
    """Everything a child said, how it ended, and its log."""

    lines: list[wire.Line]
    doing: str = "starting"
    """What the child was doing last."""
    death: str | None = None
    late: bool = False
    log: str = ""
    earlier_log: str = ""
    """Of children before this one, that did not get as far."""
    waiting_for: str = ""
    left_out: list[wire.ChipFacts] = msgspec.field(default_factory=list)
    """Chips that would have kept tt_umd from discovering the others."""
    untrained: str | None = None
    """What tt_umd was not made to wait for, if anything: eth links that train and do not come up."""
    linkless: str | None = None
    """Why nothing was discovered over eth, although the child finished."""
    unlinked: dict[int, str] = msgspec.field(default_factory=dict)
    """Chips that were read without their links, and why."""

    def chip_being_read(self) -> int | None:
        """The chip that the child was reading when it died or hung; None where there is no other to be read
        without it, or it ended otherwise."""
        found = READING.match(self.doing) if self.death is not None else None
        return int(found[1]) if found and (self.found > 1 or found[2]) else None

    @property
    def found(self) -> int:
        """How many chips were discovered."""
        return next((line.chips for line in self.lines if isinstance(line, wire.LinkFacts)), 0)

    @property
    def done(self) -> bool:
        """Whether the child said everything."""
        return any(isinstance(line, wire.Done) for line in self.lines)

    @property
    def has_chips(self) -> bool:
        """Whether it saw any."""
        return any(isinstance(line, wire.ChipFacts) for line in self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether tt_umd found nothing, and nothing went wrong."""
        return self.done and not self.has_chips

    @property
    def host(self) -> wire.HostFacts:
        """What the kernel driver of the host shows, as far as the child said it."""
        nothing = wire.HostFacts(kmd_version=None, kmd_devices={})
        return next((line for line in self.lines if isinstance(line, wire.HostFacts)), nothing)

    def why_ended(self) -> str:
        """With what tt_umd failed, or that it hung or died, and what it was doing."""
        failed = next((line.why for line in self.lines if isinstance(line, wire.Failed)), None)
        if failed:
            return f"tt_umd failed ({failed})"
        return f"tt_umd {'hung' if self.late else 'died'} while {self.doing}: {self.death}"

    def hides_others(self, *, simulated: bool) -> bool:
        """Whether one chip, or a link, may have kept tt_umd from discovering the others."""
        if self.doing != DISCOVERING:
            return False
        if any(isinstance(line, wire.Failed) for line in self.lines):
            return True
        if self.death is None:
            return False
        if self.late:
            return simulated or FIRMWARE in self.death or TRAINING in self.death
        return simulated or len(self.host.kmd_devices) > 1

    def late_after(self, seconds: float) -> None:
        """Say how long it was waited for."""
        self.death = f"it did not answer within {seconds:.3g} s{self.waiting_for}"


def failure(session: Session, what: str) -> InspectError | None:
    """Why a session is no use at all, if it is none."""
    for line in session.lines:
        if isinstance(line, wire.Failed) and line.missing:
            return InspectError(
                f"{what}: tt_umd is not installed",
                "it has wheels for Linux and Python up to 3.13",
                "pip install tt-umd, or use a source that needs no device, such as sysfs or a file",
                ExitCode.NO_UMD,
            )
        if isinstance(line, wire.Failed):
            return InspectError(
                f"{what}: tt_umd failed while {line.stage}", line.why, _CRASH_HINT, ExitCode.UMD_FAILED
            )
    if session.death is not None:
        return InspectError(
            f"{what}: tt_umd {'hung' if session.late else 'died'} while {session.doing}",
            session.death,
            _next_step(session.death),
            ExitCode.UMD_FAILED,
        )
    return None


def _next_step(death: str) -> str:
    if "waiting for lock" in death:
        return _LOCK_HINT
    return _HUNG_HINT if FIRMWARE in death else _CRASH_HINT
