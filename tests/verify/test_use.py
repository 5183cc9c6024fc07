"""A chip that is busy and held by nobody, or held for long and never busy: told over several readings."""

from pathlib import Path

import msgspec
import pytest

from tests.verify.build import NOW
from tests.verify.host import P150, Host, system_of
from ttinspect.answers.check import build_check
from ttinspect.answers.recording import chip_states
from ttinspect.answers.telemetry import build_telemetry
from ttinspect.answers.top import build_top
from ttinspect.model.finding import Severity
from ttinspect.model.system import SourceKind
from ttinspect.model.telemetry import Telemetry
from ttinspect.verify.case import Case
from ttinspect.verify.findings.use import Uses, is_unsettled, use_findings, uses_of

HOLDER, OTHER = 41, 42
SECOND = 10**9


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, system_of(P150, kind=SourceKind.UMD), {})


def reading(host: Host, *, busy: bool | None, at_s: float = 0.0, kind: SourceKind = SourceKind.UMD) -> Case:
    """One reading of the chip ``at_s`` after the first."""
    chip = msgspec.structs.replace(P150, telemetry=Telemetry(busy=busy, time_ns=NOW + int(at_s * SECOND)))
    host.system = system_of(chip, kind=kind)
    return host.case()


def held_by(host: Host, *pids: int) -> None:
    """What the driver lists from now on."""
    if not (host.proc / "driver/tenstorrent/0").is_dir():
        host.open_device(0)
    (host.proc / "driver/tenstorrent/0/pids").write_text("".join(f"{pid}\n" for pid in pids))
    for pid in pids:
        if not (host.proc / str(pid)).is_dir():
            host.run(pid)


def after(*cases: Case) -> Uses:
    uses: Uses = {}
    for case in cases:
        uses = uses_of(case, uses)
    return uses


def ids(uses: Uses) -> list[tuple[str, Severity]]:
    return [(finding.id, finding.severity) for finding in use_findings(uses.get(0))]


def test_busy_without_a_holder_is_a_warning_once_it_stays_so(host: Host) -> None:
    held_by(host)
    first, second = reading(host, busy=True), reading(host, busy=True, at_s=2)
    assert ids(after(first)) == [("TTT031", Severity.INCONCLUSIVE)]
    assert ids(after(first, second)) == [("TTT031", Severity.WARNING)]
    assert [is_unsettled(after(first)), is_unsettled(after(first, second))] == [True, False]
    (finding,) = use_findings(after(first, second)[0])
    assert "in 2 readings over 2 s" in finding.message


def test_who_has_just_ended_is_no_fault(host: Host) -> None:
    """The firmware tells of a process that the scan does not see any more, and then no longer."""
    held_by(host)
    assert ids(after(reading(host, busy=True), reading(host, busy=False, at_s=2))) == []


@pytest.mark.parametrize("busy", [True, False])
def test_a_chip_that_is_held_and_busy_or_free_and_idle_is_well(host: Host, busy: bool) -> None:
    held_by(host, *([HOLDER] if busy else []))
    assert ids(after(*(reading(host, busy=busy, at_s=500 * n) for n in range(5)))) == []


def test_held_for_ten_minutes_and_never_busy_is_told_with_the_process(host: Host) -> None:
    held_by(host, HOLDER)
    cases = [reading(host, busy=False, at_s=60 * n) for n in range(11)]
    assert ids(after(*cases[:10])) == []
    (finding,) = use_findings(after(*cases)[0])
    assert (finding.id, finding.severity) == ("TTT032", Severity.INFO)
    assert finding.message == "held by 1 process (pid 41), and not busy in any of 11 readings over 10 minutes"


@pytest.mark.parametrize("what", ["busy once", "another process", "a gap", "a clock set back"])
def test_what_began_anew_is_not_long(host: Host, what: str) -> None:
    held_by(host, HOLDER)
    cases = [reading(host, busy=False, at_s=120 * n) for n in range(4)]
    later = 601.0 if what == "a gap" else -500.0 if what == "a clock set back" else 0.0
    cases.append(reading(host, busy=what == "busy once", at_s=480 + later))
    if what == "another process":
        held_by(host, OTHER)
    cases += [reading(host, busy=False, at_s=120 * n + later) for n in range(5, 8)]
    assert ids(after(*cases)) == []


@pytest.mark.parametrize("kind", [SourceKind.TT_SMI, SourceKind.CLUSTER, SourceKind.SIM])
def test_processes_of_this_machine_say_nothing_of_a_document(host: Host, kind: SourceKind) -> None:
    held_by(host)
    cases = [reading(host, busy=True, at_s=n, kind=kind) for n in range(5)]
    assert after(*cases) == {}


def test_nothing_is_said_where_a_fact_is_unknown(host: Host) -> None:
    cases = [reading(host, busy=True, at_s=n) for n in range(5)]  # no driver tells, no descriptor can be read
    assert after(*cases) == {}
    held_by(host)
    assert after(*(reading(host, busy=None, at_s=n) for n in range(5))) == {}


def test_every_answer_of_several_readings_tells_it(host: Host) -> None:
    held_by(host)
    case, uses = reading(host, busy=True, at_s=5), after(reading(host, busy=True))
    uses = uses_of(case, uses)
    assert "TTT031" in {
        finding.id for finding in build_telemetry(case.system, case, uses).devices[0].findings
    }
    assert "TTT031" in {finding.id for finding in build_top(case, uses).chips[0].findings}
    assert "TTT031" in {finding.id for finding in chip_states(case, uses)[0].findings}
    (row,) = [
        expectation
        for expectation in build_check(case, [], uses=uses).expectations
        if expectation.fact == "use"
    ]
    assert (row.id, row.outcome.value, row.found) == ("TTT031", "fail", "busy, held by nobody")


def test_check_does_not_decide_by_one_reading(host: Host) -> None:
    held_by(host)
    (row,) = [
        expectation
        for expectation in build_check(reading(host, busy=True), []).expectations
        if expectation.fact == "use"
    ]
    assert (row.outcome.value, row.found) == ("unknown", "busy, held by nobody")
    assert not [
        expectation
        for expectation in build_check(reading(host, busy=None), []).expectations
        if expectation.fact == "use"
    ]
