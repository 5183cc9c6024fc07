"""What is expected of a chip depends on what can answer for it."""

import msgspec
import pytest

from tests.grids import expected_of
from ttinspect.answers.check import build_check
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.arch import Board
from ttinspect.model.process import ProcessTable
from ttinspect.model.system import Recording, Source, SourceKind, System
from ttinspect.model.telemetry import GddrModule, Telemetry
from ttinspect.sources.opening import open_source
from ttinspect.verify.case import Case
from ttinspect.verify.check.expectation import Outcome
from ttinspect.verify.findings.harvest import as_expected

Errors = tuple[int | None, int | None]
CHANNELS = 8
"""Of a P150."""


def _module(channel: int, *, trained: bool | None = True, errors: Errors = (0, 0)) -> GddrModule:
    return GddrModule(
        channel=channel, trained=trained, top_celsius=50, bottom_celsius=50, corrected_read_errors=0,
        corrected_write_errors=0, uncorrected_read_errors=errors[0], uncorrected_write_errors=errors[1],
    )  # fmt: skip


def _p150(reading: Telemetry, dram: int | None = 0) -> System:
    example = open_source("board:p150")
    masks = msgspec.structs.replace(example.chips[0].masks, dram=dram)
    chip = msgspec.structs.replace(example.chips[0], telemetry=reading, masks=masks)
    return msgspec.structs.replace(example, chips=(chip,))


def _outcomes(system: System, fact: str) -> list[Outcome]:
    return [expectation.outcome for expectation in expected_of(system) if expectation.fact == fact]


@pytest.mark.parametrize(
    ("counts", "outcomes"),
    [
        ([(0, 0)] * CHANNELS, [Outcome.PASS]),
        ([(0, 0)] * (CHANNELS - 1), [Outcome.UNKNOWN]),
        ([(0, 0)] * 7 + [(0, 1)], [Outcome.FAIL]),
        ([(0, 1)], [Outcome.FAIL]),
        ([(0, 0)] * 7 + [(None, None)], [Outcome.UNKNOWN]),
        ([(0, None)] * CHANNELS, [Outcome.UNKNOWN]),
        ([(1, None)] * CHANNELS, [Outcome.FAIL]),
        ([(None, None)] * CHANNELS, []),
        ([], []),
    ],
)
def test_dram_errors_pass_only_where_every_channel_tells_them(
    counts: list[Errors], outcomes: list[Outcome]
) -> None:
    modules = tuple(_module(channel, errors=errors) for channel, errors in enumerate(counts))
    assert _outcomes(_p150(Telemetry(gddr=modules)), "DRAM errors") == outcomes


@pytest.mark.parametrize(
    ("modules", "dram", "outcome"),
    [
        ([_module(channel) for channel in range(8)], 0, Outcome.PASS),
        ([_module(channel) for channel in range(7)], 0x80, Outcome.PASS),
        ([_module(channel) for channel in range(7)], 0, Outcome.UNKNOWN),
        ([_module(channel) for channel in range(8)], None, Outcome.PASS),  # whichever are live
        ([_module(channel) for channel in range(7)], None, Outcome.UNKNOWN),
        ([*(_module(channel) for channel in range(7)), _module(7, trained=False)], None, Outcome.UNKNOWN),
        ([_module(channel) for channel in (0, 1, 2, 3, 4, 5, 6, 6)], 0, Outcome.UNKNOWN),
        ([_module(channel) for channel in (0, 1, 2, 3, 4, 5, 6, 7, 7)], 0, Outcome.UNKNOWN),
        ([_module(channel) for channel in (0, 1, 2, 3, 4, 5, 6, 8)], 0, Outcome.UNKNOWN),
        ([*(_module(channel) for channel in range(7)), _module(7, trained=None)], 0, Outcome.UNKNOWN),
        ([_module(3, trained=False)], 0, Outcome.FAIL),
        ([], 0, Outcome.UNKNOWN),
        (None, 0, Outcome.UNKNOWN),
    ],
)
def test_dram_is_trained_only_where_every_live_channel_says_so(
    modules: list[GddrModule] | None, dram: int | None, outcome: Outcome
) -> None:
    reading = Telemetry(gddr=None if modules is None else tuple(modules))
    assert _outcomes(_p150(reading, dram), "DRAM trained") == [outcome]


@pytest.mark.parametrize(
    ("bundle", "minimum", "outcome"),
    [
        ("18.5.0", "18.5.0", Outcome.PASS),
        ("18.5.0-rc.1", "18.5.0", Outcome.PASS),
        ("18.4.9-rc.1", "18.5.0", Outcome.FAIL),
        ("80.18.0", "18.5.0", Outcome.FAIL),
        ("abc", "18.5.0", Outcome.UNKNOWN),
        ("", "18.5.0", Outcome.UNKNOWN),
        ("18.5", "18.5.0", Outcome.UNKNOWN),
        ("18.5.0", "soon", Outcome.UNKNOWN),
        ("18.5.0", None, Outcome.UNKNOWN),
        (None, "18.5.0", Outcome.UNKNOWN),
    ],
)
def test_firmware_that_cannot_be_compared_is_no_pass(
    bundle: str | None, minimum: str | None, outcome: Outcome
) -> None:
    system = _p150(Telemetry(firmware_bundle=bundle, firmware_minimum=minimum))
    assert _outcomes(system, "firmware") == [outcome]


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
    outcomes_of_heartbeat = [
        expectation.outcome for expectation in expected_of(system) if expectation.fact == "heartbeat"
    ]
    assert outcomes_of_heartbeat == outcomes


def test_a_chip_of_another_architecture_than_its_board_fails() -> None:
    """Whatever is harvested."""
    example = open_source("board:p150")
    for board in (Board("n150"), Board("n300"), Board("ubb")):
        chip = msgspec.structs.replace(example.chips[0], board=board)
        system = msgspec.structs.replace(example, chips=(chip,))
        assert _outcomes(system, "architecture") == [Outcome.FAIL]
        assert as_expected(chip) is False


def test_no_row_of_a_pass_says_another_number_than_was_expected() -> None:
    """Of every board with the chips of every example."""
    for name in ("n150", "n300", "p100", "p150", "p300", "galaxy-wh", "galaxy-bh"):
        example = open_source(f"board:{name}")
        for board in Board:
            chips = tuple(msgspec.structs.replace(chip, board=board) for chip in example.chips)
            for expectation in expected_of(msgspec.structs.replace(example, chips=chips)):
                if expectation.outcome is Outcome.PASS and isinstance(expectation.expected, int):
                    assert expectation.found == expectation.expected, (name, board, expectation)


@pytest.mark.parametrize(
    ("reading", "outcomes"),
    [
        (Telemetry(asic_celsius=89.9, throttle_celsius=90), [Outcome.PASS]),
        (Telemetry(asic_celsius=90, throttle_celsius=90), [Outcome.FAIL]),
        (Telemetry(asic_celsius=90), []),
        (Telemetry(throttle_celsius=90), []),
    ],
)
def test_a_chip_is_cooler_than_where_it_throttles(reading: Telemetry, outcomes: list[Outcome]) -> None:
    assert _outcomes(_p150(reading), "temperature") == outcomes


@pytest.mark.parametrize(
    ("reading", "fact", "expected", "found"),
    [
        (Telemetry(asic_celsius=93, throttle_celsius=90), "temperature", "< 90 C", "93.0 C"),
        (Telemetry(asic_celsius=89.96, throttle_celsius=90), "temperature", "< 90 C", "89.9 C"),
        (Telemetry(power_w=120, power_limit_w=300), "power", "< 300 W", "120 W"),
        (Telemetry(power_w=120, power_limit_w=0), "power", "below its limit", "below its limit"),
    ],
)
def test_heat_and_power_are_told_in_figures(reading: Telemetry, fact: str, expected: str, found: str) -> None:
    rows = [expectation for expectation in expected_of(_p150(reading)) if expectation.fact == fact]
    assert [(row.expected, row.found) for row in rows] == [(expected, found)]


@pytest.mark.parametrize(
    ("ids", "outcome"),
    [((1, 2), Outcome.PASS), ((1, 1), Outcome.FAIL), ((1, None), Outcome.UNKNOWN)],
)
def test_no_two_chips_share_a_unique_id_or_the_id_of_a_board_of_one(
    ids: tuple[int | None, int | None], outcome: Outcome
) -> None:
    example = open_source("board:p150")
    for name, base in (("unique_id", 10**9), ("board_id", 0x40 << 36)):
        chips = tuple(
            msgspec.structs.replace(
                example.chips[0],
                id=index,
                assumed=(),
                **{name: None if offset is None else str(base + offset)},
            )
            for index, offset in enumerate(ids)
        )
        system = msgspec.structs.replace(example, chips=chips)
        assert _outcomes(system, f"{name.replace('_', ' ')}s") == [outcome]


def test_boards_of_different_types_need_not_be_alike() -> None:
    """A P100 beside a P150 has no eth and a DRAM bank less."""
    p150, p100 = (open_source(f"board:{name}") for name in ("p150", "p100"))
    chips = (p150.chips[0], msgspec.structs.replace(p100.chips[0], id=1))
    case = Case(
        system=msgspec.structs.replace(p150, chips=chips), grids=grids_of(chips), regions=(), chosen=None, now_realtime_ns=1,
        processes=ProcessTable(found={}, unknowable=frozenset()), now_monotonic_ns=1,
    )  # fmt: skip
    answer = build_check(case, [])
    assert (answer.counts.warning, answer.counts.fail) == (0, 0)
    assert "TTH002" not in [finding.id for finding in answer.findings]
