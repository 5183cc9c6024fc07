"""What is expected of a chip depends on what can answer for it."""

import msgspec
import pytest

from ttinspect.model.system import Recording, Source, SourceKind, System
from ttinspect.model.telemetry import GddrModule, Telemetry
from ttinspect.sources.opening import open_source
from ttinspect.verify.check.expectation import Outcome
from ttinspect.verify.check.product import product_expectations


def _errors(*counts: tuple[int | None, int | None]) -> System:
    """A P150 that counts so many uncorrected read and write errors of its DRAM channels."""
    modules = tuple(
        GddrModule(
            channel=channel, trained=True, top_celsius=50, bottom_celsius=50, corrected_read_errors=0,
            corrected_write_errors=0, uncorrected_read_errors=read, uncorrected_write_errors=write,
        )
        for channel, (read, write) in enumerate(counts)
    )  # fmt: skip
    example = open_source("board:p150")
    chip = msgspec.structs.replace(example.chips[0], telemetry=Telemetry(time_ns=1, gddr=modules))
    return msgspec.structs.replace(example, chips=(chip,))


@pytest.mark.parametrize(
    ("counts", "outcomes"),
    [
        ([(0, 0), (0, 0)], [Outcome.PASS]),
        ([(0, 0), (0, 1)], [Outcome.FAIL]),
        ([(0, 0), (None, None)], [Outcome.UNKNOWN]),
        ([(0, None)], [Outcome.UNKNOWN]),
        ([(1, None)], [Outcome.FAIL]),
        ([(None, None)], []),
    ],
)
def test_dram_errors_pass_only_where_every_channel_tells_them(
    counts: list[tuple[int | None, int | None]], outcomes: list[Outcome]
) -> None:
    found = product_expectations(_errors(*counts), None)
    assert [one.outcome for one in found if one.fact == "DRAM errors"] == outcomes


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
