"""When a child is late, by a clock that the test sets."""

import pytest

from ttinspect.sources.umd.lateness import (
    Late,
    Limits,
    State,
    WaitFor,
    judge,
    still_seconds,
    watch_pause_seconds,
)

HOST = Limits(timeout_seconds=60.0, left_seconds=60.0, others=True)
SIMULATOR = HOST._replace(others=False)
FIRMWARE = State(0.0, 0.0, 0.0, waits_for=WaitFor.FIRMWARE, discovers=True)


@pytest.mark.parametrize(
    ("state", "fine", "late", "why"),
    [
        (FIRMWARE, 11.9, 12.1, Late.FIRMWARE),
        (FIRMWARE._replace(waits_for=WaitFor.TRAINING, silent_since=29.0), 29.9, 30.1, Late.TRAINING),
        (FIRMWARE._replace(waits_for=None), 14.9, 15.1, Late.SILENT),
        (State(0.0, 3.0, 3.0, reads_one_of_several=True), 14.9, 15.1, Late.CHIP),
        (State(0.0, 0.0, 0.0), 59.9, 60.0, Late.TIMEOUT),
        (FIRMWARE._replace(waits_for=WaitFor.LOCK), 59.9, 60.0, Late.TIMEOUT),
    ],
)
def test_a_child_of_a_host_is_late_as_soon_as_others_would_be_lost(
    state: State, fine: float, late: float, why: Late
) -> None:
    assert isinstance(judge(state, HOST, fine), float)
    assert judge(state, HOST, late) is why


def test_one_of_a_simulator_has_all_the_time() -> None:
    assert isinstance(judge(FIRMWARE, SIMULATOR, 59.9), float)
    assert judge(FIRMWARE, SIMULATOR, 60.0) is Late.TIMEOUT


def test_with_a_long_timeout_tt_umd_is_left_to_give_up_by_itself() -> None:
    """It does after 300 s, and says more then."""
    patient = Limits(timeout_seconds=330.0, left_seconds=330.0, others=True)
    assert isinstance(judge(FIRMWARE._replace(silent_since=280.0), patient, 299.0), float)


def test_it_is_looked_at_often_and_never_after_the_deadline() -> None:
    assert judge(State(0.0, 0.0, 0.0), HOST, 0.0) == 0.25
    assert judge(State(0.0, 0.0, 0.0), HOST, 59.9) == pytest.approx(0.1)


def test_a_heartbeat_is_given_one_and_a_half_of_the_firmwares_periods() -> None:
    assert [still_seconds(period) for period in (None, 100, 1000, 0xFFFFFFFF)] == [0.5, 0.5, 1.5, 1.5]


def test_a_missing_chip_is_looked_for_less_and_less_often() -> None:
    assert [watch_pause_seconds(looks) for looks in range(5)] == [30, 60, 120, 120, 120]
