"""The rules behind the exercises: the next dose, what must be looked at first, how much was done, posture."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules import adherence, next_dose, posture, prescription
from programs.rules.adherence import Day, Stretch
from programs.rules.next_dose import Proposal, Report
from programs.rules.rulebook import rulebook
from programs.rules.usual import dosage_of

MONDAY = date(2026, 9, 14)
EXERCISES = rulebook().exercises
MEASURE = patients_rulebook().measures["exercise_adherence"]


def told(*said: tuple[str, int | None]) -> list[Report]:
    return [Report(MONDAY + timedelta(days=n), feeling, pain) for n, (feeling, pain) in enumerate(said)]


def proposed(code: str, *said: tuple[str, int | None], **dose: Any) -> Proposal | None:
    return next_dose.proposal(EXERCISES[code], dosage_of(code, dose), told(*said), exercises=EXERCISES)


def test_three_easy_days_lead_to_two_more_repetitions() -> None:
    found = proposed("ex_chin_tuck_sitting", ("easier", 2), ("easier", 5), ("easier", None))

    assert found is not None
    assert (found.direction, found.because, found.dosage.reps) == ("up", "easier_three_times", 12)


@pytest.mark.parametrize(
    "said",
    [
        [("easier", 2), ("easier", 2)],
        [("easier", 2), ("same", 2), ("easier", 2)],
        [("same", 5)] * 5,
        [("", None)] * 5,
        [("harder", 2)],
        [("harder", 2), ("same", 2), ("harder", 3)],
        [],
    ],
)
def test_the_dose_stays_while_the_days_do_not_agree(said: list[tuple[str, int | None]]) -> None:
    assert proposed("ex_chin_tuck_sitting", *said) is None


def test_pain_above_five_leads_to_less_however_easy_it_felt() -> None:
    found = proposed("ex_chin_tuck_sitting", ("easier", 2), ("easier", 2), ("easier", 6))

    assert found is not None
    assert (found.direction, found.because, found.dosage.reps) == ("down", "pain_above_5", 6)


def test_pain_of_last_week_has_been_answered_by_what_was_said_since() -> None:
    assert proposed("ex_chin_tuck_sitting", ("harder", 8), ("same", 3)) is None


def test_two_hard_days_lead_to_less() -> None:
    found = proposed("ex_walk", ("harder", None), ("harder", 3))

    assert found is not None
    assert (found.direction, found.dosage.minutes) == ("down", 13)


def test_at_the_top_of_its_dose_the_harder_exercise_follows() -> None:
    found = proposed("ex_chin_tuck_sitting", *[("easier", 1)] * 3, reps=15, hold_seconds=10)

    assert found is not None
    assert (found.direction, found.exercise) == ("other", "ex_ccf_low_load")
    assert found.dosage == EXERCISES["ex_ccf_low_load"].dosage


def test_at_the_bottom_of_its_dose_the_easier_exercise_follows() -> None:
    found = proposed("ex_chin_tuck_sitting", ("same", 7), reps=5, hold_seconds=2)

    assert found is not None
    assert (found.direction, found.exercise) == ("other", "ex_chin_tuck_supine")


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(EXERCISES)),
    st.lists(st.tuples(st.sampled_from(["", "easier", "same", "harder"]), st.none() | st.integers(0, 10)), max_size=6),
)
def test_whatever_is_reported_the_next_dose_is_one_that_may_be_prescribed(
    code: str, said: list[tuple[str, int | None]]
) -> None:
    dosage, seen = EXERCISES[code].dosage, 0
    while found := next_dose.proposal(EXERCISES[code], dosage, told(*said), exercises=EXERCISES):
        assert prescription.out_of_bounds({part: getattr(found.dosage, part) for part in prescription.BOUNDS}) == ""
        seen += 1
        assert seen < 40, "steps never come to an end"
        if found.exercise:
            break
        dosage = found.dosage


@pytest.mark.parametrize(("part", "value"), [("sets", 0), ("reps", 31), ("minutes", 61), ("days_per_week", 8)])
def test_a_dose_that_cannot_be_meant_is_named(part: str, value: int) -> None:
    usual = {it: getattr(EXERCISES["ex_walk"].dosage, it) for it in prescription.BOUNDS}

    assert prescription.out_of_bounds(usual) == ""
    assert prescription.out_of_bounds(usual | {part: value}) == part
    assert prescription.out_of_bounds(usual | {part: True}) == part


def counted(done: set[tuple[str, date]], *, today: date, per_week: int = 7, **more: Any) -> tuple[Day, ...]:
    stretch = Stretch("ex_walk", MONDAY, MONDAY + timedelta(days=60), per_week)
    return adherence.days([stretch], done, first=MONDAY, today=today, **more)


def walked(*days: int) -> set[tuple[str, date]]:
    return {("ex_walk", MONDAY + timedelta(days=n)) for n in days}


def test_rest_days_are_where_the_patient_puts_them() -> None:
    found = counted(walked(0, 1, 3, 5, 6), today=MONDAY + timedelta(days=7), per_week=5)

    assert adherence.percent(found, MEASURE).values["percent"] == 100


def test_a_day_left_out_counts_once_the_rest_days_are_used_up() -> None:
    found = counted(walked(0, 3), today=MONDAY + timedelta(days=7), per_week=3)

    assert [it.prescribed for it in found[:7]] == [1, 0, 0, 1, 0, 0, 1]
    assert adherence.percent(found, MEASURE).values["percent"] == 66.7


def test_today_is_not_missed_before_it_is_over() -> None:
    assert counted(set(), today=MONDAY)[0].prescribed == 0
    assert counted(set(), today=MONDAY + timedelta(days=1))[0].prescribed == 1


def test_more_than_was_asked_for_makes_up_for_nothing() -> None:
    found = counted(walked(0, 1, 2, 3, 4, 5, 6), today=MONDAY + timedelta(days=13), per_week=3)
    score = adherence.percent(found, MEASURE)

    assert score.values == {"percent": 60.0, "overdone_days": 4}


def test_days_of_a_pause_count_neither_way() -> None:
    away = [(MONDAY + timedelta(days=1), MONDAY + timedelta(days=30))]
    found = counted(walked(0), today=MONDAY + timedelta(days=8), paused=away)

    assert adherence.percent(found, MEASURE).values["percent"] == 100
    assert [it.is_paused for it in found[:3]] == [False, True, True]


def test_two_weeks_below_half_are_told_and_one_is_not() -> None:
    third = MONDAY + timedelta(days=15)

    assert adherence.low_since(counted(walked(0, 1, 2), today=third), MEASURE, today=third) == MONDAY
    assert adherence.low_since(counted(walked(0, 1, 2, 3), today=third), MEASURE, today=third) is None
    second = MONDAY + timedelta(days=8)
    assert adherence.low_since(counted(walked(0), today=second), MEASURE, today=second) is None


def test_who_has_found_back_to_it_is_no_longer_told() -> None:
    fourth = MONDAY + timedelta(days=22)

    assert adherence.low_since(counted(walked(*range(14, 21)), today=fourth), MEASURE, today=fourth) is None


def test_posture_is_better_only_where_it_was_asked_both_times() -> None:
    found = posture.compared(
        {"a": "met", "b": "met", "c": "not_met", "d": "not_relevant"}, {"a": "not_met", "c": "met", "d": "met"}
    )

    assert (found.better, found.worse, found.still_open) == (("a",), ("c",), ("c",))
    assert (found.share, found.share_before) == (67, 67)
    assert posture.compared({}).share is None


def test_posture_is_looked_at_first_and_then_every_six_weeks() -> None:
    assert posture.is_due(None, on=MONDAY)
    assert not posture.is_due(MONDAY, on=MONDAY + timedelta(days=41))
    assert posture.is_due(MONDAY, on=MONDAY + timedelta(days=42))


@pytest.mark.parametrize(
    ("checked", "breaks", "together"), [(75, None, 75), (None, 40, 40), (75, 50, 63), (None, None, None), (0, 0, 0)]
)
def test_habits_and_breaks_count_half_each_and_what_is_unknown_counts_nothing(
    checked: int | None, breaks: int | None, together: int | None
) -> None:
    assert posture.adherence(checked, breaks) == together


def test_a_half_of_a_percent_is_rounded_up() -> None:
    assert posture.share_of_breaks([(1, 4), (0, 4)]) == 13  # 12.5
    assert posture.share_of_breaks([]) is None
