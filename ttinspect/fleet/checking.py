"""What a site expects of a fleet, host by host."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ttinspect.capacity.settings import make_settings
from ttinspect.facts.firmware import dotted
from ttinspect.fleet.hosts import board_name, bundles_of_boards
from ttinspect.fleet.rules import FIRMWARE_DIFFERS, HOST_MISSING, SNAPSHOT_OLD, UNKNOWN
from ttinspect.fleet.words import listed_briefly
from ttinspect.harvesting.grids import Grids
from ttinspect.model.finding import Finding, Severity
from ttinspect.model.fleet import FleetHost, Unreadable
from ttinspect.model.system import System
from ttinspect.sources.check_file import Wanted
from ttinspect.sources.fleet_check import FleetCheck
from ttinspect.verify.check.expectation import Expectation, Fact, Outcome
from ttinspect.verify.check.product import product_expectations
from ttinspect.verify.check.site import region_expectations, regions_unknown, site_expectations
from ttinspect.verify.findings.rules import RULE_BY_ID
from ttinspect.verify.findings.site import REGIONS_NOT_CLEAN
from ttinspect.verify.verify import Verdict, Verified, verdict_of

_WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS)
_SHOWN = 4
_FIRMWARE_WHY = {
    Outcome.PASS: "",
    Outcome.FAIL: "its firmware differs",
    Outcome.UNKNOWN: "its firmware is unknown",
}
_AGE_WHY = {
    Outcome.PASS: "",
    Outcome.FAIL: "its snapshot is too old",
    Outcome.UNKNOWN: "nobody tells when it was taken",
}


class HostOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an expectation came to on one host. ``finding`` is there where it is not met, or unknown, and no
    other finding says so."""

    host: str
    id: str
    fact: str
    expected: Fact
    found: Fact
    outcome: Outcome
    why: str
    finding: Finding | None


def host_outcomes(
    host: str, system: System, grids: Grids, verified: Verified | None, wanted: Iterable[Wanted]
) -> list[HostOutcome]:
    """What check files of one host come to, the same expectation of several chips once. ``verified`` is what
    its regions were found to be; None for a document that holds none."""
    settings = make_settings()
    expectations: list[Expectation] = []
    for wanted_file in wanted:
        expectations += site_expectations(wanted_file, system, None, grids, settings)
        if wanted_file.file.product:
            expectations += product_expectations(system, None, grids)
        if wanted_file.file.regions is not None:
            expectations += (
                [regions_unknown(wanted_file)]
                if verified is None
                else region_expectations(verified, [wanted_file])
            )
    groups: dict[tuple[str, str, str | None, Fact], list[Expectation]] = {}
    for each in expectations:
        groups.setdefault((each.id, each.fact, each.where, each.expected), []).append(each)
    outcomes = [_together(host, same) for same in groups.values()]
    if verified is not None and verdict_of(verified.all_findings) is Verdict.FAIL:
        return [_without_second_finding(outcome) for outcome in outcomes]
    return outcomes


def _without_second_finding(outcome: HostOutcome) -> HostOutcome:
    """Without a finding where regions with errors were expected to have none: the host has those errors."""
    if outcome.id != REGIONS_NOT_CLEAN.id or outcome.outcome is not Outcome.FAIL:
        return outcome
    return msgspec.structs.replace(outcome, finding=None)


def _together(host: str, same: Sequence[Expectation]) -> HostOutcome:
    outcome = min((expectation.outcome for expectation in same), key=_WORST_FIRST.index)
    those = [expectation for expectation in same if expectation.outcome is outcome]
    first = those[0]
    values = list(dict.fromkeys(expectation.found for expectation in those))
    sentences = [
        expectation.why if expectation.chip is None else f"{expectation.subject}: {expectation.why}"
        for expectation in those
        if expectation.why
    ]
    whys = list(dict.fromkeys(sentences))
    where = "" if first.where is None else f" ({first.where})"
    why = listed_briefly(whys, _SHOWN) + where if whys else ""
    return HostOutcome(
        host=host,
        id=first.id,
        fact=first.fact,
        expected=first.expected,
        found=values[0] if len(values) == 1 else ", ".join(map(_shown, values)),
        outcome=outcome,
        why=why,
        finding=None if outcome is Outcome.PASS else _finding(first, outcome, why),
    )


def _shown(value: Fact) -> str:
    return "unknown" if value is None else str(value)


def _finding(expectation: Expectation, outcome: Outcome, why: str) -> Finding:
    return Finding(
        id=expectation.id,
        name=RULE_BY_ID[expectation.id].name,
        severity=Severity.ERROR if outcome is Outcome.FAIL else Severity.INCONCLUSIVE,
        message=why,
        evidence={"fact": expectation.fact, "expected": expectation.expected, "where": expectation.where},
    )


def fleet_outcomes(
    check: FleetCheck,
    hosts: Sequence[FleetHost],
    unreadable: Iterable[Unreadable],
    missing_hosts: Iterable[str],
    now_ns: int,
) -> Iterator[HostOutcome]:
    """What a check file expects of the fleet as a whole, a case per host. ``missing_hosts`` are those
    that already have a finding, because the cabling has them."""
    present = {name for host in hosts for name in (host.name, *host.also_named)}
    have_finding = {*missing_hosts}
    hidden = {document.stem for document in unreadable}
    for name in check.hosts:
        missing = name not in present and name not in hidden
        message = f"{name} is in {check.name}, and no document is of it"
        yield HostOutcome(
            host=name,
            id=HOST_MISSING.id,
            fact="host",
            expected="there",
            found="missing" if missing else "unreadable" if name in hidden else "there",
            outcome=Outcome.FAIL if missing else Outcome.UNKNOWN if name in hidden else Outcome.PASS,
            why=message if missing else "",
            finding=HOST_MISSING.finding_of(message, host=name, hosts=[name])
            if missing and name not in have_finding
            else None,
        )
    if check.firmware_equal:
        yield from _firmware(hosts)
    if check.max_age_ns is not None:
        yield from (_age(host, check.max_age_ns, now_ns) for host in hosts)


def _firmware(hosts: Sequence[FleetHost]) -> Iterator[HostOutcome]:
    """A case per host; one TTF008 names all hosts that differ."""
    usual = {board: next(iter(bundles)) for board, bundles in bundles_of_boards(hosts).items()}
    for host in hosts:
        bundles = {(board_name(spot), spot.firmware) for spot in host.shape.spots}
        others = {bundle for board, bundle in bundles if bundle is not None and bundle != usual[board]}
        unknown = any(bundle is None for _, bundle in bundles)
        outcome = Outcome.FAIL if others else Outcome.UNKNOWN if unknown else Outcome.PASS
        should = {dotted(usual[board]) for board, _ in bundles if board in usual}
        why = _FIRMWARE_WHY[outcome]
        yield HostOutcome(
            host=host.name,
            id=FIRMWARE_DIFFERS.id,
            fact="firmware",
            expected=", ".join(sorted(should)) or "equal",
            found=", ".join(sorted(dotted(bundle) for _, bundle in bundles if bundle is not None)) or None,
            outcome=outcome,
            why=why,
            finding=FIRMWARE_DIFFERS.finding_of(why, UNKNOWN) if outcome is Outcome.UNKNOWN else None,
        )


def _age(host: FleetHost, most_ns: int, now_ns: int) -> HostOutcome:
    """A case per host; the finding of a snapshot that is too old is TTF009."""
    age = None if host.time_ns is None else (now_ns - host.time_ns) // 10**9
    outcome = Outcome.UNKNOWN if age is None else Outcome.FAIL if age * 10**9 > most_ns else Outcome.PASS
    why = _AGE_WHY[outcome]
    return HostOutcome(
        host=host.name,
        id=SNAPSHOT_OLD.id,
        fact="age_s",
        expected=f"at most {most_ns // 10**9}",
        found=age,
        outcome=outcome,
        why=why,
        finding=SNAPSHOT_OLD.finding_of(why, UNKNOWN) if outcome is Outcome.UNKNOWN else None,
    )
