"""What is said of chips that the others were asked without."""

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.session import Session


def left_alone(sessions: list[Session], skipped: dict[int, str]) -> list[wire.Line]:
    """What is known of chips that were left alone: what the chip itself said before, and why no more."""
    said = [line for session in sessions for line in session.lines]
    before = {line.id: line for line in said if isinstance(line, wire.ChipFacts)}
    behind = {line.id: line for line in said if isinstance(line, wire.RemoteFound)}
    found: list[wire.Line] = []
    for chip, why in skipped.items():
        if chip in before:
            found += [before[chip], wire.no_reading(chip, why)]
        elif chip in behind:
            found.append(behind[chip].not_opened(why))
        else:
            found.append(wire.ChipFacts(id=chip, arch=None, error=why))
    return found


def read_alone(alone: dict[int, Session], why: str) -> Session:
    """What chips of a simulator said that were each asked alone, as one session without eth, and why."""
    lines = [*_facts(alone), wire.Done()]
    links = wire.LinkFacts(ends=[], remote=[], chips=len(alone))
    log = "".join(session.log for session in alone.values())
    return Session(lines=[links, *lines], log=log, linkless=why)


def add_those_read_alone(last: Session, alone: dict[int, Session], why: str) -> None:
    """Add chips that answered alone only, and so without their links, and why."""
    last.lines += _facts(alone)
    last.unlinked = dict.fromkeys(alone, f"it answered only alone, because {why}")


def complete(last: Session, alone: dict[int, Session]) -> None:
    """Where there was no time to read all chips together, take what they said alone; where that is all,
    nothing went wrong but the time."""
    for kind in (wire.ChipFacts, wire.TelemetryFacts):
        known = {_chip(line) for line in last.lines if isinstance(line, kind)}
        more = [line for line in _facts(alone) if isinstance(line, kind) and _chip(line) not in known]
        if len(known) + len(more) < last.found and (more or kind is wire.ChipFacts):
            return
        last.lines += more
    last.lines.append(wire.Done())
    last.late, last.death = False, None


def _chip(line: wire.ChipFacts | wire.TelemetryFacts) -> int:
    return line.id if isinstance(line, wire.ChipFacts) else line.chip


def _facts(alone: dict[int, Session]) -> list[wire.Line]:
    found: list[wire.Line] = []
    for chip, session in alone.items():
        found += [line for line in session.lines if isinstance(line, wire.ChipFacts | wire.TelemetryFacts)]
        found += [wire.no_reading(chip, session.why_ended())] if session.death is not None else []
    return found


def as_before(first: Session, last: Session) -> list[wire.Line]:
    """Everything last said, with the kernel driver's devices as they were before some were hidden."""
    host = [line for line in first.lines if isinstance(line, wire.HostFacts)]
    return [*host, *(line for line in last.lines if not isinstance(line, wire.HostFacts))]


def left_out(first: Session, last: Session, lost: dict[int, str], *, simulated: bool) -> list[wire.ChipFacts]:
    """A chip of which nothing is known but where it is, for each device that was left out. The chips of a
    simulator keep their numbers; on a host tt_umd gives the others new ones."""
    known = [line.id for line in last.lines if isinstance(line, wire.ChipFacts)]
    host = first.host
    return [
        wire.ChipFacts(
            id=number if simulated else max(known) + at,
            arch=host.kmd_archs.get(number),
            error=why,
            kmd_id=number,
            pci_bdf=host.kmd_devices.get(number),
            mmio=True,
        )
        for at, (number, why) in enumerate(lost.items(), 1)
    ]
