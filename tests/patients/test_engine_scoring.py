"""Every limit of every scale, from both sides. The figures are worked out by hand from the measure's own formula."""

from collections.abc import Mapping
from typing import Any

import pytest

from patients.rules.rulebook import rulebook
from patients.rules.scoring import CannotBeScored, Score, score

MEASURES = rulebook().measures
NDI = [item["code"] for item in MEASURES["ndi"].items]


def scored(code: str, **answers: Any) -> Score:
    return score(MEASURES[code], answers)


def refused(code: str, **answers: Any) -> CannotBeScored:
    with pytest.raises(CannotBeScored) as refusal:
        scored(code, **answers)
    return refusal.value


def neck(*given: int | None) -> Score:
    return score(MEASURES["ndi"], dict(zip(NDI, given, strict=True)))


# --- what is missing is said


def test_a_refused_answer_says_what_is_wrong_and_where() -> None:
    too_much = refused("nprs", current=11)
    too_many = refused("psfs", activities=[1, 2, 3, 4, 5, 6])

    assert (too_much.code, too_much.item, str(too_much)) == ("out_of_range", "current", "out_of_range current")
    assert (too_many.code, too_many.item, str(too_many)) == ("too_many_activities", "", "too_many_activities")


@pytest.mark.parametrize("answer", [True, 3.0, "3"])
def test_only_whole_numbers_are_answers(answer: Any) -> None:
    assert refused("nprs", current=answer).code == "not_integer"


def test_nought_and_ten_are_still_on_the_pain_scale() -> None:
    assert (scored("nprs", current=0).band, scored("nprs", current=10).band) == ("none", "severe")
    assert refused("nprs", current=-1).code == "out_of_range"


def test_a_score_is_whole_only_when_every_question_was_answered() -> None:
    assert scored("nprs", current=3, best_24h=2, worst_24h=5).is_complete
    assert not scored("nprs", current=3, best_24h=2).is_complete


# --- pain


@pytest.mark.parametrize(
    ("given", "average"),
    [
        ({"current": 7, "best_24h": 5}, 6.0),
        ({"best_24h": 5, "worst_24h": 8}, 6.5),
        ({"current": 7}, None),
        ({}, None),
    ],
)
def test_the_mean_of_the_pain_needs_two_of_the_three_answers(given: dict[str, int], average: float | None) -> None:
    found = score(MEASURES["nprs"], given)

    assert found.values == {"current": given.get("current"), "average3": average}
    assert (found.answered, found.asked) == (len(given), 3)
    assert found.is_scorable is ("current" in given)


@pytest.mark.parametrize(
    ("current", "best", "worst", "warning"),
    [
        (6, 4, 8, ""),
        (6, 6, 6, ""),
        (6, 4, 5, "worst_below_current"),
        (6, 7, 8, "best_above_current"),
        (6, 7, 5, "worst_below_current"),
        (None, 4, 5, ""),
        (6, None, None, ""),
    ],
)
def test_answers_about_pain_that_contradict_each_other_are_pointed_out(
    current: int | None, best: int | None, worst: int | None, warning: str
) -> None:
    assert scored("nprs", current=current, best_24h=best, worst_24h=worst).warning == warning


# --- the neck


def test_a_neck_that_was_not_asked_about_has_no_score() -> None:
    assert not neck(*[None] * 10).is_scorable


def test_two_sections_may_be_left_out_of_the_neck_score_but_not_three() -> None:
    two, three = neck(None, None, *[2] * 8), neck(None, None, None, *[2] * 7)

    assert two == Score({"raw": 16, "percent": 40.0, "raw_equivalent": 20.0}, "moderate", 8, 10)
    assert three == Score({"raw": None, "percent": None, "raw_equivalent": None}, None, 7, 10)


def test_the_band_goes_by_the_score_made_up_to_fifty() -> None:
    # 7 of 40 are 8.75 of 50: mild all the same; 12 of 40 are exactly 15 of 50.
    assert (neck(None, None, *[1] * 7, 0).band, neck(None, None, *[1] * 4, *[2] * 4).band) == ("mild", "moderate")


# --- what she cannot do


def test_one_or_two_activities_are_fewer_than_wanted_and_said_to_be() -> None:
    none, one, two, three = (scored("psfs", activities=it) for it in ([], [3], [3, 5], [3, 4, 5]))

    assert [it.warning for it in (none, one, two, three)] == ["", "fewer_than_3", "fewer_than_3", ""]
    assert none == Score({"mean": None, "n": 0}, None, 0, 0)
    assert two == Score({"mean": 4.0, "n": 2}, "moderate_limitation", 2, 2, "fewer_than_3")


def test_an_activity_without_a_rating_is_left_out_of_the_mean() -> None:
    assert scored("psfs", activities=[3, None, 6, 6]) == Score({"mean": 5.0, "n": 3}, "moderate_limitation", 3, 4)
    assert scored("psfs", activities=[1, 2, 3, 4, 5]).values["n"] == 5
    assert scored("psfs").values["mean"] is None
    assert refused("psfs", activities=[11]).item == "activity"


# --- better or worse, all in all


@pytest.mark.parametrize(("value", "responder"), [(3, False), (4, True), (5, True)])
def test_moderately_better_is_a_response(value: int, responder: bool) -> None:
    found = scored("groc", value=value)

    assert found.values == {"value": value, "responder": responder}
    assert (found.answered, found.asked) == (1, 1)


def test_no_rating_of_change_is_no_rating_and_not_no_change() -> None:
    assert scored("groc") == Score({"value": None, "responder": None}, None, 0, 1)
    assert (refused("groc", value=8).code, refused("groc", value=8).item) == ("out_of_range", "change")


# --- headache


def diary(headache: int, simple: int = 0, combination: int = 0, *, recorded: int = 30, **more: int) -> Score:
    return scored(
        "headache_days",
        window_days=30, recorded_days=recorded, headache_days=headache, simple_analgesic_days=simple,
        combo_triptan_opioid_days=combination, **more,
    )  # fmt: skip


def test_a_diary_of_three_weeks_and_two_days_counts_and_one_day_less_does_not() -> None:
    enough, too_little = diary(6, 2, 1, recorded=23), diary(6, recorded=22)

    assert enough == Score(
        {
            "per_30": 7.8,
            "simple_per_30": 2.6,
            "combination_per_30": 1.3,
            "overuse_warning": False,
            "moh_possible": False,
            "chronic_pattern": False,
        },
        "medium",
        23,
        30,
    )
    assert too_little == Score(dict.fromkeys(enough.values), None, 22, 30)


@pytest.mark.parametrize(
    ("headache", "simple", "combination", "overuse", "possible", "chronic"),
    [
        (14, 14, 9, False, False, False),
        (14, 15, 0, True, False, False),
        (14, 0, 10, True, False, False),
        (15, 14, 9, False, False, True),
        (15, 15, 0, True, True, True),
        (15, 0, 10, True, True, True),
    ],
)
def test_painkillers_on_too_many_days_are_a_warning_and_with_headache_every_other_day_a_suspicion(
    headache: int, simple: int, combination: int, overuse: bool, possible: bool, chronic: bool
) -> None:
    values = diary(headache, simple, combination).values

    assert values["overuse_warning"] is overuse
    assert values["moh_possible"] is possible
    assert values["chronic_pattern"] is chronic


def test_the_diary_is_judged_before_it_is_rounded() -> None:
    # 13 of 27 days are 14.4 of 30, and 14 are 15.6.
    assert [diary(days, recorded=27).values["chronic_pattern"] for days in (13, 14)] == [False, True]


def test_more_days_than_were_recorded_are_refused_wherever_they_stand() -> None:
    assert diary(30, 30, 30).values["per_30"] == 30.0
    for wrong in ({"headache": 26}, {"headache": 5, "simple": 26}, {"headache": 5, "combination": 26}):
        with pytest.raises(CannotBeScored, match="exceeds_recorded"):
            diary(recorded=25, **wrong)


def test_a_day_that_is_not_in_the_diary_counts_as_no_headache_and_an_empty_diary_as_too_short() -> None:
    assert scored("headache_days", window_days=30, recorded_days=30).values["per_30"] == 0.0
    assert scored("headache_days").values["per_30"] is None
    assert refused("headache_days", recorded_days=30, headache_days="many").code == "not_integer"
    assert refused("headache_days", recorded_days="all", headache_days=3).code == "not_integer"


# --- sleep


def night(**minutes: int | None) -> Mapping[str, int | None]:
    return {"tib": 480, "sol": 30, "waso": 30, "early": 12} | minutes


def test_five_nights_make_a_week_of_sleep_and_four_do_not() -> None:
    five, four = scored("sleep", nights=[night()] * 5), scored("sleep", nights=[night()] * 4 + [None])

    # 408 of 480 minutes are 85 %, the first that is called good; 6.8 hours.
    assert five == Score({"disturbance": None, "efficiency": 85.0, "mean_tst_hours": 6.8}, "good", 5, 6)
    assert four == Score({"disturbance": None, "efficiency": None, "mean_tst_hours": None}, None, 4, 6)


def test_the_night_and_its_rating_are_counted_as_answers() -> None:
    found = scored("sleep", sleep_disturbance_nrs=4, nights=[night()] * 7)

    assert (found.answered, found.asked, found.is_complete) == (8, 8, True)
    assert found.values["disturbance"] == 4
    assert (scored("sleep").answered, scored("sleep").asked) == (0, 1)
    assert refused("sleep", sleep_disturbance_nrs=11).item == "sleep_disturbance_nrs"


def test_nights_of_different_length_count_by_their_minutes() -> None:
    found = scored("sleep", nights=[night()] * 4 + [night(tib=240, sol=120, waso=None, early=0)])

    # 4 x 408 + 120 of 4 x 480 + 240 minutes.
    assert (found.values["efficiency"], found.values["mean_tst_hours"]) == (81.1, 5.8)


def test_nobody_lies_awake_longer_than_in_bed() -> None:
    awake_all_night = scored("sleep", nights=[night(sol=480, waso=0, early=0)] * 5)

    assert awake_all_night.values["efficiency"] == 0.0
    assert scored("sleep", nights=[night(tib=1, sol=0, waso=0, early=0)] * 5).values["efficiency"] == 100.0
    for wrong in (night(sol=481, waso=0, early=0), night(tib=0, sol=0, waso=0, early=0)):
        assert refused("sleep", nights=[wrong] * 5).code == "awake_exceeds_time_in_bed"


# --- what was done


def test_more_than_was_asked_on_one_day_does_not_make_up_for_another() -> None:
    days = [{"prescribed": 3, "done": 6}, {"prescribed": 3, "done": 3}, {"prescribed": 3}, {"prescribed": 3, "done": 0}]

    found = scored("exercise_adherence", days=days)

    assert found == Score({"percent": 50.0, "overdone_days": 1}, "partial", 3, 4)


def test_a_paused_day_is_not_missed() -> None:
    days = [{"prescribed": 3, "done": 3}, {"prescribed": 3, "done": 0, "paused": True}]

    assert scored("exercise_adherence", days=days) == Score({"percent": 100.0, "overdone_days": 0}, "good", 1, 1)
    nothing_asked = Score({"percent": None, "overdone_days": 0}, None, 0, 0)
    assert scored("exercise_adherence") == nothing_asked


def test_a_visit_that_the_clinic_called_off_is_not_the_patients() -> None:
    assert scored("attendance", scheduled=8, cancelled_by_clinic=1, attended=7).values == {"percent": 100.0}
    assert scored("attendance", scheduled=8, cancelled_by_clinic=3, attended=4) == Score(
        {"percent": 80.0}, "good", 3, 3
    )
    assert scored("attendance", scheduled=2, cancelled_by_clinic=2).values == {"percent": None}
    assert scored("attendance", attended=0).values == {"percent": None}
    assert refused("attendance", scheduled=3, cancelled_by_clinic=1, attended=3).code == "attended_exceeds_eligible"
    # Not said how many were cancelled is none cancelled.
    assert scored("attendance", scheduled=4, attended=2).values == {"percent": 50.0}
    assert scored("attendance", scheduled=4).values == {"percent": 0.0}
