"""What is expected of a chip depends on what can answer for it."""

import msgspec
import pytest

from ttinspect.model.system import Recording, Source, SourceKind, System
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.opening import open_source
from ttinspect.verify.check.expectation import Outcome
from ttinspect.verify.check.product import product_expectations


def _system(kind: SourceKind, *, moves: bool | None, recorded: bool) -> System:
    example = open_source("board:n150")
    reading = Telemetry(time_ns=1, heartbeat=5, heartbeat_moves=moves)
    chips = tuple(msgspec.structs.replace(chip, telemetry=reading) for chip in example.chips)
    source = Source(kind=kind, detail="", live=True, example=False)
    if recorded:
        of = Recording(kind=kind, detail="", host="h", time_ns=1)
        source = Source(kind=SourceKind.SNAPSHOT, detail="f", live=False, example=False, recorded=of)
    return msgspec.structs.replace(example, source=source, chips=chips)


@pytest.mark.parametrize("recorded", [False, True], ids=["live", "from a snapshot"])
@pytest.mark.parametrize(
    ("kind", "moves", "outcomes"),
    [
        (SourceKind.UMD, True, [Outcome.PASS]),
        (SourceKind.UMD, False, [Outcome.FAIL]),
        (SourceKind.UMD, None, []),
        (SourceKind.SYSFS, False, [Outcome.FAIL]),
        (SourceKind.SIM, False, []),
        (SourceKind.SIM, True, []),
    ],
)
def test_a_heartbeat_is_expected_of_silicon_only(
    kind: SourceKind, moves: bool | None, outcomes: list[Outcome], recorded: bool
) -> None:
    system = _system(kind, moves=moves, recorded=recorded)
    found = [one.outcome for one in product_expectations(system, None) if one.fact == "heartbeat"]
    assert found == outcomes
