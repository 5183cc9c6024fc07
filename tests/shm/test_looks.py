"""The procedure that tells a fault from a race, on sequences of looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shm.test_differences import chip, figures, region, slot
from ttinspect.model.region import Region
from ttinspect.shm.differences import Quantity
from ttinspect.shm.looks import Judged, Outcome, Watched, first_look, further_look, unchanged_slots

WHAT = Quantity("TTS020", "dram")


def judged(*looks: int | None, resting: bool = False) -> Judged:
    """The outcome of differences seen one after the other; None is a legal look."""
    first, *further = looks
    assert first is not None
    watched = Watched(WHAT, first)
    for difference in further:
        watched.add(difference or 0, illegal=difference is not None)
    return watched.judge(resting=resting)


def outcome(*looks: int | None, resting: bool = False) -> Outcome:
    return judged(*looks, resting=resting).outcome


def test_three_legal_looks_that_outnumber_every_difference_end_it() -> None:
    watched = Watched(WHAT, 5)
    for number in range(3):
        assert not watched.decided, number
        watched.add(0, illegal=False)
    assert watched.decided
    assert watched.judge(resting=False).outcome is Outcome.LEGAL


def test_a_decided_quantity_takes_no_further_look() -> None:
    assert outcome(5, None, None, None, *[5] * 28) is Outcome.LEGAL


def test_two_legal_looks_are_too_few_to_end_it() -> None:
    watched = Watched(WHAT, 5)
    watched.add(0, illegal=False)
    watched.add(0, illegal=False)
    assert not watched.decided


def test_legal_looks_must_outnumber_the_most_frequent_difference() -> None:
    assert outcome(5, 5, 5, None, None, None) is Outcome.UNDECIDED
    assert outcome(5, 5, 5, None, None, None, None) is Outcome.LEGAL


def test_at_the_end_fewer_than_three_legal_looks_may_do() -> None:
    assert outcome(5, 6, 7, None, None) is Outcome.LEGAL
    assert outcome(5, 6, 7, None) is Outcome.UNDECIDED


def test_a_region_at_rest_is_what_it_is() -> None:
    assert outcome(5, 5, resting=True) is Outcome.FAULT


def test_one_look_decides_nothing() -> None:
    assert outcome(5) is Outcome.UNDECIDED


@pytest.mark.parametrize(("count", "expected"), [(15, Outcome.UNDECIDED), (16, Outcome.FAULT)])
def test_a_constant_difference_in_motion_needs_16_looks(count: int, expected: Outcome) -> None:
    assert outcome(*[4096] * count) is expected


def test_one_difference_in_half_of_the_looks_is_a_fault() -> None:
    noise = [(-1) ** number * number for number in range(1, 17)]
    assert outcome(*[4096] * 16, *noise) is Outcome.FAULT
    assert outcome(*[4096] * 15, *noise, 99) is Outcome.UNDECIDED


def test_differences_of_one_sign_further_from_zero_than_their_spread_are_a_fault() -> None:
    drift = 64 << 20
    assert outcome(*[drift + number for number in range(32)]) is Outcome.FAULT
    assert outcome(*[-drift - number for number in range(32)]) is Outcome.FAULT


def test_a_spread_as_wide_as_the_distance_from_zero_is_undecided() -> None:
    assert outcome(*range(31, 63)) is Outcome.UNDECIDED
    assert outcome(*range(32, 64)) is Outcome.FAULT


def test_differences_of_both_signs_are_undecided() -> None:
    assert outcome(*range(100, 116), *range(-115, -99)) is Outcome.UNDECIDED


def test_a_single_legal_look_forbids_a_fault() -> None:
    assert outcome(*[4096] * 31, None) is Outcome.UNDECIDED


def test_the_message_gets_the_median() -> None:
    result = judged(1000, *[1010] * 15, *[1020] * 14)
    assert (result.outcome, result.difference, result.looks, result.legal) == (Outcome.FAULT, 1010, 30, 0)


def test_the_lower_of_two_medians_is_one_that_was_seen() -> None:
    assert judged(10, 20, resting=False).difference == 10


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3).filter(bool)), max_size=31))
def test_a_fault_in_motion_never_has_a_legal_look(further: list[int | None]) -> None:
    if outcome(1, *further) is Outcome.FAULT:
        assert None not in further
        assert len(further) >= 15


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3).filter(bool)), max_size=31))
def test_nothing_is_legal_without_more_legal_looks_than_repeats(further: list[int | None]) -> None:
    """Whatever it is called later: at some moment the legal looks outnumbered each difference."""
    if outcome(1, *further) is Outcome.LEGAL:
        values = [1, *further]
        prefixes = [values[: end + 1] for end in range(len(values))]
        assert any(
            prefix.count(None) > max(prefix.count(value) for value in prefix if value is not None)
            for prefix in prefixes
        )


def _below(region: Region, quantity: Quantity, difference: int) -> bool:
    return quantity.rule == "TTS020" and difference < 0


def test_only_what_is_illegal_in_the_first_look_is_watched() -> None:
    short = region(totals=figures(dram=9, l1=1), slots=(slot(0, 1, dram=4, l1=3),), chips=())
    watched = first_look(short, _below)
    assert [judgement.quantity for judgement in watched] == [WHAT]


def test_a_further_look_is_legal_where_the_difference_is_gone_or_has_become_legal() -> None:
    held = {"slots": (slot(0, 1, dram=4),), "chips": ()}
    short = region(totals=figures(dram=9), **held)  # type: ignore[arg-type]
    (watched,) = first_look(short, _below)
    further_look([watched], short, _below)
    further_look([watched], region(totals=figures(dram=4), **held), _below)  # type: ignore[arg-type]
    further_look([watched], region(totals=figures(dram=1), **held), _below)  # type: ignore[arg-type]
    result = watched.judge(resting=False)
    assert (result.looks, result.legal, result.difference) == (4, 2, -5)


def test_the_predicate_sees_the_region_it_judges() -> None:
    judged = []

    def illegal(region: Region, quantity: Quantity, difference: int) -> bool:
        judged.append((region.version, quantity, difference))
        return True

    first_look(region(2, chips=(chip(0, 1), chip(1, 1))), illegal)
    assert judged == [(2, Quantity("TTS028", "chip 1"), 1)]


def test_slots_are_unchanged_with_the_same_pid_and_timestamp() -> None:
    first = region(slots=(slot(0, 1), slot(1, 2), slot(2, 3), slot(3, 0, dram=1)))
    moved = slot(1, 2)
    second = region(
        slots=(
            slot(0, 1, dram=99),
            type(moved)(index=1, pid=2, name="", last_update=2, figures=moved.figures),
            slot(2, 4),
            slot(3, 0, dram=1),
        )
    )
    assert unchanged_slots(first, second) == {0}
    assert unchanged_slots(first, first) == {0, 1, 2}
    assert unchanged_slots(first, None) == frozenset()
